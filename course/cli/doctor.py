"""`course doctor`: is there a wall on this machine, does it hold, and what is missing?"""

import sys

import click

from course.errors import CourseError


@click.command()
def doctor() -> None:
    """Try out the wall that `course grade` puts round students' code.

    From inside, each thing that must be refused is attempted: reading the solutions, the network, other processes, and so on. The
    command leaves with status 0 when the wall holds.
    """
    from course.wall import bubblewrap, line, seccomp, trial

    click.echo("isolation: wall (bubblewrap)")
    failed = 0
    try:
        line.require()
        for found in trial.trial():
            sign = click.style("✓", fg="green") if found.holds else click.style("✗", fg="red")
            kind = "works" if found.needed else "refused"
            click.echo(f"  {sign} {kind if found.holds else 'NOT ' + kind}: {found.name}")
            if not found.holds:
                failed += 1
                click.echo(f"      {found.said}")
    except line.NoWall as fault:
        raise CourseError(fault.problem, "\n".join([*trial.advice(), line.PLAIN])) from fault
    finally:
        trial.stop()
    if not seccomp.program():
        click.echo("  There is no list of system calls for this kind of processor: the kernel's rare doors stay open.")
    way = "as root, who becomes a user that owns nothing" if bubblewrap.is_root() else "by a user namespace"
    click.echo(f"The wall holds here, {way}." if not failed else f"The wall does not hold here: {failed} to mend.")
    sys.exit(1 if failed else 0)

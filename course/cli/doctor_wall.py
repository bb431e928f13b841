"""The wall, for `course doctor`: is there one on this machine, does it hold, and what is missing? (A student's copy has none.)"""

from course.cli.findings import Finding, bad, fine, note
from course.wall import bubblewrap, line, seccomp, trial


def findings() -> list[Finding]:
    """From inside, each thing that must be refused is attempted: reading the solutions, the network, other processes, and so on."""
    found = []
    try:
        line.require()
        for one in trial.trial():
            kind = "works" if one.needed else "refused"
            if one.holds:
                found.append(fine("wall", f"{kind}: {one.name}"))
            else:
                found.append(bad("wall", f"NOT {kind}: {one.name}: {one.said}", "docs/wall.md says what it rests on."))
    except line.NoWall as fault:
        return [bad("wall", fault.problem, "\n".join([*trial.advice(), line.PLAIN]))]
    finally:
        trial.stop()
    if not seccomp.program():
        said = "there is no list of system calls for this kind of processor: the kernel's rare doors stay open"
        found.append(note("wall", said, ""))
    way = "as root, who becomes a user that owns nothing" if bubblewrap.is_root() else "by a user namespace"
    failed = sum(one.state == "bad" for one in found)
    if not failed:
        found.append(fine("wall", f"The wall holds here, {way}."))
    return found

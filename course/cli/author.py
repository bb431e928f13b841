"""Commands for authors: `course make` and `course lessons`."""

import sys

import click

from course.errors import CourseError


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; name what is stale and leave with status 1.")
def make(check: bool) -> None:
    """For authors: make the stubs from the solutions."""
    try:
        from course.authoring import made
    except ModuleNotFoundError as fault:
        if fault.name != "course.authoring":
            raise
        raise CourseError(
            "This copy of the course has no course/authoring/.",
            "Your stubs come back with `course reset` and `course update`.",
        ) from None
    from course.grading.grade import shown

    if check:
        wrong = made.stale()
        for file in wrong:
            click.echo(f"{shown(file)} is stale")
        if wrong:
            click.echo("Run `course make` (a student's work in exercises/ is saved first), and commit what it wrote.")
            sys.exit(1)
        click.echo("All made files are fresh.")
        return
    changed, backups = made.make()
    for backup in backups:
        click.echo(f"An edited exercise was saved as {shown(backup)}.")
    for file in changed:
        click.echo(f"{'made' if file.exists() else 'deleted'} {shown(file)}")
    if not changed:
        click.echo("All made files are fresh.")


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lessons(arguments: tuple[str, ...]) -> None:
    """For authors: do the embedded data teach the lesson?"""
    try:
        from course.lessons import main
    except ModuleNotFoundError as fault:
        if fault.name != "course.lessons":
            raise
        raise CourseError(
            "This copy of the course has no course/lessons.py.", "Take a whole copy of the course."
        ) from None
    sys.exit(main(list(arguments)))

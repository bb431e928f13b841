"""Commands for authors: `course make`, `course check` and `course lessons`."""

import sys

import click

from course.errors import CourseError


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; name what is stale and leave with status 1.")
def make(check: bool) -> None:
    """For authors: make the stubs from the solutions."""
    try:
        from course.authoring import generated
    except ModuleNotFoundError as fault:
        if fault.name != "course.authoring":
            raise
        raise CourseError(
            "This copy of the course has no course/authoring/.",
            "Your stubs come back with `course reset` and `course update`.",
        ) from None
    from course.files import shown

    if check:
        wrong = generated.stale()
        for file in wrong:
            click.echo(f"{shown(file)} is stale")
        if wrong:
            click.echo("Run `course make` (a student's work in exercises/ is saved first), and commit what it wrote.")
            sys.exit(1)
        click.echo("All made files are fresh.")
        return
    changed, backups = generated.make()
    for backup in backups:
        click.echo(f"An edited exercise was saved as {shown(backup)}.")
    for file in changed:
        click.echo(f"{'made' if file.exists() else 'deleted'} {shown(file)}")
    if not changed:
        click.echo("All made files are fresh.")


@click.command()
@click.argument("ids", nargs=-1, metavar="[PROJECT ...]")
@click.option(
    "--run", is_flag=True, help="Also grade each solution (every point) and each stub (none): minutes, not seconds."
)
def check(ids: tuple[str, ...], run: bool) -> None:
    """For authors: is everything told, checked and proven?

    Reads solutions, graders, mistakes, alternatives, contracts and the catalog, and says what does not hold: names that meet twice,
    points that do not add up, a check without a hint or without a mistake, a sentence of a docstring that no check proves, a
    tolerance without a reason, a verdict by the clock.
    """
    from course import catalog

    try:
        from course.authoring.lint import linter
    except ModuleNotFoundError as fault:
        if fault.name != "course.authoring":
            raise
        raise CourseError(
            "This copy of the course has no course/authoring/.",
            "`course status` and `pytest graders` say how your exercises stand.",
        ) from None
    report = linter.lint([catalog.project(id) for id in ids], run=run)
    for finding in report.findings:
        click.echo(f"{finding.file}:{finding.line}  {finding.what}  → {finding.cure}")
    seen = ", ".join(f"{number} {what}{'' if number == 1 else 's'}" for what, number in report.counts)
    found = len(report.findings)
    click.echo(f"{seen}: {'nothing to mend' if not found else f'{found} to mend'}.")
    sys.exit(1 if found else 0)


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lessons(arguments: tuple[str, ...]) -> None:
    """For authors: do the embedded data teach the lesson?"""
    try:
        from course.lessons.table import main
    except ModuleNotFoundError as fault:
        if fault.name != "course.lessons.table":
            raise
        raise CourseError(
            "This copy of the course has no course/lessons.py.", "Take a whole copy of the course."
        ) from None
    sys.exit(main(list(arguments)))

"""Commands for students, beside `course watch`: status, hint, run, reset, update; and the greeting of a bare `course`."""

import subprocess
import sys

import click

from course import catalog, files
from course.catalog import Project
from course.errors import CourseError
from course.workspace import exercises, progress


@click.command()
def status() -> None:
    """How far you are: functions written, and points."""
    width = max(len(entry.title) for entry in catalog.projects()) + 2
    for entry in catalog.projects():
        click.echo(f"{entry.id:<4} {entry.title:<{width}}{_standing(entry)}")
    click.echo()
    click.echo(_next_step())


@click.command()
@click.argument("project")
@click.argument("function", required=False)
def hint(project: str, function: str | None) -> None:
    """Questions that lead on.

    With a FUNCTION all its questions are shown. Without one, the checks are run up to the first function that does not pass yet.
    """
    entry = catalog.project(project)
    if function is not None:
        _known(entry, function)
        _show_hints(entry, function, None)
        return
    click.echo("Looking for the first function that is not finished ...", err=True)
    found = _first_unfinished(entry)
    if found is None:
        click.echo(f"All checks of project {entry.id} pass. {_next_step()}")
    else:
        _show_hints(entry, *found)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("project")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(project: str, arguments: tuple[str, ...]) -> None:
    """Train and use your network; save it and its pictures.

    Runs your module, `python -m exercises.ex07_fruits`; ARGUMENTS after `--` go to it: `course run 07 -- --epochs 2`.
    """
    entry = catalog.project(project)
    file = _existing(entry)
    command = [sys.executable, "-m", f"{file.parent.name}.{entry.module}", *arguments]
    try:
        code = subprocess.run(command, cwd=file.parent.parent, check=False).returncode
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


@click.command()
@click.argument("project")
def reset(project: str) -> None:
    """Put the unedited stub of a project back.

    Your file is saved in exercises/backup/ first.
    """
    from course.files import shown

    change = exercises.reset(catalog.project(project))
    if change.backup:
        click.echo(f"Your file was saved as {shown(change.backup)}.")
    click.echo(f"{shown(change.file)} is {'unedited already' if change.did == 'current' else 'a new stub'}.")


@click.command()
def update() -> None:
    """Bring stubs up to a new course; your work stays.

    An unedited stub is replaced. An edited one that is out of date is saved in exercises/backup/, and the new stub takes its place
    with your functions, helpers and imports in it.
    """
    from course.files import shown

    package = exercises.exercises_folder() / "__init__.py"
    if not package.exists():
        files.write(package, "")
    said = {
        "made": "a new stub",
        "renewed": "brought up to date (you had not edited it)",
        "current": "up to date",
        "kept": "yours, and left as it is",
    }
    for entry in catalog.projects():
        try:
            change = exercises.update(entry)
        except CourseError as fault:
            click.echo(f"{entry.id:<4} {fault.problem}")
            continue
        text = said.get(change.did, "")
        if change.did == "merged":
            text = "brought up to date with your " + (", ".join(change.carried) or "additions") + " in it"
        click.echo(f"{entry.id:<4} {shown(change.file)}: {text}" + (f"; {change.note}" if change.note else ""))
        if change.backup:
            click.echo(f"     your file as it was: {shown(change.backup)}")


def greet() -> None:
    """What a bare `course` says: where the student stands, and what to type next."""
    click.echo("Hands-on PyTorch projects. You write the functions in exercises/; the checks say how they stand.")
    click.echo()
    click.echo(_next_step())
    click.echo("Also: `course status`, `course hint 01`, `course run 01`, `course data`, `course --help`.")


def _standing(entry: Project) -> str:
    file = exercises.exercise_file(entry)
    if not file.is_file():
        return "no stub here yet: `course update` makes it"
    missing = progress.unwritten(file, entry)
    if missing is None:
        return "not valid Python at present"
    number = len(entry.functions)
    text = f"{number - len(missing)} of {number} functions"
    last = progress.last(file)
    if last is None:
        return text + ("" if len(missing) == number else "   not checked yet")
    return f"{text}   {last.earned} of {last.points} points" + ("" if last.current else " before your last edit")


def _next_step() -> str:
    for entry in catalog.projects():
        file = exercises.exercise_file(entry)
        if not file.is_file():
            return f"Next: `course update`, which makes {entry.module}.py and all others that are missing."
        last = progress.last(file)
        if last is None or not last.current or last.earned < last.points:
            from course.files import shown

            return f"Next: project {entry.id}, {entry.title}. Open {shown(file)} and type `course watch {entry.id}`."
    return "You have all points of all projects."


def _known(entry: Project, function: str) -> None:
    names = [f.name for f in entry.functions]
    if function not in names:
        raise CourseError(
            f"Project {entry.id} has no function {function!r}.", f"Its functions are: {', '.join(names)}."
        )


def _existing(entry: Project) -> "files.Path":
    file = exercises.exercise_file(entry)
    if not file.is_file():
        raise CourseError(f"{file} is not there.", f"`course reset {entry.id}` makes a new stub.")
    return file


def _first_unfinished(entry: Project) -> tuple[str, dict[str, str]] | None:
    """The first function with a check that does not pass, and how each of its checks ended."""
    from course.checks.check import checks_of
    from course.checks.run import run
    from course.checks.target import open_session

    file = _existing(entry)
    last = progress.last(file)
    known = last.outcomes if last is not None and last.current else {}
    session = open_session(file, entry, cached=True)
    try:
        for task in entry.functions:
            checks = [check for check in checks_of(entry) if check.task == task.name]
            unknown = [check for check in checks if check.name not in known]
            fresh = {result.name: result.outcome for result in run(entry, session, unknown).checks}
            outcomes = {check.name: known.get(check.name) or fresh[check.name] for check in checks}
            if any(outcome != "passed" for outcome in outcomes.values()):
                return task.name, outcomes
    finally:
        session.close()
    return None


def _show_hints(entry: Project, task: str, outcomes: dict[str, str] | None) -> None:
    """The question of the TODO, and those of the checks (of all, or of those that did not pass)."""
    from course.checks.check import checks_of

    click.echo(click.style(f"{entry.id} {task}", bold=True))
    click.echo(entry.function(task).todo)
    for check in checks_of(entry):
        if check.task == task and (outcomes is None or outcomes.get(check.name) != "passed"):
            click.echo()
            click.echo(click.style(f"  {check.title}", bold=True))
            click.echo(f"    {' '.join(check.why.split())}")
            click.echo(f"    {check.hint}")

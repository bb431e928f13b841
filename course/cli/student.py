"""Commands for students, beside `course watch` and those that say where one stands: hint, run, reset, update."""

import signal
import subprocess
import sys
from contextlib import suppress

import click

from course import catalog, files
from course.catalog import Project
from course.cli import standing
from course.cli.names import FUNCTION, PROJECT, function_of, named
from course.errors import CourseError
from course.workspace import exercises, progress
from course.workspace.questions import questions


@click.command()
@click.argument("project", required=False, type=PROJECT)
@click.argument("function", required=False, type=FUNCTION)
def hint(project: str | None, function: str | None) -> None:
    """Hints, as questions.

    With a FUNCTION all its questions are shown. Without one, those of the first function that does not pass yet; without a PROJECT,
    of the next one that is not finished.
    """
    entry = _project(project)
    if function is not None:
        _show_hints(entry, function_of(entry, function).name, None)
        return
    found = _first_unfinished(entry)
    if found is None:
        click.echo(f"All checks of project {entry.id} pass. {standing.next_step()}")
    else:
        _show_hints(entry, *found)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("project", required=False, type=PROJECT)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(project: str | None, arguments: tuple[str, ...]) -> None:
    """Train and use your network; save it and its pictures.

    Runs your module, `python -m exercises.ex07_fruits`; ARGUMENTS after `--` go to it: `course run 07 -- --epochs 2`.
    """
    entry = named(project, "run")
    file = _existing(entry)
    command = [sys.executable, "-m", f"{file.parent.name}.{entry.module}", *arguments]
    process = subprocess.Popen(command, cwd=file.parent.parent)
    while process.returncode is None:
        with suppress(KeyboardInterrupt):  # it gets the same Ctrl-C, and may have something to save
            process.wait()
    sys.exit(130 if process.returncode == -signal.SIGINT else process.returncode)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes the Tab key complete.

    \b
    bash: eval "$(course completion bash)"     in ~/.bashrc, to keep it
    zsh:  eval "$(course completion zsh)"      in ~/.zshrc
    fish: course completion fish | source      in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    assert kind is not None
    made = kind(root, {}, "course", "_COURSE_COMPLETE")
    click.echo(made.source_template % made.source_vars())  # `source` asks which bash is there, in another process


@click.command()
@click.argument("project", required=False, type=PROJECT)
def reset(project: str | None) -> None:
    """Put the unedited stub of a project back.

    Your file is saved in exercises/backup/ first.
    """
    from course.files import shown

    change = exercises.reset(named(project, "reset"))
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


def _project(name: str | None) -> Project:
    """The project that is meant; the next one that is not finished where none is named."""
    if name is not None:
        return catalog.project(name)
    entry = standing.unfinished()
    if entry is None:
        raise CourseError("You have all points of all projects.", "Name the project that you mean: `course hint 01`.")
    return entry


def _existing(entry: Project) -> "files.Path":
    file = exercises.exercise_file(entry)
    if not file.is_file():
        raise CourseError(f"{file} is not there.", f"`course reset {entry.id}` makes a new stub.")
    return file


def _first_unfinished(entry: Project) -> tuple[str, dict[str, str]] | None:
    """The first function with a check that does not pass, and how each of its checks ended.

    What is known, or not written, is not run: torch is imported only where a check has to be.
    """
    file = _existing(entry)
    last = progress.last(file)
    known = last.outcomes if last is not None and last.current else {}
    missing = progress.unwritten(file, entry) or []
    unsure: list[tuple[str, dict[str, str]]] = []
    for task in entry.functions:
        names = [question.name for question in questions(entry) if question.task == task.name]
        outcomes = {name: "not started" if task.name in missing else known.get(name, "") for name in names}
        if any(outcome not in ("", "passed") for outcome in outcomes.values()) and not unsure:
            return task.name, outcomes
        if any(outcome != "passed" for outcome in outcomes.values()):
            unsure.append((task.name, outcomes))
    return _first_failing(entry, file, unsure) if unsure else None


def _first_failing(
    entry: Project, file: "files.Path", unsure: list[tuple[str, dict[str, str]]]
) -> tuple[str, dict[str, str]] | None:
    """Run the checks of functions whose outcome is not known, up to the first that does not pass."""
    click.echo("Looking for the first function that is not finished ...", err=True)
    from course.checks.check import checks_of
    from course.checks.run import run
    from course.checks.target import open_session

    session = open_session(file, entry, cached=True)
    try:
        for name, outcomes in unsure:
            unknown = [check for check in checks_of(entry) if not outcomes.get(check.name, "-")]
            found = outcomes | {r.name: r.outcome for r in run(entry, session, unknown).checks}
            if any(outcome != "passed" for outcome in found.values()):
                return name, found
    finally:
        session.close()
    return None


def _show_hints(entry: Project, task: str, outcomes: dict[str, str] | None) -> None:
    """The question of the TODO, and those of the checks (of all, or of those that did not pass)."""
    from course.reports.terminal import filled_lines, window

    def say(text: str, indent: str) -> None:
        click.echo("\n".join(filled_lines(" ".join(text.split()), indent, window())))

    click.echo(click.style(f"{entry.id} {task}", bold=True))
    say(entry.function(task).todo, "")
    for question in questions(entry):
        if question.task == task and (outcomes is None or outcomes.get(question.name) != "passed"):
            click.echo()
            click.echo(click.style(f"  {question.title}", bold=True))
            say(question.why, "    ")
            say(question.hint, "    ")

"""`course try`: predict what an experiment of a lesson gives, then run it."""

import sys
from pathlib import Path

import click

from course.catalog import Project
from course.catalog import project as project_of
from course.cli.names import PROJECT
from course.errors import CourseError


@click.command("try", context_settings={"ignore_unknown_options": True})
@click.argument("project", required=False, type=PROJECT)
@click.argument("experiment", nargs=-1, type=click.UNPROCESSED)
@click.option("--guess", help="Your guess, if you don't want to be asked.")
@click.option(
    "--from", "folder", type=click.Path(file_okay=False, path_type=Path), help="Of another folder than exercises/."
)
def try_(project: str | None, experiment: tuple[str, ...], guess: str | None, folder: Path | None) -> None:
    """Predict what an experiment gives, then run it.

    `course try` lists all experiments, `course try 02` those of a project, `course try 02 --hidden 16` asks for your guess, trains
    your network on the embedded data, and shows guess and outcome. Your guesses are kept for `course report`.
    """
    from course.tries import experiment as known

    if project is None:
        for entry in known.with_experiments():
            _list(entry)
        click.echo("\nOne of them: `course try 02 --hidden 16`. It asks for your guess first.")
        return
    entry = project_of(project)
    if not experiment:
        _list(entry)
        return
    _run(entry, experiment, guess, folder)


def _list(entry: Project) -> None:
    from course.tries.experiment import experiments

    click.echo(f"\n{entry.id} {entry.title}")
    found = experiments(entry)
    wide = max((len(one.typed()) for one in found), default=0)
    for one in found:
        click.echo(click.wrap_text(f"{one.typed():{wide}}  {one.told(one.value or 0)}", 80, "  ", " " * (wide + 4)))


def _run(entry: Project, words: tuple[str, ...], guess: str | None, folder: Path | None) -> None:
    from course.tries import bench, guesses, trying
    from course.tries.experiment import experiment
    from course.workspace import exercises

    name, value = _named(entry, words)
    one = experiment(entry, name)
    number = one.number(value)
    made = None if guess is None else guesses.read(guess, one.choices)
    file = exercises.exercise_file(entry) if folder is None else folder / f"{entry.module}.py"
    prompt = (lambda text: str(click.prompt(text, default="", show_default=False))) if sys.stdin.isatty() else None
    trying.predict(entry, one, number, bench.of_module(entry, file), prompt, made, click.echo)


def _named(entry: Project, words: tuple[str, ...]) -> tuple[str, str | None]:
    """("hidden", "16") of --hidden 16 or --hidden=16."""
    name, equals, value = words[0].removeprefix("--").partition("=")
    rest = ([value] if equals else []) + list(words[1:])
    if not words[0].startswith("--") or len(rest) > 1:
        raise CourseError(
            f"{' '.join(words)} is no experiment.", f"One at a time, like this: `course try {entry.id} --hidden 16`."
        )
    return name, rest[0] if rest else None

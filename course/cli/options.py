"""What several of the instructor's commands take, under one name and with one meaning in each."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from course import catalog
from course.catalog import Project
from course.cli.names import PROJECT

PATH = click.Path(path_type=Path)


def _entries(ctx: click.Context, parameter: click.Parameter, keys: Sequence[str]) -> list[Project]:
    return [catalog.project(key) for key in dict.fromkeys(keys)]


def projects(otherwise: str) -> Callable[[Any], Any]:
    """The option --project, which nbgrader calls --assignment, as a list of the catalog's entries.

    Args:
        otherwise: which projects are meant where none is named.
    """
    said = f"Only this project, such as 01; may be given several times. [default: {otherwise}]"
    return click.option(
        "--project", "--assignment", "entries", type=PROJECT, multiple=True, callback=_entries, help=said
    )


def reports(name: str = "--out", said: str = "Where reports are.") -> Callable[[Any], Any]:
    """The folder that `course grade` fills."""
    return click.option(name, type=PATH, default=Path("feedback"), show_default=True, help=said)


def gradebook(said: str, required: bool = False) -> Callable[[Any], Any]:
    """The option --gradebook."""
    whole = f"nbgrader's gradebook, such as sqlite:///gradebook.db: {said}"
    return click.option("--gradebook", metavar="URL", required=required, help=whole)


def out(folder: str, said: str = "Where it goes.") -> Callable[[Any], Any]:
    """The option --out of what is made new, in a folder of its own."""
    return click.option("--out", type=PATH, default=Path(folder), show_default=True, help=said)

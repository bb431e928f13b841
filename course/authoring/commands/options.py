"""What several of the author's commands take, under one name in each."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from course.catalog import Project, project

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def _named(ctx: click.Context, parameter: click.Parameter, keys: Sequence[str]) -> list[Project]:
    return [project(key) for key in keys]


projects = click.argument("projects", nargs=-1, metavar="[PROJECT]...", callback=_named)


def jobs(default: int) -> Callable[[Any], Any]:
    """The option --jobs."""
    said = "Processes, of one thread each."
    return click.option("--jobs", type=click.IntRange(1), default=default, show_default=True, help=said)


def graded(entries: Sequence[Project]) -> list[Project]:
    """These projects; where none is named, all that have a solution and a grader already."""
    from course.authoring.proofs import variants

    return list(entries) or variants.graded()


def leave(holds: bool) -> None:
    """End with status 1 where something does not hold."""
    if not holds:
        sys.exit(1)

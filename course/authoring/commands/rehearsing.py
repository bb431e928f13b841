"""Commands that play what people do: a term, nbgrader by itself, a browser."""

from pathlib import Path

import click

from course import catalog, files, paths
from course.authoring.commands import options
from course.authoring.commands.options import FOLDER
from course.catalog import Project


@click.command()
@options.projects
@click.option("--out", type=FOLDER, help="A new folder in which the term stays; else it is a temporary one.")
def rehearse(projects: list[Project], out: Path | None) -> None:
    """Play a whole term with a class that does not exist.

    Release, hand out, work, collect, grade, gradebook, export, feedback, and a look at all that comes out. Without a PROJECT it is
    of 04b, the quickest one, and 01, which trains.
    """
    from course.authoring.rehearsal import term

    entries = projects or [catalog.project(key) for key in term.PROJECTS]
    term.rehearse(entries, out, click.echo)
    click.echo("The term came out as it should.")


@click.command("plain-nbgrader")
@options.projects
def plain_nbgrader(projects: list[Project]) -> None:
    """Try nbgrader's own autograde on every project.

    A right notebook must get all points, an untouched one none. About ten minutes for all projects on two cores.
    """
    from course.authoring.rehearsal import plain_nbgrader as trial

    trial.run(projects or list(catalog.projects()), click.echo)


@click.command()
@click.argument("scenes", nargs=-1, type=click.Choice(["jupyterlab", "formgrader"]), metavar="[SCENE]...")
@click.option("--out", type=FOLDER, default=paths.ROOT / "docs" / "pictures", show_default="docs/pictures")
def screenshots(scenes: tuple[str, ...], out: Path) -> None:
    """Take the pictures of Jupyter in the docs.

    In a browser that does what a person would do. SCENE is jupyterlab or formgrader; both unless one is named. Needs the extra
    `browser` and a Chromium.
    """
    from course.authoring.rehearsal.screenshots import SCENES

    for name in scenes or SCENES:
        for picture in SCENES[name](out):
            click.echo(f"{files.shown(picture)}   {picture.stat().st_size / 1000:.0f} kB")

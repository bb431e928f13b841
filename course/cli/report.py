"""`course report`: all that a student has done, as one page to read, print or send."""

import webbrowser
from pathlib import Path

import click

from course import files, paths
from course.files import shown


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file.  [default: runs/report.html]",
    default=None,
)
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
def report(out: Path | None, opened: bool) -> None:
    """Your progress, verdicts and pictures on one page.

    It runs nothing: the verdicts are those of the last `course watch`, pytest or check cells, the pictures those of the last
    `course run`. The file holds all that it shows and needs no network.
    """
    from course.reports import own

    file = out or paths.runs_folder() / "report.html"
    files.write(file, own.page())
    click.echo(f"Your report: {shown(file)}")
    if opened:
        webbrowser.open(file.resolve().as_uri())
    else:
        click.echo("Open it in a browser, or type `course report --open`.")

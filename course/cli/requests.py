"""`course requests`: which students ask for a regrade, and the checks that it is about."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.cli import options

if TYPE_CHECKING:
    from course.catalog import Project


@click.command()
@click.argument("submitted", type=click.Path(path_type=Path, exists=True, file_okay=False))
@options.projects("all for which a folder is named")
@options.reports()
def requests(submitted: Path, entries: "list[Project]", out: Path) -> None:
    """List the students who ask for a regrade.

    A request is a cell or a comment that begins with "Regrade:" and names the function, or a file regrade.txt beside the
    submission. Below each stand the checks of that function which have not passed.
    """
    from course.grading.journal import NAME, Journal
    from course.grading.requests import of_class, shown
    from course.grading.submissions import find

    found = of_class(find(submitted, entries))
    results = []
    if (out / NAME).is_file():
        with Journal(out / NAME) as journal:
            results = [row.result for row in journal.rows()]
    if found:
        click.echo(shown(found, results))
    click.echo(f"{len(found)} request{'' if len(found) == 1 else 's'}")

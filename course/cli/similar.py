"""`course similar`: which works of a class are more alike than works that were written apart?"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course import catalog, files, paths
from course.cli import options

if TYPE_CHECKING:
    from course.catalog import Project
    from course.grading.likeness import Work
    from course.grading.wording_of_code import Part


@click.command()
@click.argument("submitted", type=click.Path(path_type=Path))
@options.projects("all for which a folder is named")
@click.option(
    "--earlier",
    type=click.Path(path_type=Path),
    multiple=True,
    help="An earlier term's submissions; may stand several times.",
)
@options.out("similar", "Where the pages go.")
def similar(submitted: Path, entries: "list[Project]", earlier: tuple[Path, ...], out: Path) -> None:
    """List pairs of works that are alike, with both texts.

    SUBMITTED and earlier terms are folders or zips, as for `course grade`. What everybody has, the stub and our own forms are
    taken out; names, comments and the order of functions do not count. Likeness is not guilt: a page shows what to read, and no
    more.
    """
    from course.grading import likeness
    from course.reports import likeness_page

    works: dict[str, list[Work]] = {}
    left: dict[str, list[str]] = {}
    for number, place in enumerate((submitted, *earlier)):
        _take(place, entries, place.name if number else "", works, left)
    for entry in catalog.projects():
        if entry.id not in works:
            continue
        found = likeness.pairs(works[entry.id], _known(entry))
        page = likeness_page.page(f"{entry.id} {entry.title}", found, works[entry.id], left.get(entry.id, []))
        file = out / f"{entry.module}.similar.html"
        files.write(file, page)
        click.echo(f"{file}: {len(works[entry.id])} works, {len(found)} pair{'' if len(found) == 1 else 's'} alike")
        for pair in found:
            click.echo(f"  {pair.one.called} and {pair.other.called}: {pair.words} words, {pair.share:.0%}")
    click.echo("Likeness is not guilt: read both texts, and ask.")


def _take(
    place: Path, entries: "list[Project]", term: str, works: "dict[str, list[Work]]", left: dict[str, list[str]]
) -> None:
    """Read the works of one folder or zip."""
    from course.grading import download, handed_in, submissions
    from course.grading.likeness import Work
    from course.grading.wording_of_code import parts_of

    with tempfile.TemporaryDirectory(prefix="course-similar-", ignore_cleanup_errors=True) as folder:
        if place.is_dir():
            rows = submissions.find(place, entries)
        else:
            rows = list(download.read(place, Path(folder), entries).rows)
        for row in rows:
            if row.file is None:
                continue
            entry = catalog.project(row.project)
            try:
                parts = parts_of(handed_in.read(row.file), row.file.name, entry)
            except (OSError, ValueError) as fault:
                left.setdefault(row.project, []).append(f"{row.student}: {fault}")
                continue
            if not parts:
                left.setdefault(row.project, []).append(f"{row.student}: nothing in it can be read as Python.")
                continue
            works.setdefault(row.project, []).append(Work(row.student, term, tuple(parts)))


def _known(entry: "Project") -> "list[list[Part]]":
    """The stub, our solution, and the other right forms that we know, as they stand in graders/proofs/."""
    from course.grading.wording_of_code import parts_of
    from course.workspace import pristine_text

    texts = [pristine_text(entry).encode()]
    for name in (f"solutions/{entry.module}.py", f"graders/proofs/{entry.folder}/alternatives.py"):
        if (paths.ROOT / name).is_file():
            texts.append((paths.ROOT / name).read_bytes())
    return [parts_of(text, f"{entry.module}.py", entry) for text in texts]

"""`course export`: points and feedback in the form that a learning platform takes back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from course import catalog, files
from course.cli import options
from course.errors import CourseError

if TYPE_CHECKING:
    from course.catalog import Project
    from course.reports.exports.filling import Made

PLATFORMS = ("canvas", "moodle", "blackboard", "brightspace", "gradescope")
TAKES_FILES = ("canvas", "moodle")


@click.command()
@click.option(
    "--to", "platform", type=click.Choice(PLATFORMS), required=True, help="The platform whose import is to take it."
)
@options.projects("all that were graded")
@options.reports("--feedback", "Where `course grade` has put its reports.")
@options.gradebook("its totals count, with what was given by hand.")
@click.option("--roster", type=options.PATH, help="Names and addresses; students.csv, where there is one.")
@click.option("--like", type=options.PATH, help="The platform's own export or worksheet, which is filled in.")
@click.option("--column", "columns", multiple=True, metavar="01=NAME", help="What the platform calls a project.")
@click.option(
    "--missing",
    type=click.Choice(["zero", "blank"]),
    default="zero",
    show_default=True,
    help="What stands for who handed in nothing.",
)
@click.option(
    "--pages",
    type=options.PATH,
    metavar="DOWNLOAD.ZIP",
    help="Canvas and Moodle: the zip that was graded; feedback becomes the zip that is uploaded in its place.",
)
@options.out("exports")
def export(
    platform: str,
    entries: "list[Project]",
    feedback: Path,
    gradebook: str | None,
    roster: Path | None,
    like: Path | None,
    columns: tuple[str, ...],
    missing: str,
    pages: Path | None,
    out: Path,
) -> None:
    """Write what a platform's gradebook takes.

    Of every project that was graded, or of those that you name; one that was not handed out is in no table. Most platforms know
    their students and columns by numbers of their own. Export the gradebook there, give it with --like, and points are filled
    in.
    """
    from course.reports import class_list
    from course.reports.exports import marks
    from course.reports.totals import Totals

    results = marks.kept(feedback, entries)
    totals: Totals = {}
    if gradebook:
        from course.reports import gradebook as scores

        totals = scores.totals(gradebook, results)
    made = marks.columns(results, totals, _titles(columns))
    if roster is None and Path(class_list.FILE).is_file():
        roster = Path(class_list.FILE)
    people = class_list.people(gradebook, roster, (r.student for r in results))
    if pages is not None:
        _pages(platform, pages, entries, feedback, results, made, people, out)
        return
    table = _table(platform, people, made, like, "0" if missing == "zero" else "")
    name = like.name if like else f"{platform}.csv"
    files.write(out / name, table.sheet.bytes())
    shown = (
        ", ".join(column.project.id for column in made)
        if platform != "gradescope"
        else "the roster; it imports no points"
    )
    click.echo(f"{out / name}: {len(table.sheet.rows) - 1} lines; {shown}")
    for sentence in table.left:
        click.echo(f"  {sentence}")


def _table(platform: str, people: list, columns: list, like: Path | None, missing: str) -> "Made":
    from course.grading import rosters, sheets
    from course.reports.exports import blackboard, brightspace, canvas, gradescope, moodle

    if platform == "gradescope":
        if like is not None:
            raise CourseError("Gradescope imports no points.", "Without --like you get the roster that it takes.")
        return gradescope.roster(people)
    module = {"canvas": canvas, "moodle": moodle, "blackboard": blackboard, "brightspace": brightspace}[platform]
    if like is None:
        return module.fresh(people, columns, missing)
    return module.filled(sheets.read(like), rosters.Index(people), columns, missing)


def _titles(columns: tuple[str, ...]) -> dict[str, str]:
    """{id of a project: what the platform calls it}.

    Raises:
        CourseError: one is no `01=NAME`.
    """
    found = {}
    for one in columns:
        id, sign, name = one.partition("=")
        if not (sign and name.strip()):
            raise CourseError(f"--column {one} names no column.", "For example `--column '01=Digits, week 1'`.")
        found[catalog.project(id.strip()).id] = name.strip()
    return found


def _pages(
    platform: str,
    download: Path,
    entries: "list[Project]",
    feedback: Path,
    results: list,
    columns: list,
    people: list,
    out: Path,
) -> None:
    from course.grading.attempts import Listed
    from course.reports import table
    from course.reports.exports import pages

    if platform not in TAKES_FILES:
        raise CourseError(
            f"{platform} takes no zip of feedback.", "Canvas and Moodle do; to others give the points alone."
        )
    if len(columns) != 1:
        raise CourseError("A zip of feedback is of one project.", "Name it: --project 01.")
    entry, marks = columns[0].project, columns[0].marks
    names = table.file_names([r.student for r in results])

    def page_of(student: str) -> bytes | None:
        file = feedback / names[student] / entry.module / f"{entry.module}.html"
        return file.read_bytes() if file.is_file() else None

    listed = [Listed(person.id, person.names) for person in people]
    by_student = {r.student: r for r in results}
    made, left = pages.packed(platform.capitalize(), download, entry, by_student, marks, listed, page_of)
    file = out / f"{entry.module}-{platform}-feedback.zip"
    files.write(file, made)
    click.echo(f"{file}: {_files(made)} for {platform.capitalize()}")
    for sentence in left:
        click.echo(f"  {sentence}")


def _files(made: bytes) -> str:
    import io
    import zipfile

    number = len(zipfile.ZipFile(io.BytesIO(made)).namelist())
    return f"{number} file{'' if number == 1 else 's'}"

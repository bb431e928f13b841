"""Gradings that are kept: `course merge` brings those of two machines together, `course regrade` repeats one from its receipt."""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course import catalog, files
from course.cli import options
from course.errors import CourseError

if TYPE_CHECKING:
    from course.checks.results import SubmissionResult
    from course.grading.journal import Journal
    from course.grading.submissions import Submission


@click.command()
@click.argument("others", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.reports(said="Where reports go.")
@options.gradebook("it gets the points of what was brought in.")
def merge(others: tuple[Path, ...], out: Path, gradebook: str | None) -> None:
    """Bring what others have graded into one class.

    OTHERS are folders that `course grade --out` has filled, on this machine or another one. Nobody is lost and nobody counted
    twice: of two gradings of one student the later counts, but nothing handed in never replaces something that was graded, and the
    same file never loses points.
    """
    from course.grading.journal import NAME, Journal, merged
    from course.reports import class_folder, exchange, table

    for other in others:
        if not (other / NAME).is_file():
            raise CourseError(
                f"There is no {NAME} in {other}.", "Name the folder that `course grade --out` has filled."
            )
    with Journal(out / NAME) as journal:
        class_folder.require(out, [])
        if gradebook:
            from course.reports import gradebook as scores

            scores.require(gradebook)
        taken: list[tuple[SubmissionResult, dict[str, str]]] = []
        for other in others:
            with Journal(other / NAME) as theirs:
                found = list(merged(journal, theirs))
                names = table.file_names(theirs.students())
            stays = [(row, why) for row, why in found if why]
            click.echo(f"{other}: {len(found) - len(stays)} brought in, {len(stays)} as they were")
            for row, why in stays:
                click.echo(table.line(f"  {row.project:<4}{row.student}   {STAYS[why]}"))
            for row, why in found:
                if not why:
                    place = other / names[row.student] / catalog.project(row.project).module
                    taken.append((row.result, exchange.within(place)))
        written = _booked(gradebook, taken) if gradebook and taken else 0
        _pages(journal, out, taken, gradebook)
        if gradebook and taken:
            click.echo(f"{written} written to the gradebook")


STAYS = {
    "missing": "there is something here, and nothing there",
    "lower": "the same file has fewer points there",
    "later": "was graded later here",
}


def _booked(gradebook: str, taken: "Sequence[tuple[SubmissionResult, dict[str, str]]]") -> int:
    """Points, when they were handed in, and what being late costs, into the gradebook; returns how many submissions."""
    from course.grading import rules
    from course.reports import autograded, exchange, late
    from course.reports import gradebook as scores

    results = [result for result, _ in taken]
    written = scores.write(gradebook, results)
    there = [(r, beside.get(exchange.TIMESTAMP, "")) for r, beside in taken if r.status != "missing"]
    for sentence in autograded.stamp(gradebook, there):
        click.echo(f"  {sentence}")
    entries = [catalog.project(id) for id in dict.fromkeys(r.result.project for r in results)]
    late.settle(gradebook, entries, rules.current(), {r.student for r in results})
    return written


def _pages(
    journal: "Journal", out: Path, taken: "Sequence[tuple[SubmissionResult, dict[str, str]]]", gradebook: str | None
) -> None:
    from course.grading import receipts
    from course.reports import class_folder, exchange, table
    from course.reports import gradebook as scores

    everybody = [row.result for row in journal.rows()]
    totals = scores.totals(gradebook, everybody) if gradebook and everybody else {}

    names = table.file_names(journal.students(r.student for r, _ in taken))
    for result, beside in taken:
        row = journal.row(result.student, result.result.project)
        if row is None:
            continue
        whole, folder = journal.whole(row), names[result.student]
        class_folder.write_page(out / folder, whole, totals.get((row.student, row.project)))
        exchange.lay(out / folder / catalog.project(row.project).module, beside)
        if row.basis is not None:
            made = receipts.receipt(whole, row.basis, "", row.seconds, row.at)
            files.write(class_folder.receipt_file(out, folder, row.project), made.text())
    for id in dict.fromkeys(row.project for row in journal.rows()):
        class_folder.write_class(out, [row.result for row in journal.rows(id)], totals)
    click.echo(f"{len(journal.rows())} in all; reports in {out}{os.sep}")


@click.command()
@click.argument("receipt", type=click.Path(path_type=Path))
@click.option(
    "--submitted",
    type=click.Path(path_type=Path),
    help="The folder or zip of the class. [default: as the receipt says]",
)
def regrade(receipt: Path, submitted: Path | None) -> None:
    """Grade once more as a receipt says, and compare.

    RECEIPT is one of the files that `course grade` writes to receipts/ below --out. Nothing is written. The status is 0 when the
    verdict is the same, byte for byte, and 1 when it is not; what has changed since is said.
    """
    from course.grading import receipts
    from course.reports import table

    kept = receipts.read(receipt)
    place = submitted or (Path(kept.submitted) if kept.submitted else None)
    if place is None:
        raise CourseError(
            "The receipt does not say where the submission lies.", "Name the class's folder with --submitted."
        )
    with tempfile.TemporaryDirectory(prefix="course-download-", ignore_cleanup_errors=True) as folder:
        submission = _found(kept.student, kept.project, place, Path(folder))
        secret = tuple(path.absolute() for path in (place, receipt.parent, Path(folder)))
        done = receipts.again(kept, submission, secret)
    points = f"{done.result.earned} of {done.result.points}"
    for what in done.changes:
        click.echo(table.line(f"Changed since: {what}"))
    if done.same:
        click.echo(table.line(f"{kept.project} {kept.student}: {points}, the same verdict, byte for byte."))
        return
    click.echo(table.line(f"{kept.project} {kept.student}: {points}, another verdict:"))
    for what in done.differences:
        click.echo(table.line(f"  {what}"))
    sys.exit(1)


def _found(student: str, project: str, place: Path, folder: Path) -> "Submission":
    """The student's submission in the folder or zip of a class.

    Raises:
        CourseError: there is none.
    """
    from course.grading import download, submissions

    entries = [catalog.project(project)]
    rows: Sequence[Submission]
    if place.is_dir():
        rows = submissions.find(place, entries)
    else:
        rows = download.read(place, folder, entries).rows
    found = next((row for row in rows if row.student == student), None)
    if found is None:
        raise CourseError(f"{student} is not in {place}.", "Name the class's folder or zip with --submitted.")
    return found

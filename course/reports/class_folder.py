"""The folder of reports: a page a student, four files a class; and whether all of it can be written, before anybody is graded."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from course import catalog, files
from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading import rules
from course.reports import gradescope, html, junit, table
from course.reports.totals import Total, Totals

RECEIPTS = "receipts"
TRIAL_BYTES = 1 << 20  # as much as a class's reports take at least: a disk that has less is full
CLASS: dict[str, Callable[[Sequence[SubmissionResult], Totals], str]] = {
    ".csv": table.csv_text,
    ".junit.xml": junit.xml,
    ".md": table.markdown,
    ".json": lambda results, _: json.dumps([r.plain() for r in results], indent=1) + "\n",
}


def require(out: Path, modules: Sequence[str], students: Sequence[str] = ()) -> None:
    """See that all reports can be written, before a class is graded for nothing.

    Args:
        students: names of students' folders.

    Raises:
        CourseError: one cannot.
    """
    trial = out / ".trial"
    files.write(trial, b"\0" * TRIAL_BYTES)
    trial.unlink()
    for module in modules:
        for kind in CLASS:
            if (out / f"{module}{kind}").is_dir():
                _in_the_way(out / f"{module}{kind}", "a folder", "a file")
    for place in (out / RECEIPTS, *(out / name for name in students)):
        if place.exists() and not place.is_dir():
            _in_the_way(place, "a file", "a folder")


def _in_the_way(place: Path, is_: str, wanted: str) -> None:
    raise CourseError(f"{place} cannot be written: it is {is_}, and {wanted} is to be there.", "Move it away.")


def write_page(folder: Path, result: SubmissionResult, total: Total | None = None) -> None:
    """The reports of one student: a page, and a results.json of Gradescope's.

    Args:
        total: the gradebook's; without it the checks' points are the total.
    """
    module = catalog.project(result.result.project).module
    files.write(folder / module / f"{module}.html", html.page(result, total, rules.current().zone))
    files.write(folder / module / f"{module}.gradescope.json", gradescope.results(result, total))


def write_class(out: Path, results: Sequence[SubmissionResult], totals: Totals | None = None) -> None:
    """The files of a class for one project."""
    module = catalog.project(results[0].result.project).module
    for kind, view in CLASS.items():
        files.write(out / f"{module}{kind}", view(results, totals or {}))


def receipt_file(out: Path, folder: str, project: str) -> Path:
    """Where a receipt lies: not beside the student's page, for it holds the seed."""
    return out / RECEIPTS / f"{folder}.{catalog.project(project).module}.json"

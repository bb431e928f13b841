"""The folder of reports: a page a student, four files a class; and whether all of it can be written, before anybody is graded."""

import json
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from course import catalog, files
from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading.handed_in import read
from course.reports import gradescope, html, junit, table

EXCHANGE = ("timestamp.txt", "submission_secret.txt")
RECEIPTS = "receipts"
TRIAL_BYTES = 1 << 20  # as much as a class's reports take at least: a disk that has less is full
CLASS: dict[str, Callable[[Sequence[SubmissionResult]], str]] = {
    ".csv": table.csv_text,
    ".junit.xml": junit.xml,
    ".md": table.markdown,
    ".json": lambda results: json.dumps([r.plain() for r in results], indent=1) + "\n",
}
PAGES: dict[str, Callable[[SubmissionResult], str]] = {".html": html.page, ".gradescope.json": gradescope.results}


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


def write_page(folder: Path, result: SubmissionResult) -> None:
    """The reports of one student: a page, and a results.json of Gradescope's."""
    module = catalog.project(result.result.project).module
    for kind, view in PAGES.items():
        files.write(folder / module / f"{module}{kind}", view(result))


def write_class(out: Path, results: Sequence[SubmissionResult]) -> None:
    """The files of a class for one project."""
    module = catalog.project(results[0].result.project).module
    for kind, view in CLASS.items():
        files.write(out / f"{module}{kind}", view(results))


def receipt_file(out: Path, folder: str, project: str) -> Path:
    """Where a receipt lies: not beside the student's page, for it holds the seed."""
    return out / RECEIPTS / f"{folder}.{catalog.project(project).module}.json"


def for_exchange(handed_in: Sequence[Path | None], pages: Sequence[Path]) -> None:
    """Lay beside each page what `nbgrader submit` has laid beside the submission: `nbgrader release_feedback` reads it.

    It breaks off at the first page that has no such files. Where some came by the exchange, those who did not get a secret that
    nobody else knows: nbgrader then puts their page where nobody fetches it.
    """
    left = []
    for source, folder in zip(handed_in, pages, strict=True):
        try:
            if source is None:
                raise FileNotFoundError
            for name in EXCHANGE:
                (folder / name).write_bytes(read(source / name))  # a plain file: a link is not followed
        except (OSError, ValueError):
            left.append(folder)
    if len(left) < len(pages):
        for folder in left:
            for name, text in zip(EXCHANGE, ("", secrets.token_hex(64)), strict=True):
                (folder / name).write_text(text, "utf-8")

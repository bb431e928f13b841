"""`autograded/` as formgrader and `nbgrader generate_feedback` want it, without running a notebook: the gradebook holds the points,
and autograded/ada/ex01_mnist/ex01_mnist.ipynb shows what Ada wrote (`marked` makes it).

What is there already is replaced only if it was made here and nobody has changed it since: a notebook that `nbgrader autograde`
has run, or one that somebody has written into, stays, and is named. Beside it lie the two files by which `nbgrader
release_feedback` knows whose page it is (`exchange`). The gradebook gets what nbgrader's autograder sets beside the points:
when it was handed in, and what the course takes off for being late.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from course import files
from course.catalog import project
from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading import packed
from course.grading.handed_in import read
from course.grading.submissions import Submission
from course.reports import exchange, gradebook
from course.reports.exchange import TIMESTAMP
from course.reports.feedback import marked

MARK = "made_by_course_grade"  # in the notebook's metadata: whose it is, a digest of its cells, and the result (`grading.packed`)


@dataclass(frozen=True)
class Written:
    """What became of a class: how many notebooks were written, and a sentence for each that was not."""

    number: int
    kept: tuple[str, ...]


class _Stays(Exception):
    """Why nothing is written, in a sentence."""


def write(folder: Path, submissions: Sequence[Submission], results: Sequence[SubmissionResult]) -> Written:
    """Write a notebook for each submission that was graded.

    For one that could not be graded there is none: one that was made here before is deleted, since its points are gone as well.

    Args:
        folder: nbgrader's autograded/, beside the gradebook.
        submissions: in the order of the results.
    """
    number, stays = 0, []
    for submission, result in zip(submissions, results, strict=True):
        if result.status == "missing":
            continue
        entry = project(result.result.project)
        place = folder / result.student / entry.module / f"{entry.module}.ipynb"
        try:
            _see_that_it_is_ours(place, result.student)
            if result.reason or submission.file is None:
                place.unlink(missing_ok=True)
                continue
            content = read(submission.file)
            if hashlib.sha256(content).hexdigest() != result.digest:
                raise _Stays(f"{result.file} has changed since it was graded.")
            files.write(place, _text(marked(content, entry, result), result))
            exchange.lay(place.parent, exchange.beside(submission))
            number += 1
        except _Stays as fault:
            stays.append(f"{place} stays as it is: {fault}")
        except (CourseError, OSError, ValueError) as fault:
            stays.append(f"{place} was not written: {getattr(fault, 'problem', fault)}")
    return Written(number, tuple(stays))


def set_times(url: str, submissions: Sequence[Submission], results: Sequence[SubmissionResult]) -> tuple[str, ...]:
    """Tell the gradebook when each submission was handed in, where a timestamp.txt says so. What being late costs, `late` says.

    Returns:
        A sentence for each timestamp that cannot be read.
    """
    known = []
    for submission, result in zip(submissions, results, strict=True):
        if result.status != "missing":
            known.append((result, exchange.beside(submission).get(TIMESTAMP, "")))
    return stamp(url, known)


def stamp(url: str, known: Sequence[tuple[SubmissionResult, str]]) -> tuple[str, ...]:
    """Write when each was handed in, a text as in timestamp.txt; empty where nobody knows.

    Returns:
        A sentence for each that cannot be read.
    """
    return gradebook.patiently(lambda: _stamp(url, known))


def _stamp(url: str, known: Sequence[tuple[SubmissionResult, str]]) -> tuple[str, ...]:
    wrong = []
    with gradebook.opened(url) as book:
        for result, when in known:
            if not when.strip():
                continue
            name = project(result.result.project).module
            try:
                book.update_or_create_submission(name, result.student, timestamp=when.strip())
            except (ValueError, OverflowError):
                wrong.append(f"{result.student}: {TIMESTAMP} holds no time: {when.strip()[:40]!r}")
    return tuple(wrong)


def _text(notebook: Any, result: SubmissionResult) -> str:
    """The notebook as the text of its file, with our mark."""
    whole = base64.b64encode(packed.pack(result)).decode()
    notebook.metadata[MARK] = {"student": result.student, "cells": _digest(notebook), "result": whole}
    return nbformat.writes(notebook) + "\n"


def result_in(notebook: Any) -> SubmissionResult | None:
    """The result that a notebook made here holds; None where it holds none."""
    try:
        return packed.unpack(base64.b64decode(notebook.metadata[MARK]["result"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _digest(notebook: Any) -> str:
    """SHA-256 of what can be seen of a notebook, however an editor has saved it."""
    seen = [[cell.cell_type, cell.source, cell.get("outputs", [])] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def _see_that_it_is_ours(place: Path, student: str) -> None:
    """Is what stands there nothing, or made here for this student and not changed since?

    Raises:
        _Stays: it is something else.
        ValueError: there can be no such place.
    """
    if Path(student).name != student or student in ("", ".."):
        raise ValueError(f"no folder can be called {student!r}")
    if not place.exists():
        return
    try:
        notebook = nbformat.reads(place.read_text("utf-8"), as_version=4)
        mark = dict(notebook.metadata.get(MARK, {}))
    except (OSError, ValueError, TypeError, nbformat.ValidationError):
        mark = {}
    if not mark:
        raise _Stays("it was not made here. Move its folder away and grade again to see there what was graded.")
    if mark.get("student") != student:
        raise _Stays(f"it is {mark.get('student')}'s, whose name differs in case only.")
    if mark.get("cells") != _digest(notebook):
        raise _Stays("somebody has written into it. Move its folder away and grade again to see there what was graded.")

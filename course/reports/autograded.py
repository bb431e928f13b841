"""`autograded/` as formgrader and `nbgrader generate_feedback` want it, without running a notebook: the gradebook holds the points,
and autograded/ada/ex01_mnist/ex01_mnist.ipynb shows what Ada wrote (`marked` makes it).

What is there already is replaced only if it was made here and nobody has changed it since: a notebook that `nbgrader autograde` has
run, or one that somebody has written into, stays, and is named. The gradebook gets what nbgrader's autograder sets beside the
points: when it was handed in, and what the course takes off for being late.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from course import files, paths
from course.catalog import project
from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading.handed_in import read
from course.grading.submissions import Submission
from course.reports import gradebook
from course.reports.feedback import marked

MARK = "made_by_course_grade"  # in the notebook's metadata: whose it is, and a digest of its cells
TIMESTAMP = "timestamp.txt"  # nbgrader's, beside a submission: when it was handed in


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
    number, kept = 0, []
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
            files.write(place, _text(marked(content, entry, result), result.student))
            if when := stamp(submission):
                files.write(place.with_name(TIMESTAMP), when)
            number += 1
        except _Stays as fault:
            kept.append(f"{place} stays as it is: {fault}")
        except (CourseError, OSError, ValueError) as fault:
            kept.append(f"{place} was not written: {getattr(fault, 'problem', fault)}")
    return Written(number, tuple(kept))


def set_times(url: str, submissions: Sequence[Submission], results: Sequence[SubmissionResult]) -> tuple[str, ...]:
    """Tell the gradebook when each submission was handed in, where a timestamp.txt says so, and what being late costs.

    The penalty is that of nbgrader's own plugin, which `nbgrader_config.py` may name; without one it is nothing.

    Returns:
        A sentence for each timestamp that cannot be read.
    """
    from nbgrader.preprocessors import AssignLatePenalties
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(gradebook.CONFIG, path=str(paths.ROOT)).load_config()
    late = AssignLatePenalties(config=config)
    late.log = logging.getLogger("course.late")  # it says who is late, and so does the gradebook
    late.log.addHandler(logging.NullHandler())
    late.log.propagate = False
    return gradebook.patiently(lambda: _set_times(url, submissions, results, late))


def _set_times(
    url: str, submissions: Sequence[Submission], results: Sequence[SubmissionResult], late: Any
) -> tuple[str, ...]:
    wrong = []
    with gradebook.opened(url) as book:
        for submission, result in zip(submissions, results, strict=True):
            when, name = stamp(submission), project(result.result.project).module
            if not when or result.status == "missing":
                continue
            try:
                book.update_or_create_submission(name, result.student, timestamp=when.strip())
            except (ValueError, OverflowError):
                wrong.append(f"{submission.student}: {TIMESTAMP} holds no time: {when.strip()[:40]!r}")
                continue
            about = {"notebook": name, "assignment": name, "student": result.student, "db_url": url}
            late.preprocess(nbformat.v4.new_notebook(), {"nbgrader": about})
    return tuple(wrong)


def stamp(submission: Submission) -> str:
    """The timestamp.txt beside a submission in nbgrader's layout; empty where there is none."""
    file = submission.file
    if file is None or file.parent.name != project(submission.project).module:
        return ""
    with suppress(OSError, ValueError):
        return read(file.with_name(TIMESTAMP)).decode("utf-8", "replace")[:100]
    return ""


def _text(notebook: Any, student: str) -> str:
    """The notebook as the text of its file, with our mark."""
    notebook.metadata[MARK] = {"student": student, "cells": _digest(notebook)}
    return nbformat.writes(notebook) + "\n"


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

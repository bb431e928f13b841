"""Which part of a class is graded: the students who are named, or those with something new, in trouble, or late."""

import difflib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from course import catalog
from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading import rules
from course.grading.basis import basis
from course.grading.journal import Journal
from course.grading.judge import Job
from course.grading.submissions import Submission

ONLY = ("changed", "failed", "late")
TROUBLE = ("no answer", "not tried", "unreadable")  # kinds of failures of a run that broke off, not of a wrong answer
MARKED = "The platform marks it as late."  # as `grading.attempts` puts it


def of_students(found: Sequence[Submission], students: Sequence[str]) -> list[Submission]:
    """Those of the students who are named; all where nobody is.

    Raises:
        CourseError: a name is nobody's.
    """
    names = {one.student for one in found}
    for name in students:
        if name not in names:
            like = difflib.get_close_matches(name, names, 3) or sorted(names)[:3]
            raise CourseError(f"There is no student {name!r}.", f"There are: {', '.join(like)}, …")
    return [one for one in found if not students or one.student in students]


def changed(work: Sequence[Job], journal: Journal) -> list[Job]:
    """Those whose verdict would rest on something else now than the one that stands."""
    left = []
    for job in work:
        row = journal.row(job.submission.student, job.submission.project)
        now = basis(job)
        if row is None or (now is not None and now.key != row.key):
            left.append(job)
    return left


def failed(work: Sequence[Job], journal: Journal) -> list[Job]:
    """Those whose grading ended in trouble; their verdicts are forgotten, so that they are made anew."""
    left = []
    for job in work:
        row = journal.row(job.submission.student, job.submission.project)
        if row is not None and trouble(row.result):
            left.append(job)
            journal.forget(row.key)
    return left


def late(found: Sequence[Submission], gradebook: str | None) -> list[Submission]:
    """Those who were late, by the platform's mark, or by when it was handed in and the due date of course.toml or of the gradebook.

    Raises:
        CourseError: nothing tells who was late.
    """
    from nbgrader.utils import parse_utc

    due = _due(gradebook, {one.project for one in found})
    from course.reports import exchange

    left, told = [], False
    for one in found:
        if MARKED in one.note or MARKED in one.problem:
            left.append(one)
            continue
        when: datetime | None = None
        with suppress(ValueError, OverflowError):
            stamp = exchange.beside(one).get(exchange.TIMESTAMP, "").strip()
            when = parse_utc(stamp) if stamp else None
        end = _own(one, due)
        if when is not None and end is not None:
            told = True
            if when > end:
                left.append(one)
    if not left and not told:
        raise CourseError(
            "Nothing tells who was late.",
            "It takes a platform's zip that marks it, or a due date in course.toml or in the gradebook, and times: --times, or a "
            "timestamp.txt beside each submission.",
        )
    return left


def _own(one: Submission, due: dict[str, datetime]) -> datetime | None:
    """When it was due for this student, with the extension and the grace of course.toml; naive, in UTC."""
    found = rules.current()
    own = found.of(one.project)
    end = found.extensions.get(one.student, {}).get(one.project) or own.due
    return (end + own.grace).astimezone(UTC).replace(tzinfo=None) if end else due.get(one.project)


def _due(url: str | None, projects: set[str]) -> dict[str, datetime]:
    if not url:
        return {}
    from course.reports import gradebook

    names = {catalog.project(id).module: id for id in projects}
    with gradebook.opened(url) as book:
        return {names[a.name]: a.duedate for a in book.assignments if a.name in names and a.duedate}


def trouble(result: SubmissionResult) -> str:
    """What went wrong in the grading of a submission, in a few words; empty where each check came to a verdict."""
    if result.reason:
        return f"{result.status}: {result.reason}"
    for check in result.result.checks:
        if check.failure and check.failure.kind in TROUBLE:
            return f"{check.task}: {check.message.partition(chr(10))[0]}"
    return ""


Filter = Callable[[Sequence[Job], Journal], list[Job]]
FILTERS: dict[str, Filter] = {"changed": changed, "failed": failed}

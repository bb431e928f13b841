"""What a submission counts: the one place where points become a total.

Checks earn points. A person may give others in their place, give extra credit, and write a comment; the course may take
something off for being late. Where there is a gradebook, all of this is read from nbgrader's tables, so that our page, our
tables and our exports say what `nbgrader export` and formgrader say. Where there is none, the checks' points are the total.

Nothing is kept here and nothing is written. Everything that shows a total asks `of_checks` or `of_gradebook`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from course import catalog
from course.checks.results import SubmissionResult
from course.grading.rules import Rules

CHECKS = (
    "check_"  # a function's cell of checks is called so in the gradebook; its comment stands at the function's own cell
)


@dataclass(frozen=True)
class Part:
    """What one function counts.

    Args:
        checks: points that its checks have earned.
        points: what it is worth.
        given: points that a person has given in their place, or None.
        extra: extra credit.
        comment: what a person has written; nothing that a program has written.
    """

    task: str
    checks: float
    points: float
    given: float | None = None
    extra: float = 0.0
    comment: str = ""

    @property
    def earned(self) -> float:
        """What counts, as nbgrader has it: a person's points come before the checks', and extra credit is added."""
        return (self.checks if self.given is None else self.given) + self.extra

    @property
    def handmade(self) -> bool:
        """Has a person changed the points?"""
        return self.given is not None or self.extra != 0


@dataclass(frozen=True)
class Total:
    """What one submission counts, and how it adds up.

    Args:
        taken: points that are taken off for being late.
        handed_in: when, in UTC; None where nobody knows.
        due: when it was due, for this student, in UTC; None where there is no due date.
        extension: what is added to everybody's due date for this student.
        kept: the gradebook has points of an earlier submission; this time there was nothing.
    """

    parts: tuple[Part, ...]
    taken: float = 0.0
    handed_in: datetime | None = None
    due: datetime | None = None
    extension: timedelta | None = None
    kept: bool = False

    @property
    def raw(self) -> float:
        """The sum of the functions, before anything is taken off."""
        return sum(part.earned for part in self.parts)

    @property
    def earned(self) -> float:
        """What counts in the end. It is never below 0, as in nbgrader's export."""
        return max(0.0, self.raw - self.taken)

    @property
    def points(self) -> float:
        """What could be earned."""
        return sum(part.points for part in self.parts)

    @property
    def late(self) -> timedelta | None:
        """How late it came, or None where it did not, or nobody knows."""
        if self.handed_in is None or self.due is None or self.handed_in <= self.due:
            return None
        return self.handed_in - self.due

    @property
    def plain(self) -> bool:
        """Are these the points of the checks and nothing else?"""
        return not (self.taken or any(part.handmade for part in self.parts))

    def of(self, task: str) -> Part | None:
        """What one function counts."""
        return next((part for part in self.parts if part.task == task), None)


Totals = Mapping[tuple[str, str], Total]  # by (student, id of the project)


def number(value: float) -> str:
    """Points as a person reads them: 24, 24.5, 24.33."""
    return f"{round(value, 2):.10g}"


def of(result: SubmissionResult, totals: Totals) -> Total:
    """The total of a result: the gradebook's where it is among them."""
    return totals.get((result.student, result.result.project)) or of_checks(result)


def of_checks(result: SubmissionResult) -> Total:
    """The total where there is no gradebook."""
    return Total(tuple(Part(task, *points) for task, points in result.earned_by_task().items()))


def of_gradebook(
    book: Any, results: Sequence[SubmissionResult], modules: Mapping[str, str]
) -> dict[tuple[str, str], Total]:
    """The totals of these results in an open gradebook of nbgrader's.

    Args:
        modules: {id of a project: what the gradebook calls it}.
    """
    found = {id: of_assignment(book, modules[id]) for id in dict.fromkeys(r.result.project for r in results)}
    totals = {}
    for result in results:
        whole = found[result.result.project].get(result.student)
        totals[result.student, result.result.project] = _beside(result, whole)
    return totals


def _beside(result: SubmissionResult, found: Total | None) -> Total:
    """The gradebook's total of a result; where the gradebook has no submission, as of who handed in nothing, the checks' own."""
    own = of_checks(result)
    if found is None:
        return own
    order = {part.task: number for number, part in enumerate(own.parts)}
    parts = sorted(found.parts, key=lambda part: order.get(part.task, len(order)))
    return Total(
        tuple(parts), found.taken, found.handed_in, found.due, found.extension, kept=result.status == "missing"
    )


def of_assignment(book: Any, name: str) -> dict[str, Total]:
    """{student: total} of all who have a submission of one assignment in an open gradebook of nbgrader's."""
    from nbgrader.api import Assignment, BaseCell, Comment, Grade, SubmittedAssignment, SubmittedNotebook

    def rows(kind: Any, *columns: Any) -> Any:
        query = book.db.query(SubmittedAssignment.student_id, *columns).select_from(kind)
        if kind in (Grade, Comment):
            query = query.join(BaseCell, kind.cell_id == BaseCell.id)
            query = query.join(SubmittedNotebook, kind.notebook_id == SubmittedNotebook.id)
        if kind is not SubmittedAssignment:
            query = query.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        return query.join(Assignment, SubmittedAssignment.assignment_id == Assignment.id).filter(
            Assignment.name == name
        )

    comments: dict[tuple[str, str], str] = {}
    for student, cell, text in rows(Comment, BaseCell.name, Comment.manual_comment):
        if text and text.strip():
            comments[student, cell] = text
    parts: dict[str, list[Part]] = {}
    scores = (Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.max_score)
    for student, cell, checks, given, extra, points in rows(Grade, BaseCell.name, *scores):
        task = cell.removeprefix(CHECKS)
        said = "\n".join(comments[key] for key in dict.fromkeys([(student, task), (student, cell)]) if key in comments)
        parts.setdefault(student, []).append(Part(task, checks or 0.0, points or 0.0, given, extra or 0.0, said))
    taken: dict[str, float] = {}
    for student, penalty in rows(SubmittedNotebook, SubmittedNotebook.late_submission_penalty):
        taken[student] = taken.get(student, 0.0) + (penalty or 0.0)
    totals = {}
    times = (SubmittedAssignment.timestamp, SubmittedAssignment.extension, Assignment.duedate)
    for student, when, extension, due in rows(SubmittedAssignment, *times):
        end = due + (extension or timedelta(0)) if due else None
        totals[student] = Total(
            tuple(parts.get(student, ())),
            taken.get(student, 0.0),
            when and when.replace(tzinfo=UTC),
            end and end.replace(tzinfo=UTC),
            extension,
        )
    return totals


def handed_out(book: Any, rules: Rules, now: datetime | None = None) -> list[str]:
    """The assignments of an open gradebook that count: somebody has handed in, or it is past the due date.

    `course release` makes all projects known to the gradebook; nobody has 0 points of one that students have not seen.
    """
    from nbgrader.api import Assignment, SubmittedAssignment

    some = {id for (id,) in book.db.query(SubmittedAssignment.assignment_id).distinct()}
    found = []
    for name, id, due in book.db.query(Assignment.name, Assignment.id, Assignment.duedate).order_by(Assignment.name):
        entry = _project(name)
        end = (rules.of(entry).due if entry else None) or (due and due.replace(tzinfo=UTC))
        if id in some or (end is not None and end < (now or datetime.now(UTC))):
            found.append(name)
    return found


def _project(name: str) -> str:
    return next((entry.id for entry in catalog.projects() if entry.module == name), "")


@dataclass(frozen=True)
class OfTerm:
    """What a student has in the whole term.

    Args:
        earned: {id of a project: what it counts, in the term's points}.
        points: {id of a project: what it could count}.
        dropped: ids of projects that do not count, for they are the lowest.
    """

    earned: Mapping[str, float]
    points: Mapping[str, float]
    dropped: tuple[str, ...] = ()

    @property
    def counts(self) -> tuple[float, float]:
        """(what was earned, what could be), without what is dropped."""
        kept = [id for id in self.points if id not in self.dropped]
        return sum(self.earned[id] for id in kept), sum(self.points[id] for id in kept)


def of_term(found: Mapping[str, Total | None], rules: Rules) -> OfTerm:
    """One student's term by the rules: what a project counts, and which are dropped.

    Args:
        found: {id of each project that was handed out: its total, or None where the student handed in nothing}.
    """
    points, earned = {}, {}
    for id, total in found.items():
        whole = total.points if total else float(catalog.project(id).points)
        own = rules.of(id).points
        points[id] = whole if own is None else own
        share = total.earned / whole if total and whole else 0.0
        earned[id] = round(share * points[id], 4)

    def low(id: str) -> tuple[float, float]:
        """Least share first; of two alike the one that counts more."""
        return (earned[id] / points[id] if points[id] else 0.0, -points[id])

    most = max(0, min(rules.drop_lowest, len(points) - 1))  # one always counts
    return OfTerm(earned, points, tuple(sorted(points, key=low)[:most]))

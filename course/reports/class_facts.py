"""What a class's results say: how points are spread, which check how many fail and by which mistake, who is late, missing,
troubled.

Facts only, made of results and totals; `class_page` draws them. A mistake is what `diagnosis` has recognised, in its own words;
a failure without a name is told by its message.
"""

import csv
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from course.checks.diagnosis import FOLLOWS, MEND_FIRST
from course.checks.results import CheckResult, SubmissionResult
from course.reports.totals import Total, Totals, of

BINS = 10  # of the distribution of points
LECTURE = 5  # sentences for the next lecture
TABLE = "handed-in.csv"


@dataclass(frozen=True)
class Handed:
    """What one student has handed in.

    Args:
        when: in the page's time zone; None where nobody knows.
        late: later than this student's due date, or marked so by the platform.
        kinds: which filters show this student.
    """

    student: str
    result: SubmissionResult
    total: Total
    when: datetime | None
    late: bool
    kinds: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of the points that could be earned."""
        return self.total.earned / self.total.points if self.total.points else 0.0


@dataclass(frozen=True)
class Named:
    """A mistake, or what a check says where no mistake is known, and who has it.

    Args:
        checks: the titles of the checks that show it.
        known: is it a mistake that the course knows?
    """

    task: str
    said: str
    students: tuple[str, ...]
    checks: tuple[str, ...]
    known: bool


@dataclass(frozen=True)
class CheckFacts:
    """How a class stands with one check; `mistakes` are those behind its failures, the most frequent first."""

    task: str
    title: str
    points: int
    passed: int
    failed: tuple[str, ...]
    open: int
    mistakes: tuple[Named, ...]


@dataclass(frozen=True)
class Bin:
    """Students whose points are between two numbers."""

    label: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Of one project in one class.

    Args:
        due: everybody's due date in the page's time zone, or None.
        lecture: the mistakes of most students, at most LECTURE.
    """

    project: str
    title: str
    points: float
    handed: tuple[Handed, ...]
    bins: tuple[Bin, ...]
    checks: tuple[CheckFacts, ...]
    lecture: tuple[Named, ...]
    due: datetime | None

    @property
    def graded(self) -> list[Handed]:
        """Those who handed in something that could be graded."""
        return [one for one in self.handed if not one.result.reason]

    @property
    def middle(self) -> tuple[float, float]:
        """(mean, median) of the points of those who were graded."""
        points = [one.total.earned for one in self.graded]
        return (statistics.fmean(points), statistics.median(points)) if points else (0.0, 0.0)


def of_project(
    results: Sequence[SubmissionResult], totals: Totals, zone: tzinfo, times: Mapping[str, tuple[datetime | None, bool]]
) -> Facts:
    """The facts of one project's results.

    Args:
        times: {student: (when, late)} for whom the gradebook knows no time.
    """
    handed = tuple(_handed(r, of(r, totals), zone, times.get(r.student, (None, False))) for r in results)
    first = results[0].result
    points = handed[0].total.points
    checks = tuple(_checks([r for r in results if not r.reason], first.checks))
    lecture = sorted(_all_named(checks), key=lambda one: (-len(one.students), one.task, one.said))[:LECTURE]
    due = next((one.total.due for one in handed if one.total.due and not one.total.extension), None)
    return Facts(
        first.project,
        first.title,
        points,
        handed,
        _bins(handed, points),
        checks,
        tuple(lecture),
        due.astimezone(zone) if due else None,
    )


def _handed(result: SubmissionResult, total: Total, zone: tzinfo, told: tuple[datetime | None, bool]) -> Handed:
    when = total.handed_in or told[0]
    late = total.late is not None or total.taken > 0 or told[1]
    kinds = ["missing"] if result.status == "missing" else ["unreadable"] if result.reason else []
    kinds += ["late"] if late else []
    kinds += ["low"] if total.earned < total.points / 2 else []
    kinds += ["by-hand"] if any(part.given is not None or part.extra or part.comment for part in total.parts) else []
    if {check.outcome for check in result.result.checks} == {"not started"} and not result.reason:
        kinds.append("not-started")
    return Handed(result.student, result, total, when.astimezone(zone) if when else None, late, tuple(kinds))


def _bins(handed: Sequence[Handed], points: float) -> tuple[Bin, ...]:
    """Tenths of the points; the last has those with all of them too, and with extra credit more."""
    graded = [one for one in handed if one.result.status != "missing"]
    found = []
    for number in range(BINS):
        low, high = points * number / BINS, points * (number + 1) / BINS
        last = number == BINS - 1
        inside = tuple(
            one.student for one in graded if low <= one.total.earned < high or (last and one.total.earned >= high)
        )
        found.append(Bin(f"{low:g} to {high:g}" if last else f"{low:g} to under {high:g}", inside))
    return tuple(found)


def _checks(results: Sequence[SubmissionResult], order: Sequence[CheckResult]) -> list[CheckFacts]:
    found = []
    for asked in order:
        own = [(r.student, c) for r in results for c in r.result.checks if (c.task, c.name) == (asked.task, asked.name)]
        failed = [(student, check) for student, check in own if check.outcome == "failed"]
        passed = sum(check.outcome == "passed" for _, check in own)
        named = tuple(_named(failed))
        found.append(
            CheckFacts(
                asked.task,
                asked.title,
                asked.points,
                passed,
                tuple(s for s, _ in failed),
                len(own) - passed - len(failed),
                named,
            )
        )
    return found


def _named(failed: Sequence[tuple[str, CheckResult]]) -> list[Named]:
    """The mistakes behind the failures of one check."""
    groups: dict[tuple[bool, str], list[str]] = {}
    for student, check in failed:
        known = bool(check.says)
        said = check.says if known else _first_line(check.message)
        groups.setdefault((known, said), []).append(student)
    by_number = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    title, task = failed[0][1].title if failed else "", failed[0][1].task if failed else ""
    return [Named(task, said, tuple(students), (title,), known) for (known, said), students in by_number]


def _first_line(message: str) -> str:
    """What failures of one kind have in common: the message without its numbers."""
    line = next((line.strip() for line in message.splitlines() if line.strip()), "it failed")
    return re.sub(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", "…", line)


def _all_named(checks: Sequence[CheckFacts]) -> list[Named]:
    """Each known mistake once, with all who have it and all checks that show it; what only follows from another is left out."""
    found: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for check in checks:
        for one in check.mistakes:
            if one.known and not one.said.startswith((MEND_FIRST, FOLLOWS)):
                students, titles = found.setdefault((one.task, one.said), ({}, {}))
                students |= dict.fromkeys(one.students)
                titles[check.title] = None
    return [Named(task, said, tuple(who), tuple(titles), True) for (task, said), (who, titles) in found.items()]


def times_of(file: Path, zone: tzinfo) -> dict[str, tuple[datetime | None, bool]]:
    """{student: (when, late)} of the table that `course grade` makes of a platform's download; empty where there is none."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {
        row["student"]: (_moment(row.get("handed in", ""), zone), bool(row.get("late")))
        for row in rows
        if row.get("student")
    }


def _moment(text: str | None, zone: tzinfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)

"""Results of a class that does not exist, without grading anything: for looking at what is made of results, and how long it takes.

Checks and points are those of the project's own grader, mistakes those that the course knows; who has which is drawn from a seed.
One in ten is late, one in twenty has an extension, the file of three in a hundred cannot be read.
"""

import random
from datetime import UTC, datetime, timedelta

from course.catalog import Project
from course.checks.check import Check, checks_of
from course.checks.diagnosis import known
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.reports.totals import Part, Total

LATE, EXTENDED, BROKEN, MISSING = 0.10, 0.05, 0.03, 0.04
DUE = datetime(2026, 11, 27, 22, 59, tzinfo=UTC)


def students(number: int) -> list[str]:
    """So many ids."""
    return [f"student{k:03}" for k in range(1, number + 1)]


def results(
    entry: Project, class_: list[str], seed: int = 0
) -> tuple[list[SubmissionResult], dict[tuple[str, str], Total]]:
    """The results of one project, and the totals as a gradebook would have them."""
    draw = random.Random(f"{entry.id} {seed}")
    checks = list(checks_of(entry))
    found, totals = [], {}
    for student in class_:
        fate = draw.random()
        reason = ""
        if fate < MISSING:
            reason = f"there is no {entry.module}.ipynb and no {entry.module}.py"
        elif fate < MISSING + BROKEN:
            reason = "it is not a notebook, for it is not JSON: Unterminated string"
        skill = draw.betavariate(4, 1.6)
        made = _checks(entry, checks, skill, draw, reason)
        file = "" if fate < MISSING else f"{student}/{entry.module}.ipynb"
        whole = ProjectResult(entry.id, entry.title, file, tuple(made))
        result = SubmissionResult(student, file, whole, "wall (bubblewrap)", reason=reason, digest="0" * 64)
        found.append(result)
        totals[student, entry.id] = _total(result, draw)
    return found, totals


def _checks(entry: Project, checks: list[Check], skill: float, draw: random.Random, reason: str) -> list[CheckResult]:
    """Each function is right, or shows one mistake that the course knows, or has not been started."""
    made = []
    by_task: dict[str, list[Check]] = {}
    for check in checks:
        by_task.setdefault(check.task, []).append(check)
    for task, own in by_task.items():
        state = (
            "not started" if reason or draw.random() > skill + 0.35 else "right" if draw.random() < skill else "wrong"
        )
        mistakes = known(entry.id).get(task, ())
        # a few misunderstandings are common, most are rare
        mistake = mistakes[min(int(draw.expovariate(0.4)), len(mistakes) - 1)] if mistakes else None
        failed = mistake.failed if mistake else {own[0].name}
        for check in own:
            if state == "not started":
                made.append(CheckResult.of(check, "not started"))
            elif state == "wrong" and check.name in failed:
                says = mistake.says if mistake and check.name == mistake.check else ""
                made.append(
                    CheckResult.of(
                        check, "failed", Failure("condition", "what came is not what was asked for"), says=says
                    )
                )
            else:
                made.append(CheckResult.of(check, "passed"))
    return made


def _total(result: SubmissionResult, draw: random.Random) -> Total:
    parts = tuple(Part(task, *points) for task, points in result.earned_by_task().items())
    extension = timedelta(days=3) if draw.random() < EXTENDED else None
    due = DUE + (extension or timedelta(0))
    early = timedelta(hours=min(draw.expovariate(1 / 20), 240))
    when = due + timedelta(hours=draw.expovariate(1 / 15)) if draw.random() < LATE else due - early
    if result.status == "missing":
        return Total(parts, due=due, extension=extension)
    earned = sum(part.earned for part in parts)
    taken = round(0.1 * earned, 2) if when > due else 0.0
    return Total(parts, taken, when, due, extension)

"""A class of a few students whose results are written down, not graded: for what is made of results."""

from course import catalog
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.grading.rosters import Person

EVIL = "=cmd|' /C calc'!A0"
TAG = "</script><script>alert(1)</script>"
PEOPLE = [
    Person("ada", "Ada", "Lovelace", "ada@example.org"),
    Person("jo", "Jörg", "Müller", "jo@example.org"),
    Person("mal", EVIL, TAG, "mal@example.org"),
    Person("zoe", "Zoë", "Nobody", "zoe@example.org"),
]


def check(task, number, points, outcome, says="", project="01"):
    """One check of a function."""
    failed = outcome == "failed"
    return CheckResult(
        project,
        task,
        f"test_{task}_{number}",
        f"{task} holds, part {number}",
        points,
        points if outcome == "passed" else 0,
        outcome,
        Failure("condition", f"what {task} gives is wrong") if failed else None,
        hint="What do you see?" if failed else "",
        says=says if failed else "",
    )


def result(student, earned, project="01", reason="", file="x.ipynb", says=""):
    """A result whose first `earned` functions are right; each function has one check."""
    entry = catalog.project(project)
    checks = []
    for number, function in enumerate(entry.functions):
        outcome = "not started" if reason else "passed" if number < earned else "failed"
        checks.append(check(function.name, 1, function.points, outcome, says, entry.id))
    whole = ProjectResult(entry.id, entry.title, file, tuple(checks))
    return SubmissionResult(student, file, whole, "wall (bubblewrap)", reason=reason, digest="0" * 64)


def results(project="01"):
    """Ada has all, Jörg two functions, Mal none, Zoë handed in nothing."""
    return [
        result("ada", 99, project),
        result("jo", 2, project, says="Without zero_grad the gradients pile up."),
        result("mal", 0, project, says=TAG),
        result("zoe", 0, project, reason="there is no ex01_mnist.ipynb", file=""),
    ]

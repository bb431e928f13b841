"""The rule of the author's linter that takes a run: a solution earns every point, and a stub none.

This one imports torch and trains where checks train (their outcome is kept under .course/cache), so `course author check` leaves
it out unless it is asked for with --run.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from course.authoring.lint.reader import Finding, Sources
from course.authoring.stubs import stub_text
from course.checks.results import CheckResult
from course.checks.run import run
from course.checks.target import open_session
from course.errors import CourseError


def runs(found: Sources) -> Iterator[Finding]:
    """The solution and the stub that is made from it, through the project's own grader.

    Raises:
        CourseError: data or weights of the course are missing.
    """
    solution = found.root / found.solution
    for result in _graded(found, solution, cached=True):
        if result.outcome != "passed":
            said = f"the solution does not pass {result.name}: {result.outcome}: {_line(result.message)}"
            yield Finding(found.solution, result.line or 1, said, "Mend the solution or the check.")
    with tempfile.TemporaryDirectory(prefix="course-check-") as folder:
        stub = Path(folder, solution.name)
        try:
            stub.write_text(stub_text(solution.read_text("utf-8"), found.entry, found.solution), "utf-8")
        except CourseError as fault:
            yield Finding(found.solution, 1, fault.problem, fault.cure)
            return
        for result in _graded(found, stub):
            if result.earned or result.outcome != "not started":
                check = next((check for check in found.checks if check.name == result.name), None)
                said = f"{result.name} says of the stub: {result.outcome}: {_line(result.message)}"
                cure = "A task at its TODO is not started: call the student's function before anything else can fail."
                yield Finding(found.grader, check.line if check else 1, said, cure)


def _graded(found: Sources, target: Path, cached: bool = False) -> tuple[CheckResult, ...]:

    session = open_session(target, found.entry, cached=cached)
    try:
        return run(found.entry, session).checks
    finally:
        session.close()


def _line(message: str) -> str:
    return message.partition("\n")[0] or "no message"

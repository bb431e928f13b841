"""What a student's code prints stands beside the check that made it, in each transport, cut where it is long."""

from pathlib import Path

import pytest

from course import limits
from course.catalog import project
from course.checks.check import Check
from course.checks.printed import Lines
from course.checks.run import run
from course.checks.session import ChildProcess, InProcess
from course.checks.worker import Worker
from course.reports.terminal import plain_text, render

CODE = """
import warnings

print("on loading")

def build_model(x):
    for k in range(x):
        print("line", k)
    warnings.warn("mind the gap")
    if x == 3:
        raise ValueError("three")
    if x == 4:
        while True:
            pass
    return x
"""


def asks(*values: int) -> Check:
    def function(student):
        for value in values:
            student.build_model(value)

    return Check("build_model", 1, "Why?", (), False, "it prints", "test_it_prints", "", 1, function)


@pytest.fixture(params=["inprocess", "child"])
def session(request, tmp_path: Path):
    file = tmp_path / "ex01_mnist.py"
    file.write_text(CODE)
    made = InProcess(Worker(file), 1.5) if request.param == "inprocess" else ChildProcess(file, seconds=60)
    yield made
    made.close()


def test_prints_and_warnings_are_those_of_the_check(session):
    first, second = (run(project("01"), session, [check]).checks[0] for check in (asks(1, 2), asks(1)))
    assert first.printed.splitlines() == ["on loading", "line 0", "warning: mind the gap", "line 0", "line 1"]
    assert second.printed.splitlines() == ["line 0", "warning: mind the gap"]
    assert second.outcome == "passed"


def test_what_came_before_an_error_is_kept(session):
    (result,) = run(project("01"), session, [asks(3)]).checks
    assert result.outcome == "failed"
    assert result.printed.endswith("line 0\nline 1\nline 2")
    assert "Printed:\non loading\nline 0" in plain_text(result, "x.py")


def test_what_came_before_an_endless_loop_is_kept(tmp_path: Path):
    file = tmp_path / "ex01_mnist.py"
    file.write_text(CODE)
    session = InProcess(Worker(file), 0.5)
    (result,) = run(project("01"), session, [asks(4)]).checks
    session.close()
    assert "endless loop" in result.message
    assert result.printed.endswith("line 3")


def test_of_many_lines_the_first_and_the_last_are_kept():
    lines = Lines()
    for number in range(100):
        lines.add(f"line {number}\n")
    lines.add("x" * 10_000)
    found = lines.text().splitlines()
    assert found[: limits.PRINTED_FIRST] == ["line 0", "line 1", "line 2"]
    assert found[limits.PRINTED_FIRST] == "… 91 more lines …"
    assert found[-2] == "line 99"
    assert len(found[-1]) == limits.PRINTED_LINE
    assert len(found) == limits.PRINTED_FIRST + 1 + limits.PRINTED_LAST


def test_a_worker_that_says_nonsense_is_no_trouble():
    lines = Lines()
    for answer in ({}, {"printed": 3}, {"value": {"warned": 7}}, {"value": {"warned": [1, None]}}, {"value": []}):
        lines.take(answer)
    assert lines.text() == ""


@pytest.mark.parametrize("wide", [60, 80, 100])
def test_they_are_shown_whether_the_check_passes_or_not(tmp_path: Path, wide: int):
    file = tmp_path / "ex01_mnist.py"
    file.write_text(CODE.replace("three", "a\\x1b[2Jb " + "long " * 40))
    session = InProcess(Worker(file))
    for check, said in ((asks(1), "Printed in “it prints”:"), (asks(3), "Printed:")):
        screen = render(run(project("01"), session, [check]), width=wide)
        assert said in screen
        assert "| line 0" in screen
        assert max(map(len, screen.splitlines())) <= wide
    session.close()
    assert "\x1b" not in screen.partition("Printed:")[2]

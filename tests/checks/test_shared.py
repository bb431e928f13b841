"""Evidence at which several checks look is taken once, and each of them stands as if it had taken it itself."""

from pathlib import Path

import pytest

from course.catalog import project
from course.checks.check import Check
from course.checks.expect import expect_equal
from course.checks.replay import Recorder
from course.checks.run import run
from course.checks.session import InProcess
from course.checks.slips import Slip, adapter
from course.checks.worker import Worker

CODE = """
calls = []

def build_model(x):
    print("asked for", x)
    calls.append(x)
    if x == 13:
        raise ValueError("thirteen")
    return x

def batch_accuracy():
    return len(calls)
"""


def check(name: str, asked: int, wanted: int) -> Check:
    def function(student, lab):
        expect_equal(lab.shared(f"of {asked}", lambda: student.build_model(asked)), wanted, "what comes back")

    return Check("build_model", 1, "Why?", (), False, name, f"test_{name}", "", 1, function)


@pytest.fixture
def session(tmp_path: Path):
    file = tmp_path / "ex01_mnist.py"
    file.write_text(CODE)
    line = InProcess(Worker(file))
    yield line
    line.close()


def calls(session) -> int:
    return session.request("call", name="batch_accuracy", args=[], kwargs={}, seed=None)["result"]


def results(session, *checks: Check, seed: int = 0):
    return run(project("01"), session, checks, seed=seed).checks


def test_the_second_check_looks_at_what_the_first_one_has_taken(session):
    first, second, other = results(session, check("one", 3, 4), check("two", 3, 4), check("three", 5, 5))
    assert calls(session) == 2
    assert [first.outcome, second.outcome, other.outcome] == ["failed", "failed", "passed"]
    assert first.message == second.message
    assert first.printed == second.printed == "asked for 3"
    assert first.signature[1:] == second.signature[1:]


def test_each_run_has_its_own(session):
    for seed in (0, 5):
        results(session, check("one", 3, 3), seed=seed)
    assert calls(session) == 2


def test_what_ended_in_an_error_is_tried_anew_and_told_with_each(session):
    first, second = results(session, check("one", 13, 13), check("two", 13, 13))
    assert calls(session) == 2
    assert "thirteen" in first.message
    assert first.message == second.message
    assert first.printed == second.printed == "asked for 13"


def test_a_mended_answer_is_not_that_of_before(session):
    results(session, check("one", 3, 3))
    with adapter(session, Slip("item", "build_model")):
        results(session, check("one", 3, 3))
    results(session, check("one", 3, 3))
    assert calls(session) == 3


def test_whoever_records_the_calls_sees_them_all(session):
    recorder = Recorder(session)
    results(session, check("one", 3, 3), check("two", 3, 3))
    assert calls(session) == 2
    assert any(step.message.get("name") == "build_model" for step in recorder.steps)

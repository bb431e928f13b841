"""A check cell in a process beside the kernel: whatever happens there is a verdict, and the kernel lives on."""

import _thread
import os
import threading

import pytest

from course import catalog
from course.cells.kernel import Opened
from course.checks import beside

pytestmark = pytest.mark.skipif(not beside.FORKS, reason="needs forks")
ENTRY, TASK = catalog.project("01"), "batch_accuracy"
RIGHT = "(logits.argmax(dim=1) == labels).float().mean().item()"


@pytest.fixture(scope="module", autouse=True)
def one_process():
    """The one beside us ends with this file."""
    yield
    while beside._known:
        beside._known.pop().end()


def judged(code: str, answer: str = RIGHT, says=lambda text: None, begins=lambda title, slow: None):
    """The verdict on a cell with this code."""
    cell = f"def {TASK}(logits, labels):\n    {code}\n    return {answer}\n"
    return beside.grade_task(ENTRY, TASK, Opened((cell,)), 60, begins=begins, says=says)


def test_right_code_is_right_and_its_prints_are_shown():
    begun = []
    result = judged("print('seen', tuple(logits.shape))", begins=lambda title, slow: begun.append(title))
    assert result.earned == result.points == 4
    assert "seen (4, 3)" in result.checks[0].printed
    assert begun[0] == "it is the fraction of right answers"
    assert len(begun) == 4


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import os; os._exit(3)", "the code called os._exit(3)"),
        ("breakpoint()", "call the function in a cell of its own"),
        ("input()", "checks can't type"),
    ],
)
def test_what_ends_a_process_costs_its_checks(code: str, reason: str):
    result = judged(code)
    assert [check.outcome for check in result.checks] == ["failed"] * 4
    assert reason in result.checks[0].message
    if "kill" not in code:  # nobody hears that one
        assert (result.checks[0].line, result.checks[0].code) == (2, code)


def test_only_the_check_that_crashes_is_lost():
    result = judged("import ctypes; len(labels) == 1 and ctypes.string_at(0)")
    assert [check.outcome for check in result.checks] == ["passed", "passed", "passed", "failed"]
    assert "SIGSEGV" in result.checks[3].message
    assert judged("pass").earned == 4


def test_ctrl_c_ends_a_loop_in_c_that_holds_the_interpreter(monkeypatch):
    monkeypatch.setattr(beside, "STOPS", 0.3)
    monkeypatch.setattr(beside, "HELD", 0.5)
    said: list[str] = []

    def asks(text: str) -> None:
        said.append(text)
        threading.Timer(0.1, _thread.interrupt_main).start()

    with pytest.raises(beside.Interrupted) as fault:
        judged("import itertools; sum(itertools.repeat(1))", says=asks)
    assert fault.value.place == f", in line 2 of the cell of {TASK}"
    assert f"{TASK}: no answer for" in said[0]
    assert "in line 2" in said[0]
    assert judged("pass").earned == 4


def test_beyond_its_time_it_is_ended(monkeypatch):
    monkeypatch.setattr(beside, "MORE", -59.0)
    result = judged("import itertools; sum(itertools.repeat(1))")
    assert [check.outcome for check in result.checks] == ["failed"] * 4
    assert "an endless loop?" in result.checks[0].message


def test_nothing_that_the_code_does_reaches_the_kernel(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.environ["COURSE_TRIED"] = "kept"
    result = judged(
        "import os, torch; print(os.getcwd(), os.environ['COURSE_TRIED']); os.chdir('/'); os.environ['COURSE_TRIED'] = 'lost'"
    )
    assert result.earned == 4
    assert f"{tmp_path} kept" in result.checks[0].printed
    assert os.environ.pop("COURSE_TRIED") == "kept"
    assert os.getcwd() == str(tmp_path)


def test_one_that_is_gone_is_started_anew():
    first = beside._process().process
    first.kill()
    first.wait()
    assert beside._process().process.pid != first.pid

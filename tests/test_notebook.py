"""`check` in a notebook: the verdict of the terminal, points as a number, nothing on stderr, and the notebook left as it was."""

import linecache
import logging
import os
import sys
import warnings
from types import ModuleType

import pytest

from course import paths
from course.catalog import project
from course.checks.check import checks_of
from course.checks.notebook import NotebookSession, NotebookWorker, grade_task
from course.checks.run import run
from course.checks.session import StudentRaised
from course.checks.target import open_session, target_file
from course.errors import CourseError
from course.notebook import check, quiet
from course.workspace import pristine_text

MNIST = project("01")
SOLUTION = paths.ROOT / "solutions" / "ex01_mnist.py"
needs_solution = pytest.mark.skipif(not SOLUTION.is_file(), reason="this copy of the course has no solutions/")


def notebook(text: str) -> ModuleType:
    """A kernel's __main__ in which one cell has run; Python knows its text as IPython tells it."""
    module, name = ModuleType("notebook_of_a_test"), f"/kernel/{abs(hash(text))}.py"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), vars(module))
    return module


def solved(old: str = "", new: str = "", within: str = "") -> ModuleType:
    """The notebook of who has solved project 01, with some words of the function `within` changed."""
    text = SOLUTION.read_text("utf-8")
    start = text.index(f"def {within}(") if within else 0
    assert old in text[start:]
    return notebook(text[:start] + text[start:].replace(old, new, 1))


@needs_solution
def test_a_right_function_earns_its_points_and_the_verdict_is_printed(capsys):
    points = check("01", "batch_accuracy", module=solved())
    assert points == MNIST.function("batch_accuracy").points
    assert type(points) is int  # what nbgrader reads from the cell's output
    assert "✓ batch_accuracy  all" in capsys.readouterr().out


@needs_solution
def test_a_mistake_costs_its_check_and_is_shown_where_it_is(capsys):
    points = check("01", "train_epoch", module=solved("model.train()", "pass", "train_epoch"))
    said = capsys.readouterr().out
    assert points == MNIST.function("train_epoch").points - 1
    assert "✗ train_epoch  it trains in train mode" in said
    assert "the cell of train_epoch:" in said
    assert "Hint: " in said


def test_a_stub_earns_nothing_and_reads_not_started(capsys):
    assert check("01", "train_epoch", module=notebook(pristine_text(MNIST))) == 0
    assert "· train_epoch  not started" in capsys.readouterr().out


def test_a_cell_that_was_not_run_is_said(capsys):
    assert check("01", "validate", module=notebook("x = 1\n")) == 0
    assert "there is no validate yet: run its cell first" in capsys.readouterr().out


def test_what_the_project_does_not_have_is_said_with_what_it_has():
    with pytest.raises(CourseError, match=r"no function 'fly'(.|\n)*train_epoch"):
        check("01", "fly")


@needs_solution
@pytest.mark.parametrize("task", ["make_loaders", "batch_accuracy", "train_epoch", "validate"])
def test_the_same_verdicts_as_in_the_terminal(task, tmp_path):
    text = (
        SOLUTION.read_text("utf-8").replace("model.eval()", "model.train()").replace("argmax(dim=1)", "argmax(dim=-1)")
    )
    text = text.replace("shuffle=True", "shuffle=False")
    file = tmp_path / "ex01_mnist.py"
    file.write_text(text, "utf-8")
    checks = [check for check in checks_of(MNIST) if check.task == task]
    with_file = open_session(target_file(file, MNIST), MNIST)
    terminal = run(MNIST, with_file, checks)
    with_file.close()
    here = grade_task(MNIST, task, notebook(text), 300)
    assert [(c.name, c.outcome, c.earned, c.message) for c in here.checks] == [
        (c.name, c.outcome, c.earned, c.message) for c in terminal.checks
    ]
    assert here.points == MNIST.function(task).points


@needs_solution
def test_an_endless_loop_is_cut_and_the_rest_says_why(capsys):
    module = solved("model.eval()", "while True: pass", "validate")
    assert check("01", "validate", seconds=0.5, module=module) == 0
    said = capsys.readouterr().out
    assert "an endless loop?" in said
    assert "s of this cell are over" in said


@needs_solution
def test_an_error_is_shown_with_the_line_of_the_cell():
    text = "# a comment\n" + SOLUTION.read_text("utf-8").replace("loss.backward()", "loss.forward()")
    result = grade_task(MNIST, "train_epoch", notebook(text), 300)
    line = next(k for k, line in enumerate(text.splitlines(), 1) if "loss.forward()" in line)
    assert {(c.line, c.code) for c in result.checks} == {(line, "loss.forward()")}


UPSTREAM = """
class A:
    pass

def make_transforms():
    raise NotImplementedError("make_transforms")

def build_model():
    return make_transforms()
"""


def test_reference_functions_stand_in_and_leave_when_the_check_is_over(tmp_path):
    module = notebook(UPSTREAM)
    mine = module.make_transforms
    reference = tmp_path / "reference.py"
    reference.write_text("def make_transforms():\n    return 7\n\n\ndef make_loaders():\n    return 8\n")
    (tmp_path / "empty").mkdir()
    session = NotebookSession(NotebookWorker(MNIST, "build_model", module, tmp_path / "empty", reference), 60)
    begun = session.request("begin", task="build_model", needs=["make_transforms", "make_loaders"], seed=0)
    assert (begun["todo"], begun["waiting"], begun["own"]) == (False, [], [])
    called = session.request("call", name="build_model", args=[], kwargs={}, seed=None)
    assert called["result"] == 7
    session.close()
    assert module.make_transforms is mine
    assert not hasattr(module, "make_loaders")


def test_a_function_further_down_is_the_reference_one_until_its_cell_has_run(tmp_path):
    module, reference, folder = notebook(UPSTREAM), tmp_path / "reference.py", tmp_path / "empty"
    reference.write_text("def validate():\n    return 9\n")
    folder.mkdir()
    session = NotebookSession(NotebookWorker(MNIST, "build_model", module, folder, reference), 60)
    for _ in range(2):
        session.request("begin", task="build_model", needs=[], seed=0)
        assert session.request("call", name="validate", args=[], kwargs={}, seed=None)["result"] == 9
    session.close()
    assert not hasattr(module, "validate")
    alone = NotebookSession(NotebookWorker(MNIST, "build_model", module, folder), 60)
    with pytest.raises(StudentRaised) as caught:
        alone.request("call", name="validate", args=[], kwargs={}, seed=None)
    assert caught.value.todo == "validate"
    alone.close()


def test_without_solutions_a_check_waits_for_what_is_missing(tmp_path):
    session = NotebookSession(NotebookWorker(MNIST, "build_model", notebook(UPSTREAM), tmp_path), 60)
    begun = session.request("begin", task="build_model", needs=["make_transforms", "make_loaders"], seed=0)
    assert begun["waiting"] == ["make_transforms", "make_loaders"]
    session.close()


def test_evidence_of_a_training_is_made_once_for_a_cell(tmp_path):
    session = NotebookSession(NotebookWorker(MNIST, "build_model", notebook(UPSTREAM), tmp_path), 60)
    made = []
    for _ in range(2):
        assert session.cache.remember("curve", lambda: made.append(1) or [0.5, 0.25]) == [0.5, 0.25]
    assert made == [1]


def test_nothing_reaches_stderr(capfd):
    """By whatever way: nbgrader gives nothing to a cell that has written there."""
    stream, handler = sys.stderr, logging.StreamHandler(sys.stderr)
    with quiet():
        print("printed", file=sys.stderr)
        print("kept from before", file=stream)
        handler.emit(logging.LogRecord("x", logging.WARNING, "x", 1, "logged", (), None))
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("warned", stacklevel=1)
        os.write(2, b"written\n")
        os.system("echo from a child >&2")
    assert capfd.readouterr().err == ""
    print("again", file=sys.stderr)
    os.write(2, b"open\n")
    said = capfd.readouterr().err
    assert "again" in said
    assert "open" in said


def test_stderr_is_open_again_after_an_error(capsys):
    with pytest.raises(ZeroDivisionError), quiet():
        _ = 1 / 0
    print("again", file=sys.stderr)
    assert "again" in capsys.readouterr().err

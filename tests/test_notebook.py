"""`check` in a notebook: the verdict of the terminal, points as a number, nothing on stderr, and the notebook left as it was."""

import ast
import logging
import os
import sys
import warnings

import pytest

from course import paths
from course.catalog import project
from course.cells.cell import Work
from course.cells.kernel import Opened
from course.checks import beside
from course.checks.check import checks_of
from course.checks.notebook import NotebookSession, NotebookWorker, grade_task
from course.checks.run import run
from course.checks.session import StudentRaised
from course.checks.target import open_session, target_file
from course.errors import CourseError
from course.notebook import check, quiet
from course.source import lines_of
from course.workspace import pristine_text

MNIST = project("01")
SOLUTION = paths.ROOT / "solutions" / "ex01_mnist.py"
needs_solution = pytest.mark.skipif(not SOLUTION.is_file(), reason="this copy of the course has no solutions/")


def notebook(*texts: str) -> Opened:
    """A notebook that is open, in which these cells have run; it has no file."""
    return Opened(texts)


def changed(old: str, new: str, within: str = "") -> str:
    """The solution of project 01 with some words of the function `within` changed."""
    text = SOLUTION.read_text("utf-8")
    start = text.index(f"def {within}(") if within else 0
    assert old in text[start:]
    return text[:start] + text[start:].replace(old, new, 1)


def solved(old: str = "", new: str = "", within: str = "") -> Opened:
    """The notebook of who has solved it so, a cell a function."""
    text = changed(old, new, within)
    lines, body = text.split("\n"), ast.parse(text).body
    spans = [lines_of(node) for node in body]
    return notebook(*("\n".join(lines[first - 1 : last]) for first, last in spans))


@needs_solution
def test_a_right_function_earns_its_points_and_the_verdict_is_printed(capsys):
    points = check("01", "batch_accuracy", notebook=solved())
    assert points == MNIST.function("batch_accuracy").points
    assert type(points) is int  # what nbgrader reads from the cell's output
    assert "✓ batch_accuracy  all" in capsys.readouterr().out


@needs_solution
def test_a_mistake_costs_its_check_and_is_shown_where_it_is(capsys):
    points = check("01", "train_epoch", notebook=solved("model.train()", "pass", "train_epoch"))
    said = capsys.readouterr().out
    assert points == MNIST.function("train_epoch").points - 1
    assert "✗ train_epoch  it trains in train mode" in said
    assert "      the cell of train_epoch\n" in said  # its first line would help nobody
    assert "Hint: " in said


def test_a_stub_earns_nothing_and_reads_not_started(capsys):
    assert check("01", "train_epoch", notebook=notebook(pristine_text(MNIST))) == 0
    assert "· train_epoch  not started" in capsys.readouterr().out


def test_a_cell_that_was_not_run_is_said(capsys):
    assert check("01", "validate", notebook=notebook("x = 1\n")) == 0
    assert "There is no validate yet: run its cell first" in capsys.readouterr().out


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
    assert check("01", "validate", seconds=0.5, notebook=module) == 0
    said = capsys.readouterr().out
    assert "an endless loop?" in said
    assert "s of this cell are over" in said


@needs_solution
def test_an_error_is_shown_with_the_line_of_the_cell():
    book = solved("loss.backward()", "loss.forward()", "train_epoch")
    cell = next(text for text in book.ran if "loss.forward()" in text)
    line = next(k for k, line in enumerate(cell.splitlines(), 1) if "loss.forward()" in line)
    result = grade_task(MNIST, "train_epoch", book, 300)
    assert {(c.place, c.line, c.code) for c in result.checks} == {("the cell of train_epoch", line, "loss.forward()")}


UPSTREAM = (
    "def make_transforms():\n    raise NotImplementedError('make_transforms')",
    "def build_model():\n    return make_transforms()",
)


@pytest.fixture
def session(tmp_path):
    """A session on the cells of UPSTREAM, with a reference of this text or without one."""
    opened = []

    def make(reference: str = "") -> NotebookSession:
        file = tmp_path / "reference.py"
        file.write_text(reference)
        book = notebook(*UPSTREAM).book(MNIST, "build_model")
        Work(tuple(f.name for f in MNIST.functions), book.cells).write(tmp_path / "work.json")
        worker = NotebookWorker(tmp_path / "work.json", file if reference else None)
        opened.append(NotebookSession(worker, 60))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def begin(line: NotebookSession, needs=()) -> dict:
    return line.request("begin", task="build_model", needs=list(needs), seed=0)


def call(line: NotebookSession, name: str):
    return line.request("call", name=name, args=[], kwargs={}, seed=None)["result"]


def test_reference_functions_stand_in(session):
    line = session("def make_transforms():\n    return 7\n\n\ndef make_loaders():\n    return 8\n")
    begun = begin(line, ["make_transforms", "make_loaders"])
    assert (begun["todo"], begun["missing"], begun["waiting"]) == (False, False, [])
    assert call(line, "build_model") == 7


def test_a_function_further_down_is_the_reference_one_until_its_cell_has_run(session):
    line = session("def validate():\n    return 9\n")
    for _ in range(2):
        begin(line)
        assert call(line, "validate") == 9
    with pytest.raises(StudentRaised) as caught:
        call(session(), "validate")
    assert caught.value.todo == "validate"


def test_without_solutions_a_check_waits_for_what_is_missing(session):
    assert begin(session(), ["make_transforms", "make_loaders"])["waiting"] == ["make_transforms", "make_loaders"]


def test_evidence_of_a_training_is_made_once_for_a_cell(session):
    line, made = session(), []
    for _ in range(2):
        assert line.cache.remember("curve", lambda: made.append(1) or [0.5, 0.25]) == [0.5, 0.25]
    assert made == [1]


def test_the_notebooks_own_modules_are_as_they_were(capsys):
    before = dict(sys.modules)
    check(
        "01", "build_model", notebook=notebook("def build_model():\n    import exercises.ex02_asl\n    print(input())")
    )
    assert "EOFError" in capsys.readouterr().out
    assert not [name for name in sys.modules if name.startswith("student_") and name not in before]


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


def test_what_runs_is_said_while_a_person_looks_on(monkeypatch, capsys):
    from types import SimpleNamespace

    import IPython
    import IPython.display

    said: list[str] = []
    shell = SimpleNamespace(kernel=object(), user_ns={})
    handle = SimpleNamespace(update=lambda data, raw: said.append(data["text/plain"]))
    monkeypatch.setattr(beside, "FORKS", False)
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    monkeypatch.setattr(IPython.display, "display", lambda data, **_: said.append(data["text/plain"]) or handle)
    monkeypatch.setattr(IPython.display, "clear_output", lambda wait: said.append("cleared"))
    check("01", "batch_accuracy", notebook=notebook(pristine_text(MNIST)))
    assert said[0] == "1: it is the fraction of right answers ..."
    assert said[-1] == "cleared"
    said.clear()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    check("01", "batch_accuracy", notebook=notebook(pristine_text(MNIST)))
    assert said == []


def test_an_interrupt_is_one_line(capsys):
    code = "def batch_accuracy(logits, labels):\n    raise KeyboardInterrupt"
    assert check("01", "batch_accuracy", notebook=notebook(code)) == 0
    said = capsys.readouterr().out
    assert said == (
        "Interrupted at “it is the fraction of right answers”, in line 2 of the cell of batch_accuracy: nothing is judged. "
        "Run this cell again for a verdict.\n"
    )


def test_prints_stand_in_the_cell(capsys):
    code = "def batch_accuracy(logits, labels):\n    print('shape', tuple(logits.shape))\n    return 0.5"
    check("01", "batch_accuracy", notebook=notebook(code))
    assert "Printed:\n      | shape (4, 3)" in capsys.readouterr().out


def test_a_run_in_a_notebook_says_what_is_missing_and_rests_while_a_class_is_graded(monkeypatch, capsys):
    from course.notebook import run as run_notebook

    run_notebook("01")
    assert "There is no make_transforms yet.\nRun its cell first" in capsys.readouterr().out
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    run_notebook("01")
    assert capsys.readouterr().out == ""

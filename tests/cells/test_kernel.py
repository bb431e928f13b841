"""A notebook that is open gives the verdict of what will be handed in, or says beforehand where the two differ."""

import json
import sys
from types import ModuleType, SimpleNamespace

import pytest

from course.catalog import project
from course.cells import kernel
from course.cells.carried import carried
from course.cells.cell import Work
from course.cells.kernel import Opened, opened
from course.cells.loading import load
from course.cells.notebook import given_of

ENTRY = project("04b")
TASKS = tuple(function.name for function in ENTRY.functions)
IMPORTS = given_of(ENTRY.id)["imports"]
CHECK = 'from course.notebook import check\n\ncheck("04b", "preprocess")'
STUB = 'def preprocess(photo):\n    raise NotImplementedError("preprocess")'
RIGHT = "def preprocess(photo):\n    return right(photo)"
HELPER = "def right(x):\n    return x + 1"


def code(source, task=""):
    fields = {"grade_id": task, "solution": True, "grade": False} if task else {}
    return {"cell_type": "code", "metadata": {"nbgrader": fields} if task else {}, "source": source, "outputs": []}


def file_of(*sources):
    """The cells of a file; a text with `def preprocess` is that function's cell."""
    return tuple(code(text, "preprocess" if "def preprocess" in text else "") for text in (IMPORTS, *sources))


def answer(book, tmp_path):
    """What preprocess(1) returns, or the name of the exception."""
    file = tmp_path / "work.json"
    Work(TASKS, book.cells).write(file)
    found = load(Work(TASKS, book.cells), ModuleType("student"), file)
    try:
        return found.module.preprocess(1)
    except Exception as fault:
        return type(fault).__name__


def judged(tmp_path, ran, saved):
    """(the answer in the open notebook, the notes)."""
    book = Opened((IMPORTS, *ran), saved, "work.ipynb").book(ENTRY, "preprocess")
    return answer(book, tmp_path), book.notes


def test_a_helper_in_an_own_cell_counts_and_nothing_is_said(tmp_path):
    saved = file_of(HELPER, RIGHT, CHECK)
    assert judged(tmp_path, [HELPER, RIGHT, CHECK], saved) == (2, ())


def test_a_helper_that_stands_further_down_and_has_not_run_counts_as_at_hand_in(tmp_path):
    assert judged(tmp_path, [RIGHT, CHECK], file_of(RIGHT, CHECK, HELPER)) == (2, ())


def test_a_cell_that_was_run_and_deleted_is_told(tmp_path):
    found, notes = judged(tmp_path, [HELPER, RIGHT, CHECK], file_of(RIGHT, CHECK))
    assert found == 2
    assert "right comes from a cell that you have run and that is not in the file" in notes[0]


def test_a_cell_that_was_edited_and_not_run_is_told(tmp_path):
    new = HELPER.replace("+ 1", "+ 2")
    found, notes = judged(tmp_path, [HELPER, RIGHT, CHECK], file_of(new, RIGHT, CHECK))
    assert found == 2
    assert notes == (
        "right was judged as you have run it; it is not so in the file. work.ipynb as it is saved counts when you hand it in: "
        "save it, and run this cell again.",
    )


def test_a_cell_that_was_run_and_not_saved_is_told(tmp_path):
    found, notes = judged(tmp_path, [STUB, "def preprocess(p):\n    return 5", CHECK], file_of(STUB, CHECK))
    assert found == 5
    assert notes[0].startswith("The cell of preprocess was judged as you have run it; it is not so in the file.")


def test_of_several_versions_the_last_one_that_was_run_counts(tmp_path):
    versions = [f"def right(x):\n    return {n}" for n in range(4)]
    ran = [versions[0], versions[1], RIGHT, CHECK, versions[3], versions[2], CHECK]
    assert judged(tmp_path, ran, None)[0] == 2
    assert judged(tmp_path, ran, file_of(versions[0], RIGHT, CHECK))[0] == 2
    assert judged(tmp_path, ran, file_of(versions[2], RIGHT, CHECK)) == (2, ())


def test_a_helper_moved_into_the_functions_cell_and_not_saved(tmp_path):
    both = f"def right(x):\n    return 7\n\n\n{RIGHT}"
    found, notes = judged(tmp_path, [HELPER, RIGHT, CHECK, both, CHECK], file_of(HELPER, RIGHT, CHECK))
    assert found == 7
    assert notes


def test_another_order_than_that_of_the_file_is_told_where_it_matters(tmp_path):
    one, two = "N = 1", "N = 2"
    ran = [two, "def preprocess(x):\n    return N", one, CHECK]
    found, notes = judged(tmp_path, ran, file_of(one, two, ran[1], CHECK))
    assert (found, notes) == (2, ())  # the order of the file counts, there and here


def test_without_a_file_what_is_taken_along_is_told(tmp_path):
    found, notes = judged(tmp_path, [HELPER, RIGHT, CHECK], None)
    assert found == 2
    assert notes == ("Taken along from cells of your own: right. They must be in the notebook that you hand in.",)
    assert judged(tmp_path, ["def preprocess(x):\n    return 3", CHECK], None) == (3, ())


def test_a_module_beside_is_to_be_handed_in_as_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "help_of_a_test.py").write_text("def right(x):\n    return 9\n")
    ran = ["from help_of_a_test import right", RIGHT, CHECK]
    assert judged(tmp_path, ran, file_of(*ran)) == (9, ("Hand in help_of_a_test.py as well: preprocess uses it.",))


def test_a_notebook_that_a_cell_runs_is_to_be_handed_in_as_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    setup = {"cells": [code(HELPER)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "setup.ipynb").write_text(json.dumps(setup))
    ran = ["%run ./setup.ipynb", RIGHT, CHECK]
    for name, content in carried(tmp_path, ran[0]).items():  # as the check cell lays it beside the work
        (tmp_path / name).write_bytes(content)
    assert judged(tmp_path, ran, file_of(*ran)) == (2, ("Hand in setup.ipynb as well: preprocess uses it.",))


def test_what_has_not_run_yet_is_no_fault(tmp_path):
    book = Opened((IMPORTS, CHECK)).book(ENTRY, "preprocess")
    assert (book.cells, book.faults) == ((), {})
    book = Opened((IMPORTS, "def load_model(a, b): pass", CHECK)).book(ENTRY, "preprocess")
    assert book.faults == {}


def test_a_function_without_a_cell_in_the_file_is_a_fault():
    saved = file_of("def load_model(a, b): pass", CHECK)
    assert "no cell preprocess" in Opened((IMPORTS, CHECK), saved).book(ENTRY, "preprocess").faults["preprocess"]


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A kernel in an empty folder; set its history."""
    one = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=[""]), user_ns={})
    monkeypatch.setattr(kernel, "_shell", lambda: one)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return one


def save(file, *sources):
    file.write_text(json.dumps({"cells": file_of(*sources), "nbformat": 4}))
    return str(file)


def test_the_file_is_the_one_that_holds_what_was_run(shell, tmp_path, monkeypatch):
    shell.history_manager.input_hist_raw += [IMPORTS, RIGHT + "\n", CHECK]
    assert opened().saved is None
    save(tmp_path / "ex04b_deployment.ipynb", STUB, CHECK)
    assert opened().name == "ex04b_deployment.ipynb"
    save(tmp_path / "ex04b_deployment-Copy1.ipynb", RIGHT, CHECK)
    (tmp_path / "broken.ipynb").write_text("{")
    assert opened().name == "ex04b_deployment-Copy1.ipynb"
    assert opened().ran == (IMPORTS, RIGHT, CHECK)
    (tmp_path / "else").mkdir()
    monkeypatch.setenv("JPY_SESSION_NAME", save(tmp_path / "else" / "mine.ipynb", RIGHT, CHECK))
    assert opened().name == "mine.ipynb"
    shell.user_ns["__vsc_ipynb_file__"] = save(tmp_path / "else" / "code.ipynb", HELPER, RIGHT, CHECK)
    assert opened().name == "mine.ipynb"
    shell.history_manager.input_hist_raw[1:1] = [HELPER]
    assert opened().name == "code.ipynb"


def test_a_file_that_does_not_hold_the_cell_that_asks_is_another_one(shell, tmp_path):
    shell.history_manager.input_hist_raw += [IMPORTS, RIGHT, 'check("04b", "preprocess")']
    save(tmp_path / "ex04b_deployment.ipynb", RIGHT, CHECK)
    assert opened().saved is None


def test_without_a_kernel_it_is_the_program(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "_shell", lambda: None)
    (tmp_path / "program.py").write_text(RIGHT)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(tmp_path / "program.py"), raising=False)
    assert opened() == Opened((RIGHT,))

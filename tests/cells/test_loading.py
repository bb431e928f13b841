"""Cells become a module: what defines is run, what fails or acts is left out and told, and a name means what it meant."""

import linecache
import sys
import time
from types import ModuleType

import pytest

from course import limits
from course.cells import loading
from course.cells.cell import Cell, Work, read_work
from course.cells.loading import load
from course.cells.plan import Plan


@pytest.fixture
def loaded(tmp_path):
    """Load cells; "f: text" is the cell of f, "own: text" one of the student's own, "given: text" one of the course's."""

    def make(*cells, tasks=("f", "g")):
        made = []
        for number, cell in enumerate(cells, 1):
            kind, _, text = cell.partition(": ")
            homes = (
                tuple(kind.split("+")) if kind not in ("own", "given", "module") else tasks if kind == "module" else ()
            )
            name = {"own": f"cell {number}", "given": "the cell imports", "module": ""}.get(kind, f"the cell of {kind}")
            made.append(Cell(name, text, kind if kind in ("own", "given") else "task", homes))
        return load(Work(tasks, tuple(made)), ModuleType("student"), tmp_path / "work.json")

    return make


def notes(found):
    return [note for note, _ in found.notes]


def test_what_a_graded_function_needs_is_taken_from_own_cells_through_others(loaded):
    found = loaded(
        "given: import math",
        "own: import json as j\nunused = 1 / 0",
        "own: def helper(x):\n    return inner(x) + N",
        "own: N = len(j.dumps(1))",
        "f: def f(x):\n    return helper(x)",
        "own: def inner(x):\n    return math.floor(x)\nprint(no_such_name)",
    )
    assert found.module.f(2.5) == 3
    assert not hasattr(found.module, "unused")
    assert notes(found) == []


@pytest.mark.parametrize(
    "text",
    [
        "if True:\n    N = 3\nelse:\n    N = 4",
        "T = {}\nfor k in range(4):\n    T[k] = k\nN = T[3]",
        "T = [1]\nT.extend([3])\nN = T[-1]",
        "import random\nT = [3]\nrandom.shuffle(T)\nN = T[0]",
        "import contextlib\nwith contextlib.suppress(ValueError):\n    N = 3",
        "try:\n    import no_such_package\n    N = 4\nexcept ImportError:\n    !pip install no_such_package\n    N = 3",
        "N: int = 3",
        "N = 2\nN += 1",
        "A, (B, *N) = 1, (2, 3)\nN, = N",
        "class C: pass\nC.n = 3\nN = C.n",
        "def make(): return 3\nN = make()",
        "T = {}\nT['n'] = 3\nN = T['n']",
        "while True:\n    N = 3\n    break",
        "match 3:\n    case N: pass",
        "if __name__ == '__main__':\n    N = 3",
    ],
)
@pytest.mark.parametrize("where", ["f", "own"])
def test_everything_that_defines_counts(loaded, text, where):
    function = "def f():\n    return N"
    found = loaded(f"own: {text}", f"f: {function}") if where == "own" else loaded(f"f: {text}\n\n{function}")
    assert found.module.f() == 3
    assert notes(found) == []


ACTS = {
    "score = f(model, 'photos')\nprint(score)": "lines 4, 5 were left out: nothing that is graded needs it.",
    "exit()": "line 4 was left out",
    "input('?')": "line 4 was left out",
    "for epoch in range(3):\n    f()": "line 4 was left out",
    "%matplotlib inline": "line 4 was left out",
}


@pytest.mark.parametrize("text", ACTS)
def test_what_acts_does_not_run(loaded, text):
    found = loaded(f"f: def f():\n    return 1\n\n{text}")
    assert found.module.f() == 1
    assert notes(found) == []
    assert ACTS[text] in found.idle[0][0]
    assert found.idle[0][0].startswith("In the cell of f, ")


FAILS = {
    "import seaborn_of_nobody as sns": "(`import seaborn_of_nobody as sns`) did not run: ModuleNotFoundError: No module named",
    "N = int(input())": "did not run: EOFError",
    "N = quit()": "did not run: it leaves the program",
    "N = model.size": "did not run: NameError: name 'model' is not defined",
    "N = !ls": "commands of the system are not run here",
    "def N():\n    nonlocal x": "SyntaxError: no binding for nonlocal 'x' found",
    "def N(a, a): pass": "SyntaxError: duplicate argument 'a'",
    "def N():\n    continue": "SyntaxError: 'continue' not properly in loop",
    "def N():\n    await x": "SyntaxError: 'await' outside async function",
}


@pytest.mark.parametrize("text", FAILS)
def test_what_fails_costs_only_who_needs_it(loaded, text, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: (_ for _ in ()).throw(EOFError("nobody")))
    found = loaded("f: def f():\n    return 1", f"g: {text}\n\ndef g():\n    return N", "own: def unused(): return N")
    assert found.module.f() == 1
    with pytest.raises(NameError):
        found.module.g()
    assert FAILS[text] in notes(found)[0]
    assert notes(found)[0].startswith("Line 1 of the cell of g (`")
    assert [tasks for _, tasks in found.notes] == [{"g"}]
    if "seaborn" not in text:
        assert found.lost["N"] == notes(found)[0]


def test_a_function_that_python_refuses_is_its_own_fault_only(loaded):
    found = loaded("f: def f():\n    continue", "g: def g():\n    return 1")
    assert found.module.g() == 1
    assert not hasattr(found.module, "f")
    assert isinstance(found.faults["f"], SyntaxError)
    assert list(found.faults) == ["f"]


def test_a_cell_that_cannot_be_read_is_its_own_fault_only(loaded):
    found = loaded("f: x = (\ndef f(): pass", "g: def g():\n    return 1")
    assert found.module.g() == 1
    assert found.faults["f"].filename == "<the cell of f>"
    assert "The cell of f cannot be read: SyntaxError: '(' was never closed (line 1)" in notes(found)


def test_annotations_from_the_future_as_in_a_notebook(loaded):
    found = loaded("f: from __future__ import annotations\ndef f(x: NoSuch): return 1", "g: def g(x: NoSuch): return 2")
    assert (found.module.f(0), found.module.g(0)) == (1, 2)
    found = loaded("f: x = 1\nfrom __future__ import annotations\ndef f(x: NoSuch): return 1")
    assert found.module.f(0) == 1


def test_a_later_import_does_not_change_what_was_written_before(loaded):
    found = loaded(
        "given: import math as F",
        "f: def f():\n    return F.__name__, helper()",
        "own: def helper():\n    return [F.__name__ for _ in range(1)][0]",
        "g: import cmath as F\nclass C:\n    name = F.__name__\ndef g():\n    return F.__name__, helper(), C.name, f()",
    )
    assert found.module.f() == ("math", "math")
    assert found.module.g() == ("cmath", "math", "cmath", ("math", "math"))
    found.module.f = lambda: "replaced"
    assert found.module.g()[-1] == "replaced"


def test_a_function_that_stands_in_is_seen_by_who_keeps_a_name(loaded):
    found = loaded("own: F = 1", "f: def f():\n    return F, g()", "g: F = 2\ndef g():\n    return F")
    assert found.module.f() == (1, 2)
    found.module.g = lambda: 7
    assert found.module.f() == (1, 7)


def test_a_name_that_a_function_sets_is_shared(loaded):
    found = loaded(
        "f: COUNT = 0\ndef f():\n    global COUNT\n    COUNT += 1", "g: COUNT = 5\ndef g():\n    return COUNT"
    )
    found.module.f()
    assert found.module.g() == 6


def test_the_same_import_in_each_cell_is_no_other_meaning(loaded):
    found = loaded("f: import math\ndef f(): return math", "g: import math\ndef g(): return math")
    assert type(found.module.f.__globals__) is dict


def test_own_definitions_of_a_graded_function_do_not_count(loaded):
    found = loaded(
        "own: def f(): return 1", "f: def f(): return 2", "own: def f(): return 3\nN = 4", "g: def g(): return N"
    )
    assert (found.module.f(), found.module.g()) == (2, 4)


def test_functions_by_any_means(loaded):
    found = loaded(
        "f: import functools\ndef add(a, b): return a + b\nf = functools.partial(add, 1)",
        "g: try:\n    import no_such_package\n    def g(): return 1\nexcept ImportError:\n    def g(): return 2",
    )
    assert (found.module.f(2), found.module.g()) == (3, 2)


def test_commands_within_a_function_do_nothing(loaded):
    found = loaded("f: def f():\n    !ls\n    %matplotlib inline\n    %time x = 5\n    display(x)\n    return x")
    assert found.module.f() == 5


def test_a_module_that_a_cell_writes_is_found(loaded, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    found = loaded(
        "own: %%writefile written_by_a_cell.py\ndef twice(x):\n    return 2 * x",
        "own: from written_by_a_cell import twice",
        "f: def f(x):\n    return twice(x)",
    )
    assert found.module.f(4) == 8


def test_a_star_import_counts_where_something_is_missing(loaded):
    found = loaded("own: from math import *", "f: def f(x):\n    return floor(x)")
    assert found.module.f(2.5) == 2


def test_where_imports_look_is_set_by_own_cells(loaded, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "module_of_this_test.py").write_text("N = 3\n")
    before = list(sys.path)
    found = loaded(
        f"own: import sys\nsys.path.append({str(tmp_path / 'deep')!r})",
        "f: from module_of_this_test import N\ndef f(): return N",
    )
    sys.path[:] = before
    assert found.module.f() == 3


def test_lines_and_todos_are_those_of_the_cell(loaded):
    found = loaded("f: # a comment\n\ndef f():\n    raise NotImplementedError('f')", "g: def g():\n    return 1 / 0")
    assert found.lines["f"] == ("<the cell of f>", 3)
    assert found.todo == {"f": True}
    assert found.files["<the cell of g>"] == "the cell of g"
    assert linecache.getline("<the cell of g>", 2) == "    return 1 / 0"


def test_a_module_is_one_cell(loaded):
    found = loaded(
        "module: import no_such_package\n\ndef f():\n    return 1\n\ng = f\nf()\nif __name__ == '__main__':\n    1 / 0"
    )
    assert (found.module.f(), found.module.g()) == (1, 1)
    assert notes(found) == [
        "Line 1 (`import no_such_package`) did not run: ModuleNotFoundError: No module named 'no_such_package'",
    ]
    assert [note for note, _ in found.idle] == ["Line 7 was left out: nothing that is graded needs it."]


@pytest.mark.skipif(not hasattr(time, "process_time") or sys.platform == "win32", reason="needs alarm signals")
def test_a_loop_outside_of_functions_is_left_out(loaded, monkeypatch):
    monkeypatch.setattr(limits, "STATEMENT_SECONDS", 0.2)
    monkeypatch.setattr(limits, "LOADING_SECONDS", 0.2)
    found = loaded("f: N = 1\nwhile True:\n    N += 1\ndef f(): return 1", "g: def g(): return N")
    assert found.module.f() == 1
    assert "takes more than" in notes(found)[0]


def test_what_ended_the_process_is_left_out_the_next_time(loaded, tmp_path):
    (tmp_path / "work.running").write_text("[[0, 1]]")
    found = loaded("f: import os\nN = os._exit(3)\ndef f(): return 1\ndef h(): return N")
    assert found.module.f() == 1
    assert "it ended the process" in notes(found)[0]


def test_a_plan_runs_nothing_of_a_check_cell():
    cells = [
        Cell("cell 1", "from course.notebook import check\ncheck('01', 'f')", "own"),
        Cell("", "def f(): pass", "task", ("f",)),
    ]
    assert {step.cell for step in Plan(cells, ["f"]).run} == {1}


def test_work_travels_as_text(tmp_path):
    work = Work(
        ("f",), (Cell("the cell of f", "x = '\N{GRINNING FACE} \0'\n", "task", ("f",)),), {"ex01": ("", "file.py")}
    )
    work.write(tmp_path / "work.json")
    assert read_work(tmp_path / "work.json") == work


def test_a_long_statement_is_cut_in_its_sentence(loaded):
    found = loaded(f"f: N = no_such_name + {'1 + ' * 50}1\ndef f(): return N")
    assert len(notes(found)[0]) < 200
    assert loading.SHOWN == 60

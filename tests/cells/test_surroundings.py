"""What a student's code finds around it: a real stream, nobody to answer, and the modules of other projects that are its own."""

import builtins
import pdb
import sys
from types import ModuleType

import pytest

from course.cells.cell import Cell, Work
from course.cells.surroundings import Printed, Surroundings


def printed(code, most=100):
    stream = Printed(most)
    with Surroundings().around(stream):
        exec(code, {"sys": sys})
    return stream.text()


@pytest.mark.parametrize(
    "code",
    [
        "sys.stdout.reconfigure(encoding='utf-8')",
        "sys.stdout.reconfigure(encoding='latin-1', errors='replace', line_buffering=True)",
        "sys.stdout.buffer.write(b'x')\nsys.stdout.buffer.flush()",
        "import io\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8', line_buffering=True)",
        "sys.stdout.flush(), sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.writable()",
        "sys.stdout.close()",
        "sys.stdout = None",
    ],
)
def test_it_is_a_stream_like_pythons_own(code):
    before = sys.stdout
    printed(code)
    assert sys.stdout is before


def test_what_is_printed_is_kept_up_to_a_limit():
    assert printed("print('ä', 1)") == "ä 1\n"
    assert printed("print('\\ud800')") == "\\ud800\n"
    assert printed("print('x' * 10_000_000)") == "x" * 100
    assert printed("for _ in range(200): print('ä')") == "ä\n" * 50


def test_nobody_answers():
    before = builtins.input
    with pytest.raises(EOFError, match="checks can't type"):
        printed("input('name?')")
    assert builtins.input is before


def test_nobody_stops_at_a_breakpoint(monkeypatch):
    before = sys.breakpointhook, pdb.set_trace
    for stop in ("breakpoint()", "import pdb; pdb.set_trace()"):
        with pytest.raises(RuntimeError, match="checks can't stop at a breakpoint"):
            printed(stop)
    assert (sys.breakpointhook, pdb.set_trace) == before
    stopped = []

    def editors() -> None:
        stopped.append(1)

    editors.__module__ = "debugpy._vendored"
    monkeypatch.setattr(sys, "breakpointhook", editors)
    printed("breakpoint()")
    assert stopped == [1]


@pytest.fixture
def others(tmp_path):
    """The student's 01: `f` is written, `g` is at its TODO; and the reference of both."""
    cells = (
        Cell("the cell of f", "def f(): return 'own'", "task", ("f",)),
        Cell("the cell of g", "def g():\n    raise NotImplementedError('g')", "task", ("g",)),
    )
    Work(("f", "g"), cells).write(tmp_path / "ex01_of_a_test.json")
    reference = tmp_path / "reference.py"
    reference.write_text("def f(): return 'reference'\ndef g(): return 'reference'\n")
    return str(tmp_path / "ex01_of_a_test.json"), str(reference)


@pytest.mark.parametrize("name", ["exercises.ex01_of_a_test", "ex01_of_a_test"])
def test_another_project_is_the_students_own_and_the_reference_where_nothing_is_written(others, name, monkeypatch):
    stub = ModuleType(name)
    stub.f = stub.g = None
    monkeypatch.setitem(sys.modules, name, stub)
    for files, expected in ((others, ("own", "reference")), (("", others[1]), ("reference", "reference"))):
        around, found = Surroundings(others={"ex01_of_a_test": files}), {}
        with around.around(Printed(9)):
            exec(f"from {name} import f, g\nfirst = f", found)
        with around.around(Printed(9)):
            exec(f"from {name} import f", found)
        assert (found["f"](), found["g"]()) == expected
        assert found["f"] is found["first"]
        assert sys.modules[name] is stub


def test_a_module_beside_is_found_and_only_there(tmp_path):
    (tmp_path / "helpers_of_a_test.py").write_text("N = 3\n")
    found = {}
    with Surroundings(tmp_path).around(Printed(9)):
        exec("from helpers_of_a_test import N", found)
    assert found["N"] == 3
    assert str(tmp_path) not in sys.path
    del sys.modules["helpers_of_a_test"]

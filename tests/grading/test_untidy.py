"""Honest work as people hand it in, of four projects: every function is there at hand-in, or a sentence says exactly what is amiss.

Here the work is read and loaded, which is where untidiness does its harm; what the functions then earn is the graders' to say.
"""

import asyncio
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from course.authoring.rehearsal import mock_class
from course.catalog import project
from course.cells.cell import Cell, Work
from course.cells.loading import load
from course.cells.notebook import Unreadable
from course.cells.surroundings import Printed, Surroundings
from course.grading.handed_in import handed_in

PROJECTS = ("01", "03", "04b", "06")
WRAPS = "def {0}(f):\n    def inner(*a, **k):\n{1}        return f(*a, **k)\n    return inner"
KINDS = {}


def kind(change):
    KINDS[change.__name__] = change
    return change


def grade_id(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def text_of(cell):
    return "".join(cell["source"])


def homes(book, entry):
    names = [function.name for function in entry.functions]
    return [cell for cell in book["cells"] if grade_id(cell) in names]


def before(book, *texts):
    """Cells of one's own, above the imports."""
    own = [
        {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None} for text in texts
    ]
    book["cells"][:0] = own


def after(book, *texts):
    for text in texts:
        book["cells"].append({"cell_type": "code", "metadata": {}, "source": text, "outputs": []})


def decorated(book, entry, line):
    for cell in homes(book, entry):
        cell["source"] = re.sub(rf"^(def {grade_id(cell)}\()", rf"{line}\n\1", text_of(cell), flags=re.MULTILINE)


@kind
def colab(book, entry):
    book["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    mount = "from google.colab import drive\ndrive.mount('/content/drive')\n%cd /content/drive/MyDrive"
    before(
        book,
        mount,
        "!pip install -q torchinfo\nfrom torchinfo import summary",
        '#@title Size { run: "auto" }\nN = 3 #@param',
    )


@kind
def kaggle(book, entry):
    before(
        book,
        "import os\nfor folder, _, names in os.walk('/kaggle/input'):\n    print(folder)",
        "t = open('/kaggle/x.csv').read()",
    )


@kind
def vs_code(book, entry):
    for cell in book["cells"]:
        cell.pop("id", None)
    for cell in homes(book, entry):
        cell["source"] = f"# %% {grade_id(cell)}\n{text_of(cell)}"


@kind
def awaiting(book, entry):
    before(
        book,
        "import asyncio\nasync def fetch(x):\n    return x",
        "data = await fetch(3)",
        "async with asyncio.Lock():\n    z = 3",
    )


@kind
def a_dataclass(book, entry):
    config = "from dataclasses import dataclass, field\n@dataclass\nclass Config:\n    seen: list = field(default_factory=list)"
    before(book, config, "CONFIG = Config()", WRAPS.format("noted", "        CONFIG.seen.append(f)\n"))
    decorated(book, entry, "@noted")


@kind
def a_global_count(book, entry):
    before(book, "COUNT = 0", WRAPS.format("counted", "        global COUNT\n        COUNT += 1\n"))
    decorated(book, entry, "@counted")
    after(book, "print(COUNT)", "COUNT = 0")


@kind
def imports_for_the_type_checker(book, entry):
    lines = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from somewhere import Thing"
    before(book, f"from __future__ import annotations\n{lines}", "def typed(f: Thing) -> Thing:\n    return f")
    decorated(book, entry, "@typed")


@kind
def star_imports(book, entry):
    before(
        book,
        "from torch.nn import *",
        "from functools import *",
        "def same(f):\n    return wraps(f)(lambda *a, **k: f(*a, **k))",
    )
    decorated(book, entry, "@same")


@kind
def paths_of_another_machine(book, entry):
    before(
        book,
        "words = open('data/words.txt').read()",
        "import json\nwith open('../config.json') as f:\n    config = json.load(f)",
    )


@kind
def plots_at_the_end(book, entry):
    for cell in homes(book, entry):
        cell["source"] = text_of(cell) + "\n\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    after(book, "%matplotlib inline\nplt.plot(losses)")


@kind
def measured_cells(book, entry):
    for number, cell in enumerate(homes(book, entry)):
        magic = ("%%time\n", "%%capture\n", "%%time\n%%capture out\n", "%load_ext autoreload\n%autoreload 2\n")[
            number % 4
        ]
        cell["source"] = magic + text_of(cell) + "\n%timeit -n1 -r1 pass"


@kind
def widgets(book, entry):
    after(book, "from ipywidgets import interact\n@interact(x=3)\ndef show(x):\n    print(x)")


@kind
def names_in_any_script(book, entry):
    before(book, "größe = 3\ndef прямой(f):\n    名前 = größe\n    return f")
    decorated(book, entry, "@прямой")


@kind
def tabs(book, entry):
    for cell in homes(book, entry):
        cell["source"] = re.sub(r"^( {4})+", lambda m: "\t" * (len(m[0]) // 4), text_of(cell), flags=re.MULTILINE)


@kind
def windows_line_ends(book, entry):
    for cell in book["cells"]:
        cell["source"] = text_of(cell).replace("\n", "\r\n")


@kind
def input_and_exit(book, entry):
    for cell in homes(book, entry):
        cell["source"] = text_of(cell) + "\n\nname = input('Enter')\nexit()"
    after(book, "quit()", "raise KeyboardInterrupt")


@kind
def trials_that_fail(book, entry):
    for cell in homes(book, entry):
        name = grade_id(cell)
        cell["source"] = (
            text_of(cell) + f"\n\nassert {name} is not None\nresult = {name}()\nassert result == 3\ndisplay(result)"
        )


@kind
def a_file_that_is_written(book, entry):
    before(
        book,
        "%%writefile my_helpers.py\ndef same(f):\n    return f",
        "import my_helpers\nfrom importlib import reload\nreload(my_helpers)",
    )
    decorated(book, entry, "@my_helpers.same")


@kind
def a_package_that_may_be_missing(book, entry):
    before(
        book,
        "try:\n    import torchmetrics\nexcept ImportError:\n    !pip install torchmetrics\n    import torchmetrics",
    )


@kind
def methods(book, entry):
    for cell in homes(book, entry):
        name = grade_id(cell)
        if f"def {name}(" in text_of(cell):
            box = f"class Box:\n    run = staticmethod(_{name})\n{name} = Box.run"
            cell["source"] = text_of(cell).replace(f"def {name}(", f"def _{name}(") + f"\n\n{box}"


@kind
def drafts_above(book, entry):
    for cell in homes(book, entry):
        draft = {
            "cell_type": "code",
            "metadata": {},
            "source": f"def {grade_id(cell)}(*args):\n    return 0",
            "outputs": [],
        }
        book["cells"].insert(book["cells"].index(cell), draft)


@kind
def one_cell_for_all(book, entry):
    first, *rest = homes(book, entry)
    first["source"] = "\n\n\n".join(text_of(cell) for cell in [first, *rest])
    for cell in rest:
        book["cells"].remove(cell)


@kind
def bottom_to_top(book, entry):
    book["cells"].reverse()


@kind
def nothing_of_nbgrader(book, entry):
    for cell in book["cells"]:
        cell["metadata"] = {}


@kind
def a_stream_of_ones_own(book, entry):
    before(book, "import sys, io\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')")


@kind
def byte_order_mark(book, entry):
    return b"\xef\xbb\xbf" + json.dumps(book).encode(), ".ipynb"


@kind
def utf_16(book, entry):
    return json.dumps(book).encode("utf-16"), ".ipynb"


@kind
def format_3(book, entry):
    cells = []
    for cell in book["cells"]:
        code = cell["cell_type"] == "code"
        more = {"input": text_of(cell), "outputs": [], "language": "python"} if code else {"source": text_of(cell)}
        cells.append({"cell_type": cell["cell_type"], "metadata": cell["metadata"], **more})
    old = {"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]}
    return json.dumps(old).encode(), ".ipynb"


@kind
def exported_by_nbconvert(book, entry):
    parts = ["#!/usr/bin/env python\n# coding: utf-8\n"]
    for cell in book["cells"]:
        parts.append(
            f"# In[ ]:\n\n{text_of(cell)}"
            if cell["cell_type"] == "code"
            else f"# {text_of(cell)}".replace("\n", "\n# ")
        )
    return "\n\n\n".join([*parts, "get_ipython().run_line_magic('matplotlib', 'inline')"]).encode(), ".py"


@kind
def a_main_that_wants_arguments(book, entry):
    end = "\nimport argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--x', required=True)\nparser.parse_args()\n"
    return (mock_class.module(entry) + end).encode(), ".py"


@kind
def a_module_from_windows(book, entry):
    return b"\xef\xbb\xbf" + mock_class.module(entry).replace("\n", "\r\n").encode(), ".py"


@kind
def format_3_as_a_file_has_it(book, entry):
    """Texts as lists of lines."""
    old = json.loads(format_3(book, entry)[0])
    for cell in old["worksheets"][0]["cells"]:
        key = "input" if "input" in cell else "source"
        cell[key] = cell[key].splitlines(keepends=True)
    return json.dumps(old).encode(), ".ipynb"


@kind
def awaited_in_the_cells_of_functions(book, entry):
    before(book, "import asyncio\n\nasync def numbers():\n    for k in range(3):\n        yield k")
    for cell in homes(book, entry):
        top = "async with asyncio.timeout(30):\n    SEEN = {k async for k in numbers()}\n\n"
        cell["source"] = top + text_of(cell) + "\n\nassert len(SEEN) == 3"


@kind
def a_decorator_further_down(book, entry):
    decorated(book, entry, "@below")
    after(book, WRAPS.format("below", ""))


@kind
def put_in_by_globals(book, entry):
    """A class whose methods become functions in a loop at the end."""
    names = [grade_id(cell) for cell in homes(book, entry)]
    texts = [text_of(cell) for cell in homes(book, entry)]
    box = "".join(
        re.sub(rf"\b{name}\b(?=[(:])", f"_{name}", text) + "\n\n" for name, text in zip(names, texts, strict=True)
    )
    for cell in homes(book, entry):
        cell["source"] = "# see below"
    after(book, f"{box}\nfor _name in {[f'_{name}' for name in names]}:\n    globals()[_name[1:]] = globals()[_name]")


@kind
def magics_in_strings(book, entry):
    """`jupyter nbconvert --to script` of cells that begin with %%time."""
    parts = []
    for cell in book["cells"]:
        if cell["cell_type"] == "code" and not grade_id(cell).startswith("check"):
            text = text_of(cell)
            parts.append(text if grade_id(cell) == "imports" else f"get_ipython().run_cell_magic('time', '', {text!r})")
    return "\n\n".join(parts).encode(), ".py"


@kind
def check_cells_in_one_cell_with_all(book, entry):
    book["cells"] = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    book["cells"] = [{**book["cells"][0], "source": "\n\n".join(text_of(cell) for cell in book["cells"])}]


@kind
def an_argument_parser_at_the_top(book, entry):
    top = "import argparse\nARGS = argparse.ArgumentParser().parse_args()\n"
    return (top + mock_class.module(entry) + "\nassert ARGS is not None\n").encode(), ".py"


def loaded(content, suffix, entry, folder, monkeypatch):
    """(functions that are not there or at their TODO, what was said)."""
    made = handed_in(Path(f"{entry.module}{suffix}"), content, entry, None, {})
    monkeypatch.chdir(folder)
    module = ModuleType("student")
    with Surroundings(folder, {}).around(Printed(1000)):
        found = load(made.work, module, folder / "work.json")
    names = [function.name for function in entry.functions]
    return [n for n in names if n in made.faults or found.todo.get(n) or not hasattr(module, n)], made.notes


@pytest.mark.parametrize("id", PROJECTS)
@pytest.mark.parametrize("change", KINDS.values(), ids=KINDS)
def test_every_function_is_there(change, id, tmp_path, monkeypatch):
    entry = project(id)
    book = mock_class.notebook(entry)
    content, suffix = change(book, entry) or (json.dumps(book).encode(), ".ipynb")
    missing, _ = loaded(content, suffix, entry, tmp_path, monkeypatch)
    assert not missing


def test_what_a_function_counts_is_counted(tmp_path, monkeypatch):
    """`COUNT += 1` in a function that declares it global needs the cell that begins the count."""
    entry = project("01")
    book = mock_class.notebook(entry)
    a_global_count(book, entry)
    made = handed_in(Path("ex01_mnist.ipynb"), json.dumps(book).encode(), entry, None, {})
    found = load(made.work, ModuleType("student"), tmp_path / "work.json")
    assert callable(found.module.make_transforms())
    assert found.module.COUNT == 1


@pytest.mark.parametrize(
    ("encoding", "note"), [("utf-16", "saved as UTF-16"), ("cp1252", "saved as Windows-1252"), ("utf-8", "")]
)
def test_a_module_in_another_encoding_is_read_and_told(encoding, note, tmp_path, monkeypatch):
    entry = project("04b")
    text = "# Größe “x”\n" + mock_class.module(entry).encode("ascii", "replace").decode()
    missing, notes = loaded(text.encode(encoding), ".py", entry, tmp_path, monkeypatch)
    assert not missing
    assert len(notes) == bool(note)
    assert note in " ".join(notes)


def test_a_file_under_the_others_name_is_read_and_told(tmp_path, monkeypatch):
    entry = project("04b")
    missing, notes = loaded(mock_class.module(entry).encode(), ".ipynb", entry, tmp_path, monkeypatch)
    assert (missing, "call it .py" in notes[0]) == ([], True)
    book = json.dumps(mock_class.notebook(entry)).encode()
    missing, notes = loaded(book, ".py", entry, tmp_path, monkeypatch)
    assert (missing, "call it .ipynb" in notes[0]) == ([], True)
    with pytest.raises(Unreadable, match="not JSON"):
        handed_in(Path("x.ipynb"), b"Dear teacher, my dog", entry, None, {})


def test_a_row_speaks_of_a_line_once():
    from course.grading.judge import _once

    read = ("It is no plain Python: line 3 is a command of IPython. Take such lines out.",)
    ran = (
        "Line 3 (`get_ipython()`) did not run: NameError",
        "Line 31 (`1 / 0`) did not run",
        "Line 31 (`1 / 0`) did not run",
    )
    assert _once(read, ran) == (*read, ran[1])
    assert _once((), ran) == ran[:2]


def loaded_cells(tmp_path, *own, end=""):
    """The namespace of project 04b's notebook with cells of one's own above it."""
    entry = project("04b")
    book = mock_class.notebook(entry)
    before(book, *own)
    (tmp_path / "ex04b_deployment.ipynb").write_text(json.dumps(book))
    file = tmp_path / "ex04b_deployment.ipynb"
    made = handed_in(file, file.read_bytes(), entry, tmp_path, {})
    for name, content in made.beside.items():
        (tmp_path / name).write_bytes(content)
    return vars(load(made.work, ModuleType("student"), tmp_path / "work.json").module)


def test_a_decorator_that_notes_its_functions_runs_with_all_of_them(tmp_path):
    names = loaded_cells(
        tmp_path,
        "STEPS = {}\n\ndef step(n):\n    def put(f):\n        STEPS[n] = f\n        return f\n    return put",
        "@step(1)\ndef _(x):\n    return x",
        "@step(2)\ndef _(x):\n    return x",
        "def preprocess(photo):\n    return [do for do in STEPS.values()]",
    )
    assert sorted(names["STEPS"]) == [1, 2]


def test_a_notebook_that_is_run_beside_brings_its_names_along(tmp_path):
    setup = mock_class.notebook(project("04b"))
    setup["cells"] = []
    before(setup, "def shrink(x):\n    return x", "%matplotlib inline")
    (tmp_path / "00 setup.ipynb").write_text(json.dumps(setup))
    (tmp_path / "setup.ipynb").write_text(json.dumps(setup))
    names = loaded_cells(tmp_path, "%run ./setup.ipynb", "def preprocess(photo):\n    return shrink(photo)")
    assert "shrink" in names
    with pytest.raises(KeyError):
        loaded_cells(tmp_path, "%run ./other.ipynb", "def preprocess(photo):\n    return shrink(photo)")["shrink"]


def run_cells(tmp_path, own, function):
    """What came of a cell of one's own above that of preprocess."""
    cells = Cell("cell 1", own, "own"), Cell("the cell of preprocess", function, "task", ("preprocess",))
    return load(Work(("preprocess",), cells), ModuleType("student"), tmp_path / "work.json")


def test_a_name_that_is_missing_elsewhere_is_asked_for_once(tmp_path, monkeypatch):
    """`forgetful.py` lacks an import that the notebook has: to run the cell once more is no cure, and must not go on for ever."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "forgetful.py").write_text("def size():\n    return torch.zeros(3)\n")
    own = "import forgetful\nSIZE = forgetful.size() if later else 0\nimport torch\nlater = True"
    found = run_cells(tmp_path, own, "def preprocess(photo):\n    return SIZE, torch")
    assert not hasattr(found.module, "SIZE")
    assert "name 'torch' is not defined" in found.notes[-1][0]


@pytest.mark.parametrize("loop", [False, True])
def test_a_cell_awaits_also_where_a_loop_runs_already(tmp_path, loop):
    def found():
        own = "import asyncio\nN = await asyncio.sleep(0, 3)"
        return run_cells(tmp_path, own, "def preprocess(photo):\n    return N").module.N

    async def within():
        return found()

    assert (asyncio.run(within()) if loop else found()) == 3


def test_a_star_import_hides_no_function():
    """A function under another name stays in its own cell, whatever else is imported."""
    entry = project("04b")
    book = mock_class.notebook(entry)
    before(book, "from math import *")
    home = homes(book, entry)[1]
    home["source"] = text_of(home).replace("def preprocess(", "def prepare(")
    made = handed_in(Path("ex04b_deployment.ipynb"), json.dumps(book).encode(), entry, None, {})
    assert "looked for" not in " ".join(made.notes)
    assert next(cell for cell in made.work.cells if "preprocess" in cell.tasks).name == "the cell of preprocess"

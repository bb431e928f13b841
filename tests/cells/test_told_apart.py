"""Which cell of a notebook is which: by metadata, by the functions' names, and never by a guess."""

import copy
import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import limits
from course.authoring.rehearsal import mock_class
from course.catalog import project
from course.cells.notebook import Unreadable, book_of, cells_of, without_outputs

ENTRY = project("04b")
RIGHT = "def preprocess(photo):\n    return 5"
OTHER = "def preprocess(photo):\n    return 6"


def notebook(written=None):
    return mock_class.notebook(ENTRY, written)


def cell(book, name):
    return next(c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def own(source, kind="code"):
    return {"cell_type": kind, "metadata": {}, "source": source} | ({"outputs": []} if kind == "code" else {})


def changed(source, *more, written=None):
    """The notebook with this text in the cell of preprocess, and with more cells below."""
    book = notebook(written)
    cell(book, "preprocess")["source"] = source
    book["cells"] += more
    return book


def read(book):
    return book_of(json.dumps(book).encode(), ENTRY)


def home(book, task="preprocess"):
    (found,) = [c for c in book.cells if task in c.tasks]
    return found


def test_a_right_notebook_has_our_imports_the_functions_and_no_note():
    book = read(notebook())
    assert [c.kind for c in book.cells if c.kind != "own"] == ["given", *["task"] * 4]
    assert [c.tasks for c in book.cells if c.kind == "task"] == [(f.name,) for f in ENTRY.functions]
    assert home(book).name == "the cell of preprocess"
    assert book.faults == {}
    assert book.notes == ()


def test_the_locked_imports_are_ours_and_what_is_new_in_them_is_told():
    book = notebook()
    cell(book, "imports")["source"] = "import torch\nimport sys\nsys.exit()"
    made = read(book)
    assert "from PIL import Image" in made.cells[0].source
    assert made.cells[1].kind == "own"
    assert "The locked cell imports has been changed." in made.notes[0]


def test_a_copied_cell_with_the_same_text_counts_once():
    book = changed(RIGHT)
    book["cells"].append(copy.deepcopy(cell(book, "preprocess")))
    made = read(book)
    assert home(made).source == RIGHT
    assert made.notes == ("The cell of preprocess is there 2 times; nbgrader wants it once.",)
    assert len({c.name for c in made.cells}) == len(made.cells)


def test_a_copied_cell_with_another_text_is_a_question_about_this_function_only():
    book = changed(RIGHT)
    book["cells"].append(copy.deepcopy(cell(book, "preprocess")))
    book["cells"][-1]["source"] = OTHER
    made = read(book)
    assert list(made.faults) == ["preprocess"]
    number = len(book["cells"])
    assert f"(cells 9 and {number}), with different texts: keep one of them" in made.faults["preprocess"]
    assert home(made, "load_model")


@pytest.mark.parametrize("both_marked", [True, False])
def test_a_split_cell_counts_where_the_function_is(both_marked):
    book = changed("HELP = 3")
    half = copy.deepcopy(cell(book, "preprocess")) if both_marked else own("")
    half["source"] = RIGHT
    book["cells"].insert(9, half)
    made = read(book)
    assert home(made).source == RIGHT
    assert "HELP = 3" in [c.source for c in made.cells]
    assert made.faults == {}


def test_metadata_of_one_cell_lost():
    book = notebook()
    del cell(book, "preprocess")["metadata"]["nbgrader"]
    made = read(book)
    assert home(made).name == "the cell of preprocess"
    assert made.notes == ("The metadata of nbgrader are lost for preprocess: found by name.",)


def test_metadata_of_all_cells_lost():
    book = notebook()
    for one in book["cells"]:
        one["metadata"] = {}
    made = read(book)
    assert {task for c in made.cells for task in c.tasks} == {f.name for f in ENTRY.functions}
    assert made.notes == ("All cells have lost nbgrader's metadata; the functions were found by their names.",)
    book["cells"].append(own(OTHER))
    assert "has lost its metadata, and cells 9 and " in read(book).faults["preprocess"]


def test_a_function_written_below_its_todo_is_found():
    made = read(changed(cell(notebook([]), "preprocess")["source"], own(RIGHT)))
    assert home(made).source == RIGHT
    below = f"cell {len(notebook()['cells']) + 1}"
    assert f"preprocess was found in {below}, for the cell of preprocess holds its TODO." in made.notes
    assert home(made).name == below


def test_what_stands_in_the_cell_counts_also_beside_another_one():
    made = read(changed(RIGHT, own(OTHER)))
    assert home(made).source == RIGHT
    assert made.notes == (
        f"Cell {len(notebook()['cells']) + 1} defines preprocess as well; what stands in the cell of preprocess counts.",
    )
    assert read(changed(RIGHT, own(cell(notebook([]), "preprocess")["source"]))).notes == ()


def test_two_functions_in_one_cell():
    book = notebook()
    cell(book, "load_model")["source"] += "\n\n\n" + cell(book, "preprocess")["source"]
    cell(book, "preprocess")["source"] = ""
    made = read(book)
    assert home(made).tasks == ("load_model", "preprocess")
    assert made.faults == {}


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("marked", [True, False])
def test_a_cell_that_is_no_code_any_more(kind, marked):
    book = changed(RIGHT)
    cell(book, "preprocess")["cell_type"] = kind
    if not marked:
        cell(book, "preprocess")["metadata"] = {}
    made = read(book)
    assert home(made).source == RIGHT
    assert made.notes == ("preprocess was found in cell 9, which is no cell of code any more: make it one.",)


def test_a_cell_that_was_deleted_is_named():
    book = notebook()
    book["cells"].remove(cell(book, "preprocess"))
    assert "no cell preprocess" in read(book).faults["preprocess"]


def test_a_cell_that_cannot_be_read_is_still_that_of_its_function():
    assert home(read(changed("def preprocess(photo)\n    return 1"))).name == "the cell of preprocess"


def test_source_as_a_list_of_lines():
    assert home(read(changed(["def preprocess(photo):\n", "    return 5"]))).source == RIGHT


def test_a_notebook_of_format_3():
    new = json.dumps(changed(RIGHT))
    old = nbformat.writes(nbformat.reads(new, as_version=4), version=3)
    assert "worksheets" in json.loads(old)
    assert book_of(old.encode(), ENTRY) == book_of(new.encode(), ENTRY)


def test_what_no_check_reads_may_be_damaged():
    book = changed(RIGHT)
    book["cells"] += [3, {"cell_type": "code"}, {"cell_type": "markdown", "attachments": 3}]
    cell(book, "load_model")["outputs"] = [{"output_type": "stream", "text": None}, 5]
    assert home(read(book)).source == RIGHT


OUTPUT = [{"output_type": "stream", "text": ['a "quoted" ] line\\', "}"]}, {"data": {"x": [[{}]], '"outputs"': "["}}]


@pytest.mark.parametrize("indent", [None, 1])
def test_outputs_of_any_size_are_cut_out_unread(indent, monkeypatch):
    book = changed(
        RIGHT, {"cell_type": "markdown", "metadata": {}, "source": '"outputs": [1', "attachments": {"a": {"b": "]"}}}
    )
    cell(book, "load_model")["outputs"] = OUTPUT
    content = json.dumps(book, indent=indent).encode()
    left = json.loads(without_outputs(content))
    assert left["cells"][-1]["attachments"] == {}
    assert not any(c.get("outputs") for c in left["cells"])
    assert [c["source"] for c in left["cells"]] == [c["source"] for c in book["cells"]]
    monkeypatch.setattr(limits, "LARGE_NOTEBOOK_BYTES", 10)
    assert book_of(content, ENTRY) == read(book)
    monkeypatch.setattr(limits, "SUBMISSION_BYTES", 1000)
    with pytest.raises(Unreadable, match="even without its outputs"):
        book_of(content, ENTRY)


def test_a_notebook_far_over_any_honest_size_is_not_told_apart():
    """30,000 cells took 40 s, and 2 MB of code as long."""
    many = [own(f"x{k} = {k}") for k in range(limits.CELLS)]
    with pytest.raises(Unreadable, match=r"it has 2,0\d\d cells, and 2,000 is the most that is read: take away"):
        read(changed(RIGHT, *many))
    long = "x = [1, 2]\n" * (limits.CODE_CHARACTERS // 40)
    with pytest.raises(Unreadable, match=r"cells of code have \d+,\d+ characters, and 500,000 is the most"):
        read(changed(RIGHT, *[own(long)] * 4))
    assert read(changed(RIGHT, *[own(long, "markdown")] * 4)).faults == {}  # a lesson may hold pictures


BROKEN = [
    (b"", "empty"),
    (b" \n", "empty"),
    (json.dumps(notebook()).encode()[:3000], "not JSON"),
    (b"\xff\xfe\x00", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b"[]", "not a notebook"),
    (b'{"worksheets": []}', "not a notebook"),
    (b'{"cells": {}}', "not a notebook"),
    (b'{"nbformat": 3, "worksheets": [{"cells": [3]}]}', "not a notebook"),
    (b'{"nbformat": 99, "cells": []}', "not a notebook"),
    (b'{"nbformat": 3, "metadata": ' + b'{"a": ' * 900 + b"1" + b"}" * 901, "not a notebook"),
    (b'{"nbformat": 3, "worksheets": [' + b"{}," * 700_000 + b"{}]}", "old format"),
    (b'{"cells": [3, {}]}', "no cell of this assignment"),
]


@pytest.mark.parametrize(("broken", "why"), BROKEN)
def test_a_broken_notebook_has_a_reason(broken, why):
    with pytest.raises(Unreadable, match=why):
        book_of(broken, ENTRY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
)
FIELDS = st.fixed_dictionaries(
    {"grade_id": st.sampled_from(["preprocess", "imports"]) | JSON, "solution": st.booleans() | JSON}
)
CELL = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown"]) | JSON,
        "source": st.sampled_from([RIGHT, OTHER]) | st.text() | JSON,
    },
    optional={"metadata": st.fixed_dictionaries({"nbgrader": FIELDS | JSON}) | JSON},
)


@given(st.lists(CELL | JSON, max_size=4))
def test_any_notebook_gives_cells_or_a_reason_and_each_function_one_home_or_a_fault(cells):
    content = json.dumps({"cells": cells}).encode()
    assert cells_of(without_outputs(content)) is not None
    try:
        book = book_of(content, ENTRY)
    except Unreadable:
        return
    homes = [task for c in book.cells for task in c.tasks]
    assert sorted([*homes, *book.faults]) == sorted(f.name for f in ENTRY.functions)
    assert len({c.name for c in book.cells}) == len(book.cells)

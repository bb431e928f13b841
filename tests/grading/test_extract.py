"""A notebook read as data: what counts, what does not, and every broken one named."""

import ast
import json

import nbformat
import pytest
from class04b import ENTRY, cell, changed, content, doubled, notebook, own
from hypothesis import given
from hypothesis import strategies as st

from course.grading.extract import Unreadable, extract


def test_the_module_has_our_imports_and_their_cells():
    book = notebook()
    cell(book, "imports")["source"] = "import sys; sys.exit()"
    cell(book, "check_preprocess")["source"] = "raise SystemExit"
    book["cells"].insert(0, own("stolen = open('/etc/passwd').read()"))
    made = extract(content(book), ENTRY)
    assert "stolen" not in made.text
    assert "sys.exit" not in made.text
    assert "SystemExit" not in made.text
    assert (
        cell(notebook(), "imports")["source"] in (made.text, *made.text.split("\n\n\n")) or "import torch" in made.text
    )
    names = {node.name for node in ast.parse(made.text).body if hasattr(node, "name")}
    assert {f.name for f in ENTRY.functions} <= names
    assert made.faults == {}
    assert made.notes == ()


def test_lines_are_those_of_the_cell():
    source = "# first\n\ndef preprocess(photo):\n    return 1 / 0"
    made = extract(content(changed("preprocess", source)), ENTRY)
    line = made.text.split("\n").index("    return 1 / 0") + 1
    assert made.place(line) == ("the cell of preprocess", 4)
    assert made.place(1) is None


def test_source_as_a_list_of_lines():
    made = extract(content(changed("preprocess", ["def preprocess(photo):\n", "    return 5"])), ENTRY)
    assert "def preprocess(photo):\n    return 5" in made.text


def test_a_notebook_of_format_3():
    new = content(changed("preprocess", "def preprocess(photo):\n    return 5"))
    old = nbformat.writes(nbformat.reads(new.decode(), as_version=4), version=3)
    assert "worksheets" in json.loads(old)
    assert extract(old.encode(), ENTRY) == extract(new, ENTRY)


def test_what_no_check_reads_may_be_damaged():
    book = changed("preprocess", "def preprocess(photo):\n    return 5")
    book["cells"] += [3, {"cell_type": "code"}, {"cell_type": "markdown", "attachments": 3}]
    cell(book, "load_model")["outputs"] = [{"output_type": "stream", "text": None}, 5]
    assert "return 5" in extract(content(book), ENTRY).text


def test_trial_calls_and_commands_below_a_function_do_not_run():
    body = "LIMIT = 3\ndef preprocess(photo):\n    return LIMIT\n"
    source = f"%matplotlib inline\n!ls\n{body}\nprint(preprocess(photo_of_mine))\nfor x in y:\n    f(x)"
    made = extract(content(changed("preprocess", source)), ENTRY)
    assert "LIMIT = 3" in made.text
    assert "photo_of_mine" not in made.text
    assert "in y" not in made.text
    assert "!ls" not in made.text
    assert "3 lines" in made.notes[0]


def test_a_choice_between_imports_counts():
    choice = "try:\n    import numpy as fast\nexcept ImportError:\n    fast = None\n"
    source = f"{choice}if True:\n    print(1)\ndef preprocess(photo):\n    return fast\n"
    made = extract(content(changed("preprocess", source)), ENTRY)
    assert choice in made.text
    assert "print(1)" not in made.text


def test_a_cell_that_cannot_be_read_costs_only_its_own_function():
    made = extract(content(changed("preprocess", "def preprocess(photo)\n    return 1")), ENTRY)
    ast.parse(made.text)
    assert list(made.faults) == ["preprocess"]
    assert "line 1" in made.faults["preprocess"]
    assert "def load_model" in made.text


def test_a_cell_that_was_deleted_is_named():
    book = notebook()
    book["cells"].remove(cell(book, "preprocess"))
    assert "no cell preprocess" in extract(content(book), ENTRY).faults["preprocess"]


def test_a_helper_in_a_cell_of_its_own_is_named():
    book = changed("preprocess", "def preprocess(photo):\n    return helper(photo)")
    book["cells"].append(own("def helper(photo):\n    return photo"))
    assert "helper" in extract(content(book), ENTRY).notes[0]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (content(notebook())[:3000], "not JSON"),
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
        (content(doubled()), "twice"),
    ],
)
def test_a_broken_notebook_has_a_reason(broken, why):
    with pytest.raises(Unreadable, match=why):
        extract(broken, ENTRY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
)
CELL = st.fixed_dictionaries(
    {"cell_type": st.just("code") | JSON, "source": st.text() | JSON},
    optional={
        "metadata": st.fixed_dictionaries(
            {
                "nbgrader": st.fixed_dictionaries(
                    {"grade_id": st.just("preprocess") | JSON, "solution": st.just(True) | JSON}
                )
                | JSON
            }
        )
        | JSON
    },
)


@given(st.lists(CELL | JSON, max_size=3))
def test_any_notebook_gives_a_module_that_can_be_read_or_a_reason(cells):
    try:
        made = extract(json.dumps({"cells": cells}).encode(), ENTRY)
    except Unreadable:
        return
    ast.parse(made.text.encode())

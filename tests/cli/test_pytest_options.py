"""docs/pytest-options.md is what `benchmarks/pytest_options.py` writes: the same options, none twice."""

import re

from benchmarks import pytest_options


def test_the_page_has_a_row_for_each_option():
    page = pytest_options.PAGE.read_text("utf-8")
    assert "Made by `python benchmarks/pytest_options.py`" in page.splitlines()[0]
    rows = [row.strip("|").split(" | ") for row in page.splitlines() if row.startswith(("| `", "| none"))]
    told = [(row[0].strip().strip("`").replace("none", ""), row[1]) for row in rows]
    assert told == list(pytest_options.OPTIONS)
    assert len(set(told)) >= 25
    assert pytest_options.BEFORE in page


def test_a_row_says_what_of_a_verdict_there_is():
    text = "  ✗ train_epoch   gradients\n      weight: 3 differ\n      Hint: print\n0 of 1 points   (2.5 s)\n"
    seen = pytest_options.Seen("-q", "", 1, text)
    assert seen.told() == "verdicts, message, hint, points; 4 lines: “0 of 1 points   (… s)”"
    assert re.match(r"\*nothing of a verdict\*; 0 lines", pytest_options.Seen("-q", "", 1, "").told())

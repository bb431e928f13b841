"""Differences of plain values in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.checks.plain_difference import difference, read

LETTERS = list("abcdefghijkl")
CASES = {
    "short lists": ([8, 8, 1], [8, 8], "sizes: expected 8, 8, 1, got 8, 8"),
    "an empty one": ([], ["head.weight"], "sizes: expected none, got head.weight"),
    "commas": (["the", ","], ["the", "a b"], "sizes: expected the, “,”, got the, a b"),
    "long lists": (
        LETTERS,
        [*LETTERS[:9], "k", "l", "m"],
        "sizes: 3 of 12 differ, first at position 9: expected j, got k",
    ),
    "too short": (LETTERS, LETTERS[:-1], "sizes: expected 12 items, got 11; they part at position 11"),
    "one row": (
        [["[CLS]", "the", "[SEP]"]],
        [["[CLS]", "[SEP]"]],
        "sizes: expected “[CLS] the [SEP]”, got “[CLS] [SEP]”",
    ),
    "rows": ([[0, 0], [0, 1]], [[0, 0], [1, 1]], "sizes, row 1: expected “0 1”, got “1 1”"),
    "fewer rows": (
        [[0], [1]],
        [[1]],
        "sizes: expected 2 rows, got 1; they part at row 0: expected “0”, got “1”",
    ),
    "names": ({"side": "right", "size": 4}, {"side": "left", "size": 4}, "sizes, side: expected 'right', got 'left'"),
    "names missing": ({"a": 1}, {"b": 2}, "sizes, a: missing; b: not expected"),
    "other types": ([1, 2], (1, 2), "sizes: expected [1, 2], got (1, 2)"),
    "no list": (3, 4, "sizes: expected 3, got 4"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_said(case):
    expected, got, text = CASES[case]
    assert difference("sizes", repr(expected), repr(got)) == text


def test_a_value_that_was_cut_is_given_as_it_is():
    assert difference("x", repr([1, 2]), "[1, 2, 3...") == "x: expected [1, 2], got [1, 2, 3..."
    assert read("object at 0x1") == "object at 0x1"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=30,
)


@given(PLAIN, PLAIN)
def test_any_two_values_give_one_line_that_is_not_long(expected, got):
    text = difference("x", repr(expected), repr(got))
    assert text.startswith("x")
    assert len(text) < 20_000

"""Answers that are lists of (name, number), the highest number first: categories of a photo, neighbours and guesses of a word."""

from typing import Any

from course.checks.expect import expect, expect_close, expect_equal, expect_float
from course.checks.wording import describe


def scored(value: Any, what: str) -> list[tuple[str, float]]:
    """A list of pairs (string, float), as it should be."""
    expect(type(value) is list, "{thing}: expected a list of pairs, got {got}", thing=what, got=describe(value))
    for item in value:
        pair = type(item) in (tuple, list) and len(item) == 2 and type(item[0]) is str
        expect(pair, "{thing}: expected pairs (string, float), got {got}", thing=what, got=describe(item))
        expect_float(item[1], f"the number of {item[0]!r} in {what}")
    return [(name, number) for name, number in value]


def expect_ranked(value: Any, every: list[tuple[str, float]], count: int, what: str, atol: float) -> None:
    """The first `count` of `every` (string, number), highest first. Numbers within `atol` may stand in either order."""
    found, wanted, numbers = scored(value, what), every[:count], dict(every)
    names = [name for name, _ in found]
    tied = [abs(numbers.get(name, 9.0) - right) < atol for name, (_, right) in zip(names, wanted)]
    if len(found) != len(wanted) or len(set(names)) < len(names) or not all(tied):
        expect_equal(names, [name for name, _ in wanted], what)
    for name, number in found:
        expect_close(number, numbers[name], f"the number of {name!r} in {what}", rtol=0, atol=atol)

"""Where two plain values differ, in words: no brackets and quotes of Python in a sentence, and of a long list only what differs."""

import ast
from typing import Any

SHOWN = 8  # items of a list; a longer one is told by its first difference
LONGEST = 120  # characters of a value that is no list
_MISSING = object()


def read(text: str) -> Any:
    """The plain value whose `repr` this is; the text itself where it is none, or was cut."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def difference(what: str, expected: str, got: str) -> str:
    """What was expected of `what` and what came, both as `repr` gives them.

    Returns:
        "sizes: expected 8, 8, 1, got 8, 8"; "classes: 15 of 24 differ, first at position 9: expected 9, got 10"; "tokens, row 1:
        expected “[CLS] the [SEP]”, got “[CLS] [SEP]”"; positions and rows are counted from 0.
    """
    wanted, came = read(expected), read(got)
    if not isinstance(wanted, list | tuple | dict) or type(came) is not type(wanted):
        return f"{what}: expected {_cut(expected)}, got {_cut(got)}"
    if isinstance(wanted, dict):
        names = [n for n in {**wanted, **came} if wanted.get(n, _MISSING) != came.get(n, _MISSING)]
        parts = [difference(str(n), repr(wanted[n]), repr(came[n])) for n in names if n in wanted and n in came]
        parts += [f"{n}: missing" for n in names if n not in came] + [
            f"{n}: not expected" for n in names if n not in wanted
        ]
        return f"{what}, {'; '.join(parts)}"
    rows = wanted and all(isinstance(row, list | tuple) for row in [*wanted, *came])
    if len(wanted) != len(came):
        kind = "row" if rows else "item"
        count = f"expected {_counted(len(wanted), kind)}, got {len(came)}"
        if rows or max(len(wanted), len(came)) > SHOWN:
            where = next((k for k, (a, b) in enumerate(zip(wanted, came)) if a != b), min(len(wanted), len(came)))
            return f"{what}: {count}; they part at {'row' if rows else 'position'} {where}{_there(wanted, came, where)}"
        return f"{what}: expected {said(wanted)}, got {said(came)}"
    differ = [k for k, (a, b) in enumerate(zip(wanted, came, strict=True)) if a != b]
    if rows and differ:
        first = differ[0]
        name = what if len(wanted) == 1 else f"{what}, row {first}"
        return f"{name}: expected {_row(wanted[first])}, got {_row(came[first])}"
    if len(wanted) > SHOWN and differ:
        first = differ[0]
        count = f"{len(differ)} of {len(wanted)} differ, first at position {first}"
        return f"{what}: {count}: expected {said(wanted[first])}, got {said(came[first])}"
    return f"{what}: expected {said(wanted)}, got {said(came)}"


def said(value: Any) -> str:
    """A plain value as a reader says it: the items of a list by commas, none for an empty one."""
    if isinstance(value, list | tuple):
        if not value:
            return "none"
        items = ", ".join(f"({said(item)})" if isinstance(item, list | tuple) else said(item) for item in value[:SHOWN])
        return items if len(value) <= SHOWN else f"{items}, … ({len(value)} in all)"
    if isinstance(value, str) and ("," in value or not value.strip() or not value.isprintable()):
        return f"“{value}”" if value.isprintable() else repr(value)
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _row(row: Any) -> str:
    return f"“{' '.join(str(item) for item in row)}”" if row else "an empty row"


def _there(wanted: Any, came: Any, where: int) -> str:
    if where >= min(len(wanted), len(came)):
        return ""
    pair = (wanted[where], came[where])
    a, b = (_row(one) if isinstance(one, list | tuple) else said(one) for one in pair)
    return f": expected {a}, got {b}"


def _counted(number: int, kind: str) -> str:
    return f"{number} {kind}" + ("" if number == 1 else "s")

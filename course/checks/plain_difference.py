"""Where two plain values differ, in words: no brackets and quotes of Python in a sentence, and of a long list only what differs."""

import ast
from collections.abc import Sequence
from typing import Any

SHOWN = 8  # items of a list; a longer one is told by its first difference
LONGEST = 120  # characters of a value that is no list


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
    if isinstance(wanted, dict) and isinstance(came, dict):
        return _of_dicts(what, wanted, came)
    if isinstance(wanted, list | tuple) and type(came) is type(wanted):
        return _of_lists(what, wanted, came)
    return f"{what}: expected {_cut(expected)}, got {_cut(got)}"


def _of_dicts(what: str, wanted: dict[Any, Any], came: dict[Any, Any]) -> str:
    both = [name for name in wanted if name in came and wanted[name] != came[name]]
    parts = [difference(str(name), repr(wanted[name]), repr(came[name])) for name in both]
    parts += [f"{name}: missing" for name in wanted if name not in came]
    parts += [f"{name}: not expected" for name in came if name not in wanted]
    return f"{what}, {'; '.join(parts)}"


def _of_lists(what: str, wanted: Sequence[Any], came: Sequence[Any]) -> str:
    rows = bool(wanted) and all(isinstance(row, list | tuple) for row in [*wanted, *came])
    where = next((k for k, (a, b) in enumerate(zip(wanted, came, strict=False)) if a != b), min(len(wanted), len(came)))
    if len(wanted) != len(came) and (rows or max(len(wanted), len(came)) > SHOWN):
        count = f"expected {len(wanted)} {'row' if rows else 'item'}{'' if len(wanted) == 1 else 's'}, got {len(came)}"
        there = (
            f": expected {_item(wanted[where])}, got {_item(came[where])}"
            if where < min(len(wanted), len(came))
            else ""
        )
        return f"{what}: {count}; they part at {'row' if rows else 'position'} {where}{there}"
    if len(wanted) == len(came) and where < len(wanted):
        if rows:
            name = what if len(wanted) == 1 else f"{what}, row {where}"
            return f"{name}: expected {_item(wanted[where])}, got {_item(came[where])}"
        if len(wanted) > SHOWN:
            count = sum(a != b for a, b in zip(wanted, came, strict=True))
            pair = f"expected {said(wanted[where])}, got {said(came[where])}"
            return f"{what}: {count} of {len(wanted)} differ, first at position {where}: {pair}"
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


def _item(item: Any) -> str:
    """One item: a row by its own items, as a reader sees them."""
    if isinstance(item, list | tuple):
        return f"“{' '.join(str(part) for part in item)}”" if item else "an empty row"
    return said(item)

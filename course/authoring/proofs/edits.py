"""Edits of a solution's text: a function with some words changed, or another hand's function in its place.

What they return is a whole module again. Nothing is run; that a wrong solution is caught is for `variants`.
"""

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node

from course.source import definitions, lines_of

Replacement = tuple[str, str]  # words of the solution and what stands there instead
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
OURS = ("course.authoring", "graders")  # what a module of proofs imports for itself


class ProofError(Exception):
    """A mistake or an alternative that does not fit the solution: a fault of ours."""


def words_changed(text: str, task: str, pairs: Iterable[Replacement], name: str) -> str:
    """The module with these words of `task` replaced; each must occur exactly once in it."""
    lines, (first, last) = text.splitlines(keepends=True), _span(text, task)
    part = "".join(lines[first - 1 : last])
    for old, new in pairs:
        if part.count(old) != 1:
            raise ProofError(f"{name}: {old!r} occurs {part.count(old)} times in {task}, not once")
        part = part.replace(old, new)
    return "".join([*lines[: first - 1], part, *lines[last:]])


def source_of(text: str, task: str) -> str:
    """The lines of `task` in a module's text."""
    first, last = _span(text, task)
    return "".join(text.splitlines(keepends=True)[first - 1 : last])


@functools.lru_cache(64)  # of one text again and again, where changes are combined
def _span(text: str, task: str) -> tuple[int, int]:
    node = definitions(ast.parse(text)).get(task)
    if node is None:
        raise ProofError(f"the solution has no function called {task}")
    return lines_of(node)


def exchanged(text: str, task: str, thing: Any, uses: Sequence[Any] = ()) -> str:
    """The module with the function or class `thing` in the place of `task`.

    Its first decorator, which registered it, goes; an argument without a default has the one that the solution's has.
    """
    wrong, right = _written(thing), _statement_of(text, task)
    wrong = wrong.with_changes(name=cst.Name(task), decorators=wrong.decorators[1:])
    if isinstance(wrong, cst.FunctionDef) and isinstance(right, cst.FunctionDef):
        given = {parameter.name.value: parameter.default for parameter in right.params.params}
        wrong = wrong.with_changes(
            params=wrong.params.with_changes(
                params=[
                    one if one.default else one.with_changes(default=given.get(one.name.value))
                    for one in wrong.params.params
                ]
            )
        )
    return _in_place(text, right, [*_imports([thing, *uses]), *map(_written, uses), wrong])


def helped(text: str, task: str, uses: Sequence[Any]) -> str:
    """The module with these helpers below `task`, which calls them."""
    right = _statement_of(text, task)
    return _in_place(text, right, [right, *_imports(uses), *map(_written, uses)])


_parsed = functools.cache(cst.parse_module)


def _statement_of(text: str, task: str) -> cst.FunctionDef | cst.ClassDef:
    for node in _parsed(text).body:
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.name.value == task:
            return node
    raise ProofError(f"the solution has no function called {task}")


def _in_place(text: str, of: Statement, statements: Sequence[Any]) -> str:
    module = _parsed(text)
    at = module.body.index(of)
    first = statements[0].with_changes(leading_lines=of.leading_lines)
    return module.with_changes(body=[*module.body[:at], first, *statements[1:], *module.body[at + 1 :]]).code


def _written(thing: Any) -> Any:
    """A function or class as its author wrote it."""
    return _parsed(textwrap.dedent(inspect.getsource(thing))).body[0]


def _imports(things: Iterable[Any]) -> list[Statement]:
    """The imports at the top of the modules where these things are written, without those of the machinery of proofs."""
    found: list[Statement] = []
    for module in dict.fromkeys(sys.modules[thing.__module__] for thing in things):
        for line in _parsed(inspect.getsource(module)).body:
            match line:
                case cst.SimpleStatementLine(body=[cst.ImportFrom(module=cst.CSTNode() as source)]):
                    if not (get_full_name_for_node(source) or "").startswith(OURS):
                        found.append(line)
                case cst.SimpleStatementLine(body=[cst.Import()]):
                    found.append(line)
    return found

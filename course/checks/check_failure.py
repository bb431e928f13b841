"""The exception that ends a check, and the place in the check at which it was raised."""

import ast
import functools
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from course.checks.failure import Failure
from course.checks.wording import sentence
from course.source import DEFINITIONS, lines_of


class CheckFailure(AssertionError):
    """Ends a check: the evidence is not what it should be. The arguments are those of `Failure`."""

    def __init__(self, kind: str, what: str = "", token: str = "", **values: Any) -> None:
        self.failure = Failure(kind, what, {name: _plain(value) for name, value in values.items()}, token)
        super().__init__(kind, what)

    def __str__(self) -> str:
        return sentence(self.failure)

    def found_by(self, traceback: TracebackType | None) -> Failure:
        """The failure, with its place and, from hypothesis' notes, the example."""
        return replace(self.failure, place=place_of(traceback), example=_example(getattr(self, "__notes__", [])))


def _plain(value: Any) -> Any:
    """Numbers, strings and lists of them as they are; of anything else its words."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or type(value) in (bool, int, float, str) else str(value)


def place_of(traceback: TracebackType | None) -> str:
    """The statements of graders/ through which a traceback goes, each by its function and its number in it.

    Neither the words nor the layout of a grader move it; only another statement before it does.
    """
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if "graders" in Path(code.co_filename).parts:
            starts = _statements(code.co_filename).get(code.co_firstlineno)
            if starts is not None:
                places.append(f"{code.co_name}.{sum(start <= traceback.tb_lineno for start in starts)}")
        traceback = traceback.tb_next
    return " ".join(places)


@functools.cache
def _statements(file: str) -> dict[int, list[int]]:
    """{first line of a function: the lines on which its statements begin}."""
    found = {}
    for node in ast.walk(ast.parse(Path(file).read_bytes())):
        if isinstance(node, DEFINITIONS):
            inside = [part for part in ast.walk(node) if isinstance(part, ast.stmt) and part is not node]
            found[lines_of(node)[0]] = [part.lineno for part in inside if not isinstance(part, ast.Expr) or _acts(part)]
    return found


def _acts(statement: ast.Expr) -> bool:
    return not isinstance(statement.value, ast.Constant)  # a docstring does nothing


def _example(notes: list[str]) -> tuple[str, ...]:
    """The arguments of the smallest example that hypothesis found, from the note that it adds to an exception."""
    for note in notes:
        if note.startswith(("Falsifying example:", "Failing test case:")):  # the second is hypothesis' newer wording
            lines = [line.strip().split("  #")[0].rstrip(", ") for line in note.splitlines()[1:-1]]
            return tuple(line for line in lines if not line.startswith(("student=", "lab=")))
    return ()

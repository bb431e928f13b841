"""From the file of a notebook to its cells: which is the cell of which function. The file is read as data; nothing of it is run.

A cell is known by nbgrader's metadata (grade_id). Where these are lost, doubled or on a cell that does not define the function, the
function's own name decides, as long as only one cell can be meant; the student is told. The locked cell of imports is that of our
own release; what a student has changed in it counts as a cell of the student's own.
"""

import ast
import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat

from course import limits, paths
from course.catalog import Project, project
from course.cells.cell import Cell
from course.cells.python import STAR, Statement, statements
from course.errors import CourseError
from course.source import unfinished


class Unreadable(ValueError):
    """There is nothing in the file that could be graded; the message says why."""


@dataclass(frozen=True)
class Book:
    """What a notebook holds.

    Args:
        cells: its code in order, behind our own cell of imports.
        faults: {function: why no cell of it counts}.
        notes: how a function was found where the metadata do not say.
    """

    cells: tuple[Cell, ...]
    faults: dict[str, str]
    notes: tuple[str, ...]


class _Found:
    """A cell of the file.

    Args:
        number: its place, as a person counts.
    """

    def __init__(self, number: int, cell: dict[str, Any], tasks: Sequence[str]) -> None:
        fields = _any_fields(cell)
        self.number, self.source, self.code = number, source_of(cell), cell.get("cell_type") == "code"
        self.name = str(cell.get("shown") or f"cell {number}")
        self.id = str(fields.get("grade_id", ""))
        self.solution = self.id if self.id in tasks and fields.get("solution") is True else ""
        self.is_check = fields.get("grade") is True
        self.binds: set[str] = set()  # names that it defines
        self.stubs: set[str] = set()  # those of them that are still at their TODO
        self.texts: tuple[str, ...] = ()  # its statements
        self.damaged = False  # it is no Python
        self.hides = False  # it binds names that stand in no text
        if not self.code and not re.search(rf"\b(?:{'|'.join(tasks)})\b *[(:=]", self.source):
            return  # a lesson, no function that has become Markdown
        try:
            self._read(statements(self.source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.damaged = True

    def _read(self, read: list[Statement]) -> None:
        self.texts = tuple(statement.text for statement in read)
        for statement in read:
            if isinstance(statement.node, ast.Delete):
                continue
            self.binds |= statement.binds
            self.hides |= STAR in statement.binds and not isinstance(statement.node, ast.ImportFrom)
            todo = unfinished(ast.Module([statement.node], []))
            self.stubs = (self.stubs - statement.binds) | set(todo)


def book_of(content: bytes, entry: Project) -> Book:
    """The cells of a notebook's file.

    Raises:
        Unreadable: it is no notebook, or nothing in it is of this project.
        CourseError: our own release is not there.
    """
    return told_apart(cells_of(content), entry, given_of(entry.id))


def told_apart(cells: Sequence[dict[str, Any]], entry: Project, given: Mapping[str, str]) -> Book:
    """Which cell is which.

    Args:
        given: {grade_id: text} of our own cells, which come first.

    Raises:
        Unreadable: nothing in it is of this project.
    """
    tasks = [function.name for function in entry.functions]
    ours = {source.strip() for source in given.values()}
    found = [_Found(number, cell, tasks) for number, cell in enumerate(cells, 1)]
    found = [cell for cell in found if cell.source.strip() not in {*ours, ""}]
    homes: dict[str, _Found] = {}
    faults: dict[str, str] = {}
    notes: list[str] = []
    lost: list[str] = []
    for task in tasks:
        home, said = _home(task, [cell for cell in found if not cell.is_check])
        if home is None:
            faults[task] = said
            continue
        homes[task] = home
        if home.code and not any(cell.solution == task for cell in found):
            lost.append(task)
        elif said:
            notes.append(said)
    if not homes and not any(cell.solution for cell in found):
        raise Unreadable(f"there is no cell of this assignment in it (grade_id {', '.join(tasks[:3])} …)")
    made = [Cell(f"the cell {name}", source, "given") for name, source in given.items()]
    for cell in found:
        counts = tuple(task for task, home in homes.items() if home is cell)
        if counts or cell.code:
            name = cell.name
            if cell.solution in counts or (len(counts) == 1 and counts[0] in lost):
                name = f"the cell of {cell.solution or counts[0]}"
            made.append(Cell(name, cell.source, "task" if counts else "own", counts))
    notes += [_changed(cell, given[cell.id]) for cell in found if cell.id in given]
    return Book(tuple(made), faults, tuple(note for note in [_lost(lost, tasks), *notes] if note))


def _home(task: str, cells: list[_Found]) -> tuple[_Found | None, str]:
    """(the cell whose definition of a function counts, what is to be said about that); without one, why there is none."""
    marked = [cell for cell in cells if cell.code and cell.solution == task]
    rest = [cell for cell in cells if cell not in marked]
    code = _different([cell for cell in [*marked, *rest] if cell.code and task in cell.binds - cell.stubs])
    told = [cell for cell in code if cell in marked]
    if len(told) > 1:
        return (
            None,
            f"the cell of {task} is there {len(told)} times ({_numbers(told)}), with different texts: keep one of them",
        )
    if told:
        others = [cell for cell in code if cell is not told[0]]
        if others:
            which = f"{_numbers(others)} define{'s' if len(others) == 1 else ''} {task} as well"
            return told[0], f"{which[0].upper()}{which[1:]}; what stands in the cell of {task} counts."
        if len(marked) > 1:
            return told[0], f"The cell of {task} is there {len(marked)} times; nbgrader wants it once."
        return told[0], ""
    damaged = [cell for cell in marked if cell.damaged]
    if damaged:
        return damaged[0], ""  # loading says why
    if len(code) == 1:
        why = "holds its TODO" if any(task in cell.stubs for cell in marked) else "does not define it"
        return code[0], f"{task} was found in {code[0].name}, for the cell of {task} {why}."
    if code:
        where = f"the cell of {task} does not define it" if marked else f"the cell of {task} has lost its metadata"
        return None, f"{where}, and {_numbers(code)} do: keep one of them"
    stubs = [cell for cell in [*marked, *rest] if cell.code and task in cell.stubs]
    hidden = [cell for cell in [*rest, *marked] if cell.code and cell.hides]
    named = any(cell.binds and not cell.hides for cell in marked)
    # `globals()[name] = …`, `exec(…)`: running it says whether it is bound there
    if hidden and not stubs and not named:
        return hidden[-1], f"{task} was looked for in {hidden[-1].name}, for no cell defines it by its name."
    if stubs or marked:
        return (stubs or marked)[0], ""
    texts = _different([cell for cell in rest if not cell.code and task in cell.binds])
    if len(texts) == 1:
        return texts[0], f"{task} was found in {texts[0].name}, which is no cell of code any more: make it one."
    if texts:
        return None, f"{_numbers(texts)} define {task}, and none of them is a cell of code"
    return None, f"the notebook has no cell {task} any more"


def _different(cells: list[_Found]) -> list[_Found]:
    """Of cells that do the same the first."""
    return list({cell.texts: cell for cell in reversed(cells)}.values())[::-1]


def _numbers(cells: list[_Found]) -> str:
    numbers = [str(cell.number) for cell in cells]
    return f"cells {', '.join(numbers[:-1])} and {numbers[-1]}" if len(numbers) > 1 else f"cell {numbers[0]}"


def _lost(lost: list[str], tasks: list[str]) -> str:
    if not lost:
        return ""
    if len(lost) == len(tasks) > 1:
        return "All cells have lost nbgrader's metadata; the functions were found by their names."
    return f"The metadata of nbgrader are lost for {', '.join(lost)}: found by name."


def _changed(cell: _Found, given: str) -> str:
    """What to say of a locked cell that has been changed all the same."""
    new = [text for text in cell.texts if text not in {statement.text for statement in statements(given)}]
    if not new:
        return ""
    return (
        f"The locked cell {cell.id} has been changed. What is new in it counts like a cell of your own, but nbgrader puts the old "
        "cell back: move it into a cell of your own."
    )


@functools.cache
def given_of(id: str) -> dict[str, str]:
    """{grade_id: text} of the cells of our release that are neither a function nor a check.

    Raises:
        CourseError: our own release is not there.
    """
    marked = [(fields_of(cell), cell) for cell in release_of(project(id)).cells]
    return {f["grade_id"]: source_of(c) for f, c in marked if f and not f["grade"] and not f["solution"]}


def cells_of(content: bytes) -> list[dict[str, Any]]:
    """The cells of a notebook, as they stand in the file; those of an older format as nbformat upgrades them.

    One of format 4 is not validated: a damaged output, which no check reads, costs nobody a point.

    Raises:
        Unreadable: it is no notebook.
    """
    if not content.strip():
        raise Unreadable("the file is empty")
    if len(content) > limits.LARGE_NOTEBOOK_BYTES:
        content = without_outputs(content)
    if len(content) > limits.SUBMISSION_BYTES:
        raise Unreadable(f"it has {len(content) / 1e6:.0f} MB even without its outputs")
    try:
        book = json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise Unreadable(f"it is not a notebook, for it is not JSON: {fault}") from None
    if isinstance(book, dict) and book.get("nbformat", 4) != 4:
        if len(content) > limits.OLD_NOTEBOOK_BYTES:
            raise Unreadable("it is a large notebook of an old format: open it in JupyterLab and save it")
        try:
            book = nbformat.reads(
                json.dumps(book), as_version=4
            )  # it joins lists of lines, which `convert` cannot upgrade
        except Exception:  # an upgrade may meet anything in what only calls itself a notebook
            book = None
    cells = book.get("cells") if isinstance(book, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("it is JSON, but not a notebook of format 3 or 4")
    found = [cell for cell in cells if isinstance(cell, dict)]
    if len(found) > limits.CELLS:
        raise Unreadable(
            f"it has {len(found):,} cells, and {limits.CELLS:,} is the most that is read: take away what no function needs"
        )
    length = sum(len(source_of(cell)) for cell in found if cell.get("cell_type") == "code")
    if length > limits.CODE_CHARACTERS:
        raise Unreadable(
            f"its cells of code have {length:,} characters, and {limits.CODE_CHARACTERS:,} is the most that is read: take away "
            "what no function needs, and read data from a file"
        )
    return found


_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)


def without_outputs(content: bytes) -> bytes:
    """The JSON of a notebook with empty outputs and attachments: nobody reads them here, and they may have any size."""
    kept: list[bytes] = []
    start = depth = 0
    dropping = False
    key = b""
    for token in _TOKEN.finditer(content):
        text = token.group()
        if dropping:
            depth += (text in (b"[", b"{")) - (text in (b"]", b"}"))
            if depth == 0:
                start, dropping = token.start(), False
        elif text in (b"[", b"{") and key in (b'"outputs"', b'"attachments"'):
            kept.append(content[start : token.end()])
            depth, dropping = 1, True
        key = text
    return b"".join([*kept, content[start:]])


def release_of(entry: Project) -> Any:
    """The notebook as students got it, as nbformat has it.

    Raises:
        CourseError: it is not there.
    """
    file = paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb"
    if not file.is_file():
        raise CourseError(f"There is no {file.relative_to(paths.ROOT)}.", f"`course release {entry.id}` makes it.")
    return nbformat.read(file, as_version=4)


def _any_fields(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    fields = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return fields if isinstance(fields, dict) else {}


def fields_of(cell: dict[str, Any]) -> dict[str, Any]:
    """nbgrader's fields of a code cell; empty where it has none."""
    return _any_fields(cell) if cell.get("cell_type") == "code" else {}


def source_of(cell: dict[str, Any]) -> str:
    """The text of a cell; empty where it has none that could be read."""
    source = cell.get("source", "")
    text = "".join(s for s in source if isinstance(s, str)) if isinstance(source, list) else source
    return text.encode("utf-8", "replace").decode("utf-8") if isinstance(text, str) else ""

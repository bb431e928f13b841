"""From a notebook to the module that is graded. The notebook is read as data; nothing of it is run here.

Taken from it: the text of its solution cells, by grade_id. Taken from our own release: the order, and the locked cells of imports
and given functions. Of a solution cell the definitions, imports and assignments count; trial calls below them, which may
need variables of other cells, do not. A cell that cannot be read costs its own function only.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nbformat

from course import limits, paths
from course.catalog import Project
from course.errors import CourseError
from course.source import DEFINITIONS, lines_of

KEPT = (*DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.AugAssign)


class Unreadable(ValueError):
    """There is nothing in the file that could be graded; the message says why."""


@dataclass(frozen=True)
class Extract:
    """The module made from a notebook.

    Args:
        text: the module.
        cells: {function: (first line in the module, number of lines)}.
        faults: {function: why its cell does not count}.
        notes: what the student should know.
    """

    text: str
    cells: dict[str, tuple[int, int]]
    faults: dict[str, str]
    notes: tuple[str, ...]

    def place(self, line: int) -> tuple[str, int] | None:
        """("the cell of train_epoch", line in it) of a line of the module; None for a line of ours."""
        for task, (first, count) in self.cells.items():
            if first <= line < first + count:
                return f"the cell of {task}", line - first + 1
        return None


def extract(content: bytes, entry: Project) -> Extract:
    """The module of a notebook.

    Raises:
        Unreadable: it is no notebook, has no solution cell of the project, or has one twice.
        CourseError: our own release is not there.
    """
    tasks = [function.name for function in entry.functions]
    theirs, own = _solutions(cells_of(content), tasks)
    parts: list[str] = []
    cells, faults, notes = {}, {}, []
    line = 1
    for name, given in _release(entry):
        text = given
        if name in tasks:
            if name not in theirs:
                faults[name] = f"the notebook has no cell {name} any more"
                continue
            try:
                text, dropped = _definitions(theirs[name])
            except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
                faults[name] = _says(name, fault)
                continue
            if dropped:
                plural = "s are" if dropped > 1 else " is"
                notes.append(f"In the cell of {name}, {dropped} line{plural} no definition and did not run.")
        count = text.count("\n") + 1
        if name in tasks:
            cells[name] = (line, count)
        parts.append(text)
        line += count + 2
    module = "\n\n\n".join(parts) + "\n"
    lost = sorted(_missing(module) & _defined(own))
    if lost:
        notes.append(
            f"Defined in a cell of your own: {', '.join(lost)}. Only the cells of the functions are graded; "
            "move it into the cell that uses it."
        )
    return Extract(module, cells, faults, tuple(notes))


def cells_of(content: bytes) -> list[dict[str, Any]]:
    """The cells of a notebook, as they stand in the file; those of an older format as nbformat upgrades them.

    One of format 4 is not validated: a damaged output, which no check reads, costs nobody a point.

    Raises:
        Unreadable: it is no notebook.
    """
    if not content.strip():
        raise Unreadable("the file is empty")
    try:
        book = json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise Unreadable(f"it is not a notebook, for it is not JSON: {fault}") from None
    if isinstance(book, dict) and book.get("nbformat", 4) != 4:
        if len(content) > limits.OLD_NOTEBOOK_BYTES:
            raise Unreadable("it is a large notebook of an old format: open it in JupyterLab and save it")
        try:
            book = nbformat.convert(nbformat.from_dict(book), 4)
        except Exception:  # an upgrade may meet anything in what only calls itself a notebook
            book = None
    cells = book.get("cells") if isinstance(book, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("it is JSON, but not a notebook of format 3 or 4")
    return [cell for cell in cells if isinstance(cell, dict)]


def _solutions(cells: list[dict[str, Any]], tasks: list[str]) -> tuple[dict[str, str], list[str]]:
    """({function: text of its cell}, texts of the student's own code cells)."""
    found: dict[str, str] = {}
    own = []
    for cell in cells:
        fields = fields_of(cell)
        name = fields.get("grade_id")
        if fields.get("solution") is True and isinstance(name, str) and name in tasks:
            if name in found:
                raise Unreadable(f"the cell {name} is in it twice; nobody can say which one counts")
            found[name] = source_of(cell)
        elif not fields and cell.get("cell_type") == "code":
            own.append(source_of(cell))
    if not found:
        raise Unreadable("there is no cell of this assignment in it (grade_id " + ", ".join(tasks[:3]) + " …)")
    return found, own


def release_of(entry: Project) -> Any:
    """The notebook as students got it, as nbformat has it.

    Raises:
        CourseError: it is not there.
    """
    file = paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb"
    if not file.is_file():
        raise CourseError(f"There is no {file.relative_to(paths.ROOT)}.", f"`course release {entry.id}` makes it.")
    return nbformat.read(file, as_version=4)


def _release(entry: Project) -> Iterator[tuple[str, str]]:
    """(grade_id, text) of the solution cells and of the given cells of our release, in order."""
    for cell in release_of(entry)["cells"]:
        fields = fields_of(cell)
        if fields and not fields["grade"]:
            yield fields["grade_id"], source_of(cell)


def fields_of(cell: dict[str, Any]) -> dict[str, Any]:
    """nbgrader's fields of a code cell; empty where it has none."""
    metadata = cell.get("metadata")
    fields = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return fields if isinstance(fields, dict) and cell.get("cell_type") == "code" else {}


def source_of(cell: dict[str, Any]) -> str:
    """The text of a cell; empty where it has none that could be read."""
    source = cell.get("source", "")
    text = "".join(s for s in source if isinstance(s, str)) if isinstance(source, list) else source
    return text.encode("utf-8", "replace").decode("utf-8") if isinstance(text, str) else ""


def _definitions(source: str) -> tuple[str, int]:
    """(the cell with every line emptied that belongs to no definition, import or assignment, how many those were).

    Line numbers stay. Commands of IPython (`%time`, `!ls`) at the start of a line are emptied as well.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it cannot be read.
    """
    if len(source) > limits.CELL_CHARACTERS:
        raise ValueError(f"it has {len(source)} characters, and {limits.CELL_CHARACTERS} is the most that is read")
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    lines = re.sub(r"^[%!].*$", "", source, flags=re.MULTILINE).split("\n")
    body = ast.parse("\n".join(lines)).body
    kept: set[int] = set()
    for node in body:
        if isinstance(node, KEPT) or _defines_within(node):
            first, last = lines_of(node)
            kept |= set(range(first, last + 1))
    dropped = 0
    for node in body:
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            if number not in kept and lines[number - 1].strip():
                lines[number - 1] = ""
                dropped += 1
    return "\n".join(lines), dropped


def _defines_within(node: ast.stmt) -> bool:
    """Is it a choice between definitions or imports, such as `try: import …`?"""
    choices = ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    return isinstance(node, ast.If | ast.Try) and any(isinstance(inner, choices) for inner in ast.walk(node))


def _says(task: str, fault: BaseException) -> str:
    if isinstance(fault, SyntaxError):
        shown = f": {fault.text.strip()[:100]}" if fault.text else ""
        return f"the cell of {task} cannot be read: {fault.msg} in line {fault.lineno}{shown}"
    return f"the cell of {task} cannot be read: {fault or type(fault).__name__}"


def _missing(module: str) -> set[str]:
    """Names that the module uses and nowhere defines."""
    tree = ast.parse(module)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return used - _names(tree)


def _defined(sources: list[str]) -> set[str]:
    """Names that the student's own cells define."""
    names: set[str] = set()
    for source in sources:
        try:
            names |= _names(ast.parse(re.sub(r"^[%!].*$", "", source[: limits.CELL_CHARACTERS], flags=re.MULTILINE)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return names


def _names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, DEFINITIONS):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return names

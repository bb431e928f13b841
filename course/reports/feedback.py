"""A graded submission as a notebook to look at: what the student wrote, and under each function the verdict of its checks.

nbgrader gets such a notebook by running the student's, in `nbgrader autograde`. This one is put together from texts, and nothing
of it is ever run: what is locked and the lesson come from our release, each function from the student's own cell or module, the
verdict from the result. The student's outputs are left out, and a text of the student's own is shown as it was typed: formgrader
renders Markdown with all the HTML that is in it, in a page that may use the instructor's Jupyter.
"""

import ast
import re
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course.catalog import Project
from course.cells.notebook import cells_of, fields_of, release_of, source_of
from course.checks.results import ProjectResult, SubmissionResult
from course.limits import CELL_CHARACTERS
from course.reports.terminal import render
from course.source import lines_of
from course.workspace import pristine_text

MOST = 500  # cells of a submission that are shown; a notebook of the course has up to 33
MODULE = "the module"  # what a file of Python is called here
HOW = """\
**Made by `course grade`; nothing in it has been run.** Under each function stands the verdict of its checks. Locked cells are those
of the release. Cells of the student's own have no output."""

Cell = Any  # a NotebookNode: a dict whose keys are attributes as well


def marked(content: bytes, entry: Project, result: SubmissionResult) -> Any:
    """The notebook for one submission, as nbformat has it.

    Args:
        content: the file that was handed in, notebook or module.
        result: its result; it was graded, so there is no reason in it why not.

    Raises:
        Unreadable: the file is called a notebook and is none.
        CourseError: our own release is not there.
    """
    book = release_of(entry)
    if result.file.lower().endswith(".ipynb"):
        cells = _of_notebook(content, book.cells, entry)
    else:
        cells = _of_module(content, book.cells, entry)
    verdicts = {f"check_{task}": checks for task, checks in result.result.by_task().items()}
    for cell in cells:
        checks = verdicts.get(fields_of(cell).get("grade_id", ""))
        if checks:
            bonuses = tuple(result.result.bonuses_of(checks[0].task))
            part = ProjectResult(entry.id, entry.title, MODULE, tuple(checks), bonuses=bonuses)
            cell.outputs = [
                new_output("stream", name="stdout", text=render(part) + "\n"),
                new_output("execute_result", {"text/plain": str(part.earned)}),  # the points, as nbgrader reads them
            ]
    book.cells = [_text("made-by", f"{HOW}\n\n{_fenced(_about(result))}"), *cells]
    return book


def _about(result: SubmissionResult) -> str:
    """Not the name of the file: it may be the student's, and formgrader hides that from who grades."""
    kind = "notebook" if result.file.lower().endswith(".ipynb") else "module"
    return "\n".join([f"handed in: a {kind}, SHA-256 {result.digest}", f"isolation: {result.isolation}", *result.notes])


def _of_notebook(content: bytes, release: list[Cell], entry: Project) -> list[Cell]:
    """The student's cells in their order; those of the release as they were released, and back where they are missing."""
    tasks = {function.name for function in entry.functions}
    given = {_name(cell): cell for cell in release}
    theirs = cells_of(content)
    made: list[Cell] = []
    seen: set[str] = set()
    for number, cell in enumerate(theirs[:MOST], 1):
        name, text = _name(cell), source_of(cell)
        ours = given.get(name) if name not in seen else None
        if ours and name in tasks and fields_of(cell).get("solution") is True:
            ours.source = _cut(text)
            made.append(ours)
        elif ours and name not in tasks and (fields_of(ours) or text == source_of(ours)):
            made.append(ours)
        else:
            made.append(_own(cell.get("cell_type") == "code", f"own-{number}", text))
            continue
        seen.add(name)
    if len(theirs) > MOST:
        made.append(_text("left-out", f"{len(theirs) - MOST} more cells are not shown."))
    return _completed(made, release)


def _completed(made: list[Cell], release: list[Cell]) -> list[Cell]:
    """With nbgrader's cells that are missing, each below the one that it follows in the release."""
    before = -1
    for cell in release:
        if not fields_of(cell):
            continue
        here = [number for number, other in enumerate(made) if other.id == cell.id]
        if not here:
            made.insert(before + 1, cell)
            here = [before + 1]
        before = here[0]
    return made


def _of_module(content: bytes, release: list[Cell], entry: Project) -> list[Cell]:
    """The release with the functions of a module in its cells, and what else is in the module above the first of them."""
    text = content.decode("utf-8-sig", "replace")
    lines = re.split(r"\r\n|\r|\n", text)
    made = list(release)
    solutions = {_name(cell): cell for cell in made if _name(cell) in {f.name for f in entry.functions}}
    place = next(number for number, cell in enumerate(made) if _name(cell) in solutions)
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        for cell in solutions.values():
            cell.source = f"# {MODULE} cannot be read as Python; the first cell of code holds it"
        return [_own(True, "own-1", text), *made]
    parts = {task: f"# {MODULE} has no {task}" for task in solutions}
    rest: list[str] = []
    known = _known(release, entry)
    for node in body:
        first, last = lines_of(node)
        part = "\n".join(lines[first - 1 : last])
        if getattr(node, "name", "") in solutions:
            parts[node.name] = f"# {MODULE}, from line {first}\n{part}"  # type: ignore[attr-defined]
        elif part.strip() not in known:
            rest.append(f"# {MODULE}, from line {first}\n{part}")
    for task, cell in solutions.items():
        cell.source = _cut(parts[task])
    if rest:
        made.insert(place, _own(True, "own-1", "\n\n\n".join(rest)))
    return made


def _known(release: list[Cell], entry: Project) -> set[str]:
    """The statements that are in a module without the student's doing."""
    known = set()
    for text in [*(source_of(cell) for cell in release if fields_of(cell)), pristine_text(entry)]:
        lines = text.split("\n")
        for node in ast.parse(text).body:
            first, last = lines_of(node)
            known.add("\n".join(lines[first - 1 : last]).strip())
    return known


def _name(cell: Cell) -> str:
    """What a cell is known by: its grade_id, or its id where it is none of nbgrader's."""
    name = fields_of(cell).get("grade_id", "")
    if not name and cell.get("cell_type") == "markdown":
        name = f"text {cell.get('id', '')}"
    return name if isinstance(name, str) else ""


def _own(code: bool, id: str, text: str) -> Cell:
    """A cell of the student's own: code without output, or Markdown as it was typed."""
    text = _cut(text)
    return new_code_cell(text, id=id) if code else _text(id, _fenced(text))


def _cut(text: str) -> str:
    return text if len(text) <= CELL_CHARACTERS else f"{text[:CELL_CHARACTERS]}\n# … cut: it has {len(text)} characters"


def _text(id: str, source: str) -> Cell:
    return new_markdown_cell(source, id=id)


def _fenced(text: str) -> str:
    """Text that Markdown shows as it is: between fences longer than any in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"

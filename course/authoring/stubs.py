"""From a solution to its stub: marked bodies give way to a TODO that raises, and no other code changes.

In the text, figures become sentences and folded answers move to the end (`lesson_text`).

nbgrader's own ClearSolutions clears them, so what is cleared here is what nbgrader would clear in a notebook; jupytext reads and
writes the percent file. This module turns text into text and says what is wrong with it; `made` reads and writes the files.
"""

import ast
import textwrap
from dataclasses import dataclass

from course.authoring.lesson_text import ModuleText
from course.catalog import Project
from course.errors import CourseError
from course.workspace import first_line

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
WIDTH = 96  # as solutions/ruff.toml has it; a longer question runs over several comment lines


@dataclass(frozen=True)
class Region:
    """One marked region of a solution.

    Args:
        task: the function or class at the top of the module that holds it.
        first: line of the opening marker, counted from 1.
        last: line of the closing marker.
    """

    task: str
    first: int
    last: int


def stub_text(solution: str, entry: Project, name: str) -> str:
    """The stub of a solution: a first line that says what it is made from, then the solution without its marked bodies.

    Args:
        solution: the text of a percent file.
        entry: its project, for the names of the functions and their questions.
        name: how messages and the first line call the file, such as "solutions/ex01_mnist.py".

    Raises:
        CourseError: markers and functions do not fit each other or the catalog; the file and the line are named.
    """
    regions = find_regions(solution, name)
    _fit_catalog(regions, entry, name)
    cleared = _clear(solution, regions, entry, name)
    return first_line(name, cleared) + cleared


def todo_text(entry: Project, task: str, indent: int = 0) -> str:
    """What stands in place of a marked body, before it is indented by `indent` columns."""
    question = f"TODO {task}: {entry.function(task).todo}"
    # no last line of one word: jupytext and IPython take "# word?" for a call for help
    wrapped = (textwrap.wrap(question, width) for width in range(WIDTH - indent - 2, 0, -1))
    comment = ["# " + line for line in next(lines for lines in wrapped if len(lines[-1].split()) > 1)]
    return "\n".join([*comment, f'raise NotImplementedError("{task}")'])


def find_regions(solution: str, name: str) -> list[Region]:
    """The marked regions of a solution, in order.

    Raises:
        CourseError: a marker without its partner, a region outside a function, or two of them in one function.
    """
    pairs = _marker_pairs(solution, name)
    _parse(solution, name)
    marked = _markers_as_statements(solution)
    tree = _parse(marked, name, ": a marker stands in the midst of a statement")
    regions: list[Region] = []
    owners: dict[ast.AST, int] = {}
    for first, last in pairs:
        holders = [
            n for n in ast.walk(tree) if isinstance(n, DEFINITIONS) and n.lineno < first and last <= (n.end_lineno or 0)
        ]
        # ast.walk goes from the outside in: the first holder stands at the top of the module, the last one is the innermost
        if not holders or isinstance(holders[-1], ast.ClassDef) or holders[0] not in tree.body:
            raise CourseError(
                f"{name}:{first}: this marked region does not stand in a function.",
                "Only the body of a function or of a method can become a TODO.",
            )
        if holders[-1] in owners:
            raise CourseError(
                f"{name}:{first}: {holders[-1].name} already has a marked region in line {owners[holders[-1]]}.",
                "Once the first TODO raises, nothing else of a function runs: mark one region in each.",
            )
        owners[holders[-1]] = first
        regions.append(Region(holders[0].name, first, last))
    return regions


def _parse(text: str, name: str, remark: str = "") -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as fault:
        raise CourseError(
            f"{name}:{fault.lineno}: {fault.msg}{remark}.", "A solution has to be valid Python."
        ) from None


def _markers_as_statements(solution: str) -> str:
    """The text with a `pass` for each marker: so that the syntax tree says in which function a marker stands."""
    lines = [
        line.replace(line.strip(), "pass") if line.strip() in (BEGIN, END) else line
        for line in solution.splitlines(keepends=True)
    ]
    return "".join(lines)


def _marker_pairs(solution: str, name: str) -> list[tuple[int, int]]:
    """(opening, closing) lines, counted from 1."""
    pairs, opened = [], None
    for number, line in enumerate(solution.splitlines(), 1):
        for words, marker in (("BEGIN SOLUTION", BEGIN), ("END SOLUTION", END)):
            if words in line and line.strip() != marker:
                raise CourseError(
                    f"{name}:{number}: nbgrader takes this line for a marker: {line.strip()}",
                    f"A marker is a line of its own, {marker}; say it in other words elsewhere.",
                )
        if line.strip() == BEGIN:
            if opened is not None:
                raise CourseError(
                    f"{name}:{number}: a second {BEGIN} after line {opened}.", f"Close the first one with {END}."
                )
            opened = number
        elif line.strip() == END:
            if opened is None:
                raise CourseError(
                    f"{name}:{number}: {END} without an opening marker.", f"Write {BEGIN} above the body."
                )
            pairs.append((opened, number))
            opened = None
    if opened is not None:
        raise CourseError(f"{name}:{opened}: {BEGIN} is never closed.", f"Write {END} below the body.")
    return pairs


def _fit_catalog(regions: list[Region], entry: Project, name: str) -> None:
    known = {function.name for function in entry.functions}
    for region in regions:
        if region.task not in known:
            raise CourseError(
                f"{name}:{region.first}: {region.task} has a marked region, but project {entry.id} has no such function.",
                "Add it to course/catalog.toml, or take the markers away.",
            )
    for task in [f.name for f in entry.functions]:
        if task not in {region.task for region in regions}:
            raise CourseError(
                f"{name}:1: {task} of course/catalog.toml has no marked region here.",
                f"Put its body between {BEGIN} and {END}.",
            )


def _clear(solution: str, regions: list[Region], entry: Project, name: str) -> str:
    """The percent file with each region replaced by its TODO, by way of jupytext and ClearSolutions."""
    import jupytext
    from nbformat.v4 import new_markdown_cell
    from nbgrader.preprocessors import ClearSolutions

    percent = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    notebook = jupytext.reads(solution, fmt=percent)
    notebook.metadata.setdefault("jupytext", {})["notebook_metadata_filter"] = "-all"
    again = jupytext.writes(notebook, fmt=percent)
    if again != solution:
        ours, theirs = solution.splitlines(), again.splitlines()
        line = next((k for k, (a, b) in enumerate(zip(ours, theirs), 1) if a != b), min(len(ours), len(theirs)))
        raise CourseError(
            f"{name}:{line}: jupytext would write this line in another way.",
            "Cells open with `# %%`, with two blank lines before one that follows a function; the file ends with one newline.",
        )
    left = iter(regions)
    lines = solution.splitlines()
    text = ModuleText(entry, name)
    for cell in notebook.cells:
        mine = [next(left) for _ in range(cell.source.count(BEGIN))]
        if not mine:
            if cell.cell_type == "markdown":
                cell.source = text.cell(cell.source)
            continue
        if cell.cell_type != "code":
            raise CourseError(
                f"{name}:{mine[0].first}: a marker outside a code cell.", "Open a code cell with `# %%` above."
            )
        if len({region.task for region in mine}) > 1:
            raise CourseError(
                f"{name}:{mine[1].first}: one cell holds {mine[0].task} and {mine[1].task}.",
                "Give each function a cell of its own: nbgrader grades by cells.",
            )
        indent = max(len(lines[r.first - 1]) - len(lines[r.first - 1].lstrip()) for r in mine)
        stub = {"python": todo_text(entry, mine[0].task, indent)}
        clear = ClearSolutions(code_stub=stub, enforce_metadata=False)
        clear.preprocess_cell(cell, {"language": "python"}, 0)
    if answers := text.last_cell():
        notebook.cells.append(new_markdown_cell(answers))
    return jupytext.writes(notebook, fmt=percent)

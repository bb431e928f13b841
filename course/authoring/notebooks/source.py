"""From a solution to its nbgrader source notebook: the lesson, each function's cell, and below it the cell that checks it.

No grader's code stands in a notebook, only the call `check("01", "train_epoch")` (`course.notebook`), so notebook and terminal
run the same checks. This module turns text into text; `release` reads and writes files and runs nbgrader.
The fields of a cell's metadata are nbgrader's, schema version 3.
"""

import ast
import re
from collections.abc import Iterable
from typing import Any

from course.authoring.lesson_text import for_notebook
from course.authoring.notebooks.pictures import Picture, picture_of
from course.authoring.stubs import BEGIN, DEFINITIONS, find_regions
from course.catalog import Project

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
HOW = """\
**How this notebook works.** Run the first cell of code, the imports. Where a function's cell says TODO, write the body and run the
cell; then run the cell below it. That one checks the function: it says what is right, what is wrong and where, and asks a question
that points the way. The last line of its output is your number of points. You may add cells of your own: what a function uses from
them, another function or an import, counts with it. Save the notebook before you hand it in; the checks remind you."""
RUNNING = """\
The commands above run a module, `exercises/{module}.py`, which holds the same functions with the same TODOs. The next cell does the
same here, with your functions of this notebook, and shows the pictures. It is not graded; run it when all above is right."""
RUN = """\
from course.notebook import run

run("{project}")"""
TRYING = """\
Predict, then run: an experiment of this lesson with your functions. Run the cell to read the question, write your guess where it
says None, and run it again. {others}Guess and outcome stand in `course report` too."""
TRY = """\
from course.notebook import predict

predict("{project}", {arguments}, guess=None)"""
CHECK = """\
# {points} points: run this cell after each change of {task}.
from course.notebook import check

check("{project}", "{task}")"""


def notebook_text(solution: str, entry: Project, name: str) -> str:
    """The source notebook of a solution as the text of an .ipynb file; the same solution gives the same bytes.

    Args:
        solution: the text of a percent file.
        entry: its project, for the names of the functions and their points.
        name: how messages call the file, such as "solutions/ex01_mnist.py".

    Raises:
        CourseError: a marker does not fit; the file and the line are named.
    """
    import jupytext
    import nbformat

    found = [region.task for region in find_regions(solution, name)]
    tasks, names = iter(found), _Names(found)
    cells: list[Any] = []
    dropped = False
    for cell in jupytext.reads(solution, fmt={"extension": ".py", "format_name": "percent"}).cells:
        if "active-py" in cell.metadata.get("tags", []):  # for the module alone: to train, and what runs that
            dropped = True
        elif cell.cell_type == "markdown":
            text, attachments = for_notebook(cell.source, entry, name)
            cells.append(_markdown(text, names.of_text(text), attachments))
            if len(cells) == 1:
                if picture := picture_of(entry):
                    cells.append(_picture(picture, names.new("picture")))
                cells.append(_markdown(HOW, names.new("how-it-works")))
        elif BEGIN in cell.source:
            task = {
                next(tasks) for _ in range(cell.source.count(BEGIN))
            }.pop()  # one cell, one task: `stubs` sees to it
            cells.append(_code(cell.source, names.new(task), solution=True, locked=False))
            points = entry.function(task).points
            text = CHECK.format(points=points, project=entry.id, task=task)
            cells.append(_code(text, names.new(f"check_{task}"), points=points))
        else:
            cells.append(_code(cell.source, names.new(_first_name(cell.source))))
    if dropped:
        cells.append(_markdown(RUNNING.format(module=entry.module), names.new("running")))
        # without nbgrader's fields: a cell of the student's own, which no grading runs
        cells.append(nbformat.v4.new_code_cell(RUN.format(project=entry.id), id=names.new("run")))
    cells += _tries(entry, names)
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat_minor = 5  # the first that has cell ids
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4) + "\n"


def _tries(entry: Project, names: "_Names") -> list[Any]:
    """The lesson's experiments: what they are, and a cell with the first of them; a cell of the student's own, as that of `run`."""
    import nbformat

    from course.tries.experiment import experiments

    if not (found := experiments(entry)):
        return []
    called = ['"{}"{}'.format(one.name, "" if one.value is None else f", {one.value:g}") for one in found]
    others = f"Others: {'; '.join(f'`{call}`' for call in called[1:])}. " if called[1:] else ""
    code = TRY.format(project=entry.id, arguments=called[0])
    return [
        _markdown(TRYING.format(others=others), names.new("predict-then-run")),
        nbformat.v4.new_code_cell(code, id=names.new("predict")),
    ]


class _Names:
    """Readable ids, each given out once. An id depends on its own cell: a new cell elsewhere changes no other.

    A function's name is the id of its own cell, by which it is graded; a heading of the same words gets another.
    """

    def __init__(self, tasks: Iterable[str]) -> None:
        self.tasks = set(tasks)
        self.given: set[str] = set()

    def new(self, wanted: str) -> str:
        """`wanted`, or `wanted-2` and so on where it is taken already."""
        name = next(n for n in [wanted, *(f"{wanted}-{k}" for k in range(2, 1000))] if n not in self.given)
        self.given.add(name)
        return name

    def of_text(self, markdown: str) -> str:
        """The heading as an id: "From picture to tensor" is from-picture-to-tensor."""
        heading = markdown.partition("\n")[0].lower()
        words = re.findall(r"[a-z0-9]+", heading)
        name = "-".join(words)[:56].strip("-") or "text"  # nbformat allows 64 characters
        return self.new(f"text-{name}" if name in self.tasks else name)


def _first_name(source: str) -> str:
    """What a cell of given code is called: by the first thing that it defines."""
    for node in ast.parse(source).body:
        if isinstance(node, DEFINITIONS):
            return f"given_{node.name}"
    return "imports" if re.search(r"^(import|from) ", source, re.MULTILINE) else "given"


def _markdown(source: str, id: str, attachments: dict[str, Any] | None = None) -> Any:
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell(source, id=id, **({"attachments": attachments} if attachments else {}))


def _picture(picture: Picture, id: str) -> Any:
    """The picture as an attachment: a notebook is one file."""
    return _markdown(f"![{picture.says}](attachment:{picture.file})\n\n*{picture.says}*", id, picture.attachment())


def _code(source: str, id: str, *, solution: bool = False, locked: bool = True, points: int | None = None) -> Any:
    """A code cell with nbgrader's metadata; with points it is one that grades."""
    from nbformat.v4 import new_code_cell

    fields: dict[str, Any] = {
        "grade": points is not None,
        "grade_id": id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        fields["points"] = points
    return new_code_cell(source, id=id, metadata={"nbgrader": fields})

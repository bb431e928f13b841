"""What is known of a student's notebooks without running them: which functions are written, and the points of the check cells.

Check cells note their points in `.course/progress.json` beside those of the modules (`progress`). No grade is ever read from there.
"""

import ast
import json
from dataclasses import dataclass
from pathlib import Path

from course import limits, paths
from course.catalog import Project
from course.source import definitions, unfinished
from course.workspace import progress


@dataclass(frozen=True)
class Notebook:
    """The notebook of a project.

    Args:
        functions: those that are no longer at their TODO.
        earned: points that its check cells have said last.
    """

    file: Path
    functions: frozenset[str]
    earned: int

    @property
    def written(self) -> int:
        """How many that are."""
        return len(self.functions)


def notebook(entry: Project) -> Notebook | None:
    """The student's notebook of a project, or None where there is none."""
    file = paths.ROOT / "notebooks" / f"{entry.module}.ipynb"
    if not file.is_file():
        return None
    names = {function.name for function in entry.functions}
    return Notebook(file, frozenset(names & _written(file)), sum(progress.cells(entry).values()))


def _written(file: Path) -> set[str]:
    """The functions and classes that its cells define and that are not at their TODO."""
    try:
        if file.stat().st_size > limits.OUTPUT_BYTES:
            return set()
        cells = json.loads(file.read_text("utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    found: set[str] = set()
    for text in texts:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue  # a magic, or half a cell
        found = (found | definitions(tree).keys()) - unfinished(tree).keys()
    return found

"""A project's `main` with functions that stand somewhere else than in its module: in a notebook.

`main` is taken from the pristine stub, so that notebook and module train alike.
"""

import ast
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course import paths
from course.catalog import Project
from course.errors import CourseError
from course.falling import ASKED, Falling


def run_here(entry: Project, stub: str, names: Mapping[str, Any], options: Sequence[str] = ()) -> list[Path]:
    """Run it; returns the pictures that it has saved.

    Args:
        stub: the text of the project's stub.
        names: where the functions are.
        options: as on the command line.

    Raises:
        CourseError: a function is missing, or is still at its TODO.
    """
    missing = [function.name for function in entry.functions if function.name not in names]
    if missing:
        raise CourseError(f"There is no {missing[0]} yet.", "Run its cell first, and those of all other functions.")
    tree = ast.parse(stub)
    given = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)} - {
        function.name for function in entry.functions
    }
    wanted: list[ast.stmt] = [
        node
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            and node.name in given
            and (node.name == "main" or node.name not in names)
        )
        or (isinstance(node, ast.If) and "__name__" in ast.dump(node.test))
    ]
    space = dict(names) | {"__name__": "__main__", "__annotations__": {}}
    started, before = time.time(), sys.argv
    sys.argv = [entry.module, *options]
    started_here: list[Falling] = []
    asked = ASKED.set(started_here)
    try:
        exec(compile(ast.Module(wanted, []), f"<{entry.module}>", "exec"), space)
    except NotImplementedError as fault:
        name = str(fault)
        if name not in {function.name for function in entry.functions}:
            raise
        raise CourseError(
            f"{name} is not written yet.", f"Write it in its cell above; `course hint {entry.id} {name}` helps."
        ) from None
    finally:
        sys.argv = before
        ASKED.reset(asked)
        for falling in started_here:
            falling.end()
    folder = paths.runs_folder() / entry.module
    return sorted(file for file in folder.glob("*.png") if file.stat().st_mtime >= started - 1)

"""The checks in a notebook: `check("01", "train_epoch")` grades the function as the notebook would hand it in now.

Written for nbgrader, which takes the value of the cell's last expression for the points, and gives nothing at all to a cell that
has written to stderr (`nbgrader.utils.determine_grade`). So a verdict is printed, the points are returned, and what libraries say
on stderr meanwhile is dropped. It is as advisory as `pytest graders`: the student's code runs in the same process.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from typing import TYPE_CHECKING

from course.catalog import project as project_of
from course.errors import CourseError

if TYPE_CHECKING:
    from course.cells.kernel import Opened

SECONDS = 300.0  # for all checks of one cell; nbgrader_config.py gives a cell 900, so that a loop ends in a verdict


def check(project: str, task: str, *, seconds: float = SECONDS, notebook: "Opened | None" = None) -> int:
    """Run the checks of one function, print the verdict, and return the points earned.

    Args:
        project: "01", as in the catalog.
        task: the function's (or class's) name.
        seconds: a loop is stopped by then and fails its check. It needs the main thread and alarm signals (not on Windows).
        notebook: what holds the functions; the one in whose kernel this runs, unless given.

    Returns:
        Points from 0 to those of the function; 0 for one that is still at its TODO.

    Raises:
        CourseError: there is no such function, or data of the course are missing.
    """
    entry = project_of(project)
    names = [function.name for function in entry.functions]
    if task not in names:
        raise CourseError(f"Project {entry.id} has no function {task!r}.", f"Its functions are: {', '.join(names)}.")
    with quiet():
        # imported here, because importing torch may warn as well
        from course.cells.kernel import opened
        from course.checks.notebook import grade_task
        from course.reports.terminal import render
        from course.workspace import progress

        result = grade_task(entry, task, notebook or opened(), seconds)
        if notebook is None and not os.environ.get("NBGRADER_EXECUTION"):  # not when a class is graded
            progress.record_cell(entry, task, result.earned)
    print(render(result))
    return result.earned


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing reaches stderr: not by `sys.stderr`, not by a handler that keeps it from before, not by file descriptor 2."""
    stream = sys.stderr
    with suppress(AttributeError, ValueError):
        stream.flush()  # what came earlier still belongs to whoever wrote it
    kept = vars(stream).get("write") if hasattr(stream, "__dict__") else None
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stderr(nowhere), _descriptor(nowhere.fileno()):
        shadowed = False
        with suppress(AttributeError, TypeError):
            stream.write = nowhere.write  # type: ignore[method-assign, union-attr]
            shadowed = True
        try:
            yield
        finally:
            if shadowed and kept is None:
                del stream.write  # type: ignore[union-attr]
            elif shadowed:
                stream.write = kept  # type: ignore[method-assign, union-attr]


@contextmanager
def _descriptor(nowhere: int) -> Iterator[None]:
    """File descriptor 2 leads to `nowhere`: what compiled libraries write."""
    try:
        before = os.dup(2)
    except OSError:
        yield
        return
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)

"""The source notebook of a project: its text, made from the solution, and where it lies as nbgrader has it."""

from pathlib import Path

from course import paths
from course.authoring.notebooks.source import notebook_text
from course.catalog import Project
from course.errors import CourseError


def source_text(entry: Project) -> str:
    """The source notebook of a project, made from its solution.

    Raises:
        CourseError: there is no solution here, or it does not fit.
    """
    solution = paths.ROOT / "solutions" / f"{entry.module}.py"
    if not solution.is_file():
        raise CourseError(
            f"There is no {solution.relative_to(paths.ROOT)} in {paths.ROOT}.",
            "A release is made where the solutions are.",
        )
    return notebook_text(solution.read_text("utf-8"), entry, f"solutions/{solution.name}")


def notebook_file(entry: Project, folder: str, root: Path | None = None) -> Path:
    """Where the notebook of a project lies in "source" or "release", as nbgrader has it."""
    return (root or paths.ROOT) / folder / entry.module / f"{entry.module}.ipynb"

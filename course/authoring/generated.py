"""The made files: which there are, writing them, and telling which are stale.

From each solution three: exercises/ex01_mnist.py, which a student edits, course/workspace/ex01_mnist.stub, which stays as it is,
and the source notebook for nbgrader. What nbgrader makes of that is for `course release`.
"""

from pathlib import Path

from course import files, paths
from course.authoring.notebooks.files import notebook_file, source_text
from course.authoring.stubs import stub_text
from course.catalog import projects
from course.errors import CourseError
from course.workspace import edited, exercises, pristine_file

PACKAGE = (
    '"""Your exercises. Write the bodies; `course watch 01` says how they stand. Made by `course author make`."""\n'
)


def stub_files() -> dict[Path, str]:
    """Every stub and what has to stand in it. Projects whose solution is not written yet are left out.

    Raises:
        CourseError: a solution is not fit to be made into a stub.
    """
    if not (paths.ROOT / "solutions").is_dir():
        raise CourseError(
            f"There is no folder solutions/ in {paths.ROOT}.",
            "Stubs are made where the solutions are; a student's own stubs come back with `course reset` and `course update`.",
        )
    made = {paths.ROOT / "exercises" / "__init__.py": PACKAGE}
    for entry in projects():
        solution = paths.ROOT / "solutions" / f"{entry.module}.py"
        if solution.is_file():
            text = stub_text(solution.read_text("utf-8"), entry, f"solutions/{solution.name}")
            made[paths.ROOT / "exercises" / solution.name] = text
            made[pristine_file(entry)] = text
    return made


def made_files() -> dict[Path, str]:
    """Every made file and what has to stand in it.

    Raises:
        CourseError: a solution is not fit to be made into a stub or a notebook.
    """
    made = stub_files()
    written = [entry for entry in projects() if pristine_file(entry) in made]
    return made | {notebook_file(entry, "source"): source_text(entry) for entry in written}


def stale() -> list[Path]:
    """Made files that are missing, are not what would be made now, or have no solution any more."""
    made = made_files()
    wrong = [file for file, text in made.items() if files.read(file) != text]
    return wrong + _orphans(made)


def make() -> tuple[list[Path], list[Path]]:
    """Write what is stale.

    Returns:
        (files written or deleted, backups of exercises that somebody had edited).
    """
    made = made_files()
    changed, backups = [], []
    for file, text in made.items():
        old = files.read(file)
        if old == text:
            continue
        if old is not None and file.parent.name == "exercises" and file.name.startswith("ex") and edited(old):
            backups.append(exercises.back_up(file))
        files.write(file, text)
        changed.append(file)
    for file in _orphans(made):
        if edited(files.read(file) or ""):
            backups.append(exercises.back_up(file))
        file.unlink()
        changed.append(file)
    return changed, backups


def _orphans(made: dict[Path, str]) -> list[Path]:
    found = [*(paths.ROOT / "exercises").glob("ex*.py"), *(paths.ROOT / "course" / "workspace").glob("*.stub")]
    return sorted(file for file in found if file not in made)

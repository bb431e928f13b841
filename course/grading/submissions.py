"""Which submissions a folder holds: one row for each student and project, also where the file is missing or there are two.

It looks at names only and opens nothing. Two layouts, which may be mixed:

- nbgrader's: `submitted/ada/ex01_mnist/ex01_mnist.ipynb` (or `.py`);
- flat: `submitted/ada.ipynb`, `submitted/ada.py`, or `submitted/ada/` with `ex01_mnist.ipynb` or one file of any name.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course import catalog, limits
from course.catalog import Project
from course.errors import CourseError

KINDS = (".ipynb", ".py")


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one project.

    Args:
        student: the name, with characters that cannot be written shown as \\xff or \\n.
        project: id of the project.
        file: what is to be graded, or None with a `problem`.
        name: the file, from the folder of the class; empty where there is none.
        problem: why there is nothing to grade.
    """

    student: str
    project: str
    file: Path | None
    name: str = ""
    problem: str = ""


def find(folder: Path, entries: Iterable[Project] = (), students: Iterable[str] = ()) -> list[Submission]:
    """Every submission below `folder`, by project and then by student.

    Args:
        entries: projects to look for; unless given, those for which a folder or a file is named.
        students: names that must have a row even where nothing was handed in.

    Raises:
        CourseError: there is no such folder, nothing in it, or it does not say which project it is of.
    """
    if not folder.is_dir():
        raise CourseError(f"There is no folder {folder}.", "Name the folder that holds a folder or a file a student.")
    below = [path for path in sorted(folder.iterdir()) if not _ignored(path)]
    if not below:
        raise CourseError(
            f"There is nothing in {folder}.",
            "It needs a folder or a file a student, such as ada/ex01_mnist/ex01_mnist.ipynb or ada.ipynb.",
        )
    owners: dict[str, list[Path]] = {name: [] for name in students}
    for path in below:
        owners.setdefault(_written(path.name if path.is_dir() else path.stem), []).append(path)
    wanted = list(entries) or _named(below)
    return [_of(student, owners[student], entry, folder) for entry in wanted for student in sorted(owners)]


def read(file: Path) -> bytes:
    """The content of a submission: a plain file, no link, of a size to read.

    Raises:
        ValueError: it is not; the message says what it is.
        OSError: it cannot be read.
    """
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as stream:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is not a plain file")
        if about.st_size > limits.SUBMISSION_BYTES:
            raise ValueError(
                f"it has {about.st_size / 1e6:.0f} MB, and {limits.SUBMISSION_BYTES / 1e6:.0f} MB is the most that is read"
            )
        return stream.read(limits.SUBMISSION_BYTES + 1)


def _named(below: list[Path]) -> list[Project]:
    """The projects whose module name stands in a student's folder."""
    names = {path.stem for folder in below if folder.is_dir() for path in folder.iterdir()}
    found = [entry for entry in catalog.projects() if entry.module in names]
    if not found:
        raise CourseError(
            "Nothing in the folder says which project it is of.", "Add --project, for example `--project 01`."
        )
    return found


def _of(student: str, places: list[Path], entry: Project, root: Path) -> Submission:
    """The submission of one student: the one file of the project in the student's places, or why there is none."""
    files: list[Path] = []
    others: list[Path] = []
    for place in places:
        if place.is_dir() and not place.is_symlink():
            found, rest = _inside(place, entry)
            files += found
            others += rest
        elif place.suffix.lower() in KINDS:
            files.append(place)
        else:
            others.append(place)
    names = [_written(str(path.relative_to(root))) for path in files]
    if len(files) == 1:
        return Submission(student, entry.id, files[0], names[0])
    if files:
        problem = f"there are {len(files)} files to choose from: {', '.join(names[:4])}"
        return Submission(student, entry.id, None, names[0], problem)
    problem = f"there is no {entry.module}.ipynb and no {entry.module}.py"
    if others:
        problem += f", only {', '.join(_written(path.name) for path in others[:3])}"
    return Submission(student, entry.id, None, "", problem)


def _inside(folder: Path, entry: Project) -> tuple[list[Path], list[Path]]:
    """(files that may be meant, other things) in a student's folder: first by the project's name, then any one file."""
    other = {p.module for p in catalog.projects()} - {entry.module}
    for place in (folder / entry.module, folder):
        if place.is_dir() and not place.is_symlink():
            exact = [place / f"{entry.module}{kind}" for kind in KINDS]
            found = [path for path in exact if os.path.lexists(path)]
            if found:
                return found, []
    for place in (folder / entry.module, folder):
        if place.is_dir() and not place.is_symlink():
            inside = [path for path in sorted(place.iterdir()) if not _ignored(path) and path.stem not in other]
            found = [path for path in inside if path.suffix.lower() in KINDS]
            if found or place != folder:
                return found, inside
    return [], [path for path in sorted(folder.iterdir()) if not _ignored(path) and path.name not in other]


def _ignored(path: Path) -> bool:
    """Folders and files that systems leave behind."""
    return path.name.startswith(".") or path.name in ("__MACOSX", "__pycache__", "Thumbs.db")


def _written(name: str) -> str:
    """A file's name in characters that can be written in any report: no control characters, no lone halves of UTF-16."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

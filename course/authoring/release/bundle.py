"""The student bundle: a whole copy of the course for those who are to solve it, as a folder and as a zip.

In it: stubs, notebooks, graders, of the package what a student's commands import, the page about data, a README, a workflow for
GitHub Actions. Not in it: solutions, mistakes and alternatives, and what only authors and instructors run. What must not be in it
is looked for by `leaks`.
"""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from course import files, paths
from course.authoring import generated
from course.authoring.figures.keeping import PICTURES
from course.catalog import Project, projects
from course.errors import CourseError
from course.workspace import exercises
from course.workspace import pristine_file

README = "docs/for-students.md"  # becomes README.md
WORKFLOW = Path(__file__).parent / "templates" / "grade.yml"
PLAIN: tuple[str, ...] = (".gitignore", "LICENSE", "LICENSE-CONTENT.md", "pyproject.toml", "constraints.txt")
PLAIN += ("data/README.md", "docs/data.md", "docs/glossary.md", "docs/running.md")
SUFFIXES = {".py", ".toml", ".txt", ".json", ".md", ".safetensors", ".j2", ".css"}  # what the package consists of
# Of the package, what authors alone run: the making of all this, the proofs, what the data teach.
AUTHORS = ("authoring/", "lessons/")
# What instructors run beside that: the grading of a class, and the views of it.
VIEWS = (
    *("autograded", "class_facts", "class_folder", "class_list", "class_page", "exchange", "exports/", "feedback", "gradebook"),
    *("gradescope", "html", "junit", "late", "likeness_page", "nbgrader_page", "table", "totals"),
    *(f"templates/{name}" for name in ("class", "likeness", "page.html", "term")),
)
COMMANDS = ("class_page", "doctor_wall", "export", "feedback", "grade", "release", "requests", "roster", "similar")
SHARED = ("options", "stopping")  # what those use
INSTRUCTORS = ("grading/", "wall/", *(f"cli/{name}" for name in (*COMMANDS, *SHARED)), *(f"reports/{view}" for view in VIEWS))
NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the same content gives the same bytes


def build(folder: Path) -> Path:
    """Make the bundle anew in `folder`, which is replaced, and `folder`.zip beside it; returns the zip.

    Raises:
        CourseError: stubs are stale or a file of the course is missing.
    """
    place(dict(_contents()), folder)
    return pack(folder)


def place(contents: dict[str, bytes], folder: Path) -> None:
    """Write {path: content} below `folder`, which is replaced; a fault on the way leaves the old one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=folder.parent) as new:
        for name, content in contents.items():
            file = Path(new, folder.name, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(Path(new, folder.name), folder)


def pack(folder: Path, within: str | None = None) -> Path:
    """The folder as a zip beside it; returns the zip. Scripts (`#!`) can be run, whatever the system that made it.

    Args:
        within: the folder in the zip that all lies in: that folder's own name unless given, or "" for none.
    """
    packed = folder.with_name(folder.name + ".zip")
    top = f"{folder.name}/" if within is None else within
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(f for f in folder.rglob("*") if f.is_file()):
            content = file.read_bytes()
            entry = zipfile.ZipInfo(f"{top}{file.relative_to(folder).as_posix()}", NO_TIME)
            entry.external_attr = (0o755 if content.startswith(b"#!") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed


def package(without: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of the package `course`, but for files whose path begins with one of these."""
    for file in sorted((paths.ROOT / "course").rglob("*")):
        name = file.relative_to(paths.ROOT / "course").as_posix()
        if file.suffix in SUFFIXES and file.is_file() and not name.startswith(without):
            yield f"course/{name}", read(file)


def graders(entries: Sequence[Project]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of the graders of these projects and of what they share; nothing of mistakes and alternatives."""
    known = {entry.grader for entry in entries}
    folder = paths.ROOT / "graders"
    for file in sorted([*folder.glob("*.py"), *folder.glob("kit/**/*.py")]):
        if not file.name.startswith("test_") or file.name in known:
            yield file.relative_to(paths.ROOT).as_posix(), read(file)


def read(file: Path) -> bytes:
    """The content of a file of the course.

    Raises:
        CourseError: it is not there.
    """
    try:
        return file.read_bytes()
    except OSError as fault:
        raise CourseError(f"{file} cannot be read: {fault.strerror}.", "Take a whole copy of the course.") from fault


def _contents() -> Iterator[tuple[str, bytes]]:
    """(path in the bundle, content)."""
    yield "README.md", read(paths.ROOT / README)
    yield ".github/workflows/grade.yml", read(WORKFLOW)
    for name in PLAIN:
        yield name, read(paths.ROOT / name)
    yield from package(AUTHORS + INSTRUCTORS)
    yield from graders(projects())
    for file in sorted((paths.ROOT / PICTURES).glob("*.png")):  # the stubs name them
        yield f"{PICTURES}/{file.name}", read(file)
    fresh = generated.stub_files()
    yield "exercises/__init__.py", generated.PACKAGE.encode()
    for entry in projects():
        stub = pristine_file(entry)
        if files.read(stub) != fresh.get(stub):
            raise CourseError(f"{stub.relative_to(paths.ROOT)} is stale.", "Run `course author make` first.")
        yield f"course/workspace/{stub.name}", read(stub)
        yield f"exercises/{entry.module}.py", read(stub)
        notebook = paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb"
        if notebook.is_file():
            yield f"notebooks/{notebook.name}", read(notebook)

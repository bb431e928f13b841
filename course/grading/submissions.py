"""Which submissions a folder holds: one row for each student and project, also where the file is missing or there are two.

It looks at names; only where several files may be meant it looks into them. Two layouts, which may be mixed:

- nbgrader's: `submitted/ada/ex01_mnist/ex01_mnist.ipynb` (or `.py`);
- flat: `submitted/ada.ipynb`, `submitted/ada.py`, or `submitted/ada/` with `ex01_mnist.ipynb` or one file of any name.

A name is the same whether its umlauts are one character or two (Unicode), and whatever its case where the file system makes no
difference.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from course import catalog
from course.catalog import Project
from course.errors import CourseError
from course.grading.handed_in import written

KINDS = (".ipynb", ".py")
DISGUISED = re.compile(r".*\.(?:ipynb|py)\.(?:txt|json)", re.IGNORECASE)  # a browser saved it so
DEPTH, ENTRIES = 4, 2000  # how far, and through how many files and folders, a lost one is looked for
# What systems, archives and platforms leave beside submissions: nobody's name, whatever the case.
LEFT_BEHIND = re.compile(
    r"\..*|__macosx|__pycache__|thumbs\.db|desktop\.ini|icon\r?|\$recycle\.bin|system volume information|@eadir|lost\+found"
    r"|timestamp\.txt|submission_secret\.txt"
    r"|(?:readme|license|licence|index|manifest|submission_metadata)(?:\.\w+)?|.*\.(?:csv|tsv|xlsx|ods|log|ini|db|lnk|tmp|yml|yaml|json|toml)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one project.

    Args:
        student: the name, with characters that cannot be written shown as \\xff or \\n.
        project: id of the project.
        file: what is to be graded, or None with a `problem`.
        name: the file, from the folder of the class; empty where there is none.
        problem: why there is nothing to grade.
        note: why it is this file, where that is not plain.
        folder: the student's own, or None where the files of all lie in one.
        others: {module of another project: the student's file of it}.
        when: it was handed in, where a table says so; else what lies beside the file counts.
    """

    student: str
    project: str
    file: Path | None
    name: str = ""
    problem: str = ""
    note: str = ""
    folder: Path | None = None
    others: Mapping[str, Path] = field(default_factory=dict)
    when: datetime | None = None


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
    below = [path for path in sorted(folder.iterdir()) if not ignored(path)]
    if not below:
        raise CourseError(
            f"There is nothing in {folder}.",
            "It needs a folder or a file a student, such as ada/ex01_mnist/ex01_mnist.ipynb or ada.ipynb.",
        )
    same = _sameness(folder)
    owners: dict[str, tuple[str, list[Path]]] = {same(name): (name, []) for name in students}
    for path in below:
        name = writable(path.name if path.is_dir() else path.stem)
        owners.setdefault(same(name), (unicodedata.normalize("NFC", name), []))[1].append(path)
    wanted = list(entries) or named(path.stem for place in below if place.is_dir() for path in place.iterdir())
    return rows(sorted(owners.values()), wanted, lambda path: writable(str(path.relative_to(folder))))


def rows(
    owners: Sequence[tuple[str, list[Path]]], entries: Iterable[Project], shown: Callable[[Path], str]
) -> list[Submission]:
    """A row for each project and student.

    Args:
        owners: (student, the folders and files that are the student's).
        shown: what a person calls a file of them.
    """
    found = [_of(name, places, entry, shown) for entry in entries for name, places in owners]
    places_of = dict(owners)
    return [replace(one, others=_others(one, places_of[one.student], found)) for one in found]


def _sameness(folder: Path) -> Callable[[str], str]:
    """What two names have in common that are those of one student in this folder."""
    listed = [path for path in folder.iterdir() if path.name.swapcase() != path.name]
    caseless = any(os.path.lexists(path.with_name(path.name.swapcase())) for path in listed[:1])
    if caseless and listed[0].with_name(listed[0].name.swapcase()) in listed:
        caseless = False  # there are two that differ in nothing else

    def same(name: str) -> str:
        plain = unicodedata.normalize("NFC", name)
        return plain.casefold() if caseless else plain

    return same


def _others(one: Submission, places: list[Path], found: list[Submission]) -> dict[str, Path]:
    """What the same student has handed in for other projects."""
    known = {row.project: row.file for row in found if row.student == one.student}
    others = {}
    for entry in catalog.projects():
        if entry.id == one.project:
            continue
        folders = [place for place in places if place.is_dir() and not place.is_symlink()]
        exact = [path for place in folders for path in _exact(place, entry)]
        file = known.get(entry.id) or (exact[0] if len(exact) == 1 else None)
        if file is not None:
            others[entry.module] = file
    return others


def named(stems: Iterable[str]) -> list[Project]:
    """The projects whose modules are among these names of files and folders.

    Raises:
        CourseError: none is.
    """
    names = set(stems)
    found = [entry for entry in catalog.projects() if entry.module in names]
    if not found:
        raise CourseError("Nothing there says which project it is of.", "Add --project, for example `--project 01`.")
    return found


def _of(student: str, places: list[Path], entry: Project, shown: Callable[[Path], str]) -> Submission:
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
    folder = next((place for place in places if place.is_dir()), None)
    names = {path: shown(path) for path in files}
    if len(files) > 1:
        return _chosen(Submission(student, entry.id, None, folder=folder), names, entry)
    if files:
        return Submission(
            student, entry.id, files[0], names[files[0]], note=_astray(files[0], places, entry), folder=folder
        )
    problem = f"there is no {entry.module}.ipynb and no {entry.module}.py"
    if others:
        problem += f", only {', '.join(writable(path.name) for path in others[:3])}"
    return Submission(student, entry.id, None, "", problem)


def _chosen(row: Submission, names: Mapping[Path, str], entry: Project) -> Submission:
    """Which of several files counts: the one in which something is written; of several such the one with the project's name."""
    done = {path: written(path, entry) for path in names}
    begun = [path for path in names if done[path]]
    exact = [path for path in names if path.stem == entry.module]
    if len(begun) == 1:
        empty = [path.name for path in exact if path != begun[0]]
        note = f"{begun[0].name} was graded, for in {empty[0]} nothing is written." if empty else ""
        return replace(row, file=begun[0], name=names[begun[0]], note=note)
    of_name = [path for path in exact if path in begun] or exact
    if len(of_name) == 1:
        rest = [path for path in begun if path != of_name[0] and done[path] - done[of_name[0]]]
        note = (
            f"{of_name[0].name} was graded, for it has the project's name; more is written in {rest[0].name}."
            if rest
            else ""
        )
        return replace(row, file=of_name[0], name=names[of_name[0]], note=note)
    first = [names[path] for path in begun or names]
    return replace(row, name=first[0], problem=f"there are {len(first)} files to choose from: {', '.join(first[:4])}")


def _inside(folder: Path, entry: Project) -> tuple[list[Path], list[Path]]:
    """(files that may be meant, other things) in a student's folder: those of the project's name and copies, else any."""
    other = [p.module for p in catalog.projects() if p != entry]
    rest: list[Path] = []
    for place in (folder / entry.module, folder):
        if place.is_dir() and not place.is_symlink():
            inside = [
                path for path in sorted(place.iterdir()) if not ignored(path) and not path.name.startswith(tuple(other))
            ]
            files = [path for path in inside if path.suffix.lower() in KINDS]
            rest = rest or inside
            if not files:
                continue
            named = [path for path in files if path.stem == entry.module]
            copies = [path for path in files if path.stem.startswith(entry.module)]
            books = [path for path in files if path.suffix.lower() == ".ipynb"]
            if named or copies:
                return copies, []
            return books if len(books) == 1 else files, []
    if found := [path for path in _below(folder) if path.name.startswith(entry.module)]:
        return found, []
    return [], [path for path in rest if path.name != entry.module]


def _below(folder: Path) -> Iterator[Path]:
    """Files further down that may be a notebook or a module, also where a browser has put another ending behind."""
    seen = 0
    for place, folders, names in os.walk(folder):  # it follows no links, and passes over what cannot be read
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if depth < DEPTH and not ignored(Path(name)))
        for name in sorted(names):
            path = Path(place, name)
            kind = DISGUISED.fullmatch(name) or (path.suffix.lower() in KINDS and not ignored(path))
            if kind and path.is_file() and not path.is_symlink():
                yield path
        seen += len(folders) + len(names)
        if seen > ENTRIES:
            return


def _astray(file: Path, places: Sequence[Path], entry: Project) -> str:
    """What to say of a file that does not lie where it should."""
    wanted = {*places, *(place / entry.module for place in places), *(place.parent for place in places)}
    return "" if file.parent in wanted else f"It was found in the folder {writable(file.parent.name)}."


def _exact(folder: Path, entry: Project) -> list[Path]:
    """The file of a project's name in a student's folder."""
    for place in (folder / entry.module, folder):
        if found := [place / f"{entry.module}{kind}" for kind in KINDS if (place / f"{entry.module}{kind}").is_file()]:
            return found
    return []


def ignored(path: Path) -> bool:
    """Is it something that systems and platforms leave behind? A folder may have any other name."""
    return LEFT_BEHIND.fullmatch(path.name) is not None


def writable(name: str) -> str:
    """A file's name in characters that can be written in any report: no control characters, no lone halves of UTF-16."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

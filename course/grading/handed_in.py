"""What was handed in, ready for a worker: the cells of the notebook or the module, and the files that travel with it."""

import ast
import codecs
import importlib.util
import os
import re
import stat
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from course import catalog, files, limits, paths
from course.catalog import Project
from course.cells.carried import carried
from course.cells.cell import Cell, Work
from course.cells.notebook import Unreadable, book_of
from course.cells.python import parse, statements
from course.source import unfinished

RESERVED = ("course", "exercises", "graders", "solutions")  # our own; a module of this name beside would hide them


@dataclass(frozen=True)
class HandedIn:
    """One submission.

    Args:
        work: its cells.
        faults: {function: why there is nothing to grade}.
        notes: what the student should know about how it was read.
        beside: {name: content} of modules of the student's own that lay beside it.
        others: {module of another project: what the same student has handed in for it}.
    """

    work: Work
    faults: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    beside: Mapping[str, bytes] = field(default_factory=dict)
    others: Mapping[str, Work] = field(default_factory=dict)

    def files(self, entry: Project, folder: Path, references: bool = True) -> dict[str, bytes]:
        """{name: content} of what a worker finds in its folder; the work is that with the project's name.

        Args:
            folder: what that folder is called where the worker runs.
            references: whether the solutions of other projects stand in for what the student has not handed in of them.
        """
        made = dict(self.beside)
        found: dict[str, tuple[str, str]] = {}
        for other in catalog.projects():
            reference = paths.ROOT / "solutions" / f"{other.module}.py"
            own = f"{other.module}.json"
            if other.module in self.others:
                made[own] = self.others[other.module].text().encode("utf-8", "replace")
            if other != entry:
                mine = str(folder / own) if other.module in self.others else ""
                found[other.module] = (mine, str(reference) if references and reference.is_file() else "")
        made[f"{entry.module}.json"] = replace(self.work, others=found).text().encode("utf-8", "replace")
        return made

    def write(self, folder: Path, entry: Project) -> Path:
        """Lay it into a folder; returns the file for the worker."""
        for name, content in self.files(entry, folder).items():
            files.write(folder / name, content)
        return folder / f"{entry.module}.json"


def read(file: Path) -> bytes:
    """The content of a submission: a plain file, no link, of a size to read.

    Raises:
        ValueError: it is not; the message says what it is.
        OSError: it cannot be read.
    """
    most = limits.OUTPUT_BYTES if file.suffix.lower() == ".ipynb" else limits.SUBMISSION_BYTES
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as stream:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is not a plain file")
        if about.st_size > most:
            raise ValueError(f"it has {about.st_size / 1e6:.0f} MB, and {most / 1e6:.0f} MB is the most that is read")
        return stream.read(most + 1)


def handed_in(file: Path, content: bytes, entry: Project, folder: Path | None, others: Mapping[str, Path]) -> HandedIn:
    """A submission, and what the student has handed in with it.

    Args:
        content: that of the file.
        folder: the student's own, or None where files of all students lie in one.
        others: {module of another project: the student's file of it}.

    Raises:
        Unreadable: there is nothing in it that could be graded; the message says why.
        CourseError: our own release is not there.
    """
    made = work_of(file, content, entry)
    modules = {name for cell in made.work.cells for name in _imported(cell.source)}
    found = {}
    for name, other in others.items():
        if name in modules:
            try:
                found[name] = work_of(other, read(other), catalog.project(name)).work
            except (OSError, ValueError):
                continue  # the reference stands in for what cannot be read
    return replace(made, beside=beside(file, folder, content), others=found)


def work_of(file: Path, content: bytes, entry: Project) -> HandedIn:
    """What a file holds.

    Raises:
        Unreadable: there is nothing in it that could be graded; the message says why.
        CourseError: our own release is not there.
    """
    tasks = tuple(function.name for function in entry.functions)
    named, is_ = file.suffix.lower() == ".ipynb", _is_notebook(content)
    if named and not is_ and _defines(content, tasks):
        made = _of_module(content, tasks)
        return replace(made, notes=("It is a module of Python under the name of a notebook: call it .py.", *made.notes))
    if named or is_:
        book = book_of(content, entry)
        wrong = () if named else ("It is a notebook under another name: call it .ipynb.",)
        return HandedIn(Work(tasks, book.cells), book.faults, (*wrong, *book.notes))
    return _of_module(content, tasks)


def _of_module(content: bytes, tasks: tuple[str, ...]) -> HandedIn:
    text, note = _module(content)
    return HandedIn(Work(tasks, (Cell("", text, "task", tasks),)), notes=(*note, *_commands(text)))


def _is_notebook(content: bytes) -> bool:
    """Does it begin as the JSON of a notebook does?"""
    return re.match(rb"\s*\{\s*\"", content.removeprefix(codecs.BOM_UTF8)) is not None and b'"cells"' in content


def _defines(content: bytes, tasks: Sequence[str]) -> bool:
    """Is it Python that defines a function of the project?"""
    with suppress(Unreadable):
        text, _ = _module(content)
        return any(statement.binds & set(tasks) for statement in statements(text))
    return False


def written(file: Path, entry: Project) -> set[str]:
    """The functions of the project that are defined in a file and no longer at their TODO."""
    try:
        work = work_of(file, read(file), entry).work
        read_ = [(cell, statement) for cell in work.cells for statement in statements(cell.source)]
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return set()
    return {
        task
        for cell, statement in read_
        for task in statement.binds & set(cell.tasks)
        if task not in unfinished(ast.Module([statement.node], []))
    }


def beside(file: Path, folder: Path | None, content: bytes) -> dict[str, bytes]:
    """Modules in the folder of the file, and in the student's own folder above it; notebooks beside that its `content` runs."""
    found = carried(file.parent, content.decode("utf-8", "replace"), read)
    if folder is None:
        return found
    known = {entry.module for entry in catalog.projects()} | {file.stem, *RESERVED}
    for place in dict.fromkeys([folder, file.parent]):
        for path in sorted(place.glob("*.py"))[: limits.BESIDE]:
            if path.stem.isidentifier() and path.stem not in known:
                try:
                    found[path.name] = read(path)
                except (OSError, ValueError):
                    continue
    return found


def _imported(source: str) -> Sequence[str]:
    """Modules of the catalog that a text mentions: few do, so the others need not be read."""
    return [entry.module for entry in catalog.projects() if entry.module in source]


def _commands(text: str) -> tuple[str, ...]:
    """What to say of a module that only IPython can read, such as a notebook that was saved as Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as fault:
        return (f"It is no plain Python: line {fault.lineno} is a command of IPython. Take such lines out.",)
    return ()


def _module(content: bytes) -> tuple[str, tuple[str, ...]]:
    """(the text of a module, what is to be said about its encoding).

    Raises:
        Unreadable: it is no Python.
    """
    if not content.strip():
        raise Unreadable("the file is empty")
    try:
        text, note = _decoded(content)
        parse(text)
    except SyntaxError as fault:
        where = f" (line {fault.lineno})" if fault.lineno else ""
        raise Unreadable(f"it is not valid Python: {fault.msg}{where}") from None
    except (ValueError, RecursionError, MemoryError) as fault:
        raise Unreadable(f"it is not valid Python: {fault or type(fault).__name__}") from None
    return text, note


def _decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text, as Python reads it; what an editor has saved in another way than UTF-8 is read all the same, and told."""
    said = "Python itself cannot read the file, for it was saved as {}: save it as UTF-8."
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16"), (said.format("UTF-16"),)
    try:
        return importlib.util.decode_source(content), ()
    except (SyntaxError, UnicodeError):
        if b"coding" in b"".join(content.splitlines()[:2]) or b"\0" in content:
            raise
    return content.decode("cp1252", "replace"), (said.format("Windows-1252"),)

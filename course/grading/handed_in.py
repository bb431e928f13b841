"""What was handed in, ready for a worker: the cells of the notebook or the module, and the files that travel with it."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course import files
from course.catalog import Project
from course.cells.cell import Cell, Work
from course.cells.notebook import Unreadable, book_of
from course.cells.python import parse


@dataclass(frozen=True)
class HandedIn:
    """One submission.

    Args:
        work: its cells.
        faults: {function: why there is nothing to grade}.
        notes: what the student should know about how it was read.
        beside: {name: content} of modules of the student's own that lay beside it.
    """

    work: Work
    faults: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    beside: Mapping[str, bytes] = field(default_factory=dict)

    def write(self, folder: Path, entry: Project) -> Path:
        """Lay it into a folder; returns the file for the worker."""
        for name, content in self.beside.items():
            files.write(folder / name, content)
        target = folder / f"{entry.module}.json"
        self.work.write(target)
        return target


def work_of(file: Path, content: bytes, entry: Project) -> HandedIn:
    """What a file holds.

    Raises:
        Unreadable: there is nothing in it that could be graded; the message says why.
        CourseError: our own release is not there.
    """
    tasks = tuple(function.name for function in entry.functions)
    if file.suffix.lower() == ".ipynb":
        book = book_of(content, entry)
        return HandedIn(Work(tasks, book.cells), book.faults, book.notes)
    return HandedIn(Work(tasks, (Cell("", _module(content), "task", tasks),)))


def _module(content: bytes) -> str:
    """The text of a module.

    Raises:
        Unreadable: it is no Python.
    """
    if not content.strip():
        raise Unreadable("the file is empty")
    try:
        text = importlib.util.decode_source(content)
        parse(text)
    except SyntaxError as fault:
        where = f" (line {fault.lineno})" if fault.lineno else ""
        raise Unreadable(f"it is not valid Python: {fault.msg}{where}") from None
    except (ValueError, RecursionError, MemoryError) as fault:
        raise Unreadable(f"it is not valid Python: {fault or type(fault).__name__}") from None
    return text

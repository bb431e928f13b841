"""The cells of a notebook that is open, as they would be handed in: what its kernel has run, beside what its file holds.

The file says which cells there are, and in which order; what was run since it was saved takes the place of what it holds. So a
check in the notebook judges the cells that `course grade` will judge, by the same code, and says where they are not the same yet.
"""

import functools
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import limits
from course.catalog import Project
from course.cells.carried import run_by
from course.cells.cell import Cell
from course.cells.notebook import Book, Unreadable, cells_of, fields_of, given_of, source_of, told_apart
from course.cells.plan import Plan
from course.cells.python import statements
from course.errors import CourseError

Raw = dict[str, Any]  # a cell as the file of a notebook has it


@dataclass(frozen=True)
class Opened:
    """A notebook that is open.

    Args:
        ran: the texts that were run, in order; the last one is that of the cell which asks.
        saved: the cells of its file, or None where there is none to be found.
        name: of the file.
    """

    ran: tuple[str, ...]
    saved: tuple[Raw, ...] | None = None
    name: str = ""

    def book(self, entry: Project, task: str) -> Book:
        """Its cells as they would be handed in; the notes are what a student should know about one function before that."""
        cells = _as_handed_in(self.ran, self.saved, entry)
        given: Mapping[str, str] = {}
        with suppress(CourseError):  # a student's copy may have none: the notebook's own imports are as good
            given = given_of(entry.id)
        try:
            book = told_apart(cells, entry, given)
        except Unreadable:
            return Book((), {}, ())
        if self.saved is None:
            unknown = {t for t in book.faults if not any(t in _binds(text) for text in self.ran)}
            faults = {t: fault for t, fault in book.faults.items() if t not in unknown}  # not run yet
            return Book(book.cells, faults, _beside(book.cells, entry, task) + _taken(book.cells, entry, task))
        with suppress(Unreadable):
            saved = told_apart(self.saved, entry, given)
            about = ("All", "The locked cell") if self._uses_locked(saved, entry, task, given) else ("All",)
            notes = tuple(note for note in saved.notes if task in note or note.startswith(about))
            notes += _difference(book, saved, entry, task, self.name) + _beside(book.cells, entry, task)
            return Book(book.cells, book.faults, notes)
        return Book(book.cells, book.faults, (f"There is no cell of this assignment in {self.name}.",))

    def _uses_locked(self, saved: Book, entry: Project, task: str, given: Mapping[str, str]) -> bool:
        """Does a function need what the student has put into a locked cell, which nbgrader takes out again?"""
        locked = [cell for cell in self.saved or () if fields_of(cell).get("grade_id") in given]
        ours = {statement.text for text in given.values() for statement in _statements(text)}
        new = {statement.text for cell in locked for statement in _statements(source_of(cell))} - ours
        return bool(new & _needed(saved.cells, entry, task).keys())


def opened() -> Opened:
    """The notebook in whose kernel this runs; without one, the program that runs."""
    shell = _shell()
    if shell is None:
        file = getattr(sys.modules["__main__"], "__file__", None)
        text = Path(file).read_text("utf-8", errors="replace") if file and Path(file).is_file() else ""
        return Opened((text,) if text.strip() else ())
    ran = tuple(text.rstrip() for text in shell.history_manager.input_hist_raw[1:] if text.strip())
    best: tuple[int, str, list[Raw]] = (0, "", [])
    for name, content in _candidates(shell):
        with suppress(Unreadable):
            cells = cells_of(content)
            texts = {source_of(cell).rstrip() for cell in cells if cell.get("cell_type") == "code"}
            score = sum(text in texts for text in set(ran)) if ran and ran[-1] in texts else 0
            best = max(best, (score, name, cells), key=lambda found: found[0])
    score, name, cells = best
    return Opened(ran, tuple(cells) if score else None, name)


def _shell() -> Any:
    with suppress(ImportError):
        from IPython.core.getipython import get_ipython

        return get_ipython()  # type: ignore[no-untyped-call]
    return None


def _candidates(shell: Any) -> list[tuple[str, bytes]]:
    """(name, content) of files that may be the notebook's: the one that the front end names, then those beside."""
    files = [os.environ.get("JPY_SESSION_NAME", ""), str(shell.user_ns.get("__vsc_ipynb_file__", ""))]
    files += sorted(str(file) for file in Path.cwd().glob("*.ipynb"))
    found = []
    for file in dict.fromkeys(name for name in files if name):
        with suppress(OSError):
            if Path(file).is_file() and Path(file).stat().st_size <= limits.OUTPUT_BYTES:
                found.append((Path(file).name, Path(file).read_bytes()))
    return found


def _as_handed_in(ran: Sequence[str], saved: Sequence[Raw] | None, entry: Project) -> list[Raw]:
    """The cells of the file with what was run since, and what was run and is not in it."""
    last = {text: when for when, text in enumerate(ran)}
    if saved is None:
        return [_cell(text, last[text]) for text in _newest(last, entry)]
    made = [{**cell, "shown": f"cell {number}"} for number, cell in enumerate(saved, 1)]
    code = {place: source_of(cell).rstrip() for place, cell in enumerate(made) if cell.get("cell_type") == "code"}
    unsaved = [text for text in sorted(last, key=last.__getitem__) if text not in code.values()]
    marks = {place: fields_of(made[place]).get("grade_id") for place in code if fields_of(made[place]).get("solution")}
    for place in sorted(code, key=lambda place: place not in marks):  # the functions' cells choose first
        names = _binds(code[place]) | {marks.get(place)}
        newer = [text for text in unsaved if last[text] > last.get(code[place], -1) and names & _binds(text)]
        newer = [text for text in newer if place not in marks or marks[place] in _binds(text)]
        if newer:
            made[place]["source"] = code[place] = newer[-1]
            unsaved = [text for text in unsaved if text not in newer]
    known = {name for text in code.values() for name in _binds(text)}
    for text in unsaved:
        if new := _binding_more(text, known):
            earlier = [place for place, other in code.items() if last.get(other, -1) < last[text] and other in last]
            made.insert(max(earlier, default=-1) + 1, _cell(new, last[text]))
            code = {
                place: source_of(cell).rstrip() for place, cell in enumerate(made) if cell.get("cell_type") == "code"
            }
    return made


def _newest(last: Mapping[str, int], entry: Project) -> list[str]:
    """Of texts that are versions of one cell, for they define the same names or the same function, the one that was run last."""
    tasks = {function.name for function in entry.functions}
    texts = sorted(last, key=last.__getitem__)
    kept = []
    for number, text in enumerate(texts):
        names = _binds(text)
        later = [_binds(other) for other in texts[number + 1 :]]
        if not (names and any(names == other or names & tasks & other for other in later)):
            kept.append(text)
    return kept


def _binding_more(text: str, known: set[str]) -> str:
    """Those statements of a text that bind a name which nothing else binds."""
    return "\n\n".join(s.text for s in _statements(text) if s.binds and not s.binds <= known)


def _cell(text: str, when: int) -> Raw:
    return {"cell_type": "code", "metadata": {}, "source": text, "shown": f"the cell that was run as In [{when + 1}]"}


@functools.lru_cache(maxsize=1000)
def _statements(text: str) -> tuple[Any, ...]:
    try:
        return tuple(statements(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _binds(text: str) -> frozenset[str]:
    return frozenset(name for statement in _statements(text) for name in statement.binds)


def _needed(cells: Sequence[Cell], entry: Project, task: str) -> dict[str, frozenset[str]]:
    """{statement that a function needs: names that it binds}, in the order in which they run."""
    plan = Plan(cells, [function.name for function in entry.functions])
    steps = sorted(plan.of(task), key=lambda step: (step.cell, step.number))
    return {step.statement.text: step.statement.binds for step in steps}


def _difference(here: Book, saved: Book, entry: Project, task: str, name: str) -> tuple[str, ...]:
    """What of the notebook that is open is not what its file holds, in a sentence."""
    mine, theirs = _needed(here.cells, entry, task), _needed(saved.cells, entry, task)
    if list(mine) == list(theirs) and here.faults.get(task) == saved.faults.get(task):
        return ()
    new = sorted({n for text, names in mine.items() if text not in theirs for n in names})
    held = {n for names in theirs.values() for n in names}
    save = f"{name} as it is saved counts when you hand it in: save it, and run this cell again."
    if task in new or here.faults.get(task) != saved.faults.get(task):
        return (f"The cell of {task} was judged as you have run it; it is not so in the file. {save}",)
    if missing := [n for n in new if n not in held]:
        comes = "comes from a cell" if len(missing) == 1 else "come from cells"
        return (
            f"{', '.join(missing)} {comes} that you have run and that is not in the file: put it back, or save. {save}",
        )
    if new:
        return (f"{', '.join(new)} was judged as you have run it; it is not so in the file. {save}",)
    return (f"The file holds more that {task} uses than you have run, or in another order. {save}",)


def _taken(cells: Sequence[Cell], entry: Project, task: str) -> tuple[str, ...]:
    """Without a file nobody can see whether an own cell is still there."""
    plan = Plan(cells, [function.name for function in entry.functions])
    own = [step for step in plan.of(task) if cells[step.cell].kind == "own"]
    names = sorted({name for step in own for name in step.statement.binds})
    return (
        (f"Taken along from cells of your own: {', '.join(names)}. They must be in the notebook that you hand in.",)
        if names
        else ()
    )


def _beside(cells: Sequence[Cell], entry: Project, task: str) -> tuple[str, ...]:
    """Modules of the student's own that must be handed in as well."""
    plan = Plan(cells, [function.name for function in entry.functions])
    used = {
        name.removeprefix("file:") for step in plan.of(task) for name in step.statement.uses if name.startswith("file:")
    }
    files = sorted(f"{name}.py" for name in used if Path(f"{name}.py").is_file())
    files += sorted(name for name in run_by("\n".join(cell.source for cell in cells)) if Path(name).is_file())
    return (f"Hand in {', '.join(files)} as well: {task} uses it.",) if files else ()

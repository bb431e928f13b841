"""A student's cells become a module: in order, statement by statement, what the plan says. What fails is left out and told.

So a missing package, a trial call or an `exit()` costs what depends on it and nothing else. A statement has a limit of processor
time; one that ends the whole process is left out when the work is loaded again. The same code loads what was handed in and what a
notebook that is open holds.
"""

import __future__

import ast
import contextlib
import functools
import json
import linecache
import operator
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from course import limits
from course.cells.cell import Cell, Work
from course.cells.namespace import Namespace, pins
from course.cells.plan import Plan, Step
from course.cells.python import Statement
from course.source import definitions, unfinished

SHOWN = 60  # characters of a statement in a sentence
FUTURE = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


@dataclass
class Loaded:
    """What came of it.

    Args:
        module: it holds what was defined.
        files: {file name that Python knows a cell by: what a person calls it}.
        lines: {function: (such a file name, its line)}.
        todo: functions at their TODO, as `source.unfinished` has them.
        notes: (sentence, functions that it concerns) for what did not run and is missing.
        idle: the same for what nothing needs.
        faults: {function: why it is not there}.
        lost: {name that a statement would have bound: the sentence about it}.
    """

    module: ModuleType
    files: dict[str, str] = field(default_factory=dict)
    lines: dict[str, tuple[str, int]] = field(default_factory=dict)
    todo: dict[str, bool] = field(default_factory=dict)
    notes: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    idle: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    faults: dict[str, BaseException] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)


class OutOfTime(BaseException):
    """Not an Exception, so that a student's `except Exception` does not swallow it."""


class Ended(Exception):
    """A statement that ended the process which ran it before."""


def load(work: Work, module: ModuleType, file: Path) -> Loaded:
    """Run what the plan says of the cells in `module`.

    Args:
        file: the work's; what runs is noted beside it, and a single module is called by its name.
    """
    plan = Plan(work.cells, work.tasks)
    loader = _Loader(plan, module, file)
    for place, cell in enumerate(work.cells):
        loader.cell(place, cell)
    return loader.loaded


class _Loader:
    def __init__(self, plan: Plan, module: ModuleType, file: Path) -> None:
        self.plan, self.loaded = plan, Loaded(module)
        self.file, self.flags, self.left = file, 0, limits.LOADING_SECONDS
        self.journal = _Journal(file.with_suffix(".running"))
        self.pins = pins(plan)
        self.of_task = {task: plan.of(task) for task in plan.tasks}
        if any(cell.name for cell in plan.cells):
            vars(module)["display"] = _nothing
        vars(module)["get_ipython"] = lambda: _Shell(file.parent)

    def cell(self, place: int, cell: Cell) -> None:
        """Run one cell."""
        name = f"<{cell.name}>" if cell.name else f"{self.file.stem}.py"
        lines = cell.source.splitlines(keepends=True)
        linecache.cache[name] = (len(cell.source), None, lines, name)
        self.loaded.files[name] = cell.name
        if place in self.plan.unreadable:
            self._unreadable(place, cell, name)
            return
        shared = vars(self.loaded.module)
        pinned = self.pins.get(place, frozenset())
        steps = [step for step in self.plan.steps if step.cell == place]
        sets = frozenset(name for step in steps for name in step.statement.sets)
        names: Any = Namespace(shared, sets) if pinned else shared
        idle = []
        for step in steps:
            if step in self.plan.run:
                self._run(step, cell, name, names)
            elif cell.kind == "task" and not (step.statement.does_nothing or step.statement.is_guard):
                idle.append(step.statement.node.lineno)
        if pinned:
            names.pin(pinned)
        if idle:
            self._idle(cell, idle)

    def _run(self, step: Step, cell: Cell, name: str, names: dict[str, Any]) -> None:
        statement, module = step.statement, self.loaded.module
        for task in statement.binds & set(cell.tasks):
            node = definitions(ast.Module([statement.node], [])).get(task)
            self.loaded.lines[task] = name, (node or statement.node).lineno
            self.loaded.todo.pop(task, None)
            self.loaded.todo |= unfinished(ast.Module([statement.node], []))
        try:
            code = compile(ast.Module([statement.node], []), name, "exec", self.flags, dont_inherit=True)
            self.flags |= code.co_flags & FUTURE
            limit = max(1.0, min(self.left, limits.STATEMENT_SECONDS))
            with self.journal.running(step), _called_main(module, statement), _limited(limit) as clock:
                exec(code, names)
        except (Exception, SystemExit, OutOfTime) as fault:
            self._failed(step, cell, fault)
        else:
            for lost in statement.binds:
                self.loaded.lost.pop(lost, None)
            self.left -= clock.used

    def _failed(self, step: Step, cell: Cell, fault: BaseException) -> None:
        statement = step.statement
        code = statement.text.split("\n")[0]
        code = code if len(code) <= SHOWN else code[: SHOWN - 1] + "…"
        line = f"line {statement.node.lineno} of {cell.name}" if cell.name else f"line {statement.node.lineno}"
        sentence = f"{line[0].upper()}{line[1:]} (`{code}`) did not run: {said(fault)}"
        for name in statement.binds:
            self.loaded.lost[name] = sentence
        for task in statement.binds & set(cell.tasks):
            if not hasattr(self.loaded.module, task):
                self.loaded.faults[task] = fault
        concerned = {task for task, steps in self.of_task.items() if step in steps} or set(cell.tasks)
        if cell.kind != "own" or statement.binds:
            self.loaded.notes.append((sentence, frozenset(concerned or self.plan.tasks)))

    def _unreadable(self, place: int, cell: Cell, name: str) -> None:
        fault = self.plan.unreadable[place]
        if isinstance(fault, SyntaxError):
            fault.filename = name
        for task in cell.tasks:
            self.loaded.faults[task] = fault
        if cell.kind != "own":
            where = cell.name or "the module"
            self.loaded.notes.append(
                (f"{where[0].upper()}{where[1:]} cannot be read: {said(fault)}", frozenset(cell.tasks))
            )

    def _idle(self, cell: Cell, lines: list[int]) -> None:
        which = (
            f"line {lines[0]}"
            if len(lines) == 1
            else f"lines {', '.join(map(str, lines[:4]))}" + ", …" * (len(lines) > 4)
        )
        where = f"In {cell.name}, {which}" if cell.name else f"{which[0].upper()}{which[1:]}"
        verb = "was" if len(lines) == 1 else "were"
        self.loaded.idle.append((f"{where} {verb} left out: nothing that is graded needs it.", frozenset(cell.tasks)))


def said(fault: BaseException) -> str:
    """An exception in one line."""
    if isinstance(fault, OutOfTime):
        return f"it takes more than {limits.STATEMENT_SECONDS:.0f} s"
    if isinstance(fault, SystemExit):
        return "it leaves the program"
    if isinstance(fault, Ended):
        return "it ended the process, or did not come back"
    text = (fault.msg if isinstance(fault, SyntaxError) else str(fault)).strip().split("\n")[0][:200]
    if isinstance(fault, SyntaxError) and fault.lineno:
        text += f" (line {fault.lineno})"
    return f"{type(fault).__name__}: {text}" if text else type(fault).__name__


class _Journal:
    """Which statement is running, on disk: what ends the process is known to the next one, which leaves it out."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.bad: list[list[int]] = []
        with contextlib.suppress(OSError, ValueError):
            self.bad = json.loads(file.read_text("utf-8"))

    @contextlib.contextmanager
    def running(self, step: Step) -> Iterator[None]:
        """Note it, and strike it out when it is over."""
        place = [step.cell, step.number]
        if place in self.bad:
            raise Ended
        if isinstance(step.statement.node, ast.FunctionDef):
            yield
            return
        self.file.write_text(json.dumps([*self.bad, place]), "utf-8")
        yield
        self.file.write_text(json.dumps(self.bad), "utf-8")


@contextlib.contextmanager
def _called_main(module: ModuleType, statement: Statement) -> Iterator[None]:
    """`if __name__ == "__main__":` is true in a notebook."""
    before = module.__name__
    if statement.is_guard:
        module.__name__ = "__main__"
    try:
        yield
    finally:
        module.__name__ = before


@dataclass
class _Clock:
    used: float = 0.0


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[_Clock]:
    """Stop what runs within after so many seconds of the processor; without such a signal it does nothing (Windows)."""
    clock = _Clock()
    if not hasattr(signal, "SIGPROF") or threading.current_thread() is not threading.main_thread():
        yield clock
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    previous = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield clock
    finally:
        left, _ = signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
        clock.used = seconds - left


class _Shell:
    """What `get_ipython()` returns here: it takes every command and does nothing, save that `%%writefile` makes its module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run_cell_magic(self, magic: str, line: str, cell: str) -> None:
        """`%%writefile helpers.py` is how a notebook makes a module of its own."""
        name = Path(line.split()[-1] if line.split() else "x").name
        if magic in ("writefile", "file") and name.endswith(".py"):
            (self._folder / name).write_text(cell, "utf-8")

    def getoutput(self, command: str, *_: Any, **__: Any) -> None:
        """What a command of the system says is not known here."""
        raise RuntimeError(f"`!{command}`: commands of the system are not run here")

    def __getattr__(self, name: str) -> Any:
        return _nothing


def _nothing(*_: Any, **__: Any) -> None:
    """Take everything, do nothing."""

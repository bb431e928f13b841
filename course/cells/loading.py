"""A student's cells become a module: in order, statement by statement, what the plan says. What fails is left out and told.

So a missing package, a trial call or an `exit()` costs what depends on it and nothing else. A statement has a limit of processor
time; one that ends the whole process is left out when the work is loaded again. The same code loads what was handed in and what a
notebook that is open holds.
"""

import __future__

import ast
import asyncio
import contextlib
import functools
import inspect
import json
import linecache
import operator
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any
from unittest import mock

from course import limits
from course.cells.cell import Cell, Work
from course.cells.namespace import Namespace, pins
from course.cells.plan import Plan, Step
from course.cells.python import Statement
from course.cells.shell import Shell, nothing
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
    with mock.patch.object(sys, "argv", [f"{file.stem}.py"]):  # what `argparse` at the top of a module reads
        for place, cell in enumerate(work.cells):
            loader.cell(place, cell)
        loader.again()
    return loader.loaded


class _Loader:
    def __init__(self, plan: Plan, module: ModuleType, file: Path) -> None:
        self.plan, self.loaded = plan, Loaded(module)
        self.file, self.flags, self.left = file, 0, limits.LOADING_SECONDS
        self.journal = _Journal(file.with_suffix(".running"))
        self.pins = pins(plan)
        self.early: list[_Early] = []
        self.of_task = {task: plan.of(task) for task in plan.tasks}
        if any(cell.name for cell in plan.cells):
            vars(module)["display"] = nothing
        vars(module)["get_ipython"] = lambda: Shell(file.parent, vars(module))

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
            elif cell.kind == "task" and not (
                step.statement.does_nothing or step.statement.is_guard or self.plan.is_check(step)
            ):
                idle.append(step.statement.node.lineno)
        if pinned:
            names.pin(pinned)
        if idle:
            self._idle(cell, idle)

    def again(self) -> None:
        """Run once more, in their order, what was missing a name that a cell further down has bound by now: each one time."""
        early, self.early = self.early, []
        while ready := [one for one in early if one.missing in vars(self.loaded.module)]:
            early = [one for one in early if one not in ready]
            for one in ready:
                self.loaded.notes = [note for note in self.loaded.notes if note[0] != one.said]
                line = one.step.statement.node.lineno
                where = f"Line {line} of {one.cell.name}" if one.cell.name else f"Line {line}"
                sentence = f"{where} uses {one.missing} before it is there: put what binds {one.missing} above it."
                self.loaded.notes.append((sentence, self._concerned(one.step, one.cell)))
                self._run(one.step, one.cell, one.file, one.names)

    def _run(self, step: Step, cell: Cell, name: str, names: dict[str, Any]) -> None:
        statement, module = step.statement, self.loaded.module
        for task in statement.binds & set(cell.tasks):
            node = definitions(ast.Module([statement.node], [])).get(task)
            self.loaded.lines[task] = name, (node or statement.node).lineno
            self.loaded.todo.pop(task, None)
            self.loaded.todo |= unfinished(ast.Module([statement.node], []))
        try:
            flags = self.flags | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if cell.name else 0)  # a notebook awaits in its cells
            code = compile(ast.Module([statement.node], []), name, "exec", flags, dont_inherit=True)
            self.flags |= code.co_flags & FUTURE
            limit = max(1.0, min(self.left, limits.STATEMENT_SECONDS))
            with self.journal.running(step), _called_main(module, statement), _limited(limit) as clock:
                if code.co_flags & inspect.CO_COROUTINE:
                    _awaited(eval(code, names))
                else:
                    exec(code, names)
        except (Exception, SystemExit, OutOfTime) as fault:
            said = self._failed(step, cell, fault)
            if isinstance(fault, NameError) and fault.name and fault.name not in vars(module):
                self.early.append(_Early(step, cell, name, names, fault.name, said))
        else:
            for lost in statement.binds:
                self.loaded.lost.pop(lost, None)
            self.left -= clock.used

    def _concerned(self, step: Step, cell: Cell) -> frozenset[str]:
        found = {task for task, steps in self.of_task.items() if step in steps} or set(cell.tasks)
        return frozenset(found or self.plan.tasks)

    def _failed(self, step: Step, cell: Cell, fault: BaseException) -> str:
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
        if cell.kind != "own" or statement.binds:
            self.loaded.notes.append((sentence, self._concerned(step, cell)))
        return sentence

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


@dataclass
class _Early:
    """A statement that a name was missing for when its turn came.

    Args:
        file: the name that Python knows its cell by.
        names: the globals that it runs in.
        said: what was told about it.
    """

    step: Step
    cell: Cell
    file: str
    names: dict[str, Any]
    missing: str
    said: str


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
        try:
            yield
        finally:  # an exception is over as well: only what ends the process leaves its note behind
            self.file.write_text(json.dumps(self.bad), "utf-8")


def _awaited(work: Coroutine[Any, Any, Any]) -> None:
    """Run what awaits; in a thread where a loop runs already, as in a kernel that grades its own notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


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

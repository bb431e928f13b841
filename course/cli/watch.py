"""`course watch 07`: save a file, see the verdict, as rustlings does it. One resident process, so that torch is imported once.

This module looks at the file, begins a round (`rounds`) at each save, ends it when the next save comes, and draws the screen.
"""

import ast
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from course import catalog
from course.catalog import Project
from course.workspace import progress

if TYPE_CHECKING:
    from course.checks.results import ProjectResult

POLL = 0.1  # seconds between two looks at the file
SETTLE = 0.03  # seconds: an editor may write a file in two steps
Stamp = tuple[int, int, int] | None


class Saved(KeyboardInterrupt):
    """The file has changed while it was checked. A KeyboardInterrupt, because libraries let that one through."""


@click.command()
@click.argument("project")
@click.option("--target", help="What to watch: a folder of modules or one file (exercises).")
@click.option("--fast", is_flag=True, help="Leave out the checks that train a network.")
def watch(project: str, target: str | None, fast: bool) -> None:
    """Check your work at each save; Ctrl-C leaves.

    The fast checks come first, those that train a network after them. A new save starts over.
    """
    from course.workspace import exercises

    entry = catalog.project(project)
    click.echo(f"Project {entry.id}, {entry.title}: loading PyTorch ...", err=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may start background jobs with Ctrl-C ignored
    try:
        from course.checks.target import target_file

        file = target_file(target or exercises.exercises_folder(), entry)
        loop(entry, file, fast)
    except KeyboardInterrupt:
        click.echo(f"\nUntil next time: `course watch {entry.id}` goes on from here.")


def loop(entry: Project, file: Path, fast: bool = False) -> None:
    """Check the file now and at each save, until Ctrl-C."""
    from course.cli.watch_round import Round

    before: dict[str, str] = {}
    while True:
        stamp = stamp_of(file)
        if stamp is not None:
            sources = sources_of(file)
            screen = Screen(entry, file)
            changed = {name for name in sources if before.get(name) != sources[name]}
            part = Round(entry, file, screen, set() if "" in changed else changed, fast)
            try:
                with interrupted_by_a_save(file, stamp):
                    part.run(lambda stamp=stamp: _raise_if_saved(file, stamp))  # type: ignore[misc]
                    before = sources
                    progress.record(part.result(), file)
            except Saved:
                continue
        while stamp_of(file) in (stamp, None):
            time.sleep(POLL)
        time.sleep(SETTLE)


def stamp_of(file: Path) -> Stamp:
    """What changes when a file is saved; None while an editor is just replacing it."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def sources_of(file: Path) -> dict[str, str]:
    """The code of each definition at the top of a module; under "" all the rest. Only "" where it is not valid Python."""
    try:
        text = file.read_text("utf-8", errors="replace")
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return {"": str(time.time_ns())}
    found = {"": ""}
    for node in tree.body:
        name = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else ""
        found[name] = found.get(name, "") + ast.dump(node)
    return found


def _raise_if_saved(file: Path, stamp: Stamp) -> None:
    if stamp_of(file) != stamp:
        raise Saved


@contextmanager
def interrupted_by_a_save(file: Path, stamp: Stamp) -> Iterator[None]:
    """Raise `Saved` here when the file changes, also in the middle of a training or of an endless loop.

    A timer of CPU time does it, where there is one (not on Windows). It never interrupts an import: a library that is loaded
    by half cannot be loaded again in the same process.
    """
    if not hasattr(signal, "SIGPROF"):
        yield
        return

    def look(number: int, frame: FrameType | None) -> None:
        if stamp_of(file) != stamp and not _untouchable(frame):
            # again a second later, if somebody has swallowed it; not earlier, so that what cleans up is left in peace
            signal.setitimer(signal.ITIMER_PROF, 1.0, 1.0)
            raise Saved

    previous = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, POLL, POLL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def _untouchable(frame: FrameType | None) -> bool:
    """Is this an import, or a callback of the garbage collector, in which an exception would be lost?"""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib") or frame.f_code.co_name in (
            "gc_callback",
            "__del__",
        ):
            return True
        frame = frame.f_back
    return False


class Screen:
    """Where a round shows how the project stands: a terminal is wiped first, elsewhere one screen follows another."""

    def __init__(self, entry: Project, file: Path) -> None:
        self.entry, self.file = entry, file
        self.live = sys.stdout.isatty()
        self.started = time.perf_counter()

    def busy(self, text: str) -> None:
        """What is being done at present, on one line that is written over."""
        if self.live:
            width = os.get_terminal_size(sys.stdout.fileno()).columns - 1
            click.echo(f"\r\x1b[K{text[:width]}", nl=False)

    def show(self, result: "ProjectResult") -> None:
        """The verdicts so far and what to do next."""
        from course.reports.terminal import render

        self._wipe()
        click.echo(render(result, _paint))
        click.echo(f"\n{self._next(result)}\n{self._foot()}")

    def show_unloadable(self, message: str, line: int | None, code: str) -> None:
        """The module cannot be loaded, so no check says anything."""
        from course.files import shown

        self._wipe()
        click.echo(_paint(f"{self.entry.id} {self.entry.title}", bold=True))
        where = f"{shown(self.file)}:{line}" if line else shown(self.file)
        click.echo(f"  {_paint('✗', red=True)} {_paint(where, cyan=True)}   {code}")
        click.echo(f"      the module cannot be loaded: {message}\n\n{self._foot()}")

    def _wipe(self) -> None:
        click.echo("\x1b[2J\x1b[3J\x1b[H" if self.live else "", nl=not self.live)

    def _foot(self) -> str:
        return f"Checked in {time.perf_counter() - self.started:.1f} s. Save the file to check it again; Ctrl-C leaves."

    def _next(self, result: "ProjectResult") -> str:
        """What to do next, as one or two lines."""
        id = self.entry.id
        if result.earned == result.points:
            return f"All {result.points} points. See it learn: `course run {id}`. Where you stand: `course status`."
        for task in self.entry.functions:
            left = [c for c in result.by_task().get(task.name, []) if c.outcome in ("failed", "not started")]
            if left and left[0].outcome == "not started":
                return f"Next: write {task.name}. {task.todo}"
            if left:
                return f"Next: {task.name} ({left[0].title}). All its questions: `course hint {id} {task.name}`"
        return "What has run is right; the rest follows."


def _paint(text: str, **style: bool) -> str:
    """Like pytest's markup: `green=True` is a colour, `bold=True` is not."""
    if os.environ.get("NO_COLOR"):
        return text
    colour = next((name for name in style if name != "bold"), None)
    return click.style(text, fg=colour, bold=style.get("bold"))

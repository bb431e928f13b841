"""What `course watch` shows. A terminal is wiped first and fits its window; elsewhere one screen follows another, without bars."""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.catalog import Project
from course.cli.watch_round import SLOW_ANSWER, Now
from course.files import shown
from course.reports.board import board, first_failure
from course.reports.terminal import NARROWEST, WIDTH, filled_lines, render, window
from course.workspace import progress

if TYPE_CHECKING:
    from course.checks.results import ProjectResult

KEYS = "h hint  l list  n next  p previous  a all again  q quit"
BAR = 20  # characters


class Screen:
    """A terminal, or a pipe.

    Args:
        keys: can keys be pressed?
    """

    def __init__(self, entry: Project, file: Path, keys: bool = False) -> None:
        self.entry, self.file, self.keys = entry, file, keys
        self.live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.started = time.perf_counter()
        self.took: dict[str, float] = progress.seconds(file)
        self.size = shutil.get_terminal_size()
        self._drawn: tuple[ProjectResult, bool] | None = None
        self._at = self.started
        self._said: set[str] = set()

    def busy(self, now: Now) -> None:
        """On a terminal one line that is written over; elsewhere a sentence where something takes long."""
        text = self._busy(now)
        if self.live:
            if shutil.get_terminal_size() != self.size and self._drawn:
                self.show(*self._drawn)
            first, *more = [line[: self._width() - 1] for line in text.splitlines()]
            below = "".join(f"\n\x1b[K{line}" for line in more)
            click.echo(f"\r\x1b[K{first}\x1b[J{below}" + (f"\x1b[{len(more)}A\r" if more else ""), nl=False)
        elif now.check is not None and now.seconds > SLOW_ANSWER and now.check.name not in self._said:
            self._said.add(now.check.name)
            click.echo(text)

    def show(self, result: "ProjectResult", running: bool = False) -> None:
        """The verdicts so far and what to do next; `running`: more are to come."""
        if self._drawn != (result, running):
            self._drawn, self._at = (result, running), time.perf_counter()
        foot = [
            *filled_lines(self._next(result), "", self._width()),
            *filled_lines(self._foot(running), "", self._width()),
        ]
        if not self.live:
            click.echo(f"\n{render(result, paint, width=window())}\n\n" + "\n".join(foot))
            return
        if self.keys:
            foot.append(paint(KEYS, bold=False) if self._width() > len(KEYS) else "h hint  q quit")
        self.size = shutil.get_terminal_size()
        height = max(self.size.lines - len(foot) - 3, 8)  # an empty line, and the two that are written over
        self._wipe()
        click.echo(board(result, paint, self._width(), height) + "\n\n" + "\n".join(foot))

    def show_unloadable(self, message: str, line: int | None, code: str) -> None:
        """The module cannot be loaded, so no check says anything."""
        self._drawn = None
        where = f"{shown(self.file)}:{line}" if line else shown(self.file)
        text = [paint(f"{self.entry.id} {self.entry.title}", bold=True)]
        text.append(f"  {paint('✗', red=True)} {paint(where, cyan=True)}   {code}")
        text += filled_lines(f"the module cannot be loaded: {message}", "      ", self._width())
        self._wipe()
        click.echo("\n".join([*text, "", self._foot(False)]))

    def show_missing(self) -> None:
        """The file is not there."""
        self._drawn = None
        self._wipe()
        click.echo(paint(f"{self.entry.id} {self.entry.title}", bold=True))
        click.echo(f"  {paint('✗', red=True)} {shown(self.file)} is not there any more.")
        click.echo(
            f"      Put it back, or type `course reset {self.entry.id}` in another terminal: that makes a new stub."
        )
        click.echo("\nIt is checked as soon as it is there; Ctrl-C leaves.")

    def tell(self, text: str) -> None:
        """Something that was asked for by a key; the next save or key brings the verdicts back."""
        self._wipe()
        click.echo(text + "\n\nAny other key goes back; Ctrl-C leaves.")

    def redraw(self) -> None:
        """The verdicts again."""
        if self._drawn:
            self.show(*self._drawn)

    # -- parts ----------------------------------------------------------------------------------------------------

    def _width(self) -> int:
        return max(NARROWEST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))

    def _wipe(self) -> None:
        click.echo("\x1b[2J\x1b[3J\x1b[H" if self.live else "", nl=not self.live)

    def _busy(self, now: Now) -> str:
        if now.check is None:
            return f"Loading {shown(self.file)} ..." + (f" ({now.seconds:.0f} s)" if now.seconds > SLOW_ANSWER else "")
        title = f"{now.check.task}: {now.check.title}"
        if now.check.slow:
            usual = self.took.get(now.check.name)
            doing = _training(now)
            if not usual:
                return f"{title}, {now.seconds:.0f} s so far{doing}"
            full = int(BAR * min(now.seconds / usual, 1))
            left = f"{usual - now.seconds:.0f} s left" if now.seconds < usual else f"{now.seconds:.0f} s, soon done"
            return f"[{'#' * full}{'.' * (BAR - full)}] {left}: {title}{doing}"
        if now.seconds < SLOW_ANSWER:
            said = f"{title}  ({now.done + 1} of {now.of})"
            return said if self._drawn or not self.live else f"Saved. {said}"  # above it stands an older verdict
        where = f", in line {now.where[0]} ({now.where[1]})" if now.where else ""
        like = f"\n  {now.where[2]}" if now.where and now.where[2] else ""
        return f"{now.check.task}: no answer for {now.seconds:.0f} s{where}. A save breaks it off.{like}"

    def _foot(self, running: bool) -> str:
        seconds = self._at - self.started  # not now: a key draws it again
        if running:
            return f"{seconds:.1f} s so far, and it goes on. Save the file to start over; Ctrl-C leaves."
        return f"Checked in {seconds:.1f} s. Save the file to check it again; Ctrl-C leaves."

    def _next(self, result: "ProjectResult") -> str:
        """What to do next, as one or two lines."""
        id = self.entry.id
        if result.earned == result.points:
            return f"All {result.points} points. See it learn: `course run {id}`. Where you stand: `course status`."
        first = first_failure(result)
        for task in self.entry.functions:
            left = [c for c in result.by_task().get(task.name, []) if c.outcome in ("failed", "not started")]
            if left and left[0].outcome == "not started":
                return f"Next: write {task.name}. {task.todo}"
            if left and first:
                return f"Next: {task.name} ({first.title}). All its questions: `course hint {id} {task.name}`"
        return "What has run is right; the rest follows."


def _training(now: Now) -> str:
    """How far a training is: epochs and accuracy where that is known, else how often a function was called."""
    if now.epoch:
        done, of, accuracy = now.epoch
        return f", epoch {done}{f' of {of}' if of else ''}, accuracy {accuracy:.3f}"
    if now.calls and now.calls[1] > 1:
        return f", call {now.calls[1]} of your functions ({now.calls[0]})"
    return ""


def paint(text: str, **style: bool) -> str:
    """Like pytest's markup: `green=True` is a colour, `bold=True` is not."""
    if os.environ.get("NO_COLOR"):
        return text
    colour = next((name for name in style if name != "bold"), None)
    return click.style(text, fg=colour, bold=style.get("bold"))

"""`course watch 07`: save a file, see the verdict, as rustlings does it.

This process looks at the file and at the keyboard, and draws. It has torch imported and never runs a line of the student's: that
does, for each save, a process of its own (`watch_process`, `watch_child`), which is ended when the next save comes.
"""

import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import click

from course import catalog
from course.catalog import Project
from course.cli import standing
from course.cli.names import PROJECT
from course.cli.watch_keys import Keys, keyboard
from course.workspace import exercises, verdicts
from course.workspace.questions import questions

POLL = 0.1  # seconds between two looks at the file
SETTLE = 0.03  # seconds: an editor may write a file in two steps
GONE = 1.0  # seconds: an editor that replaces a file takes less
Stamp = tuple[int, int, int] | None


class Saved(Exception):
    """The file has changed while it was checked."""


class Turn(Exception):
    """A key asks for another project, or for this one from the start."""

    def __init__(self, entry: Project) -> None:
        self.entry = entry


class Leave(Exception):
    """A key ends it."""


@click.command()
@click.argument("project", required=False, type=PROJECT)
@click.option("--target", help="What to watch: a folder of modules or one file (exercises).")
@click.option("--fast", is_flag=True, help="Leave out the checks that train a network.")
def watch(project: str | None, target: str | None, fast: bool) -> None:
    """Check your work at each save; Ctrl-C leaves.

    Without a PROJECT it is the next one that is not finished. What you have just changed is checked first, what trains a network
    last. A new save starts over, whatever your code is doing.
    """
    entry = catalog.project(project) if project else standing.unfinished() or catalog.projects()[0]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may start background jobs with Ctrl-C ignored
    try:
        with keyboard() as keys, tempfile.TemporaryDirectory(prefix="course-watch-") as folder:
            while True:
                click.echo(f"Project {entry.id}, {entry.title}: loading PyTorch ...", err=True)
                from course.checks.target import target_file

                file = target_file(target or exercises.exercises_folder(), entry)
                try:
                    _Watch(entry, file, Path(folder), keys, fast).loop()
                except Turn as turn:
                    entry = turn.entry
    except (KeyboardInterrupt, Leave):
        click.echo(f"\nUntil next time: `course watch {entry.id}` goes on from here.")


class _Watch:
    """One project that is watched."""

    def __init__(self, entry: Project, file: Path, folder: Path, keys: Keys, fast: bool) -> None:
        from course.cli.watch_process import Starter

        self.entry, self.file, self.keys, self.fast = entry, file, keys, fast
        self.starter = Starter(entry, file, folder / "trace")
        self.stamp: Stamp = None
        self.digests: dict[str, str] = {}
        self.result = None
        self.hints = 0

    def loop(self) -> None:
        """Check the file now and at each save."""
        try:
            while True:
                self.stamp = stamp_of(self.file)
                with suppress(Saved):
                    self._round() if self.stamp else self._missing()
                    while True:
                        self._look()
                        self.starter.idle()
                        _wait(POLL, self.keys)
                time.sleep(SETTLE)
        finally:
            self.starter.close()

    def _round(self) -> None:
        from course.checks.uses import digests
        from course.cli.watch_round import Round
        from course.cli.watch_screen import Screen

        now = digests(self.file, [function.name for function in self.entry.functions])
        changed = {name for name in now if self.digests.get(name) != now[name]}
        self.screen, self.hints = Screen(self.entry, self.file, bool(self.keys.handles)), 0
        part = Round(
            self.entry,
            self.file,
            self.starter,
            self.screen,
            self._look,
            changed=changed,
            fast=self.fast,
            keys=self.keys.handles,
        )
        self.part = part
        part.run()
        if part.whole:
            self.digests = now
            verdicts.record(part.result(), self.file)

    def _missing(self) -> None:
        from course.cli.watch_screen import Screen

        self.screen = Screen(self.entry, self.file, bool(self.keys.handles))
        until = time.monotonic() + GONE
        while time.monotonic() < until:
            self._look()
            _wait(POLL, self.keys)
        self.screen.show_missing()

    def _look(self) -> None:
        """Has the file been saved, or a key been pressed?

        Raises:
            Saved, Turn, Leave: what then is to be done.
        """
        if (stamp := stamp_of(self.file)) != self.stamp and (stamp is not None or self._is_gone()):
            raise Saved
        match self.keys.pressed():
            case "":
                return
            case "q":
                raise Leave
            case "n" | "p" as key:
                raise Turn(_beside(self.entry, 1 if key == "n" else -1))
            case "a":
                self.digests = {}
                raise Saved
            case "l":
                self.screen.tell(standing.status_text())
            case "h":
                self.hints += 1
                self.screen.tell(self._hint(self.hints))
            case _:
                self.screen.redraw()

    def _is_gone(self) -> bool:
        """Not there for longer than an editor takes."""
        until = time.monotonic() + GONE
        while time.monotonic() < until:
            if stamp_of(self.file) is not None:
                return True
            time.sleep(POLL / 2)
        return True

    def _hint(self, number: int) -> str:
        """The first questions of the function that comes next; each press shows one more."""
        from course.cli.watch_screen import paint
        from course.reports.terminal import filled_lines, window

        result = self.part.result()
        ended = {check.name: check.outcome for check in result.checks}
        left = [q for q in questions(self.entry) if ended.get(q.name) in ("failed", "not started")]
        if not left:
            return "Nothing is left to ask here."
        task = left[0].task
        asked = [(task, self.entry.function(task).todo)]
        for question in left:
            if question.task == task:
                asked += [(question.title, " ".join(question.why.split())), (question.title, question.hint)]
        shown = asked[:number]
        lines = []
        for title, text in shown:
            lines += [paint(title, bold=True), *filled_lines(text, "  ", window())]
        more = len(asked) - len(shown)
        return "\n".join(
            [*lines, "", f"h: {more} more" if more else "That is all. `course debug` shows the call that fails."]
        )


def stamp_of(file: Path) -> Stamp:
    """What changes when a file is saved; None while an editor is just replacing it."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _beside(entry: Project, step: int) -> Project:
    """The next project, or the one before; behind the last comes the first."""
    entries = catalog.projects()
    return entries[(entries.index(entry) + step) % len(entries)]


def _wait(seconds: float, keys: Keys) -> None:
    from course.cli.watch_process import wait_a_little

    wait_a_little(seconds, keys.handles)

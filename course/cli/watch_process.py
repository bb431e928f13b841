"""The watcher's end of the line to the process that runs a student's code: starts it, reads what it sends, ends it."""

import multiprocessing
import os
import signal
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from course.catalog import Project
from course.checks import warm
from course.checks.time_limit import TimeLimit, processor_seconds
from course.cli import watch_child, watch_glance

FORKS = sys.platform == "linux" and not os.environ.get("COURSE_SPARE_PROCESS")  # macOS can fork, but not its libraries


class Gone(Exception):
    """The process has ended before it had answered; the message says how."""


class Started:
    """A process that runs checks of one state of the file."""

    def __init__(self, process: Any, connection: Connection, job: watch_child.Job) -> None:
        self.process, self.connection, self.job = process, connection, job
        self.broke_at: int | None = None  # the line that it has said itself

    def ask(self, names: list[str]) -> None:
        """Let it run these checks; an empty list ends it."""
        with suppress(BrokenPipeError):
            self.connection.send(names)

    def message(self, seconds: float, *, also: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        """The next message, or None where none comes in time, or one of `also` (a keyboard) has something to read.

        Raises:
            Gone: the process has ended.
        """
        alive = self.process.is_alive()  # asked before: what it sent before it ended is still read
        if self.connection in wait([self.connection, *also], seconds if alive else 0):
            with suppress(EOFError, OSError):
                return self.connection.recv()  # type: ignore[no-any-return]
            self.process.join(5)
            alive = False
        if not alive:  # its own children may hold the line open
            raise Gone(_ending(self.process.exitcode))
        return None

    def limit(self, seconds: float) -> TimeLimit:
        """The time of one check, from now on."""
        pid = self.process.pid
        return TimeLimit(seconds, lambda: processor_seconds(pid))

    def where(self) -> tuple[int, str, str] | None:
        """(line, function, variables) of the student's at which the code stands, as was written down last; None before that."""
        if self.broke_at is not None:
            return self.broke_at, "", ""
        if found := watch_glance.read(self.job.trace.with_suffix(".glance")):
            return found
        try:
            lines = self.job.trace.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return None
        found = None
        for line in reversed(
            lines
        ):  # innermost calls come first, and the main thread last: so this ends at its innermost
            if line.startswith(("Thread ", "Current thread ")) and found:
                break
            if line.startswith(f'  File "{self.job.file}", line '):
                number, _, name = line.partition(", line ")[2].partition(" in ")
                found = int(number), name, ""
        return found

    def end(self) -> None:
        """End it, and what it has started, now."""
        if self.process.is_alive():
            with suppress(OSError):
                if hasattr(os, "killpg") and os.getpgid(self.process.pid) == self.process.pid:
                    os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
        self.process.join(10)
        self.connection.close()


class Starter:
    """Starts them, each with all imported that any has needed so far."""

    def __init__(self, entry: Project, file: Path, trace: Path, fork: bool = FORKS) -> None:
        self.entry, self.fork = entry, fork
        self.job = watch_child.Job(entry.id, file, trace)
        self.modules: dict[str, None] = {}
        self.calls: dict[bytes, None] = {}
        self._new: list[str | bytes] = []
        self._context: Any = multiprocessing.get_context("fork" if fork else "spawn")
        self._spare: tuple[Any, Connection] | None = None
        if fork:
            watch_child.prepare(entry.id)
            warm.settle()
        else:
            self._spare = self._waiting()

    def start(self) -> Started:
        """A process for the file as it is now."""
        if self.fork:
            process, connection = self._made(watch_child.serve, self.job)
        else:
            process, connection = self._spare or self._waiting()
            connection.send(self.job)
            self._spare = self._waiting()
        return Started(process, connection, self.job)

    def learn(self, modules: tuple[str, ...], calls: tuple[bytes, ...]) -> None:
        """What a process had to import and work out, the next one shall have."""
        self._new += [call for call in reversed(calls) if call not in self.calls]
        self._new += [name for name in modules if name not in self.modules]
        self.modules.update(dict.fromkeys(modules))
        self.calls.update(dict.fromkeys(calls))

    def idle(self) -> None:
        """Import or work out one of them, while nothing else is to be done."""
        if self.fork and self._new:
            new = self._new.pop()
            if isinstance(new, bytes):
                warm.work_out(new)
            else:
                warm.bring(new)
            if not self._new:
                warm.settle()

    def close(self) -> None:
        """End the one that waits."""
        warm.unsettle()
        if self._spare:
            process, connection = self._spare
            process.kill()
            process.join(10)
            connection.close()

    def _waiting(self) -> tuple[Any, Connection]:
        return self._made(watch_child.waiting, self.entry.id, tuple(self.modules), tuple(self.calls))

    def _made(self, target: Any, *arguments: Any) -> tuple[Any, Connection]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=target, args=(theirs, *arguments))
        process.start()
        theirs.close()
        return process, ours


def _ending(code: int | None) -> str:
    if code is None:
        return "the process gave no sign of life"
    if code < 0:
        return f"the process was ended by {signal.Signals(-code).name}: a crash, or too much memory"
    return f"the process left with exit status {code} before it answered"


def wait_a_little(seconds: float, also: tuple[Any, ...] = ()) -> None:
    """Until something is typed, or the time is over."""
    if also:
        wait(list(also), seconds)
    else:
        time.sleep(seconds)

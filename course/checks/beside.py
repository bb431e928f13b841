"""The checks of a notebook in a process beside its kernel: whatever a student's code does there, the kernel lives on.

This is the kernel's end of the line. The process is started when `course.notebook` is imported, has torch ready by the time the
first check is asked for, and forks for each check cell (`beside_process`). Without forks (Windows, macOS) checks run in the kernel.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import reduction
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.checks import alone
from course.checks.beside_process import Job

if TYPE_CHECKING:
    from course.catalog import Project
    from course.checks.check import Check
    from course.checks.results import CheckResult, ProjectResult

FORKS = sys.platform == "linux"  # macOS can fork, but not its libraries
LOOK = 0.5  # seconds between two looks whether it has something to say, or has ended
STOPS = 2.0  # seconds after a Ctrl-C, then the process is ended
HELD = 7.0  # seconds: by then code that lets other threads run has said itself where it stands
MORE = 15.0  # seconds beyond the limit of a cell, which the process keeps itself where it can
ENDS = 2  # so often a process may end in a function; its other checks would do the same
Begins = Callable[[str, bool], object]
Says = Callable[[str], object]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or the square; `place` is where the code stood, such as ", in line 2 of the cell of train_epoch"."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class Absent(Exception):
    """There is no such process, and none can be had."""


class _Lost(Exception):
    """The process ended before it had answered.

    Args:
        all_alike: the function's other checks would end in the same way.
    """

    def __init__(self, reason: str, line: int | None, all_alike: bool = False) -> None:
        super().__init__(reason)
        self.line, self.all_alike = line, all_alike


def grade_task(
    entry: "Project", task: str, notebook: Any, seconds: float, *, begins: Begins, says: Says
) -> "ProjectResult":
    """Run the checks of one function, as `course.checks.notebook.grade_task` does.

    Args:
        begins: called with the title of each check before it runs, and whether it trains.
        says: called with a sentence where a check gives no answer.

    Raises:
        Interrupted: somebody has stopped it.
        Absent: it can't be done here.
        CourseError: as there.
    """
    from course.checks.check import bonuses_of, checks_of

    checks = {check.name: check for check in (*checks_of(entry), *bonuses_of(entry)) if check.task == task}
    cell, ends = _Cell(entry, task, notebook, seconds, begins, says), 0
    while True:
        cell.at = ""
        try:
            return _process().check(cell)
        except _Lost as fault:
            ends += 1
            left = [name for name in checks if name not in cell.known]
            if not left:
                raise Absent from None
            for name in left if fault.all_alike or ends >= ENDS or not cell.at else [cell.at]:
                cell.known[name] = _failed(checks[name], task, fault, notebook.ran)


def prepare() -> None:
    """Start it, where there is none yet and it can be: its imports take seconds, and nobody waits for them."""
    if FORKS:
        with suppress(Absent):
            _process()


def _failed(check: "Check", task: str, fault: _Lost, ran: Sequence[str]) -> "CheckResult":
    """The verdict of a check that has ended its process.

    Args:
        ran: the texts of cells, in the order in which they were run.
    """
    from course.checks.failure import Failure
    from course.checks.results import CheckResult

    if check.bonus:
        return CheckResult.of(check, "waiting", Failure("to come", task))
    where: dict[str, Any] = {}
    if fault.line:
        cell = next((text for text in reversed(ran) if f"def {task}(" in text), "")
        code = cell.splitlines()[fault.line - 1 : fault.line] or [""]
        where = {"place": f"the cell of {task}", "line": fault.line, "code": code[0].strip()}
    kind = "no answer" if fault.all_alike else "ended"
    return CheckResult.of(check, "failed", Failure(kind, task, {"reason": str(fault)}), **where)


@dataclass
class _Cell:
    """What is judged.

    Args:
        known: results that stand, of checks that have ended their process.
        at: the check that began last.
    """

    entry: "Project"
    task: str
    notebook: Any
    seconds: float
    begins: Begins
    says: Says
    known: "dict[str, CheckResult]" = field(default_factory=dict)
    at: str = ""


class _Process:
    """The line to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.folder = tempfile.TemporaryDirectory(prefix="course-")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "course.checks.beside_process", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,  # Jupyter's interrupt goes to the kernel's group
        )
        theirs.close()
        self.line = Connection(ours.detach())
        self.ready = False

    def check(self, cell: _Cell) -> "ProjectResult":
        """Run the checks of a cell in a fork."""
        trace = Path(self.folder.name, "trace")
        trace.write_text("", "utf-8")
        ours, theirs = socket.socketpair()
        try:
            if not self.ready:
                if not self.line.poll(LOOK):
                    cell.says("PyTorch is being loaded, once ...")
                self.ready = self.line.recv() == "ready"
            self.line.send(("check", Job(cell.entry.id, cell.task, cell.notebook, cell.seconds, trace, cell.known)))
            reduction.send_handle(self.line, theirs.fileno(), self.process.pid)
            theirs.close()
            fork = self.line.recv()
            answers = Connection(ours.detach())
        except (EOFError, OSError):
            self.end()
            raise Absent from None
        except KeyboardInterrupt:
            self.end()
            raise Interrupted("") from None
        with answers:
            try:
                whole, learned = _Listening(cell, fork, answers, self.line, trace).whole()
            except BaseException as fault:
                with suppress(OSError):
                    os.kill(fork, signal.SIGKILL)
                code = self._ended()
                if isinstance(fault, EOFError):
                    stands = alone.innermost(alone.text_of(trace), _is_cell)
                    raise _Lost(_ending(code), stands[0] if stands else None) from None
                raise
        self._ended()
        self.line.send(("learn", *learned))
        return whole

    def end(self) -> None:
        """End it."""
        self.line.close()
        self.process.kill()
        self.process.wait()

    def _ended(self) -> int:
        """How the fork has ended."""
        try:
            return int(self.line.recv())
        except (EOFError, OSError):
            self.end()
            return -signal.SIGKILL
        except KeyboardInterrupt:
            self.end()
            raise


class _Listening:
    """What a fork sends, up to its end."""

    def __init__(self, cell: _Cell, fork: int, answers: Connection, line: Connection, trace: Path) -> None:
        from course.checks.time_limit import TimeLimit, processor_seconds

        self.cell, self.fork, self.answers, self.line, self.trace = cell, fork, answers, line, trace
        self.limit = TimeLimit(cell.seconds + MORE, lambda: processor_seconds(fork))
        self.heard = time.monotonic()
        self.said = False

    def whole(self) -> tuple["ProjectResult", tuple[Any, ...]]:
        """The result, and what the fork has learned.

        Raises:
            EOFError: it has ended without one.
            _Lost, Interrupted: somebody has to end it.
        """
        try:
            while True:
                ready = wait([self.answers, self.line], LOOK)
                if self.answers not in ready:
                    if ready:  # it has ended, and what it has started holds its line open
                        raise EOFError
                    self._silent()
                    continue
                match self.answers.recv():
                    case ("begins", name, title, slow):
                        self.cell.at = name
                        self.heard, self.said = time.monotonic(), slow
                        self.cell.begins(title, slow)
                    case ("says", text):
                        self.said = True
                        self.cell.says(text)
                    case ("whole", result, names, calls):
                        return result, (names, calls)
                    case ("interrupted", place):
                        raise Interrupted(place)
                    case ("stuck", why):
                        raise _Lost(why, None, all_alike=True)
                    case ("fault", fault):
                        raise fault
        except (OSError, ValueError):  # cut off in the middle of a message
            raise EOFError from None
        except KeyboardInterrupt as fault:
            raise fault if isinstance(fault, Interrupted) else Interrupted(self._stopped()) from None

    def _silent(self) -> None:
        """Nothing has come for a while."""
        if not self.said and time.monotonic() - self.heard > HELD:
            self.said = True
            if stands := self._asked():
                seconds = time.monotonic() - self.heard
                self.cell.says(f"{self.cell.task}: no answer for {seconds:.0f} s, in line {stands[0]} ({stands[1]})")
        if self.limit.ended():
            stands = self._asked()
            reason = f"no answer within {self.cell.seconds:.0f} s: an endless loop?"
            raise _Lost(reason, stands[0] if stands else None, all_alike=True)

    def _stopped(self) -> str:
        """Where the code stood that was interrupted; it may not notice."""
        with suppress(EOFError, OSError, ValueError):
            os.kill(self.fork, signal.SIGINT)
            until = time.monotonic() + STOPS
            while (left := until - time.monotonic()) > 0 and wait([self.answers], left):
                match self.answers.recv():
                    case ("interrupted", place):
                        return str(place)
        stands = self._asked()
        return f", in line {stands[0]} of {stands[2].strip('<>')}" if stands else ""

    def _asked(self) -> tuple[int, str, str] | None:
        return alone.asked(self.fork, lambda: alone.text_of(self.trace), _is_cell)


def _is_cell(file: str) -> bool:
    return file.startswith("<the cell")


def _ending(code: int) -> str:
    from course.checks.session import ending

    return ending(code)


_known: list[_Process] = []


def _process() -> _Process:
    """The one of this kernel.

    Raises:
        Absent: it can't be had.
    """
    if not FORKS:
        raise Absent
    if _known and _known[0].process.poll() is not None:
        _known.pop().end()
    if not _known:
        try:
            _known.append(_Process())
        except OSError:
            raise Absent from None
    return _known[0]

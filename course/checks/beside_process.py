"""The process that stands ready beside a notebook's kernel, and its forks, one for each check cell: the student's code runs there.

A crash, an `os._exit` or a loop in C ends a fork. The kernel keeps its variables, and the process here knows nothing of them: a
check loads the cells anew, wherever it runs. Started by `course.checks.beside` as `python -m course.checks.beside_process LINE`, it
gets

    ("check", Job), then an open line    it forks, answers with the fork's number and, once that has ended, with how it ended
    ("learn", names, calls)              to be imported and worked out while nothing is to be done (`warm`)

and the fork sends on that line of its own:

    ("begins", check, title, slow)       a check begins
    ("says", text)                       where code stands that gives no answer
    ("interrupted", place)               by the kernel's Ctrl-C, or by the code itself; like the next ones the last message
    ("stuck", why)                       by nothing that ends a call
    ("fault", error)                     of ours
    ("whole", ProjectResult, names, calls)
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from course import catalog
from course.checks import alone, warm
from course.errors import CourseError

LOOK = 0.02  # seconds between two looks whether the fork, or the kernel, still lives


@dataclass(frozen=True)
class Job:
    """A check cell.

    Args:
        notebook: a `course.cells.kernel.Opened`.
        seconds: limit of all its checks together.
        known: results that stand, of checks that have ended an earlier process.
        trace: a file for where the code stands.
        folder, path, environment: those of the kernel.
    """

    project: str
    task: str
    notebook: Any
    seconds: float
    trace: Path
    known: Mapping[str, Any] = field(default_factory=dict)
    folder: str = field(default_factory=os.getcwd)
    path: list[str] = field(default_factory=lambda: list(sys.path))
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))


def main() -> None:
    """Fork for each job, until the kernel is gone."""
    from course.checks import notebook
    from course.checks.check import checks_of

    line = Connection(int(sys.argv[1]))
    warm.prepare()
    assert notebook  # imported, for every fork
    learning: list[str | bytes] = []
    with suppress(EOFError, OSError):
        line.send("ready")
        while True:
            while learning and not line.poll(0):
                new = learning.pop(0)
                warm.work_out(new) if isinstance(new, bytes) else warm.bring(new)
                if not learning:
                    warm.settle()
            word, *more = line.recv()
            if word == "learn":
                learning += [*more[0], *more[1]]
                continue
            job, end = more[0], reduction.recv_handle(line)
            checks_of(catalog.project(job.project))
            fork = os.fork()
            if not fork:
                line.close()
                _run(Connection(end), job)
            os.close(end)
            line.send(fork)
            line.send(_ended(fork, line))


def _ended(fork: int, line: Connection) -> int:
    """How it has ended; whatever the student's code has started ends with it.

    Raises:
        EOFError: the kernel has ended before, and the fork with it.
    """
    code = None
    try:
        while code is None:
            gone = line.poll(LOOK)
            found, status = os.waitpid(fork, os.WNOHANG)
            if found:
                code = os.waitstatus_to_exitcode(status)
            elif gone:
                raise EOFError
    finally:
        with suppress(OSError):
            os.killpg(fork, signal.SIGKILL)
    return code


def _run(connection: Connection, job: Job) -> NoReturn:
    """Judge, and end."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(job.environment)
        sys.path[:] = job.path
        os.chdir(job.folder)
        with job.trace.open("w") as trace, suppress(OSError):
            alone.nobody_types(trace)
            alone.answers(trace)
            _judge(connection, job)
    finally:
        os._exit(0)


def _judge(connection: Connection, job: Job) -> None:
    from course.checks.notebook import grade_task

    before, recorder, lock = set(sys.modules), warm.Recorder(), threading.Lock()

    def send(*message: Any) -> None:
        with lock:
            connection.send(message)

    def stuck(why: str) -> NoReturn:
        send("stuck", f"the code {why}")
        os._exit(1)

    try:
        result = grade_task(
            catalog.project(job.project),
            job.task,
            job.notebook,
            job.seconds,
            begins=lambda check: send("begins", check.name, check.title, check.slow),
            says=lambda text: send("says", text),
            stuck=stuck,
            known=job.known,
        )
    except KeyboardInterrupt as fault:
        send("interrupted", place(fault))
    except (SystemExit, GeneratorExit) as fault:  # of an `except` that has turned something into it
        send("stuck", f"the code raised {type(fault).__name__}")
    except Exception as fault:
        send("fault", fault if isinstance(fault, CourseError) else RuntimeError(traceback.format_exc()))
    else:
        send("whole", result, warm.imported_since(before, Path(job.folder)), recorder.calls())


def place(fault: BaseException) -> str:
    """ ", in line 2 of the cell of train_epoch": where an exception has passed through the student's code last, or nothing."""
    lines = [f for f in traceback.extract_tb(fault.__traceback__) if f.filename.startswith("<the cell")]
    return f", in line {lines[-1].lineno} of {lines[-1].filename.strip('<>')}" if lines else ""


if __name__ == "__main__":
    main()

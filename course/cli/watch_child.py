"""The process in which `course watch` runs a student's code, one for each save: whatever happens there, the watch lives on.

Where a process can be forked it is a copy of the watcher, which has everything imported already; elsewhere one is started before
and waits (`waiting`). It gets a `Job`, then names of checks to run, and sends messages, tuples that begin with a word:

    ("unloadable", message, line, code)   the module cannot be loaded; nothing else comes
    ("at", check)                         a check begins
    ("calls", function, number)           in a check that trains: the function is called for the so-manieth time
    ("epoch", number, epochs, accuracy)   in a check that trains: an epoch has ended; `epochs` is 0 where that is not known
    ("result", CheckResult)               it has ended
    ("broke", reason, line)               the check that runs ended in a way that no check may; nothing else comes
    ("done", notes)                       all that were asked for have ended
    ("learned", names, calls)             at the end: what has been imported and worked out, for the next one (`course.checks.warm`)
"""

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from course import catalog, limits
from course.cells import surroundings
from course.checks import alone, warm

PARENT_SECONDS = 1.0  # how often it looks whether the watcher still lives


@dataclass(frozen=True)
class Job:
    """What is to be checked.

    Args:
        project: its id.
        trace: a file for where the code stands, and where it crashed (`faulthandler`).
    """

    project: str
    file: Path
    trace: Path


def prepare(project: str, modules: Iterable[str] = (), calls: Iterable[bytes] = ()) -> None:
    """Import all that a round needs."""
    from course.checks.check import checks_of

    warm.prepare(modules, calls)
    checks_of(catalog.project(project))


def waiting(connection: Connection, project: str, modules: tuple[str, ...], calls: tuple[bytes, ...]) -> None:
    """What a process that was started beforehand does."""
    prepare(project, modules, calls)
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        serve(connection, connection.recv())


def serve(connection: Connection, job: Job) -> None:
    """Load the module, run the checks that are asked for, and say how they end."""
    from course import training
    from course.checks.check import Check, bonuses_of, checks_of
    from course.checks.run import run
    from course.checks.session import StudentRaised, WorkerLost
    from course.checks.target import open_session
    from course.cli.watch_glance import Glance
    from course.training import History

    if hasattr(os, "setsid"):
        os.setsid()  # what the student's code starts ends with it, and Ctrl-C is the watcher's alone
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    entry, before = catalog.project(job.project), set(sys.modules)
    checks = {check.name: check for check in (*checks_of(entry), *bonuses_of(entry))}
    recorder = warm.Recorder()
    session = open_session(
        job.file, entry, seconds=limits.CALL_SECONDS, cached=True
    )  # makes the data, with a bar, at first
    session.alone = True  # type: ignore[attr-defined]
    with job.trace.open("w") as trace, contextlib.suppress(EOFError, BrokenPipeError):
        alone.nobody_types(trace)
        surroundings.cures["breakpoint"] = f"`course debug {entry.id}` writes a program that can"
        try:
            session.request("begin", task="", needs=[], seed=0)
        except StudentRaised as fault:
            connection.send(("unloadable", str(fault), fault.line, fault.code))
            return
        except WorkerLost as fault:
            connection.send(("unloadable", str(fault), None, ""))
            return
        said: list[int] = []
        glance = Glance(job.file, job.trace.with_suffix(".glance"), trace)

        def begins(check: Check) -> None:
            glance.begins()
            connection.send(("at", check.name))
            said[:] = [0] if check.slow else []

        exchange, asked_epochs = session._exchange, [0]

        def counted(message: dict[str, Any]) -> dict[str, Any]:
            if said and message["op"] in ("call", "probe"):
                asked_epochs[0] = _epochs(message)
            if said and message["op"] == "call":
                said[0] += 1
                connection.send(("calls", message["name"], said[0]))
            return exchange(message)

        def epoch(history: History) -> None:
            if said and history.train_accuracy:
                accuracy = (history.valid_accuracy or history.train_accuracy)[-1]
                with contextlib.suppress(TypeError, ValueError):
                    done = len(history.train_accuracy)
                    connection.send(("epoch", done, asked_epochs[0], float(accuracy)))

        training.WATCHERS.append(epoch)
        session._exchange = counted  # type: ignore[method-assign]
        while names := connection.recv():
            asked = [checks[name] for name in names]
            try:
                found = run(entry, session, asked, before=begins, each=lambda r: connection.send(("result", r)))
            except (
                KeyboardInterrupt,
                SystemExit,
                GeneratorExit,
            ) as fault:  # the student's own: a real one is the watcher's
                connection.send(("broke", f"the code raised {type(fault).__name__}", _line(fault, job.file)))
                return
            glance.ends()
            connection.send(("done", found.notes))
        connection.send(("learned", warm.imported_since(before, job.file.parent), recorder.calls()))


def _epochs(message: dict[str, Any]) -> int:
    """How many epochs a call asks for, where it says so by name; else 0."""
    asked = message.get("kwargs", {}).get("epochs", 0)
    return asked if type(asked) is int else 0


def _end_with(watcher: int) -> None:
    """End all that runs here once the watcher is gone: killed, or its terminal closed. An endless loop would go on for ever."""
    while os.getppid() == watcher:
        time.sleep(PARENT_SECONDS)
    os.killpg(0, signal.SIGKILL)


def _line(fault: BaseException, file: Path) -> int | None:
    """The student's own line in which it arose."""
    lines = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == str(file)]
    return lines[-1] if lines else None

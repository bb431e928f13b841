"""What ends a call of a student's in our own process: a limit, Ctrl-C, and nothing else.

A call may loop, swallow every exception, leave by `os._exit`, or go on twice after `os.fork`. Whoever runs checks in the process in
which a person waits (pytest, a notebook) comes through here.
"""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from course.checks.time_limit import TimeLimit

AGAIN = 1.0  # seconds after which an exception that was swallowed is raised once more
SWALLOWED = 3  # so often it may be, or Ctrl-C: then nothing but the end of the process helps
Stuck = Callable[[str], object]


class OutOfTime(BaseException):
    """Not an Exception, so that a student's `except Exception` does not swallow it."""


@contextmanager
def limited(seconds: float, stuck: Stuck | None = None) -> Iterator[None]:
    """Raise OutOfTime within this when `seconds` are over (`TimeLimit`), by an alarm signal or, where there is none, from a thread.

    Args:
        stuck: called when that was swallowed again and again, or Ctrl-C was; it ends the process.
    """
    main = threading.current_thread() is threading.main_thread()
    with interruptible(stuck) if main and stuck else nothing():
        if hasattr(signal, "SIGALRM") and main:
            with _by_signal(seconds, stuck):
                yield
        else:
            with _by_thread(seconds, stuck):
                yield


@contextmanager
def nothing() -> Iterator[None]:
    """Nothing around it."""
    yield


@contextmanager
def interruptible(stuck: Stuck) -> Iterator[None]:
    """A first Ctrl-C is as ever; after SWALLOWED of them, all in one call, the code swallows them."""
    previous, rung = signal.getsignal(signal.SIGINT), 0
    if not callable(previous):
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> Any:
        nonlocal rung
        rung += 1
        if rung >= SWALLOWED:
            stuck("swallows Ctrl-C")
        return previous(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def _by_signal(seconds: float, stuck: Stuck | None) -> Iterator[None]:
    patience, rung = TimeLimit(seconds, time.process_time), 0

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal rung
        if patience.ended():
            rung += 1
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
            if rung > SWALLOWED and stuck is not None:
                stuck("swallows what should end it")
            raise OutOfTime
        signal.setitimer(signal.ITIMER_REAL, patience.wait())

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@contextmanager
def _by_thread(seconds: float, stuck: Stuck | None) -> Iterator[None]:
    """An exception that another thread raises comes between two steps of Python: a loop in C is not ended by it."""
    patience = TimeLimit(seconds, time.process_time)
    here, over, lock = threading.get_ident(), threading.Event(), threading.Lock()
    rung = 0

    def look() -> None:
        nonlocal rung
        while not over.wait(patience.wait() if not rung else AGAIN):
            with lock:
                if over.is_set() or not patience.ended():
                    continue
                rung += 1
                if rung > SWALLOWED and stuck is not None:
                    stuck("swallows what should end it")
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(here), ctypes.py_object(OutOfTime))

    threading.Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        with suppress(OutOfTime):  # one that was on its way when the call came back
            with lock:
                over.set()
            if rung:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(here), None)


@contextmanager
def one_process(keep: bool = True) -> Iterator[None]:
    """What comes back here is the process that went in: a fork that was left over ends.

    Args:
        keep: `os._exit` raises an error, so that a person keeps the verdicts and the notebook.
    """
    here, leave = os.getpid(), os._exit

    def stay(status: int) -> NoReturn:
        if os.getpid() != here:
            leave(status)
        raise RuntimeError(f"the code called os._exit({status}), which ends Python")

    if keep:
        os._exit = stay  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit = leave  # type: ignore[assignment]
        if os.getpid() != here:
            leave(0)

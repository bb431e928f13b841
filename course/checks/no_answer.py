"""A sentence about a call that gives no answer, while it goes on: for who has no watcher beside it (pytest, a notebook).

A thread looks where the thread that runs the checks stands, and says it. What holds on to the interpreter lets it wait; torch's own
loops in C do not.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from course.checks.variables import variables

FIRST = 5.0  # seconds without an answer before anything is said
TRAINING = 60.0  # of a check that trains


@contextmanager
def told(task: str, own: Callable[[str], bool], say: Callable[[str], object], seconds: float = FIRST) -> Iterator[None]:
    """Within this, say once where the code of this thread stands if no end comes.

    Args:
        own: is a file of this name the student's?
        say: gets the sentence; it is called from another thread.
        seconds: after which it is said.
    """
    over, here = threading.Event(), threading.get_ident()

    def look() -> None:
        began, wait = time.monotonic(), seconds
        while not over.wait(wait):
            wait = 1.0
            frame = sys._current_frames().get(here)
            while frame is not None and not own(frame.f_code.co_filename):
                frame = frame.f_back
            if frame is not None:  # else it is our own code that takes long
                with suppress(Exception):
                    say(sentence(task, frame, time.monotonic() - began))
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()


def sentence(task: str, frame: FrameType, seconds: float) -> str:
    """What is said: for how long there has been no answer, where the code stands, and what its variables are like."""
    like = variables(frame)
    place = f"in line {frame.f_lineno} ({frame.f_code.co_name})"
    return f"{task}: no answer for {seconds:.0f} s, {place}{f': {like}' if like else ''}"

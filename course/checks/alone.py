"""A process in which a student's code runs alone: nobody types there, nothing reaches a screen, and a crash leaves its line.

From outside such a process can be asked where it stands (`asked`), even while a loop in C lets no line of Python run:
`faulthandler` answers without the interpreter. Only then it should be asked, for the answer reads frames as they are.
"""

import faulthandler
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ANSWERS = 0.5  # seconds: within these it is written down


def nobody_types(trace: Any) -> None:
    """Nothing comes in, nothing goes out; where the code crashes is written to the open file `trace`."""
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        nowhere = os.open(os.devnull, mode)
        os.dup2(nowhere, number)
        os.close(nowhere)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process lives
    faulthandler.enable(trace, all_threads=False)


def answers(trace: Any) -> None:
    """From now on `asked` gets an answer in the open file `trace`."""
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, trace, all_threads=False)


def asked(pid: int, read: Callable[[], str], own: Callable[[str], bool]) -> tuple[int, str, str] | None:
    """(line, function, file) at which a process stands that `answers`, or None where nothing of the student's runs.

    Args:
        read: what its trace holds.
        own: is a file of this name the student's?
    """
    before = len(read())
    with suppress(OSError):
        os.kill(pid, signal.SIGUSR1)
        until = time.monotonic() + ANSWERS
        while time.monotonic() < until:
            time.sleep(ANSWERS / 10)
            if (text := read()[before:]) and text.endswith("\n"):
                return innermost(text, own)
    return None


def innermost(trace: str, own: Callable[[str], bool]) -> tuple[int, str, str] | None:
    """(line, function, file) of the student's that was called last, of what `faulthandler` has written."""
    for file, line, name in re.findall(r'^  File "(.*)", line (\d+) in (.*)$', trace, re.MULTILINE):
        if own(file):
            return int(line), name, file
    return None


def text_of(file: Path) -> str:
    """What a trace holds, as far as it can be read."""
    with suppress(OSError):
        return file.read_text("utf-8", errors="replace")
    return ""

"""A look into a function that gives no answer: its line, and what its variables are like.

They are read while it runs, from a thread beside it.
Where the code holds on to the interpreter (a loop in C) the thread does not get its turn; then `faulthandler` still knows the line.
Only then: it reads frames without asking, and a process whose frames change meanwhile has been seen to crash of that.
"""

import faulthandler
import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from course.checks.variables import variables

EVERY = 1.0  # seconds
HELD = 4.0  # seconds without a turn of the thread
AFTER = 4.0  # seconds in one check before anything is written


class Glance:
    """Writes down where the main thread stands in a file, as soon as a check takes long."""

    def __init__(self, file: Path, notes: Path, trace: IO[str]) -> None:
        self.file, self.notes, self.trace = str(file), notes, trace
        self._since = float("inf")
        self._main = threading.main_thread().ident
        threading.Thread(target=self._look, daemon=True).start()

    def begins(self) -> None:
        """A check begins."""
        self._since = time.monotonic()
        self.notes.unlink(missing_ok=True)
        self.trace.truncate(0)
        faulthandler.dump_traceback_later(HELD, file=self.trace)

    def ends(self) -> None:
        """No check runs."""
        self._since = float("inf")
        faulthandler.cancel_dump_traceback_later()

    def _look(self) -> None:
        while True:
            time.sleep(EVERY)
            if self._since == float("inf"):
                continue
            faulthandler.dump_traceback_later(HELD, file=self.trace)  # once more from the start: nobody holds on to it
            if time.monotonic() - self._since > AFTER:
                with suppress(Exception):
                    self._write()

    def _write(self) -> None:
        frame = sys._current_frames().get(self._main or 0)
        while frame is not None and frame.f_code.co_filename != self.file:
            frame = frame.f_back
        if frame is not None:
            said = {"line": frame.f_lineno, "function": frame.f_code.co_name, "variables": variables(frame)}
            new = self.notes.with_suffix(".new")
            new.write_text(json.dumps(said), "utf-8")
            os.replace(new, self.notes)


def read(notes: Path) -> tuple[int, str, str] | None:
    """(line, function, what its variables are like), or None."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(notes.read_text("utf-8"))
        if type(said["line"]) is int:
            return said["line"], str(said["function"]), str(said["variables"])
    return None

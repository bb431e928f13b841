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
from types import FrameType, ModuleType
from typing import IO, Any

EVERY = 1.0  # seconds
HELD = 4.0  # seconds without a turn of the thread
AFTER = 4.0  # seconds in one check before anything is written
MOST, LETTERS = 5, 24  # variables, letters of a short one
NUMBERS = 100_000  # of a larger tensor the range is not worked out


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


def variables(frame: FrameType) -> str:
    """What the variables of a frame are like, as a phrase: "k = 3, x: float32 (8, 784) from 0 to 1"."""
    kept = {
        name: value
        for name, value in dict(frame.f_locals).items()
        if not name.startswith("__") and not isinstance(value, ModuleType)
    }
    if frame.f_code.co_name == "<module>":
        kept = {name: value for name, value in kept.items() if type(value) in (int, float, bool, str)}
    return ", ".join(_like(name, value) for name, value in list(kept.items())[-MOST:])


def _like(name: str, value: Any) -> str:
    if value is None or isinstance(value, bool | int | float | str):
        text = repr(value)
        return f"{name} = {text if len(text) <= LETTERS else text[: LETTERS - 1] + '…'}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{name}: {str(value.dtype).rpartition('.')[2]} {tuple(value.shape)}{_range(value)}"
    if isinstance(value, list | tuple | dict | set):
        return f"{name}: {type(value).__name__} of {len(value)}"
    return f"{name}: {type(value).__name__}"


def _range(value: Any) -> str:
    """Of a tensor or an array: its least and its greatest value."""
    with suppress(Exception):
        size = value.numel() if hasattr(value, "numel") else value.size
        if 0 < size <= NUMBERS:
            low, high = float(value.min()), float(value.max())
            return " holds nan" if low != low else f" from {low:.4g} to {high:.4g}"
    return ""

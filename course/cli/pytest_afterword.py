"""The verdicts so far, where a student's code has crashed pytest: nothing in that process can show them any more.

A fork waits at the end of a pipe. It is told each verdict; when the pipe ends without a word, it shows what it knows, and the line
of the student's that `faulthandler` has written down.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from course.checks.results import CheckResult

Show = Callable[[list["CheckResult"], str], None]  # verdicts, target


class Afterword:
    """The end of the line to it.

    Args:
        line: the pipe, to be written to.
    """

    def __init__(self, line: int, process: int) -> None:
        self.line, self.process = line, process
        self.trace: IO[bytes] | None = None

    @classmethod
    def begun(cls, config: pytest.Config, show: Show) -> Afterword | None:
        """One that waits from now on; None where there is no fork, or pytest works in several processes itself."""
        several = getattr(config.option, "dist", "no") != "no" or hasattr(config, "workerinput")
        if several or not hasattr(os, "fork"):
            return None
        reading, writing = os.pipe()
        trace = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as something may crash
        process = os.fork()
        if process:
            os.close(reading)
            faulthandler.enable(
                trace, all_threads=False
            )  # in place of pytest's own, which fills a screen with our engine
            word = cls(writing, process)
            word.trace = trace
            return word
        try:
            os.close(writing)
            os.setpgid(0, 0)  # Ctrl-C is pytest's alone
            with suppress(Exception):
                _wait(reading, show, trace)
        finally:
            os._exit(0)

    def tell(self, word: str, **values: Any) -> None:
        """ "at" with the verdict that a check gets if nothing comes after it, or "ended" with the one that it has got."""
        with suppress(OSError):
            os.write(self.line, (json.dumps({"word": word, **values}) + "\n").encode())

    def not_needed(self) -> None:
        """All has been shown."""
        self.tell("bye")
        with suppress(OSError):
            os.close(self.line)
            os.waitpid(self.process, 0)


def _wait(line: int, show: Show, trace: IO[bytes]) -> None:
    from course.checks.results import CheckResult

    results: list[dict[str, Any]] = []
    target, file, last = "", "", None
    with open(line, encoding="utf-8") as stream:
        for text in stream:
            said = json.loads(text)
            if said["word"] == "bye":
                return
            target, file = said["target"], said.get("file", file)
            last = said["check"] if said["word"] == "at" else None
            results += [said["check"]] if said["word"] == "ended" else []
    if last is not None:
        last |= _place(file, os.pread(trace.fileno(), 1 << 20, 0).decode("utf-8", "replace"))
        show([CheckResult.from_plain(one) for one in (*results, last)], target)


def _place(file: str, trace: str) -> dict[str, Any]:
    """The innermost line of the student's file, and what stands there."""
    found = re.search(rf'File "{re.escape(file)}", line (\d+) in', trace)
    if not found:
        return {}
    line = int(found.group(1))
    text = Path(file).read_text("utf-8", errors="replace").splitlines()[line - 1 : line]
    return {"line": line, "code": text[0].strip() if text else ""}

"""A process that stands by while pytest runs a student's code, for when nothing in pytest's own can say a word any more.

A fork waits at the end of a pipe and is told each verdict. When the pipe ends without a word, the code has crashed pytest: it shows
the verdicts so far and the line that `faulthandler` has written down. A loop in C hears neither Ctrl-C nor an alarm, and one that
holds on to the interpreter lets no thread say where the code stands: the fork asks, says it, and ends pytest after a Ctrl-C.
"""

from __future__ import annotations

import faulthandler
import json
import os
import selectors
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from course.checks import alone

if TYPE_CHECKING:
    from course.checks.results import CheckResult
    from course.checks.time_limit import TimeLimit

LOOK = 0.25  # seconds between two looks
HELD = 2.0  # seconds after which pytest's own thread should have said that no answer comes
STOPS = 3.0  # seconds after Ctrl-C, then pytest is ended
CALLS = 3  # limits of one call that a check may take as a whole: where an alarm is heard, each call ends at its own
CRASHED = "pytest itself has crashed"
Show = Callable[[list["CheckResult"], str], None]  # verdicts, target
Say = Callable[[str], None]


class Afterword:
    """The end of the line to it.

    Args:
        line: the pipe, to be written to.
    """

    def __init__(self, line: int, process: int) -> None:
        self.line, self.process = line, process
        self.trace: IO[bytes] | None = None

    @classmethod
    def begun(cls, config: pytest.Config, show: Show, say: Say) -> Afterword | None:
        """One that waits from now on; None where there is no fork, or pytest works in several processes itself."""
        several = getattr(config.option, "dist", "no") != "no" or hasattr(config, "workerinput")
        if several or not hasattr(os, "fork"):
            return None
        reading, writing = os.pipe()
        trace = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as something may crash
        pytests = os.getpid()
        process = os.fork()
        if process:
            os.close(reading)
            # in place of pytest's own, which fills a screen with our engine
            faulthandler.enable(trace, all_threads=False)
            alone.answers(trace)
            word = cls(writing, process)
            word.trace = trace
            return word
        try:
            os.close(writing)
            with suppress(Exception):
                _Standby(pytests, trace, show, say).wait(reading)
        finally:
            os._exit(0)

    def tell(self, word: str, **values: Any) -> None:
        """Say what happens.

        Args:
            word: "at" with the verdict that a check gets if nothing comes after it, "said" once a sentence has told that it gives
                no answer, "ended" with the verdict that it has got.
        """
        with suppress(OSError):
            os.write(self.line, (json.dumps({"word": word, **values}) + "\n").encode())

    def not_needed(self) -> None:
        """All has been shown."""
        self.tell("bye")
        with suppress(OSError):
            os.close(self.line)
            os.waitpid(self.process, 0)


class _Standby:
    """What the fork does.

    Args:
        pytests: the process to look after.
        trace: where `faulthandler` writes in it.
    """

    def __init__(self, pytests: int, trace: IO[bytes], show: Show, say: Say) -> None:
        self.pytests, self.trace, self.show, self.say = pytests, trace, show, say
        self.results: list[CheckResult] = []
        self.last: CheckResult | None = None  # the verdict of the check that runs, if nothing comes after it
        self.target, self.file = "", ""
        self.since, self.said_after = 0.0, 0.0
        self.limit: TimeLimit | None = None
        self.rung: float | None = None  # when Ctrl-C came

    def wait(self, line: int) -> None:
        """Read on to the end of the line."""
        signal.signal(signal.SIGINT, self._ring)  # a terminal sends them to all that run in it
        signal.signal(signal.SIGQUIT, signal.SIG_IGN)
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(line, selectors.EVENT_READ)
            while True:
                if not selector.select(LOOK):
                    if self.last is not None and self._held():
                        return
                    continue
                part = os.read(line, 1 << 20)
                *whole, rest = (rest + part).split(b"\n")
                for text in whole:
                    said = json.loads(text)
                    if said["word"] == "bye":
                        return
                    self._told(said)
                if not part:
                    break
        if self.last is not None:
            self._end(CRASHED, self._read().rpartition("Fatal Python error")[2])

    def _told(self, said: dict[str, Any]) -> None:
        from course.checks.results import CheckResult
        from course.checks.time_limit import TimeLimit, processor_seconds

        if said["word"] == "said":
            self.said_after = float("inf")
            return
        self.target, self.file = said["target"], said.get("file", self.file)
        check, self.rung = CheckResult.from_plain(said["check"]), None
        if said["word"] == "at":
            self.last, self.since, self.said_after = check, time.monotonic(), said["after"] + HELD
            self.limit = TimeLimit(CALLS * said["seconds"], lambda: processor_seconds(self.pytests), late=True)
        else:
            self.last = None
            self.results.append(check)

    def _held(self) -> bool:
        """Say where a check stands that gives no answer; end pytest if somebody wants it, or it is far beyond its time."""
        passed = time.monotonic() - self.since
        if passed > self.said_after and self.last is not None:
            self.said_after = float("inf")
            if stands := alone.asked(self.pytests, self._read, self._own):
                self.say(f"{self.last.task}: no answer for {passed:.0f} s, in line {stands[0]} ({stands[1]})")
        if self.rung is not None and time.monotonic() - self.rung > STOPS:
            reason = "Ctrl-C came, and it did not stop: it is in a loop in C, or swallows Ctrl-C"
        elif self.limit and self.limit.ended():
            reason = f"no answer within {self.limit.seconds:.0f} s: an endless loop?"
        else:
            return False
        before = len(self._read())
        alone.asked(self.pytests, self._read, self._own)
        self._end(reason, self._read()[before:])
        with suppress(OSError):
            os.kill(self.pytests, signal.SIGTERM)
            time.sleep(LOOK)
            os.kill(self.pytests, signal.SIGKILL)
        return True

    def _end(self, reason: str, trace: str) -> None:
        """The verdicts so far, with the line of the student's in which the code stood."""
        assert self.last is not None
        last = self.last
        if last.failure is not None:
            last = replace(last, failure=replace(last.failure, values={"reason": reason}))
        if stands := alone.innermost(trace, self._own):
            text = Path(self.file).read_text("utf-8", errors="replace").splitlines()[stands[0] - 1 : stands[0]]
            last = replace(last, line=stands[0], code=text[0].strip() if text else "")
        self.show([*self.results, last], self.target)

    def _ring(self, *_: object) -> None:
        self.rung = self.rung or time.monotonic()

    def _own(self, file: str) -> bool:
        return file == self.file

    def _read(self) -> str:
        return os.pread(self.trace.fileno(), 1 << 20, 0).decode("utf-8", "replace")

"""The judge's end of the line to a worker. Two transports, one behaviour.

`InProcess` keeps the worker in this process: fast, an editor's debugger works, the student's own choice.
`ChildProcess` starts another one and talks over pipes: a crash, an exit or an endless loop ends that process and not the
judge. Neither is a wall: the child sees the same files. Every message passes through `wire` in both, so a suite that
runs in one runs in the other.
"""

import functools
import io
import os
import select
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch

from course import limits
from course.checks import answers, stopping, wire
from course.checks.cache import Cache
from course.checks.failure import Failure
from course.checks.printed import Lines
from course.checks.time_limit import TimeLimit, processor_seconds
from course.checks.upstream import upstream
from course.checks.worker import Worker

ANSWERS = 8  # kept for `diagnosis`: enough for what a message leaves out, few enough to be of one example of hypothesis


class StudentRaised(Exception):
    """The student's code raised; `type`, `text`, `place`, `line` and `code` say what and where."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.type = str(error.get("type"))
        self.text = str(error.get("text"))
        self.place = str(error.get("place") or "")
        self.line: int | None = error.get("line")
        self.code = str(error.get("code") or "")
        self.todo: str | None = error.get("todo")
        self.loading = bool(error.get("loading"))
        super().__init__(f"{self.type}: {self.text}")

    def failure(self, task: str) -> Failure:
        """The failure of a check of `task`."""
        said = {"type": self.type, "text": self.text}
        return Failure("not loaded" if self.loading else "raised", task, said, self.type)


class WorkerLost(BaseException):
    """The worker gave no answer: it crashed, left, or ran out of time. The message says which.

    Not an Exception: hypothesis would try the example again and shrink it, and each try may last the whole time limit.

    Args:
        loop: it ran out of time.
    """

    def __init__(self, message: str, loop: bool = False) -> None:
        super().__init__(message)
        self.loop = loop


@dataclass(frozen=True)
class Shared:
    """Evidence that one check has taken and others look at too, with what came and was printed meanwhile."""

    value: Any
    answers: list[tuple[str, Any]]
    printed: Lines
    called: dict[str, None]


class Session:
    """A line to a worker: `request` sends a message and returns the answer's value."""

    isolation = "none"
    cache: Cache | None = None
    exams: Path | None = None  # where the judges of a batch keep its exam (`exams.made`)
    reference: Path | None = None  # the solution, where its functions stand upstream and the student's own never do
    shares = True  # may a check look at evidence that another one has taken (`Lab.shared`)?

    def __init__(self) -> None:
        self.struck = (
            False  # what ended the worker of the check that runs may have come from outside: it is worth another try
        )
        self.fault: BaseException | None = None  # what ended the last check that failed, for a debugger
        self.printed = Lines()  # by the student's code, in the check that runs; `run` begins it anew
        self.called: dict[str, None] = {}  # functions of the student's that this check has to do with so far
        self.shared: dict[str, Shared] = {}

    @functools.cached_property
    def notes(self) -> dict[str, None]:
        """Sentences about what of the student's text did not run, in order."""
        return {}

    @functools.cached_property
    def begun(self) -> dict[str, Any]:
        """What the worker said at the beginning of the check that runs."""
        return {}

    @functools.cached_property
    def answers(self) -> deque[tuple[str, Any]]:
        """(function or probe, what came back) of the last requests, for `diagnosis`."""
        return deque(maxlen=ANSWERS)

    def request(self, op: str, **message: Any) -> Any:
        """Send one request.

        Raises:
            StudentRaised: the student's code raised an exception.
            WorkerLost: there was no answer, or none that is plain data of the agreed form.
        """
        if op == "begin":
            self.called = dict.fromkeys([message["task"], *message["needs"]])
            message |= self._given(message["needs"], message["task"])
        elif op == "call":
            self.called[message["name"]] = None
        came = self._exchange({"op": op, **message})
        try:
            answer = answers.agreed(op, came)
        except wire.WireError as fault:
            self.close()
            raise WorkerLost(f"an answer that is not plain data: {fault}") from None
        name = str(message.get("name", op))
        self.printed.take(answer)
        if "error" in answer:
            raised = StudentRaised(answer["error"])
            self.answers.append((name, str(raised)))
            raise raised
        value = answer["value"]
        if op == "begin":
            self.notes.update(dict.fromkeys(value["notes"]))
        if op in ("call", "probe", "read"):
            self.answers.append((name, value["result"] if op == "call" else value))
        return value

    def _given(self, needs: list[str], task: str) -> dict[str, str]:
        """What goes with the beginning of a check, beside what it asks: the source of upstream functions."""
        return {}

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def close(self) -> None:
        """End the worker."""


class InProcess(Session):
    """The worker in this process.

    Args:
        seconds: limit of one request (`TimeLimit`), kept by an alarm signal, or by a thread where there is none (Windows).
    """

    isolation = "none (the student's own process)"
    stuck: Callable[[str], object] | None = None  # called when the code swallows whatever should end it
    alone = False  # is this a process that may end without a word?

    def __init__(self, worker: Worker, seconds: float = 300.0) -> None:
        super().__init__()
        self.worker = worker
        self.seconds = seconds

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        received = wire.unpack(io.BytesIO(wire.pack(message)))
        try:
            with stopping.limited(self.seconds, self.stuck), stopping.one_process(keep=not self.alone):
                answer = self.worker.reply(received)
        except stopping.OutOfTime:
            self.printed.take({"printed": self.worker.printed.text()})
            raise WorkerLost(f"no answer within {self.seconds:.0f} s: an endless loop?", loop=True) from None
        return wire.unpack(io.BytesIO(wire.pack(answer, self.worker.stand_in)), self)

    def close(self) -> None:
        self.worker.close()


class ChildProcess(Session):
    """The worker in a child process that talks over two pipes.

    Args:
        target: the student's module file.
        reference: the solution, of which the worker gets the upstream functions that a check needs; or None.
        seconds: limit of one request, start of the process included in the first.
        folder: where the process runs, and then silently; this process's own folder and stderr unless given.
    """

    isolation = "none (a plain child process)"

    def __init__(
        self, target: Path, reference: Path | None = None, seconds: float = 300.0, folder: Path | None = None
    ) -> None:
        super().__init__()
        self.target, self.reference, self.seconds, self.folder = target, reference, seconds, folder
        self._process: subprocess.Popen[bytes] | None = None

    def _given(self, needs: list[str], task: str) -> dict[str, str]:
        return {"upstream": upstream(self.reference, needs, task)} if self.reference else {}

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "course.checks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if self.folder else None,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        hello = {
            "target": str(self.target),
            "files": {},
            "threads": torch.get_num_threads(),
        }
        stream = cast(BinaryIO, process.stdin)
        stream.write(wire.pack(hello))
        stream.flush()
        return process

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._process is None:
            self._process = self._start()
        pid = self._process.pid
        patience = TimeLimit(self.seconds, lambda: processor_seconds(pid), late=True)
        loop = False
        try:
            Patient(cast(BinaryIO, self._process.stdin).fileno(), patience).write(wire.pack(message))
            pipe = Patient(cast(BinaryIO, self._process.stdout).fileno(), patience)
            return wire.unpack(pipe, self, limits.ANSWER_BYTES)
        except TimeoutError:
            self._process.kill()
            loop = True
            reason = f"no answer within {self.seconds:.0f} s: an endless loop?"
        except (EOFError, BrokenPipeError):
            code = self._process.wait()
            self.struck, reason = code == -signal.SIGKILL, ending(code)
        except wire.WireError as fault:
            self._process.kill()
            reason = f"an answer that is not plain data: {fault}"
        self.close()
        raise WorkerLost(reason, loop)

    def close(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):  # what was still unsent is of no use to a process that has gone
                    cast(BinaryIO, pipe).close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Patient:
    """One end of a pipe or a socket, read and written until the other side has had its time.

    Args:
        end: an open file.
        patience: of the request that this is part of.
    """

    def __init__(self, end: int, patience: TimeLimit) -> None:
        self.end, self.patience = end, patience

    def read(self, count: int) -> bytes:
        """Exactly so many bytes.

        Raises:
            TimeoutError, EOFError: the other side has had its time, or is gone.
        """
        content, place = bytearray(count), 0
        while place < count:
            self._wait(select.POLLIN)
            part = os.read(self.end, min(count - place, 1 << 20))
            if not part:
                raise EOFError
            content[place : place + len(part)] = part
            place += len(part)
        return bytes(content)

    def write(self, content: bytes) -> None:
        """All of it, whether or not the other side reads.

        Raises:
            TimeoutError, BrokenPipeError: the other side has had its time, or is gone.
        """
        view = memoryview(content)
        os.set_blocking(self.end, False)
        try:
            while view:
                self._wait(select.POLLOUT)
                with suppress(BlockingIOError):
                    view = view[os.write(self.end, view[: 1 << 20]) :]
        finally:
            os.set_blocking(self.end, True)

    def _wait(self, what: int) -> None:
        poll = select.poll()  # a request has some ten waits: an epoll for each would cost more than the waits
        poll.register(self.end, what)
        while not poll.poll(self.patience.wait() * 1000):
            if self.patience.ended():
                raise TimeoutError


def ending(code: int) -> str:
    """What an exit status, or minus the number of a signal, means."""
    if code < 0:
        return f"the process was ended by {signal.Signals(-code).name}: a crash, or too much memory"
    return f"the process left with exit status {code} before it answered"

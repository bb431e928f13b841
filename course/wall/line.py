"""The judge's end of the zygote: start it, have it fork, know how a fork has ended. A judge's process has one, for good."""

import contextlib
import json
import os
import select
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course import limits
from course.errors import CourseError
from course.wall import bubblewrap, inside

START_SECONDS = 180.0  # importing torch takes some 5 s, and more than a minute from a cold, busy disk
FORK_SECONDS = 30.0
PLAIN = "`course grade --isolation process` grades without a wall, and says so in every row."
CURE = f"`course doctor` says what is missing and how to install it. {PLAIN}"

MOVE = f"Move the course and its .venv out of /tmp and /dev/shm, and make the environment anew. {PLAIN}"


class NoWall(CourseError):
    """The wall cannot be built on this machine."""


@dataclass
class Fork:
    """One fork of the zygote.

    Args:
        line: to its worker.
        lease: to its guard, which ends everything when this end is closed.
        ended: what the guard has said at the end: "ended" (exit status, or minus a signal), "why", "running".
    """

    line: socket.socket
    lease: socket.socket
    ended: dict[str, Any] | None = None

    def processor(self) -> float | None:
        """Seconds of the processor that its processes have used; None where nobody can say."""
        if self.ended is None:
            with contextlib.suppress(OSError):
                self.lease.send(b"?")
                said = self._hear(time.monotonic() + 2.0)
                if said and "processor" in said:
                    return float(said["processor"])
        return None

    def wait(self, seconds: float = 5.0) -> dict[str, Any]:
        """How it has ended; after so many seconds it is ended."""
        until = time.monotonic() + seconds
        while self.ended is None:
            said = self._hear(until)
            if said is None:
                break
        return self.ended or {}

    def close(self) -> None:
        """End it, whatever it does, and wait until it is gone."""
        for end in (self.line, self.lease):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_WR)
        self.wait()
        with contextlib.suppress(OSError):  # its last word comes before its end; the end of the lease comes after it
            select.select([self.lease], [], [], 2.0)
        self.line.close()
        self.lease.close()

    def _hear(self, until: float) -> dict[str, Any] | None:
        while True:
            if not select.select([self.lease], [], [], max(0.0, until - time.monotonic()))[0]:
                return None
            with contextlib.suppress(OSError):
                if message := self.lease.recv(1 << 16):
                    said: dict[str, Any] = json.loads(message)
                    if "ended" in said or "fault" in said:
                        self.ended = said
                    return said
            self.ended = self.ended or {"ended": None, "why": "gone"}
            return None


class Zygote:
    """bubblewrap and the warm process in it.

    Args:
        secret: what must not be seen inside, wherever it lies.

    Raises:
        NoWall: it cannot be started; the text says why.
    """

    def __init__(self, secret: Iterable[Path] = ()) -> None:
        if bubblewrap.program() is None:
            raise NoWall("There is no wall here: bubblewrap (the program bwrap) is not installed.", CURE)
        self.user = bubblewrap.user()
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words, their_words = os.pipe()
        os.write(their_words, f"student:x:{self.user}:{self.user}::/tmp:/bin/sh\n".encode())
        os.close(their_words)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the zygote
        with theirs:
            self._process = subprocess.Popen(
                bubblewrap.command(theirs.fileno(), words, secret),
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                pass_fds=(theirs.fileno(), words),
                cwd="/",
            )
        os.close(words)
        self._imported: set[str] = set()
        try:
            self._answer(START_SECONDS)
        except NoWall:
            self.close()
            raise

    def fork(self, caps: dict[str, int], imports: Sequence[str] = ()) -> Fork:
        """A new fork, with its worker waiting at the other end of the line.

        Args:
            caps: those of `jail.Caps`, without the user.
            imports: what the zygote should have imported before, as `inside.imports` names it.

        Raises:
            NoWall: the zygote has gone, or the kernel refuses what the fork asks of it.
        """
        with self._lock:
            if new := [name for name in imports if name not in self._imported]:
                self._control.send(json.dumps({"import": new}).encode())
                self._answer(START_SECONDS)
                self._imported.update(new)
            line, their_line = socket.socketpair()
            lease, their_lease = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            request = json.dumps({"caps": {**caps, "user": self.user}}).encode()
            with their_line, their_lease:
                try:
                    socket.send_fds(self._control, [request], [their_line.fileno(), their_lease.fileno()])
                except OSError as fault:
                    raise NoWall(f"The process behind the wall has gone ({fault}).", CURE) from fault
        fork = Fork(line, lease)
        said = fork._hear(time.monotonic() + FORK_SECONDS)
        if not said or "began" not in said:
            fork.close()
            reason = (said or {}).get("fault") or "no answer"
            raise NoWall(f"There is no wall here: a process behind it cannot be locked in ({reason}).", CURE)
        return fork

    @property
    def alive(self) -> bool:
        """Does it still run?"""
        return self._process.poll() is None

    def close(self) -> None:
        """End it and everything behind the wall."""
        self._control.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _answer(self, seconds: float) -> None:
        ready = select.select([self._control], [], [], seconds)[0]
        if ready and self._control.recv(1 << 16):
            return
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").strip().splitlines()
        reason = said[-1] if said else f"no answer within {seconds:.0f} s"
        raise NoWall(f"There is no wall here: bubblewrap says `{reason}`.", CURE)


def require() -> None:
    """See that a wall can be built here, without the seconds that a zygote takes.

    Raises:
        NoWall: it cannot; the text says why.
    """
    if bubblewrap.program() is None:
        raise NoWall("There is no wall here: bubblewrap (the program bwrap) is not installed.", CURE)
    lost = [path for path in inside.python() if path.is_relative_to("/tmp") or path.is_relative_to("/dev/shm")]
    if lost:  # behind the wall these two are empty, so Python's packages would not be found
        raise NoWall(f"There is no wall here: this Python lies in {lost[0]}, which students' code must not see.", MOVE)
    done = subprocess.run(bubblewrap.trial(), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise NoWall(f"There is no wall here: bubblewrap says `{said[-1] if said else done.returncode}`.", CURE)


def best() -> str:
    """The `--isolation` that this machine can give."""
    try:
        require()
        return "wall"
    except NoWall:
        return "process"


_here: Zygote | None = None
_lock = threading.Lock()


def zygote(secret: Iterable[Path] = ()) -> Zygote:
    """This process's own, started when it is first asked for, and again when it has gone.

    Raises:
        NoWall: there is none here.
    """
    global _here
    with _lock:
        if _here is None or not _here.alive:
            if _here is not None:
                _here.close()
            _here = Zygote(secret)
        return _here


def stop() -> None:
    """End this process's zygote, if there is one."""
    global _here
    with _lock:
        if _here is not None:
            _here.close()
            _here = None


def caps(seconds: float) -> dict[str, int]:
    """What one fork may use, for a submission that may take so many seconds in all."""
    given = asdict(limits.WALL)
    return {**given, "seconds": int(seconds) + 1}

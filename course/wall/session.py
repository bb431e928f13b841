"""A session with a worker behind the wall: the zygote forks one for each submission and for each set of upstream functions.

A crash, a loop or an end costs one check: the next one gets a new fork. What a fork has learned, written or kept dies with it, so
that no check can serve a student's code in another one that stands on different functions.
"""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from course import limits
from course.checks import wire
from course.checks.session import Patient, Session, WorkerLost, ending
from course.checks.time_limit import TimeLimit
from course.checks.upstream import upstream
from course.wall import inside, line


class Walled(Session):
    """A worker behind the wall.

    Args:
        files: {name: content} of what lies in the worker's folder.
        target: which of them is the work.
        reference: the solution, of which the worker gets the upstream functions that a check needs; or None.
        seconds: limit of one request.
        whole: limit of all of them together, for the caps of a fork.
        secret: what must not be seen behind the wall, wherever it lies; it counts when the zygote is started.

    Raises:
        NoWall: there is none here.
    """

    isolation = "wall (bubblewrap)"

    def __init__(
        self,
        files: Mapping[str, bytes],
        target: str,
        reference: Path | None = None,
        seconds: float = 300.0,
        whole: float = limits.SUBMISSION_SECONDS,
        secret: Sequence[Path] = (),
    ) -> None:
        super().__init__()
        self.files, self.target, self.reference = dict(files), target, reference
        self.seconds, self.whole, self.secret = seconds, whole, secret
        self.imports: Sequence[str] = inside.imports(reference) if reference else ()
        self._fork: line.Fork | None = None
        self._needs: tuple[str, ...] | None = None

    def _given(self, needs: list[str], task: str) -> dict[str, str]:
        """A new fork where the check stands on other functions than the one before."""
        if self._needs != tuple(needs):
            self.close()
            self._needs = tuple(needs)
        return {"upstream": upstream(self.reference, needs, task)} if self.reference else {}

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        fresh = self._fork is None
        if self._fork is None:
            self._fork = self._forked()
        fork = self._fork
        patience = TimeLimit(self.seconds, fork.processor, late=True)
        end = Patient(fork.line.fileno(), patience)
        loop = False
        try:
            if fresh:
                hello = {"files": self.files, "target": self.target, "threads": torch.get_num_threads()}
                end.write(wire.pack(hello))
            end.write(wire.pack(message))
            answer: dict[str, Any] = wire.unpack(end, self, limits.ANSWER_BYTES)
            return answer
        except TimeoutError:
            loop = True
            reason = f"no answer within {self.seconds:.0f} s: an endless loop?"
        except (EOFError, BrokenPipeError, ConnectionResetError):
            said = fork.wait()
            self.struck, reason = _from_outside(said), _reason(said)
        except wire.WireError as fault:
            reason = f"an answer that is not plain data: {fault}"
        self.close()
        raise WorkerLost(reason, loop)

    def _forked(self) -> line.Fork:
        try:
            return line.zygote(self.secret).fork(line.caps(self.whole), self.imports)
        except line.NoWall:  # the zygote was ended just now, and nobody had noticed: another one
            line.stop()
            return line.zygote(self.secret).fork(line.caps(self.whole), self.imports)

    def close(self) -> None:
        """End the fork, and all that runs in it."""
        if self._fork is not None:
            fork, self._fork = self._fork, None
            fork.close()
            if running := (fork.ended or {}).get("running"):
                self.files[self.running] = str(running).encode()

    @property
    def running(self) -> str:
        """The file that says which statements have ended the process that loaded the work (`cells.loading`)."""
        return str(Path(self.target).with_suffix(".running"))


def _from_outside(said: Mapping[str, Any]) -> bool:
    """May something else than the student's code have ended it? It could have sent that signal to itself."""
    return not isinstance(said.get("ended"), int) or (said["ended"] == -signal.SIGKILL and not said.get("why"))


def _reason(said: Mapping[str, Any]) -> str:
    """Why a worker has gone, by what its guard says."""
    code = said.get("ended")
    if said.get("why") == "memory":
        return f"its processes and files used more than {limits.WALL.memory >> 30} GB"
    if not isinstance(code, int):
        return "the process behind the wall has gone"
    if code == -signal.SIGSYS:
        return "it asked something of the system that is not for it"
    return ending(code)

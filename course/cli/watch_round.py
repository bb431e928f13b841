"""One round of `course watch`: all checks of one state of the file, in a process of their own (`watch_child`).

Fast checks come first, and among them those of the functions that have just changed and of those that use them; then those that
train. A process that ends costs the check that ran; the others go on in a new one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from course import limits
from course.catalog import Project
from course.checks.check import Check, bonuses_of, checks_of
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult
from course.checks.run import standing
from course.checks.slips import promised
from course.cli.watch_process import Gone, Started, Starter
from course.files import shown

LOOK = 0.05  # seconds between two looks at the file and the keyboard
ENDS = 2  # so often a process may end in a function; its other checks would do the same
GLIMPSE = 0.4  # seconds after which a terminal shows what is known so far, at the end of a function's checks
SLOW_ANSWER = 5.0  # after so long it is said where the code stands


@dataclass
class Now:
    """What is being done.

    Args:
        check: that runs, or None while the module is loaded.
        calls: (function, number) of the last call in a check that trains.
        epoch: (epochs that have ended, of how many or 0, accuracy) in a check that trains.
        where: (line, function, variables) at which the code stands, once that is known.
    """

    check: Check | None = None
    since: float = 0.0
    done: int = 0
    of: int = 0
    calls: tuple[str, int] | None = None
    epoch: tuple[int, int, float] | None = None
    where: tuple[int, str, str] | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self.since


class Screen(Protocol):
    """Where a round is shown (`watch_screen`)."""

    live: bool

    def busy(self, now: Now) -> None:
        """What is being done at present."""

    def show(self, result: ProjectResult, running: bool = False) -> None:
        """The verdicts so far; `running`: more are to come."""

    def show_unloadable(self, message: str, line: int | None, code: str) -> None:
        """The module cannot be loaded."""


class Round:
    """One state of the file, and the results so far.

    Args:
        changed: functions to check first; empty where all are alike.
        fast: leave out the checks that train.
        look: called some twenty times a second; raises when the round is out of date.
        keys: things that `look` reads, such as a keyboard.
    """

    def __init__(
        self,
        entry: Project,
        file: Path,
        starter: Starter,
        screen: Screen,
        look: Callable[[], None],
        *,
        changed: set[str] = frozenset(),  # type: ignore[assignment]
        fast: bool = False,
        keys: tuple[Any, ...] = (),
    ) -> None:
        self.entry, self.file, self.starter, self.screen, self.look = entry, file, starter, screen, look
        self.changed, self.fast, self.keys = changed, fast, keys
        self.checks = {check.name: check for check in checks_of(entry)}
        self.bonuses = {bonus.name: bonus for bonus in bonuses_of(entry)}
        self.results: dict[str, CheckResult] = {}
        self.notes: tuple[str, ...] = ()
        self.process: Started | None = None
        self.ends: dict[str, int] = {}  # how often a process has ended in a function
        self.whole = False  # have all checks had their turn?

    def run(self) -> None:
        """Run the checks; show how they stand after those of changed functions, after the fast ones, and after each slow one."""
        try:
            shown = time.perf_counter()
            for task in sorted(
                (function.name for function in self.entry.functions), key=lambda task: task not in self.changed
            ):
                if not self._judge([check for check in self.checks.values() if check.task == task and not check.slow]):
                    return
                if self.screen.live and time.perf_counter() - shown > GLIMPSE:
                    self.screen.show(self.result(), running=True)
                    shown = time.perf_counter()
            slow = [check for check in self.checks.values() if check.slow]
            while able := [c for c in slow if c.name not in self.results and self._may_train(c)]:
                self.screen.show(self.result(), running=True)
                if not self._judge(able[:1]):
                    return
            if ready := [bonus for bonus in self.bonuses.values() if self._is_right(bonus.task)]:
                self.screen.show(self.result(), running=True)
                if not self._judge(ready):
                    return
            self.whole = True
            self.screen.show(self.result())
            self._learn()
        finally:
            if self.process:
                self.process.end()

    def result(self) -> ProjectResult:
        """The project as it stands; a check that has not run reads "waiting", or "not started" with its function."""
        found = [self.results.get(name) or self._pending(check) for name, check in self.checks.items()]
        found += [self.results[name] for name in self.bonuses if name in self.results]
        return promised(self.entry, replace(standing(self.entry, found, shown(self.file)), notes=self.notes))

    def _judge(self, checks: list[Check]) -> bool:
        """Run these checks; False where the module cannot be loaded."""
        while left := [check for check in checks if check.name not in self.results]:
            if self.process is None:
                self.process = self.starter.start()
            self.process.ask([check.name for check in left])
            try:
                if not self._listen():
                    return False
            except Gone as fault:
                check, where = self._now.check, self.process.where()
                self.process.end()
                self.process = None
                if check is None:
                    self.screen.show_unloadable(f"{fault} while it was loaded", where[0] if where else None, "")
                    return False
                self._lost(check, str(fault), where)
        return True

    def _listen(self) -> bool:
        """Take results until all that were asked for are there; False where the module cannot be loaded."""
        assert self.process is not None
        now = self._now = Now(since=time.perf_counter(), done=len(self.results), of=len(self.checks))
        limit = self.process.limit(limits.OWN_SECONDS)
        told = 0.0
        while True:
            self.look()
            message = self.process.message(LOOK, also=self.keys)
            match message:
                case ("at", name):
                    check = self.checks.get(name) or self.bonuses[name]
                    now = self._now = Now(check, time.perf_counter(), len(self.results), len(self.checks))
                    limit = self.process.limit(limits.OWN_SECONDS)
                case ("calls", function, number):
                    now.calls = function, number
                case ("epoch", *epoch):
                    now.epoch = tuple(epoch)
                case ("result", result):
                    self.results[result.name] = result
                case ("done", notes):
                    self.notes = notes
                    return True
                case ("broke", reason, line):
                    self.process.broke_at = line
                    raise Gone(reason)
                case ("unloadable", text, line, code):
                    self.screen.show_unloadable(text, line, code)
                    return False
            if now.seconds > SLOW_ANSWER:
                now.where = self.process.where()
            if time.perf_counter() - told > 0.2:
                told = time.perf_counter()
                self.screen.busy(now)
            if limit.ended():
                self.process.end()
                raise Gone(f"no answer within {limits.OWN_SECONDS:.0f} s: an endless loop?")

    def _lost(self, check: Check, reason: str, where: tuple[int, str, str] | None) -> None:
        """The process ended in this check: it fails, and so do, untried, other checks of a function that loops."""
        place: dict[str, Any] = {}
        if where is not None:
            text = self.file.read_text("utf-8", errors="replace").splitlines()[where[0] - 1 : where[0]]
            place = {"line": where[0], "code": text[0].strip() if text else ""}
        if check.bonus:
            self.results[check.name] = CheckResult.of(check, "waiting", Failure("to come", check.task))
            return
        failure = Failure("no answer" if "endless loop" in reason else "ended", check.task, {"reason": reason})
        self.results[check.name] = CheckResult.of(check, "failed", failure, **place)
        self.ends[check.task] = self.ends.get(check.task, 0) + 1
        if "endless loop" in reason or self.ends[check.task] == ENDS:
            for other in self.checks.values():
                if other.task == check.task and other.name not in self.results:
                    self.results[other.name] = CheckResult.of(other, "failed", failure, **place)

    def _is_right(self, task: str) -> bool:
        """Have all checks of a function passed?"""
        own = [name for name, check in self.checks.items() if check.task == task]
        return all(name in self.results and self.results[name].outcome == "passed" for name in own)

    def _may_train(self, check: Check) -> bool:
        return not self.fast and self._obstacle(check.task) is None

    def _obstacle(self, task: str) -> str | None:
        """The outcome that keeps the slow checks of a function from running: its fast ones have to pass first."""
        fast = [check.name for check in self.checks.values() if check.task == task and not check.slow]
        outcomes = {self.results[name].outcome if name in self.results else "waiting" for name in fast}
        if outcomes == {"not started"}:
            return "not started"
        return "waiting" if outcomes - {"passed"} else None

    def _pending(self, check: Check) -> CheckResult:
        obstacle = self._obstacle(check.task) if check.slow else None
        if obstacle == "waiting":
            reason = "after the others"
        else:
            reason = "left out" if check.slow and self.fast else "to come"
        return CheckResult.of(check, obstacle or "waiting", Failure(reason, check.task))

    def _learn(self) -> None:
        """What the process has imported and worked out, the next one shall have from the start."""
        if self.process:
            self.process.ask([])
            message = None
            while message is None or message[0] != "learned":
                try:
                    self.look()
                    message = self.process.message(LOOK, also=self.keys)
                except Gone:
                    return
            self.starter.learn(*message[1:])

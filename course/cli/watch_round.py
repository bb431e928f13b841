"""One round of `course watch`: all checks of one state of the file.

Fast checks come first, and among them those of the functions that have just changed; then the checks that train. Between any two it
looks whether the file has changed.
"""

import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from course.catalog import Project
from course.checks.check import Check, checks_of
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult
from course.checks.run import run, standing
from course.checks.session import Session, StudentRaised, WorkerLost
from course.checks.target import open_session
from course.checks.time_limit import threads
from course.files import shown


class Round:
    """One state of the file, and the results so far.

    Args:
        screen: has `show`, `show_unloadable`, `busy` and `live` (`watch.Screen`).
        changed: functions to check first; empty where all are alike.
        fast: leave out the checks that train.
    """

    def __init__(self, entry: Project, file: Path, screen: Any, changed: set[str], fast: bool) -> None:
        self.entry, self.file, self.screen, self.changed, self.fast = entry, file, screen, changed, fast
        self.checks = checks_of(entry)
        self.results: dict[str, CheckResult] = {}

    def run(self, look: Callable[[], None]) -> None:
        """Run the checks; show how they stand after the fast ones and after each slow one.

        Args:
            look: called before each check; raises when the round is out of date.
        """
        self._forget_other_exercises()
        session = open_session(self.file, self.entry, cached=True)
        try:
            try:
                session.request("begin", task="", needs=[], seed=0)  # loads the module
            except StudentRaised as fault:
                self.screen.show_unloadable(str(fault), fault.line, fault.code)
                return
            except WorkerLost as fault:
                self.screen.show_unloadable(str(fault), None, "")
                return
            with threads(1):  # their tensors are tiny: a second thread costs more than it brings
                fast = [check for check in self.checks if not check.slow]
                early = [check for check in fast if check.task in self.changed]
                self._judge(early, session, look)
                if 0 < len(early) < len(fast) and self.screen.live:
                    self.screen.show(self.result())
                self._judge([check for check in fast if check not in early], session, look)
            self.screen.show(self.result())
            for check in self.checks:
                if check.slow and not self.fast and self._obstacle(check.task) is None:
                    self._judge([check], session, look)
                    self.screen.show(self.result())
        finally:
            session.close()

    def result(self) -> ProjectResult:
        """The project as it stands; a check that has not run reads "waiting", or "not started" with its function."""
        found = [self.results.get(check.name) or self._pending(check) for check in self.checks]
        return standing(self.entry, found, shown(self.file))

    def _judge(self, checks: Iterable[Check], session: Session, look: Callable[[], None]) -> None:
        def before(check: Check) -> None:
            look()
            self.screen.busy(f"{check.task}: {check.title}  ({len(self.results) + 1} of {len(self.checks)})")

        def keep(result: CheckResult) -> None:
            self.results[result.name] = result

        run(self.entry, session, checks, before=before, each=keep)

    def _obstacle(self, task: str) -> str | None:
        """The outcome that keeps the slow checks of a function from running: its fast ones have to pass first."""
        fast = [check.name for check in self.checks if check.task == task and not check.slow]
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

    def _forget_other_exercises(self) -> None:
        """Another exercise that this one imports may have changed too, so it is loaded anew."""
        package = self.file.parent.name
        for name in [m for m in sys.modules if m.startswith(f"{package}.ex")]:
            del sys.modules[name]
        importlib.invalidate_caches()

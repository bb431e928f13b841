"""What `pytest graders` shows: a project's verdicts in place of tracebacks, whatever ends the run."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from course import catalog, paths
from course.cli.pytest_afterword import CRASHED, Afterword
from course.reports.terminal import WIDTH, filled_lines

if TYPE_CHECKING:
    from course.checks.check import Check
    from course.checks.results import CheckResult, ProjectResult

VERDICT = pytest.StashKey[dict[str, Any]]()


def check_of(item: Any) -> Check | None:
    """The check that a test is, or None."""
    return getattr(getattr(item, "function", None), "__check__", None)


class Verdicts:
    """Shows a project's verdicts as soon as its last check is in, and all that are left at the end."""

    def __init__(self, config: pytest.Config, verbose: bool) -> None:
        self.config, self.verbose = config, verbose
        self._expected: dict[str, int] = {}
        self._results: dict[str, list[Any]] = {}
        self._targets: dict[str, str] = {}
        self._screens: dict[str, ProjectResult] = {}
        self._left_out: list[pytest.Item] = []
        self._afterword: Afterword | None = None
        self._status: int | None = None

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """What `-k` or `-m` leaves out."""
        self._left_out += [item for item in items if check_of(item)]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the checks of each grader."""
        for item in session.items:
            if check_of(item):
                file = item.nodeid.split("::")[0]
                self._expected[file] = self._expected.get(file, 0) + 1

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Keep the status, for `leave`."""
        self._status = int(exitstatus)

    def say(self, text: str) -> None:
        """A sentence while a check runs; in a pipe as well."""
        if self._afterword:
            self._afterword.tell("said")
        with self._uncaptured():
            self._say(text)

    def _say(self, text: str) -> None:
        self._rewrite("")
        self._lines(f"{text}. Ctrl-C ends it, with the verdicts so far.")

    def give_up(self, check: Check, target: str, reason: str) -> NoReturn:
        """End the process: the code lets nothing else end it. The verdicts so far are shown."""
        from course.checks.failure import Failure
        from course.checks.results import CheckResult

        result = CheckResult.of(check, "failed", Failure("no answer", check.task, {"reason": reason}))
        file = next(file for file in self._expected if file not in self._screens)
        self._results.setdefault(file, []).append(result)
        self._targets.setdefault(file, target)
        with self._uncaptured():
            self._show(file)
        if self._afterword:
            self._afterword.not_needed()
        os._exit(1)

    def leave(self) -> None:
        """End the process where a thread that the student's code has started would keep it for ever."""
        if self._afterword:
            self._afterword.not_needed()
        left = [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon and t.is_alive()]
        if left and self._status is not None:
            self._lines("A thread that your code has started still runs; it ends here.")
            os._exit(self._status)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show what is being checked, on one line that is written over."""
        file, _, name = nodeid.partition("::")
        if file in self._expected:
            if self._afterword is None and self.config.option.usepdb is False:
                self._afterword = Afterword.begun(self.config, self._show_crash, self._say)
            done = len(self._results.get(file, []))
            self._rewrite(f"{name.removeprefix('test_').replace('_', ' ')}  {done}/{self._expected[file]}")

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self, report: Any) -> Generator[None, Any, Any]:
        """A check is neither a dot nor one of pytest's failures: its verdict is shown instead.

        All others are asked first, for an editor's plugin learns in this hook how each test ended.
        """
        found = yield
        return ("checks", "", "") if hasattr(report, "verdict") else found

    def begins(self, check: Check, target: str, student: Path, seconds: float, after: float) -> None:
        """A check is about to run; if it ends the process, this is what is known.

        Args:
            seconds: limit of one call.
            after: seconds without an answer after which that is said.
        """
        if self._afterword:
            from course.checks.failure import Failure
            from course.checks.results import CheckResult

            crash = Failure("ended", check.task, {"reason": CRASHED})
            verdict = CheckResult.of(check, "failed", crash).plain()
            self._afterword.tell("at", check=verdict, target=target, file=str(student), seconds=seconds, after=after)

    def _show_crash(self, results: list[CheckResult], target: str) -> None:
        file = next(iter(self._expected))
        self._results, self._targets, self._screens = {file: results}, {file: target}, {}
        self._show(file)
        self._lines("With `--transport child` the other checks go on after one that crashes or never ends.")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a check's verdict; show the project when it is whole."""
        verdict = getattr(report, "verdict", None)
        if verdict is not None:
            from course.checks.results import CheckResult

            file = report.nodeid.split("::")[0]
            if self._afterword:
                self._afterword.tell("ended", **verdict)
            self._results.setdefault(file, []).append(CheckResult.from_plain(verdict["check"]))
            self._targets[file] = verdict["target"]
            if len(self._results[file]) == self._expected.get(file):
                self._show(file)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show what was cut short, then the points of all."""
        from course.reports import github
        from course.reports.terminal import summary

        if self._left_out and not self._expected:
            tasks = ", ".join(dict.fromkeys(check.task for item in self._left_out if (check := check_of(item))))
            writer = self.config.get_terminal_writer()
            writer.line(
                f"No check is selected; {len(self._left_out)} are left out. `-k` finds them by function: {tasks}."
            )
        for file in self._results:
            if file not in self._screens:
                self._show(file)
        if self._screens:
            screens = list(self._screens.values())
            seconds = sum(check.seconds for screen in screens for check in screen.checks)
            writer = self.config.get_terminal_writer()
            writer.line(f"{summary(screens, writer.markup)}   ({seconds:.1f} s)")
            github.report(screens, writer.line)

    def _show(self, file: str) -> None:
        from course.checks.run import standing
        from course.checks.slips import promised
        from course.reports.terminal import render
        from course.workspace import verdicts

        results, target = self._results[file], self._targets[file]
        entry = catalog.project(results[0].project)
        screen = self._screens[file] = standing(entry, results, target)
        if screen.points == entry.points:  # all of its checks ran: `course status` may tell of it
            graded = paths.ROOT / target
            verdicts.record(screen, graded if graded.is_file() else Path(target))
        self._rewrite("")
        left = self._expected.get(file, len(results)) - len(results)
        if left > 0:
            screen = replace(
                screen, notes=(*screen.notes, f"{left} more check{'s were' if left > 1 else ' was'} not run.")
            )
        screen = promised(entry, screen)
        writer = self.config.get_terminal_writer()
        writer.line(render(screen, writer.markup, self.verbose, self._width()))
        writer.line()
        writer.flush()

    def _lines(self, text: str) -> None:
        writer = self.config.get_terminal_writer()
        for line in filled_lines(text, "", self._width()):
            writer.line(line)
        writer.flush()

    def _uncaptured(self) -> AbstractContextManager[None]:
        """While a test runs, pytest keeps what is written, by whomever."""
        manager: Any = self.config.pluginmanager.get_plugin("capturemanager")
        return manager.global_and_fixture_disabled() if manager else nullcontext()

    def _width(self) -> int:
        return max(40, min(WIDTH, self.config.get_terminal_writer().fullwidth))

    def _rewrite(self, text: str) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and reporter.isatty:
            reporter.rewrite(text[: self.config.get_terminal_writer().fullwidth - 1], erase=True)

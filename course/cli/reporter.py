"""pytest's terminal reporter, except that checks are shown as verdicts, project by project.

For tests that are no checks every line is pytest's own.
"""

from pathlib import Path
from typing import Any

import pytest
from _pytest import timing
from _pytest.terminal import TerminalReporter

from course import catalog, paths
from course.checks.results import CheckResult, ProjectResult
from course.reports import github
from course.reports.terminal import render, summary
from course.workspace import progress


class VerdictReporter(TerminalReporter):  # type: ignore[misc]  # marked final, and yet what plugins extend
    """Collects the verdicts of a project's checks and prints its screen once the last one is in."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config)
        self._expected: dict[str, int] = {}
        self._results: dict[str, list[CheckResult]] = {}
        self._screens: list[ProjectResult] = []
        self._only_checks = False
        self._quiet_start = bool(config.args) and all("graders" in str(argument) for argument in config.args)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """pytest's header says nothing that a student needs."""
        if self._quiet_start:
            self._session = session
            self._session_start = timing.Instant()
        else:
            super().pytest_sessionstart(session)

    def pytest_collection(self) -> None:
        """Nor does "collecting ..."."""
        if not self._quiet_start:
            super().pytest_collection()

    def report_collect(self, final: bool = False) -> None:
        """Nor the count."""
        if not self._quiet_start:
            super().report_collect(final)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the checks of each grader, and keep quiet about the collection when there is nothing else."""
        checks = [item for item in session.items if hasattr(getattr(item, "function", None), "__check__")]
        self._only_checks = bool(checks) and len(checks) == len(session.items)
        for item in checks:
            self._expected[item.nodeid.split("::")[0]] = self._expected.get(item.nodeid.split("::")[0], 0) + 1
        if not self._only_checks:
            super().pytest_collection_finish(session)

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Show what is being checked, on one line that is written over."""
        if nodeid.split("::")[0] not in self._expected:
            super().pytest_runtest_logstart(nodeid, location)
        elif self.isatty:
            file, _, name = nodeid.partition("::")
            done = len(self._results.get(file, []))
            text = f"{name.removeprefix('test_').replace('_', ' ')}  {done}/{self._expected[file]}"
            self.rewrite(text[: self._tw.fullwidth - 1], erase=True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a check's verdict; print the project when it is whole."""
        file = report.nodeid.split("::")[0]
        if file not in self._expected:
            super().pytest_runtest_logreport(report)
            return
        self._tests_ran = True
        found: dict[str, Any] = dict(report.user_properties)
        if report.when == "call" and "verdict" in found:
            self._results.setdefault(file, []).append(CheckResult(**found["verdict"]))
            self.stats.setdefault("passed" if report.passed else "failed", []).append(report)
            if len(self._results[file]) == self._expected[file]:
                self._show(file, str(found["target"]))
        elif report.failed:
            super().pytest_runtest_logreport(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """No progress dots after a check."""
        inherited = getattr(super(), "pytest_runtest_logfinish", None)  # pytest 9.1 has dropped it
        if inherited is not None and nodeid.split("::")[0] not in self._expected:
            inherited(nodeid)

    def _show(self, file: str, target: str) -> None:
        from course.checks.diagnosis import named  # these bring torch, which a run without checks does not need
        from course.checks.run import results_in_order

        results = self._results[file]
        entry = catalog.project(results[0].project)
        ordered = named(entry.id, results_in_order(results, entry))
        screen = ProjectResult(entry.id, entry.title, target, tuple(ordered))
        self._screens.append(screen)
        if screen.points == entry.points:  # all of its checks ran: `course status` may tell of it
            file_graded = paths.ROOT / target
            progress.record(screen, file_graded if file_graded.is_file() else Path(target))
        if self.isatty:
            self.rewrite("", erase=True)
        self._tw.line(render(screen, self._tw.markup, verbose=self.verbosity > 0))
        self._tw.line()
        self._tw.flush()

    def summary_failures(self) -> None:
        """Failures of tests that are no checks; a verdict has been shown already."""
        verdicts = [r for r in self.stats.get("failed", []) if "verdict" in dict(r.user_properties)]
        others = [r for r in self.stats.get("failed", []) if r not in verdicts]
        if others:
            self.stats["failed"] = others
            super().summary_failures()
            self.stats["failed"] = verdicts + others

    def short_test_summary(self) -> None:
        """Not for verdicts."""
        if not self._only_checks:
            super().short_test_summary()

    def summary_stats(self) -> None:
        """Points instead of pytest's last line, when there are only checks."""
        if not self._screens:
            super().summary_stats()
            return
        seconds: Any = sum(c.seconds for r in self._screens for c in r.checks)
        self._tw.line(f"{summary(self._screens, self._tw.markup)}   ({seconds:.1f} s)")
        github.report(self._screens, self._tw.line)
        if not self._only_checks:
            super().summary_stats()

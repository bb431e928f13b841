"""The pytest plugin: `pytest graders/test_01_mnist.py` grades `exercises/`, with no flag.

It gives checks their `student` and `lab`, runs them, and shows verdicts in place of tracebacks, all through pytest's public
hooks. Tests that are no checks are left alone, and nothing heavy is imported until a check is collected.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from course import catalog, limits, paths
from course.errors import CourseError

if TYPE_CHECKING:
    from course.checks.check import Check
    from course.checks.results import ProjectResult
    from course.checks.session import Session

QUIETEST = -2  # of pytest's levels: no header, no dots, no count; what there is to say is said here


@dataclass(frozen=True)
class Graded:
    """A project that is being graded, looked up once."""

    entry: catalog.Project
    session: Session
    target: str
    file: Path


GRADED = pytest.StashKey[dict[str, Graded]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `pytest graders`."""
    group = parser.getgroup("course", "grading of the course's projects")
    group.addoption("--target", default="exercises", help="what to grade: a folder of modules or one file (exercises)")
    group.addoption(
        "--transport",
        choices=["inprocess", "child"],
        default="inprocess",
        help="where the student's code runs: in this process, or in a plain child process",
    )
    group.addoption("--course-seed", type=int, default=0, help="seed of the checks (0)")
    group.addoption(
        "--check-seconds",
        type=float,
        default=limits.OWN_SECONDS,
        help=f"limit of one call of the student's code, more on a busy machine ({limits.OWN_SECONDS:.0f})",
    )
    group.addoption("--no-cache", action="store_true", help="train anew even where neither code nor data changed")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Where only graders are named, pytest itself keeps quiet."""
    config.stash[GRADED] = {}
    config.addinivalue_line("markers", "slow: trains a network")  # a --target far away hides pyproject.toml from pytest
    verbose = config.option.verbose > 0
    wanted = not config.option.collectonly and not config.option.setupplan and not config.option.showfixtures
    if (
        wanted
        and config.args
        and all("graders" in Path(str(argument).split("::")[0]).parts for argument in config.args)
    ):
        config.option.verbose = QUIETEST
    config.pluginmanager.register(Verdicts(config, verbose), "course-verdicts")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the workers."""
    for graded in config.stash.get(GRADED, {}).values():
        graded.session.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The id of a check names its function, `test_it_is_a_python_float[batch_accuracy]`: in lists, editors and JUnit files."""
    check = getattr(metafunc.function, "__check__", None)
    if check is not None and "student" in metafunc.fixturenames:
        metafunc.parametrize("student", [check.task], ids=[check.task], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`-k train_epoch` finds the checks of that function, `-m slow` those that train. A missing target is said at once."""
    for item in items:
        if check := _check(item):
            item.extra_keyword_matches.add(check.task)
            if check.slow:
                item.add_marker("slow")
    modules = {item.module: None for item in items if _check(item)}  # type: ignore[attr-defined]
    if modules:
        from course.checks.check import project_of
        from course.checks.target import target_file

        try:
            for module in modules:
                target_file(config.getoption("--target"), project_of(module))
        except CourseError as fault:
            raise pytest.UsageError(str(fault)) from None


@pytest.fixture
def student(request: pytest.FixtureRequest) -> None:
    """The student's functions. (The real thing is made by `checks.run`; this name only makes pytest content.)"""
    _only_for_checks(request)


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> None:
    """Our tools on the student's side. (As `student`.)"""
    _only_for_checks(request)


def _only_for_checks(request: pytest.FixtureRequest) -> None:
    if not _check(request.node):
        pytest.fail(f"the fixture {request.fixturename} belongs to checks: decorate the test with @check")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """Run a check as every other view does."""
    check = _check(pyfuncitem)
    if check is None:
        return None
    from course.checks.run import run
    from course.reports.terminal import plain_text

    graded = _graded(pyfuncitem)
    seed = pyfuncitem.config.getoption("--course-seed")
    (result,) = run(graded.entry, graded.session, [check], seed=seed, target=graded.target).results
    told = {"function": check.task, "earned": result.earned, "points": result.points}
    pyfuncitem.user_properties += list(told.items())  # for JUnit files
    pyfuncitem.stash[VERDICT] = {"check": result.plain(), "target": graded.target}
    if result.outcome != "passed":
        failure = VerdictFailure(plain_text(result, graded.target))
        if pyfuncitem.config.option.usepdb:
            from course.cli import pytest_frames

            frames = pytest_frames.where_it_failed(graded.session, graded.file)
            failure = failure.with_traceback(frames or pytest_frames.at_the_function(graded.file, check.task))
        raise failure
    return True


VERDICT = pytest.StashKey[dict[str, Any]]()


class VerdictFailure(Exception):
    """Carries a verdict's text through pytest's machinery."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A check that did not pass is reported by its verdict, not by a traceback of ours."""
    if call.when == "teardown" and _check(item):
        vars(item).pop("hypothesis_statistics", None)  # else they stand in JUnit files, in base64
    report = yield
    fault = call.excinfo.value if call.excinfo is not None else None
    if isinstance(fault, VerdictFailure) or (isinstance(fault, CourseError) and _check(item)):
        report.longrepr = str(fault)
    if isinstance(fault, VerdictFailure) and (check := _check(item)) and check.bonus:
        report.outcome, report.wasxfail = "skipped", f"bonus: not yet ready for {check.bonus}"  # as an xfail
    if call.when == "call" and VERDICT in item.stash:
        report.verdict = item.stash[VERDICT]  # type: ignore[attr-defined]  # plain data: it crosses xdist with the report
    return report


class Verdicts:
    """Shows a project's verdicts as soon as its last check is in, and all that are left at the end."""

    def __init__(self, config: pytest.Config, verbose: bool) -> None:
        self.config, self.verbose = config, verbose
        self._expected: dict[str, int] = {}
        self._results: dict[str, list[Any]] = {}
        self._targets: dict[str, str] = {}
        self._screens: dict[str, ProjectResult] = {}
        self._left_out: list[pytest.Item] = []

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """What `-k` or `-m` leaves out."""
        self._left_out += [item for item in items if _check(item)]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the checks of each grader."""
        for item in session.items:
            if _check(item):
                file = item.nodeid.split("::")[0]
                self._expected[file] = self._expected.get(file, 0) + 1

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show what is being checked, on one line that is written over."""
        file, _, name = nodeid.partition("::")
        if file in self._expected:
            done = len(self._results.get(file, []))
            self._rewrite(f"{name.removeprefix('test_').replace('_', ' ')}  {done}/{self._expected[file]}")

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """A check is neither a dot nor one of pytest's failures: its verdict is shown instead."""
        return ("checks", "", "") if hasattr(report, "verdict") else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a check's verdict; show the project when it is whole."""
        verdict = getattr(report, "verdict", None)
        if verdict is not None:
            from course.checks.results import CheckResult

            file = report.nodeid.split("::")[0]
            self._results.setdefault(file, []).append(CheckResult.from_plain(verdict["check"]))
            self._targets[file] = verdict["target"]
            if len(self._results[file]) == self._expected.get(file):
                self._show(file)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show what was cut short, then the points of all."""
        from course.reports import github
        from course.reports.terminal import summary

        if self._left_out and not self._expected:
            tasks = ", ".join(dict.fromkeys(check.task for item in self._left_out if (check := _check(item))))
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
        from course.reports.terminal import WIDTH, render
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
        writer.line(render(screen, writer.markup, self.verbose, max(40, min(WIDTH, writer.fullwidth))))
        writer.line()
        writer.flush()

    def _rewrite(self, text: str) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and reporter.isatty:
            reporter.rewrite(text[: self.config.get_terminal_writer().fullwidth - 1], erase=True)


def _check(item: Any) -> Check | None:
    return getattr(getattr(item, "function", None), "__check__", None)


def _graded(item: pytest.Function) -> Graded:
    from course.checks.check import project_of
    from course.checks.target import open_session, target_file
    from course.files import shown

    config, known = item.config, item.config.stash[GRADED]
    name = item.module.__name__
    if name not in known:
        entry = project_of(item.module)
        file = target_file(config.getoption("--target"), entry)
        transport, seconds = config.getoption("--transport"), config.getoption("--check-seconds")
        cached = not config.getoption("--no-cache")
        session = open_session(file, entry, transport=transport, seconds=seconds, cached=cached)
        known[name] = Graded(entry, session, shown(file), file)
    return known[name]

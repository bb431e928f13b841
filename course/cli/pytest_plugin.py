"""The pytest plugin: `pytest graders/test_01_mnist.py` grades `exercises/`, with no flag.

It gives checks their `student` fixture, runs them through `checks.run_check` and prints verdicts (`verdict`) in place of
tracebacks. Tests that are no checks are left alone, and nothing heavy is imported until a check is collected.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from course.errors import CourseError

if TYPE_CHECKING:
    from course.checks.session import Session

SESSIONS = pytest.StashKey[dict[str, "Session"]]()


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
        default=300.0,
        help="limit of one call of the student's code, more on a busy machine (300)",
    )
    group.addoption("--no-cache", action="store_true", help="train anew even where neither code nor data changed")


def is_check(item: Any) -> bool:
    """Is this test one of ours?"""
    return hasattr(getattr(item, "function", None), "__check__")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Put our reporter in the place of pytest's own: for tests that are no checks it does just the same."""
    config.stash[SESSIONS] = {}
    standard = config.pluginmanager.getplugin("terminalreporter")
    if standard is not None and type(standard).__name__ == "TerminalReporter":
        from course.cli.reporter import VerdictReporter

        config.pluginmanager.unregister(standard)
        config.pluginmanager.register(VerdictReporter(config), "terminalreporter")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the workers."""
    for session in config.stash.get(SESSIONS, {}).values():
        session.close()


@pytest.fixture
def student(request: pytest.FixtureRequest) -> None:
    """The student's code. (The real thing is made by `run_check`; this name only makes pytest content.)"""
    if not is_check(request.node):
        pytest.fail("the student fixture belongs to checks: decorate the test with @check")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """Run a check through the one engine that all views share."""
    if not is_check(pyfuncitem):
        return None
    from course.checks import run

    config = pyfuncitem.config
    project = run.project_of(pyfuncitem.module)
    target = run.target_file(config.getoption("--target"), project)
    sessions = config.stash[SESSIONS]
    if project.id not in sessions:
        transport, seconds = config.getoption("--transport"), config.getoption("--check-seconds")
        cached = not config.getoption("--no-cache")
        sessions[project.id] = run.open_session(target, project, transport=transport, seconds=seconds, cached=cached)
    result = run.run_check(pyfuncitem.obj, sessions[project.id], project.id, config.getoption("--course-seed"))
    pyfuncitem.user_properties.append(("verdict", result.plain()))
    pyfuncitem.user_properties.append(("target", run.shown(target)))
    if result.outcome != "passed":
        raise VerdictFailure(run.plain_text(result, target))
    return True


class VerdictFailure(Exception):
    """Carries a verdict's text through pytest's machinery."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """A check that did not pass is reported by its verdict, not by a traceback of ours."""
    outcome = yield
    fault = call.excinfo.value if call.excinfo is not None else None
    if isinstance(fault, VerdictFailure) or (isinstance(fault, CourseError) and is_check(item)):
        outcome.get_result().longrepr = str(fault)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A target that is not there is said at once, before anything runs."""
    if any(is_check(item) for item in items):
        from course.checks import run

        try:
            for module in {item.module: None for item in items if is_check(item)}:  # type: ignore[attr-defined]
                run.target_file(config.getoption("--target"), run.project_of(module))
        except CourseError as fault:
            raise pytest.UsageError(str(fault)) from None

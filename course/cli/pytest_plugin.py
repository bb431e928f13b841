"""The pytest plugin: `pytest graders/test_01_mnist.py` grades `exercises/`, with no flag.

It gives checks their `student` and `lab`, runs them, and shows verdicts in place of tracebacks, all through pytest's public
hooks. Tests that are no checks are left alone, and nothing heavy is imported until a check is collected.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from course import catalog, limits
from course.cli.pytest_verdicts import VERDICT, Verdicts, check_of
from course.errors import CourseError

if TYPE_CHECKING:
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
VERDICTS = pytest.StashKey[Verdicts]()


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
    config.stash[VERDICTS] = Verdicts(config, verbose)
    config.pluginmanager.register(config.stash[VERDICTS], "course-verdicts")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the workers."""
    for graded in config.stash.get(GRADED, {}).values():
        graded.session.close()
    if config.stash.get(GRADED, {}):
        config.stash[VERDICTS].leave()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The id of a check names its function, `test_it_is_a_python_float[batch_accuracy]`: in lists, editors and JUnit files."""
    check = getattr(metafunc.function, "__check__", None)
    tools = [name for name in ("student", "lab") if name in metafunc.fixturenames]
    if check is not None and tools:
        metafunc.parametrize(tools[0], [check.task], ids=[check.task], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`-k train_epoch` finds the checks of that function, `-m slow` those that train. A missing target is said at once."""
    for item in items:
        if check := check_of(item):
            item.extra_keyword_matches.add(check.task)
            if check.slow:
                item.add_marker("slow")
    modules = {item.module: None for item in items if check_of(item)}  # type: ignore[attr-defined]
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
    if not check_of(request.node):
        pytest.fail(f"the fixture {request.fixturename} belongs to checks: decorate the test with @check")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """Run a check as every other view does."""
    check = check_of(pyfuncitem)
    if check is None:
        return None
    from course.cells import surroundings
    from course.checks import no_answer
    from course.checks.run import run
    from course.reports.terminal import plain_text

    graded = _graded(pyfuncitem)
    seed = pyfuncitem.config.getoption("--course-seed")
    verdicts = pyfuncitem.config.stash[VERDICTS]
    graded.session.stuck = lambda why: verdicts.give_up(check, graded.target, f"the code {why}")  # type: ignore[attr-defined]
    surroundings.cures["breakpoint"] = (
        f"`course debug {graded.entry.id}` writes a program that can, and `--pdb` stops here"
    )
    told_after = no_answer.TRAINING if check.slow else no_answer.FIRST
    verdicts.begins(check, graded.target, graded.file, pyfuncitem.config.getoption("--check-seconds"), told_after)
    with no_answer.told(check.task, lambda name: name == str(graded.file), verdicts.say, told_after):
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


class VerdictFailure(Exception):
    """Carries a verdict's text through pytest's machinery."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A check that did not pass is reported by its verdict, not by a traceback of ours."""
    if call.when == "teardown" and check_of(item):
        vars(item).pop("hypothesis_statistics", None)  # else they stand in JUnit files, in base64
    report = yield
    fault = call.excinfo.value if call.excinfo is not None else None
    if isinstance(fault, VerdictFailure) or (isinstance(fault, CourseError) and check_of(item)):
        report.longrepr = str(fault)
    if isinstance(fault, VerdictFailure) and (check := check_of(item)) and check.bonus:
        report.outcome, report.wasxfail = "skipped", f"bonus: not yet ready for {check.bonus}"  # as an xfail
    if call.when == "call" and VERDICT in item.stash:
        report.verdict = item.stash[VERDICT]  # type: ignore[attr-defined]  # plain data: it crosses xdist with the report
    return report


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

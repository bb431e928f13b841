"""Grading one project: which file, which grader, which session; and the run of all its checks in one call.

What the pytest plugin, `course watch`, the proofs of mistakes and the release share.
"""

import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from course import paths
from course.catalog import Project, project
from course.checks.cache import Cache
from course.checks.check import checks_of, run_check
from course.checks.diagnosis import named
from course.checks.results import CheckResult, ProjectResult
from course.checks.session import ChildProcess, InProcess, Session
from course.checks.worker import Worker
from course.datasets import store
from course.errors import CourseError
from course.files import shown

__all__ = [
    "grade_project",
    "grader_module",
    "open_session",
    "plain_text",
    "plain_text_of",
    "project_of",
    "run_check",
    "target_file",
]


def project_of(module: ModuleType) -> Project:
    """The project that a grader module judges, by its name."""
    return project(module.__name__.rpartition(".")[2])


def grader_module(entry: Project) -> ModuleType:
    """Import the grader of a project from graders/."""
    if str(paths.ROOT) not in sys.path:
        sys.path.insert(0, str(paths.ROOT))
    return importlib.import_module("graders." + entry.grader.removesuffix(".py"))


def target_file(target: str | Path, entry: Project) -> Path:
    """The module file of a project in `target`, a folder or the file itself, from here or from the checkout's root.

    Raises:
        CourseError: it is not there.
    """
    path = Path(target)
    if not path.exists() and (paths.ROOT / path).exists():
        path = paths.ROOT / path
    file = path / f"{entry.module}.py" if path.is_dir() else path
    if not file.is_file():
        raise CourseError(
            f"There is nothing to grade at {shown(file)}.",
            f"Name the folder that holds {entry.module}.py after --target; `course reset {entry.id}` makes a new stub.",
        )
    return file.resolve()


def reference_file(entry: Project, target: Path) -> Path | None:
    """The solution whose functions stand in for upstream ones; none in a student's copy, nor for the solution itself."""
    file = paths.ROOT / "solutions" / f"{entry.module}.py"
    return file if file.is_file() and file.resolve() != target.resolve() else None


def open_session(
    target: Path,
    entry: Project,
    *,
    transport: str = "inprocess",
    seconds: float = 300.0,
    override: dict[str, Callable[..., Any]] | None = None,
    reference: bool = True,
    cached: bool = False,
) -> Session:
    """A line to a worker that has the student's module.

    Args:
        transport: "inprocess" or "child".
        override: functions in place of the module's own (known mistakes); only in this process, never cached.
        reference: let the solution, where there is one, stand in for upstream functions.
        cached: keep evidence that takes training, by the content of the module, the grader and the data.
    """
    upstream = reference_file(entry, target) if reference else None
    session: Session
    if transport == "child":
        session = ChildProcess(target, upstream, seconds)
    else:
        session = InProcess(Worker(target, upstream, override), seconds)
    if cached and not override:
        parts = [target.read_bytes(), (paths.ROOT / "graders" / entry.grader).read_bytes()]
        parts += [upstream.read_bytes()] if upstream else []
        parts += [(store.ensure(name) / store.MANIFEST).read_bytes() for name in entry.data]
        session.cache = Cache(*parts)
    return session


def grade_project(
    entry: Project,
    session: Session,
    target: Path,
    *,
    seed: int = 0,
    only: Callable[[str], bool] | None = None,
    each: Callable[[CheckResult], None] | None = None,
) -> ProjectResult:
    """Run the checks of a project (those whose names pass `only`) and collect the results."""
    module = grader_module(entry)
    results = []
    for function, registered in checks_of(module).items():
        if only is None or only(registered.name):
            results.append(run_check(function, session, entry.id, seed))
            if each is not None:
                each(results[-1])
    return ProjectResult(entry.id, entry.title, shown(target), tuple(named(entry.id, results)))


def plain_text(result: CheckResult, target: Path) -> str:
    """One result as plain text: for pytest's own reporters."""
    return plain_text_of(result, shown(target))


def plain_text_of(result: CheckResult, target: str) -> str:
    """One result as plain text: for JUnit files and other reports. `target` is how the reader calls the file."""
    lines = [f"{result.task}: {result.title}: {result.outcome}"]
    if result.line:
        lines.append(f"{result.place or target}:{result.line}" + (f"  {result.code}" if result.code else ""))
    lines += [text for text in (result.message, result.says) if text]
    if result.outcome == "failed" and result.hint:
        lines.append(f"Hint: {result.hint}")
    return "\n".join(lines)


def results_in_order(results: Iterable[CheckResult], entry: Project) -> list[CheckResult]:
    """Results by the order of the project's functions."""
    order = {f.name: k for k, f in enumerate(entry.functions)}
    return sorted(results, key=lambda r: order.get(r.task, len(order)))

"""What a check is: a pytest test with a function that it judges, points and a hint.

A check takes `student`, through which it calls the student's functions, and `lab` if it needs tools of ours. It asks probes about
what comes back and compares plain data with the helpers of `expect`. `run` says how it ends.
"""

import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from hypothesis import HealthCheck, Phase, settings

from course import paths
from course.catalog import Project, project
from course.errors import CourseError

# Here, because a property test takes the profile that is loaded when it is written.
settings.register_profile(
    "grading",
    derandomize=True,  # the same examples for everybody, in every run: a verdict may not depend on luck
    deadline=None,
    database=None,
    max_examples=25,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),  # explaining a failure costs a second, and nobody reads it
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("grading")


@dataclass(frozen=True)
class Check:
    """A check's registration.

    Args:
        task: the function that it judges.
        points: what it is worth.
        hint: a question that leads on.
        needs: upstream functions of the same project that the task calls.
        slow: it trains something; `course watch` runs it after the fast ones.
        title: what holds when it passes, as a phrase.
        why: its docstring: why it matters.
        function: the test.
    """

    task: str
    points: int
    hint: str
    needs: tuple[str, ...]
    slow: bool
    title: str
    name: str
    why: str
    line: int
    function: Callable[..., None]

    @property
    def tools(self) -> tuple[str, ...]:
        """Which of `student` and `lab` it takes."""
        return tuple(name for name in inspect.signature(self.function).parameters if name in ("student", "lab"))

    @property
    def project(self) -> str:
        """The id of its project: XX for a check of test_XX_name.py; else the name of its module."""
        module = self.function.__module__.rpartition(".")[2]
        return module.split("_")[1] if module.startswith("test_") else module


def check(
    task: str, *, points: int, hint: str, needs: tuple[str, ...] = (), slow: bool = False, title: str = ""
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a pytest test as a check (see `Check` for the arguments); its title is the test's name, unless given."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__
        phrase = title or name.removeprefix("test_").replace("_", " ")
        line = function.__code__.co_firstlineno
        why = inspect.getdoc(function) or ""
        function.__check__ = Check(task, points, hint, needs, slow, phrase, name, why, line, function)  # type: ignore[attr-defined]
        return function

    return register


def check_of(function: object) -> Check | None:
    """The check that a test is registered as, or None."""
    return getattr(function, "__check__", None)


def project_of(module: ModuleType) -> Project:
    """The project that a grader module judges, by its name."""
    return project(module.__name__.rpartition(".")[2])


def checks_of(entry: Project) -> tuple[Check, ...]:
    """The checks of a project, in the order in which they are written.

    Raises:
        CourseError: a check judges, or needs, a function that the catalog does not have.
    """
    if str(paths.ROOT) not in sys.path:
        sys.path.insert(0, str(paths.ROOT))
    checks = checks_in(importlib.import_module("graders." + entry.grader.removesuffix(".py")))
    known = {function.name for function in entry.functions}
    for check in checks:
        for name in (check.task, *check.needs):
            if name not in known:
                raise CourseError(
                    f"{check.name} in graders/{entry.grader} names {name}, which project {entry.id} does not have.",
                    "Correct the name, or enter the function in the catalog.",
                )
    return checks


def checks_in(module: ModuleType) -> tuple[Check, ...]:
    """The checks of a grader module, in the order in which they are written."""
    return tuple(sorted(filter(None, map(check_of, vars(module).values())), key=lambda check: check.line))

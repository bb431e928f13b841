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
        bonus: what the function is ready for once it passes, such as "a GPU"; empty for a check that judges. A bonus is worth no
            point, and where it does not hold yet the student gets advice and the function is right all the same.
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
    bonus: str = ""

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
    return _registering(task, points, hint, needs, slow, title, "")


def bonus(
    task: str, *, ready_for: str, hint: str, needs: tuple[str, ...] = (), title: str = ""
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a pytest test as a bonus: a check that costs nobody a point. It has to be quick; it runs after all checks."""
    return _registering(task, 0, hint, needs, False, title, ready_for)


def _registering(
    task: str, points: int, hint: str, needs: tuple[str, ...], slow: bool, title: str, ready_for: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__
        phrase = title or name.removeprefix("test_").replace("_", " ")
        line = function.__code__.co_firstlineno
        why = inspect.getdoc(function) or ""
        made = Check(task, points, hint, needs, slow, phrase, name, why, line, function, ready_for)
        function.__check__ = made  # type: ignore[attr-defined]
        return function

    return register


def check_of(function: object) -> Check | None:
    """The check that a test is registered as, or None."""
    return getattr(function, "__check__", None)


def project_of(module: ModuleType) -> Project:
    """The project that a grader module judges, by its name."""
    return project(module.__name__.rpartition(".")[2])


def checks_of(entry: Project) -> tuple[Check, ...]:
    """The checks of a project that judge, in the order in which they are written.

    Raises:
        CourseError: a check judges, or needs, a function that the catalog does not have.
    """
    return tuple(found for found in _registered(entry) if not found.bonus)


def bonuses_of(entry: Project) -> tuple[Check, ...]:
    """The bonuses of a project, likewise."""
    return tuple(found for found in _registered(entry) if found.bonus)


def _registered(entry: Project) -> tuple[Check, ...]:
    if str(paths.ROOT) not in sys.path:
        sys.path.insert(0, str(paths.ROOT))
    checks = all_in(importlib.import_module("graders." + entry.grader.removesuffix(".py")))
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
    """The checks of a grader module that judge, in the order in which they are written."""
    return tuple(found for found in all_in(module) if not found.bonus)


def all_in(module: ModuleType) -> tuple[Check, ...]:
    """Checks and bonuses of a grader module, in the order in which they are written."""
    return tuple(sorted(filter(None, map(check_of, vars(module).values())), key=lambda check: check.line))

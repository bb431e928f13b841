"""What a check is, how it is run, and how its end becomes a verdict.

A check is a function with one argument, `student`. It calls the student's functions through it, asks probes about what they
return, and compares plain data with the helpers of `expect`. It ends in one of four ways: passed, failed (with a message),
not started (the task still raises its TODO), or waiting (an upstream function that it needs is not there).
"""

import inspect
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyFailure

from course.checks import diagnosis, wire
from course.checks.results import CheckResult, Exhibit
from course.checks.session import Session, StudentRaised, WorkerLost
from course.errors import CourseError

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

MOST_EXHIBITS = 4  # of one check


class CheckFailure(AssertionError):
    """The evidence is not what it should be; the message says what was expected and what came."""


@dataclass(frozen=True)
class Check:
    """A check's registration.

    Args:
        task: the function that it judges.
        points: what it is worth.
        hint: a question that leads on.
        needs: upstream functions of the same project that the task calls.
        slow: it trains something; `course watch` runs it after the fast ones.
    """

    task: str
    points: int
    hint: str
    needs: tuple[str, ...]
    slow: bool
    name: str
    why: str
    line: int

    @property
    def title(self) -> str:
        """The test's name as a phrase: what holds when it passes."""
        return self.name.removeprefix("test_").replace("_", " ")


def check(
    task: str, *, points: int, hint: str, needs: tuple[str, ...] = (), slow: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a pytest test as a check (see `Check` for the arguments)."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        why = inspect.getdoc(function) or ""
        line = function.__code__.co_firstlineno if hasattr(function, "__code__") else 0
        function.__check__ = Check(task, points, hint, needs, slow, function.__name__, why, line)  # type: ignore[attr-defined]
        return function

    return register


def checks_of(module: Any) -> dict[Callable[..., None], Check]:
    """The checks of a grader module, in the order in which they are written."""
    found = {value: value.__check__ for value in vars(module).values() if hasattr(value, "__check__")}
    return dict(sorted(found.items(), key=lambda item: item[1].line))


class Student:
    """The student's module, as a check sees it: `student.build_model(...)` calls the function of that name.

    Plain arguments and results cross by value; results that are not plain are handles. An argument that was sent by value
    and comes back changed fails the check.
    """

    def __init__(self, session: Session, seed: int = 0) -> None:
        self._session = session
        self._next_seed: int | None = None
        self._folders = 0
        self.warnings: list[str] = []  # what the last call warned of
        self.exhibits: list[Exhibit] = []
        self.seed = seed

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            next_seed, self._next_seed = self._next_seed, None
            answer = self._session.request("call", name=name, args=list(args), kwargs=kwargs, seed=next_seed)
            self.warnings = answer["warned"]
            if answer["left"]:
                raise CheckFailure(
                    f"{name} leaves the whole process with {', '.join(answer['left'])}: nobody can train after it"
                )
            if answer["changed"]:
                raise CheckFailure(
                    f"{name} changed its argument {', '.join(answer['changed'])} in place: the caller still needs it as it was"
                )
            return answer["result"]

        return call

    def seeded(self, seed: int) -> "Student":
        """This student, whose next call comes right after `torch.manual_seed(seed)`."""
        self._next_seed = seed
        return self

    def remember(self, name: str, compute: Callable[[], Any]) -> Any:
        """Plain evidence that takes training: computed once for this code and this data, where a cache is open."""
        if self._session.cache is None:
            return compute()
        return self._session.cache.remember(f"{name} {self.seed}", compute)

    def show(self, make: Callable[[], Exhibit]) -> None:
        """Put what was measured beside the verdict, on the student's page (`exhibits` has the makers).

        It decides nothing: where it cannot be made, whatever the reason, there is none.
        """
        if len(self.exhibits) < MOST_EXHIBITS:
            with suppress(Exception):
                self.exhibits.append(make())

    def give(self, recipe: wire.Recipe) -> wire.Handle:
        """Build one of our own things (`recipes`) on the student's side."""
        return self._session.request("give", recipe=recipe)["result"]

    def file(self, name: str, content: bytes | str) -> str:
        """Put a file into a folder that the student's code can read; returns its path."""
        return self._session.request(
            "file", name=name, content=content.encode() if isinstance(content, str) else content
        )

    def files(self, contents: Mapping[str, bytes]) -> str:
        """Put several files, named by relative paths, into a new folder; returns the folder."""
        self._folders += 1
        folder = f"folder{self._folders}"
        for name, content in contents.items():
            self.file(f"{folder}/{name}", content)
        return self.path(folder)

    def path(self, name: str) -> str:
        """A path that the student's code can write to."""
        return self._session.request("file", name=name, content=None)

    def read(self, path: str) -> bytes:
        """The content of a file that the student's code wrote."""
        return self._session.request("read", path=path)


def run_check(function: Callable[..., None], session: Session, project: str, seed: int = 0) -> CheckResult:
    """Run one check and say how it ended: every check reports exactly once, whatever came.

    Raises:
        CourseError: data or weights of the course are missing.
    """
    entry: Check = function.__check__  # type: ignore[attr-defined]
    student = Student(session, seed)
    started = time.perf_counter()

    def ended(outcome: str, message: str = "", line: int | None = None, code: str = "") -> CheckResult:
        return CheckResult(
            project=project,
            task=entry.task,
            name=entry.name,
            title=entry.title,
            points=entry.points,
            earned=entry.points if outcome == "passed" else 0,
            outcome=outcome,
            message=message,
            hint=entry.hint,
            line=line,
            code=code,
            seconds=time.perf_counter() - started,
            mark=astuple(diagnosis.mark(entry.name, message, session.answers)) if outcome == "failed" else (),
            exhibits=tuple(student.exhibits),
        )

    lines: dict[str, int] = {}
    session.answers.clear()
    try:
        lines = session.request("describe")
        if entry.task not in lines and lines:
            return ended("failed", f"there is no function called {entry.task}")
        begun = session.request("begin", task=entry.task, needs=list(entry.needs), seed=seed)
        if begun["todo"]:  # said before anything runs: a stub's verdict takes no training and no data
            return ended("not started")
        if begun["waiting"]:
            return ended("waiting", f"waiting for {', '.join(begun['waiting'])}")
        function(student=student)
        return ended("passed")
    except FlakyFailure as several:  # the same example failed once and not again: chance, or a memory of earlier calls
        return ended("failed", _unsteady(several), lines.get(entry.task))
    except CheckFailure as fault:
        return ended("failed", _with_example(fault), lines.get(entry.task))
    except StudentRaised as fault:
        if fault.todo == entry.task:
            return ended("not started")
        if fault.todo:
            return ended("waiting", f"waiting for {fault.todo}")
        what = "the module cannot be loaded" if fault.loading else f"{entry.task} raised an error"
        return ended("failed", f"{what}: {fault}", fault.line or lines.get(entry.task), fault.code)
    except WorkerLost as fault:
        return ended("failed", f"{entry.task} did not come back: {fault}")
    except CourseError:
        raise  # data or weights that are missing: nobody's mistake, and it has a cure
    except Exception as fault:
        # evidence of a form that the check did not expect; a fault of our own would show in the solution's run
        said = f"the check could not read what came: {type(fault).__name__}: {fault}"
        return ended("failed", said, lines.get(entry.task))


def _unsteady(several: FlakyFailure) -> str:
    """The message for student code that answers the same example differently each time.

    Raises:
        FlakyFailure: what failed was not the student's code.
    """
    faults = [fault for fault in several.exceptions if isinstance(fault, CheckFailure | StudentRaised)]
    if not faults:
        raise several
    return f"{faults[0]}\nIt does not come each time: the same input gave another result when it was tried again."


_EXAMPLE = re.compile(r"(Falsifying example|Failing test case):")  # the second is hypothesis' newer wording


def _with_example(fault: CheckFailure) -> str:
    """The message, with the example that hypothesis shrank it to, if there is one."""
    notes = [note for note in getattr(fault, "__notes__", []) if _EXAMPLE.match(note)]
    if not notes:
        return str(fault)
    arguments = [line.strip().rstrip(",") for line in notes[0].splitlines()[1:-1]]
    arguments = [line.split("  #")[0].rstrip(", ") for line in arguments if not line.startswith("student=")]
    return f"{fault}\nfor example with {', '.join(arguments)}" if arguments else str(fault)

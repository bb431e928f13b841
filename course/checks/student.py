"""The student's module and our own tools, as a check sees them: two namespaces that never meet."""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any, TypeVar

from course import limits
from course.checks import exams, wire
from course.checks.check_failure import CheckFailure
from course.checks.printed import Lines
from course.checks.results import Attachment
from course.checks.seeds import drawn, told
from course.checks.session import Session, Shared, WorkerLost

T = TypeVar("T")


class Student:
    """The student's functions: `student.build_model(...)` calls the one of that name, whatever it is.

    Plain arguments and results cross by value; results that are not plain are handles. An argument that was sent by value
    and comes back changed fails the check.
    """

    def __init__(self, lab: "Lab", seed: int | None = None) -> None:
        self.__lab, self.__seed = lab, seed

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self.__lab.call(name, args, kwargs, self.__seed)

        return call


class NotHere(Exception):
    """This machine lacks what a bonus needs; the text names it."""


class Lab:
    """What a check can do on the student's side beside calling the student's functions.

    Args:
        seed: of the run, which stays here: hidden data are made from it (`exam`). `Lab.seed` is the one that a check may send
            to the student's side (`seeds`).
        show_exam: may the student's page show hidden data?
    """

    def __init__(self, session: Session, seed: int = 0, show_exam: bool = True) -> None:
        self.seed, self.__of_run = told(seed), seed
        self.show_exam = show_exam
        self.student = Student(self)
        self.warnings: list[str] = []  # of the last call of the student's code
        self.attachments: list[Attachment] = []
        self._session = session
        self._folders = 0

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int | None = None) -> Any:
        """Call a function of the student's.

        Args:
            seed: of `torch.manual_seed` right before the call, or None.
        """
        answer = self._session.request("call", name=name, args=list(args), kwargs=kwargs, seed=seed)
        self.warnings = answer["warned"]
        if answer["left"]:
            raise CheckFailure("settings left", name, answer["left"][0], left=", ".join(answer["left"]))
        if answer["changed"]:
            raise CheckFailure("argument changed", name, names=answer["changed"])
        return answer["result"]

    def seeded(self, seed: int) -> Student:
        """The student, each call of whose functions comes right after `torch.manual_seed(drawn(seed))` (`seeds`)."""
        return Student(self, drawn(seed))

    def build(self, blueprint: wire.Blueprint) -> wire.Handle:
        """Build one of our own things (`builders`) on the student's side."""
        return self._session.request("build", blueprint=blueprint)["result"]

    def pretend_gpu(self) -> None:
        """From now on and until the check ends, the student's side has a GPU (`course.pretend_gpu`).

        Raises:
            NotHere: this build of PyTorch lets nothing be pretended.
        """
        if not self._session.request("gpu"):
            raise NotHere("pretend GPU")

    def stand_in(self, name: str, blueprint: wire.Blueprint) -> None:
        """For this check, let one of our own things stand in for an upstream function of the student's module.

        What it does is known, so that the verdict is about the function at hand alone; no solution is needed for it.
        """
        self._session.request("stand_in", name=name, blueprint=blueprint)

    def exam(self, make: Callable[..., T], *size: Any) -> T:
        """Hidden data, with their labels: what `make(*size, seed)` makes of the run's seed. Labels are never sent anywhere."""
        return exams.made(make, size, self.__of_run, self._session.exams)

    def of_batch(self, make: Callable[..., T], *size: Any) -> T | None:
        """What `make(*size, seed)` makes, here and once for a batch of submissions; None where each has to make its own.

        It is for what takes training and hangs on the run's seed and on upstream functions alone: behind the wall those are the
        solution's, whoever has handed in.
        """
        batch, of_solution = self._session.exams, self._session.reference
        return None if batch is None or of_solution is None else exams.made(make, size, self.__of_run, batch)

    def remember(self, name: str, compute: Callable[[], Any]) -> Any:
        """Plain evidence that takes training: computed once for this code and this data, where a cache is open."""
        if self._session.cache is None:
            return compute()
        return self._session.cache.remember(f"{name} {self.__of_run}", compute, self._session.called)

    def shared(self, name: str, compute: Callable[[], T]) -> T:
        """Evidence of one call of the student's at which several checks look: taken by the first of them, for this code.

        A check that runs alone, or whose evidence ended in an error, takes it itself. No handle in it serves another check.
        """
        session, key = self._session, f"{name} {self.__of_run}"
        kept = session.shared.get(key) if session.shares else None
        if kept is None:
            answers, printed = session.answers, session.printed
            session.answers, session.printed = deque(maxlen=answers.maxlen), Lines()
            try:
                kept = Shared(compute(), list(session.answers), session.printed, dict(session.called))
            except BaseException:
                answers.extend(session.answers)
                printed.join(session.printed)
                raise
            finally:
                session.answers, session.printed = answers, printed
            session.shared[key] = kept
        session.answers.extend(kept.answers)
        session.printed.join(kept.printed)
        session.called |= kept.called
        value: T = kept.value
        return value

    def attach(self, make: Callable[[], Attachment], exam: bool = False) -> None:
        """Put what was measured beside the verdict, on the student's page (`attachments` has the makers).

        It decides nothing: where it cannot be made, whatever the reason, there is none.

        Args:
            exam: it shows pictures or sentences of the hidden data, and not only numbers about them.
        """
        if (self.show_exam or not exam) and len(self.attachments) < limits.ATTACHMENTS:
            with suppress(Exception):
                self.attachments.append(make())

    def file(self, name: str, content: bytes | str) -> str:
        """Put a file into a folder that the student's code can read; returns its path."""
        return self._placed(name, content.encode() if isinstance(content, str) else content)

    def files(self, contents: Mapping[str, bytes]) -> str:
        """Put several files, named by relative paths, into a new folder; returns the folder."""
        self._folders += 1
        folder = f"folder{drawn(self._folders)}"
        for name, content in contents.items():
            self.file(f"{folder}/{name}", content)
        return self.path(folder)

    def path(self, name: str) -> str:
        """A path that the student's code can write to."""
        return self._placed(name, None)

    def _placed(self, name: str, content: bytes | None) -> str:
        path: str = self._session.request("file", name=name, content=content)
        if PurePath(path).parts[-len(PurePath(name).parts) :] != PurePath(name).parts:
            raise WorkerLost("the worker has named a file that nobody asked for")
        return path

    def read(self, path: str) -> bytes:
        """The content of a file that the student's code wrote."""
        return self._session.request("read", path=path)

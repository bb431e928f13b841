"""The result of a check and of a project: the one model that every view is made from."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

OUTCOMES = ("passed", "failed", "not started", "waiting")


@dataclass(frozen=True)
class Confusion:
    """How often each class was taken for each other one: counts[truth][prediction]."""

    title: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Curves:
    """What changed from epoch to epoch.

    Args:
        lines: (name, value after each epoch; None where it was no finite number).
        bar: (name, value) of a level to compare with, or None.
    """

    title: str
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]
    bar: tuple[str, float] | None = None


@dataclass(frozen=True)
class Picture:
    """A small picture with what is to be said of it.

    Args:
        uri: a data: URI of a PNG or JPEG file that the judge has written.
        caption: one or two lines.
        right: was the answer about it right? None where nothing was asked.
    """

    uri: str
    width: int
    height: int
    caption: str
    right: bool | None = None


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side."""

    title: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Table:
    """Rows of words; `right` says of each row whether the answer was right, or None."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool | None, ...]


Exhibit = Confusion | Curves | Gallery | Table  # made by `exhibits`, which bounds their sizes


@dataclass(frozen=True)
class CheckResult:
    """How one check ended.

    Args:
        outcome: one of `OUTCOMES`.
        message: what was expected and what came, or why the check waits; empty when passed.
        line: the student's own line, or None.
        place: what the line is counted in, where that is not the file itself: "the cell of train_epoch".
        seconds: time that it took; for the reader, never judged.
        says: the known mistake that it shows, in a sentence (`diagnosis`).
        mark: what a failure leaves behind for that, the fields of a `diagnosis.Mark`; empty when passed.
        exhibits: what was measured, for the student's page; in no other view.
    """

    project: str
    task: str
    name: str
    title: str
    points: int
    earned: int
    outcome: str
    message: str = ""
    hint: str = ""
    line: int | None = None
    code: str = ""
    seconds: float = 0.0
    says: str = ""
    place: str = ""
    mark: tuple[Any, ...] = ()
    exhibits: tuple[Exhibit, ...] = field(default=(), repr=False)

    def plain(self) -> dict[str, Any]:
        """As a dict for JSON: words and points, without the exhibits."""
        found = asdict(replace(self, exhibits=()))
        del found["exhibits"]
        return found


@dataclass(frozen=True)
class ProjectResult:
    """How a whole project stands: its checks in the order in which they are written."""

    project: str
    title: str
    target: str
    checks: tuple[CheckResult, ...]

    @property
    def points(self) -> int:
        """What could be earned."""
        return sum(c.points for c in self.checks)

    @property
    def earned(self) -> int:
        """What was earned."""
        return sum(c.earned for c in self.checks)

    def by_task(self) -> dict[str, list[CheckResult]]:
        """The checks of each function."""
        tasks: dict[str, list[CheckResult]] = {}
        for result in self.checks:
            tasks.setdefault(result.task, []).append(result)
        return tasks

    def of(self, outcomes: Iterable[str]) -> list[CheckResult]:
        """The checks that ended in one of `outcomes`."""
        wanted = set(outcomes)
        return [c for c in self.checks if c.outcome in wanted]


@dataclass(frozen=True)
class SubmissionResult:
    """What one student handed in for one project, and how it stands. Every check of the project is in `result`, whatever came.

    Args:
        student: the name of the folder or the file, in characters that can be written anywhere.
        file: what was handed in, from the folder of the class; empty where nothing was.
        isolation: what stood between the student's code and the judge.
        reason: why nothing could be graded; empty when it was graded.
        notes: what the student should know beside the verdicts.
        digest: SHA-256 of the file, in hexadecimal.
        seed: seed of the checks.
    """

    student: str
    file: str
    result: ProjectResult
    isolation: str
    reason: str = ""
    notes: tuple[str, ...] = ()
    digest: str = ""
    seed: int = 0

    @property
    def status(self) -> str:
        """One or two words: graded, missing or not readable."""
        if not self.reason:
            return "graded"
        return "not readable" if self.file else "missing"

    @property
    def points(self) -> int:
        """What could be earned."""
        return self.result.points

    @property
    def earned(self) -> int:
        """What was earned."""
        return self.result.earned

    def earned_by_task(self) -> dict[str, tuple[int, int]]:
        """{function: (points earned, points)}."""
        return {t: (sum(c.earned for c in cs), sum(c.points for c in cs)) for t, cs in self.result.by_task().items()}

    def plain(self) -> dict[str, Any]:
        """As a dict for JSON: words and points, without the exhibits."""
        found = asdict(replace(self, result=replace(self.result, checks=())))
        found["result"]["checks"] = [check.plain() for check in self.result.checks]
        return found

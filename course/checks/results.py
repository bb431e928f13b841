"""The result of a check and of a project: the one model that every view is made from."""

import functools
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from course.checks.failure import Failure
from course.checks.wording import question, sentence

if TYPE_CHECKING:
    from course.checks.check import Check

OUTCOMES = ("passed", "failed", "not started", "waiting", "advice")  # the last: a bonus that does not hold yet


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
        band: (name, least, greatest value after each epoch) of other trainings to compare with, or None.
    """

    title: str
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]
    bar: tuple[str, float] | None = None
    band: tuple[str, tuple[float, ...], tuple[float, ...]] | None = None


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


Attachment = Confusion | Curves | Gallery | Table  # made by `attachments`, which bounds their sizes


@dataclass(frozen=True)
class CheckResult:
    """How one check ended.

    Args:
        outcome: one of `OUTCOMES`.
        failure: why it did not pass, or has not run; None when it passed or its function is not started.
        line: the student's own line, or None.
        uses: upstream functions that the check ran with as the student wrote them.
        place: what the line is counted in, where that is not the file itself: "the cell of train_epoch".
        seconds: time that it took; for the reader, never judged.
        says: the known mistake that it shows, in a sentence (`diagnosis`).
        signature: what a failure leaves behind for that, the fields of a `diagnosis.Signature`; empty when passed.
        printed: what the student's code printed meanwhile, and warnings (`printed`); empty where it did not.
        attachments: what was measured, for the student's page; in no other view.
        bonus: of a bonus, what the function is ready for if it passed; empty for a check that judges.
        slips: of a check that failed, slips of form in what the function gave it, the keys of `slips.SAID`.
    """

    project: str
    task: str
    name: str
    title: str
    points: int
    earned: int
    outcome: str
    failure: Failure | None = None
    hint: str = ""
    line: int | None = None
    code: str = ""
    seconds: float = 0.0
    says: str = ""
    uses: tuple[str, ...] = ()
    place: str = ""
    signature: tuple[Any, ...] = ()
    printed: str = ""
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    bonus: str = ""
    slips: tuple[str, ...] = ()

    @classmethod
    def of(cls, check: "Check", outcome: str, failure: Failure | None = None, **fields: Any) -> "CheckResult":
        """The result of a check that ended so; `fields` are those that only running it tells."""
        return cls(
            project=check.project,
            task=check.task,
            name=check.name,
            title=check.title,
            points=check.points,
            earned=check.points if outcome == "passed" else 0,
            outcome=outcome,
            failure=failure,
            hint=check.hint,
            bonus=check.bonus,
            **fields,
        )

    @classmethod
    def of_text(cls, project: str, task: str, title: str, points: int, earned: int, text: str) -> "CheckResult":
        """All checks of a function as one, of which there is only what somebody else's run of them has printed."""
        failure = Failure("condition", text) if earned < points else None
        return cls(project, task, task, title, points, earned, "failed" if failure else "passed", failure)

    @classmethod
    def from_plain(cls, fields: dict[str, Any]) -> "CheckResult":
        """From what JSON has made of `plain`."""
        kept = {name: value for name, value in fields.items() if name != "message"}
        failure = Failure.from_plain(kept["failure"]) if kept["failure"] else None
        lists = {name: tuple(kept.get(name, ())) for name in ("signature", "uses", "slips")}
        return cls(**{**kept, "failure": failure, **lists})

    @functools.cached_property
    def message(self) -> str:
        """The failure in words: what was expected and what came, or why the check waits; empty when passed."""
        return sentence(self.failure) if self.failure else ""

    @property
    def question(self) -> str:
        """What leads on: the check's hint, or what one asks about every failure of this kind."""
        return question(self.failure, self.hint) if self.outcome in ("failed", "advice") else ""

    @property
    def readiness(self) -> str:
        """Of a bonus: what it says, in a phrase."""
        return f"bonus: {'' if self.outcome == 'passed' else 'not yet '}ready for {self.bonus}"

    def plain(self) -> dict[str, Any]:
        """As a dict for JSON: the message in words too, and no attachments."""
        found = asdict(replace(self, attachments=()))
        del found["attachments"]
        return found | {"message": self.message}


@dataclass(frozen=True)
class ProjectResult:
    """How a whole project stands: its checks in the order of its functions.

    Args:
        target: what was graded, as a person would type it.
        notes: what of the student's text did not run.
        bonuses: the bonuses that have run: no part of any count, sum or verdict.
    """

    project: str
    title: str
    target: str
    checks: tuple[CheckResult, ...]
    notes: tuple[str, ...] = ()
    bonuses: tuple[CheckResult, ...] = ()

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """Of all that ran, bonuses too."""
        return (*self.checks, *self.bonuses)

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

    def bonuses_of(self, task: str) -> list[CheckResult]:
        """The bonuses of a function that there is something to say of: once everything that is judged is right."""
        if any(c.task == task and c.outcome != "passed" for c in self.checks):
            return []
        return [b for b in self.bonuses if b.task == task and b.outcome in ("passed", "advice")]

    def advice(self) -> list[CheckResult]:
        """The bonuses that do not hold yet, of functions that are right."""
        tasks = dict.fromkeys(b.task for b in self.bonuses)
        return [b for task in tasks for b in self.bonuses_of(task) if b.outcome == "advice"]

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
    def walled(self) -> bool:
        """Did the student's code run behind the wall, if it ran at all?"""
        return self.isolation.startswith("wall")

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
        """As a dict for JSON: words and points, without the attachments."""
        found = asdict(replace(self, result=replace(self.result, checks=(), bonuses=())))
        found["result"]["checks"] = [check.plain() for check in self.result.checks]
        found["result"]["bonuses"] = [bonus.plain() for bonus in self.result.bonuses]
        return found

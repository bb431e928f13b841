"""What does each check rest on? Measured with a worker that knows beforehand whatever an honest one has said in another run.

The solution is run once under one secret seed, and each answer of its worker is kept. Then the same checks are run under another
seed, and the kept answers are given in place of a worker: the best that a cheat can do who has seen all of an honest run. A check
that this fails rests on numbers of its own run; a check that it passes rests on what can be known beforehand: a flag, a mode, a
count, a diary, an answer that is always the same. Accuracy on the exam is counted by the judge, by labels that nobody else has.
"""

import inspect
import io
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import paths
from course.catalog import Project
from course.checks import wire
from course.checks.check import Check, checks_of
from course.checks.run import run
from course.checks.session import InProcess, Session, WorkerLost
from course.checks.student import Lab
from course.checks.worker import Worker

HONEST, OTHER = 11, 12  # the seeds of the two runs
EXAM, RUN, KNOWN = "the exam", "its own run", "what can be known"
COMMAND = "course author evidence --write"
PAGE = paths.ROOT / "docs" / "evidence.md"


@dataclass(frozen=True)
class Row:
    """A check and what it rests on: EXAM, RUN or KNOWN. A cheat would have to answer for the functions and probes `asked`."""

    check: Check
    rests: str
    asked: tuple[str, ...]


class Kept(InProcess):
    """An honest worker whose answers are kept, in order."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(worker)
        self.kept: list[tuple[str, bytes]] = []

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        answer = super()._exchange(message)
        self.kept.append((_about(message), wire.pack(answer)))
        return answer


class Replayed(Session):
    """No worker, only what one has said: for each function and probe the kept answers in turn, the last one again and again."""

    def __init__(self, kept: Sequence[tuple[str, bytes]]) -> None:
        super().__init__()
        self._left: dict[str, deque[bytes]] = defaultdict(deque)
        for about, answer in kept:
            self._left[about].append(answer)

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        left = self._left[_about(message)]
        if not left:
            raise WorkerLost("nothing was said of this in the other run")
        answer: dict[str, Any] = wire.unpack(io.BytesIO(left.popleft() if len(left) > 1 else left[0]), self)
        return answer


class _Exam(BaseException):
    """The check has asked for the exam."""


def rows(entry: Project, solution: Path | None = None) -> Iterator[Row]:
    """What each check of a project rests on.

    Args:
        solution: another one than the project's own.

    Raises:
        ValueError: the solution itself does not pass one.
    """
    session = Kept(Worker(solution or paths.ROOT / "solutions" / f"{entry.module}.py"))
    try:
        for check in checks_of(entry):
            session.kept.clear()
            if _judged_by_the_exam(entry, check, session):
                yield Row(check, EXAM, _asked(session.kept))
                continue
            (honest,) = run(entry, session, [check], seed=HONEST).checks
            if honest.outcome != "passed":
                raise ValueError(f"{check.name}: the solution does not pass: {honest.message}")
            (forged,) = run(entry, Replayed(session.kept), [check], seed=OTHER).checks
            yield Row(check, KNOWN if forged.outcome == "passed" else RUN, _asked(session.kept))
    finally:
        session.close()


def _judged_by_the_exam(entry: Project, check: Check, session: Session) -> bool:
    def asked(self: Lab, make: Callable[..., Any], *size: Any) -> Any:
        raise _Exam

    before, Lab.exam = Lab.exam, asked  # type: ignore[method-assign,assignment]
    try:
        if "exam(" not in _source(check):
            return False
        run(entry, session, [check], seed=HONEST)
        return False
    except _Exam:
        return True
    finally:
        Lab.exam = before  # type: ignore[method-assign]


def _source(check: Check) -> str:
    return inspect.getsource(check.function)


def _about(message: dict[str, Any]) -> str:
    """What is asked: a function of the student's, a probe, or the kind of request."""
    return str(message.get("name") or message["op"]) if message["op"] != "file" else "file"


def _asked(kept: Sequence[tuple[str, bytes]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(about for about, _ in kept if about not in ("begin", "build", "file", "stand_in")))


def page(found: Sequence[tuple[Project, Sequence[Row]]]) -> str:
    """docs/evidence.md."""
    every = [row for _, of_project in found for row in of_project]
    points = sum(row.check.points for row in every)
    parts = [f"<!-- Made by `{COMMAND}`; do not edit. -->\n# What each check rests on\n\n{INTRODUCTION}"]
    share = lambda kind: sum(row.check.points for row in every if row.rests == kind)  # noqa: E731
    number = lambda kind: sum(row.rests == kind for row in every)  # noqa: E731
    kinds = [(kind, number(kind), share(kind), f"{share(kind) / points:.0%}") for kind in (EXAM, RUN, KNOWN)]
    parts.append(_table(("rests on", "checks", "points", "share of points"), kinds))
    worths = [
        (entry.id, *(sum(r.check.points for r in of_project if r.rests == kind) for kind in (EXAM, RUN, KNOWN)))
        for entry, of_project in found
    ]
    parts.append("By project, in points:")
    parts.append(_table(("project", EXAM, RUN, KNOWN), worths))
    parts.append(f"## Checks that rest on {KNOWN}\n\n{CLAIMS}")
    claims = [
        _words(e, row, ", ".join(f"`{name}`" for name in row.asked))
        for e, rs in found
        for row in rs
        if row.rests == KNOWN
    ]
    parts.append(_table(("project", "function", "check", "points", "what would have to be said"), claims))
    parts.append("## All the others")
    others = [_words(entry, row, row.rests) for entry, rs in found for row in rs if row.rests != KNOWN]
    parts.append(_table(("project", "function", "check", "points", "rests on"), others))
    return "\n\n".join(parts) + "\n"


def _words(entry: Project, row: Row, last: str) -> tuple[object, ...]:
    title = row.check.title.replace("|", "\\|")
    return entry.id, f"`{row.check.task}`", title, row.check.points, last


def _table(head: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in (head, ["---"] * len(head), *lines))


INTRODUCTION = f"""\
Behind the wall a student's code can put itself in the place of the worker and say what it likes ([wall.md](wall.md)). So it
matters what a check believes. `{COMMAND}` measures it: the solution is run under one secret seed, everything that its worker
says is kept, and the same checks are run under another seed with nothing but the kept answers in place of a worker. That is the
best that a cheat can do who has seen all of an honest run and does no work.

- **{EXAM}**: the judge counts right answers on hidden data, which are made from the secret seed; their labels never leave it.
- **{RUN}**: kept answers fail. The check compares numbers, from inputs that the judge drew for this run, that only the work
  produces.
- **{KNOWN}**: kept answers pass. A flag, a mode, a shape, a count, an error that must come, an answer that is always the
  same."""

CLAIMS = """\
Whoever replaces the worker from inside, and knows this grader by heart, could claim these. Most say how something was done, so they
cannot be had without the word of the process that did it. What would have to be said: the functions and probes whose answers would
have to be written down beforehand."""

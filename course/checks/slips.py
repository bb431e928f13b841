"""One slip costs its own points: where all that failed of a function failed for one slip of form, the rest is judged as if it
were mended.

A slip is `.item()` forgotten, so that a tensor comes back where a number is wanted; a comma too many, so that the one result
comes in a tuple; a function by nearly its name. The first check that failed stays lost. The others run again behind an adapter
that mends this and nothing else, on the judge's side of the line: what is wrong beside it fails as before. Which slips are
mended is the author's choice, `mends` in the catalog.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from course.catalog import Project
from course.checks.results import CheckResult, ProjectResult
from course.checks.session import Session

SAID = {
    "item": "a tensor comes back where a number is wanted",
    "comma": "the result comes in a tuple of one, as after a comma too many",
    "name": "it is called {name}",
}
NUMBERS = ("not a float", "not an int")


@dataclass(frozen=True)
class Slip:
    """A slip of form.

    Args:
        kind: a key of `SAID`.
        task: the function.
        name: what it is called instead, of a slip of the name.
    """

    kind: str
    task: str
    name: str = ""

    def said(self, lost: str) -> str:
        """For the student."""
        what = SAID[self.kind].format(name=self.name)
        return f"{self.task}: {what}. That costs one check, “{lost}”; the others were judged as if it were mended."

    def mend(self, value: Any) -> Any:
        """What the function has returned, without the slip."""
        if self.kind == "comma" and type(value) in (tuple, list) and len(value) == 1:
            return value[0]
        return _numbers(value) if self.kind == "item" else value


def _numbers(value: Any) -> Any:
    """Tensors of one element as numbers, also in a tuple or a list."""
    if type(value) is torch.Tensor and value.numel() == 1 and not value.is_complex():
        return value.item()
    if type(value) in (tuple, list):
        return type(value)(map(_numbers, value))
    return value


def slip_of(task: str, results: Sequence[CheckResult]) -> Slip | None:
    """The one slip for which all failed checks of a function have failed; None where there is none, or just one check failed."""
    failed = [result for result in results if result.outcome == "failed"]
    found = {_slip(task, result) for result in failed}
    return found.pop() if len(failed) > 1 and len(found) == 1 else None


def _slip(task: str, result: CheckResult) -> Slip | None:
    failure = result.failure
    if failure is None or not failure.steady:
        return None
    if failure.kind in NUMBERS and failure.token == "Tensor":
        return Slip("item", task)
    if failure.token in ("tuple", "list") and str(failure.values.get("got", "")).endswith(" of 1"):
        return Slip("comma", task)
    if failure.kind == "no function" and (like := failure.values.get("like")):
        return Slip("name", task, like)
    return None


@contextmanager
def adapter(session: Session, slip: Slip) -> Iterator[None]:
    """Mend a slip in all that passes over a session's line."""
    ask = session.request

    def request(op: str, **message: Any) -> Any:
        mended = {**message}
        if slip.kind == "name" and mended.get("task" if op == "begin" else "name") == slip.task:
            mended["task" if op == "begin" else "name"] = slip.name
        value = ask(op, **mended)
        if op == "call" and message.get("name") == slip.task:
            value = {**value, "result": slip.mend(value["result"])}
        return value

    session.request = request  # type: ignore[method-assign]
    try:
        yield
    finally:
        del session.request


def mended(
    entry: Project, whole: ProjectResult, session: Session, again: Callable[[str], CheckResult]
) -> ProjectResult:
    """A project's result with the checks of each function with one slip judged anew, but for the first that failed.

    Args:
        whole: as it stands without any adapter, known mistakes named.
        again: runs the check of that name once more.
    """
    checks = list(whole.checks)
    notes = list(whole.notes)
    for task, results in whole.by_task().items():
        slip = slip_of(task, results)
        if slip is None or slip.kind not in entry.mends_of(task):
            continue
        failed = [number for number, check in enumerate(checks) if check.task == task and check.outcome == "failed"]
        earned = 0
        with adapter(session, slip):
            for number in failed[1:]:
                new = again(checks[number].name)
                if new.outcome == "passed":
                    checks[number] = replace(new, uses=checks[number].uses)
                    earned += 1
        if earned:
            notes.append(slip.said(checks[failed[0]].title))
    return replace(whole, checks=tuple(checks), notes=tuple(notes))

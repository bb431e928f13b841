"""One slip costs its own points: where several checks of a function failed for one slip of form, the rest is judged as if it were
mended.

A slip is seen in what the function gave: `.item()` forgotten, so that a tensor comes back where a number is wanted; a comma too
many, so that the one result comes in a tuple; a list in place of a tensor; pairs in the other order; a function by nearly its name.
The first check that shows it stays lost. The other failed ones run again behind an adapter that mends this and nothing else, on the
judge's side of the line: what is wrong beside it fails as before. Each slip has one mending only, or it would be a guess. Which
ones are mended in a function is the author's choice, `mends` in the catalog: only such as its contract leaves no doubt about.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from course.catalog import Project
from course.checks.results import CheckResult, ProjectResult
from course.checks.session import Session

SAID = {
    "comma": "the result comes in a tuple of one, as after a comma too many",
    "item": "a tensor comes back where a number is wanted",
    "bool": "a number comes back where True or False is wanted",
    "tensor": "a list or a number comes back where a tensor is wanted",
    "pairs": "its pairs are in the other order, the number first",
    "list": "a tuple, a dict or a list of lists comes back where a list is wanted",
    "name": "it is called {name}",
}
NUMBERS = (bool, int, float)


def _comma(value: Any) -> Any:
    one = type(value) in (tuple, list) and len(value) == 1
    deep = one and type(value) is list and type(value[0]) in (tuple, list)  # a batch of one, or one pair, as a list
    return value[0] if one and not deep else value


def _item(value: Any) -> Any:
    """Tensors of one element as numbers, also in a tuple or a list."""
    if type(value) is torch.Tensor and value.numel() == 1 and not value.is_complex():
        return value.item()
    return _each(_item, value)


def _bool(value: Any) -> Any:
    return bool(value) if type(value) is int and value in (0, 1) else value


def _tensor(value: Any) -> Any:
    """Numbers, and lists of them that make a box, as tensors, also as the values of a dict."""
    if type(value) is dict:
        return _kept(value, {name: _tensor(one) for name, one in value.items()})
    if type(value) in (*NUMBERS, list, tuple):
        try:
            return torch.tensor(value)
        except (TypeError, ValueError, RuntimeError):
            return value
    return value


def _pairs(value: Any) -> Any:
    def turned(pair: Any) -> Any:
        other = type(pair) in (tuple, list) and len(pair) == 2 and type(pair[1]) is str and type(pair[0]) is not str
        return (pair[1], pair[0]) if other else pair

    return _each(turned, value)


def _list(value: Any) -> Any:
    if type(value) is dict:
        return list(value.items())
    if type(value) in (tuple, list):
        return _kept(value, [tuple(one) if type(one) is list else one for one in value])
    return value


def _each(mend: Callable[[Any], Any], value: Any) -> Any:
    """What a mending makes of a tuple's or list's elements; the same object where it changes none."""
    return _kept(value, type(value)(map(mend, value))) if type(value) in (tuple, list) else value


def _kept(value: Any, made: Any) -> Any:
    """The same object where nothing of it has been changed."""
    old, new = ((list(v.values()) if type(v) is dict else list(v)) for v in (value, made))
    return value if type(made) is type(value) and all(a is b for a, b in zip(old, new)) else made


MENDS: dict[str, Callable[[Any], Any]] = {
    "comma": _comma,
    "item": _item,
    "bool": _bool,
    "tensor": _tensor,
    "pairs": _pairs,
    "list": _list,
}


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

    @property
    def what(self) -> str:
        """For the student."""
        return f"{self.task}: {SAID[self.kind].format(name=self.name)}."

    def mend(self, value: Any) -> Any:
        """What the function has returned, without the slip."""
        return MENDS[self.kind](value) if self.kind in MENDS else value

    def shown_by(self, result: CheckResult) -> bool:
        """Did this check fail with it?"""
        if result.outcome != "failed" or result.failure is None or not result.failure.steady:
            return False
        if self.kind == "name":
            return result.failure.kind == "no function" and result.failure.values.get("like") == self.name
        return self.kind in result.slips


def seen(task: str, answers: Iterable[tuple[str, Any]]) -> tuple[str, ...]:
    """The kinds of slips that what a function has given would be mended of."""
    given = [value for name, value in answers if name == task]
    return tuple(kind for kind, mend in MENDS.items() if any(mend(value) is not value for value in given))


def slip_of(task: str, results: Sequence[CheckResult], kinds: Iterable[str] = SAID) -> Slip | None:
    """The slip that most failed checks of a function show; None where none is shown by two."""
    names = [str(r.failure.values.get("like") or "") for r in results if r.failure and r.failure.kind == "no function"]
    asked = [Slip(kind, task, names[0] if names else "") for kind in SAID if kind in kinds]
    counts = [(sum(map(slip.shown_by, results)), slip) for slip in asked if slip.kind != "name" or slip.name]
    most, slip = max(counts, key=lambda pair: pair[0], default=(0, None))
    return slip if most > 1 else None


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
    session.shared.clear()
    try:
        yield
    finally:
        del session.request
        session.shared.clear()


def mended(
    entry: Project, whole: ProjectResult, session: Session, again: Callable[[str], CheckResult]
) -> ProjectResult:
    """A project's result with the failed checks of each function with a slip judged anew, but for the first that shows it.

    Args:
        whole: as it stands without any adapter, known mistakes named.
        again: runs the check of that name once more.
    """
    checks = list(whole.checks)
    notes = list(whole.notes)
    for slip, lost in _slips(entry, whole):
        failed = [n for n, check in enumerate(checks) if check.task == slip.task and check.outcome == "failed"]
        earned = 0
        with adapter(session, slip):
            for number in failed:
                if checks[number].name == lost.name:
                    continue
                new = again(checks[number].name)
                if new.outcome == "passed":
                    checks[number] = replace(new, uses=checks[number].uses)
                    earned += 1
        if earned:
            notes.append(
                f"{slip.what} That costs one check, “{lost.title}”; the others were judged as if it were mended."
            )
    return replace(whole, checks=tuple(checks), notes=tuple(notes))


def promised(entry: Project, whole: ProjectResult) -> ProjectResult:
    """For a view that mends nothing: with a note that says what a slip will cost when the work is handed in."""
    told = [
        f"{slip.what} Here you see every check that it breaks. Handed in, it costs one, “{lost.title}”; the others are "
        "judged as if it were mended, as in a notebook's cell of checks."
        for slip, lost in _slips(entry, whole)
    ]
    return replace(whole, notes=(*whole.notes, *told))


def _slips(entry: Project, whole: ProjectResult) -> Iterator[tuple[Slip, CheckResult]]:
    """(slip that the author wants mended, the check that it costs) of each function that has one."""
    for task, results in whole.by_task().items():
        slip = slip_of(task, results, entry.mends_of(task))
        if slip is not None:
            yield slip, next(result for result in results if slip.shown_by(result))

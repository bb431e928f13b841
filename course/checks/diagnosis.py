"""Which known mistake is this? Recognised by what the student's functions did, never by their text.

Each failed check leaves a `Signature`: the kind and place of its failure, the numbers in it, and a digest of the last answers that
the student's code gave. The checks give fixed inputs, so the same misunderstanding leaves the same signatures whoever wrote it, on
whatever processor: only what survives another rounding is kept, and compared as nearly as it does.
`fingerprints/` holds those of the mistakes in graders/proofs/ with one sentence each, and nothing of their code (`course author
prove` makes it). Nothing is judged here; where no mistake fits, the check's message stands alone.
"""

import functools
import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from course.checks.failure import Failure
from course.checks.results import CheckResult

FORM, NUMBERS, ALL = 1, 2, 3  # how alike two signatures are
WRONG = ("failed", "advice")  # outcomes that a mistake explains
BESIDE = 0  # only what the mistake's own check saw is the same: there is something else as well
FOLDER = Path(__file__).parent / "fingerprints"
VALUES = 8  # numbers and tensors kept of a message and of its answers
ITEMS = 64  # of a long list, the first
SAID_AT_ONCE = 4  # sentences for signatures that several mistakes share; more would be a list of all that can go wrong
PERHAPS = "Perhaps:"
MEND_FIRST = "This check also runs a function of yours that fails checks of its own. Mend first:"
FOLLOWS = "It goes with the mistake that is named at"
# Two runs of the same code differ in the last digits with processor and threads (1e-6); two mistakes differ by far more than this.
RTOL, ATOL = 1e-3, 1e-5
# Of what a tensor spans. A photo is resized in whole grey levels, and a tie is rounded up by one processor and down by the next:
# one of 255 levels is 1% where the photo spans two fifths of them.
LEVEL = 0.015
# What of a failure depends on ties and thresholds: where the greatest of near equal differences is, how many lie beyond a tolerance
UNSTEADY = {"values differ": ("where", "expected", "got", "bad", "looks"), "shape": ("looks",), "changed": ("worst",)}
# How far a resized picture is from another one: a small number made of whole grey levels.
LEVELS = {"off", "distance", "spread", "uneven"}
Number = float | tuple[float, ...]  # (mean, smallest, largest, projection) of a tensor: as exact as its span allows

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_PATH = re.compile(r"(?:/[\w.\-]+){2,}")


@dataclass(frozen=True)
class Signature:
    """What a failed check leaves behind.

    Args:
        check: its name.
        form: digest of the failure's kind, token and place; of an exception's text without its numbers.
        numbers: those among the failure's values.
        kinds: digest of the types, shapes and texts of the last answers.
        values: their numbers, the last answer's first; a tensor is told by mean, smallest, largest and one projection.
    """

    check: str
    form: str
    numbers: tuple[Number, ...]
    kinds: str
    values: tuple[Number, ...]

    def likeness(self, other: "Signature") -> int:
        """0, or how much of it is the same: the FORM of the failure, NUMBERS in it too, ALL: the answers before it as well."""
        if (self.check, self.form) != (other.check, other.form):
            return 0
        if not _close(self.numbers, other.numbers):
            return FORM
        return ALL if self.kinds == other.kinds and _close(self.values, other.values) else NUMBERS


@dataclass(frozen=True)
class Known:
    """A known mistake, as a student's copy carries it.

    Args:
        says: what is misunderstood, in a sentence.
        check: the check that names it.
        signatures: one for each check that it fails.
        untried: checks that were not run on it, since they train and another one names it.
    """

    says: str
    check: str
    signatures: tuple[Signature, ...]
    untried: frozenset[str] = frozenset()

    @property
    def failed(self) -> set[str]:
        """The checks that it fails."""
        return {signature.check for signature in self.signatures}


def signature(check: str, failure: Failure, answers: Iterable[tuple[str, Any]]) -> Signature:
    """The signature of a failure.

    Args:
        answers: (name of function or probe, what came back), the last ones of the check.
    """
    kinds: list[str] = []
    values: list[Number] = []
    for name, answer in reversed(list(answers)):
        kinds.append(name)
        _take(answer, kinds, values)
    # the words of an exception are torch's or the student's, not ours: they tell what happened
    raised = _NUMBER.sub("#", _PATH.sub("<path>", str(failure.values.get("text", ""))))
    token = "" if "looks" in failure.values else failure.token  # what it looks like is said of the numbers, and of ties
    form = [failure.kind, token, failure.place, str(failure.steady), raised]
    unsteady = LEVELS.union(UNSTEADY.get(failure.kind, ()))
    steady = {k: v for k, v in failure.values.items() if k not in unsteady}
    return Signature(check, _digest("|".join(form)), _kept(_numbers(steady)), _digest("|".join(kinds)), _kept(values))


def _numbers(value: Any) -> list[float]:
    """All numbers in a value, those written in a string too."""
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers(item)]
    if isinstance(value, list | tuple):
        return [number for item in value for number in _numbers(item)]
    if isinstance(value, str):
        return [float(text) for text in _NUMBER.findall(_PATH.sub("", value))]
    return [float(value)] if isinstance(value, int | float) else []


def recognise(project: str, results: Sequence[CheckResult]) -> list[CheckResult]:
    """The results, those that failed with the sentence (`says`) of the known mistake that they show.

    Args:
        results: of one project, of its checks or of its bonuses; one that has not run yet contradicts nothing.
    """
    failing = {result.task for result in results if result.outcome in WRONG}
    said: dict[str, str] = {}
    for task in dict.fromkeys(result.task for result in results):
        own = [result for result in results if result.task == task]
        # a wrong function upstream may be all that is wrong, so nothing else is said of what calls it
        first = {r.name: [f for f in r.uses if f in failing] for r in own if r.outcome in WRONG}
        said |= {name: f"{MEND_FIRST} {' and '.join(functions)}." for name, functions in first.items() if functions}
        said |= of_task(known(project).get(task, ()), [result for result in own if result.name not in said])
    return [replace(result, says=said.get(result.name, "")) for result in results]


@functools.cache
def known(project: str) -> dict[str, tuple[Known, ...]]:
    """{function: its known mistakes}; empty where the file of fingerprints is missing."""
    try:
        content = json.loads((FOLDER / f"{project}.json").read_text("utf-8"))["functions"]
    except FileNotFoundError:
        return {}
    return {task: tuple(_read(entry) for entry in entries) for task, entries in content.items()}


def _read(entry: dict[str, Any]) -> Known:
    signatures = [Signature(c, f, _tuple(n), k, _tuple(v)) for c, f, n, k, v in entry["signatures"]]
    return Known(entry["says"], entry["check"], tuple(signatures), frozenset(entry.get("untried", ())))


def _tuple(numbers: list[Any]) -> tuple[Number, ...]:
    return tuple(tuple(number) if isinstance(number, list) else number for number in numbers)


def of_task(mistakes: Iterable[Known], results: Sequence[CheckResult]) -> dict[str, str]:
    """{check: sentence}. The mistake that explains most of what failed comes first, then what explains the rest."""
    signatures = {r.name: Signature(*r.signature) for r in results if r.outcome in WRONG and r.signature}
    passed = {r.name for r in results if r.outcome == "passed"}
    ran = passed | set(signatures)
    titles = {r.name: r.title for r in results}
    named: dict[str, list[str]] = {}
    follows: dict[str, str] = {}
    left, certain, rounds = set(signatures), True, 0
    while left:
        found = [(score, m) for m in mistakes if (score := _score(m, signatures, passed, left))]
        best = max((score for score, _ in found), default=None)
        if best is None:
            break
        first = next(m for score, m in found if score == best)
        equal = [m for score, m in found if score == best and m.failed & left == first.failed & left]
        sentences = list(dict.fromkeys(m.says for m in equal))
        doubt = any(_may_be(m, signatures, passed, ran) and m.failed & left == first.failed & left for m in mistakes)
        certain, rounds = certain and best[0] == ALL and not doubt, rounds + 1
        if len(sentences) <= (SAID_AT_ONCE if best[0] > FORM else 1):
            named[first.check] = sentences
            rest = (first.failed & left) - {first.check}
            follows |= dict.fromkeys(rest, f"{FOLLOWS} “{titles[first.check]}”.")
        left -= first.failed
    # a failure that nothing explains, or only nearly, or that takes a second mistake, may be one that nobody has written down
    sure = certain and not left and rounds <= 1
    return {check: _sentence(sentences, sure) for check, sentences in named.items()} | follows


def _score(
    mistake: Known, signatures: dict[str, Signature], passed: set[str], left: set[str]
) -> tuple[int, int] | None:
    """How well a mistake fits: likeness at the worst, and summed over what it explains; None if it does not fit.

    Where anything differs, it must explain every failure that is left, else two strangers share a message by chance. Or else its
    own check saw just what it sees of this mistake, while something else may have changed what the others saw.
    """
    if mistake.check not in left or not mistake.failed.isdisjoint(passed):
        return None
    alike = {one.check: one.likeness(signatures[one.check]) for one in mistake.signatures if one.check in signatures}
    worst = min(alike.values())
    if worst == ALL or (worst >= FORM and left <= mistake.failed | mistake.untried):
        return worst, sum(alike.values())
    return (BESIDE, sum(alike.values())) if alike[mistake.check] == ALL else None


def _may_be(mistake: Known, signatures: dict[str, Signature], passed: set[str], ran: set[str]) -> bool:
    """Does a mistake whose own check has not run yet do just the same in all that ran?"""
    if mistake.check in ran or not mistake.failed.isdisjoint(passed):
        return False
    return all(one.likeness(signatures[one.check]) == ALL for one in mistake.signatures if one.check in signatures)


def _sentence(sentences: list[str], sure: bool) -> str:
    if len(sentences) == 1:
        return sentences[0] if sure else f"{PERHAPS} {sentences[0]}"
    head = "One of these, which look alike from outside:" if sure else f"{PERHAPS} one of these."
    return "\n".join([head, *(f"- {sentence}" for sentence in sentences)])


def _take(answer: Any, kinds: list[str], values: list[Number]) -> None:
    """Add an answer's types and texts to `kinds`, its numbers to `values`."""
    if isinstance(answer, torch.Tensor):
        kinds.append(f"{answer.dtype}{tuple(answer.shape)}")
        if answer.numel():
            wide = answer.double().flatten()
            wave = torch.cos(torch.arange(wide.numel(), dtype=torch.float64))  # tells orders apart, as a mean cannot
            stats = wide.mean(), wide.min(), wide.max(), wide @ wave / wide.numel() ** 0.5
            values.append(tuple(float(v) for v in stats))
    elif isinstance(answer, bool) or answer is None:
        kinds.append(repr(answer))
    elif isinstance(answer, int | float):
        kinds.append("number")
        values.append(float(answer))
    elif isinstance(answer, str):
        kinds.append(_PATH.sub("<path>", answer))
    elif isinstance(answer, dict):
        kinds += [f"dict {len(answer)}", *answer]
        for item in list(answer.values())[:ITEMS]:
            _take(item, kinds, values)
    elif isinstance(answer, list | tuple):
        kinds.append(f"list {len(answer)}")
        for item in answer[:ITEMS]:
            _take(item, kinds, values)
    else:
        kinds.append("thing")  # a handle, whose name is the student's choice, or bytes


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]


def _kept(numbers: Sequence[Number]) -> tuple[Number, ...]:
    """The first ones, to five digits."""
    return tuple(
        tuple(map(_rounded, number)) if isinstance(number, tuple) else _rounded(number) for number in numbers[:VALUES]
    )


def _rounded(number: float) -> float:
    """To five digits. JSON knows no infinity: 1e300 stands for it, and for what is no number."""
    return float(f"{number:.5g}") if math.isfinite(number) else math.copysign(1e300, number)


def _close(a: Sequence[Number], b: Sequence[Number]) -> bool:
    return len(a) == len(b) and all(map(_near, a, b))


def _near(one: Number, other: Number) -> bool:
    """Numbers within `RTOL` of themselves, those of tensors within `LEVEL` of the span of the wider one."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= ATOL + RTOL * max(abs(one), abs(other))
    if isinstance(one, int | float) or isinstance(other, int | float):
        return False
    span = max(one[2] - one[1], other[2] - other[1])
    return all(abs(x - y) <= ATOL + max(LEVEL * span, RTOL * abs(x)) for x, y in zip(one, other, strict=True))

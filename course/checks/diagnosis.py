"""Which known mistake is this? Recognised by what the student's functions did, never by their text.

Each failed check leaves a `Mark`: the form of its message, the numbers in it, and a digest of the last answers that the
student's code gave. The checks give fixed inputs, so the same misunderstanding leaves the same marks whoever wrote it.
`fingerprints/` holds the marks of the mistakes of graders/mistakes/ with one sentence each, and nothing of their code
(`course.authoring.proofs.prove` makes it). Nothing is judged here; where no mistake fits, the check's message stands alone.
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

from course.checks.results import CheckResult

WORDS, NUMBERS, ALL = 1, 2, 3  # how alike two marks are
FOLDER = Path(__file__).parent / "fingerprints"
VALUES = 16  # numbers kept of a message and of its answers
ITEMS = 64  # of a long list, the first
SAID_AT_ONCE = 4  # sentences for marks that several mistakes leave alike; more would be a list of all that can go wrong
PERHAPS = "Perhaps it is this:"
FOLLOWS = "It goes with the mistake that is named at"
# Two runs of the same code differ in the last digits with the number of threads (1e-6); two mistakes differ by far more than this.
RTOL, ATOL = 1e-3, 1e-6

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_PATH = re.compile(r"(?:/[\w.\-]+){2,}")


@dataclass(frozen=True)
class Mark:
    """What a failed check leaves behind.

    Args:
        check: its name.
        form: digest of the message without its numbers.
        numbers: those of the message.
        kinds: digest of the types, shapes and texts of the last answers.
        values: their numbers; a tensor is told by mean, smallest, largest and one projection.
    """

    check: str
    form: str
    numbers: tuple[float, ...]
    kinds: str
    values: tuple[float, ...]

    def likeness(self, other: "Mark") -> int:
        """0, or how much of it is the same: WORDS of the message, NUMBERS in it too, ALL: the answers before it as well."""
        if (self.check, self.form) != (other.check, other.form):
            return 0
        if not _close(self.numbers, other.numbers):
            return WORDS
        return ALL if self.kinds == other.kinds and _close(self.values, other.values) else NUMBERS


@dataclass(frozen=True)
class Known:
    """A known mistake, as a student's copy carries it.

    Args:
        says: what is misunderstood, in a sentence.
        check: the check that names it.
        marks: one for each check that it fails.
        untried: checks that were not run on it, since they train and another one names it.
    """

    says: str
    check: str
    marks: tuple[Mark, ...]
    untried: frozenset[str] = frozenset()

    @property
    def failed(self) -> set[str]:
        """The checks that it fails."""
        return {mark.check for mark in self.marks}


def mark(check: str, message: str, answers: Iterable[tuple[str, Any]]) -> Mark:
    """The mark of a failure.

    Args:
        answers: (name of function or probe, what came back), the last ones of the check.
    """
    form = _PATH.sub("<path>", message)
    kinds: list[str] = []
    values: list[float] = []
    for name, answer in answers:
        kinds.append(name)
        _take(answer, kinds, values)
    numbers = [float(text) for text in _NUMBER.findall(form)]
    return Mark(check, _digest(_NUMBER.sub("#", form)), _kept(numbers), _digest("|".join(kinds)), _kept(values))


def named(project: str, results: Sequence[CheckResult]) -> list[CheckResult]:
    """The results, those that failed with the sentence (`says`) of the known mistake that they show.

    Args:
        results: of one project; a check that has not run yet contradicts nothing.
    """
    said: dict[str, str] = {}
    for task in dict.fromkeys(result.task for result in results):
        said |= of_task(known(project).get(task, ()), [result for result in results if result.task == task])
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
    marks = [Mark(c, f, tuple(n), k, tuple(v)) for c, f, n, k, v in entry["marks"]]
    return Known(entry["says"], entry["check"], tuple(marks), frozenset(entry.get("untried", ())))


def of_task(mistakes: Iterable[Known], results: Sequence[CheckResult]) -> dict[str, str]:
    """{check: sentence}. The mistake that explains most of what failed comes first, then what explains the rest."""
    marks = {r.name: Mark(*r.mark) for r in results if r.outcome == "failed" and r.mark}
    passed = {r.name for r in results if r.outcome == "passed"}
    titles = {r.name: r.title for r in results}
    said: dict[str, str] = {}
    left = set(marks)
    while left:
        found = [(score, m) for m in mistakes if (score := _score(m, marks, passed, left))]
        best = max((score for score, _ in found), default=None)
        if best is None:
            break
        first = next(m for score, m in found if score == best)
        equal = [m for score, m in found if score == best and m.failed & left == first.failed & left]
        sentences = list(dict.fromkeys(m.says for m in equal))
        sure = best[1] > WORDS
        if len(sentences) <= (SAID_AT_ONCE if sure else 1):
            said[first.check] = _sentence(sentences, sure)
            rest = (first.failed & left) - {first.check}
            said |= dict.fromkeys(rest, f"{FOLLOWS} “{titles[first.check]}”.")
        left -= first.failed
    return said


def _score(mistake: Known, marks: dict[str, Mark], passed: set[str], left: set[str]) -> tuple[int, int] | None:
    """How well a mistake fits: likeness summed over what it explains, and at the worst; None if it does not fit.

    Where anything differs, it must explain every failure that is left: else two strangers share a message by chance.
    """
    if mistake.check not in left or not mistake.failed.isdisjoint(passed):
        return None
    alike = [mark.likeness(marks[mark.check]) for mark in mistake.marks if mark.check in marks]
    if min(alike) < WORDS or (min(alike) < ALL and not left <= mistake.failed | mistake.untried):
        return None
    return sum(alike), min(alike)


def _sentence(sentences: list[str], sure: bool) -> str:
    if len(sentences) == 1:
        return sentences[0] if sure else f"{PERHAPS} {sentences[0]}"
    return "\n".join(["One of these, which look alike from outside:", *(f"- {sentence}" for sentence in sentences)])


def _take(answer: Any, kinds: list[str], values: list[float]) -> None:
    """Add an answer's types and texts to `kinds`, its numbers to `values`."""
    if isinstance(answer, torch.Tensor):
        kinds.append(f"{answer.dtype}{tuple(answer.shape)}")
        if answer.numel():
            wide = answer.double().flatten()
            wave = torch.cos(torch.arange(wide.numel(), dtype=torch.float64))  # tells orders apart, as a mean cannot
            values += [float(v) for v in (wide.mean(), wide.min(), wide.max(), wide @ wave / wide.numel() ** 0.5)]
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


def _kept(numbers: Sequence[float]) -> tuple[float, ...]:
    """The first ones, to five digits. JSON knows no infinity: 1e300 stands for it, and for what is no number."""
    return tuple(float(f"{v:.5g}") if math.isfinite(v) else math.copysign(1e300, v) for v in numbers[:VALUES])


def _close(a: Sequence[float], b: Sequence[float]) -> bool:
    return len(a) == len(b) and all(abs(x - y) <= ATOL + RTOL * max(abs(x), abs(y)) for x, y in zip(a, b))

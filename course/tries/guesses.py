"""Guesses: read from what a person types, compared with what came out, kept for the student's report."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from course import files, paths
from course.catalog import Project
from course.errors import CourseError
from course.tries.experiment import Answer, Experiment, Outcome

NAME = "guesses.json"  # in the folder of the runs
MOST = 200  # kept; the oldest go first


@dataclass(frozen=True)
class Tried:
    """One experiment that was run.

    Args:
        project: its id.
        typed: the option, "--hidden 16".
        does, asks, why: what the experiment says.
        guess: None where nobody guessed.
        also: further figures.
        usual: the answer if nothing is changed; None where it is not known.
        when: seconds since 1970.
    """

    project: str
    typed: str
    does: str
    asks: str
    why: str
    guess: Answer | None
    answer: Answer
    also: dict[str, str] = field(default_factory=dict)
    usual: float | None = None
    when: float = 0.0

    @property
    def rows(self) -> list[tuple[str, str]]:
        """(what, how much): guess and outcome below each other, and what else was measured."""
        found = [("your guess", "none" if self.guess is None else told(self.guess)), ("it was", told(self.answer))]
        if self.usual is not None:
            found.append(("ours, unchanged", told(self.usual)))
        return [*found, *self.also.items()]

    @property
    def verdict(self) -> str:
        """How near the guess was, in words; "" where there was none."""
        if self.guess is None:
            return ""
        if isinstance(self.answer, str) or isinstance(self.guess, str):
            return "Your guess was right." if self.guess == self.answer else "It came out otherwise."
        off = abs(self.guess - self.answer)
        return f"Your guess was {'close: ' if off < CLOSE else ''}{off:.2f} off."


CLOSE = 0.05  # of a share: nearer than that two seeds of a small training hardly are


def told(answer: Answer) -> str:
    """A share with two digits, or the choice."""
    return answer if isinstance(answer, str) else f"{answer:.2f}"


def read(said: str, choices: Sequence[str]) -> Answer:
    """A guess as a person types it: 0.6, 60 % or 60 for a share; the words or the number of a choice.

    Raises:
        CourseError: it is none.
    """
    text = said.strip().lower()
    if choices:
        if text.isdigit() and 1 <= int(text) <= len(choices):
            return choices[int(text) - 1]
        found = [choice for choice in choices if text and choice.startswith(text)]
        if text in choices or len(found) == 1:
            return text if text in choices else found[0]
        raise CourseError(f"{said!r} is none of the answers.", f"Type {listed(choices)}.")
    percent = text.endswith("%")
    try:
        value = float(text.removesuffix("%").strip().replace(",", "."))
    except ValueError:
        value = float("nan")
    if percent or 1 < value <= 100:
        value /= 100
    if not 0 <= value <= 1:
        raise CourseError(f"{said!r} is no share.", "Type a number from 0 to 1, such as 0.6, or 60 %.")
    return value


def listed(choices: Sequence[str]) -> str:
    """ "yes" (1) or "no" (2)"""
    return " or ".join(f"{choice!r} ({k})" for k, choice in enumerate(choices, 1)).replace("'", '"')


def keep(
    entry: Project, one: Experiment, value: float, guess: Answer | None, outcome: Outcome, usual: float | None
) -> Tried:
    """Note it, and return it."""
    tried = Tried(
        entry.id,
        one.typed(value),
        one.told(value),
        one.asks,
        one.why,
        guess,
        outcome.answer,
        dict(outcome.also),
        usual,
        time.time(),
    )
    file = paths.runs_folder() / NAME
    files.write(file, json.dumps([asdict(old) for old in [*kept(), tried]][-MOST:], indent=1) + "\n")
    return tried


def kept() -> list[Tried]:
    """All that are kept, the oldest first; none where the file is missing or no longer what it was."""
    try:
        return [Tried(**one) for one in json.loads(files.read(paths.runs_folder() / NAME) or "[]")]
    except (ValueError, TypeError):
        return []


def last_of(entry: Project) -> list[Tried]:
    """Of each experiment of a project, with each number, the last try; in the order in which they were first tried."""
    return list({one.typed: one for one in kept() if one.project == entry.id}.values())

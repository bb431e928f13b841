"""One try: the question, the guess, the run, guess and outcome side by side."""

import json
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

from course import files
from course.catalog import Project
from course.errors import CourseError
from course.tries import guesses
from course.tries.bench import Bench
from course.tries.experiment import Answer, Experiment
from course.tries.guesses import Tried

BANDS = Path(__file__).parents[1] / "reports" / "bands.json"  # of the solutions' own trainings
WIDTH = 80


def predict(
    entry: Project,
    one: Experiment,
    value: float,
    bench: Bench,
    ask: Callable[[str], str] | None,
    guess: Answer | None = None,
    say: Callable[[str], object] = print,
) -> Tried:
    """Ask, run, show, keep.

    Args:
        value: the experiment's number.
        ask: asks a person and returns what was typed, "" for no guess; None where nobody can be asked.
        guess: one that was made already; then nothing is asked.
        say: prints some lines.
    """
    unchanged = usual(entry, one)
    say(question(entry, one, value))
    if guess is None and ask is not None:
        guess = asked(one, ask, say)
    outcome = one.measure(bench, value)
    tried = guesses.keep(entry, one, value, guess, outcome, unchanged)
    say("\n" + table(tried))
    say("\n" + filled(" ".join(part for part in (tried.verdict, one.why) if part)))
    return tried


def question(entry: Project, one: Experiment, value: float) -> str:
    """What is changed and what is asked, in lines."""
    unchanged = usual(entry, one)
    about = "" if unchanged is None else f" (Ours, unchanged: {unchanged:.2f}.)"
    return f"{filled(f'{entry.id} {one.typed(value)}: {one.told(value)}')}\n{filled(one.asks + about)}"


def asked(one: Experiment, ask: Callable[[str], str], say: Callable[[str], object]) -> Answer | None:
    """A person's guess; asked again until it is one, or nothing."""
    how = guesses.listed(one.choices) if one.choices else "0 to 1"
    while True:
        said = ask(f"Your guess, {how}; Enter skips")
        if not said.strip():
            return None
        try:
            return guesses.read(said, one.choices)
        except CourseError as fault:
            say(f"{fault.problem} {fault.cure}")


def table(tried: Tried) -> str:
    """Guess and outcome below each other."""
    wide = max(len(what) for what, _ in tried.rows)
    return "\n".join(f"  {what:>{wide}}  {much}" for what, much in tried.rows)


def usual(entry: Project, one: Experiment) -> float | None:
    """What the solution ends with if nothing is changed: the middle of the kept band; None where it is not known."""
    bands = json.loads(files.read(BANDS) or "{}").get(entry.id, {})
    band = bands.get(one.usual)
    return None if not band else round(sum(band[-1]) / 2, 3)


def filled(text: str) -> str:
    """In lines that fit the window, 80 characters at most."""
    return textwrap.fill(text, min(WIDTH, shutil.get_terminal_size().columns), break_on_hyphens=False)

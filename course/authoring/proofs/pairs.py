"""What the feedback says of two mistakes at once, or of three: a beginner seldom makes one alone.

Mistakes of a function go together where each still changes the function after the others have: changes of a few words that leave
each other's words in place, in a function that may be written anew by one of them. What is said is "true" where a name that is
given as a fact is that of one of them, "perhaps" where a true name stands behind "Perhaps:", "silent" where there is none, and
"untrue" where a name is given as a fact that is none of theirs.
"""

import functools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice

import torch
from tqdm import tqdm

from course.authoring.proofs.edits import ProofError, source_of
from course.authoring.proofs.recognition import said
from course.authoring.proofs.variants import Variant, mistakes_of, prove
from course.catalog import Project
from course.checks import diagnosis
from course.checks.check import checks_of
from course.checks.diagnosis import PERHAPS
from course.checks.results import CheckResult

TRIES = 12  # of a third mistake, where each may be one that cannot be made as well
OUTCOMES = ("true", "perhaps", "silent", "left to training", "untrue")


@dataclass(frozen=True)
class Together:
    """Mistakes of a function, and the variant that makes them all."""

    made: tuple[Variant, ...]
    variant: Variant

    @property
    def name(self) -> str:
        """As "gradients_pile_up + loss_as_a_tensor"."""
        return " + ".join(one.name for one in self.made)


def pairs_of(entry: Project, seed: int = 0) -> Iterator[Together]:
    """Every pair of a function's mistakes that can be made together, in an order drawn with `seed`; none of bonuses."""
    judged = {check.name for check in checks_of(entry)}
    mistakes = [one for one in mistakes_of(entry) if one.caught_by in judged]
    order = [pair for pair in combinations(mistakes, 2) if pair[0].task == pair[1].task]
    random.Random(seed).shuffle(order)
    for one, other in order:
        for first, second in ((one, other), (other, one)):  # who writes the function anew has to come first
            if text := _text((first,), second):
                yield _together((one, other), text)
                break


def triples_of(entry: Project, seed: int = 0) -> Iterator[Together]:
    """Pairs with a third mistake that can be made as well, one for each pair where there is one."""
    luck, mistakes = random.Random(seed), mistakes_of(entry)
    for pair in pairs_of(entry, seed):
        third = [one for one in mistakes if one.task == pair.variant.task and one not in pair.made]
        for one in luck.sample(third, min(len(third), TRIES)):
            if text := _text((pair.variant, *pair.made), one):
                yield _together((*pair.made, one), text)
                break


def count(
    entries: Sequence[Project], sample: int, seed: int = 0, triples: bool = False
) -> Iterator[tuple[Project, Counter[str], list[str]]]:
    """(project, how many ended how, those of which something untrue is said), a project at a time.

    Args:
        sample: at most so many of each project; 0 for all. A larger one holds the smaller one.
    """
    torch.set_num_threads(1)
    for entry in entries:
        total: Counter[str] = Counter()
        untrue = []
        tried = islice((triples_of if triples else pairs_of)(entry, seed), sample or None)
        for one in tqdm(tried, desc=entry.id, unit=" tried", disable=None):
            ended, words = outcome(one, prove(one.variant).results)
            total[ended] += 1
            if ended == "untrue":
                untrue.append(f"{entry.id} {one.variant.task} {one.name}: {words}")
        yield entry, total, untrue


def outcome(tried: Together, results: Sequence[CheckResult]) -> tuple[str, str]:
    """(one of `OUTCOMES`, what was said as a fact) of what the checks that train nothing say of these mistakes."""
    if all(result.outcome == "passed" for result in results):
        return "left to training", ""
    told = said(diagnosis.known(tried.variant.project)[tried.variant.task], results)
    facts = [text for text in told if not text.startswith(PERHAPS)]
    true = [text for text in told if any(one.says in text for one in tried.made)]
    if any(text not in true for text in facts):
        return "untrue", " / ".join(text for text in facts if text not in true)
    if facts:
        return "true", " / ".join(facts)
    return ("perhaps" if true else "silent"), ""


def _text(before: tuple[Variant, ...], last: Variant) -> str:
    """The module with the first of `before` and then `last`; "" where that is none, or changes the function no further."""
    try:
        text = last.edit(_module(before[0]))
        new = source_of(text, last.task)
        return "" if new in (source_of(_module(one), one.task) for one in (*before, last)) else text
    except (ProofError, SyntaxError):  # the words are gone, or what stands there now is no Python
        return ""


@functools.lru_cache(256)
def _module(variant: Variant) -> str:
    return variant.text()


def _together(made: tuple[Variant, ...], text: str) -> Together:
    name = "+".join(one.name for one in made)
    return Together(made, replace(made[0], name=name, edit=lambda _: text, caught_by=""))

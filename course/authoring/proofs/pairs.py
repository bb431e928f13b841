"""What the feedback says of two mistakes at once: a beginner seldom makes one alone.

Two mistakes of a function go together where both are changes of a few words that leave each other's words in place. It counts the
pairs by what is said of them, and lists those of which something untrue is said as a fact.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import torch
from tqdm import tqdm

from course.authoring.proofs.edits import ProofError
from course.authoring.proofs.recognition import said
from course.authoring.proofs.variants import Variant, mistakes_of, prove
from course.catalog import Project
from course.checks import diagnosis
from course.checks.diagnosis import PERHAPS


def pairs_of(entry: Project) -> Iterator[tuple[Variant, Variant, Variant]]:
    """(one mistake, the other, both) of every pair of a function's mistakes that can be made together."""
    for one, other in combinations(mistakes_of(entry), 2):
        if one.task == other.task:
            both = replace(one, name=f"{one.name}+{other.name}", edit=_both(one, other), caught_by="")
            try:
                texts = {one.text(), other.text(), both.text()}
            except ProofError:
                continue
            if len(texts) == 3:
                yield one, other, both


def count(entries: Sequence[Project], sample: int, seed: int = 0) -> Iterator[str]:
    """Lines: each pair of which something untrue is said as a fact, then the counts.

    Args:
        sample: at most so many pairs of each project, drawn with `seed`; 0 for all.
    """
    torch.set_num_threads(1)
    total: Counter[str] = Counter()
    for entry in entries:
        found = list(pairs_of(entry))
        chosen = random.Random(seed).sample(found, sample) if 0 < sample < len(found) else found
        for one, other, both in tqdm(chosen, desc=entry.id, unit=" pairs", disable=None):
            ended, words = outcome(one, other, both)
            total[ended] += 1
            if ended == "untrue":
                yield f"{entry.id} {both.task} {both.name}: {words}"
    yield f"pairs ({total.total()}): " + ", ".join(f"{number} {name}" for name, number in total.most_common())


def outcome(one: Variant, other: Variant, both: Variant) -> tuple[str, str]:
    """("true", "perhaps", "silent", "untrue" or "not caught", what was said as a fact)."""
    proof = prove(both)
    if not proof.failed:
        return "not caught", ""
    told = said(diagnosis.known(both.project)[both.task], proof.results)
    facts = [text for text in told if not text.startswith(PERHAPS)]
    true = [text for text in told if one.says in text or other.says in text]
    if any(text not in true for text in facts):
        return "untrue", " / ".join(text for text in facts if text not in true)
    if any(text in true for text in facts):
        return "true", " / ".join(facts)
    return ("perhaps" if true else "silent"), ""


def _both(one: Variant, other: Variant) -> Callable[[str], str]:
    return lambda text: other.edit(one.edit(text))

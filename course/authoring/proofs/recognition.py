"""How well are mistakes recognised? Three counts, of all projects or of those named.

- *known*: each known mistake as the catalogue has it, from its fingerprint.
- *rewritten*: known mistakes in other code (a project's rewritten.py), by somebody who had not seen this; they are run.
- *unknown*: each known mistake as if its own sentence were missing from the catalogue. Here it is right to be silent. "Alike" is
  called by the name of a mistake that does exactly the same in every check.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import torch
from tqdm import tqdm

from course.authoring.proofs.fingerprints import alike, as_made
from course.authoring.proofs.variants import Variant, prove, rewritten_of
from course.catalog import Project
from course.checks import diagnosis
from course.checks.diagnosis import FOLLOWS, PERHAPS, Known
from course.checks.results import CheckResult


def known(entry: Project) -> Counter[str]:
    """How many known mistakes are named alone, among several, or not at all."""
    count: Counter[str] = Counter()
    for task, mistakes in diagnosis.known(entry.id).items():
        for mistake in mistakes:
            told = [text for text in said(mistakes, as_made(entry, task, mistake)) if mistake.says in text]
            count["silent" if not told else "alone" if "\n" not in told[0] else "among several"] += 1
    return count


def unknown(entry: Project) -> Counter[str]:
    """What a mistake is called that the catalogue does not have."""
    count: Counter[str] = Counter()
    for task, mistakes in diagnosis.known(entry.id).items():
        for mistake in mistakes:
            others = [other for other in mistakes if other.says != mistake.says]
            told = said(others, as_made(entry, task, mistake))
            hedged = bool(told) and all(text.startswith(PERHAPS) for text in told)
            count[
                "silent" if not told else "alike" if alike(mistake, others) else "perhaps" if hedged else "wrong"
            ] += 1
    return count


def rewritten(entry: Project) -> dict[str, str]:
    """{name: outcome} of the rewritten mistakes, each run before the same checks as the known ones."""
    return {variant.name: outcome(variant, prove(variant).results) for variant in rewritten_of(entry)}


def outcome(variant: Variant, results: Sequence[CheckResult]) -> str:
    """What the feedback on a mistake's results says of it: right, perhaps right, silent or wrong."""
    told = said(diagnosis.known(variant.project)[variant.task], results)
    right = [text for text in told if variant.says in text]
    if right:
        return "perhaps right" if right[0].startswith(PERHAPS) else "right"
    return "wrong" if told else "silent"


def said(mistakes: Iterable[Known], results: Sequence[CheckResult]) -> list[str]:
    """The sentences that name a mistake."""
    return [text for text in diagnosis.of_task(mistakes, results).values() if not text.startswith(FOLLOWS)]


def count(entries: Sequence[Project]) -> Iterator[str]:
    """The three counts as lines, after a line about each rewritten mistake that is not recognised."""
    torch.set_num_threads(1)
    total: dict[str, Counter[str]] = {"known": Counter(), "unknown": Counter(), "rewritten": Counter()}
    for entry in tqdm(entries, unit=" projects", disable=None):
        outcomes = rewritten(entry)
        for name, ended in outcomes.items():
            if ended not in ("right", "perhaps right"):
                yield f"{entry.id} {name}: {ended}"
        total["known"] += known(entry)
        total["unknown"] += unknown(entry)
        total["rewritten"] += Counter(outcomes.values())
    for what, found in total.items():
        yield f"{what} ({found.total()}): " + ", ".join(f"{number} {name}" for name, number in found.most_common())

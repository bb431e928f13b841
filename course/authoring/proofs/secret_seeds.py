"""Are the known mistakes caught, and named, when the checks have another seed than the student's copy?

An instructor may grade with a secret seed (`--course-seed`, `course grade --seed`): hidden data, weights and examples are then
others, and the fingerprints, made with seed 0, fit less closely. A mistake that only one seed catches is a grade by luck.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import torch
from tqdm import tqdm

from course.authoring.proofs.recognition import outcome
from course.authoring.proofs.variants import Proof, mistakes_of, prove
from course.catalog import Project

HEAD = ("seed", "project", "mistakes", "caught", "by its check", "named", "perhaps", "not named", "by another name")


def row(proofs: Sequence[Proof]) -> tuple[int, ...]:
    """The numbers below `HEAD`, from the third column on."""
    count = Counter(outcome(proof.variant, proof.results) for proof in proofs)
    return (
        len(proofs),
        sum(proof.caught_by_any for proof in proofs),
        sum(proof.caught_by_named for proof in proofs),
        *(count[what] for what in ("right", "perhaps right", "silent", "wrong")),
    )


def run(seeds: Sequence[int], entries: Sequence[Project], say: Callable[[str], None]) -> bool:
    """Say a row for each seed and project, and whatever was not caught by its check or has got another's name.

    Returns:
        Whether every mistake was caught by the check that it names.
    """
    torch.set_num_threads(1)
    say("  ".join(HEAD))
    held, total = True, [0] * (len(HEAD) - 2)
    for seed in seeds:
        for entry in entries:
            variants = tqdm(mistakes_of(entry), desc=f"seed {seed}, {entry.id}", leave=False, disable=None)
            proofs = [prove(variant, seed=seed) for variant in variants]
            numbers = row(proofs)
            total = [old + new for old, new in zip(total, numbers, strict=True)]
            say(_line(seed, entry.id, numbers))
            for proof in proofs:
                where = f"    {proof.variant.task} {proof.variant.name}"
                if not proof.caught_by_named:
                    held, failed = False, ", ".join(proof.failed) or "nothing"
                    say(f"{where}: not caught as {proof.variant.caught_by} should; failed: {failed}")
                elif outcome(proof.variant, proof.results) == "wrong":
                    say(f"{where}: called by another name")
    say(_line("all", "all", total))
    return held


def _line(seed: object, key: str, numbers: Sequence[int]) -> str:
    cells = zip((seed, key, *numbers), HEAD, strict=True)
    return "  ".join(str(cell).rjust(len(name)) for cell, name in cells)

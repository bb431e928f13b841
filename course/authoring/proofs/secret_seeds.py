"""Are the known mistakes caught, and named, when the checks have another seed than the student's copy?

An instructor may grade with a secret seed (`--course-seed`, `course grade --seed`): hidden data, weights and examples are then
others, and the fingerprints, made with seed 0, fit less closely. A mistake that only one seed catches is a grade by luck.

    course author secret-seeds 1 2 3              # those seeds, all projects; some four minutes of a processor each
    course author secret-seeds 1 --projects 01 04a
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

import torch

from course.authoring.proofs.recognition import outcome
from course.authoring.proofs.variants import Proof, graded, mistakes_of, prove
from course.catalog import project
from course.errors import CourseError

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


def main(argv: Sequence[str] | None = None) -> int:
    """Print a row for each seed and project, and whatever was not caught by its check or has got another's name.

    Returns:
        0 where every mistake was caught by the check that it names, else 1; 2 where there is no such project.
    """
    parser = argparse.ArgumentParser(prog="course author secret-seeds", description=__doc__.splitlines()[0])
    parser.add_argument("seeds", nargs="+", type=int, metavar="SEED", help="of the checks")
    parser.add_argument("--projects", nargs="+", default=[], metavar="ID", help="only these")
    said = parser.parse_args(argv)
    try:
        entries = [project(key) for key in said.projects] or graded()
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    print("  ".join(HEAD))
    lost, total = [], [0] * (len(HEAD) - 2)
    for seed in said.seeds:
        for entry in entries:
            proofs = [prove(variant, seed=seed) for variant in mistakes_of(entry)]
            numbers = row(proofs)
            total = [old + new for old, new in zip(total, numbers, strict=True)]
            _line(seed, entry.id, numbers)
            for proof in proofs:
                variant = proof.variant
                if not proof.caught_by_named:
                    lost.append(variant)
                    failed = ", ".join(proof.failed) or "nothing"
                    print(
                        f"    {variant.task} {variant.name}: not caught as {variant.caught_by} should; failed: {failed}"
                    )
                elif outcome(variant, proof.results) == "wrong":
                    print(f"    {variant.task} {variant.name}: called by another name")
    _line("all", "all", total)
    return 1 if lost else 0


def _line(seed: object, key: str, numbers: Sequence[int]) -> None:
    cells = zip((seed, key, *numbers), HEAD, strict=True)
    print("  ".join(str(cell).rjust(len(name)) for cell, name in cells), flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Does the wall change a verdict? The same code, the same checks and the same seed: a student's own run beside the judge's.

A student's own run is in this process, as `pytest graders` does it; the judge's is behind the wall, as `course grade` does it. Each
check must end in the same way, with the same points and the same words.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course import paths
from course.authoring.proofs.variants import Variant, alternatives_of, mistakes_of, module_file
from course.catalog import Project
from course.checks.check import Check, checks_of
from course.checks.results import CheckResult
from course.checks.run import run
from course.checks.target import open_session
from course.grading import judge as judging
from course.grading.submissions import Submission

HEAD = "project  what          graded  checks  ended otherwise  in other words"


@dataclass(frozen=True)
class Difference:
    """A check that ended in two ways, or was told in two."""

    name: str
    own: CheckResult
    judged: CheckResult

    @property
    def of_verdict(self) -> bool:
        """Did it end otherwise, and not only in other words?"""
        return (self.own.outcome, self.own.earned) != (self.judged.outcome, self.judged.earned)


def compare(entry: Project, file: Path, checks: Sequence[Check], seed: int, name: str) -> Iterator[Difference]:
    """What differs between the two runs of one module.

    Raises:
        NoWall: there is none on this machine.
    """
    own = open_session(file, entry)
    try:
        mine = run(entry, own, checks, seed=seed).checks
    finally:
        own.close()
    made = judging.handed_in(file, file.read_bytes(), entry, None, {})
    job = judging.Job(Submission("parity", entry.id, file, file.name), seed=seed)
    with judging._session(made, job) as session:
        theirs = run(
            entry, session, checks, seed=seed, before=lambda check: judging._skipped(check, session, made)
        ).checks
    for one, other in zip(mine, theirs, strict=True):
        if (one.outcome, one.earned, one.message) != (other.outcome, other.earned, other.message):
            yield Difference(f"{name}: {one.name}", one, other)


def compare_all(
    entries: Sequence[Project], seed: int, sample: int, slow: bool, say: Callable[[str], None], chosen: int = 0
) -> bool:
    """Compare solutions, and of each project so many mistakes and alternatives; say a row for each, and each difference.

    Args:
        sample: mistakes and alternatives of a project, drawn with `chosen`.
        slow: with the checks that train, of the solutions.

    Returns:
        Did all end in the same way?
    """
    say(HEAD)
    same = True
    for entry in entries:
        fast = [check for check in checks_of(entry) if not check.slow]
        every = list(checks_of(entry)) if slow else fast
        solution = paths.ROOT / "solutions" / f"{entry.module}.py"
        rows = [("solution", 1, len(every), list(compare(entry, solution, every, seed, "solution")))]
        for what, variants in (("mistakes", mistakes_of(entry)), ("alternatives", alternatives_of(entry))):
            taken = random.Random(chosen).sample(list(variants), min(sample, len(list(variants))))
            found, number = [], 0
            for variant in taken:
                checks = [check for check in fast if check.task == variant.task]
                number += len(checks)
                found += _of_variant(entry, variant, checks, seed)
            rows.append((what, len(taken), number, found))
        for what, graded, number, found in rows:
            verdicts = [one for one in found if one.of_verdict]
            same = same and not verdicts
            say(
                f"{entry.id:<8} {what:<13} {graded:>6} {number:>7} {len(verdicts):>16} {len(found) - len(verdicts):>15}"
            )
            for one in found:
                say(f"    {one.name}")
                say(f"      own:  {one.own.outcome}: {one.own.message}")
                say(f"      wall: {one.judged.outcome}: {one.judged.message}")
    return same


def _of_variant(entry: Project, variant: Variant, checks: Sequence[Check], seed: int) -> list[Difference]:
    with module_file(variant) as file:
        return list(compare(entry, file, checks, seed, variant.name))

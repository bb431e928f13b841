"""The proofs of a project as a table for a terminal: mistake, check, message, and what else fails; then the alternatives."""

from collections.abc import Iterator

from tqdm import tqdm

from course.authoring.proofs.variants import Proof, alternatives_of, mistakes_of, prove, unproven
from course.catalog import Project


def rows(entry: Project) -> Iterator[tuple[bool, str]]:
    """(does it hold?, some lines of text) of each mistake, each alternative, and each check that no mistake names."""
    mistakes, alternatives = mistakes_of(entry), alternatives_of(entry)
    with tqdm(total=len(mistakes) + len(alternatives), desc=entry.id, leave=False, disable=None) as bar:
        for variant in mistakes:
            proof = prove(variant)
            bar.update()
            yield proof.caught_by_named, _of_mistake(proof)
        for variant in alternatives:
            proof = prove(variant, slow=True)
            bar.update()
            yield proof.passed, _of_alternative(proof)
    for check in unproven(entry):
        yield False, f"✗ {entry.id} {check.task}: no mistake names {check.name}"


def _of_mistake(proof: Proof) -> str:
    variant = proof.variant
    sign = "✓" if proof.caught_by_named else "✗"
    lines = [f"{sign} {variant.project} {variant.task}: {variant.name}  ->  {variant.caught_by}"]
    lines += [f"      {line}" for line in (variant.says, *(proof.message.splitlines() or ["(nothing failed)"]))]
    if others := [name for name in proof.failed if name != variant.caught_by]:
        lines.append(f"      also: {', '.join(others)}")
    return "\n".join(lines)


def _of_alternative(proof: Proof) -> str:
    variant, sign = proof.variant, "✓" if proof.passed else "✗"
    lines = [f"{sign} {variant.project} {variant.task}: {variant.name}  ({variant.says})"]
    lines += [f"      {r.name}: {r.outcome}: {r.message}" for r in proof.results if r.outcome != "passed"]
    return "\n".join(lines)

"""Run every known mistake before the checks of its function, and write down what comes of it.

It makes the fingerprints by which students' mistakes are recognised (course/grading/fingerprints/) and the page of all mistakes
(docs/mistakes.md). About five minutes for all projects on one core.

    python -m course.authoring.proofs.prove 01 03     those two; all without an argument
"""

import sys
from collections.abc import Sequence

import torch

from course import files
from course.authoring.arguments import projects_named
from course.authoring.proofs import fingerprints, page
from course.authoring.proofs.variants import graded, mistakes_of, prove
from course.checks import diagnosis


def main(argv: Sequence[str] | None = None) -> int:
    """Write fingerprints and page for the projects named; 1 where a mistake is not caught as it should be."""
    torch.set_num_threads(1)  # as in CI: the last digits depend on it
    sections = {}
    for entry in projects_named(argv, "python -m course.authoring.proofs.prove", __doc__) or graded():
        proofs = [prove(variant) for variant in mistakes_of(entry)]
        lost = [proof.variant.name for proof in proofs if not proof.caught_by_named]
        if lost:
            print(f"{entry.id}: not caught by the check that they name, so nothing is written: {', '.join(lost)}")
            return 1
        files.write(fingerprints.file_of(entry), fingerprints.text(entry, proofs))
        diagnosis.known.cache_clear()
        said, known = fingerprints.count_named(entry)
        print(
            f"{entry.id}: {known} mistakes, all caught by the check that they name; {said} named in the feedback",
            flush=True,
        )
        sections[entry.id] = page.section(entry, proofs)
    page.write(sections)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Run every known mistake before the checks of its function, and write down what comes of it.

It makes the fingerprints by which students' mistakes are recognised (course/checks/fingerprints/) and the page of all mistakes
(docs/mistakes.md). About five minutes for all projects on one core.
"""

from collections.abc import Iterator, Sequence

import torch
from tqdm import tqdm

from course import files
from course.authoring.proofs import fingerprints, page
from course.authoring.proofs.variants import mistakes_of, prove
from course.catalog import Project
from course.checks import diagnosis
from course.errors import CourseError


def write(entries: Sequence[Project]) -> Iterator[str]:
    """Write fingerprints and page for these projects; a line about each.

    Raises:
        CourseError: a mistake is not caught by the check that it names.
    """
    torch.set_num_threads(1)  # as in CI: the last digits depend on it
    sections = {}
    for entry in entries:
        proofs = [prove(variant) for variant in tqdm(mistakes_of(entry), desc=entry.id, leave=False, disable=None)]
        lost = [proof.variant.name for proof in proofs if not proof.caught_by_named]
        if lost:
            raise CourseError(
                f"{entry.id}: not caught by the check that they name, so nothing is written: {', '.join(lost)}.",
                f"`course author proofs {entry.id}` shows what each check says.",
            )
        files.write(fingerprints.file_of(entry), fingerprints.text(entry, proofs))
        diagnosis.known.cache_clear()
        said, known = fingerprints.count_named(entry)
        yield f"{entry.id}: {known} mistakes, all caught by the check that they name; {said} named in the feedback"
        sections[entry.id] = page.section(entry, proofs)
    page.write(sections)

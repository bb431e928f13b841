"""The fingerprints of the known mistakes, by which `course.checks.diagnosis` recognises them.

Each mistake of graders/proofs/ is run before the checks of its function. Kept are its sentence and the marks of the checks
that failed, nothing of its name or its code. `course author prove` makes them.
"""

import json
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path
from typing import Any

from course.authoring.proofs.variants import Proof
from course.catalog import Project, project
from course.checks import diagnosis
from course.checks.check import checks_of
from course.checks.diagnosis import ALL, Known, Mark
from course.checks.results import CheckResult
from course.checks.run import grader_module

MADE = "course author prove, from graders/proofs/: what each known mistake does before the checks"


def fingerprint(proof: Proof) -> Known:
    """The known mistake that a proof has shown."""
    marks = [Mark(*result.mark) for result in proof.results if result.outcome == "failed"]
    checks = checks_of(grader_module(project(proof.variant.project))).values()
    tried = {result.name for result in proof.results}
    untried = {check.name for check in checks if check.task == proof.variant.task} - tried
    return Known(proof.variant.says, proof.variant.caught_by, tuple(marks), frozenset(untried))


def text(entry: Project, proofs: Iterable[Proof]) -> str:
    """The file of one project: JSON with a line for each mistake, so that a change of one is a change of one line."""
    tasks: dict[str, list[str]] = {function.name: [] for function in entry.functions}
    for proof in proofs:
        tasks[proof.variant.task].append("   " + json.dumps(_plain(fingerprint(proof)), ensure_ascii=False))
    inside = ",\n".join(
        f"  {json.dumps(task)}: [\n" + ",\n".join(lines) + "\n  ]" for task, lines in tasks.items() if lines
    )
    return f'{{"made by": {json.dumps(MADE)},\n "functions": {{\n{inside}\n}}}}\n'


def file_of(entry: Project) -> Path:
    """Where the fingerprints of a project lie."""
    return diagnosis.FOLDER / f"{entry.id}.json"


def _plain(mistake: Known) -> dict[str, Any]:
    form: dict[str, Any] = {"says": mistake.says, "check": mistake.check}
    form |= {"untried": sorted(mistake.untried)} if mistake.untried else {}
    return form | {"marks": [list(astuple(m)) for m in mistake.marks]}


def says(proof: Proof) -> bool:
    """Does the feedback on a mistake say its sentence?"""
    return any(proof.variant.says in result.says for result in diagnosis.named(proof.variant.project, proof.results))


def alike(mistake: Known, others: Iterable[Known]) -> int:
    """How many of `others` leave the very same marks."""
    marks = {mark.check: mark for mark in mistake.marks}
    return sum(
        other.failed == mistake.failed and all(mark.likeness(marks[mark.check]) == ALL for mark in other.marks)
        for other in others
    )


def count_named(entry: Project) -> tuple[int, int]:
    """(mistakes that the feedback names, all mistakes), by the fingerprints, without running anything."""
    said, known = 0, 0
    for task, mistakes in diagnosis.known(entry.id).items():
        for mistake in mistakes:
            marks = [astuple(mark) for mark in mistake.marks]
            results = [CheckResult(entry.id, task, m[0], m[0], 1, 0, "failed", mark=m) for m in marks]
            said += any(mistake.says in text for text in diagnosis.of_task(mistakes, results).values())
            known += 1
    return said, known

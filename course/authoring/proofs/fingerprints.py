"""The fingerprints of the known mistakes, by which `course.checks.diagnosis` recognises them.

Each mistake of graders/proofs/ is run before the checks of its function. Kept are its sentence and the signatures of the checks
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
from course.checks.check import bonuses_of, checks_of
from course.checks.diagnosis import ALL, Known, Signature
from course.checks.results import CheckResult

MADE = "course author prove, from graders/proofs/: what each known mistake does before the checks"


def fingerprint(proof: Proof) -> Known:
    """The known mistake that a proof has shown."""
    signatures = [Signature(*result.signature) for result in proof.results if result.outcome in diagnosis.WRONG]
    tried = {result.name for result in proof.results}
    entry = project(proof.variant.project)
    of_bonus = {bonus.name for bonus in bonuses_of(entry)}
    checks = () if proof.variant.caught_by in of_bonus else checks_of(entry)
    untried = {check.name for check in checks if check.task == proof.variant.task} - tried
    return Known(proof.variant.says, proof.variant.caught_by, tuple(signatures), frozenset(untried))


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
    return form | {"signatures": [list(astuple(one)) for one in mistake.signatures]}


def says(proof: Proof) -> bool:
    """Does the feedback on a mistake say its sentence?"""
    judged, extra = ([r for r in proof.results if bool(r.bonus) == bonus] for bonus in (False, True))
    told = [result for part in (judged, extra) for result in diagnosis.recognise(proof.variant.project, part)]
    return any(proof.variant.says in result.says for result in told)


def alike(mistake: Known, others: Iterable[Known]) -> int:
    """How many of `others` leave the very same signatures."""
    own = {one.check: one for one in mistake.signatures}
    return sum(
        other.failed == mistake.failed and all(one.likeness(own[one.check]) == ALL for one in other.signatures)
        for other in others
    )


def count_named(entry: Project) -> tuple[int, int]:
    """(mistakes that the feedback names, all mistakes), by the fingerprints, without running anything."""
    said, known = 0, 0
    for task, mistakes in diagnosis.known(entry.id).items():
        for mistake in mistakes:
            told = diagnosis.of_task(mistakes, as_made(entry, task, mistake))
            said += any(mistake.says in text for text in told.values())
            known += 1
    return said, known


def as_made(entry: Project, task: str, mistake: Known) -> list[CheckResult]:
    """The results of a function's checks, as if a student had just made this mistake: what it fails, and what it passes."""
    failed = {one.check: astuple(one) for one in mistake.signatures}
    of_bonus = {bonus.name for bonus in bonuses_of(entry)}
    asked = bonuses_of(entry) if mistake.check in of_bonus else checks_of(entry)
    ran = [check for check in asked if check.task == task and check.name not in mistake.untried]
    return [
        CheckResult.of(check, "failed", signature=failed[check.name])
        if check.name in failed
        else CheckResult.of(check, "passed")
        for check in ran
    ]

"""equivalents.toml of a project: mutants that no check needs to kill, and why no student could be said to be wrong.

    [[equivalent]]
    of = "make_loaders"
    why = "No worker process is what a loader has anyway."
    changes = ["batch_size=batch_size  ->  batch_size=batch_size, num_workers=0"]

One reason may stand for several changes of the same function. A record that fits no mutant, or one that a check kills, is a fault.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from course import paths
from course.authoring.mutation.mutants import Mutant
from course.authoring.mutation.trials import Verdict
from course.catalog import projects
from course.errors import CourseError


@dataclass(frozen=True)
class Record:
    """One change that may live."""

    project: str
    task: str
    change: str
    why: str


def read_all() -> list[Record]:
    """The records of all projects."""
    folder = paths.ROOT / "graders" / "proofs"
    return [record for entry in projects() for record in read(folder / entry.folder / "equivalents.toml", entry.id)]


def read(file: Path, key: str) -> list[Record]:
    """The records of the project with id `key`, in their order; none where there is no file.

    Raises:
        CourseError: the file is no TOML, or an entry lacks a part or says something twice.
    """
    cure = 'An entry has: of = "build_model", why = a sentence, changes = [lines that the command prints].'
    if not file.is_file():
        return []
    try:
        entries = tomllib.loads(file.read_text("utf-8")).get("equivalent", [])
    except tomllib.TOMLDecodeError as fault:
        raise CourseError(f"{file.name} cannot be read: {fault}.", cure) from None
    found: list[Record] = []
    for number, entry in enumerate(entries, 1):
        of, why, changes = str(entry.get("of", "")), str(entry.get("why", "")), entry.get("changes")
        if not of.isidentifier() or not why.endswith(".") or not changes:
            raise CourseError(f"Entry {number} of {file.name} ({of or 'of nothing'}) is not whole.", cure)
        found += [Record(key, of, str(change), why) for change in changes]
    twice = {
        r.change
        for r in found
        if sum((r.project, r.task, r.change) == (o.project, o.task, o.change) for o in found) > 1
    }
    if twice:
        raise CourseError(f"{file.name} records twice: {'; '.join(sorted(twice))}.", "Leave one of them.")
    return found


def reasons(records: Iterable[Record], mutants: Iterable[Mutant]) -> dict[str, str]:
    """{id of a mutant: why it may live}."""
    why = {(r.project, r.task, r.change): r.why for r in records}
    return {m.id: why[key] for m in mutants if (key := (m.project, m.task, m.change)) in why}


def faults(
    records: Iterable[Record], mutants: Iterable[Mutant], verdicts: Mapping[str, Verdict], projects: Iterable[str]
) -> list[str]:
    """What is wrong with the records of these projects, in words.

    Args:
        mutants: all of these projects.
        verdicts: by id, of those that were tried.
    """
    known = {(m.project, m.task, m.change): m for m in mutants}
    wanted, found = set(projects), []
    for record in records:
        mutant = known.get((record.project, record.task, record.change))
        where = f"{record.project} {record.task}: {record.change}"
        if record.project not in wanted:
            continue
        if mutant is None:
            found.append(f"no mutant is like this record any more: {where}")
        elif (verdict := verdicts.get(mutant.id)) is not None and verdict.killed:
            found.append(f"recorded as equivalent, but {verdict.killer or 'a crash'} kills it: {where}")
    return found

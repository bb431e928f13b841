"""Does a right solution pass whatever the luck? Each grader on its solution under many seeds, threads and hash seeds.

    course author stability --runs 200 --only fast       # the checks that train nothing: minutes
    course author stability --only slow --jobs 2         # the checks that train: hours, on two processors
    course author stability --runs 3 --alternatives 3    # and alternative solutions
    course author stability --runs 0                     # only what the ledger has of the code as it is
    course author stability --runs 0 --write             # and the page

Runs are kept in .course/stability/runs.jsonl; one that was cut off goes on. A check that failed is printed with the command that
runs it once more under the same circumstances. The idea is that of the "flaky test" tools, of which pytest-flakefinder and
Lam et al. 2019, "iDFlakies", are two: run it often, change the order and the surroundings, and name what moved.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, groupby
from pathlib import Path

from course import paths
from course.authoring.proofs import variants
from course.authoring.stability.ledger import Circumstances, Ledger, Record, Subject, plain
from course.authoring.stability.run import NO_DATA, checks_on, digest_of
from course.catalog import Project
from course.errors import CourseError

# Two threads of a small training wait for each other half of the time. Asleep and on one processor they cost hardly more than one
# thread: two seeds of the checks of 01 to 03, 05 and 06 that train, side by side, took 99 s on two processors, one after the
# other with both processors each 143 s, and side by side on both 280 s.
# Passive alone would leave the number of turns that course/__init__.py sets.
ASLEEP = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}

SEEDS_TOGETHER = 3  # of slow checks in one process: loading torch takes as long as a tenth of a training

# What one process runs: all of these under all of those, the checks that are "fast" or "slow".
Unit = tuple[list[Subject], list[Circumstances], str]


# -- what is run --------------------------------------------------------------------------------------------------------


def solutions(entries: Sequence[Project]) -> list[Subject]:
    """The solutions of these projects."""
    folders = paths.ROOT / "graders", paths.ROOT / "solutions"
    return [Subject(e.id, folders[0] / e.grader, folders[1] / f"{e.module}.py", entry=e) for e in entries]


def alternatives(entries: Sequence[Project]) -> list[Subject]:
    """The alternative solutions."""
    return [
        Subject(own.key, own.grader, own.target, variant.name, variant.task, entry)
        for own, entry in zip(solutions(entries), entries, strict=True)
        for variant in variants.alternatives_of(entry)
    ]


def units(
    subjects: Sequence[Subject], ledger: Ledger, *, runs: int, alternatives: int = 0, only: str = "", first: int = 0
) -> Iterator[Unit]:
    """What is missing, in the order in which it is worth having: fast before slow, and of slow a few seeds of everything, then the
    next, so that whatever is reached is even.

    Args:
        runs, alternatives: of each check on the solution, and on each alternative.
        only: "fast" or "slow" checks; all if empty.
        first: the number of the first run, to share runs out.
    """
    known = {(s.key, s.alternative): digest_of(s) for s in subjects}
    done = {record.key for record in ledger.records()}
    checks = {(s.key, s.alternative): [(c.name, c.slow) for c in checks_on(s)] for s in subjects}

    def missing(subject: Subject, k: int, kind: str) -> bool:
        place = subject.key, subject.alternative
        return any(
            (*place, name, k, known[place]) not in done for name, slow in checks[place] if slow == (kind == "slow")
        )

    def wanted(k: int) -> list[Subject]:
        return [s for s in subjects if k < (alternatives if s.alternative else runs)]

    numbers = range(first, max(runs, alternatives))
    if only != "slow":
        groups: dict[tuple[int, int], list[int]] = {}
        for k in numbers:
            under = Circumstances.number(k)
            groups.setdefault((under.threads, under.hash_seed), []).append(k)
        for group in groups.values():
            for few in {len(wanted(k)): [j for j in group if len(wanted(j)) == len(wanted(k))] for k in group}.values():
                some = [s for s in wanted(few[0]) if any(missing(s, k, "fast") for k in few)]
                if some:
                    yield some, [Circumstances.number(k) for k in few], "fast"
    if only != "fast":
        lacking = [
            (Circumstances.number(k, slow=True), [s for s in wanted(k) if missing(s, k, "slow")]) for k in numbers
        ]
        for (_, _, some), run in groupby(lacking, key=lambda one: (one[0].threads, one[0].hash_seed, one[1])):
            together = [under for under, _ in run]
            for at in range(0, len(together) if some else 0, SEEDS_TOGETHER):
                yield some, together[at : at + SEEDS_TOGETHER], "slow"


def run(units: Sequence[Unit], ledger: Ledger, jobs: int, seconds: float) -> Iterator[str]:
    """Run all, each in a process of its own and `jobs` of them at a time; a line about each."""
    began = time.monotonic()

    def work(number: int) -> str:
        return alone(number) if time.monotonic() - began <= seconds else ""

    def alone(number: int) -> str:
        subjects, circumstances, only = units[number]
        started = time.monotonic()
        count, status = 0, -1
        while status not in (0, 1):  # each crash is put down, so the next process goes on behind it
            status, output, errors = _process(subjects, circumstances, only=only, ledger=ledger.file)
            if status == NO_DATA:
                raise _told(errors)
            places = [json.loads(line) for line in output.splitlines() if line.startswith("[")]
            count += len(places)
            if status not in (0, 1):
                _crashed(ledger, places, circumstances, status, errors)
        under = circumstances[0]
        seeds = " ".join(str(c.seed) for c in circumstances)
        return (
            f"[{number + 1}/{len(units)}] {only}, seeds {seeds}, {under.threads} threads, hash seed {under.hash_seed}: "
            f"{count} checks in {time.monotonic() - started:.0f} s" + (", not all passed" if status else "")
        )

    processors = cycle(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_setaffinity") else None

    def stay() -> None:
        """Keep this thread, and the processes that it starts, on the next processor."""
        if processors:
            os.sched_setaffinity(0, {next(processors)})

    with ThreadPoolExecutor(jobs, initializer=stay) as pool:
        yield from filter(None, pool.map(work, range(len(units))))


def _process(
    subjects: Sequence[Subject],
    circumstances: Sequence[Circumstances],
    *,
    only: str = "",
    check: str = "",
    ledger: Path | None = None,
) -> tuple[int, str, str]:
    """(exit status, output, errors) of a process with the hash seed and the threads of the first circumstances."""
    first = circumstances[0]
    request = {
        "subjects": plain(subjects),
        "circumstances": [(c.seed, c.threads, c.hash_seed) for c in circumstances],
        "only": only,
        "check": check,
        "ledger": str(ledger.resolve()) if ledger else None,
    }
    surroundings = {"PYTHONHASHSEED": str(first.hash_seed), "OMP_NUM_THREADS": str(first.threads), **ASLEEP}
    # errors go to a file, not a pipe: a process that says much there is not held up
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            [sys.executable, "-m", "course.authoring.stability.run"],
            input=json.dumps(request),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **surroundings},
            cwd=paths.ROOT,
            check=False,
        )
        errors.seek(0)
        return done.returncode, done.stdout, errors.read()


def _told(errors: str) -> CourseError:
    """The error of the other process, as it was printed there."""
    problem, _, cure = errors.strip().partition("\n")
    return CourseError(problem, cure)


def _crashed(
    ledger: Ledger, places: list[list[object]], circumstances: Sequence[Circumstances], status: int, errors: str
) -> None:
    """Put down the check in which a process ended; without one it is no check's fault, and ours to see."""
    last = (errors.strip().splitlines() or [""])[-1]
    if not places:
        raise CourseError(f"The process that runs checks ended at once with status {status}: {last}", "Run it by hand.")
    key, alternative, name, seed, code = places[-1]
    under = next(c for c in circumstances if c.seed == seed)
    message = f"the process ended with status {status}: {last}"
    ledger.add(
        Record(str(key), str(alternative), str(name), False, under.seed, under.threads, under.hash_seed,
               "crashed", message, (), 0.0, str(code))
    )  # fmt: skip


def repeat(subject: Subject, check: str, under: Circumstances) -> tuple[bool, str]:
    """(did it pass?, what was said) of one check, run once more; nothing is kept.

    Raises:
        CourseError: there is no such check.
    """
    if check not in {known.name for known in checks_on(subject)}:
        raise CourseError(
            f"There is no check called {check!r} on that.",
            "Name one project, and a check of its grader by its whole name.",
        )
    status, output, errors = _process([subject], [under], check=check)
    if status == NO_DATA:
        raise _told(errors)
    return status == 0, "\n".join(line for line in output.splitlines() if not line.startswith("[")) or errors

"""Does a right solution pass whatever the luck? Each grader on its solution under many seeds, threads and hash seeds.

    python -m course.authoring.stability.command --runs 200 --only fast       # the checks that train nothing: minutes
    python -m course.authoring.stability.command --only slow --jobs 2         # the checks that train: hours, on two processors
    python -m course.authoring.stability.command --runs 3 --alternatives 3    # and right solutions of another hand
    python -m course.authoring.stability.command --runs 0                     # only what the ledger has of the code as it is
    python -m course.authoring.stability.command --write docs/stability.md    # and the page

Runs are kept in .course/stability/runs.jsonl; one that was cut off goes on. A check that failed is printed with the command that
runs it once more under the same circumstances. The idea is that of the "flaky test" tools, of which pytest-flakefinder and
Lam et al. 2019, "iDFlakies", are two: run it often, change the order and the surroundings, and name what moved.
"""

import argparse
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
from course.authoring.stability import page, report
from course.authoring.stability.ledger import Circumstances, Ledger, Record, Subject, plain
from course.authoring.stability.run import NO_DATA, checks_on, digests
from course.catalog import Project, project
from course.errors import CourseError

# Two threads of a small training wait for each other half of the time. Asleep and on one processor they cost hardly more than one
# thread: two seeds of the checks of 01 to 03, 05 and 06 that train, side by side, took 99 s on two processors, one after the
# other with both processors each 143 s, and side by side on both 280 s.
# Passive alone would leave the number of turns that course/__init__.py sets.
ASLEEP = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}

SEEDS_TOGETHER = 3  # of slow checks in one process: loading torch takes as long as a tenth of a training

# What one process runs: all of these under all of those, the checks that are "fast" or "slow".
Unit = tuple[list[Subject], list[Circumstances], str]


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is missing, print failures and margins, write the page if one is named.

    Returns:
        The exit status: 0 where every run passed, 1 where one failed, 2 where it could not be run.
    """
    said = _arguments(argv)
    try:
        subjects = _subjects(said)
        if said.check:
            return _repeat(said, subjects)
        ledger = Ledger(said.ledger)
        units = [*_units(subjects, said, ledger)]
        for line in _run(units, ledger, max(said.jobs, 1), said.minutes * 60):
            print(line, flush=True)
        records = ledger.of({(s.key, s.alternative, name): d for s in subjects for name, d in digests(s).items()})
        print(_text(subjects, records))
        if said.write:
            said.write.write_text(page.text(subjects, records, _failures(subjects, records)), encoding="utf-8")
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if report.failures(records) else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m course.authoring.stability.command", description=__doc__.splitlines()[0]
    )
    parser.add_argument("projects", nargs="*", metavar="ID", help="only these, such as 02 03")
    parser.add_argument("--runs", type=int, default=200, help="of each check on the solution (200)")
    parser.add_argument("--alternatives", type=int, default=0, metavar="N", help="runs of each alternative (0)")
    parser.add_argument(
        "--only", choices=["fast", "slow"], default="", help="checks that train nothing, or those that do"
    )
    parser.add_argument("--first", type=int, default=0, metavar="K", help="begin with run K, to share runs out (0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time, each on a processor of its own (1)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start nothing new after so many")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page")
    parser.add_argument("--ledger", type=Path, metavar="FILE", help="another ledger than the checkout's")
    parser.add_argument("--grader", type=Path, metavar="FILE", help="a grader of your own, outside the catalogue")
    parser.add_argument("--target", type=Path, metavar="FILE", help="the solution that it grades")
    one = parser.add_argument_group("one check once more, nothing kept")
    one.add_argument("--check", default="", metavar="NAME")
    one.add_argument("--alternative", default="", metavar="NAME", help="on this right solution of another hand")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--threads", type=int, default=1)
    one.add_argument("--hash-seed", type=int, default=0)
    return parser.parse_args(argv)


# -- what is run --------------------------------------------------------------------------------------------------------


def solutions(entries: Sequence[Project] = ()) -> list[Subject]:
    """The solutions of these projects, of all that are graded if none is named."""
    return [
        Subject(e.id, paths.ROOT / "graders" / e.grader, paths.ROOT / "solutions" / f"{e.module}.py", entry=e)
        for e in entries or variants.graded()
    ]


def _subjects(said: argparse.Namespace) -> list[Subject]:
    if said.grader or said.target:
        if not (said.grader and said.target and said.grader.is_file() and said.target.is_file()):
            raise CourseError(
                "A grader and what it grades go together.", "Name a file after --grader and one after --target."
            )
        return [Subject(said.grader.stem, said.grader.resolve(), said.target.resolve())]
    if said.write and said.projects:
        raise CourseError("The page is about all projects.", "Leave out their ids, or leave out --write.")
    found = solutions([project(key) for key in said.projects])
    if said.alternatives or said.alternative or said.write:
        for own in list(found):
            assert own.entry is not None
            for variant in variants.alternatives_of(own.entry):
                found.append(Subject(own.key, own.grader, own.target, variant.name, variant.task, own.entry))
    return found


def _units(subjects: Sequence[Subject], said: argparse.Namespace, ledger: Ledger) -> Iterator[Unit]:
    """What is missing, in the order in which it is worth having: fast before slow, and of slow a few seeds of everything, then the
    next, so that whatever is reached is even."""
    known = {(s.key, s.alternative): digests(s) for s in subjects}
    done = {record.key for record in ledger.records()}
    slow = {(s.key, check.name) for s in subjects for check in checks_on(s) if check.slow}

    def missing(subject: Subject, k: int, kind: str) -> bool:
        names = known[subject.key, subject.alternative]
        return any(
            (subject.key, subject.alternative, name, k, code) not in done
            for name, code in names.items()
            if ((subject.key, name) in slow) == (kind == "slow")
        )

    def wanted(k: int) -> list[Subject]:
        return [s for s in subjects if k < (said.alternatives if s.alternative else said.runs)]

    numbers = range(said.first, max(said.runs, said.alternatives))
    if said.only != "slow":
        groups: dict[tuple[int, int], list[int]] = {}
        for k in numbers:
            under = Circumstances.number(k)
            groups.setdefault((under.threads, under.hash_seed), []).append(k)
        for group in groups.values():
            for few in {len(wanted(k)): [j for j in group if len(wanted(j)) == len(wanted(k))] for k in group}.values():
                some = [s for s in wanted(few[0]) if any(missing(s, k, "fast") for k in few)]
                if some:
                    yield some, [Circumstances.number(k) for k in few], "fast"
    if said.only != "fast":
        lacking = [
            (Circumstances.number(k, slow=True), [s for s in wanted(k) if missing(s, k, "slow")]) for k in numbers
        ]
        for (_, _, some), run in groupby(lacking, key=lambda one: (one[0].threads, one[0].hash_seed, one[1])):
            together = [under for under, _ in run]
            for at in range(0, len(together) if some else 0, SEEDS_TOGETHER):
                yield some, together[at : at + SEEDS_TOGETHER], "slow"


def _run(units: Sequence[Unit], ledger: Ledger, jobs: int, seconds: float) -> Iterator[str]:
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


def _repeat(said: argparse.Namespace, subjects: Sequence[Subject]) -> int:
    chosen = [s for s in subjects if s.alternative == said.alternative]
    if len(chosen) != 1 or said.check not in digests(chosen[0]):
        raise CourseError(
            f"There is no check called {said.check!r} on that.",
            "Name one project, and a check of its grader by its whole name.",
        )
    under = Circumstances(said.seed, said.threads, said.hash_seed)
    status, output, errors = _process(chosen, [under], check=said.check)
    if status == NO_DATA:
        raise _told(errors)
    print("\n".join(line for line in output.splitlines() if not line.startswith("[")) or errors)
    return 0 if status == 0 else 1


# -- what is said -------------------------------------------------------------------------------------------------------


def _text(subjects: Sequence[Subject], records: Sequence[Record]) -> str:
    """Both tables and the failures, for a terminal."""
    parts = [report.aligned(report.count_table(subjects, records))]
    parts += [report.aligned(report.margin_table(report.margins(subjects, records)))]
    parts += _failures(subjects, records) or ["no failures"]
    return "\n\n".join(parts)


def _failures(subjects: Sequence[Subject], records: Sequence[Record]) -> list[str]:
    by_name = {(s.key, s.alternative): s for s in subjects}
    return [
        f"{r.project} {r.alternative or 'solution'}: {r.check}: {r.outcome} with seed {r.seed}, {r.threads} threads, "
        f"hash seed {r.hash_seed}\n    {r.message or 'no message'}\n    {report.repeat(r, by_name[r.project, r.alternative])}"
        for r in report.failures(records)
    ]


if __name__ == "__main__":
    sys.exit(main())

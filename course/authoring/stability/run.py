"""The process in which checks are run for `course author stability`: one number of threads, one hash seed, many seeds.

It reads what to do as JSON from standard input, skips what the ledger has, appends one line for each check, and names on
standard output each check before it runs, so that whoever started it knows where it was when it crashed. The checks are run as
`pytest graders` runs them in the student's process, with no evidence kept from earlier runs.
"""

import importlib
import importlib.util
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from course import paths
from course.authoring.proofs import variants
from course.authoring.stability import code
from course.authoring.stability.ledger import Circumstances, Ledger, Record, Subject, worst
from course.catalog import Project, project
from course.checks.check import Check, checks_in, checks_of
from course.checks.expect import recording
from course.checks.run import run
from course.checks.session import InProcess, Session
from course.checks.target import open_session
from course.checks.worker import Worker
from course.errors import CourseError

NO_DATA = 3  # exit status: a CourseError, whose text is on standard error


def subject_of(plain: dict[str, str]) -> Subject:
    """What `ledger.plain` wrote down."""
    entry = project(plain["key"]) if plain["catalogued"] else None
    return Subject(
        plain["key"], Path(plain["grader"]), Path(plain["target"]), plain["alternative"], plain["task"], entry
    )


def grader_of(subject: Subject) -> ModuleType:
    """The grader's module, imported."""
    if subject.entry is not None:
        checks_of(subject.entry)  # imports it, wherever this is started from
        return sys.modules["graders." + subject.entry.grader.removesuffix(".py")]
    if subject.key not in sys.modules:
        spec = importlib.util.spec_from_file_location(subject.key, subject.grader)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[subject.key] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[subject.key])
    return sys.modules[subject.key]


@contextmanager
def target_of(subject: Subject) -> Iterator[Path]:
    """The file that is graded; an alternative is written to a folder of its own for as long as the context lasts."""
    if not subject.alternative:
        yield subject.target
        return
    assert subject.entry is not None
    variant = next(v for v in variants.alternatives_of(subject.entry) if v.name == subject.alternative)
    with variants.module_file(variant) as file:
        yield file


def checks_on(subject: Subject) -> list[Check]:
    """The checks that are run on this subject."""
    return [check for check in checks_in(grader_of(subject)) if not subject.task or check.task == subject.task]


def digest_of(subject: Subject) -> str:
    """The digest of what is run on this subject, as the code is now."""
    with target_of(subject) as target:
        return code.digest(subject, target)


def run_subject(
    subject: Subject,
    circumstances: Circumstances,
    known: str,
    wanted: Callable[[str, bool], bool],
    begin: Callable[[str], None] = lambda name: None,
) -> Iterator[Record]:
    """Run the checks of one subject, those for which `wanted(name, slow)` holds, in an order drawn from the seed.

    Args:
        known: their digest.
        begin: is told the name of each before it runs.
    """
    with target_of(subject) as target:
        checks = [check for check in checks_on(subject) if wanted(check.name, check.slow)]
        if not checks:
            return
        random.Random(circumstances.seed).shuffle(checks)
        if subject.entry is not None:
            session: Session = open_session(target, subject.entry)
        else:
            session = InProcess(Worker(target))
        try:
            for check in checks:
                begin(check.name)
                outcome, message, measured, seconds = _run_one(check, session, subject, circumstances)
                yield Record(
                    project=subject.key,
                    alternative=subject.alternative,
                    check=check.name,
                    slow=check.slow,
                    seed=circumstances.seed,
                    threads=circumstances.threads,
                    hash_seed=circumstances.hash_seed,
                    outcome=outcome,
                    message=message[:1000],
                    measured=worst(measured),
                    seconds=round(seconds, 3),
                    digest=known,
                )
        finally:
            session.close()


def _run_one(
    check: Check, session: Session, subject: Subject, circumstances: Circumstances
) -> tuple[str, str, list[Any], float]:
    """(outcome, message, what was measured, seconds) of one check, begun with generators in some state or other."""
    # A check or a solution that draws from a generator that nobody has seeded finds it in another state in each run.
    states = random.Random(f"{circumstances} {check.name}")
    random.seed(states.getrandbits(64))
    np.random.seed(states.getrandbits(32))  # noqa: NPY002 - the global one is meant
    torch.manual_seed(states.getrandbits(63))
    entry = subject.entry or Project(subject.key, "", subject.key, (), (), {})
    with recording() as measured:
        try:
            (result,) = run(entry, session, [check], seed=circumstances.seed).checks
        except CourseError:
            raise
        except Exception as fault:
            return "failed", f"the grader raised {type(fault).__name__}: {fault}", measured, 0.0
    return result.outcome, result.message, measured, result.seconds


def main() -> int:
    """See the module's text. The request: subjects, circumstances, only ("fast", "slow", ""), check, ledger (or null), say."""
    request = json.load(sys.stdin)
    sys.path.insert(0, str(paths.ROOT))
    subjects = [subject_of(plain) for plain in request["subjects"]]
    ledger = Ledger(Path(request["ledger"])) if request["ledger"] else None
    torch.set_num_threads(request["circumstances"][0][1])
    failures = 0
    try:
        done = {record.key for record in ledger.records()} if ledger else set()
        # once, when the graders are imported: what is run from here on is the code as it was then
        codes = [digest_of(subject) for subject in subjects]
        for circumstances in (Circumstances(*numbers) for numbers in request["circumstances"]):
            for subject, known in zip(subjects, codes, strict=True):

                def wanted(name: str, slow: bool) -> bool:
                    if request["check"]:
                        return name == request["check"]
                    key = subject.key, subject.alternative, name, circumstances.seed, known  # noqa: B023 - used at once
                    return key not in done and request["only"] in ("", "slow" if slow else "fast")

                def begin(name: str) -> None:
                    place = [subject.key, subject.alternative, name, circumstances.seed, known]  # noqa: B023 - at once
                    print(json.dumps(place), flush=True)

                for record in run_subject(subject, circumstances, known, wanted, begin):
                    failures += record.outcome != "passed"
                    if ledger:
                        ledger.add(record)
                    else:
                        measured = [f"{m.what}: {m.value:.6g}, {m.sense} {m.bound:.6g}" for m in record.measured]
                        print(
                            "\n".join([f"{record.check}: {record.outcome}", *filter(None, [record.message]), *measured])
                        )
    except CourseError as error:
        print(error, file=sys.stderr)
        return NO_DATA
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

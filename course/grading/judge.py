"""One submission before the judge: read it, run every check of its project against it, in a child process of its own.

`judge` is what an executor runs, in a process of ours: it imports the graders once and serves many submissions. The student's code
is never in it. That is no wall: the child process sees the same files (isolation: none).
"""

import ast
import hashlib
import os
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from hypothesis.configuration import set_hypothesis_home_dir

from course import limits, paths
from course.catalog import project
from course.checks.cache import Once
from course.checks.check import Check, checks_of
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.checks.run import run, standing
from course.checks.session import ChildProcess, WorkerLost
from course.checks.target import reference_file
from course.grading.extract import Extract, Unreadable, extract
from course.grading.submissions import Submission, read

MAX_REMEMBERED = 100  # results that a process keeps; a class's copies of one text are among its first
_graded: dict[bytes, tuple[CheckResult, ...]] = {}


@dataclass(frozen=True)
class Job:
    """One submission and how it is to be judged.

    Args:
        call_seconds: limit of one call of the student's code (`TimeLimit`).
        seconds: limit of all calls together, by the clock.
        seed: 0 for the embedded validation data; any other makes new ones.
    """

    submission: Submission
    call_seconds: float = limits.CALL_SECONDS
    seconds: float = limits.SUBMISSION_SECONDS
    seed: int = 0


def start(threads: int) -> None:
    """Prepare a process of an executor: threads of torch, and silence, for what libraries warn of would spoil the progress bar."""
    torch.set_num_threads(threads)
    set_hypothesis_home_dir(paths.ROOT / ".course" / "hypothesis")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def judge(job: Job) -> SubmissionResult:
    """Run the checks; every one reports exactly once, whatever was handed in.

    Raises:
        CourseError: data or weights of the course are missing.
    """
    submission, entry = job.submission, project(job.submission.project)
    if submission.file is None:
        return ungraded(job, submission.problem)
    try:
        content = read(submission.file)
    except (OSError, ValueError) as fault:
        return ungraded(job, f"it cannot be read: {getattr(fault, 'strerror', None) or fault}")
    digest = hashlib.sha256(content).hexdigest()
    made: Extract | None = None
    if submission.file.suffix.lower() == ".ipynb":
        try:
            made = extract(content, entry)
        except Unreadable as fault:
            return replace(ungraded(job, str(fault)), digest=digest)
    elif fault_of_module := _unparsable(content):
        return replace(ungraded(job, fault_of_module), digest=digest)
    results = _checked(made.text.encode() if made else content, job, made)
    notes = made.notes if made else ()
    whole = ProjectResult(entry.id, entry.title, Path(submission.name).name, results)
    return SubmissionResult(
        submission.student, submission.name, whole, ChildProcess.isolation, "", notes, digest, job.seed
    )


def _unparsable(content: bytes) -> str:
    """Why a module is no Python, in a few words; empty when it is."""
    if not content.strip():
        return "the file is empty"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(content)
    except SyntaxError as fault:
        return f"it is not valid Python: {fault.msg} (line {fault.lineno})"
    except (ValueError, RecursionError, MemoryError) as fault:
        return f"it is not valid Python: {fault or type(fault).__name__}"
    return ""


def _checked(text: bytes, job: Job, made: Extract | None) -> tuple[CheckResult, ...]:
    """Every check on a module. What this process has graded before, such as the untouched release, is not run again."""
    entry = project(job.submission.project)
    about = repr((entry.id, made and (made.cells, made.faults), job.call_seconds, job.seconds, job.seed))
    key = hashlib.sha256(text + about.encode()).digest()
    if key in _graded:
        return _graded[key]
    with tempfile.TemporaryDirectory(prefix="course-judge-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / f"{entry.module}.py"
        target.write_bytes(text)
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        session = _Bounded(target, reference_file(entry, target), job, scratch)
        try:
            whole = run(entry, session, seed=job.seed, before=lambda check: _skipped(check, session, made))
        finally:
            session.close()
    results = tuple(_placed(result, made) for result in whole.checks)
    if len(_graded) >= MAX_REMEMBERED:
        _graded.pop(next(iter(_graded)), None)
    _graded[key] = results
    return results


def ungraded(job: Job, reason: str) -> SubmissionResult:
    """The row of a submission that cannot be graded: every check failed, for this reason."""
    entry = project(job.submission.project)
    results = [CheckResult.of(check, "failed", Failure("not graded", reason)) for check in checks_of(entry)]
    whole = standing(entry, results, Path(job.submission.name).name)
    name = job.submission.name
    return SubmissionResult(job.submission.student, name, whole, ChildProcess.isolation, reason, seed=job.seed)


def _skipped(check: Check, session: "_Bounded", made: Extract | None) -> CheckResult | None:
    """The result of a check that need not run: its cell cannot be read, or its function has run out of time too often."""
    session.task = check.task
    if made and check.task in made.faults:
        return CheckResult.of(check, "failed", Failure("not graded", made.faults[check.task]))
    if session.loops.get(check.task, 0) >= limits.LOOPS:
        return CheckResult.of(check, "failed", Failure("not tried", check.task, {"times": limits.LOOPS}))
    return None


def _placed(result: CheckResult, made: Extract | None) -> CheckResult:
    """The result with its line counted in the student's cell, where the module was made from a notebook."""
    if made is None or not result.line:
        return result
    place, line = made.place(result.line) or ("", None)
    return replace(result, place=place, line=line)


class _Bounded(ChildProcess):
    """A child process, started anew after a loop or a crash, with a limit for all requests together beside that of each."""

    def __init__(self, target: Path, reference: Path | None, job: Job, folder: Path) -> None:
        super().__init__(target, reference, job.call_seconds, folder)
        self.limit, self.spent = job.seconds, 0.0
        self.task, self.loops = "", dict[str, int]()
        self.cache = Once()

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        if self.spent >= self.limit:
            raise WorkerLost(f"the {self.limit:.0f} s of this submission are over")
        began = time.monotonic()
        try:
            return super()._exchange(message)
        except WorkerLost as fault:
            if fault.loop:
                self.loops[self.task] = self.loops.get(self.task, 0) + 1
            raise
        finally:
            self.spent += time.monotonic() - began

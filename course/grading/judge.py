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

from course import paths
from course.catalog import Project, project
from course.checks.cache import Once
from course.checks.check import Check, checks_of, run_check
from course.checks.diagnosis import named
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.checks.run import grader_module, reference_file
from course.checks.session import ChildProcess, WorkerLost
from course.grading.extract import Extract, Unreadable, extract
from course.grading.submissions import Submission, read

LOOPS = 2  # so often a function may run out of time; its other checks then fail untried, and the rest of the class waits less
KEPT = (
    100  # results of different submissions that a process remembers; a class's copies of one text are among its first
)
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
    call_seconds: float = 120.0
    seconds: float = 960.0
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
        desk = Path(folder) / "desk"
        desk.mkdir()
        session = _Bounded(target, reference_file(entry, target), job, desk)
        try:
            ran = [_one(function, session, job, made) for function in checks_of(grader_module(entry))]
        finally:
            session.close()
    results = tuple(named(entry.id, ran))
    if len(_graded) >= KEPT:
        _graded.pop(next(iter(_graded)), None)
    _graded[key] = results
    return results


def ungraded(job: Job, reason: str) -> SubmissionResult:
    """The row of a submission that cannot be graded: every check failed, for this reason."""
    entry = project(job.submission.project)
    results = [_failed(check, entry, reason) for check in checks_of(grader_module(entry)).values()]
    whole = ProjectResult(entry.id, entry.title, Path(job.submission.name).name, tuple(results))
    name = job.submission.name
    return SubmissionResult(job.submission.student, name, whole, ChildProcess.isolation, reason, seed=job.seed)


def _one(function: Any, session: "_Bounded", job: Job, made: Extract | None) -> CheckResult:
    check: Check = function.__check__
    entry = project(job.submission.project)
    if made and check.task in made.faults:
        return _failed(check, entry, made.faults[check.task])
    if session.loops.get(check.task, 0) >= LOOPS:
        return _failed(check, entry, f"not tried: {check.task} ran out of time {LOOPS} times before")
    session.task = check.task
    result = run_check(function, session, entry.id, job.seed)
    if made and result.line:
        place, line = made.place(result.line) or ("", None)
        result = replace(result, place=place, line=line)
    return result


def _failed(check: Check, entry: Project, message: str) -> CheckResult:
    return CheckResult(
        project=entry.id,
        task=check.task,
        name=check.name,
        title=check.title,
        points=check.points,
        earned=0,
        outcome="failed",
        message=message,
        hint=check.hint,
    )


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

"""One submission before the judge: read it, run every check of its project against it, behind the wall or in a plain child process.

`judge` is what an executor runs, in a process of ours: it imports the graders once and serves many submissions. The student's code
is never in it: it runs behind the wall (`course.wall`), or, where that was asked for, in a child process that sees the same files.
"""

import functools
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from hypothesis.configuration import set_hypothesis_home_dir

from course import files, limits, paths
from course.catalog import project
from course.cells.notebook import Unreadable
from course.checks import seeding
from course.checks.cache import Once
from course.checks.check import Check, checks_of
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.checks.run import run, standing
from course.checks.session import ChildProcess, Session, WorkerLost
from course.checks.target import reference_file
from course.grading.handed_in import HandedIn, handed_in, read
from course.grading.submissions import Submission
from course.wall import WORK
from course.wall.session import Walled

ISOLATION = {"wall": Walled.isolation, "process": ChildProcess.isolation}
MAX_REMEMBERED = 100  # results that a process keeps; a class's copies of one text are among its first
_graded: dict[bytes, ProjectResult] = {}


@dataclass(frozen=True)
class Job:
    """One submission and how it is to be judged.

    Args:
        call_seconds: limit of one call of the student's code (`TimeLimit`).
        seconds: limit of all calls together, by the clock.
        seed: 0 for the embedded validation data, which students have; any other makes new ones.
        show_exam: pages show pictures and sentences of the hidden data.
        isolation: what stands between the student's code and the judge: one of ISOLATION.
        secret: folders and files that must not be seen behind the wall, wherever they lie.
        exams: where the judges of this batch keep its exam, with labels; it must be within `secret`. No verdict hangs on it.
    """

    submission: Submission
    call_seconds: float = limits.CALL_SECONDS
    seconds: float = limits.SUBMISSION_SECONDS
    seed: int = 0
    isolation: str = "wall"
    secret: tuple[Path, ...] = ()
    show_exam: bool = False
    exams: Path | None = None


def start(threads: int) -> None:
    """Prepare a process of an executor: threads of torch, and silence, for what libraries warn of would spoil the progress bar."""
    torch.set_num_threads(threads)
    seeding.without_stacks()
    set_hypothesis_home_dir(paths.ROOT / ".course" / "hypothesis")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def timed(job: Job) -> tuple[SubmissionResult, float]:
    """(the result of `judge`, the seconds that it took)."""
    began = time.perf_counter()
    return judge(job), time.perf_counter() - began


def judge(job: Job) -> SubmissionResult:
    """Run the checks; every one reports exactly once, whatever was handed in.

    Raises:
        CourseError: data or weights of the course are missing, or there is no wall here and the job asks for one.
    """
    submission, entry = job.submission, project(job.submission.project)
    if submission.file is None:
        return ungraded(job, submission.problem)
    try:
        content = read(submission.file)
    except (OSError, ValueError) as fault:
        return ungraded(job, f"it cannot be read: {getattr(fault, 'strerror', None) or fault}")
    digest = hashlib.sha256(content).hexdigest()
    try:
        made = handed_in(submission.file, content, entry, submission.folder, submission.others)
    except Unreadable as fault:
        return replace(ungraded(job, str(fault)), digest=digest)
    whole = _checked(made, job)
    notes = (*filter(None, [submission.note]), *_once(made.notes, whole.notes))
    whole = replace(whole, target=Path(submission.name).name)
    if not whole.earned and not (made.notes or whole.notes) and whole.of(["failed"]):
        notes = (*notes, _first_reason(whole))
    return SubmissionResult(
        submission.student, submission.name, whole, ISOLATION[job.isolation], "", notes, digest, job.seed
    )


def _once(read: Sequence[str], ran: Sequence[str]) -> tuple[str, ...]:
    """Notes of reading and of running; of one line the first, such as a command of IPython that then did not run."""
    lines = [re.search(r"\bline (\d+) is a command", note) for note in read]
    told = tuple(f"Line {line[1]} (" for line in lines if line)
    return tuple(dict.fromkeys([*read, *(note for note in ran if not note.startswith(told))]))


def _first_reason(whole: ProjectResult) -> str:
    """Why there is not a single point: the first thing that failed."""
    first = whole.of(["failed"])[0]
    where = f"{first.place or whole.target}, line {first.line}: " if first.line else ""
    return f"{where}{first.message.partition(chr(10))[0]}"


def _checked(made: HandedIn, job: Job) -> ProjectResult:
    """Every check on what was handed in. What this process has graded before, such as the untouched release, is not run again."""
    entry = project(job.submission.project)
    others = {name: work.text() for name, work in made.others.items()}
    about = repr((entry.id, made.faults, made.beside, others, job.call_seconds, job.seconds, job.seed, job.isolation))
    about += repr(job.show_exam)
    key = hashlib.sha256((made.work.text() + about).encode("utf-8", "replace")).digest()
    if key in _graded:
        return _graded[key]
    with _session(made, job) as session:
        shown = job.show_exam or job.seed == 0

        def before(check: Check) -> CheckResult | None:
            return _skipped(check, session, made)

        whole = run(entry, session, seed=job.seed, show_exam=shown, before=before, mend=True, together=True)
    if len(_graded) >= MAX_REMEMBERED:
        _graded.pop(next(iter(_graded)), None)
    _graded[key] = whole
    return whole


def ungraded(job: Job, reason: str) -> SubmissionResult:
    """The row of a submission that cannot be graded: every check failed, for this reason."""
    entry = project(job.submission.project)
    results = [CheckResult.of(check, "failed", Failure("not graded", reason)) for check in checks_of(entry)]
    whole = standing(entry, results, Path(job.submission.name).name)
    name = job.submission.name
    return SubmissionResult(job.submission.student, name, whole, ISOLATION[job.isolation], reason, seed=job.seed)


def _skipped(check: Check, session: "_Bounded", made: HandedIn) -> CheckResult | None:
    """The result of a check that need not run: no cell of its function counts, or its function has run out of time too often."""
    session.task = check.task
    if check.task in made.faults:
        return CheckResult.of(check, "failed", Failure("not graded", made.faults[check.task]))
    if session.loops.get(check.task, 0) >= limits.LOOPS:
        return CheckResult.of(check, "failed", Failure("not tried", check.task, {"times": limits.LOOPS}))
    return None


@contextmanager
def _session(made: HandedIn, job: Job) -> Iterator["_Bounded"]:
    """A line to a worker that has this submission."""
    entry = project(job.submission.project)
    with tempfile.TemporaryDirectory(prefix="course-judge-", ignore_cleanup_errors=True) as folder:
        session: _Behind | _Beside
        if job.isolation == "wall":
            target = f"{entry.module}.json"
            reference = reference_file(entry, Path(folder, target))
            within = made.files(entry, Path(WORK), references=False)
            session = _Behind(within, target, reference, job.call_seconds, job.seconds, job.secret)
        else:
            file = made.write(Path(folder) / "work", entry)
            scratch = Path(folder) / "scratch"
            scratch.mkdir()
            session = _Beside(file, reference_file(entry, file), job.call_seconds, scratch)
        session.limit = job.seconds
        session.exams = job.exams if job.isolation == "wall" else None
        try:
            yield session
        finally:
            session.close()


class _Bounded(Session):
    """A worker that is started anew after a loop or a crash, with a limit for all requests together beside that of each."""

    limit, spent, task = 0.0, 0.0, ""
    seconds: float

    @functools.cached_property
    def loops(self) -> dict[str, int]:
        """{function: how often it has run out of time}."""
        return {}

    @functools.cached_property
    def cache(self) -> Once:  # type: ignore[override]
        """Evidence of this submission that takes training."""
        return Once()

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        if self.spent >= self.limit:
            raise WorkerLost(f"the {self.limit:.0f} s of this submission are over")
        began, whole = time.monotonic(), self.seconds
        if self.task in self.loops:
            self.seconds = whole / limits.AFTER_LOOP
        try:
            return self._loading(message) if message["op"] == "begin" else super()._exchange(message)
        except WorkerLost as fault:
            if fault.loop:
                self.loops[self.task] = self.loops.get(self.task, 0) + 1
            raise
        finally:
            self.seconds = whole
            self.spent += time.monotonic() - began

    def _loading(self, message: dict[str, Any]) -> dict[str, Any]:
        """A statement that ends the process while the work is loaded is left out the next time (`cells.loading`)."""
        forgiven = False
        for _ in range(limits.LOADINGS):
            before = self.noted()
            try:
                return super()._exchange(message)
            except WorkerLost:
                if (
                    self.struck and not forgiven
                ):  # from outside, perhaps: the statement that ran then is innocent so far
                    forgiven = True
                    self.note(before)
        return super()._exchange(message)

    def noted(self) -> bytes:
        """Which statements have ended the process."""
        raise NotImplementedError

    def note(self, noted: bytes) -> None:
        """Set that anew."""
        raise NotImplementedError


class _Behind(_Bounded, Walled):
    """Behind the wall."""

    def noted(self) -> bytes:
        return self.files.get(self.running, b"")

    def note(self, noted: bytes) -> None:
        self.files[self.running] = noted


class _Beside(_Bounded, ChildProcess):
    """In a plain child process."""

    def noted(self) -> bytes:
        file = self.target.with_suffix(".running")
        return file.read_bytes() if file.is_file() and not file.is_symlink() else b""

    def note(self, noted: bytes) -> None:
        files.write(self.target.with_suffix(".running"), noted)

"""A batch of `course grade`: which submissions, what of them is known already, each result where it belongs as it comes, the end.

Whatever ends a batch, its verdicts are in the journal; the same command goes on from there.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from tqdm import tqdm

from course import catalog, files
from course.checks.results import SubmissionResult
from course.datasets import store
from course.errors import CourseError
from course.grading import classroom, receipts, rules
from course.grading.basis import Basis, basis
from course.grading.handed_in import read
from course.grading.journal import Journal, as_of
from course.grading.judge import Job
from course.grading.packed import bare
from course.grading.submissions import Submission
from course.reports import class_folder, exchange, table
from course.reports.totals import Total, Totals, of

FLUSH_SECONDS = 2.0  # at the latest so long after a result its page is there, and its points in the gradebook
FLUSH = 20  # results at a time
ASKED = "asked"


@dataclass
class Graded:
    """One submission that has its result.

    Args:
        basis: what the verdict rests on; None where there was nothing to grade.
        at: when it was graded, where that was in an earlier run.
        held: why its row is still the one that was there before: "missing", HELD or ASKED; else empty.
        lost: another file stands now, and it has fewer points than the one before.
        before: the points of the same file before, where the verdict rests on something else now.
    """

    job: Job
    result: SubmissionResult
    basis: Basis | None
    seconds: float
    at: str = ""
    held: str = ""
    lost: bool = False
    before: int | None = None

    @property
    def place(self) -> tuple[str, str]:
        return self.result.student, self.result.result.project


@dataclass
class Batch:
    """What is to be done, where to, and what has been done.

    Args:
        submitted: the folder or zip of the class, as it was typed.
        gradebook: URL of nbgrader's, or None.
        ask: results that differ from a row of the same file wait until somebody has decided (`--again`).
        done: every result so far, without attachments.
        said: sentences for the end.
    """

    journal: Journal
    out: Path
    submitted: str
    jobs: int = 2
    gradebook: str | None = None
    autograded: Path = Path("autograded")
    ask: bool = False
    done: list[Graded] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    written: int = 0
    copies: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _waits: list[Graded] = field(default_factory=list)
    _unbooked: list[Graded] = field(default_factory=list)
    _shown: dict[tuple[str, str], Total] = field(default_factory=dict)
    _refused: bool = False
    _flushed: float = 0.0

    def require(self, found: Sequence[Submission]) -> None:
        """See that everything can be written before anybody is graded.

        Raises:
            CourseError: something cannot.
        """
        self._names = table.file_names(self.journal.students(s.student for s in found))
        modules = [catalog.project(id).module for id in dict.fromkeys(s.project for s in found)]
        class_folder.require(self.out, modules, [self._names[s.student] for s in found])
        if self.gradebook:
            from course.reports import gradebook

            gradebook.require(self.gradebook)
            trial = self.autograded / ".trial"
            files.write(trial, "")
            trial.unlink()

    def run(self, work: Sequence[Job]) -> None:
        """Grade what is not known, and put every result where it belongs as it comes.

        Raises:
            CourseError: data or weights of the course are missing, or the journal cannot be written any more.
        """
        for name in dict.fromkeys(name for job in work for name in catalog.project(job.submission.project).data):
            store.ensure(name)  # before the judges start, so that there is one progress bar and one error
        rests = {id(job): basis(job) for job in work}
        known = [job for job in work if (on := rests[id(job)]) is not None and self.journal.has(on.key)]
        here = {id(job) for job in known}
        left = [job for job in work if id(job) not in here]
        if known:
            click.echo(f"{counted(len(known))} of {len(work)} known from {self.journal.file}")
        with tqdm(total=len(work), unit="submission", smoothing=0.1, dynamic_ncols=True, initial=len(known)) as bar:
            for job in known:
                on = rests[id(job)]
                kept = self.journal.verdict(on.key) if on else None
                if kept is None:  # it cannot be read any more
                    left.append(job)
                    bar.update(-1)
                else:
                    self._take(Graded(job, as_of(kept[0], job.submission), on, kept[1]))

            def each(job: Job, result: SubmissionResult, seconds: float) -> None:
                on = rests[id(job)]
                if (
                    on is not None
                    and result.digest
                    and on.submission.get(Path(job.submission.name).name) != result.digest
                ):
                    on = None  # the file has changed between the two looks at it
                if on is not None and classroom.is_final(result):
                    self.journal.keep(on.key, result, seconds)
                self._take(Graded(job, result, on, seconds))
                bar.set_postfix_str(f"{result.student}: {result.earned} of {result.points}", refresh=False)
                bar.update()

            def unknown() -> Iterator[Job]:
                first: dict[str, Job] = {}
                ordered = self._longest_first(left)
                for job in ordered:
                    on = rests[id(job)]
                    if on is None or first.setdefault(on.key, job) is job:
                        yield job
                for job in ordered:  # the same text as another one's, such as the untouched release
                    on = rests[id(job)]
                    if on is None or first[on.key] is job:
                        continue
                    if kept := self.journal.verdict(on.key):
                        self._take(Graded(job, as_of(kept[0], job.submission), on, kept[1]))
                        bar.update()
                    else:
                        yield job

            classroom.grade_class(unknown(), self.jobs, each=each)
        self.flush()

    def _longest_first(self, jobs: list[Job]) -> list[Job]:
        """What took long the last time, then what holds most loops, so that none of them is last and alone."""
        took = {(row.student, row.project): row.seconds for row in self.journal.rows()}

        def weight(job: Job) -> tuple[float, int]:
            one = job.submission
            return took.get((one.student, one.project), 0.0), _loops(one.file)

        return sorted(jobs, key=weight, reverse=True)

    def _take(self, one: Graded) -> None:
        old = self.journal.row(*one.place)
        key = one.basis.key if one.basis else ""
        if old is not None and old.key == key and old.result == bare(one.result):
            one.at = old.at
        else:
            one.before = old.result.earned if old is not None and old.result.digest == one.result.digest else None
            if self.ask and one.before is not None and one.result.digest:
                one.held = ASKED
            else:
                one.held = self.journal.settle(one.result, one.basis, one.seconds)
                one.lost = not one.held and old is not None and old.result.earned > one.result.earned
        self.done.append(one)
        self._wait(one)

    def accept(self, one: Graded) -> None:
        """Let a result stand that `--again` has shown, whatever it takes away."""
        one.held = self.journal.settle(one.result, one.basis, one.seconds, lower=True)
        self._wait(one)

    def _wait(self, one: Graded) -> None:
        one.result = bare(one.result)
        if not one.held:
            self._waits.append(one)
        if len(self._waits) >= FLUSH or time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush(last=False)

    def flush(self, last: bool = True) -> None:
        """Write points, pages and receipts of what has come since the last time.

        Args:
            last: a gradebook that cannot be written is an error; else it is tried again the last time.
        """
        waits, self._waits = self._waits, []
        try:
            if self.gradebook:
                self._unbooked += waits
                self._book(last)
            totals = self._totals([one.result for one in waits])
            for one in waits:
                self._write(one, totals)
        except BaseException:
            self._waits = waits + self._waits
            raise
        self._flushed = time.monotonic()

    def _whole(self, one: Graded) -> SubmissionResult:
        """With its attachments."""
        found = self.journal.verdict(one.basis.key) if one.basis else None
        return as_of(found[0], one.result) if found else one.result

    def _write(self, one: Graded, totals: Totals) -> None:
        folder, result = self._names[one.result.student], self._whole(one)
        self._shown[one.place] = total = of(result, totals)
        class_folder.write_page(self.out / folder, result, total)
        exchange.lay(self._place(one), exchange.beside(one.job.submission))
        if one.basis is not None:
            made = receipts.receipt(result, one.basis, self.submitted, one.seconds, one.at)
            files.write(class_folder.receipt_file(self.out, folder, result.result.project), made.text())

    def _book(self, last: bool) -> None:
        """Into the gradebook, and beside it what formgrader shows."""
        from course.reports import autograded, gradebook

        assert self.gradebook
        if (self._refused and not last) or not self._unbooked:
            return
        submissions, results = [one.job.submission for one in self._unbooked], [one.result for one in self._unbooked]
        try:
            written = gradebook.write(self.gradebook, results)
            wrong = autograded.set_times(self.gradebook, submissions, results)
        except CourseError:
            self._refused = True
            if last:
                raise
            return
        copies = autograded.write(self.autograded, submissions, [self._whole(one) for one in self._unbooked])
        self.written += written
        self.copies += copies.number
        self.said += [*wrong, *copies.kept]
        self._unbooked = []

    def _totals(self, results: Sequence[SubmissionResult]) -> Totals:
        """What the gradebook says that they count; nothing where there is none, or it is refused for now."""
        if not self.gradebook or self._refused or not results:
            return {}
        from course.reports import gradebook

        return gradebook.totals(self.gradebook, results)

    def _place(self, one: Graded) -> Path:
        return self.out / self._names[one.place[0]] / catalog.project(one.place[1]).module

    def _settled(self, ids: Sequence[str]) -> None:
        """Due dates, and what being late costs now, of those who were asked for."""
        if self.gradebook and not self._refused:
            from course.reports import late

            students = {one.place[0] for one in self.done}
            late.settle(self.gradebook, [catalog.project(id) for id in ids], rules.current(), students)

    def finish(self) -> tuple[list[SubmissionResult], Totals]:
        """Write the files of the class, of all whom the journal knows; returns what stands of those asked for, and the totals."""
        stands: list[SubmissionResult] = []
        totals: dict[tuple[str, str], Total] = {}
        asked = {one.place for one in self.done}
        ids = list(dict.fromkeys(project for _, project in asked))
        self._settled(ids)
        for id in ids:
            results = [row.result for row in self.journal.rows(id)]
            totals |= self._totals(results)
            if results:
                class_folder.write_class(self.out, results, totals)
            stands += [r for r in results if (r.student, id) in asked]
        for one in self.done:
            if not one.held and of(one.result, totals) != self._shown.get(one.place):
                self._write(one, totals)
        return stands, totals


def counted(number: int) -> str:
    """A number of submissions, in words."""
    return f"{number} submission{'' if number == 1 else 's'}"


def _loops(file: Path | None) -> int:
    """How many `while` a file holds: it only decides who goes first."""
    try:
        return (
            read(file).count(b"while ") if file else 0
        )  # a plain file: a link to /dev/zero has no end, a pipe never begins
    except (OSError, ValueError):
        return 0

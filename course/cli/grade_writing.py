"""Where the results of a batch go as they come: the student's page and receipt, nbgrader's gradebook, the notebooks for formgrader;
and at the end the files of the class.

What decides, which result stands and what is graded at all, is `grade_batch`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course import catalog, files
from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading import receipts, rules
from course.grading.basis import Basis
from course.grading.journal import Journal, as_of
from course.grading.judge import Job
from course.grading.packed import bare
from course.grading.submissions import Submission
from course.reports import class_folder, exchange, table
from course.reports.totals import Total, Totals, of

FLUSH_SECONDS = 2.0  # at the latest so long after a result its page is there, and its points in the gradebook
FLUSH = 20  # results at a time


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
class Writing:
    """What has been written, and what waits to be.

    Args:
        submitted: the folder or zip of the class, as it was typed.
        gradebook: URL of nbgrader's, or None.
        autograded: where formgrader finds notebooks.
        said: sentences for the end.
        written: submissions in the gradebook.
        copies: notebooks for formgrader.
    """

    journal: Journal
    out: Path
    submitted: str
    gradebook: str | None = None
    autograded: Path = Path("autograded")
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

    def take(self, one: Graded) -> None:
        """Write a result, soon; one that does not stand (`held`) is not written."""
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

    def _settled(self, ids: Sequence[str], asked: set[tuple[str, str]]) -> None:
        """Due dates, and what being late costs now, of those who were asked for."""
        if self.gradebook and not self._refused:
            from course.reports import late

            students = {student for student, _ in asked}
            late.settle(self.gradebook, [catalog.project(id) for id in ids], rules.current(), students)

    def finish(self, done: Sequence[Graded]) -> tuple[list[SubmissionResult], Totals]:
        """Write the files of the class, of all whom the journal knows; returns what stands of those asked for, and the totals."""
        stands: list[SubmissionResult] = []
        totals: dict[tuple[str, str], Total] = {}
        asked = {one.place for one in done}
        ids = list(dict.fromkeys(project for _, project in asked))
        self._settled(ids, asked)
        for id in ids:
            results = [row.result for row in self.journal.rows(id)]
            totals |= self._totals(results)
            if results:
                class_folder.write_class(self.out, results, totals)
            stands += [r for r in results if (r.student, id) in asked]
        for one in done:
            if not one.held and of(one.result, totals) != self._shown.get(one.place):
                self._write(one, totals)
        return stands, totals

"""A batch of `course grade`: which submissions, what of them is known already, what stands when a result has come.

Whatever ends a batch, its verdicts are in the journal; the same command goes on from there. `grade_writing` says where a result
is written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from tqdm import tqdm

from course import catalog
from course.checks.results import SubmissionResult
from course.cli.grade_writing import Graded, Writing
from course.datasets import store
from course.grading import classroom
from course.grading.basis import basis
from course.grading.handed_in import read
from course.grading.journal import Journal, as_of
from course.grading.judge import Job
from course.grading.packed import bare

ASKED = "asked"


@dataclass
class Batch:
    """What is to be done, and what has been done.

    Args:
        jobs: submissions at a time.
        ask: results that differ from a row of the same file wait until somebody has decided (`--again`).
        make: makes the executor; processes of this machine unless given.
        done: every result so far, without attachments.
    """

    writing: Writing
    jobs: int = 2
    ask: bool = False
    make: classroom.MakeExecutor | None = None
    done: list[Graded] = field(default_factory=list)

    @property
    def journal(self) -> Journal:
        return self.writing.journal

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

            classroom.grade_class(unknown(), self.jobs, self.make, each=each)
        self.writing.flush()

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
        self.writing.take(one)

    def accept(self, one: Graded) -> None:
        """Let a result stand that `--again` has shown, whatever it takes away."""
        one.held = self.journal.settle(one.result, one.basis, one.seconds, lower=True)
        self.writing.take(one)


def counted(number: int) -> str:
    """A number of submissions, in words."""
    return f"{number} submission{'' if number == 1 else 's'}"


def _loops(file: Path | None) -> int:
    """How many `while` a file holds: it only decides who goes first."""
    try:
        return read(file).count(b"while ") if file else 0  # a plain file: /dev/zero has no end, a pipe never begins
    except (OSError, ValueError):
        return 0

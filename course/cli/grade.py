"""`course grade`: a class from its folder of submissions to scores and feedback."""

import gc
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course import files, paths
from course.cli import options, stopping
from course.errors import CourseError

if TYPE_CHECKING:
    from course.catalog import Project
    from course.cli.grade_batch import Batch
    from course.grading.attempts import Listed
    from course.grading.journal import Journal
    from course.grading.judge import Job
    from course.grading.submissions import Submission


@click.command()
@click.argument("submitted", type=click.Path(path_type=Path))
@options.projects("all for which a folder is named")
@click.option(
    "--jobs", type=click.IntRange(1), help="Submissions at a time. [default: 2, or as many as the cluster has workers]"
)
@click.option(
    "--executor",
    metavar="URL",
    help="Judges on a cluster of Dask: dask://127.0.0.1:8786, or dask+tls://HOST:PORT. [default: processes of this machine]",
)
@options.reports(said="Where reports go.")
@options.gradebook("its students get a row.")
@click.option(
    "--autograded",
    type=options.PATH,
    default=Path("autograded"),
    show_default=True,
    help="With --gradebook: where the notebooks go that formgrader shows.",
)
@click.option("--seconds", type=float, default=120.0, show_default=True, help="Limit of one call of a student's code.")
@click.option(
    "--isolation",
    type=click.Choice(["wall", "process"]),
    default="wall",
    show_default=True,
    help="Where students' code runs: behind the wall, or in a plain child process that sees your files.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    help="Of the test data; 0 takes those that students have. [default: one that nobody knows, the same for all of --out]",
)
@click.option("--show-exam", is_flag=True, help="Students' pages show some pictures of the hidden test data.")
@click.option(
    "--student", "students", metavar="ID", multiple=True, help="Only this student; may be given several times."
)
@click.option(
    "--only",
    type=click.Choice(["changed", "failed", "late"]),
    help="Only whose verdict would rest on something else now, whose grading broke off, or who was late.",
)
@click.option(
    "--again", is_flag=True, help="After a change of the checks: show who gains and who loses before it is written."
)
@click.option(
    "--write",
    type=click.Choice(["all", "gains", "nothing"]),
    help="With --again: the answer to its question, where nobody is there to ask.",
)
@click.option(
    "--times",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A CSV that says who handed in when.",
)
@click.option(
    "--names",
    type=click.Path(path_type=Path),
    default=Path("names.csv"),
    show_default=True,
    help="The map of names to the roster's ids.",
)
@click.option("--add", is_flag=True, help="With --gradebook: whom the roster does not know becomes a student of it.")
@stopping.at_once
def grade(
    submitted: Path,
    entries: "list[Project]",
    jobs: int | None,
    executor: str | None,
    out: Path,
    gradebook: str | None,
    autograded: Path,
    seconds: float,
    isolation: str,
    seed: int | None,
    show_exam: bool,
    students: tuple[str, ...],
    only: str | None,
    again: bool,
    write: str | None,
    times: Path | None,
    names: Path,
    add: bool,
) -> None:
    """Grade what a class has handed in.

    SUBMITTED holds a folder or a file a student: ada/ex01_mnist/ex01_mnist.ipynb as nbgrader has it, ada.ipynb, ada.py, or ada/
    with one of these. Or it is the zip that Canvas, Moodle, Blackboard, Brightspace or Gradescope makes of all submissions.
    Students' code runs behind a wall: no network, none of your files, caps on time, memory and processes. `course doctor`
    tries it out on this machine.

    Each verdict is kept as it comes, in journal.db below --out. After Ctrl-C or a power cut the same command goes on from there;
    only what has changed is graded again.
    """
    if not (paths.ROOT / "solutions").is_dir():
        raise CourseError("This copy of the course cannot grade a class.", "An instructor's copy has solutions/.")
    from course.checks import seeds
    from course.grading import placing, rules
    from course.grading.journal import NAME, Journal
    from course.grading.judge import Job
    from course.wall import line

    workers, make = 2, None
    if executor:
        from course.grading.cluster import cluster

        workers, make = cluster(executor)
    elif isolation == "wall":
        line.require()
    with (
        Journal(out / NAME) as journal,
        stopping.like_ctrl_c(),
        tempfile.TemporaryDirectory(prefix="course-download-", ignore_cleanup_errors=True) as folder,
    ):
        secret = [path.absolute() for path in (submitted, out, autograded, Path(folder)) if path.exists()]
        exams = Path(folder, ".exams")  # the folder is this user's own, and goes with the command
        exams.mkdir(mode=0o700)
        of_batch = journal.seed(seed, seeds.secret())

        def job(submission: "Submission") -> Job:
            return Job(submission, seconds, 8 * seconds, of_batch, isolation, tuple(secret), show_exam, exams)

        zipped = not submitted.is_dir() and (submitted.is_file() or submitted.suffix.lower() == ".zip")
        rules.current()  # a mistake in course.toml is said before anybody is graded
        known = placing.with_names(_roster(gradebook), names)
        left: tuple[str, ...] = ()
        if zipped:
            from course.grading import download

            held = download.read(submitted, Path(folder), entries, known)
            found, left = list(held.rows), held.left
            files.write(out / "handed-in.csv", held.csv_text())
            click.echo(f"{submitted.name}: {held.form}; who handed in what and when: {out / 'handed-in.csv'}")
        else:
            from course.grading import submissions

            found = submissions.find(submitted, entries, [one.id for one in known])
        if not add:
            found, strangers = placing.placed(found, known)
            left += _strangers(strangers, names)
        if times:
            found, unknown = placing.times(times, found, known, rules.current())
            left += tuple(unknown)
        wanted = _Wanted(students, only, again, write)
        batch = _batch(journal, out, submitted, jobs or workers, gradebook, autograded, again)
        batch.make = make
        status = _grade(journal, wanted, found, job, batch, left)
    stopping.leave(status)


@dataclass(frozen=True)
class _Wanted:
    """Which part of the class, and what to do where points would change."""

    students: tuple[str, ...]
    only: str | None
    again: bool
    write: str | None


def _roster(gradebook: str | None) -> "Sequence[Listed]":
    if not gradebook:
        return []
    from course.reports import gradebook as scores

    return scores.roster(gradebook)


def _strangers(strangers: "Sequence[str]", names: Path) -> tuple[str, ...]:
    """Say at once whom the roster does not know, and make room for them in the map of names."""
    if not strangers:
        return ()
    from course.grading import placing

    placing.remembered(names, strangers)
    shown = ", ".join(strangers[:5]) + ", …" * (len(strangers) > 5)
    sentence = f"Not graded, for the roster knows nobody, or several, of this name: {shown}."
    click.echo(f"{sentence} {names} has a line for each: write the id behind it, or --add makes them students.")
    return (sentence,)


def _batch(
    journal: "Journal", out: Path, submitted: Path, jobs: int, gradebook: str | None, autograded: Path, again: bool
) -> "Batch":
    from course.cli.grade_batch import Batch
    from course.cli.grade_writing import Writing

    return Batch(Writing(journal, out, str(submitted), gradebook, autograded), jobs, again)


def _grade(
    journal: "Journal",
    wanted: _Wanted,
    found: "list[Submission]",
    job: "Callable[[Submission], Job]",
    batch: "Batch",
    left: Sequence[str],
) -> int:
    """Grade what is asked for; returns the exit status."""
    from course.cli import grade_again, grade_part, grade_said
    from course.cli.grade_batch import counted
    from course.grading.classroom import is_final
    from course.reports import github, table

    began = time.monotonic()
    writing = batch.writing
    found = grade_part.of_students(found, wanted.students)
    if wanted.only == "late":
        found = grade_part.late(found, writing.gradebook)
    writing.require(found)
    work = [job(one) for one in found]
    if wanted.only in grade_part.FILTERS:
        work = grade_part.FILTERS[wanted.only](work, journal)
    if not work:
        click.echo(f"Nobody is to be graded: no submission is {wanted.only}.")
        return 0
    stopped, undecided = False, False
    try:
        batch.run(work)
        undecided = grade_again.decided(batch, wanted.write) if wanted.again else False
    except KeyboardInterrupt:
        stopped = True
    if stopped:
        gc.collect()  # what was interrupted may have held the gradebook open, and so locked
        writing.flush()
        writing.finish(batch.done)
        kept = " and their points in the gradebook" if writing.gradebook else ""
        done = f"{len(batch.done)} of {counted(len(work))} graded"
        click.echo(f"\nStopped: {done}; their reports are in {writing.out}{os.sep}{kept}.")
        click.echo("The same command goes on from there.")
        return stopping.STOPPED
    results, totals = writing.finish(batch.done)
    if len(results) <= grade_said.ONE_EACH:
        click.echo(table.terminal(results, totals), nl=False)
    grade_said.troubles(results)
    click.echo(f"{counted(len(results))} in {time.monotonic() - began:.0f} s; reports in {writing.out}{os.sep}")
    for seed in {r.seed for r in results if r.seed}:
        click.echo(f"The test data were made with the secret seed {seed}: `--seed {seed}` repeats them.")
    github.step_summary(table.markdown(results, totals))
    if writing.gradebook:
        click.echo(f"{counted(writing.written)} written to the gradebook")
        ending = "" if writing.copies == 1 else "s"
        click.echo(f"{writing.copies} notebook{ending} for formgrader in {writing.autograded}{os.sep}")
    for sentence in (*writing.said, *grade_said.stays(batch.done), *left):
        click.echo(f"  {sentence}")
    return int(bool(left or undecided or any(not is_final(r) for r in results)))

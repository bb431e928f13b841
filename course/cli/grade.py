"""`course grade`: a class from its folder of submissions to scores and feedback."""

import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course import catalog, files, paths
from course.errors import CourseError

if TYPE_CHECKING:
    from course.catalog import Project
    from course.checks.results import SubmissionResult
    from course.grading.judge import Job
    from course.grading.submissions import Submission

EXCHANGE = ("timestamp.txt", "submission_secret.txt")


@click.command()
@click.argument("submitted", type=click.Path(path_type=Path))
@click.option("--project", "id", help="The project, such as 01; unless given, all for which a folder is named.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Submissions at a time.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("feedback"), show_default=True, help="Where reports go."
)
@click.option(
    "--gradebook", metavar="URL", help="nbgrader's gradebook, such as sqlite:///gradebook.db; its students get a row."
)
@click.option(
    "--autograded",
    type=click.Path(path_type=Path),
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
    help="Of the test data: repeats an earlier run; 0 takes those that students have. [default: one that nobody knows]",
)
@click.option("--show-exam", is_flag=True, help="Students' pages show some pictures of the hidden test data.")
def grade(
    submitted: Path,
    id: str | None,
    jobs: int,
    out: Path,
    gradebook: str | None,
    autograded: Path,
    seconds: float,
    isolation: str,
    seed: int | None,
    show_exam: bool,
) -> None:
    """Grade what a class has handed in.

    SUBMITTED holds a folder or a file a student: ada/ex01_mnist/ex01_mnist.ipynb as nbgrader has it, ada.ipynb, ada.py, or ada/
    with one of these. Or it is the zip that Canvas, Moodle, Blackboard, Brightspace or Gradescope makes of all submissions.
    Students' code runs behind a wall: no network, none of your files, caps on time, memory and processes. `course doctor`
    tries it out on this machine.
    """
    if not (paths.ROOT / "solutions").is_dir():
        raise CourseError("This copy of the course cannot grade a class.", "An instructor's copy has solutions/.")
    from course.checks import seeds
    from course.grading.judge import Job
    from course.wall import line

    of_batch = seeds.secret() if seed is None else seed
    if isolation == "wall":
        line.require()
    secret = [path.absolute() for path in (submitted, out, autograded) if path.exists()]

    def job(submission: "Submission") -> Job:
        return Job(submission, seconds, 8 * seconds, of_batch, isolation, tuple(secret), show_exam)

    entries = [catalog.project(id)] if id else []
    if submitted.is_dir() or not (submitted.is_file() or submitted.suffix.lower() == ".zip"):
        _grade(submitted, None, entries, job, jobs, out, gradebook, autograded)
        return
    with tempfile.TemporaryDirectory(prefix="course-download-", ignore_cleanup_errors=True) as folder:
        secret.append(Path(folder).absolute())  # the others' work
        _grade(submitted, Path(folder), entries, job, jobs, out, gradebook, autograded)


def _grade(
    submitted: Path,
    unpacked: Path | None,
    entries: "list[Project]",
    job: "Callable[[Submission], Job]",
    jobs: int,
    out: Path,
    gradebook: str | None,
    autograded: Path,
) -> None:
    """Grade a folder, or a platform's zip where there is a folder to unpack it into."""
    from course.grading import download, submissions
    from course.grading.attempts import Listed
    from course.reports import github, table

    known: list[Listed] = []
    if gradebook:
        from course.reports import autograded as notebooks
        from course.reports import gradebook as scores

        known = scores.roster(gradebook)
    left: tuple[str, ...] = ()
    if unpacked is None:
        found = submissions.find(submitted, entries, [one.id for one in known])
    else:
        held = download.read(submitted, unpacked, entries, known)
        found, left = list(held.rows), held.left
        files.write(out / "handed-in.csv", held.csv_text())
        click.echo(f"{submitted.name}: {held.form}; who handed in what and when: {out / 'handed-in.csv'}")
    began = time.monotonic()
    _writable(out)
    done: list[SubmissionResult] = []
    try:
        results = _graded([job(one) for one in found], jobs, done)
    except KeyboardInterrupt:
        graded = {(r.student, r.result.project): r for r in done}
        rows = [(s, graded[s.student, s.project]) for s in found if (s.student, s.project) in graded]
        _write_all(out, rows)
        click.echo(
            f"\nStopped: {len(rows)} of {_counted(len(found))} graded; their reports are in {out}{os.sep}, no gradebook is changed."
        )
        sys.exit(130)
    _write_all(out, list(zip(found, results, strict=True)))
    click.echo(table.terminal(results), nl=False)
    click.echo(f"{_counted(len(results))} in {time.monotonic() - began:.0f} s; reports in {out}{os.sep}")
    for seed in {r.seed for r in results if r.seed}:
        click.echo(f"The test data were made with the secret seed {seed}: `--seed {seed}` repeats them.")
    github.step_summary(table.markdown(results))
    if gradebook:
        written = scores.write(gradebook, results)
        click.echo(f"{_counted(written)} written to the gradebook")
        wrong = notebooks.set_times(gradebook, found, results)
        copies = notebooks.write(autograded, found, results)
        click.echo(
            f"{copies.number} notebook{'' if copies.number == 1 else 's'} for formgrader in {autograded}{os.sep}"
        )
        for sentence in (*wrong, *copies.kept):
            click.echo(f"  {sentence}")
    for sentence in left:
        click.echo(f"  {sentence}")
    if left or any(r.reason.startswith("a fault of the judge") for r in results):
        sys.exit(1)


def _counted(number: int) -> str:
    return f"{number} submission{'' if number == 1 else 's'}"


def _writable(out: Path) -> None:
    """See that reports can be written, before a class is graded for nothing.

    Raises:
        CourseError: they cannot.
    """
    trial = out / ".trial"
    files.write(trial, "")
    trial.unlink()


def _write_all(out: Path, rows: "list[tuple[Submission, SubmissionResult]]") -> None:
    for project in dict.fromkeys(s.project for s, _ in rows):
        of_project = [(s, r) for s, r in rows if s.project == project]
        _write(out, [r for _, r in of_project], [s.file for s, _ in of_project])


def _graded(work: "list[Job]", jobs: int, done: "list[SubmissionResult]") -> "list[SubmissionResult]":
    """The results of all; each is put into `done` as it comes, so that an end by Ctrl-C loses none."""
    from tqdm import tqdm

    from course.datasets import store
    from course.grading.classroom import grade_class

    for name in dict.fromkeys(name for job in work for name in catalog.project(job.submission.project).data):
        store.ensure(name)  # before the judges start, so that there is one progress bar and one error
    with tqdm(total=len(work), unit="submission", smoothing=0.1, dynamic_ncols=True) as bar:

        def each(result: "SubmissionResult") -> None:
            done.append(result)
            bar.update()

        return grade_class(work, jobs, each=each)


def _write(out: Path, results: "list[SubmissionResult]", handed_in: "list[Path | None]") -> None:
    """The reports of one project: a page and a results.json a student, and four files for the class."""
    from course.reports import gradescope, html, junit, table

    module = catalog.project(results[0].result.project).module
    pages: dict[str, Callable[[SubmissionResult], str]] = {".html": html.page, ".gradescope.json": gradescope.results}
    names = table.file_names([r.student for r in results])
    for result in results:
        folder = out / names[result.student] / module
        for kind, view in pages.items():
            files.write(folder / f"{module}{kind}", view(result))
    _for_exchange(
        [file.parent if file else None for file in handed_in],
        [out / names[r.student] / module for r in results],
    )
    files.write(out / f"{module}.csv", table.csv_text(results))
    files.write(out / f"{module}.junit.xml", junit.xml(results))
    files.write(out / f"{module}.md", table.markdown(results))
    files.write(out / f"{module}.json", json.dumps([r.plain() for r in results], indent=1) + "\n")


def _for_exchange(handed_in: "list[Path | None]", pages: list[Path]) -> None:
    """Lay beside each page what `nbgrader submit` has laid beside the submission: `nbgrader release_feedback` reads it.

    It breaks off at the first page that has no such files. Where some came by the exchange, those who did not get a secret that
    nobody else knows: nbgrader then puts their page where nobody fetches it.
    """
    from course.grading.handed_in import read

    left = []
    for source, folder in zip(handed_in, pages, strict=True):
        try:
            if source is None:
                raise FileNotFoundError
            for name in EXCHANGE:
                (folder / name).write_bytes(read(source / name))  # a plain file: a link is not followed
        except (OSError, ValueError):
            left.append(folder)
    if len(left) < len(pages):
        for folder in left:
            for name, text in zip(EXCHANGE, ("", secrets.token_hex(64)), strict=True):
                (folder / name).write_text(text, "utf-8")

"""What the autograder does in Gradescope's container: judge the one submission that lies there, and write results.json.

It is no command of `course`: the scripts of the zip that `course release --gradescope` makes run it as
`python -m course.cli.gradescope`, in a copy of the course of its own. Where the container allows it, students' code runs behind the
wall; where it does not, the container is the only one. Results say which it was.
"""

import json
import math
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import catalog, files, paths
from course.catalog import Project
from course.errors import CourseError

if TYPE_CHECKING:
    from course.checks.results import SubmissionResult

ABOUT = "autograder.json"  # {"project", "seed", "seconds"}, beside setup.sh
ISOLATION = {
    "wall": "wall (bubblewrap), in Gradescope's container",
    "process": "none but Gradescope's container (a plain child process in it)",
}
START_SECONDS = 60  # of all seconds that there are: Python, torch and the graders are imported, twice
PLACES = (".", "exercises")  # in what was handed in: a file or two, or the whole student bundle out of a repository


def root() -> Path:
    """Gradescope's folder, or that of COURSE_AUTOGRADER: submission/ and results/ are in it."""
    return Path(os.environ.get("COURSE_AUTOGRADER") or "/autograder")


def main(arguments: list[str]) -> int:
    """Grade and write results.json; with --prepare make the data and grade the project's own solution. Returns the exit status."""
    about = json.loads((paths.ROOT / ABOUT).read_text("utf-8"))
    entry = catalog.project(about["project"])
    threads = processors()
    os.environ["OMP_NUM_THREADS"] = str(threads)  # for the child process; before torch is imported
    if arguments == ["--prepare"]:
        return _prepare(entry, about, threads)
    from course.reports import gradescope, table

    try:
        result = _judged(root() / "submission", entry, about, threads)
        text = gradescope.results(result)
        print(table.terminal([result]), end="")  # Gradescope shows this to the instructor only
    except (Exception, SystemExit) as fault:
        said = str(fault).splitlines() or [""]
        print(f"{type(fault).__name__}: {fault}")
        text = gradescope.not_graded(f"a fault of the grader, not of yours: {type(fault).__name__}: {said[0]}")
    files.write(root() / "results" / "results.json", text)
    return 0


def processors() -> int:
    """How many the container may use: its share of time (cgroup 2) counts, where it has less than the machine."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        return max(1, min(own, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no cgroup 2 here, or "max": no limit
        return own


def _judged(folder: Path, entry: Project, about: dict[str, Any], threads: int) -> "SubmissionResult":
    """The result of what lies in `folder`.

    Raises:
        CourseError: data or weights of the course are missing, or the folder is.
    """
    from course.grading.judge import Job, judge, start
    from course.wall import line

    if not folder.is_dir():
        raise CourseError(
            f"There is no folder {folder}.", "Gradescope makes it; elsewhere COURSE_AUTOGRADER names its parent."
        )
    start(threads)
    seconds = max(float(about["seconds"]) - START_SECONDS, START_SECONDS)
    job = Job(_submission(folder, entry), min(120.0, seconds / 4), seconds, int(about["seed"]), line.best())
    try:
        result = judge(job)
    except line.NoWall as fault:  # bubblewrap starts here, but a process behind it cannot be locked in
        print(fault)
        job = replace(job, isolation="process")
        result = judge(job)
    return replace(result, isolation=ISOLATION[job.isolation])


def _submission(folder: Path, entry: Project) -> Any:
    """The one submission in `folder`, by the rules of `course grade` for a folder of one student."""
    from course.grading import submissions

    found = []
    for place in (folder / place for place in PLACES):
        if place.is_dir():
            rows = submissions.find(place.parent, [entry])
            found += [row for row in rows if row.student == place.name]
    return next((row for row in found if row.file), found[0])


def _prepare(entry: Project, about: dict[str, Any], threads: int) -> int:
    """Make the data, and see that the project's own solution earns all points here."""
    from course.datasets import store
    from course.reports.terminal import render

    for name in entry.data:
        store.ensure(name, quiet=True)
    with tempfile.TemporaryDirectory(prefix="course-solution-") as scratch:
        folder = Path(scratch) / "submission"
        folder.mkdir()
        shutil.copy(paths.ROOT / "solutions" / f"{entry.module}.py", folder)
        result = _judged(folder, entry, about, threads)
    print(render(result.result))
    if result.earned == result.points:
        print(f"Ready: the reference solution earns all {result.points} points.")
        return 0
    print("The reference solution does not earn all points in this image; it would not grade students rightly either.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

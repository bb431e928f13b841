"""What a submission costs: `nbgrader autograde`, plain pytest for each, `course grade` in a plain process and behind the wall.

    python benchmarks/class_speed.py                                         # 04b: 10 and 100 submissions
    python benchmarks/class_speed.py --project 01 --numbers 10 --slow 2

The same notebooks before each, half of them right, the others half written, no two alike, in a copy of this checkout. nbgrader and
pytest do one after another with nothing kept between two, so `--slow` of them say what the others would cost too. Seconds of the
processor are those of the command and of everything that it has started, also of what has lost its parent: this process takes such
orphans in. They are the fair figure on a machine that does other things as well. A class has costs of its own (imports, the exam),
so of two sizes the difference, divided by the submissions between them, is what one more costs.
"""

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from course import catalog
from course.authoring.rehearsal.mock_class import hand_in, students
from course.authoring.rehearsal.term import copy_checkout, surroundings
from course.datasets import store
from course.wall.line import best

SUBREAPER = 36  # of prctl(2)
PLAIN = "pytest for each"


def used() -> float:
    """Seconds of the processor of all processes below this one that have ended."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    about = resource.getrusage(resource.RUSAGE_CHILDREN)
    return about.ru_utime + about.ru_stime


class Timed:
    """Runs commands in the copy of the checkout.

    Args:
        course: the copy.
    """

    def __init__(self, course: Path) -> None:
        self.course = course
        self.environment = surroundings(course, course.parent / "jupyter")

    def run(self, *command: str, allowed: tuple[int, ...] = (0,)) -> tuple[float, float, float]:
        """(seconds by the clock, of the processor, peak MB of the command alone) of a command, which must succeed."""
        before, began, peak = used(), time.perf_counter(), 0.0
        with tempfile.TemporaryFile("w+") as log:
            process = psutil.Popen(command, cwd=self.course, env=self.environment, stdout=log, stderr=subprocess.STDOUT)
            while process.poll() is None:
                with suppress(psutil.Error):
                    peak = max(peak, process.memory_info().rss / 1e6)
                time.sleep(0.2)
            if process.returncode not in allowed:
                log.seek(0)
                sys.exit(f"{' '.join(command)} failed:\n{log.read()[-3000:]}")
        wall = time.perf_counter() - began
        return wall, used() - before, peak


def line(what: str, number: int, wall: float, processor: float, peak: float = 0.0) -> None:
    memory = f"{peak:8.0f} MB" if peak else ""
    print(
        f"{what:34}{number:5} {wall:9.1f} s {processor:9.1f} s {processor / number:8.2f} s {memory}".rstrip(),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="04b")
    parser.add_argument("--numbers", type=int, nargs="+", default=[10, 100])
    parser.add_argument(
        "--slow", type=int, default=4, help="how many of them nbgrader, pytest and a plain process grade"
    )
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    entry = catalog.project(given.project)
    everybody = students(max(given.numbers), ("right", "half"))
    for name in entry.data:
        store.ensure(name)
    with tempfile.TemporaryDirectory(prefix="course-speed-", ignore_cleanup_errors=True) as folder:
        course = Path(folder, "course")
        copy_checkout(course)
        timed = Timed(course)
        print(
            f"project {entry.id}, load {os.getloadavg()[0]:.1f}\n{'':34}    n      wall   processor       each   the command"
        )
        costs: dict[str, float] = {}
        for isolation in dict.fromkeys([best(), "process"]):
            spent: list[tuple[int, float]] = []
            for number in sorted(given.numbers)[: 1 if isolation == "process" else None]:
                if isolation == "process":
                    number = given.slow  # it pays for an import of torch each, as the others do
                submitted = course / f"class{number}"
                if not submitted.is_dir():
                    hand_in(submitted, entry, everybody[:number])
                command = [
                    "course",
                    "grade",
                    str(submitted),
                    "--project",
                    entry.id,
                    "--seed",
                    "7",
                    "--isolation",
                    isolation,
                ]
                found = timed.run(*command, "--out", f"feedback-{isolation}-{number}")
                line(f"course grade, {isolation}", number, *found)
                spent.append((number, found[1]))
            (first, cost), (last, whole) = spent[0], spent[-1]
            costs[isolation] = whole / last
            if len(spent) > 1:
                costs[f"{isolation}, one more"] = (whole - cost) / (last - first)
        some = everybody[: given.slow]
        hand_in(course / "submitted", entry, some)
        timed.run("course", "release", entry.id)  # nbgrader wants to know the assignment
        found = timed.run("nbgrader", "autograde", entry.module)
        line("nbgrader autograde", len(some), *found[:2])
        theirs = found[1] / len(some)
        hand_in(course / "plain", entry, students(len(some), ("right", "half"), ("module",)))
        total = [0.0, 0.0]
        for student in some:
            place = course / "plain" / student.name / entry.module
            took = timed.run(
                sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"graders/{entry.grader}",
                "--target", str(place), "--no-cache", allowed=(0, 1),
            )  # fmt: skip
            total = [total[0] + took[0], total[1] + took[1]]
        line(PLAIN, len(some), *total)
        costs[PLAIN] = total[1] / len(some)
        print(f"\nload {os.getloadavg()[0]:.1f}; nbgrader takes {theirs:.2f} s of the processor a submission:")
        for what, each in costs.items():
            print(f"  {what:28} {each:7.2f} s   {theirs / each:6.1f} ×")


if __name__ == "__main__":
    main()

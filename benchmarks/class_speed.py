"""What a submission costs: `nbgrader autograde`, plain pytest for each, `course grade` in a plain process and behind the wall.

    python benchmarks/class_speed.py --write fast                             # 04b and 01, 10 and 100 of each; into docs/speed.md
    python benchmarks/class_speed.py --projects 04b --numbers 10 100 1000     # is it linear, and the memory flat?
    python benchmarks/class_speed.py --projects 07 --numbers 2 6              # how near to the training alone

One run, in a copy of this checkout, the same notebooks before each: half of them right, the others half written, no two alike. All
are to find the points that the class has earned. nbgrader, pytest and a plain process do one after another with nothing kept
between two, so `--slow` of them say what the others would cost too. Seconds of the processor are those of the command and of
everything that it has started, also of what has lost its parent: this process takes such orphans in. They are the fair figure on
a machine that does other things as well. A class has costs of its own (imports, the exam), so of two sizes the difference, divided
by the submissions between them, is what one more costs.
"""

import argparse
import csv
import ctypes
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from speed_page import write

from course import catalog, paths
from course.authoring.rehearsal.mock_class import Student, hand_in, students
from course.authoring.rehearsal.term import copy_checkout, surroundings
from course.catalog import Project
from course.checks.check import checks_of
from course.datasets import store
from course.wall.line import best

PLACES = ("fast",)
SUBREAPER = 36  # of prctl(2)
KINDS = ("right", "half")
NBGRADER, PYTEST, WALL, PROCESS = "`nbgrader autograde`", "pytest for each", "behind the wall", "`--isolation process`"


@dataclass(frozen=True)
class Cost:
    """What a number of submissions took: seconds by the clock and of the processor, MB of the command at its highest.

    Args:
        training: part of the time of all checks, by the clock, that those took which train something.
    """

    project: str
    way: str
    number: int
    wall: float
    processor: float
    memory: float = 0.0
    training: float = 0.0

    @property
    def each(self) -> float:
        """Seconds of the processor a submission."""
        return self.processor / self.number


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


def measured(timed: Timed, entry: Project, numbers: Sequence[int], slow: int) -> list[Cost]:
    """All ways of grading a project, said as they come."""
    everybody = students(max([*numbers, slow]), KINDS)
    trains = {check.name for check in checks_of(entry) if check.slow}
    costs: list[Cost] = []

    def found(way: str, number: int, took: tuple[float, float, float], training: float = 0.0) -> None:
        costs.append(Cost(entry.id, way, number, *took, training))
        print(line(costs[-1]), flush=True)

    for way, isolation, number in [(WALL, best(), n) for n in sorted(numbers)] + [(PROCESS, "process", slow)]:
        submitted, out = timed.course / f"{entry.id}-{isolation}-{number}", f"feedback-{entry.id}-{isolation}-{number}"
        hand_in(submitted, entry, everybody[:number])
        command = ["course", "grade", str(submitted), "--project", entry.id, "--seed", "7", "--isolation", isolation]
        took = timed.run(*command, "--out", out)
        same(rows(timed.course / out / f"{entry.module}.csv", "student", "earned"), everybody[:number], entry)
        results = json.loads((timed.course / out / f"{entry.module}.json").read_text("utf-8"))
        checks = [check for result in results for check in result["result"]["checks"]]
        whole = sum(check["seconds"] for check in checks)
        found(way, number, took, sum(check["seconds"] for check in checks if check["name"] in trains) / whole)
    some = everybody[:slow]
    hand_in(timed.course / "submitted", entry, some)
    timed.run("course", "release", entry.id)  # nbgrader wants to know the assignment
    found(NBGRADER, slow, timed.run("nbgrader", "autograde", entry.module))
    timed.run("nbgrader", "export")
    same(rows(timed.course / "grades.csv", "student_id", "score", entry.module), some, entry)
    hand_in(timed.course / "plain", entry, students(slow, KINDS, ("module",)))
    each = []
    for student in some:
        place = timed.course / "plain" / student.name / entry.module
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"graders/{entry.grader}"]
        each.append(timed.run(*command, "--target", str(place), "--no-cache", allowed=(0, 1)))
    found(PYTEST, slow, (sum(t[0] for t in each), sum(t[1] for t in each), max(t[2] for t in each)))
    return costs


def rows(file: Path, student: str, points: str, assignment: str = "") -> dict[str, float]:
    """{student: points} of a table."""
    with file.open(encoding="utf-8", newline="") as stream:
        read = [row for row in csv.DictReader(stream) if row.get("assignment", "") == assignment]
        return {row[student]: float(row[points]) for row in read}


def same(found: dict[str, float], everybody: Sequence[Student], entry: Project) -> None:
    """Everybody has the points that the class has earned."""
    wanted = {s.name: float(s.points(entry)) for s in everybody}
    if found != wanted:
        sys.exit(f"other points than these: {wanted}\nwere found: {found}")


def line(cost: Cost) -> str:
    """A measurement, for the terminal."""
    words = (
        f"{cost.project:4} {cost.way:24}{cost.number:5} {cost.wall:9.1f} s {cost.processor:9.1f} s {cost.each:8.2f} s"
    )
    return f"{words} {cost.memory:8.0f} MB" + (f"   training {cost.training:.0%}" if cost.training else "")


def one_more(costs: Sequence[Cost]) -> list[tuple[str, float, float]]:
    """(what it is called, seconds of the processor, part of it in training) of one more submission, from size to size."""
    pairs = list(itertools.pairwise(costs))
    if len(costs) > 2:
        pairs.append((costs[0], costs[-1]))
    return [
        (
            f"one more, of {a.number} and {b.number}",
            (b.processor - a.processor) / (b.number - a.number),
            b.training,
        )
        for a, b in pairs
    ]


def table(costs: Sequence[Cost]) -> list[str]:
    """The rows of the page, with what nbgrader takes for each in proportion."""
    lines = [
        "| | | submissions | clock | processor | each | nbgrader takes | memory |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for project in dict.fromkeys(cost.project for cost in costs):
        own = [cost for cost in costs if cost.project == project]
        theirs = next(cost.each for cost in own if cost.way == NBGRADER)
        for cost in own:
            lines.append(
                f"| {project} | {cost.way} | {cost.number} | {cost.wall:.0f} s | {cost.processor:.1f} s | {cost.each:.2f} s"
                f" | {theirs / cost.each:.1f} × | {cost.memory:.0f} MB |"
            )
        for what, seconds, training in one_more([cost for cost in own if cost.way == WALL]):
            lines.append(f"| {project} | **{what}** | | | | **{seconds:.3f} s** | **{theirs / seconds:.0f} ×** | |")
            if training:
                fast = max(seconds * (1 - training), 1e-9)
                lines.append(f"| {project} | of it, training | | | | {seconds * training:.3f} s | | |")
                lines.append(f"| {project} | without training | | | | {fast:.3f} s | {theirs / fast:.0f} × | |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--projects", nargs="+", default=["04b", "01"])
    parser.add_argument("--numbers", type=int, nargs="+", default=[10, 100])
    parser.add_argument(
        "--slow", type=int, default=2, help="how many of them nbgrader, pytest and a plain process grade"
    )
    parser.add_argument("--write", choices=PLACES, help="put the table into docs/speed.md")
    given = parser.parse_args()
    sys.path.insert(0, str(paths.ROOT))  # before this folder, which has a module called graders too
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    entries = [catalog.project(id) for id in given.projects]
    for name in dict.fromkeys(name for entry in entries for name in entry.data):
        store.ensure(name)
    load, costs = [os.getloadavg()[0]], list[Cost]()
    with tempfile.TemporaryDirectory(prefix="course-speed-", ignore_cleanup_errors=True) as folder:
        course = Path(folder, "course")
        copy_checkout(course)
        timed = Timed(course)
        print(f"load {load[0]:.1f}\n{'':33}n      wall   processor       each  the command", flush=True)
        for entry in entries:
            costs += measured(timed, entry, given.numbers, given.slow)
            load.append(os.getloadavg()[0])
    made = table(costs)
    print("\n".join(["", *made, f"load {min(load):.1f} to {max(load):.1f}"]))
    if given.write:
        command = " ".join(["python benchmarks/class_speed.py", *sys.argv[1:]])
        said = f"`{command}`, load {min(load):.1f} to {max(load):.1f} on {os.cpu_count()} cores:"
        write(f"`python benchmarks/class_speed.py --write {given.write}`", [said, "", *made])


if __name__ == "__main__":
    main()

"""What a release and a class of thirty cost, against `nbgrader autograde` alone, side by side in one run.

    python benchmarks/class_of_thirty.py                              # project 04b; nbgrader grades 6 of the 30
    python benchmarks/class_of_thirty.py --students 6 --nbgrader 3    # smaller

In a copy of this checkout: `course release` of all nine, then one class of notebooks, a third each right, half written and not
begun, before `course grade --jobs 2` and, as many of them as asked for, before `nbgrader autograde`, which grades one after
another: what one costs there is what the others cost too. Seconds of the processor are those of the command and all processes
that it has started; they are the fair figure on a machine that does other things as well. Both sides are to find the same points.
"""

import argparse
import csv
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course import catalog
from course.authoring.rehearsal.mock_class import Student, hand_in, students
from course.authoring.rehearsal.term import copy_checkout, surroundings
from course.catalog import Project
from course.datasets import store
from course.wall.line import best

KINDS = ("right", "half", "not started")
IMPORT = "import torch, torchvision"


class Measured:
    """Runs commands in the copy and keeps what each took."""

    def __init__(self, course: Path) -> None:
        self.course = course

    def seconds(self, *command: str) -> tuple[float, float]:
        """(wall, processor) of a command, which must succeed."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            command,
            cwd=self.course,
            env=surroundings(self.course, self.course.parent / "jupyter"),
            capture_output=True,
            text=True,
            check=False,
        )
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def line(what: str, number: int, wall: float, processor: float) -> None:
    each = f"{wall / number:9.1f} s {processor / number:9.1f} s" if number > 1 else ""
    print(f"{what:46}{number:4} {wall:9.1f} s {processor:9.1f} s {each}".rstrip(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="04b")
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--nbgrader", type=int, default=6, help="how many of them nbgrader grades")
    given = parser.parse_args()
    entry = catalog.project(given.project)
    everybody = students(given.students, KINDS)
    some = everybody[: given.nbgrader]
    for name in entry.data:
        store.ensure(name)
    with tempfile.TemporaryDirectory(prefix="course-class-", ignore_cleanup_errors=True) as folder:
        course = Path(folder, "course")
        copy_checkout(course)
        timed = Measured(course)
        print(f"{'':46}   n        wall   processor    wall each  processor each")
        floors = [timed.seconds(sys.executable, "-c", IMPORT)]
        line(IMPORT, 1, *floors[0])
        line("course release, all nine", 1, *timed.seconds("course", "release"))
        hand_in(course / "submitted", entry, everybody)
        ours = timed.seconds(
            "course",
            "grade",
            "submitted",
            "--project",
            entry.id,
            "--jobs",
            "2",
            "--out",
            "feedback",
            "--isolation",
            best(),
        )
        floors.append(timed.seconds(sys.executable, "-c", IMPORT))  # it varies with what else the machine does
        line("course grade --jobs 2", len(everybody), *ours)
        same(_rows(course / "feedback" / f"{entry.module}.csv", "student", "earned"), everybody, entry)
        for student in everybody[given.nbgrader :]:
            (course / "submitted" / student.name / entry.module / student.file_name(entry)).unlink()
            (course / "submitted" / student.name / entry.module).rmdir()
        theirs = timed.seconds("nbgrader", "autograde", entry.module)
        floors.append(timed.seconds(sys.executable, "-c", IMPORT))
        line("nbgrader autograde", len(some), *theirs)
        timed.seconds("nbgrader", "export")
        same(_rows(course / "grades.csv", "student_id", "score", entry.module), some, entry)
    wall, processor = ((b / len(some)) / (a / len(everybody)) for a, b in zip(ours, theirs, strict=True))
    print(
        f"\nA submission under nbgrader takes {processor:.1f} × the processor's seconds and {wall:.1f} × the wall time."
    )
    floor = statistics.median(seconds for _, seconds in floors)
    untouched = sum(s.kind == "not started" for s in everybody)
    started = min(untouched, 2) + sum(s.kind != "not started" for s in everybody)
    print(
        f"{untouched} of the {len(everybody)} are the untouched release, which course grade runs once in each of its processes. "
        f"It thus imports torch about {started + 3} times: {floor:.1f} s of the processor each, about "
        f"{(started + 3) * floor / ours[1]:.0%} of what it takes."
    )


def _rows(file: Path, student: str, points: str, assignment: str = "") -> dict[str, float]:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("assignment", "") == assignment]
        return {row[student]: float(row[points]) for row in rows}


def same(found: dict[str, float], everybody: list[Student], entry: Project) -> None:
    wanted = {s.name: float(s.points(entry)) for s in everybody}
    if found != wanted:
        sys.exit(f"other points than these: {wanted}\nwere found: {found}")


if __name__ == "__main__":
    main()

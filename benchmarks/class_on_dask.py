"""Two judges as workers of Dask on loopback against two local processes: the same class, one run. Then one worker is killed midway.

    python benchmarks/class_on_dask.py                       # 40 submissions of 04b; needs the extra `dask`
    python benchmarks/class_on_dask.py --students 20 --write

Real judges behind the wall on both sides. Processes of this machine begin anew with each command and workers of Dask are there
already, so what counts is the time from the fifth verdict to the last: by then every judge has imported torch and drawn the exam.
Afterwards the class is graded once more on Dask; when half of it has its verdict, one of the two workers is killed by its pid. All
tables must be the same.
"""

import argparse
import csv
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psutil
from speed_page import write

from course import catalog, paths
from course.authoring.rehearsal.mock_class import hand_in, students
from course.catalog import Project
from course.datasets import store
from course.wall.line import best

FIRST = 4  # verdicts after which every judge is warm
PATIENCE = 60.0  # seconds for scheduler and workers to come


@contextmanager
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """(address for --executor, the two workers) of a scheduler on loopback; ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    run = [sys.executable, "-m"]
    host, _, port = where.partition(":")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": paths.ROOT}
    options = ["--host", host, "--port", port, "--no-dashboard"]
    scheduler = subprocess.Popen([*run, "distributed.cli.dask_scheduler", *options], **quiet)  # type: ignore[call-overload]
    worker = [*run, "distributed.cli.dask_worker", f"tcp://{where}", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    workers: list[subprocess.Popen[bytes]] = []
    try:
        workers += [subprocess.Popen(worker, **quiet) for _ in range(2)]  # type: ignore[call-overload]
        await_workers(where, 2)
        yield f"dask://{where}", workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def await_workers(where: str, number: int) -> None:
    """Wait until so many workers have come."""
    from distributed import Client

    with Client(f"tcp://{where}", timeout=PATIENCE, set_as_default=False) as client:
        client.wait_for_workers(number, timeout=PATIENCE)


class Class:
    """Students of a project, and the command that grades them."""

    def __init__(self, folder: Path, entry: Project, number: int) -> None:
        self.folder, self.entry, self.number = folder, entry, number
        self.everybody = students(number, ("right", "half"))

    def grade(self, size: int, name: str, executor: str = "") -> "Running":
        """Begin to grade the first `size` of them, with reports of this name."""
        submitted, out = self.folder / f"class{size}", self.folder / f"{name}-{size}"
        if not submitted.is_dir():
            hand_in(submitted, self.entry, self.everybody[:size])
        command = [sys.executable, "-m", "course", "grade", str(submitted), "--project", self.entry.id, "--seed", "7"]
        command += [
            "--jobs",
            "2",
            "--isolation",
            best(),
            "--out",
            str(out),
            "--autograded",
            str(self.folder / "copies"),
        ]
        return Running([*command, *(["--executor", executor] if executor else [])], out, self.entry)


class Running:
    """A `course grade` that has begun."""

    def __init__(self, command: list[str], out: Path, entry: Project) -> None:
        self.out, self.entry, self.began = out, entry, time.perf_counter()
        self.process = subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def done(self) -> int:
        """How many have their verdict."""
        with suppress(sqlite3.Error), sqlite3.connect(f"file:{self.out / 'journal.db'}?mode=ro", uri=True) as base:
            return int(base.execute("SELECT count(*) FROM row").fetchone()[0])
        return 0

    def steady(self) -> float:
        """Seconds a verdict, by the clock, once every judge is warm."""
        with sqlite3.connect(f"file:{self.out / 'journal.db'}?mode=ro", uri=True) as base:
            found = [datetime.fromisoformat(at) for (at,) in base.execute("SELECT at FROM row ORDER BY at")]
        return (found[-1] - found[FIRST]).total_seconds() / (len(found) - 1 - FIRST)

    def seconds(self) -> float:
        """Wait for its end; by the clock."""
        said, _ = self.process.communicate()
        if self.process.returncode:
            sys.exit(f"course grade failed:\n{said.decode()[-3000:]}")
        return time.perf_counter() - self.began

    def table(self) -> list[tuple[str, str]]:
        """(student, points), sorted: twice the same is seen."""
        with (self.out / f"{self.entry.module}.csv").open(encoding="utf-8", newline="") as stream:
            return sorted((row["student"], row["earned"]) for row in csv.DictReader(stream))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="04b")
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--write", action="store_true", help="put the table into docs/speed.md")
    given = parser.parse_args()
    entry = catalog.project(given.project)
    for name in entry.data:
        store.ensure(name)
    load = os.getloadavg()[0]
    lines = ["| two judges | class | each, once warm |", "|---|---:|---:|"]
    with tempfile.TemporaryDirectory(prefix="course-dask-", dir=Path.home(), ignore_cleanup_errors=True) as folder:
        course, each = Class(Path(folder), entry, given.students), {}
        tables = []
        with cluster() as (address, _):
            for way, executor in (("local processes", ""), ("workers of Dask", address)):
                running = course.grade(given.students, way.replace(" ", "-"), executor)
                took = running.seconds()
                tables.append(running.table())
                each[way] = running.steady()
                lines.append(f"| {way} | {took:.1f} s | {each[way]:.3f} s |")
                print(lines[-1], flush=True)
        with cluster() as (address, workers):  # others: those above remember their verdicts
            running = course.grade(given.students, "killed", address)
            while running.done() < given.students // 2 and running.process.poll() is None:
                time.sleep(0.05)
            victim, at = workers[0], running.done()
            os.kill(victim.pid, signal.SIGKILL)
            took_all, left = running.seconds(), psutil.pid_exists(workers[1].pid)
            tables.append(running.table())
    ratio = each["workers of Dask"] / each["local processes"]
    names = [name for name, _ in tables[2]]
    lost, twice = len({s.name for s in course.everybody} - set(names)), len(names) - len(set(names))
    same = "the same" if tables[0] == tables[1] == tables[2] else "**not the same**"
    said = f"{given.students} submissions of {entry.id}, half of them right, no two alike; load {load:.1f} at the beginning."
    lines += [
        "",
        f"By the clock a submission takes {ratio:.2f} times as long on Dask as in local processes. With one of the two",
        f"workers killed after {at} of {given.students} verdicts the class took {took_all:.1f} s: lost {lost}, twice {twice}; all",
        f"three tables are {same}" + ("." if left else "; the other worker has gone as well."),
    ]
    print("\n".join([said, "", *lines]))
    if given.write:
        write("`python benchmarks/class_on_dask.py --write`", [said, "", *lines])


if __name__ == "__main__":
    main()

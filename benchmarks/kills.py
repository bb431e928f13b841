"""Kills and Ctrl-C at random moments of a real class: is anything lost, graded twice, or judged differently?

    python benchmarks/kills.py                           # 100 submissions of 04b, 50 kills, then 20 times Ctrl-C
    python benchmarks/kills.py --students 20 --kills 10 --stops 0

One run of `course grade` that nothing disturbs says what everybody must get. A second one, into another folder, has its
processes ended by SIGKILL: the command, a judge, bubblewrap, the zygote, a guard, a worker, in turn, each at a random moment;
where the command has ended it is given again. At the end its table must be the same byte for byte. A third class is stopped by
Ctrl-C, as a terminal sends it, to the whole group of processes: the seconds until the command has left are those that one waits.
"""

import argparse
import itertools
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from course import catalog, paths
from course.authoring.rehearsal.mock_class import hand_in, students
from course.datasets import store
from course.wall.line import best

VICTIMS = ("command", "judge", "worker", "zygote", "judge", "guard", "worker", "bubblewrap")
PATIENCE = 900.0


class Class:
    """A class and the command that grades it into a folder of its own."""

    def __init__(self, folder: Path, project: str, isolation: str) -> None:
        self.submitted, self.folder, self.project, self.isolation = folder / "submitted", folder, project, isolation

    def start(self, out: str) -> psutil.Popen:
        command = [
            sys.executable,
            "-m",
            "course",
            "grade",
            str(self.submitted),
            "--project",
            self.project,
            "--seed",
            "7",
        ]
        command += ["--out", str(self.folder / out), "--isolation", self.isolation, "--jobs", "2"]
        with (self.folder / f"{out}.log").open("a") as log:
            return psutil.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(paths.ROOT)},
                start_new_session=True,
            )

    def table(self, out: str) -> bytes:
        return (self.folder / out / f"{catalog.project(self.project).module}.csv").read_bytes()

    def verdicts(self, out: str) -> dict[str, str]:
        """{key: when it was kept} of the journal now."""
        journal = self.folder / out / "journal.db"
        with suppress(sqlite3.Error):
            base = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
            try:
                return dict(base.execute("SELECT key, at FROM verdict"))
            finally:
                base.close()
        return {}


def processes(command: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
    """(what it is, the process) of a command and all that it has started."""
    yield "command", command
    walls: set[int] = set()  # whose first process is the zygote
    zygotes: set[int] = set()
    for one in sorted(command.children(recursive=True), key=lambda p: p.create_time()):
        with suppress(psutil.Error):
            words, above = " ".join(one.cmdline()), one.parent()
            if "spawn_main" in words:
                yield "judge", one
            elif one.name() == "bwrap":
                yield "bubblewrap", one
            elif "course.wall.zygote" in words and above is not None:
                if above.name() == "bwrap" and above.pid not in walls:
                    walls.add(above.pid)
                    zygotes.add(one.pid)
                    yield "zygote", one
                else:  # a guard is the zygote's child, or has been left to bubblewrap by a process between
                    yield ("guard" if above.name() == "bwrap" or above.pid in zygotes else "worker"), one


def killed(command: psutil.Process, wanted: str, chance: random.Random) -> bool:
    """SIGKILL for one such process, if there is one."""
    with suppress(psutil.Error):
        found = [one for what, one in processes(command) if what == wanted]
        if found:
            chance.choice(found).kill()
            return True
    return False


def kills(
    class_: Class, number: int, whole: float, end: float, chance: random.Random
) -> tuple[Counter[str], int, int, int]:
    """Grade with so many kills; returns (how many of which, starts of the command, verdicts lost, verdicts made twice)."""
    done: Counter[str] = Counter()
    seen: dict[str, str] = {}
    lost = twice = starts = 0
    process = None
    while True:
        if process is None or process.poll() is not None:
            if process is not None and process.returncode == 0:
                break
            now = class_.verdicts("killed")
            lost += len(seen.keys() - now.keys())
            process, starts = class_.start("killed"), starts + 1
        if done.total() < number and time.monotonic() < end:
            # with as many moments as kills in a whole run, and some for what has to start again
            with suppress(subprocess.TimeoutExpired, psutil.TimeoutExpired):
                process.wait(chance.uniform(0, 2 * whole / number))
            wanted = VICTIMS[done.total() % len(VICTIMS)]
            until = time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < until:
                if killed(process, wanted, chance):
                    done[wanted] += 1
                    print(
                        f"  {done.total():3} {wanted:11} with {len(class_.verdicts('killed')):4} verdicts", flush=True
                    )
                    break
                time.sleep(0.02)
            if wanted == "command":
                process.wait()
        else:
            process.wait(PATIENCE)
        now = class_.verdicts("killed")
        lost += len(seen.keys() - now.keys())
        twice += sum(now.get(key, at) != at for key, at in seen.items())
        seen |= now
        if (
            done.total() < number and process.poll() == 0 and time.monotonic() < end
        ):  # the class was done before the last kill: some of it anew
            with sqlite3.connect(class_.folder / "killed" / "journal.db") as base:
                for key in chance.sample(sorted(now), len(now) // 2):
                    base.execute("DELETE FROM verdict WHERE key = ?", (key,))
                    seen.pop(key)
            process = class_.start("killed")
            starts += 1
    return done, starts, lost, twice


def stops(
    class_: Class, number: int, whole: float, end: float, chance: random.Random
) -> list[tuple[float, float, int, int, str]]:
    """[(after how long Ctrl-C came, seconds until the command had left, its status, verdicts kept, what it said)]."""
    found = []
    for turn in range(number):
        process = class_.start("stopped")
        after = chance.uniform(0.2, 1.0) * whole / 4 if turn else 1.0
        with suppress(subprocess.TimeoutExpired, psutil.TimeoutExpired):
            process.wait(after)
        below = [process, *process.children(recursive=True)] if process.poll() is None else []
        began = time.monotonic()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        status = process.wait(PATIENCE)
        took = time.monotonic() - began
        psutil.wait_procs(below, 10)
        left = [one for one in below if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        said = (class_.folder / "stopped.log").read_text("utf-8", "replace").strip().splitlines()
        last = next((line for line in reversed(said) if "Stopped" in line), said[-1] if said else "")
        found.append(
            (after, took, status, len(class_.verdicts("stopped")), f"{last}{f' LEFT: {left}' if left else ''}")
        )
        print(f"  Ctrl-C after {after:5.1f} s: {took:5.2f} s, status {status}, {found[-1][3]} kept", flush=True)
        if status == 0 or time.monotonic() > end:
            break
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="04b")
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=240, help="no more kills after so many, and no more Ctrl-C")
    given = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's `command &` has it ignored, by all that is started too
    entry, chance = catalog.project(given.project), random.Random(given.seed)
    for name in entry.data:
        store.ensure(name)
    with tempfile.TemporaryDirectory(prefix="course-kills-", ignore_cleanup_errors=True) as folder:
        class_ = Class(Path(folder), entry.id, best())
        hand_in(class_.submitted, entry, students(given.students, ("right", "half")))
        print(
            f"{given.students} submissions of {entry.id}, isolation {class_.isolation}, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        began = time.monotonic()
        if class_.start("whole").wait() != 0:
            sys.exit((class_.folder / "whole.log").read_text("utf-8", "replace")[-2000:])
        whole = time.monotonic() - began
        print(f"undisturbed: {whole:.0f} s", flush=True)
        if given.kills:
            end = time.monotonic() + 60 * given.minutes
            done, starts, lost, twice = kills(class_, given.kills, whole, end, chance)
            same = class_.table("killed") == class_.table("whole")
            print(f"{done.total()} kills: {', '.join(f'{count} {what}' for what, count in sorted(done.items()))}")
            print(
                f"the command was given {starts} times; verdicts lost {lost}, made twice {twice}; "
                f"the table is {'the same' if same else 'ANOTHER'}"
            )
            if not same:
                before, after = (class_.table(out).decode().splitlines() for out in ("whole", "killed"))
                for one, other in zip(before, after, strict=False):
                    if one != other:
                        print(f"  - {one[:300]}\n  + {other[:300]}")
        if given.stops:
            found = stops(class_, given.stops, whole, time.monotonic() + 60 * given.minutes, chance)
            took = [seconds for _, seconds, status, *_ in found if status != 0]
            print(
                f"{len(took)} times Ctrl-C: stopped within {statistics.median(took):.2f} s (median), {max(took):.2f} s at most; "
                f"status {dict(Counter(status for _, _, status, *_ in found))}; load {os.getloadavg()[0]:.1f}"
            )
            kept = [number for _, _, _, number, _ in found]
            print(
                f"verdicts kept after each: {kept}; fewer than before: {sum(a > b for a, b in itertools.pairwise(kept))}"
            )
            for what in sorted({said for *_, said in found if "LEFT" in said or "Traceback" in said}):
                print(f"  {what}")


if __name__ == "__main__":
    main()

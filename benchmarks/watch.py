"""From save to verdict: how long `course watch` takes after a save, against cold `pytest` and the import of torch in the same run.

    python benchmarks/watch.py                          # project 01
    python benchmarks/watch.py --project 03 --saves 10
    python benchmarks/watch.py --project all
    python benchmarks/watch.py --memory 200             # the watcher's memory over so many saves

`course watch --fast` runs in a terminal of 80 x 24 of its own. Saved are: the right file with a comment changed; with one function
wrong, each in turn (so two have changed: this one, and the one that is right again); with a syntax error; with a function that ends
its process. A clock outside measures until the first verdicts stand on the screen, and until those of all fast checks do:
median and worst. The first save of each kind is not counted, for after it the watcher imports what that round has needed. Figures
depend on what else the machine does, so the load is printed too, and in brackets the ratio of the median to the import of torch and
torchvision, measured right before and after.
"""

import argparse
import os
import pty
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from course import paths
from course.catalog import Project, project, projects

PAUSE = 1.5  # seconds between a verdict and the next save: no editor is faster, and the watcher works out what the round had to
SOME, ALL = "and it goes on", "Checked in"
PATIENCE = 300.0  # seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="01")
    parser.add_argument("--saves", type=int, default=10, help="saves of each kind (10)")
    parser.add_argument("--memory", type=int, metavar="SAVES", help="measure the watcher's memory over so many saves")
    said = parser.parse_args()
    chosen = projects() if said.project == "all" else [project(said.project)]
    if said.memory:
        for entry in chosen:
            memory(entry, said.memory)
        return
    print(f"load {os.getloadavg()[0]:.1f}; seconds: median and worst of {said.saves}, (median / import floor)")
    print(
        "| project | import floor | pytest, cold | right: first verdicts | all | one wrong: first verdicts | all | syntax error "
        "| process ends | memory |"
    )
    print("|---" * 10 + "|")
    for entry in chosen:
        measure(entry, said.saves)
    print(f"load {os.getloadavg()[0]:.1f}")


def measure(entry: Project, saves: int) -> None:
    """One row."""
    solution = (paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    tasks = [function.name for function in entry.functions]
    floors = [import_floor()]
    with tempfile.TemporaryDirectory() as name:
        watch = Watch(entry, Path(name), solution)
        try:
            watch.screen(time.perf_counter())
            cells, kept = [], []
            for kind in ("right", "wrong", "syntax", "ends"):
                took = []
                for number in range(saves + 1):
                    took.append(watch.save(f"{changed(solution, kind, tasks[number % len(tasks)])}\n# save {number}\n"))
                    kept.append(watch.memory())
                firsts, wholes = zip(*took[1:], strict=True)
                cells += [firsts, wholes] if kind in ("right", "wrong") else [wholes]
        finally:
            watch.end()
        file = Path(name, f"{entry.module}.py")
        file.write_text(solution, "utf-8")
        began = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            f"graders/{entry.grader}",
            "-m",
            "not slow",
        ]
        subprocess.run(
            [*command, "--target", str(file)],
            cwd=paths.ROOT,
            env=watch.environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        cold = time.perf_counter() - began
    floors.append(import_floor())
    floor = statistics.mean(floors)
    told = [f"{statistics.median(c):.2f}, {max(c):.2f} ({statistics.median(c) / floor:.2f})" for c in cells]
    print(
        f"| {entry.id} | {floor:.1f} | {cold:.1f} | {' | '.join(told)} | {kept[saves]:.0f} to {kept[-1]:.0f} MB |",
        flush=True,
    )


def memory(entry: Project, saves: int) -> None:
    """The watcher's memory, at the end of each tenth of so many saves."""
    solution = (paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    tasks = [function.name for function in entry.functions]
    with tempfile.TemporaryDirectory() as name:
        watch = Watch(entry, Path(name), solution)
        kept = []
        try:
            watch.screen(time.perf_counter())
            for number in range(saves):
                kind = ("right", "wrong", "syntax", "wrong")[number % 4]
                watch.save(f"{changed(solution, kind, tasks[number % len(tasks)])}\n# save {number}\n", pause=0.3)
                kept.append(watch.memory())
        finally:
            watch.end()
    tenths = [f"{kept[k - 1]:.0f}" for k in range(saves // 10, saves + 1, saves // 10)]
    print(f"{entry.id}: {saves} saves; MB after each tenth: {' '.join(tenths)}", flush=True)


def changed(solution: str, kind: str, task: str) -> str:
    """The solution, spoiled in one way."""
    return {
        "right": solution,
        "wrong": f"{solution}\n\ndef {task}(*args, **kwargs):\n    return None\n",
        "syntax": f"{solution}\n\ndef broken(:\n",
        "ends": f"{solution}\n\ndef {task}(*args, **kwargs):\n    import os\n    os._exit(3)\n",
    }[kind]


@dataclass
class Watch:
    """`course watch --fast` in a terminal of its own."""

    entry: Project
    folder: Path
    text: str
    seen: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        exercises = self.folder / "exercises"
        exercises.mkdir()
        self.file = exercises / f"{self.entry.module}.py"
        self.file.write_text(self.text, "utf-8")
        self.environment = os.environ | {
            "COURSE_EXERCISES": str(exercises),
            "COURSE_PROGRESS": str(self.folder / "progress.json"),
            "COURSE_DATA": str(paths.data_folder()),
            "PYTHONIOENCODING": "utf-8",
            "TERM": "xterm",
        }
        self.process, self.terminal = pty.fork()
        if not self.process:
            os.chdir(paths.ROOT)
            command = [sys.executable, "-m", "course", "watch", self.entry.id, "--fast"]
            os.execve(sys.executable, command, self.environment)
        import fcntl
        import termios

        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def save(self, text: str, pause: float = PAUSE) -> tuple[float, float]:
        """Save it; seconds until the first verdicts are on the screen, and until all are."""
        self._drain(pause)
        new = self.file.with_suffix(".new")
        new.write_text(text, "utf-8")
        began = time.perf_counter()
        os.replace(new, self.file)
        return self.screen(began)

    def screen(self, began: float) -> tuple[float, float]:
        """Read up to the end of the next whole screen."""
        self.seen, first = "", 0.0
        while time.perf_counter() - began < PATIENCE:
            self.seen += os.read(self.terminal, 1 << 16).decode("utf-8", "replace")
            now = time.perf_counter() - began
            if not first and (SOME in self.seen or ALL in self.seen):
                first = now
            if ALL in self.seen:
                return first, now
        raise SystemExit(f"no verdict:\n{self.seen[-2000:]}")

    def memory(self) -> float:
        """MB that it holds."""
        return psutil.Process(self.process).memory_info().rss / 2**20

    def end(self) -> None:
        """End it."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)

    def _drain(self, seconds: float) -> None:
        import select

        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                os.read(self.terminal, 1 << 16)


def import_floor() -> float:
    """Seconds of a process that imports torch and torchvision and nothing else."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, torchvision"], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

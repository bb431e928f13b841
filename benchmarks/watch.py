"""From save to verdict: how long `course watch` takes after a save, against importing torch, which each cold start pays.

    python benchmarks/watch.py                          # project 01
    python benchmarks/watch.py --project 03 --saves 10
    python benchmarks/watch.py --project all

Saves a right file, one with a wrong function, one with a syntax error, one that ends its process, in a folder of its own, and
measures with a clock outside of the process until the screen of the fast checks is there: median and worst. The first save of
each kind is not counted, for the watcher still imports what that round has needed. Figures depend on what else the machine does,
so the load is printed too, and the ratio to the import of torch and torchvision, measured right before and after.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from course import paths
from course.catalog import Project, project, projects

LAST_LINE = "Ctrl-C leaves."


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="01")
    parser.add_argument("--saves", type=int, default=6, help="saves of each kind (6)")
    said = parser.parse_args()
    print(
        f"load {os.getloadavg()[0]:.1f}; seconds, median and worst of {said.saves}; in brackets the ratio to the import floor"
    )
    print(
        "| project | import floor | first verdict | right file | one function wrong | syntax error | process ends | memory |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for entry in projects() if said.project == "all" else [project(said.project)]:
        measure(entry, said.saves)
    print(f"load {os.getloadavg()[0]:.1f}")


def measure(entry: Project, saves: int) -> None:
    """One row."""
    solution = (paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    task = entry.functions[0].name
    kinds = (
        solution,
        solution + f"\n\ndef {task}(*args, **kwargs):\n    return None\n",
        solution + "\n\ndef broken(:\n",
        solution + f"\n\ndef {task}(*args, **kwargs):\n    import os\n    os._exit(3)\n",
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "exercises"
        folder.mkdir()
        file = folder / f"{entry.module}.py"
        file.write_text(solution, "utf-8")
        floor = import_floor()
        started = time.perf_counter()
        places = {
            "COURSE_EXERCISES": str(folder),
            "COURSE_PROGRESS": str(Path(name, "p.json")),
            "PYTHONIOENCODING": "utf-8",
        }
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "course", "watch", entry.id, "--fast"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env=os.environ | places,
        )
        try:
            until_screen(process)
            first = time.perf_counter() - started
            rows, memory = [], []
            for text in kinds:
                took = []
                for number in range(saves + 1):
                    time.sleep(1.5)  # an editor's pace; the watcher imports meanwhile what the round had to
                    started = time.perf_counter()
                    file.write_text(f"{text}\n# save {number}\n", "utf-8")
                    until_screen(process)
                    took.append(time.perf_counter() - started)
                rows.append(took[1:])
                memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
        finally:
            process.kill()
            process.wait()
        floor = (floor + import_floor()) / 2
    cells = [f"{statistics.median(row):.2f}, {max(row):.2f} ({statistics.median(row) / floor:.2f})" for row in rows]
    print(
        f"| {entry.id} | {floor:.1f} | {first:.1f} | {' | '.join(cells)} | {memory[0]:.0f} to {memory[-1]:.0f} MB |",
        flush=True,
    )


def import_floor() -> float:
    """Seconds of a process that imports torch and torchvision and nothing else."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, torchvision"], check=True)
    return time.perf_counter() - started


def until_screen(process: subprocess.Popen[str]) -> None:
    """Read up to the end of the next screen."""
    for line in process.stdout or ():
        if LAST_LINE in line:
            return
    raise SystemExit("course watch has ended")


if __name__ == "__main__":
    main()

"""From save to verdict: how long `course watch` takes after a save, against a fresh `pytest` on the same file.

    python benchmarks/watch.py                    # project 01
    python benchmarks/watch.py --project 03 --saves 10

Saves a right file, one with a wrong function, and the stub, in a folder of its own, and measures with a clock outside the process
until the screen of the fast checks is there. Figures depend on what else the machine does, so the load is printed too.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course import paths
from course.catalog import project
from course.checks.check import checks_of

LAST_LINE = "Ctrl-C leaves."


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="01")
    parser.add_argument("--saves", type=int, default=6, help="saves of each kind (6)")
    said = parser.parse_args()
    entry = project(said.project)
    solution = (paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    stub = (paths.ROOT / "exercises" / f"{entry.module}.py").read_text("utf-8")
    task = entry.functions[0].name
    wrong = solution + f"\n\ndef {task}(*args, **kwargs):\n    return None\n"
    checks = checks_of(entry)
    fast = [check.name for check in checks if not check.slow]
    print(f"project {entry.id}: {len(fast)} of {len(checks)} checks are fast; load {os.getloadavg()[0]:.1f}")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "exercises"
        folder.mkdir()
        file = folder / f"{entry.module}.py"
        file.write_text(solution, "utf-8")
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "course", "watch", entry.id, "--fast"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env=os.environ
            | {
                "COURSE_EXERCISES": str(folder),
                "COURSE_PROGRESS": str(Path(name, "p.json")),
                "PYTHONIOENCODING": "utf-8",
            },
        )
        try:
            until_screen(process)
            print(
                f"start to first verdict:        {time.perf_counter() - started:6.2f} s  (imports of torch and torchvision)"
            )
            for what, text in (("right file", solution), ("one function wrong", wrong), ("the stub", stub)):
                took = []
                for number in range(said.saves):
                    time.sleep(0.3)
                    started = time.perf_counter()
                    file.write_text(f"{text}\n# save {number}\n", "utf-8")
                    until_screen(process)
                    took.append(time.perf_counter() - started)
                print(
                    f"save to verdict, {what + ':':<20}  {statistics.median(took):6.2f} s  "
                    f"({min(took):.2f} to {max(took):.2f}, {said.saves} saves)"
                )
        finally:
            process.kill()
            process.wait()
        file.write_text(solution, "utf-8")
        started = time.perf_counter()
        command = [sys.executable, "-m", "pytest", str(paths.ROOT / "graders" / entry.grader), "--target", str(folder)]
        subprocess.run([*command, "-k", " or ".join(fast)], stdout=subprocess.DEVNULL, cwd=paths.ROOT, check=False)
        print(f"the same checks by pytest:     {time.perf_counter() - started:6.2f} s")
    print(f"load {os.getloadavg()[0]:.1f}")


def until_screen(process: subprocess.Popen[str]) -> None:
    """Read up to the end of the next screen."""
    for line in process.stdout or ():
        if LAST_LINE in line:
            return
    raise SystemExit("course watch has ended")


if __name__ == "__main__":
    main()

"""Seconds of each project's grader on its solution: cold, warm, in both transports, beside the floor of importing torch.

    python benchmarks/graders.py                  # all projects
    python benchmarks/graders.py 01 03            # some

Cold trains (`--no-cache`), warm finds the evidence of training in .course/cache. Every figure is the wall time of a
whole command in a process of its own; the data sets are made before the first one. The floor is
`import torch, torchvision`.
"""

import argparse
import subprocess
import sys
import time

from course import catalog, paths
from course.datasets import store


def seconds(*command: str) -> tuple[float, str]:
    """Wall time of a command, and the last line that it printed; it must succeed."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *command], cwd=paths.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return time.perf_counter() - started, (done.stdout.strip().splitlines() or [""])[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("projects", nargs="*", help="ids; all of them unless some are named")
    wanted = parser.parse_args().projects
    entries = [catalog.project(key) for key in wanted] or list(catalog.projects())
    for name in sorted({name for entry in entries for name in entry.data}):
        store.ensure(name)
    floor, _ = seconds("-c", "import torch, torchvision")
    print(f"floor: importing torch and torchvision takes {floor:.1f} s\n")
    print("project     cold   / floor     warm   child, cold   points")
    total = [0.0, 0.0, 0.0]
    for entry in entries:
        grader = ["-m", "pytest", f"graders/{entry.grader}", "--target", "solutions"]
        cold, said = seconds(*grader, "--no-cache")
        seconds(*grader)  # fills the cache
        warm, _ = seconds(*grader)
        child, _ = seconds(*grader, "--no-cache", "--transport", "child")
        total = [a + b for a, b in zip(total, (cold, warm, child), strict=True)]
        print(f"{entry.id:8} {cold:6.1f} s {cold / floor:8.1f} {warm:6.1f} s {child:10.1f} s   {said}", flush=True)
    print(f"{'sum':8} {total[0]:6.1f} s {total[0] / floor:8.1f} {total[1]:6.1f} s {total[2]:10.1f} s")
    if not wanted:
        whole, said = seconds("-m", "pytest", "graders", "--target", "solutions", "--no-cache")
        print(f"\npytest graders, one command, cold: {whole:.1f} s   {said}")


if __name__ == "__main__":
    main()

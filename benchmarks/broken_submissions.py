"""A thousand broken submissions in one class: is there a clear row for each, and does memory stay flat?

    python benchmarks/broken_submissions.py                  # 1,000 of project 04b
    python benchmarks/broken_submissions.py --number 100

The fuzzer of `course.authoring.rehearsal.broken` lays them; `course grade` grades them, in a process of its own. Memory is the
largest sum that was seen of the command's processes, in each quarter of the batch. A thirteenth of them has 100 MB each.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from course import catalog, paths
from course.authoring.rehearsal import broken
from course.wall.line import best


def memory(process: psutil.Process) -> tuple[int, int]:
    """(bytes of the command, bytes of all of its processes) now; what several share is counted for each."""
    own = total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            used = one.memory_info().rss
        except psutil.Error:
            continue
        own, total = (used if one == process else own), total + used
    return own, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="04b")
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    entry = catalog.project(given.project)
    with tempfile.TemporaryDirectory(prefix="course-broken-", ignore_cleanup_errors=True) as folder:
        submitted, out = Path(folder, "submitted"), Path(folder, "out")
        kinds = broken.hand_in(submitted, entry, given.number, given.seed)
        laid = len(list(submitted.iterdir()))
        print(f"{laid} laid of {given.number}; the others have names that this file system refuses")
        print(", ".join(f"{count} {kind}" for kind, count in Counter(kinds).items()), flush=True)
        command = [sys.executable, "-m", "course", "grade", str(submitted), "--project", entry.id, "--out", str(out)]
        command += ["--isolation", best(), "--seconds", "20"]
        began, seen = time.monotonic(), []
        with open(Path(folder, "log"), "w") as log:
            process = psutil.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONPATH": str(paths.ROOT)}
            )
            while process.poll() is None:
                try:
                    seen.append(memory(process))
                except psutil.Error:
                    break
                time.sleep(0.25)
            process.wait()
        print(f"status {process.returncode}, {time.monotonic() - began:.0f} s")
        with open(out / f"{entry.module}.csv", encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        faults = [
            row for row in rows if "fault of the judge" in row["reason"] or "judge's own process" in row["reason"]
        ]
        silent = [row for row in rows if row["status"] != "graded" and not row["reason"]]
        print(f"{len(rows)} rows: {dict(Counter(row['status'] for row in rows))}")
        print(f"without a row: {laid - len(rows)}; faults of the judge: {len(faults)}; without a reason: {len(silent)}")
        for row in faults[:5]:
            print(f"  {row['student']!r}: {row['reason'][:200]}")
        for quarter in range(4):
            part = seen[quarter * len(seen) // 4 : (quarter + 1) * len(seen) // 4] or [(0, 0)]
            own, total = (max(values) / 1e6 for values in zip(*part, strict=True))
            print(f"quarter {quarter + 1}: the command {own:.0f} MB, all processes {total:.0f} MB")


if __name__ == "__main__":
    main()

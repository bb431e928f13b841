"""Seconds to make each embedded data set from nothing, and a sum over its bytes.

    python benchmarks/embedded_data.py              # all of them
    python benchmarks/embedded_data.py mnist asl

Made in a temporary folder as in a first run, by as many processes as that uses. The sum (sha256 over names and bytes of all
files but the manifest, which holds versions) is the same in every environment with the locked versions: compare two of them.
"""

import argparse
import hashlib
import os
import tempfile
import time
from pathlib import Path

from course.datasets import registry, store


def digest(folder: Path) -> str:
    """sha256 over the names and bytes of all files, in order."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != "MANIFEST.json":
            total.update(
                file.relative_to(folder).as_posix().encode() + b"\\0" + hashlib.sha256(file.read_bytes()).digest()
            )
    return total.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*registry.names(), []], help="all unless some are named")
    names = parser.parse_args().names or registry.names()
    total = 0.0
    with tempfile.TemporaryDirectory() as work:
        os.environ["COURSE_DATA"] = work
        for name in names:
            began, spent = time.perf_counter(), os.times()
            folder = store.ensure(name, quiet=True)
            wall, now = time.perf_counter() - began, os.times()
            used = sum(now[:4]) - sum(spent[:4])  # children included: they have been waited for
            files = [file for file in folder.rglob("*") if file.is_file()]
            print(
                f"{name:14} {wall:6.1f} s  {used:6.1f} CPU-s  {len(files):5d} files  {digest(folder)[:16]}", flush=True
            )
            total += wall
    print(f"{'all':14} {total:6.1f} s")


if __name__ == "__main__":
    main()

"""Do the fast checks take longer than at another commit? Processor seconds of each project's, here and there, in one go.

    python benchmarks/fast_checks.py 4b87a56          # all projects
    python benchmarks/fast_checks.py 4b87a56 01 03    # some

The other commit is checked out into a temporary worktree. Each tree has one process, which judges its own solution with the checks
that train nothing: once to be warm, then in turns, five times each. Processor time, with one thread, is next to nothing
disturbed by whatever else runs. A check whose solution misses it stops the command.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course import catalog, paths
from course.datasets import store

TURNS = 5
# What each tree's process does. The graders' own names have changed since the first commits; the second form is the older one.
JUDGE = """\
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from course.catalog import project
if Path("course", "checks", "run.py").is_file():  # not by trying: an editable install would find this checkout's
    from course.checks.check import checks_of
    from course.checks.run import run
    from course.checks.target import open_session
    def fast_of(entry):
        return [check for check in checks_of(entry) if not check.slow]
    def judged(entry, session, target, fast):
        return run(entry, session, fast)
else:
    from course.grading.checks import checks_of
    from course.grading.grade import grade_project, grader_module, open_session
    def fast_of(entry):
        return [check for check in checks_of(grader_module(entry)).values() if not check.slow]
    def judged(entry, session, target, fast):
        return grade_project(entry, session, target, only={check.name for check in fast}.__contains__)
out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    entry = project(line.strip())
    fast, target = fast_of(entry), Path("solutions", entry.module + ".py").resolve()
    started = time.process_time()
    session = open_session(target, entry)
    try:
        results = judged(entry, session, target, fast).checks
    finally:
        session.close()
    missed = [result.name for result in results if result.outcome != "passed"]
    print(len(results), time.process_time() - started, *missed, file=out, flush=True)
"""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Another commit of this repository, in a folder that is gone afterwards."""
    git = ["git", "-C", str(paths.ROOT), "worktree"]
    with tempfile.TemporaryDirectory(prefix="course-commit-") as folder:
        tree = Path(folder, "tree")
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


class Judge:
    """The process of one tree."""

    def __init__(self, tree: Path) -> None:
        data = os.environ.get("COURSE_DATA", str(paths.ROOT / "data"))
        environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "COURSE_DATA": data}
        self.tree = tree
        self.process = subprocess.Popen(
            [sys.executable, "-c", JUDGE],
            cwd=tree,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seconds(self, key: str) -> tuple[int, float]:
        """(number of fast checks, processor seconds of all of them) of a project."""
        assert self.process.stdin
        assert self.process.stdout
        print(key, file=self.process.stdin, flush=True)
        count, seconds, *missed = self.process.stdout.readline().split() or ["0", "0", "the process has ended"]
        if missed:
            sys.exit(f"{self.tree}: {key}: {' '.join(missed)}")
        return int(count), float(seconds)

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit", help="the other one")
    parser.add_argument("projects", nargs="*", help="ids; all of them unless some are named")
    wanted = parser.parse_args()
    entries = [catalog.project(key) for key in wanted.projects] or list(catalog.projects())
    for name in sorted({name for entry in entries for name in entry.data}):
        store.ensure(name)
    with checked_out(wanted.commit) as tree:
        then, now = Judge(tree), Judge(paths.ROOT)
        print(
            f"| project | checks then | now | seconds at {wanted.commit} | now | ratio |\n|---|---:|---:|---:|---:|---:|"
        )
        try:
            for entry in entries:
                checks = [judge.seconds(entry.id)[0] for judge in (then, now)]  # warm
                turns = [[judge.seconds(entry.id)[1] for judge in (then, now)] for _ in range(TURNS)]
                old, new = (statistics.median(times) for times in zip(*turns, strict=True))
                ratio = statistics.median(new / old for old, new in turns)
                print(
                    f"| {entry.id} | {checks[0]} | {checks[1]} | {old:.2f} | {new:.2f} | {ratio:.2f} |",
                    flush=True,
                )
        finally:
            then.close()
            now.close()


if __name__ == "__main__":
    main()

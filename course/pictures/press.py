"""The press: many pictures into files, by two processes of their own, the same bytes however the work is split.

Knows nothing of what is on the pictures: a job is a path and the name of a function that returns the file's bytes. The
workers are fresh interpreters that get their jobs on stdin, not multiprocessing's: those import the caller's `__main__`
again, which a student's notebook or script without a main guard does not survive.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from course.errors import CourseError
from course.paths import ROOT

Job = tuple[str, str, Sequence[Any]]
Progress = Callable[[int, int], None]
_WORKER = "import sys; sys.path.insert(0, sys.argv[1]); from course.pictures.press import work; work()"


def press(folder: Path, jobs: Sequence[Job], progress: Progress | None = None, workers: int = 2) -> None:
    """Write one file for each job (relative path, "module:function", arguments that JSON can carry) below `folder`.

    Args:
        progress: called with (done, total) after each file, in this process.
        workers: processes; 0 does it all in this one.

    Raises:
        CourseError: a worker failed; its last words are in the message.
    """
    folder = Path(folder)
    for parent in {folder / path for path, _, _ in jobs}:
        parent.parent.mkdir(parents=True, exist_ok=True)
    if not workers:
        for done, job in enumerate(jobs, 1):
            _do(folder, job)
            if progress is not None:
                progress(done, len(jobs))
        return
    news: Queue[str | None] = Queue()
    started = [_start(folder, jobs[k::workers], news) for k in range(workers)]
    done, running = 0, len(started)
    try:
        while running:
            if news.get() is None:
                running -= 1
                continue
            done += 1
            if progress is not None:
                progress(done, len(jobs))
    finally:
        for process in started:
            if process.poll() is None and running:
                process.kill()
            process.wait()
    if done != len(jobs):
        words = [p.stderr.read().strip().splitlines()[-1:] for p in started if p.returncode and p.stderr]
        raise CourseError(
            f"Only {done} of {len(jobs)} pictures could be written to {folder}: {words or 'a worker was ended'}.",
            "See whether the disk is full and whether numpy and pillow can be imported, then run it again.",
        )


def _start(folder: Path, jobs: Sequence[Job], news: "Queue[str | None]") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(ROOT)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip

    def talk() -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps({"folder": str(folder), "jobs": jobs}))
            process.stdin.close()
            for line in process.stdout:
                news.put(line)
        except OSError:  # the worker is gone; the count of files will tell
            pass
        finally:
            news.put(None)

    Thread(target=talk, daemon=True).start()
    return process


def work() -> None:
    """A worker: read the jobs from stdin, write the files, say a line for each."""
    order = json.loads(sys.stdin.read())
    for job in order["jobs"]:
        _do(Path(order["folder"]), job)
        print(job[0], flush=True)


def _do(folder: Path, job: Sequence[Any]) -> None:
    path, name, arguments = job
    module, _, function = name.partition(":")
    (folder / path).write_bytes(getattr(import_module(module), function)(*arguments))

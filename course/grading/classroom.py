"""A whole class: every submission before a judge, several at a time, and one result for each whatever happens.

The seam is `concurrent.futures.Executor`: processes of this machine unless another kind is given. What becomes of a result is the
caller's: it gets each as it comes, and nothing of it is kept here.
"""

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from multiprocessing import connection

import psutil

from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading.judge import Job, start, timed, ungraded

TRIES = (
    3  # so often a judge's own process may end while a submission is before it; from the second time on it goes alone
)
WAITING = 2  # submissions in the queue for each judge: enough that none waits, few enough that memory stays flat
BROKEN_SECONDS = 10.0  # so long for an executor that broke to say of each submission whether it went down with it
FAULT = "a fault of the judge, not of the student: "
LOST = "the judge's own process ended while it was graded, three times"
MakeExecutor = Callable[[int], Executor]
Each = Callable[[Job, SubmissionResult, float], None]


def local_processes(jobs: int) -> Executor:
    """`jobs` processes of this machine, each with its share of the processors.

    Spawned, not forked: a fork of a process that has used torch with several threads hangs.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), begin, (threads,))


def begin(threads: int) -> None:
    """Prepare a judge's process, and let it end with the one that has started it, however that ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's, which then ends this process
    start(threads)


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)  # what runs behind the wall, or in a child, ends with this process


def grade_class(
    work: Iterable[Job], jobs: int = 2, make: MakeExecutor | None = None, each: Each = lambda *_: None
) -> None:
    """Judge every job, in the order of the jobs as far as several at a time allow.

    Args:
        jobs: how many at a time.
        make: makes the executor for so many at a time; `local_processes` unless given.
        each: called once for each job, with its result and the seconds that it took, as they come.

    Raises:
        CourseError: data or weights of the course are missing; that is not the students' fault, and it has a cure.
    """
    make = make or local_processes
    lost: dict[int, int] = {}  # {number of a job: how often its process has ended}
    waits: list[tuple[int, Job]] = []
    numbered = enumerate(work)
    while True:
        alone = next(((number, job) for number, job in waits if lost[number] > 1), None)
        if alone:
            waits.remove(alone)
            gone = _round(iter([alone]), 1, make, each)
        else:
            again, waits = waits, []
            first = next(numbered, None) if not again else None
            if first is None and not again:
                return
            gone = _round(itertools.chain(again, [first] if first else [], numbered), jobs, make, each)
        for number, job in gone:
            lost[number] = lost.get(number, 0) + 1
            if lost[number] < TRIES:
                waits.append((number, job))
            else:
                each(job, ungraded(job, LOST), 0.0)


def _round(work: Iterator[tuple[int, Job]], jobs: int, make: MakeExecutor, each: Each) -> list[tuple[int, Job]]:
    """Judge until there is no more, or until the executor breaks; returns what it took with it."""
    executor = make(jobs)
    running: dict[Future[tuple[SubmissionResult, float]], tuple[int, Job]] = {}
    gone: list[tuple[int, Job]] = []
    try:
        while True:
            for number, job in itertools.islice(work, jobs + WAITING - len(running)):
                try:
                    running[executor.submit(timed, job)] = (number, job)
                except BrokenExecutor:
                    gone.append((number, job))
                    break
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                number, job = running.pop(future)
                try:
                    each(job, *_result(future, job))
                except BrokenExecutor:
                    gone.append((number, job))
            if gone:  # some of the others may have come through
                done = wait(running, BROKEN_SECONDS).done
                for future, (number, job) in running.items():
                    if future in done and not isinstance(future.exception(), BrokenExecutor):
                        each(job, *_result(future, job))
                    else:
                        gone.append((number, job))
                break
    except BaseException:  # nothing that waits is begun, and nothing that runs is waited for
        executor.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()
        _kill_what_was_starting()
        raise
    executor.shutdown()
    return sorted(gone, key=lambda pair: pair[0])


def _kill_what_was_starting() -> None:
    """End judges that Ctrl-C met while they were started: the library does not know them yet, and would be waited for."""
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            if any("multiprocessing.spawn" in word for word in process.cmdline()):
                process.kill()


def _result(future: "Future[tuple[SubmissionResult, float]]", job: Job) -> tuple[SubmissionResult, float]:
    try:
        return future.result()
    except (CourseError, BrokenExecutor):
        raise
    except Exception as fault:
        return ungraded(job, f"{FAULT}{type(fault).__name__}: {fault}"), 0.0


def is_final(result: SubmissionResult) -> bool:
    """Does the result say something of the submission? Else a judge failed, and the next run tries again."""
    return not result.reason.startswith(FAULT) and result.reason != LOST

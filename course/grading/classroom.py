"""A whole class: every submission before a judge, several at a time, and one row for each whatever happens.

The seam is `concurrent.futures.Executor`: processes of this machine unless another kind is given. What is not here yet: a journal
(a run that is killed begins anew) and other machines.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed

from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading.judge import Job, judge, start, ungraded

ROUNDS = (
    2  # a pool that breaks takes all its jobs with it; after so many, each goes alone, so that the culprit is known
)
MakeExecutor = Callable[[int], Executor]


def local_processes(jobs: int) -> Executor:
    """`jobs` processes of this machine, each with its share of the processors.

    Spawned, not forked: a fork of a process that has used torch with several threads hangs.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), start, (threads,))


def grade_class(
    work: Iterable[Job],
    jobs: int = 2,
    make: MakeExecutor = local_processes,
    each: Callable[[SubmissionResult], None] | None = None,
) -> list[SubmissionResult]:
    """The result of every job, in the order of the jobs.

    Args:
        jobs: how many at a time.
        make: makes the executor for so many at a time.
        each: called with each result as it comes, in any order.

    Raises:
        CourseError: data or weights of the course are missing; that is not the students' fault, and it has a cure.
    """
    todo = dict(enumerate(work))
    done: dict[int, SubmissionResult] = {}

    def keep(number: int, result: SubmissionResult) -> None:
        done[number] = result
        if each is not None:
            each(result)

    for _ in range(ROUNDS):
        left = {number: job for number, job in todo.items() if number not in done}
        if left:
            _round(left, jobs, make, keep)
    for number, job in todo.items():
        if number not in done:
            _round({number: job}, 1, make, keep)
        if number not in done:
            keep(number, ungraded(job, "the judge's own process ended while it was graded, three times"))
    return [done[number] for number in todo]


def _round(left: dict[int, Job], jobs: int, make: MakeExecutor, keep: Callable[[int, SubmissionResult], None]) -> None:
    """Submit all, keep what comes; what a broken pool took with it is not kept."""
    executor = make(min(jobs, len(left)))
    futures = {}
    try:
        for number, job in left.items():
            futures[executor.submit(judge, job)] = number
        for future in as_completed(futures):
            number = futures[future]
            try:
                keep(number, future.result())
            except (CourseError, BrokenExecutor):
                raise
            except Exception as fault:
                reason = f"a fault of the judge, not of the student: {type(fault).__name__}: {fault}"
                keep(number, ungraded(left[number], reason))
    except BrokenExecutor:
        pass
    except BaseException:  # nothing that waits is begun, and nothing that runs is waited for
        executor.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()
        raise
    executor.shutdown()

"""Trials in processes of their own: a mutant that ends its process is killed, and the rest goes on."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context

from course.authoring.mutation import trials
from course.authoring.mutation.mutants import Mutant, unchanged
from course.authoring.mutation.trials import Verdict
from course.errors import CourseError

SPAWN = get_context("spawn")  # torch's threads do not survive a fork


def judged(
    mutants: Sequence[Mutant], known: Mapping[str, Verdict], *, train: bool = False, jobs: int = 1
) -> Iterator[Verdict]:
    """Verdicts as they come.

    Before the first and after the last mutant of a function the fast checks are asked about the unchanged solution: a broken
    grader, or a mutant that has spoilt the process for those after it, would kill for nothing.

    Args:
        known: earlier verdicts by the mutants' ids: their killers are asked first.
        train: ask the checks that train, and not the fast ones.
        jobs: processes, of one thread each.

    Raises:
        CourseError: a check fails for the unchanged solution.
    """
    waiting = iter([mutant for part in _by_task(mutants) for mutant in _between_controls(part)])
    while True:
        with _pool(jobs) as pool:
            running: dict[Future[Verdict], Mutant] = {}

            def more(number: int, pool: ProcessPoolExecutor = pool, running: dict = running) -> None:
                for mutant in islice(waiting, number):
                    asked = train and mutant.operator != "none"
                    running[pool.submit(trials.judge, mutant, known.get(mutant.id), train=asked)] = mutant

            try:
                more(jobs)
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        mutant, verdict = running[future], future.result()
                        del running[future]
                        more(1)
                        if mutant.operator != "none":
                            yield verdict
                        elif verdict.killed:
                            raise _not_green(mutant, verdict)
                return
            except BrokenProcessPool:
                suspects = list(running.values())
        for mutant in suspects:  # one at a time: which of them was it?
            try:
                with _pool(1) as pool:
                    verdict = pool.submit(trials.judge, mutant, known.get(mutant.id), train=train).result()
            except BrokenProcessPool:
                verdict = trials.crashed(mutant)
            if mutant.operator == "none" and verdict.killed:
                raise _not_green(mutant, verdict)
            if mutant.operator != "none":
                yield verdict


def _by_task(mutants: Sequence[Mutant]) -> list[list[Mutant]]:
    parts: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in mutants:
        parts.setdefault((mutant.project, mutant.task), []).append(mutant)
    return list(parts.values())


def _between_controls(part: list[Mutant]) -> list[Mutant]:
    control = unchanged(part[0].project, part[0].task)
    return [control, *part, control]


def _not_green(mutant: Mutant, verdict: Verdict) -> CourseError:
    return CourseError(
        f"{verdict.killer or 'a crash'} fails for the unchanged solution of {mutant.project} {mutant.task}: {verdict.says}",
        f"Run pytest graders -k {mutant.project}_ --target solutions, and mend that first.",
    )


def _pool(jobs: int) -> ProcessPoolExecutor:
    """A pool whose processes have begun: one that breaks from now on was broken by a mutant."""
    pool = ProcessPoolExecutor(max(jobs, 1), mp_context=SPAWN, initializer=_begin)
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        raise CourseError("No process with the graders can be started.", "See above what they said.") from None
    return pool


def _begin() -> None:
    """One thread, the graders as they are now, and nothing of the student's on the screen."""
    import torch

    torch.set_num_threads(1)
    trials.load()
    logging.disable(logging.WARNING)  # what a compiler that is broken on purpose has to say
    warnings.simplefilter("ignore")
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the process ends

"""Do the embedded data teach what the course says? One table, over several seeds, with the solutions' own functions.

    course author lessons           # five seeds; writes docs/lessons.md
    course author lessons PROJECT …  # some of it; changes these rows

A seed sets the weights, the order of the batches and the augmentation; the data are those that everybody has. A band must hold
with every seed. What is measured, each project declares (`lesson`).
"""

import statistics
import sys
import tempfile
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from course import catalog
from course.errors import CourseError
from course.lessons import real
from course.lessons.lesson import Found, lesson_module, lessons


def measure(seeds: int, only: Sequence[str] = (), jobs: int = 2) -> tuple[list[Found], list[str]]:
    """Measure the lessons of some projects (all if none is named), each with the seeds 0, 1, …

    Returns:
        What was found with each seed, and what could not be measured, in words.
    """
    from course.datasets import store

    chains = _chains(only)
    for name in sorted({name for chain in chains for key in chain for name in catalog.project(key).data}):
        store.ensure(name)
    found: list[Found] = [{} for _ in range(seeds)]
    faults: set[str] = set()
    spawn = get_context("spawn")  # torch's threads do not survive a fork
    tasks = [(chain, seed) for seed in range(seeds) for chain in sorted(chains, key=len, reverse=True)]
    with (
        tempfile.TemporaryDirectory() as work,
        ProcessPoolExecutor(jobs, mp_context=spawn) as pool,
        tqdm(total=len(tasks), unit=" trainings", desc="lessons", disable=not sys.stderr.isatty()) as bar,
    ):
        running = {pool.submit(_work, chain, seed, Path(work)): (chain, seed) for chain, seed in tasks}
        for future in as_completed(running):
            chain, seed = running[future]
            values, fault = future.result()
            found[seed].update(values)
            if fault:
                faults.add(f"{', '.join(chain)} could not be measured: {fault}")
            bar.update()
            if bar.disable:
                shown = ", ".join(f"{key} {value:.3f}" for key, value in values.items())
                print(f"seed {seed}: {shown or 'not measured'}", file=sys.stderr, flush=True)
    return found, sorted(faults)


def table(found: Sequence[Found]) -> tuple[list[tuple[str, ...]], bool]:
    """Rows of text (project, what, mean, least, greatest, band, verdict), and whether every band holds."""
    lines: list[tuple[str, ...]] = []
    all_hold = True
    for project_id, lesson in lessons().items():
        for row in lesson.rows:
            values = [value for value in map(row.value, found) if value is not None]
            if not values:
                continue
            holds = row.holds(values)
            all_hold &= holds
            verdict = "" if not row.band else "holds" if holds else "DOES NOT HOLD"
            spread = (f"{statistics.mean(values):.3f}", f"{min(values):.3f}", f"{max(values):.3f}")
            lines.append((project_id, row.what, *spread, row.band, verdict))
    return lines, all_hold


def merged(page: str, lines: Sequence[tuple[str, ...]]) -> str:
    """A page with these rows in place of its own of the same name: some projects were measured anew, with as many seeds.

    Another project's difference to one of them stands as it was, and the page says so.
    """
    new = {f"| {line[0]} | {line[1]} |": f"| {' | '.join(line)} |" for line in lines}
    found = [next((text for start, text in new.items() if row.startswith(start)), row) for row in page.splitlines()]
    anew = ", ".join(dict.fromkeys(line[0] for line in lines))
    told = f"{ANEW}{anew}. What other projects say above them is from before."
    end = next((k for k, row in enumerate(found) if row.startswith("## ")), len(found))
    kept = [row for row in found[:end] if not row.startswith(ANEW)]
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join([*kept, "", told, *([""] if found[end:] else []), *found[end:]]) + "\n"


ANEW = "Measured anew since: "
HEADER = ("project", "what", "mean", "least", "greatest", "band", "every seed")


def plain(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """The table for a terminal."""
    widths = [max(map(len, column)) for column in zip(HEADER, *lines)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(line, widths)).rstrip() for line in (HEADER, *lines)]


def document(lines: Sequence[tuple[str, ...]], seeds: int) -> str:
    """The table as a page of documentation."""
    text = [
        f"<!-- Made by `course author lessons --seeds {seeds}`; do not edit. -->",
        "# What the embedded data teach",
        "",
        f"Accuracies of the solutions over {seeds} seeds (weights, order of batches, augmentation) on the embedded data.",
        "Validation is on writers, signers and people whom no training picture shows. A band must hold with every seed.",
        "",
        f"| {' | '.join(HEADER)} |",
        f"|{'---|' * len(HEADER)}",
        *(f"| {' | '.join(line)} |" for line in lines),
    ]
    return "\n".join([*text, *real.section()]) + "\n"


def _chains(only: Sequence[str]) -> list[tuple[str, ...]]:
    """Project ids whose lessons must follow each other in one process; each wanted one is in exactly one chain."""
    known = lessons()
    wanted = set(only or known)
    unknown = sorted(wanted - set(known))
    if unknown:
        raise CourseError(f"There is no lesson to measure for project {unknown[0]}.", f"There is: {', '.join(known)}.")
    chains: dict[str, list[str]] = {}
    for key in sorted(wanted):
        first = known[key].after or key
        chain = chains.setdefault(first, [first])
        if key != first:
            chain.append(key)
    return [tuple(chain) for chain in chains.values()]


def _work(chain: Sequence[str], seed: int, work: Path) -> tuple[Found, str]:
    """In a worker: the values of a chain with one seed, and what went wrong."""
    import torch

    torch.set_num_threads(1)
    found: Found = {}
    try:
        for key in chain:
            found.update(lesson_module(key).LESSON.measure(seed, work))
    except CourseError as error:
        return found, error.problem
    except Exception:  # one broken project must not cost the others' minutes
        return found, traceback.format_exc()
    return found, ""

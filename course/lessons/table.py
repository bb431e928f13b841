"""Do the embedded data teach what the course says? One table, over several seeds, with the solutions' own functions.

    course author lessons                     # five seeds; writes docs/lessons.md
    course author lessons PROJECT … --seed 3  # some of it, with one seed; the page is made of these values and of those kept before

A seed sets the weights, the order of the batches and the augmentation; the data are those that everybody has. A band must hold
with every seed. What is measured, each project declares (`lesson`). Each value is kept in `embedded.json`, beside this file, as
soon as it is there, and every row of the page, a difference of two projects too, is computed from what is kept.
"""

import json
import statistics
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from course import catalog, files
from course.errors import CourseError
from course.lessons import real
from course.lessons.lesson import Found, lesson_module, lessons

KEPT = Path(__file__).with_name("embedded.json")
DIGITS = 6  # of an accuracy: a fraction of some thousand pictures


def measure(seeds: Sequence[int], only: Sequence[str] = (), jobs: int = 2) -> list[str]:
    """Measure the lessons of some projects (all if none is named) with these seeds, and keep each value.

    Returns:
        What could not be measured, in words.
    """
    from course.datasets import store

    chains = _chains(only)
    for name in sorted({name for chain in chains for key in chain for name in catalog.project(key).data}):
        store.ensure(name)
    faults: set[str] = set()
    spawn = get_context("spawn")  # torch's threads do not survive a fork
    tasks = [(chain, seed) for seed in seeds for chain in sorted(chains, key=len, reverse=True)]
    with (
        tempfile.TemporaryDirectory() as work,
        ProcessPoolExecutor(jobs, mp_context=spawn) as pool,
        tqdm(total=len(tasks), unit=" trainings", desc="lessons", disable=not sys.stderr.isatty()) as bar,
    ):
        running = {pool.submit(_work, chain, seed, Path(work)): (chain, seed) for chain, seed in tasks}
        for future in as_completed(running):
            chain, seed = running[future]
            values, fault = future.result()
            keep(seed, values)
            if fault:
                faults.add(f"{', '.join(chain)} could not be measured: {fault}")
            bar.update()
            if bar.disable:
                shown = ", ".join(f"{key} {value:.3f}" for key, value in values.items())
                print(f"seed {seed}: {shown or 'not measured'}", file=sys.stderr, flush=True)
    return sorted(faults)


def kept() -> list[Found]:
    """What was found with each seed, in the order of the seeds."""
    return [found for _, found in sorted(_kept().items(), key=lambda item: int(item[0]))]


def keep(seed: int, values: Found) -> None:
    """Write these beside those of this seed that are kept already."""
    known = _kept()
    known[str(seed)] = known.get(str(seed), {}) | {key: round(value, DIGITS) for key, value in values.items()}
    ordered = {key: dict(sorted(known[key].items())) for key in sorted(known, key=int)}
    files.write(KEPT, json.dumps(ordered, indent=1) + "\n")


def _kept() -> dict[str, Found]:
    return json.loads(files.read(KEPT) or "{}")


def table(found: Sequence[Found], only: Sequence[str] = ()) -> tuple[list[tuple[str, ...]], bool]:
    """Rows of text (project, what, mean, least, greatest, band, verdict), and whether every band holds.

    Args:
        found: values of each seed.
        only: ids of the projects whose rows are wanted; all if none is named.
    """
    lines: list[tuple[str, ...]] = []
    all_hold = True
    for project_id, lesson in lessons().items():
        for row in lesson.rows if not only or project_id in only else ():
            values = [value for value in map(row.value, found) if value is not None]
            if not values:
                continue
            holds = row.holds(values)
            all_hold &= holds
            verdict = "" if not row.band else "holds" if holds else "DOES NOT HOLD"
            if len(values) < len(found):
                verdict = f"{verdict} ({len(values)} of {len(found)} seeds)".strip()
            spread = (f"{statistics.mean(values):.3f}", f"{min(values):.3f}", f"{max(values):.3f}")
            lines.append((project_id, row.what, *spread, row.band, verdict))
    return lines, all_hold


def _rows(lines: Sequence[tuple[str, ...]], before: str) -> Iterator[str]:
    """The rows in the order of the lessons: those that are measured, else those that stood on the page."""
    known = {line[:2]: f"| {' | '.join(line)} |" for line in lines}
    stood = {
        tuple(cell.strip() for cell in row.split("|")[1:3]): row for row in before.splitlines() if row.startswith("| ")
    }
    for project_id, lesson in lessons().items():
        for place in ((project_id, row.what) for row in lesson.rows):
            if place in known:
                yield known[place]
            elif place in stood:
                yield stood[place].removesuffix(" |").removesuffix(EARLIER).rstrip() + f" {EARLIER} |"


EARLIER = "†"
HEADER = ("project", "what", "mean", "least", "greatest", "band", "every seed")


def plain(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """The table for a terminal."""
    widths = [max(map(len, column)) for column in zip(HEADER, *lines)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(line, widths)).rstrip() for line in (HEADER, *lines)]


def document(lines: Sequence[tuple[str, ...]], seeds: int, before: str = "") -> str:
    """The table as a page of documentation.

    Args:
        before: the page as it was. A row of which no value is kept stands as it stood there, with a mark.
    """
    text = [
        "<!-- Made by `course author lessons`; do not edit. -->",
        "# What the embedded data teach",
        "",
        f"Accuracies of the solutions over {seeds} seeds (weights, order of batches, augmentation) on the embedded data.",
        "Validation is on writers, signers and people whom no training picture shows. A band must hold with every seed.",
        "",
        f"| {' | '.join(HEADER)} |",
        f"|{'---|' * len(HEADER)}",
        *_rows(lines, before),
    ]
    if any(EARLIER in row for row in text):
        text += ["", f"{EARLIER} of an earlier run, whose values were not kept one by one."]
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

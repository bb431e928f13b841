"""What `course data` prints: which data sets are there, of which tier, how large, whether whole, and whose they are.

It only looks: nothing is made, fetched or mended here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from course import paths
from course.datasets import store, tiers
from course.datasets.registry import DataSet, find, names
from course.errors import CourseError
from course.files import shown

POCKET_LICENCE = "made by this course"  # those of the full data are as published; data/README.md has the sources


@dataclass(frozen=True)
class Holding:
    """One tier of one data set.

    Args:
        name: the data set.
        tier: "full" or "pocket".
        path: where it is or would be.
        files: how many files; 0 where it is not there.
        size: bytes in all.
        state: "not there …", "whole" (names and sizes fit), "checksums fit", or what is wrong.
        ok: False where something is there but damaged.
        used: whether `tiers.locate(name)` takes this one now.
        licence: a note.
    """

    name: str
    tier: str
    path: Path
    files: int
    size: int
    state: str
    ok: bool
    used: bool
    licence: str


def holdings(verify: bool = False) -> list[Holding]:
    """Every tier of every data set, by name.

    Args:
        verify: also compare all files with their checksums (reads every byte; otherwise names and sizes only).
    """
    return [holding for name in names() for holding in _both(find(name), verify)]


def table(verify: bool = False) -> str:
    """The holdings as text, one line each; the star marks what is used when nobody asks for a tier."""
    rows = [("", "data", "tier", "files", "size", "state", "licence", "where")]
    for h in holdings(verify):
        files, size = (f"{h.files:,}", _megabytes(h.size)) if h.files else ("", "")
        rows.append(("*" if h.used else "", h.name, h.tier, files, size, h.state, h.licence, shown(h.path)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    right = {3, 4}
    lines = [
        "  ".join(
            cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", "* is what the projects use now; --data or COURSE_TIER (full, pocket) chooses."])


def _both(data_set: DataSet, verify: bool) -> Iterator[Holding]:
    full, pocket = _full(data_set, verify), _pocket(data_set, verify)
    takes_full = (tiers.chosen_tier() or ("full" if full.files else "pocket")) == "full"
    yield replace(full, used=takes_full)
    yield replace(pocket, used=not takes_full)


def _full(data_set: DataSet, verify: bool) -> Holding:
    nothing = Holding(data_set.name, "full", data_set.folder, 0, 0, "", True, False, data_set.licence)
    try:
        missing = tiers.absent(data_set.name)
    except CourseError as error:
        return _measured(nothing, error.problem, ok=False)
    if missing is not None:
        cure = f": course data fetch {data_set.name}" if data_set.fetch else ""
        return replace(nothing, state=f"not there{cure}")
    if not verify:
        return _measured(nothing, "whole")
    if data_set.altered is None:
        return _measured(nothing, "no published checksum")
    wrong = data_set.altered(data_set.folder)
    return _measured(nothing, wrong or "checksums fit", ok=not wrong)


def _pocket(data_set: DataSet, verify: bool) -> Holding:
    path = paths.pocket_folder() / data_set.name
    nothing = Holding(data_set.name, "pocket", path, 0, 0, "made when first used", True, False, POCKET_LICENCE)
    if not path.is_dir():
        return nothing
    try:
        version = data_set.load_writer().VERSION
    except CourseError as error:
        return _measured(nothing, error.problem, ok=False)
    wrong = store.fault(path, version)
    if wrong is not None:
        return _measured(nothing, f"{wrong}; will be made again", ok=False)
    faults = store.verify(data_set.name) if verify else []
    return _measured(nothing, faults[0] if faults else "checksums fit" if verify else "whole", ok=not faults)


def _measured(holding: Holding, state: str, ok: bool = True) -> Holding:
    """The holding with its state, its number of files and their bytes."""
    sizes = [p.stat().st_size for p in holding.path.rglob("*") if p.is_file() and p.name != store.MANIFEST]
    return replace(holding, files=len(sizes), size=sum(sizes), state=state, ok=ok)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"

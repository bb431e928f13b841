"""Where the figures' data and pictures lie, writing them, and telling which are stale.

Data: course/authoring/figures/kept/01/slug.json, or slug.npz where arrays were measured. Pictures: docs/figures/01-slug.png, a
place that a clone and a student's bundle share, so that a stub can name it.
"""

import io
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from course import files, paths
from course.authoring.figures.figure import Data, Figure, figures_of
from course.catalog import Project, projects
from course.errors import CourseError

PICTURES = "docs/figures"
LARGEST = (
    60_000  # bytes of one picture: five or six of them in a notebook, which goes through mails and learning platforms
)
DIGITS = 6  # significant ones of a kept number; float32 has seven
# A picture counts as the same where at most this part of its pixels differs by more than so many levels of 255. The last bit of a
# coordinate moves the soft edge of a line by a level or two, and with it a colour of the palette; another word or another number
# changes hundreds of pixels from white to black.
LEVELS, PART = 24, 2e-4


def picture_name(project: str, slug: str) -> str:
    """The picture's file below the root, with slashes."""
    return f"{PICTURES}/{project}-{slug}.png"


def picture_file(project: str, slug: str, root: Path | None = None) -> Path:
    """The picture's file."""
    return (root or paths.ROOT) / picture_name(project, slug)


def kept(one: Figure) -> Data | None:
    """The kept data of a figure; None for one that measures nothing.

    Raises:
        CourseError: they are not there.
    """
    if one.measure is None:
        return None
    for file in _data_files(one):
        if file.suffix == ".json" and file.is_file():
            return dict(json.loads(file.read_text("utf-8")))
        if file.is_file():
            with np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
    raise CourseError(f"There are no data of the figure {one.name}.", f"Run `course author figures {one.project}`.")


def write(
    entries: Sequence[Project], only: str | None = None, measure: bool = True, say: Callable[[str], Any] = print
) -> None:
    """Measure (unless told not to) and draw the figures of these projects, and delete what belongs to none.

    Args:
        only: the slug of a single figure.
    """
    measured: dict[Any, Data] = {}  # figures may share a measurement
    for one in _chosen(entries, only):
        if measure and one.measure is not None:
            if one.measure not in measured:
                begun = time.perf_counter()
                measured[one.measure] = one.measure()
                say(f"measured {one.name} in {time.perf_counter() - begun:.1f} s")
            _keep(one, measured[one.measure])
        if one.draw is None:
            continue
        file = picture_file(one.project, one.slug)
        files.write(file, one.picture(kept(one)))
        say(f"drawn {files.shown(file)} ({file.stat().st_size / 1000:.0f} kB)")
    for file in orphans() if only is None else []:
        file.unlink()
        say(f"deleted {files.shown(file)}")


def stale(entries: Sequence[Project], only: str | None = None, measure: bool = True) -> Iterator[str]:
    """What is not as it would be made now, in sentences; with `measure` each measurement is repeated, which takes minutes."""
    measured: dict[Any, Data] = {}
    for one in _chosen(entries, only):
        if fault := wrong_picture(one):
            yield fault
        elif measure and one.measure is not None:
            if one.measure not in measured:
                measured[one.measure] = one.measure()
            yield from wrong_data(one, measured[one.measure])
    yield from (f"{files.shown(file)} belongs to no figure." for file in orphans())


def wrong_picture(one: Figure) -> str | None:
    """What is wrong with the kept picture, in a sentence, or None: it is what the kept data give."""
    file = picture_file(one.project, one.slug)
    if one.draw is None:
        return None
    if not file.is_file():
        return f"{files.shown(file)} is not there."
    try:
        data = kept(one)
    except CourseError as error:
        return error.problem
    if file.stat().st_size > LARGEST:
        return f"{files.shown(file)} has {file.stat().st_size} bytes; {LARGEST} are the most."
    part = difference(file.read_bytes(), one.picture(data))
    return None if part <= PART else f"{files.shown(file)} is stale: {part:.2%} of its pixels differ."


def wrong_data(one: Figure, measured: Data) -> Iterator[str]:
    """Where the data that are measured now differ from the kept ones by more than the figure allows."""
    yield from (f"{one.name}: {fault}" for fault in _unlike(kept(one), _plain(measured), one.within, "data"))


def difference(a: bytes, b: bytes) -> float:
    """The part of the pixels by which two pictures differ visibly; 1.0 for two sizes."""
    first, second = (np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=np.int16) for content in (a, b))
    if first.shape != second.shape:
        return 1.0
    return float((np.abs(first - second).max(axis=2) > LEVELS).mean())


def orphans() -> list[Path]:
    """Kept data and pictures that belong to no figure."""
    known: set[Path] = set()
    for entry in projects():
        for one in figures_of(entry).values():
            known |= {picture_file(one.project, one.slug), *_data_files(one)}
    found = [*(paths.ROOT / PICTURES).glob("*"), *(_folder().glob("*/*"))]
    return sorted(file for file in found if file not in known)


def _chosen(entries: Sequence[Project], only: str | None) -> list[Figure]:
    chosen = [one for entry in entries for one in figures_of(entry).values() if only in (None, one.slug)]
    if only is not None and not chosen:
        there = ", ".join(slug for entry in entries for slug in figures_of(entry)) or "none"
        raise CourseError(f"There is no figure {only!r} in these projects.", f"There is: {there}.")
    return chosen


def _folder() -> Path:
    return Path(__file__).parent / "kept"


def _data_files(one: Figure) -> tuple[Path, Path]:
    folder = _folder() / one.project
    return folder / f"{one.slug}.json", folder / f"{one.slug}.npz"


def _keep(one: Figure, data: Data) -> None:
    as_json, as_arrays = _data_files(one)
    if any(isinstance(value, np.ndarray) for value in data.values()):
        stream = io.BytesIO()
        arrays: dict[str, Any] = {name: np.asarray(value) for name, value in data.items()}
        np.savez_compressed(stream, **arrays)
        files.write(as_arrays, stream.getvalue())
        as_json.unlink(missing_ok=True)
    else:
        files.write(as_json, json.dumps(_plain(data), indent=1, ensure_ascii=False) + "\n")
        as_arrays.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """Data as JSON has them, numbers rounded."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    return value


def _unlike(old: Any, new: Any, within: float, where: str) -> Iterator[str]:
    if isinstance(old, np.ndarray) or isinstance(new, np.ndarray):
        old, new = np.asarray(old), np.asarray(new)
        if old.shape != new.shape:
            yield f"{where} has shape {new.shape}, kept {old.shape}."
        elif old.dtype.kind in "US" or new.dtype.kind in "US":
            if (old != new).any():
                yield f"{where} differs from what is kept."
        elif not np.allclose(old.astype(float), new.astype(float), rtol=within, atol=within):
            yield f"{where} differs from what is kept by up to {np.abs(old.astype(float) - new.astype(float)).max():.3g}."
    elif isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for name in old:
            yield from _unlike(old[name], new[name], within, f"{where}.{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for k, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _unlike(a, b, within, f"{where}[{k}]")
    elif isinstance(old, int | float) and isinstance(new, int | float):
        if not math.isclose(old, new, rel_tol=within, abs_tol=within):
            yield f"{where} is {new:.6g}, kept {old:.6g}."
    elif old != new:
        yield f"{where} differs from what is kept."

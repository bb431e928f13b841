"""Pen-stroke digits in MNIST's format: 28x28 grey images, each drawn stroke by stroke by one of many made-up writers.

It makes images and the four IDX files that torchvision's MNIST opens; it does not decide where they are kept
(`store.py`). That the writers of the two sets are disjoint is MNIST's own idea: LeCun, Cortes and Burges, "The MNIST
database of handwritten digits". A writer is a set of habits: slant, proportions, pen, preferred shapes.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from course.datasets.digit_strokes import ALLOGRAPHS, Skeleton
from course.datasets.idx import write_idx, write_idx_gz

VERSION = 3  # raise it when the pictures change: cached copies are then made again
SEED = 1998  # of the embedded data set; the year of MNIST's paper
TRAIN_COUNT, VALID_COUNT = 10_000, 2_000
PER_WRITER = 20  # digits by one writer, two of each kind
SPLITS = {"train": 0, "valid": 1, "hidden": 2}

SIDE = 28
INK_BOX = 20.0  # pixels: MNIST fits the ink into 20x20, then centres it by mass in 28x28
STEP = 0.45  # pixels between stamps of the pen: below half a pixel no bead can be seen

_GRID = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)


@dataclass(frozen=True)
class Writer:
    """The habits of one writer; each digit varies a little around them."""

    allograph: dict[int, int]  # digit -> index of the preferred skeleton
    slant: float  # shear: positive leans to the right, as most writers do
    width: float  # factor on x
    turn: float  # radians
    waist: float  # how far the middle of a digit is moved up or down, in heights
    pen: float  # radius of the pen, pixels
    fade: float  # how much lighter the pen presses at the ends of a stroke, 0-1
    shake: float  # jitter of the skeleton's points, in heights
    loose: float  # amplitude of slow bending, in heights


def make_writer(rng: Generator) -> Writer:
    """A writer drawn at random."""
    preferred = {}
    for digit, choices in ALLOGRAPHS.items():
        weights = np.array([weight for weight, _ in choices], dtype=np.float64)
        preferred[digit] = int(rng.choice(len(choices), p=weights / weights.sum()))
    return Writer(
        allograph=preferred,
        slant=float(np.clip(rng.normal(0.14, 0.17), -0.30, 0.60)),
        width=float(np.exp(rng.normal(0.06, 0.17))),
        turn=float(rng.normal(0.0, 0.06)),
        waist=float(rng.normal(0.0, 0.04)),
        pen=float(np.clip(np.exp(rng.normal(0.27, 0.24)), 0.80, 1.8)),
        fade=float(rng.uniform(0.0, 0.6)),
        shake=float(rng.uniform(0.008, 0.020)),
        loose=float(rng.uniform(0.010, 0.030)),
    )


def digits(count: int, seed: int, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` digits. Item k depends only on (seed, split, k), so a longer draw begins with a shorter one.

    Args:
        count: how many.
        seed: any integer >= 0; a secret one gives a hidden test set that nobody has seen.
        split: "train", "valid" or "hidden". No writer is in two splits.

    Returns:
        images: uint8 (count, 28, 28), ink 255 on ground 0.
        labels: uint8 (count,), 0-9, equally many of each in every ten.
    """
    images = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    labels = np.zeros(count, dtype=np.uint8)
    for k, image, label in _stream(count, seed, split):
        images[k], labels[k] = image, label
    return images, labels


def write(
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    seed: int = SEED,
    train_count: int = TRAIN_COUNT,
    valid_count: int = VALID_COUNT,
) -> None:
    """Write what torchvision's download leaves: `folder/MNIST/raw` with four IDX files, each plain and as .gz.

    `torchvision.datasets.MNIST(folder, train=True)` then opens it; `train=False` is the validation split.
    """
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    total, done = train_count + valid_count, 0
    for split, stem, count in (("train", "train", train_count), ("valid", "t10k", valid_count)):
        images = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
        labels = np.zeros(count, dtype=np.uint8)
        for k, image, label in _stream(count, seed, split):
            images[k], labels[k] = image, label
            done += 1
            if progress is not None and done % 250 == 0:
                progress(done, total)
        for name, array in ((f"{stem}-images-idx3-ubyte", images), (f"{stem}-labels-idx1-ubyte", labels)):
            write_idx(raw / name, array)
            write_idx_gz(raw / f"{name}.gz", array)
    if progress is not None:
        progress(total, total)


def _stream(count: int, seed: int, split: str) -> Iterator[tuple[int, np.ndarray, int]]:
    """(k, image, label) one by one; writer and order of labels are made once for each PER_WRITER items."""
    code = SPLITS[split]
    for first in range(0, count, PER_WRITER):
        rng = np.random.default_rng([seed, code, 0, first // PER_WRITER])
        writer = make_writer(rng)
        order = np.concatenate([rng.permutation(10) for _ in range(PER_WRITER // 10)])
        for k in range(first, min(first + PER_WRITER, count)):
            label = int(order[k - first])
            yield k, draw_digit(label, writer, np.random.default_rng([seed, code, 1, k])), label


def draw_digit(digit: int, writer: Writer, rng: Generator) -> np.ndarray:
    """One digit by one writer: uint8 (28, 28)."""
    choices = ALLOGRAPHS[digit]
    which = writer.allograph[digit] if rng.random() < 0.85 else int(rng.integers(len(choices)))
    points, starts = _trace(choices[which][1], rng, writer.shake)
    points = _bend(points, writer, rng)
    points, radii, ink = _press(points, starts, writer, rng)
    canvas = _stamp(points, radii, ink)
    canvas = _specks(canvas, rng)
    return np.clip(np.rint(canvas * 255.0), 0, 255).astype(np.uint8)


def _trace(skeleton: Skeleton, rng: Generator, shake: float) -> tuple[np.ndarray, np.ndarray]:
    """Shake the skeleton's points, run smoothly through them: points (n, 2), and where each curve starts and ends."""
    moved: dict[tuple[float, float], np.ndarray] = {}  # a corner shared by two curves stays one point
    pieces = []
    for curve in skeleton:
        for point in curve:
            if point not in moved:
                moved[point] = np.array(point) + rng.normal(0.0, shake, 2)
        pieces.append(_catmull_rom(np.array([moved[point] for point in curve])))
    starts = np.cumsum([0] + [len(piece) for piece in pieces])
    return np.concatenate(pieces), starts


_T = np.linspace(0.0, 1.0, 8, endpoint=False)[:, None]
# Catmull-Rom basis for the four points around a segment, rows t = 0, 1/8, ... 7/8
_BASIS = 0.5 * np.concatenate(
    [-(_T**3) + 2 * _T**2 - _T, 3 * _T**3 - 5 * _T**2 + 2, -3 * _T**3 + 4 * _T**2 + _T, _T**3 - _T**2], axis=1
)


def _catmull_rom(knots: np.ndarray) -> np.ndarray:
    """A smooth curve through knots (m, 2): (8 (m - 1) + 1, 2) points."""
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    windows = np.stack([padded[:-3], padded[1:-2], padded[2:-1], padded[3:]], axis=1)  # (m-1, 4, 2)
    return np.concatenate([(_BASIS @ windows).reshape(-1, 2), knots[-1:]])


def _bend(points: np.ndarray, writer: Writer, rng: Generator) -> np.ndarray:
    """From the skeleton's box to pixels: slow bending, waist, width, slant and turn, then fitted into the ink box."""
    x, y = points[:, 0] - 0.35, points[:, 1] - 0.5
    phase, pitch = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.6, 1.4, 4) * np.pi
    amplitude = rng.normal(0.0, writer.loose, 4)
    y = y + (writer.waist + rng.normal(0.0, 0.03)) * np.cos(np.pi * np.clip(y, -0.5, 0.5))
    bent_x = x + amplitude[0] * np.sin(pitch[0] * 2 * y + phase[0]) + amplitude[1] * np.sin(pitch[1] * 2 * x + phase[1])
    bent_y = y + amplitude[2] * np.sin(pitch[2] * 2 * x + phase[2]) + amplitude[3] * np.sin(pitch[3] * 2 * y + phase[3])
    bent_x = bent_x * writer.width * np.exp(rng.normal(0.0, 0.10))
    bent_x = bent_x - (writer.slant + rng.normal(0.0, 0.08)) * bent_y
    angle = writer.turn + rng.normal(0.0, 0.05)
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.stack([cos * bent_x - sin * bent_y, sin * bent_x + cos * bent_y], axis=1)
    low, high = turned.min(axis=0), turned.max(axis=0)
    size = INK_BOX * rng.uniform(0.70, 1.05) - 2 * writer.pen  # the ink, not the skeleton, fills the box
    return (turned - (low + high) / 2) * (size / max(high - low))


def _press(
    points: np.ndarray, starts: np.ndarray, writer: Writer, rng: Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Even steps along each curve, the pen's radius and ink at each, moved so that the ink's mass is in the middle."""
    pen = writer.pen * np.exp(rng.normal(0.0, 0.12))
    places, radii, inks = [], [], []
    for start, stop in itertools.pairwise(starts):
        curve = points[start:stop]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])  # pixels from the start
        count = max(2, int(along[-1] / STEP) + 1)
        at = np.linspace(0.0, along[-1], count)
        places.append(np.stack([np.interp(at, along, curve[:, 0]), np.interp(at, along, curve[:, 1])], axis=1))
        t = at / max(along[-1], 1e-6)
        wave = 1.0 + 0.14 * np.sin(2 * np.pi * (rng.uniform(0.5, 1.5) * t + rng.random()))  # pressure along the stroke
        ends = 1.0 - 0.45 * writer.fade * np.maximum(0.0, 1.0 - np.minimum(t, 1.0 - t) / 0.18)
        radii.append(pen * wave * ends)
        inks.append(np.clip(rng.uniform(0.88, 1.1) * (0.55 + 0.45 * wave * ends), 0.0, 1.0))
    place, radius, ink = np.concatenate(places), np.concatenate(radii), np.concatenate(inks)
    centre = (place * radius[:, None]).sum(axis=0) / radius.sum()
    middle = SIDE / 2 + rng.normal(0.0, 0.8, 2)  # MNIST is exact here; shifts defeat linear models
    return place - centre + middle, radius, ink


def _stamp(points: np.ndarray, radii: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Stamp a soft-edged round pen at each point: float32 (28, 28), 0-1. The edge is one pixel wide (antialiasing)."""
    p, r = points.astype(np.float32), radii.astype(np.float32)
    dx2 = (_GRID[None, :] - p[:, :1]) ** 2  # (n, 28)
    dy2 = (_GRID[None, :] - p[:, 1:]) ** 2
    distance = np.sqrt(dy2[:, :, None] + dx2[:, None, :])  # (n, 28, 28)
    np.subtract((r + np.float32(0.5))[:, None, None], distance, out=distance)
    np.clip(distance, 0.0, 1.0, out=distance)
    distance *= ink.astype(np.float32)[:, None, None]
    return distance.max(axis=0)


def _specks(canvas: np.ndarray, rng: Generator) -> np.ndarray:
    """Now and then a speck of dust or the end of a neighbour's stroke at the edge of the picture."""
    if rng.random() < 0.25:
        count = int(rng.integers(1, 4))
        spots = rng.uniform(1.0, SIDE - 1.0, (count, 2))
        canvas = np.maximum(canvas, _stamp(spots, rng.uniform(0.1, 0.7, count), rng.uniform(0.3, 0.9, count)))
    if rng.random() < 0.12:
        edge = rng.uniform(-1.0, 1.5) if rng.random() < 0.5 else SIDE + rng.uniform(-1.5, 1.0)
        here = rng.uniform(4.0, SIDE - 4.0)
        tail = np.linspace(0.0, 1.0, 12)[:, None] * np.array([rng.normal(0.0, 1.0), rng.uniform(-8.0, 8.0)])
        spots = np.array([edge, here]) + tail
        canvas = np.maximum(
            canvas, _stamp(spots, np.full(12, rng.uniform(0.6, 1.4)), np.full(12, rng.uniform(0.5, 1.0)))
        )
    return canvas

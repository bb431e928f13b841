"""Pocket fruit: fresh and rotten apples, oranges and bananas as JPEGs, in the folders of Kaggle's data set.

    folder/{train,valid}/{freshapples,freshbanana,…}/000.jpg …

This module says which photo is drawn from which seed and where it goes; what is on it is in `course.pictures`. Colours
overlap between the classes on purpose (red, green and yellow apples, green bananas and oranges, brown tables, brown things
beside fresh fruit): `python -m benchmarks.lesson_fruit_floor` measures what the cheap tricks reach.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from course.errors import CourseError

CLASSES = ("freshapples", "freshbanana", "freshoranges", "rottenapples", "rottenbanana", "rottenoranges")
VERSION = 3
SIDE = 144  # pixels: above the 96 to 128 that the pocket network sees, so that a random crop has something to take
COUNTS = {"train": 100, "valid": 40}  # photos of each class
QUALITY = 88
_SPLITS = {"train": 1, "valid": 2, "hidden": 3}
_KINDS = ("apple", "banana", "orange")


def photo(label: str, seed: int, split: str = "train") -> Image.Image:
    """The photo of class `label` with number `seed` of a split: RGB, SIDE x SIDE.

    Args:
        label: one of CLASSES.
        seed: 0, 1, 2 … for the photos of the data set; any integer from 0 up for others (a secret one for "hidden").
        split: train, valid or hidden; the same seed gives another photo in each.

    Raises:
        CourseError: no such class or split.
    """
    from course.pictures.scenes import fruit_scene  # here, so that the judge can ask for CLASSES without the renderer

    if label not in CLASSES or split not in _SPLITS:
        raise CourseError(
            f"There is no fruit photo {split}/{label}.", f"Classes: {', '.join(CLASSES)}; splits: {', '.join(_SPLITS)}."
        )
    which = CLASSES.index(label)
    rng = np.random.default_rng([2007, _SPLITS[split], which, seed])
    return Image.fromarray(fruit_scene(rng, SIDE, _KINDS[which % 3], rotten=which >= 3))


def photo_bytes(label: str, seed: int, split: str) -> bytes:
    """`photo` as the bytes of a JPEG."""
    from course.pictures.camera import jpeg

    return jpeg(photo(label, seed, split), QUALITY)


def write(folder: Path, progress: Callable[[int, int], None] | None = None, *, workers: int = 2) -> None:
    """Write the data set: COUNTS photos of each class into folder/{train,valid}/<class>/."""
    from course.pictures.press import press

    jobs = [
        (f"{split}/{label}/{k:03d}.jpg", "course.datasets.fruit:photo_bytes", (label, k, split))
        for split, count in COUNTS.items()
        for label in CLASSES
        for k in range(count)
    ]
    press(folder, jobs, progress, workers)

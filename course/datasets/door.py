"""Pocket door photos: one particular dog, "the resident", against other dogs, cats and things, in the course's folders.

    folder/{train,valid}/{bo,not_bo}/000.jpg …        19 + 120 for training, 10 + 20 for validation

As few and as unbalanced as in the original: saying "no" to everybody is right in two of three validation photos. What the
resident looks like is in `course.pictures.breeds`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from course.errors import CourseError

CLASSES = ("bo", "not_bo")
VERSION = 2
SIDE = 160  # pixels
COUNTS = {"train": {"bo": 19, "not_bo": 120}, "valid": {"bo": 10, "not_bo": 20}}
QUALITY = 88
_SPLITS = {"train": 1, "valid": 2, "hidden": 3}
# Who comes to the door, besides the resident: 0.55 and 0.33 are about the shares of dogs and cats in the original photos.
_VISITORS = (("dog", 0.55), ("cat", 0.33), ("thing", 0.12))


def photo(label: str, seed: int, split: str = "train") -> Image.Image:
    """The photo of class `label` with number `seed` of a split: RGB, SIDE x SIDE.

    Args:
        label: "bo" (the resident) or "not_bo".
        seed: 0, 1, 2 … for the photos of the data set; any integer from 0 up for others (a secret one for "hidden").
        split: train, valid or hidden.

    Raises:
        CourseError: no such class or split.
    """
    from course.pictures.breeds import ANIMALS, RESIDENT, animal_scene, individual
    from course.pictures.things import THINGS

    if label not in CLASSES or split not in _SPLITS:
        raise CourseError(
            f"There is no door photo {split}/{label}.", f"Classes: {', '.join(CLASSES)}; splits: {', '.join(_SPLITS)}."
        )
    rng = _rng(label, seed, split)
    if label == "bo":
        return Image.fromarray(animal_scene(rng, SIDE, RESIDENT.vary(rng, 0.02), outdoors=0.65, wild=0.8))
    kind = _kind(rng)
    if kind == "thing":
        return Image.fromarray(list(THINGS.values())[rng.integers(len(THINGS))](rng, SIDE))
    names = list(ANIMALS[kind])
    animal = individual(rng, kind, names[rng.integers(len(names))])
    return Image.fromarray(animal_scene(rng, SIDE, animal, outdoors=0.55, wild=0.8))


def visitor(label: str, seed: int, split: str = "train") -> str:
    """What that photo shows: "dog", "cat" or "thing". The folders say only whether it is the resident, who is a dog."""
    return "dog" if label == "bo" else _kind(_rng(label, seed, split))


def _rng(label: str, seed: int, split: str) -> np.random.Generator:
    return np.random.default_rng([2005, _SPLITS[split], CLASSES.index(label), seed])


def _kind(rng: np.random.Generator) -> str:
    return _VISITORS[int(rng.choice(len(_VISITORS), p=[share for _, share in _VISITORS]))][0]


def photo_bytes(label: str, seed: int, split: str) -> bytes:
    """`photo` as the bytes of a JPEG."""
    from course.pictures.camera import jpeg

    return jpeg(photo(label, seed, split), QUALITY)


def write(folder: Path, progress: Callable[[int, int], None] | None = None, *, workers: int = 2) -> None:
    """Write the data set: COUNTS photos into folder/{train,valid}/{bo,not_bo}/."""
    from course.pictures.press import press

    jobs = [
        (f"{split}/{label}/{k:03d}.jpg", "course.datasets.door:photo_bytes", (label, k, split))
        for split, counts in COUNTS.items()
        for label, count in counts.items()
        for k in range(count)
    ]
    press(folder, jobs, progress, workers)

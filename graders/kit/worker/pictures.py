"""Builders and probes for pictures and data sets: many calls in one request, and what a call leaves behind."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from course.checks.builders import builder
from course.checks.probes import items_of, probe


@builder
def path_object(path: str) -> Path:
    """A path as a `Path`: text is what crosses otherwise."""
    return Path(path)


@builder
def unread_photo(content: bytes) -> Image.Image:
    """A photo as `Image.open` gives it: the pixels are still in the file."""
    return Image.open(io.BytesIO(content))


@builder
def photo_from(path: str) -> Image.Image:
    """A photo of a file, as `Image.open` gives it: it knows the file's name."""
    return Image.open(path)


@builder
def noisy_set(count: int) -> Dataset[Any]:
    """`general.numbered` images whose second pixel is drawn anew each time that they are asked for, with their number as label."""
    return NoisySet(count)


class NoisySet(Dataset[Any]):
    """See `noisy_set`."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return torch.tensor([[[index / 255, float(torch.rand(()))]]]), index


@probe
def look_of(photo: Image.Image) -> dict[str, Any]:
    """What a photo is: mode, size, EXIF orientation and pixels."""
    orientation = int(photo.getexif().get(0x0112, 0))
    return {"mode": photo.mode, "size": list(photo.size), "orientation": orientation, "pixels": photo.tobytes()}


@probe
def all_through(transform: Callable[[Any], Any], pictures: list[Any]) -> dict[str, list[Any]]:
    """`transform` of each picture in turn, all kept until the last: {"found": what came, "changed": which pictures it changed}."""
    before = [_kept(picture) for picture in pictures]
    found = [transform(picture) for picture in pictures]
    changed = [k for k, (old, now) in enumerate(zip(before, map(_kept, pictures), strict=True)) if not _same(old, now)]
    return {"found": found, "changed": changed}


@probe
def drawn(transform: Callable[[Any], Any], picture: Any, count: int) -> list[Any]:
    """What `transform` makes of one picture, so many times; it is given a copy each time."""
    return [transform(picture.clone() if isinstance(picture, torch.Tensor) else picture.copy()) for _ in range(count)]


@probe
def repaint(picture: Image.Image, other: Image.Image) -> None:
    """Paint `other`, of the same size, over a picture that is kept here: the same object shows something else then."""
    picture.paste(other)


@probe
def repainted(transform: Callable[[Any], Any], picture: Image.Image, other: Image.Image) -> Any:
    """`transform` of a picture that it has seen before as another one: `other` is painted over it in between."""
    transform(picture)
    picture.paste(other)
    return transform(picture)


@probe
def chances_after(transform: Callable[[Any], Any], picture: Any, count: int) -> dict[str, list[float]]:
    """The first numbers that torch, NumPy and `random` draw after each of `count` calls."""
    draws: dict[str, Callable[[], float]] = {
        "torch": lambda: float(torch.rand((), dtype=torch.float64)),
        "NumPy": np.random.random,  # the one that all share
        "random": random.random,
    }
    found: dict[str, list[float]] = {name: [] for name in draws}
    for _ in range(count):
        transform(picture.clone() if isinstance(picture, torch.Tensor) else picture.copy())
        for name, draw in draws.items():
            found[name].append(float(draw()))
    return found


TWISTS = 2_000  # so many times 624 numbers may be drawn within a call


@probe
def reseeded_by(transform: Callable[[Any], Any], picture: Any) -> list[str]:
    """Those of torch, NumPy and `random` whose shared generator a call has seeded: it does not go on from where it was."""
    numbers = {
        "NumPy": lambda: np.random.get_state(legacy=False)["state"]["key"],  # noqa: NPY002 - it is the shared one
        "random": lambda: np.array(random.getstate()[1][:-1], np.uint32),
    }
    seed, before = torch.initial_seed(), {name: read().copy() for name, read in numbers.items()}
    transform(picture.clone() if isinstance(picture, torch.Tensor) else picture.copy())
    found = ["torch"] if torch.initial_seed() != seed else []
    return found + [name for name, read in numbers.items() if not _goes_on(before[name], read())]


def _goes_on(before: np.ndarray, after: np.ndarray) -> bool:
    """Is `after` a later state of the Mersenne twister, a generator whose state is 624 numbers, than `before`?"""
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": before, "pos": 624}}
    for _ in range(TWISTS):
        if np.array_equal(twister.state["state"]["key"], after):
            return True
        twister.random_raw(624)
    return False


@probe
def others_in(dataset: Any, count: int, passes: int) -> tuple[int, int]:
    """In how many of `passes` through the first `count` items an image, and in how many a label, is another than at first."""
    first_images, first_labels = items_of(dataset, list(range(count)))
    first_images, first_labels = first_images.clone(), first_labels.clone()
    images_off = labels_off = 0
    for _ in range(passes):
        images, labels = items_of(dataset, list(range(count)))
        images_off += not torch.equal(images, first_images)
        labels_off += not torch.equal(labels, first_labels)
    return images_off, labels_off


def _kept(picture: Any) -> Any:
    return picture.clone() if isinstance(picture, torch.Tensor) else look_of(picture)


def _same(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other

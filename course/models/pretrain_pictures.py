"""The pictures of the pre-training, rendered once into a cache of .npy files: formulas, and the course's catalogue of things.

Rendered fruit (`course.pictures.FRUIT_PHOTOS`) is a part of its own, drawn from other seeds than any data set of the course: its
categories are apple, banana and orange, and how far it has gone is one of the causes. A cache is a folder; deleting it costs
minutes. Item k of a seed is the same however many workers share the rendering.
"""

import multiprocessing
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course.models import formulas

SIDE = 104  # px; crops of 96 px have room to move
CHUNK = 100
ANIMALS = ("dog: ", "cat: ", "bear: ")
FRUIT = ("apple", "banana", "orange")
CAUSES = (*formulas.CAUSES, "decay")


@lru_cache(maxsize=1)
def catalogue_names() -> tuple[str, ...]:
    """The catalogue's categories that are used, in its own order."""
    from course.pictures import FRUIT_PHOTOS, catalogue

    return tuple(name for name in catalogue() if name not in FRUIT_PHOTOS)


def category_names() -> list[str]:
    """All categories: the catalogue's, then the formulas', then fruit."""
    return [*catalogue_names(), *formulas.CATEGORIES, *FRUIT]


def _catalogue_item(seed: int, index: int, animals: float) -> tuple[np.ndarray, int, np.ndarray]:
    """Item number index of the catalogue part: a share `animals` of the pictures shows animals."""
    from course.pictures import catalogue

    rng = np.random.default_rng([seed, index, 1])
    names = catalogue_names()
    living = bool(rng.random() < animals)
    wanted = [name for name in names if name.startswith(ANIMALS) == living]
    name = wanted[rng.integers(len(wanted))]
    picture = catalogue()[name](rng, SIDE)
    return picture.transpose(2, 0, 1), names.index(name), np.full(len(CAUSES), np.nan, np.float32)


def _fruit_item(seed: int, index: int) -> tuple[np.ndarray, int, np.ndarray]:
    """Item number index of the fruit part."""
    from course.pictures import catalogue

    rng = np.random.default_rng([seed, index, 2])
    kind, rotten = int(rng.integers(len(FRUIT))), bool(rng.integers(2))
    picture = catalogue()[f"{'rotten' if rotten else 'fresh'} {FRUIT[kind]}"](rng, SIDE)
    causes = np.full(len(CAUSES), np.nan, np.float32)
    causes[-1] = rotten
    return picture.transpose(2, 0, 1), len(catalogue_names()) + len(formulas.CATEGORIES) + kind, causes


def _chunk(job: tuple[int, int, int, int, float]) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures start … start + CHUNK - 1: the catalogue's below `things`, fruit from `fruit` on, formulas between."""
    seed, start, things, fruit, animals = job
    items = []
    for index in range(start, start + CHUNK):
        if index < things:
            items.append(_catalogue_item(seed, index, animals))
        elif index < fruit:
            picture, category, causes = formulas.sample(seed, index, SIDE)
            items.append((picture, category + len(catalogue_names()), np.append(causes, np.float32(np.nan))))
        else:
            items.append(_fruit_item(seed, index))
    pictures, categories, causes = zip(*items)
    return start, np.stack(pictures), np.array(categories, np.int64), np.stack(causes)


@dataclass
class Pictures:
    """pictures uint8 (N, 3, SIDE, SIDE), categories int64 (N,), causes float32 (N, C) with NaN for none."""

    pictures: np.ndarray
    categories: np.ndarray
    causes: np.ndarray


def stem(seed: int, things: int, formula_pictures: int, fruit: int) -> str:
    """What the files of one choice of pictures are called."""
    return f"{seed}_{things}_{formula_pictures}_{fruit}"


def prepare(
    folder: Path, seed: int, things: int, formula_pictures: int, fruit: int, jobs: int, animals: float = 0.6
) -> Pictures:
    """The cache in `folder`, rendered where it is absent.

    Args:
        things, formula_pictures, fruit: how many pictures of each part, multiples of 100, in this order.
        jobs: worker processes.
        animals: share of the catalogue's pictures that show dogs, cats or bears, which are the hardest to tell apart.
    """
    count = things + formula_pictures + fruit
    name = stem(seed, things, formula_pictures, fruit)
    files = [folder / f"{part}_{name}.npy" for part in ("pictures", "categories", "causes")]
    if not all(file.exists() for file in files):
        folder.mkdir(parents=True, exist_ok=True)
        partial = files[0].with_suffix(".partial")
        pictures = np.lib.format.open_memmap(partial, "w+", np.uint8, (count, 3, SIDE, SIDE))
        categories = np.zeros(count, np.int64)
        causes = np.zeros((count, len(CAUSES)), np.float32)
        work = [(seed, start, things, count - fruit, animals) for start in range(0, count, CHUNK)]
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            for start, *parts in tqdm(
                pool.imap_unordered(_chunk, work), total=len(work), desc="pictures", unit="hundred"
            ):
                arrays: list[np.ndarray] = [pictures, categories, causes]
                for array, part in zip(arrays, parts):
                    array[start : start + CHUNK] = part
        pictures.flush()
        np.save(files[1], categories)
        np.save(files[2], causes)
        os.replace(partial, files[0])
    return Pictures(np.load(files[0], mmap_mode="r"), np.load(files[1]), np.load(files[2]))

"""The pictures of the pre-training, rendered once into a cache of .npy files: formulas, and the course's catalogue of things.

The six classes of project 07 (`course.pictures.FRUIT_PHOTOS`) are left out: the network must not have seen its examination. A
cache is a folder; deleting it costs minutes. Item k of a seed is the same however many workers share the rendering.
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


@lru_cache(maxsize=1)
def catalogue_names() -> tuple[str, ...]:
    """The catalogue's categories that are used, in its own order."""
    from course.pictures import FRUIT_PHOTOS, catalogue

    return tuple(name for name in catalogue() if name not in FRUIT_PHOTOS)


def category_names() -> list[str]:
    """All categories: the catalogue's, then the formulas'."""
    return [*catalogue_names(), *formulas.CATEGORIES]


def _catalogue_item(seed: int, index: int, animals: float) -> tuple[np.ndarray, int, np.ndarray]:
    """Item number index of the catalogue part: a share `animals` of the pictures shows animals."""
    from course.pictures import catalogue

    rng = np.random.default_rng([seed, index, 1])
    names = catalogue_names()
    living = bool(rng.random() < animals)
    wanted = [name for name in names if name.startswith(ANIMALS) == living]
    name = wanted[rng.integers(len(wanted))]
    picture = catalogue()[name](rng, SIDE)
    return picture.transpose(2, 0, 1), names.index(name), np.full(len(formulas.CAUSES), np.nan, np.float32)


def _chunk(job: tuple[int, int, int, float]) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures start … start + CHUNK - 1; those below `things` are the catalogue's."""
    seed, start, things, animals = job
    items = []
    for index in range(start, start + CHUNK):
        if index < things:
            items.append(_catalogue_item(seed, index, animals))
        else:
            picture, category, causes = formulas.sample(seed, index, SIDE)
            items.append((picture, category + len(catalogue_names()), causes))
    pictures, categories, causes = zip(*items)
    return start, np.stack(pictures), np.array(categories, np.int64), np.stack(causes)


@dataclass
class Pictures:
    """pictures uint8 (N, 3, SIDE, SIDE), categories int64 (N,), causes float32 (N, C) with NaN for none."""

    pictures: np.ndarray
    categories: np.ndarray
    causes: np.ndarray


def prepare(folder: Path, seed: int, things: int, formula_pictures: int, jobs: int, animals: float = 0.6) -> Pictures:
    """The cache in `folder`, rendered where it is absent.

    Args:
        things: how many pictures of the catalogue, a multiple of 100.
        formula_pictures: how many of the formulas, a multiple of 100.
        jobs: worker processes.
        animals: share of the catalogue's pictures that show dogs, cats or bears, which are the hardest to tell apart.
    """
    count = things + formula_pictures
    files = [folder / f"{part}_{seed}_{things}_{count}.npy" for part in ("pictures", "categories", "causes")]
    if not all(file.exists() for file in files):
        folder.mkdir(parents=True, exist_ok=True)
        partial = files[0].with_suffix(".partial")
        pictures = np.lib.format.open_memmap(partial, "w+", np.uint8, (count, 3, SIDE, SIDE))
        categories = np.zeros(count, np.int64)
        causes = np.zeros((count, len(formulas.CAUSES)), np.float32)
        work = [(seed, start, things, animals) for start in range(0, count, CHUNK)]
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            for start, *parts in tqdm(
                pool.imap_unordered(_chunk, work), total=len(work), desc="pictures", unit="hundred"
            ):
                for array, part in zip((pictures, categories, causes), parts):
                    array[start : start + CHUNK] = part
        pictures.flush()
        np.save(files[1], categories)
        np.save(files[2], causes)
        os.replace(partial, files[0])
    return Pictures(np.load(files[0], mmap_mode="r"), np.load(files[1]), np.load(files[2]))

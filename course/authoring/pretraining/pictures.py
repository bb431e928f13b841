"""The pictures of the pre-training, rendered once into a cache of .npy files: formulas, and the catalogue of things.

Rendered fruit is a part of its own, drawn from other seeds than any data set of the course: its categories are apple, banana and
orange, and whether it is rotten is one of the causes. An animal's causes are its build and its coat; one in five wears the coat
of another animal, so that neither tells the other. A cache is a folder; deleting it costs minutes. Item k of a seed is the same
however many workers share the rendering.
"""

import multiprocessing
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course.authoring.pretraining import formulas
from course.authoring.pretraining.catalogue import catalogue
from course.pictures import breeds
from course.pictures.scenes import fruit_scene
from course.pictures.skeleton import Traits

SIDE = 104  # px; crops of 96 px have room to move
CHUNK = 100
ANIMALS = ("dog: ", "cat: ", "bear: ")
FRUIT = ("apple", "banana", "orange")
BUILD = ("length", "legs", "chest", "head", "muzzle", "ear")
COAT = (
    "shaggy",
    "curly",
    *(f"{part} {band}" for part in ("base", "bib", "second") for band in ("red", "green", "blue")),
)
CAUSES = (*formulas.CAUSES, "decay", *BUILD, *COAT)
DECAY = len(formulas.CAUSES)
BORROWED = 0.2  # share of the animals that wear another one's coat


@lru_cache(maxsize=1)
def catalogue_names() -> tuple[str, ...]:
    """The catalogue's categories, in its own order."""
    return tuple(catalogue())


def category_names() -> list[str]:
    """All categories: the catalogue's, then the formulas', then fruit."""
    return [*catalogue_names(), *formulas.CATEGORIES, *FRUIT]


def _animal(rng: np.random.Generator, kind: str, breed: str) -> Traits:
    """An individual of a breed, at times in the coat of any other animal."""
    traits = breeds.individual(rng, kind, breed)
    if rng.random() < BORROWED:
        others = [traits for kin in breeds.ANIMALS.values() for traits in kin.values()]
        traits = replace(traits, coat=others[rng.integers(len(others))].coat.vary(rng))
    return traits


def _animal_causes(traits: Traits) -> np.ndarray:
    """Build and coat of an animal as float32 (len(CAUSES),), NaN elsewhere."""
    coat = traits.coat
    build = (traits.length, traits.legs, traits.chest, traits.head, traits.muzzle[2], traits.ear[1])
    causes = np.full(len(CAUSES), np.nan, np.float32)
    causes[DECAY + 1 :] = (*build, coat.shaggy, coat.curly, *coat.base, *coat.of("bib"), *coat.second)
    return causes


def _catalogue_item(seed: int, index: int, animals: float) -> tuple[np.ndarray, int, np.ndarray]:
    """Item number index of the catalogue part: a share `animals` of the pictures shows animals."""
    rng = np.random.default_rng([seed, index, 1])
    names = catalogue_names()
    living = bool(rng.random() < animals)
    wanted = [name for name in names if name.startswith(ANIMALS) == living]
    name = wanted[rng.integers(len(wanted))]
    if living:
        traits = _animal(rng, *name.split(": "))
        picture = breeds.animal_scene(rng, SIDE, traits, wild=0.8)
        return picture.transpose(2, 0, 1), names.index(name), _animal_causes(traits)
    picture = catalogue()[name](rng, SIDE)
    return picture.transpose(2, 0, 1), names.index(name), np.full(len(CAUSES), np.nan, np.float32)


def _fruit_item(seed: int, index: int) -> tuple[np.ndarray, int, np.ndarray]:
    """Item number index of the fruit part."""
    rng = np.random.default_rng([seed, index, 2])
    kind, rotten = int(rng.integers(len(FRUIT))), bool(rng.integers(2))
    picture = fruit_scene(rng, SIDE, FRUIT[kind], rotten)
    causes = np.full(len(CAUSES), np.nan, np.float32)
    causes[DECAY] = rotten
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
            known = np.full(len(CAUSES), np.nan, np.float32)
            known[:DECAY] = causes
            items.append((picture, category + len(catalogue_names()), known))
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

"""Picture formulas for pre-training: item k of seed s is a picture, its category and its causes, however the work is split.

Solids (`contours`, `render`) and flat patterns (`patterns`); no photograph is read anywhere. Idea:
pre-training without natural images (Kataoka et al. 2020), with causes known to the renderer as extra targets.
"""

from dataclasses import dataclass

import numpy as np

from course.authoring.pretraining.contours import CAUSES, SHAPES
from course.authoring.pretraining.patterns import PATTERNS, render_pattern
from course.authoring.pretraining.render import render

CATEGORIES: tuple[str, ...] = (*SHAPES, *PATTERNS)
SOLID_SHARE = 0.7  # of the pictures; solids carry more causes than patterns do


@dataclass
class Batch:
    """Pictures and what made them.

    pictures: uint8 (N, 3, size, size); categories: int64 (N,), an index of CATEGORIES; causes: float32 (N, len(CAUSES)),
    in [0, 1], NaN where a picture has no such cause.
    """

    pictures: np.ndarray
    categories: np.ndarray
    causes: np.ndarray


def sample(seed: int, index: int, size: int) -> tuple[np.ndarray, int, np.ndarray]:
    """Picture number index of a seed: uint8 (3, size, size), category, causes float32 (len(CAUSES),)."""
    rng = np.random.default_rng([seed, index])
    if rng.random() < SOLID_SHARE:
        category = int(rng.integers(len(SHAPES)))
        picture = render(CATEGORIES[category], rng, size)
    else:
        category = int(rng.integers(len(SHAPES), len(CATEGORIES)))
        picture = render_pattern(CATEGORIES[category], rng, size)
    image = picture.image
    if rng.random() < 0.3:  # another camera: a gamma and the colour of the lamp
        image = np.clip(image ** rng.uniform(0.7, 1.4) * rng.uniform(0.88, 1.08, 3).astype(np.float32), 0, 1)
    if rng.random() < 0.25:
        image = np.clip(image + rng.normal(0, rng.uniform(0.005, 0.04), image.shape).astype(np.float32), 0, 1)
    causes = np.array([picture.causes.get(name, np.nan) for name in CAUSES], np.float32)
    return (image * 255 + 0.5).astype(np.uint8).transpose(2, 0, 1), category, causes


def make(seed: int, start: int, count: int, size: int) -> Batch:
    """Pictures start … start + count - 1 of a seed."""
    items = [sample(seed, index, size) for index in range(start, start + count)]
    pictures, categories, causes = zip(*items)
    return Batch(np.stack(pictures), np.array(categories, np.int64), np.stack(causes))

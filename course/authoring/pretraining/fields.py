"""Noise fields for the formula pictures: cloudy (spectral), cellular (Worley) and their cheap random windows.

A bank of periodic fields is computed once a process; a picture takes random windows, flips and strides of them, which is
a hundred times cheaper than fresh noise. It draws no picture itself. Sources: power-law noise (Perlin 1985 in spirit,
made in the Fourier domain), cellular noise (Worley 1996).
"""

from functools import lru_cache

import numpy as np

from course.pictures.noise import nearest, periodic

SIDE = 256  # a window of 128 still has 2^14 places to start from
EXPONENTS = (0.6, 1.0, 1.4, 1.8, 2.2, 2.8)  # spectral slopes: sand, cloud, rolling hills
DENSITIES = (24, 60, 150, 400, 900)  # cells in a SIDE x SIDE field
COPIES = 6
PRECISION = (
    np.float32
)  # of the pixels' places: the last bit of one shows where a brick's rim is steep, and the recipe stands


def _spectral(rng: np.random.Generator, exponent: float) -> np.ndarray:
    """One periodic field (SIDE, SIDE) with power falling as frequency^(-2 exponent)."""
    return periodic(rng, (SIDE, SIDE), lambda f: np.where(f > 0, np.maximum(f, 1) ** -exponent, 0))


def _cells(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Worley fields (SIDE, SIDE): distance to the nearest point, gap to the second (in mean cell widths), cell id in [0, 1)."""
    points = rng.uniform(0, SIDE, (count, 2)).astype(np.float32)
    away = np.abs(points[..., None] - np.arange(SIDE, dtype=np.float32))
    down, across = np.moveaxis(np.minimum(away, SIDE - away) ** 2, 1, 0)  # each (count, SIDE); the field is periodic
    squares = (y[:, None] + x for y, x in zip(down, across))
    first, second, ids = nearest((SIDE, SIDE), zip(squares, rng.random(count, dtype=np.float32)))
    unit = SIDE / np.sqrt(count)
    return first / unit, (second - first) / unit, ids


@lru_cache(maxsize=1)
def _bank() -> tuple[np.ndarray, np.ndarray]:
    """The fields of this process: spectral (exponents, copies, SIDE, SIDE) and cellular (densities, 3, SIDE, SIDE)."""
    rng = np.random.default_rng(20200131)
    clouds = np.stack([[_spectral(rng, exponent) for _ in range(COPIES)] for exponent in EXPONENTS])
    cells = np.stack([np.stack(_cells(rng, count)) for count in DENSITIES])
    return clouds, cells


def _window(rng: np.random.Generator, field: np.ndarray, size: int, stride: int) -> np.ndarray:
    """A random flipped window (..., size, size) of periodic fields (..., SIDE, SIDE), every stride-th sample."""
    steps = np.arange(size) * stride
    y, x = rng.integers(0, SIDE, 2)
    window = field[..., ((steps + y) % SIDE)[:, None], ((steps + x) % SIDE)[None]]
    if rng.random() < 0.5:
        window = window[..., ::-1, :]
    return np.swapaxes(window, -1, -2) if rng.random() < 0.5 else window


def cloud(rng: np.random.Generator, size: int, smooth: float | None = None, stride: int = 1) -> np.ndarray:
    """A cloudy field (size, size) float32 of mean about 0 and deviation about 1.

    Args:
        smooth: 0 for the roughest spectrum, 1 for the smoothest, None for any.
        stride: take every stride-th sample; larger is finer.
    """
    clouds, _ = _bank()
    level = rng.integers(len(EXPONENTS)) if smooth is None else round(smooth * (len(EXPONENTS) - 1))
    return _window(rng, clouds[level, rng.integers(COPIES)], size, stride)


def cells(rng: np.random.Generator, size: int, density: int | np.integer | None = None, stride: int = 1) -> np.ndarray:
    """Cellular fields (3, size, size) float32: distance to the nearest point, gap to the second, identity of the cell."""
    _, fields = _bank()
    level = rng.integers(len(DENSITIES)) if density is None else density
    return _window(rng, fields[level], size, stride)


def binomial_blur(image: np.ndarray, passes: int = 1) -> np.ndarray:
    """Binomial blur [1 2 1]/4 in both directions, passes times; (size, size, ...) float32, edges repeated."""
    for _ in range(passes):
        padded = np.concatenate([image[:1], image, image[-1:]])
        image = (padded[:-2] + 2 * image + padded[2:]) * 0.25
        padded = np.concatenate([image[:, :1], image, image[:, -1:]], 1)
        image = (padded[:, :-2] + 2 * image + padded[:, 2:]) * 0.25
    return image

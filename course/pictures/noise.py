"""Noise: the raw material of every texture here, and the little arithmetic of fields and colours.

Flat noise is made by enlarging small random grids (value noise, Perlin's idea without the gradients: at these sizes nobody
sees the difference and PIL's bicubic resize does the work); solid noise is read from one periodic volume, at a random
place and turn, so that it wraps a surface with no seam. Worley's cells: "A cellular texture basis function", 1996.
All fields are float32. Nothing here has global state but the volume, which is a constant.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image

Array = np.ndarray
Rng = np.random.Generator
Colour = tuple[float, float, float]


def rgb(colour: Sequence[float] | Array) -> Array:
    """A colour, or several, as float32."""
    return np.asarray(colour, np.float32)


def resize(field: Array, shape: tuple[int, int]) -> Array:
    """`field` (h, w), float32, enlarged or reduced to `shape` by a bicubic filter."""
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def blur(field: Array, pixels: float) -> Array:
    """A cheap wide blur of (h, w): reduce by about `pixels`, enlarge again. `pixels` below 1 leaves it as it is."""
    if pixels < 1:
        return field
    h, w = field.shape
    small = (max(2, round(h / pixels)), max(2, round(w / pixels)))
    return resize(np.asarray(resize(field, small)), (h, w))


def value(rng: Rng, shape: tuple[int, int], cells: float | tuple[float, float]) -> Array:
    """Smooth noise in about [0, 1] with `cells` (down, across) bumps on the picture."""
    down, across = cells if isinstance(cells, tuple) else (cells, cells)
    grid = rng.random((max(2, round(down) + 1), max(2, round(across) + 1)), dtype=np.float32)
    return resize(grid, shape)


def fbm(
    rng: Rng, shape: tuple[int, int], cells: float | tuple[float, float], octaves: int = 4, gain: float = 0.5
) -> Array:
    """Fractional Brownian motion, [0, 1]: octaves of `value` noise, each twice as fine and `gain` times as strong."""
    down, across = cells if isinstance(cells, tuple) else (cells, cells)
    total = np.zeros(shape, np.float32)
    weight, weights = 1.0, 0.0
    for _ in range(octaves):
        total += weight * value(rng, shape, (down, across))
        weights += weight
        weight *= gain
        # Finer than the pixels would only alias.
        down, across = min(down * 2, shape[0] - 1), min(across * 2, shape[1] - 1)
    return np.clip(0.5 + (total / weights - 0.5) * 1.6, 0, 1)


def nearest(shape: tuple[int, ...], points: Iterable[tuple[Array, Array | float]]) -> tuple[Array, Array, Array]:
    """Distances to the nearest and second nearest of `points`, and the name of the nearest, each of `shape`.

    Args:
        points: of each feature point the square of its distance, a field, and its name, a field or a number.
    """
    first, second, name = (
        np.full(shape, np.inf, np.float32),
        np.full(shape, np.inf, np.float32),
        np.zeros(shape, np.float32),
    )
    for square, own in points:
        nearer = square < first
        second = np.where(nearer, first, np.minimum(second, square))
        name = np.where(nearer, own, name)
        first = np.minimum(first, square)
    return np.sqrt(first), np.sqrt(second), name


def worley(rng: Rng, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Distances to the nearest and second nearest feature point, and a random number in [0, 1) for the cell.

    `x`, `y`: coordinates, one feature point to a unit square. Read them warped for a warped pattern.
    """
    cx, cy = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    ox, oy = cx.min() - 1, cy.min() - 1
    points = rng.random((cy.max() - oy + 2, cx.max() - ox + 2, 3), dtype=np.float32)

    def around() -> Iterable[tuple[Array, Array]]:
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                px, py, tag = np.moveaxis(points[cy + dy - oy, cx + dx - ox], -1, 0)
                yield (cx + dx + px - x) ** 2 + (cy + dy + py - y) ** 2, tag

    return nearest(x.shape, around())


def periodic(rng: Rng, sides: tuple[int, ...], gain: Callable[[Array], Array]) -> Array:
    """Noise that can be tiled, mean 0 and deviation 1, filtered in the frequency domain.

    Args:
        gain: how much of a frequency passes, for frequencies in cycles per (first) side.
    """
    axes = [np.fft.fftfreq(n) * n for n in sides]
    axes[-1] = np.abs(axes[-1][: sides[-1] // 2 + 1])  # of a real field half the spectrum tells all
    frequency = np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij", sparse=True)))
    spectrum = np.fft.rfftn(rng.standard_normal(sides)) * gain(frequency)
    field = np.fft.irfftn(spectrum, s=sides, axes=range(len(sides)))
    return ((field - field.mean()) / field.std()).astype(np.float32)


@lru_cache(maxsize=4)
def _volume(kind: str) -> Array:
    """A periodic 64-cube of noise."""
    gain = {
        "cloud": lambda f: np.where(
            f > 0, 1 / np.maximum(f, 2.0) ** 2.3, 0
        ),  # steeper than 1.5 + 0.5: soft, natural blotches
        "grain": lambda f: np.exp(-(((f - 10) / 4) ** 2)),  # bumps of one size, about 10 across the volume
    }[kind]
    return periodic(np.random.default_rng({"cloud": 11, "grain": 12}[kind]), (64, 64, 64), gain)


def rotation(rng: Rng) -> Array:
    """A random turn of space, (3, 3) float32."""
    q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    return (q * np.sign(np.linalg.det(q))).astype(np.float32)


def solid(rng: Rng, points: tuple[Array, Array, Array], scale: float, kind: str = "cloud") -> Array:
    """Solid noise, mean 0 and deviation about 1, at object-space `points` (x, y, z), each any shape.

    `scale` is how much of the volume one unit spans: for "cloud", 0.15 gives a few blotches on a unit sphere and 0.6 many;
    "grain" has bumps of one size, ten to the volume.
    """
    volume = _volume(kind).ravel()
    turn = rotation(rng) * (scale * 64)
    shift = rng.random(3) * 64 + 4096  # positive, so that an int cast is a floor; float32 still has 11 bits of fraction
    x, y, z = points
    weights, index = [], []
    for row, start in zip(turn, shift):
        c = row[0] * x + row[1] * y + row[2] * z + np.float32(start)
        low = c.astype(np.int32)
        t = c - low
        weights.append(t * t * (3 - 2 * t))
        index.append((low & 63, (low + 1) & 63))
    (ax, bx), (ay, by), (az, bz) = index
    wx, wy, wz = weights
    ax, bx, ay, by = ax << 12, bx << 12, ay << 6, by << 6
    total: Array = np.zeros(np.shape(x), np.float32)
    for ix, fx in ((ax, 1 - wx), (bx, wx)):
        for iy, fy in ((ay, 1 - wy), (by, wy)):
            base = ix + iy
            low_z = volume.take(base + az)
            total += fx * fy * (low_z + wz * (volume.take(base + bz) - low_z))
    return total


def smoothstep(low: float, high: float, field: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between (low > high turns it round)."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def mix(a: Array | Colour, b: Array | Colour, t: Array | float) -> Array:
    """Colours `a` to `b` by `t` in [0, 1]; a field (h, w) of `t` is spread over the channels of colours (3,) or (h, w, 3)."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    t = np.asarray(t, np.float32)
    if t.ndim == 2:
        t = t[..., None]
    return a + (b - a) * t

"""Decay of round fruit: patches with soft or sharp borders that sink, rings of mould, wrinkles, nearly all over brown.

Each function changes a `Skin` in place, in the object coordinates of the fruit. Colours are sRGB.
"""

from dataclasses import dataclass

import numpy as np

from course.pictures.noise import Array, Rng, mix, rgb, smoothstep, solid
from course.pictures.solids import Solid


@dataclass
class Skin:
    """The skin of a fruit: colour (h, w, 3) sRGB, bump (h, w) in units, and highlight strength (float or (h, w)) of a surface."""

    colour: Array
    bump: Array
    shine: Array | float
    gloss: float = 35.0


def decay(rng: Rng, body: Solid, skin: Skin, size: float, kinds: tuple[str, ...]) -> None:
    """Change `skin` in place: one or more of patch, mould, wrinkle; at times nearly the whole fruit goes brown."""
    kind = kinds[rng.integers(len(kinds))]
    if kind == "all":  # nearly: some of the old skin shows, and with it what fruit it was
        brown = jitter(rng, rgb([(0.33, 0.21, 0.12), (0.22, 0.15, 0.11), (0.45, 0.30, 0.16)][rng.integers(3)]), 0.03)
        cover = smoothstep(-0.2, 1.2, solid(rng, body.points, 0.2))
        skin.colour[:] = mix(skin.colour, brown * (1 + 0.2 * solid(rng, body.points, 0.4)[..., None]), 0.85 * cover)
        skin.shine = skin.shine * 0.3
        _wrinkle(rng, body, skin, size, 1.0)
    also = {"patch": rng.random() < 0.35, "wrinkle": rng.random() < 0.4}
    for one in ("wrinkle", "patch", "mould"):  # mould grows over what is there
        if one != kind and not also.get(one):
            continue
        {"patch": _patch, "mould": _mould, "wrinkle": _wrinkle}[one](rng, body, skin, size)
    if kind == "wrinkle":
        _patch(rng, body, skin, size)


def _spot(rng: Rng, body: Solid, wide: float, ragged: float) -> Array:
    """A field that is 0 at a random visible place and grows to 1 about `wide` (radians) away, its rim uneven."""
    visible = np.argwhere(body.edge > 0.3 * max(float(body.edge.max()), 1e-6))
    row, column = visible[rng.integers(len(visible))] if len(visible) else (0, 0)
    norm = np.sqrt(body.x**2 + body.y**2 + body.z**2) + 1e-6
    product = body.x * body.x[row, column] + body.y * body.y[row, column] + body.z * body.z[row, column]
    angle = np.arccos(np.clip(product / (norm * norm[row, column]), -1, 1))
    return angle / wide + ragged * 0.22 * solid(rng, body.points, 0.3)


def _patch(rng: Rng, body: Solid, skin: Skin, size: float) -> None:
    """Brown rot: spots that a look finds, with rings and a soft or a sharp rim, a little sunken."""
    for _ in range(int(rng.integers(1, 4))):
        spot = _spot(rng, body, rng.uniform(0.6, 1.0), rng.uniform(0.4, 1.3))
        soft = rng.uniform(0.05, 0.35)
        amount = smoothstep(1 + soft, 1 - soft, spot)
        browns = ((0.40, 0.25, 0.12), (0.26, 0.16, 0.10), (0.52, 0.36, 0.20), (0.14, 0.10, 0.08))
        brown = jitter(rng, rgb(browns[rng.integers(4)]), 0.03)
        rings = 0.12 * np.sin(spot * rng.uniform(8, 20)) + 0.18 * solid(rng, body.points, 0.5)
        skin.colour[:] = mix(skin.colour, np.clip(brown * (1 + rings)[..., None], 0, 1), 0.95 * amount)
        halo = np.exp(-(((spot - 1.05) / 0.12) ** 2)) * rng.uniform(0, 0.5)
        skin.colour[:] = mix(skin.colour, skin.colour * rgb([0.75, 0.62, 0.5]), halo)
        skin.bump = skin.bump - (rng.uniform(0.0, 0.12) * size * amount).astype(np.float32)
        skin.shine = skin.shine * (1 - 0.6 * amount)


def _mould(rng: Rng, body: Solid, skin: Skin, size: float) -> None:
    """Fur of mould: white rim, green-grey or blue-grey heart, dull and fuzzy."""
    fuzz = solid(rng, body.points, 1.4, "grain")
    for _ in range(int(rng.integers(1, 3))):
        spot = _spot(rng, body, rng.uniform(0.55, 0.95), rng.uniform(0.5, 1.2)) + 0.04 * fuzz
        white = smoothstep(1.1, 0.85, spot) * rng.uniform(0.75, 1.0)
        heart = smoothstep(rng.uniform(0.6, 0.95), rng.uniform(0.3, 0.6), spot)
        pale = jitter(rng, rgb([0.88, 0.87, 0.84]), 0.03)
        dusts = ((0.48, 0.56, 0.48), (0.50, 0.57, 0.60), (0.36, 0.42, 0.33), (0.62, 0.60, 0.52))
        dust = jitter(rng, rgb(dusts[rng.integers(4)]), 0.03)
        grain = (1 + 0.10 * fuzz + 0.10 * solid(rng, body.points, 0.4))[..., None]
        skin.colour[:] = mix(skin.colour, np.clip(pale * grain, 0, 1), white)
        skin.colour[:] = mix(skin.colour, np.clip(dust * grain, 0, 1), heart * white)
        skin.bump = skin.bump + (0.010 * size * fuzz * white).astype(np.float32)
        skin.shine = skin.shine * (1 - white)


def _wrinkle(rng: Rng, body: Solid, skin: Skin, size: float, strength: float = 0.7) -> None:
    """Skin too large for what it holds: ridged noise, and a tired colour."""
    ridges = np.abs(solid(rng, (body.x, body.y * 0.5, body.z), rng.uniform(0.3, 0.5)))
    folds = np.minimum(ridges, 1.0) + 0.4 * np.abs(solid(rng, body.points, 0.7))
    skin.bump = skin.bump + (strength * 0.05 * size * folds).astype(np.float32)
    tired = skin.colour * (0.9 + 0.12 * np.minimum(folds, 1))[..., None]
    skin.colour[:] = mix(tired, rgb([0.52, 0.36, 0.20]), 0.18 * strength)
    skin.shine = skin.shine * 0.5


def jitter(rng: Rng, base: Array, spread: float = 0.035) -> Array:
    """A colour (3,) near another."""
    return np.clip(base + rng.normal(0, spread, 3).astype(np.float32), 0.03, 0.97)

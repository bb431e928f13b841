"""Contours of solids, and the causes of their pictures: made by formulas whose every cause is known, for pre-training.

A solid is a contour in polar coordinates (superformula, Gielis 2003, and friends); `render` inflates it to a height field, lights
and paints it, and perhaps it is spotted, bruised, mouldy or wrinkled. The causes come back as numbers, so that a network can
be asked for them. It knows nothing of any photograph, and of no class of a downstream task.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

CAUSES = (  # what is regressed, each in [0, 1]; areas are fractions of the solids' own area
    "coverage", "count", "spots", "patch", "mould", "wrinkles", "browning", "freckles", "gloss", "bumps", "stripes",
    "plain_ground", "light_x", "light_y", "red", "green", "blue", "second_red", "second_green", "second_blue",
    "elongation", "bend",
)  # fmt: skip


@dataclass
class Shape:
    """How to draw one kind of solid.

    contour(theta, rng) gives the radius in (0, 1] at angle theta (0 is up), (size, size) float32.
    """

    contour: Callable[[np.ndarray, np.random.Generator], np.ndarray]
    aspect: tuple[float, float] = (0.9, 1.1)  # width over height, range
    bend: tuple[float, float] = (0.0, 0.0)  # curvature of the axis, range
    hues: tuple[tuple[float, float, float], ...] = ()  # usual colours (r, g, b); half of the pictures ignore them
    relief: str = "smooth"  # smooth, peel, ridges, rough, seam
    ridges: int = 0  # meridian ridges
    stem: float = 0.0  # chance of a stalk at the top
    leaf: float = 0.0
    flat: float = 2.0  # exponent of the profile: 2 is a ball, larger is flatter on top
    bunch: float = 0.15  # chance of several
    hole: float = 0.0  # radius of a hole in the middle
    spokes: int = 0  # segments of a slice
    upright: float = 0.5  # chance that the axis stays nearly upright


def superformula(m: float, n1: float, n2: float, n3: float) -> Callable[[np.ndarray], np.ndarray]:
    """Gielis' contour r(theta) = (|cos(m theta/4)|^n2 + |sin(m theta/4)|^n3)^(-1/n1), unscaled."""

    def radius(theta: np.ndarray) -> np.ndarray:
        quarter = m * theta / 4
        return (np.abs(np.cos(quarter)) ** n2 + np.abs(np.sin(quarter)) ** n3 + 1e-6) ** (-1 / n1)

    return radius


def _ball(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.ones_like(theta)


def _apple(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    dip, taper, foot = rng.uniform(0.08, 0.22), rng.uniform(0.0, 0.12), rng.uniform(0.0, 0.1)
    c = np.cos(theta)
    return (
        0.95
        - dip * np.exp(-((theta / 0.35) ** 2))
        - taper * (c < 0) * c * c
        - foot * np.exp(-(((np.abs(theta) - np.pi) / 0.3) ** 2))
        + 0.05 * np.abs(np.sin(theta))
    )


def _pear(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    neck = rng.uniform(0.25, 0.45)
    return 1 - neck * np.exp(-(((np.abs(theta) - 0.75) / 0.45) ** 2)) + 0.0 * theta


def _lemon(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    nipple, width = rng.uniform(0.1, 0.25), rng.uniform(0.2, 0.35)
    ends = np.exp(-((theta / width) ** 2)) + 0.7 * np.exp(-(((np.abs(theta) - np.pi) / width) ** 2))
    return 0.82 + nipple * ends


def _pod(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A long body with blunt ends, drawn in squeezed coordinates."""
    n, tip = rng.uniform(2.3, 3.2), rng.uniform(0.0, 0.12)
    blunt = (np.abs(np.cos(theta)) ** n + np.abs(np.sin(theta)) ** n) ** (-1 / n)
    return np.minimum(blunt / blunt.max() + tip * np.exp(-((theta / 0.12) ** 2)), 1.0)


def _egg(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 0.9 - rng.uniform(0.1, 0.2) * np.cos(theta) * np.abs(np.sin(theta))


def _lumps(low: int, high: int, depth: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    def radius(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        r = np.ones_like(theta)
        for _ in range(3):
            r += depth * rng.uniform(0.2, 1) * np.cos(rng.integers(low, high + 1) * theta + rng.uniform(0, 6.3))
        return r / (1 + 1.5 * depth)

    return radius


def _cone(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Widest at the top, to a point below: a carrot."""
    sharp = rng.uniform(0.35, 0.5)
    return 1 - sharp * np.exp(-(((np.abs(theta) - 2.3) / 0.6) ** 2))


def _super(m: float, n1: float, n2: float, n3: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    def radius(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        k = rng.uniform(0.85, 1.18, 3)
        r = superformula(m, n1 * k[0], n2 * k[1], n3 * k[2])(theta)
        return r / r.max()

    return radius


def _heart(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (
        0.9
        - rng.uniform(0.3, 0.45) * np.exp(-((theta / 0.5) ** 2))
        - 0.25 * np.exp(-(((np.abs(theta) - 2.2) / 0.6) ** 2))
    )


def _cap(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mushroom's outline: a wide cap above a narrow foot."""
    side = np.abs(theta)
    return np.where(side < 1.75, 0.95, 0.45 / np.maximum(np.sin(side), 0.5)).astype(np.float32)


SHAPES: dict[str, Shape] = {
    "ball": Shape(_ball, (0.97, 1.03)),
    "apple solid": Shape(
        _apple, (0.95, 1.15), hues=((0.75, 0.1, 0.12), (0.55, 0.7, 0.2), (0.9, 0.75, 0.3)), stem=0.6, leaf=0.25
    ),
    "citrus solid": Shape(
        _ball, (0.95, 1.12), hues=((0.97, 0.55, 0.1), (0.95, 0.8, 0.2), (0.5, 0.65, 0.2)), relief="peel", leaf=0.2
    ),
    "banana solid": Shape(
        _pod,
        (0.2, 0.34),
        (0.35, 1.1),
        hues=((0.95, 0.82, 0.25), (0.8, 0.8, 0.3), (0.95, 0.82, 0.25), (0.15, 0.12, 0.1)),
        flat=2.6,
        stem=0.8,
        bunch=0.5,
        upright=0.2,
    ),
    "lemon solid": Shape(_lemon, (0.65, 0.8), hues=((0.95, 0.85, 0.2), (0.55, 0.7, 0.2)), relief="peel", upright=0.2),
    "pear solid": Shape(_pear, (0.7, 0.9), hues=((0.75, 0.78, 0.3), (0.7, 0.5, 0.25)), stem=0.7, upright=0.7),
    "egg solid": Shape(_egg, (0.7, 0.85), hues=((0.95, 0.9, 0.85), (0.8, 0.6, 0.45))),
    "plum solid": Shape(
        _ball, (0.8, 0.95), hues=((0.3, 0.12, 0.35), (0.5, 0.1, 0.2), (0.95, 0.65, 0.4)), relief="seam", stem=0.3
    ),
    "tomato solid": Shape(
        _lumps(4, 7, 0.04), (1.1, 1.3), hues=((0.85, 0.15, 0.1), (0.9, 0.6, 0.1)), ridges=6, leaf=0.6
    ),
    "pumpkin solid": Shape(
        _lumps(8, 11, 0.03),
        (1.2, 1.45),
        hues=((0.9, 0.5, 0.1), (0.4, 0.5, 0.25)),
        relief="ridges",
        ridges=11,
        stem=0.9,
        upright=0.9,
    ),
    "pepper solid": Shape(
        _super(3, 6, 9, 9),
        (0.75, 0.95),
        hues=((0.8, 0.1, 0.1), (0.2, 0.5, 0.15), (0.95, 0.8, 0.1)),
        ridges=4,
        stem=0.9,
        upright=0.8,
    ),
    "potato solid": Shape(_lumps(2, 4, 0.1), (0.65, 0.85), hues=((0.75, 0.6, 0.4), (0.6, 0.3, 0.3)), relief="rough"),
    "carrot solid": Shape(
        _cone,
        (0.22, 0.35),
        (0.0, 0.3),
        hues=((0.93, 0.5, 0.12), (0.9, 0.85, 0.75)),
        relief="rough",
        leaf=0.5,
        bunch=0.3,
        upright=0.3,
    ),
    "cucumber solid": Shape(
        _super(4, 9, 9, 9),
        (0.2, 0.32),
        (0.0, 0.5),
        hues=((0.25, 0.45, 0.15), (0.45, 0.6, 0.25)),
        relief="rough",
        upright=0.2,
    ),
    "aubergine solid": Shape(_pear, (0.42, 0.58), (0.0, 0.5), hues=((0.25, 0.1, 0.3), (0.9, 0.88, 0.85)), leaf=0.6),
    "strawberry solid": Shape(_heart, (0.75, 0.9), hues=((0.85, 0.1, 0.12),), relief="rough", leaf=0.9),
    "mushroom solid": Shape(_cap, (0.95, 1.2), hues=((0.85, 0.78, 0.7), (0.6, 0.4, 0.25)), upright=0.9),
    "pebble": Shape(_lumps(2, 3, 0.05), (0.65, 1.0), hues=((0.5, 0.5, 0.5), (0.6, 0.55, 0.45)), flat=3.0, bunch=0.4),
    "loaf": Shape(_super(4, 7, 7, 7), (1.3, 1.8), hues=((0.8, 0.55, 0.3),), relief="rough", flat=3.5),
    "brick solid": Shape(
        _super(4, 60, 60, 60), (1.2, 1.9), hues=((0.7, 0.35, 0.25), (0.6, 0.6, 0.6)), relief="rough", flat=9.0
    ),
    "star solid": Shape(_super(5, 2, 7, 7), (0.95, 1.05), flat=1.4),
    "flower solid": Shape(_super(12, 1.6, 4, 4), (0.95, 1.05), flat=3.0, bunch=0.3),
    "ring": Shape(_ball, (0.95, 1.05), hole=0.42),
    "slice": Shape(
        _ball,
        (0.9, 1.05),
        hues=((0.97, 0.6, 0.15), (0.95, 0.85, 0.3), (0.55, 0.75, 0.3), (0.8, 0.2, 0.2)),
        flat=14.0,
        spokes=9,
    ),
    "leaf solid": Shape(
        _super(2, 1.2, 1.6, 1.6),
        (0.35, 0.6),
        (0.0, 0.4),
        hues=((0.25, 0.5, 0.15), (0.6, 0.4, 0.15)),
        relief="ridges",
        flat=6.0,
        bunch=0.3,
    ),
    "triangle": Shape(_super(3, 30, 30, 30), (0.9, 1.1), flat=6.0),
    "gear": Shape(_super(20, 7, 10, 10), (0.97, 1.03), hues=((0.5, 0.5, 0.55),), flat=9.0, hole=0.25),
    "crescent": Shape(_lemon, (0.3, 0.45), (1.2, 1.9), flat=2.5, upright=0.2),
}


@dataclass
class Picture:
    """A picture and its causes: image (size, size, 3) float32 in [0, 1], causes by name in [0, 1]."""

    image: np.ndarray
    causes: dict[str, float] = field(default_factory=dict)


def random_colour(rng: np.random.Generator) -> np.ndarray:
    """A random colour (3,) float32: any hue, saturation mostly strong, value spread over [0.1, 1]."""
    hue, saturation, value = rng.random() * 6, rng.random() ** 0.7, rng.uniform(0.1, 1)
    ramp = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return (value * (1 - saturation + saturation * ramp)).astype(np.float32)


def near_colour(rng: np.random.Generator, colour: np.ndarray, spread: float = 0.08) -> np.ndarray:
    """A colour (3,) float32 near another."""
    return np.clip(np.asarray(colour) * rng.uniform(0.8, 1.15) + rng.normal(0, spread, 3), 0, 1).astype(np.float32)


def tint(colour: np.ndarray, weights: tuple[float, float, float], level: float) -> np.ndarray:
    """A colour pulled to a grey-brown of its own brightness: what decay does to a skin."""
    return (level * np.asarray(weights, np.float32) * (0.4 + 0.6 * float(colour.mean()))).astype(np.float32)

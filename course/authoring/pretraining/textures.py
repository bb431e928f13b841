"""Pictures that are nothing but a surface, for pre-training: wood, stone, weave, grass, water, clouds and patterns.

Each maker takes (rng, grid) and returns sRGB colours (size, size, 3), as those of `course.pictures.backgrounds` do, some of which
are here too. `patterns` holds the abstract ones, in any colours.
"""

from collections.abc import Callable

import numpy as np

from course.pictures import backgrounds as b
from course.pictures.camera import Camera
from course.pictures.noise import Array, Rng, fbm, mix, rgb, smoothstep, value, worley
from course.pictures.solids import Grid, turned

Maker = Callable[[Rng, Grid], Array]


def photo_of(maker: Maker) -> Callable[[Rng, int], Array]:
    """A texture in sRGB as a photo of it."""

    def take(rng: Rng, size: int) -> Array:
        field = np.clip(maker(rng, Grid(size)), 0, 1)
        return Camera.random(rng).develop(np.power(field, np.float32(2.2)), rng)

    return take


def _turned(rng: Rng, grid: Grid, cells: float) -> tuple[Array, Array]:
    u, v = turned(grid.x, grid.y, rng.uniform(0, 2 * np.pi), cells / 2, np.float32)
    return u + 50, v + 50


def cobbles(rng: Rng, grid: Grid) -> Array:
    """Round stones in a bed of sand."""
    u, v = _turned(rng, grid, rng.uniform(4, 9))
    first, second, tag = worley(rng, u, v)
    gap = second - first
    tone = b.colour(rng, ["grey", "tan", "brown"][rng.integers(3)]) * (0.6 + 0.6 * tag)[..., None]
    dome = smoothstep(0.0, 0.5, gap)
    light = 0.45 + 0.55 * dome + 0.15 * (fbm(rng, grid.x.shape, 12, 2) - 0.5)
    return mix(b.colour(rng, "brown") * 0.5, tone * light[..., None], smoothstep(0.03, 0.14, gap))


def water(rng: Rng, grid: Grid) -> Array:
    """Ripples that reflect a bright sky: sines warped by noise, finer with distance."""
    shape = grid.x.shape
    far = 1.6 + np.maximum(grid.y, -1)
    swell = value(rng, shape, 3) * 3 + value(rng, shape, (9, 4)) * 2
    waves = np.sin(far * grid.y * rng.uniform(8, 14) + swell * 2.5) + 0.6 * np.sin(
        far * far * 9 + 5 * swell + 3 * grid.x
    )
    deep, bright = b.colour(rng, ["blue", "teal"][rng.integers(2)]) * 0.55, rgb([0.78, 0.88, 0.94])
    return mix(deep, bright, smoothstep(-0.6, 1.6, waves + 0.5 * grid.y))


def weave(rng: Rng, grid: Grid) -> Array:
    """Basket weave: over and under."""
    u, v = _turned(rng, grid, rng.uniform(6, 14))
    fu, fv = u % 1 - 0.5, v % 1 - 0.5
    over = (np.floor(u) + np.floor(v)) % 2 > 0
    across, along = np.where(over, fu, fv), np.where(over, fv, fu)
    shade = np.cos(across * 3.0) * (0.7 + 0.3 * np.cos(along * 3.0))
    return np.where(over[..., None], b.colour(rng), b.colour(rng)) * (0.35 + 0.65 * shade)[..., None]


def stripes(rng: Rng, grid: Grid) -> Array:
    """Stripes of two to four colours."""
    u, _ = _turned(rng, grid, rng.uniform(3, 12))
    u = u + rng.uniform(0, 0.4) * value(rng, grid.x.shape, 3)
    colours = np.stack([b.colour(rng) for _ in range(int(rng.integers(2, 5)))])
    return colours[np.floor(u).astype(int) % len(colours)]


def checks(rng: Rng, grid: Grid) -> Array:
    """A chequerboard or gingham."""
    u, v = _turned(rng, grid, rng.uniform(4, 12))
    a, c = np.floor(u) % 2, np.floor(v) % 2
    t = np.abs(a - c) if rng.random() < 0.5 else (a + c) / 2
    return mix(b.colour(rng), b.colour(rng), t.astype(np.float32))


def dots(rng: Rng, grid: Grid) -> Array:
    """Polka dots."""
    u, v = _turned(rng, grid, rng.uniform(4, 10))
    u = u + 0.5 * (np.floor(v) % 2)
    r = np.hypot(u % 1 - 0.5, v % 1 - 0.5)
    return mix(b.colour(rng), b.colour(rng), smoothstep(0.34, 0.28, r))


def scales(rng: Rng, grid: Grid) -> Array:
    """Overlapping scales or roof tiles."""
    n = rng.uniform(5, 11)
    v = (1 - grid.y) * n / 2
    base = b.colour(rng)
    out = np.broadcast_to(base * 0.5, (*grid.x.shape, 3)).copy()
    for k in (-1, 0):
        row = np.floor(v) + k
        u = (grid.x + 1) * n / 2 + 0.5 * (row % 2)
        d = np.hypot(u % 1 - 0.5, (v - row) * 0.6)
        tone = 0.65 + 0.35 * ((np.floor(u) * 0.37 + row * 0.61) % 1)
        out = mix(
            out,
            base * (tone * (1.15 - 0.7 * smoothstep(0.25, 0.55, d)))[..., None],
            smoothstep(0.60, 0.55, d) * (v - row < 1.2),
        )
    return out


def cracked(rng: Rng, grid: Grid) -> Array:
    """Dry mud."""
    u, v = _turned(rng, grid, rng.uniform(3, 7))
    warp = fbm(rng, grid.x.shape, 5, 3) * 0.6
    first, second, tag = worley(rng, u + warp, v + warp)
    base = b.colour(rng, ["tan", "brown", "grey"][rng.integers(3)])
    face = base * (0.8 + 0.25 * tag + 0.3 * (fbm(rng, grid.x.shape, 12, 3) - 0.5))[..., None]
    return mix(base * 0.2, face, smoothstep(0.01, 0.08, second - first))


def bark(rng: Rng, grid: Grid) -> Array:
    """Bark: ridges that run upwards."""
    shape = grid.x.shape
    ridges = np.abs(fbm(rng, shape, (3, 9), 4, 0.6) - 0.5) * 4
    base = b.colour(rng, ["brown", "grey"][rng.integers(2)])
    return base * (0.25 + 0.9 * np.clip(ridges, 0, 1) + 0.2 * (fbm(rng, shape, 16, 2) - 0.5))[..., None]


def sand(rng: Rng, grid: Grid) -> Array:
    """Wind ripples and grains."""
    shape = grid.x.shape
    u, _ = _turned(rng, grid, rng.uniform(8, 14))
    ripple = np.sin(u * 6.28 * 0.6 + 3 * value(rng, shape, 3))
    grain = rng.random(shape, dtype=np.float32) - 0.5
    return b.colour(rng, ["tan", "cream"][rng.integers(2)]) * (0.82 + 0.13 * ripple + 0.18 * grain)[..., None]


def honeycomb(rng: Rng, grid: Grid) -> Array:
    """Hexagons with a wall round each."""
    u, v = _turned(rng, grid, rng.uniform(5, 10))
    best = np.full(u.shape, 9.0, np.float32)
    for shift in (0.0, 0.5):
        v1 = v / 1.732 + shift
        du, dv = (u + shift) % 1 - 0.5, (v1 % 1 - 0.5) * 1.732
        best = np.minimum(best, np.maximum(np.abs(du), np.abs(du) * 0.5 + np.abs(dv) * 0.866))
    tone = np.clip(1.1 - best * 1.2, 0, 1)
    return mix(b.colour(rng, "yellow") * tone[..., None], b.colour(rng, "orange"), smoothstep(0.40, 0.45, best))


def flames(rng: Rng, grid: Grid) -> Array:
    """Fire: noise drawn upwards, black to red to yellow to white."""
    shape = grid.x.shape
    heat = fbm(rng, shape, (2.5, 6), 4) * 1.3 - 0.55 * (grid.y + 0.5) + 0.1
    red = mix(rgb([0.02, 0.01, 0.02]), rgb([0.85, 0.15, 0.03]), smoothstep(0.1, 0.55, heat))
    return mix(
        mix(red, rgb([0.98, 0.72, 0.12]), smoothstep(0.5, 0.85, heat)),
        rgb([1, 0.97, 0.8]),
        smoothstep(0.9, 1.2, heat),
    )


def grass(rng: Rng, grid: Grid) -> Array:
    """Grass from above and near."""
    shape = grid.x.shape
    blades = np.maximum(fbm(rng, shape, (7, 48), 2, 0.7), fbm(rng, shape, (9, 40), 2, 0.7))
    return mix(b.colour(rng, "green") * 0.35, np.clip(b.colour(rng, "green") * 1.5, 0, 1), smoothstep(0.3, 0.9, blades))


TEXTURES: dict[str, Maker] = {
    "wood": b.wood,
    "marble": b.marble,
    "brick wall": b.bricks,
    "stone": b.stone,
    "cloth": b.cloth,
    "foliage": b.foliage,
    "clouds": b.sky,
    "cobbles": cobbles,
    "water": water,
    "basket weave": weave,
    "stripes": stripes,
    "checks": checks,
    "polka dots": dots,
    "scales": scales,
    "dry mud": cracked,
    "bark": bark,
    "sand": sand,
    "honeycomb": honeycomb,
    "fire": flames,
    "grass": grass,
}

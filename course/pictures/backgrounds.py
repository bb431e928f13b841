"""What lies behind a thing: paper, cloth, wood, stone, a table before a wall, leaves out of focus.

Each function takes (rng, grid) and returns sRGB colours (size, size, 3) in [0, 1]. `any_background` draws one of them.
"""

from collections.abc import Callable

import numpy as np

from course.pictures.noise import Array, Rng, blur, fbm, mix, rgb, smoothstep, value, worley
from course.pictures.solids import Grid, turned

HUES: dict[str, tuple[float, float, float]] = {
    "red": (0.75, 0.16, 0.14),
    "orange": (0.90, 0.52, 0.15),
    "yellow": (0.92, 0.80, 0.25),
    "green": (0.30, 0.52, 0.22),
    "teal": (0.20, 0.50, 0.52),
    "blue": (0.25, 0.45, 0.75),
    "purple": (0.45, 0.28, 0.55),
    "brown": (0.42, 0.28, 0.17),
    "tan": (0.76, 0.62, 0.44),
    "grey": (0.55, 0.55, 0.55),
    "black": (0.10, 0.10, 0.11),
    "cream": (0.93, 0.89, 0.80),
    "white": (0.96, 0.96, 0.96),
}


def colour(rng: Rng, name: str | None = None, spread: float = 0.06) -> Array:
    """A named colour (or any of them), moved a little; (3,) sRGB."""
    base = HUES[name or list(HUES)[rng.integers(len(HUES))]]
    return np.clip(np.asarray(base, np.float32) + rng.normal(0, spread, 3).astype(np.float32), 0.02, 0.98)


def paper(rng: Rng, grid: Grid) -> Array:
    """The white of a stock photo, with hardly a shade."""
    shade = 1 - rng.uniform(0, 0.12) * smoothstep(0.2, -1.0, grid.y)
    return np.clip(rgb([0.985, 0.985, 0.985]) * shade[..., None], 0, 1)


def plain(rng: Rng, grid: Grid) -> Array:
    """One colour, with a gradient of light over it."""
    base = colour(rng)
    slope = rng.uniform(-0.18, 0.18) * grid.x + rng.uniform(-0.2, 0.2) * grid.y
    return np.clip(base * (1 + slope)[..., None], 0, 1)


def wood(rng: Rng, grid: Grid) -> Array:
    """Planks: grain stretched along them, rings warped by slow noise, gaps between."""
    shape = grid.x.shape
    planks = rng.uniform(1.0, 4.0)
    across = grid.x if rng.random() < 0.5 else grid.y
    where = (across + 1) * planks / 2 + rng.random()
    plank = np.floor(where)
    lines = fbm(rng, shape, (2, 24), 3, 0.6) if across is grid.x else fbm(rng, shape, (24, 2), 3, 0.6)
    warp = value(rng, shape, 3)
    rings = 0.5 + 0.5 * np.sin(across * rng.uniform(6, 14) + warp * 7 + plank * 2.3)
    tone = 0.55 * lines + 0.3 * rings + 0.3 * ((plank * 0.618) % 1)
    dark = colour(rng, ["brown", "black", "tan", "grey"][rng.choice(4, p=[0.45, 0.1, 0.3, 0.15])], 0.05)
    light = np.clip(dark * rng.uniform(1.3, 2.1) + 0.04, 0, 1)
    out = mix(dark, light, np.clip(tone, 0, 1))
    gap = np.abs(where - np.round(where)) * 2 / planks
    return out * (1 - 0.7 * smoothstep(2.2 * grid.pixel, 0.0, gap)[..., None])


def cloth(rng: Rng, grid: Grid) -> Array:
    """Woven cloth, plain, striped or checked, with soft folds."""
    shape = grid.x.shape
    u, v = turned(grid.x, grid.y, rng.uniform(0, np.pi))
    one, two = colour(rng), colour(rng)
    style = rng.integers(3)
    wide = rng.uniform(2, 7)
    stripe_u, stripe_v = (np.sin(u * wide * 2.2) > 0.1), (np.sin(v * wide * 2.2) > 0.1)
    pattern = [np.zeros(shape), stripe_u * 1.0, 0.5 * stripe_u + 0.5 * stripe_v][style].astype(np.float32)
    out = mix(one, two, pattern)
    thread = rng.uniform(18, 36)
    weave = 0.5 + 0.25 * (np.sin(u * thread * 2) + np.sin(v * thread * 2))
    folds = fbm(rng, shape, rng.uniform(1.5, 3.0), 2) - 0.5
    return np.clip(out * (0.86 + 0.14 * weave + rng.uniform(0.1, 0.6) * folds)[..., None], 0, 1)


def stone(rng: Rng, grid: Grid) -> Array:
    """Speckled stone or concrete."""
    shape = grid.x.shape
    base = colour(rng, ["grey", "tan", "cream", "black"][rng.integers(4)])
    blotch = fbm(rng, shape, 4, 3) - 0.5
    speck = rng.random(shape, dtype=np.float32) - 0.5
    return np.clip(base * (1 + 0.45 * blotch + 0.22 * speck)[..., None], 0, 1)


def marble(rng: Rng, grid: Grid) -> Array:
    """Veins: the zero line of warped noise."""
    shape = grid.x.shape
    base = colour(rng, ["white", "cream", "grey", "black", "green"][rng.choice(5, p=[0.4, 0.2, 0.2, 0.1, 0.1])], 0.03)
    vein = np.clip(base * rng.uniform(0.35, 0.6), 0, 1) if base.mean() > 0.4 else np.clip(base + 0.5, 0, 1)
    field = fbm(rng, shape, 2, 5, 0.6)
    line = 1 - np.clip(
        np.abs(np.sin((grid.x * rng.uniform(-3, 3) + grid.y * 3) + field * 9)) * rng.uniform(1.5, 6), 0, 1
    )
    return mix(base, vein, np.clip(rng.uniform(0.3, 0.8) * line + 0.3 * fbm(rng, shape, 4, 3), 0, 1))


def _greens(rng: Rng) -> tuple[Array, Array]:
    """A dark and a light green of plants: dull and yellowish, as they are in photos, hardly ever emerald."""
    dull = rng.uniform(0.0, 0.55)
    base = mix(colour(rng, "green", 0.05), rgb((0.44, 0.44, 0.30)), dull)
    return base * rng.uniform(0.25, 0.55), np.clip(base * rng.uniform(1.15, 1.6), 0, 1)


def foliage(rng: Rng, grid: Grid) -> Array:
    """Leaves, near or out of focus: overlapping cells of greens with soft shadows between them, and light that falls in."""
    shape = grid.x.shape
    n = rng.uniform(4, 11)
    warp = fbm(rng, shape, 4, 3) * 1.2
    first, second, tag = worley(rng, (grid.x + 1) * n / 2 + warp, (grid.y + 1) * n / 2 - warp)
    dark, light = _greens(rng)
    leaf = smoothstep(0.0, rng.uniform(0.3, 0.9), second - first)
    tone = 0.45 * tag + 0.25 * leaf * rng.uniform(0.3, 1.0) + 0.9 * (fbm(rng, shape, 3, 4) - 0.4)
    out = mix(dark, light, np.clip(tone, 0, 1))
    soft = rng.uniform(0, 0.08) / grid.pixel
    return np.stack([blur(out[..., k], soft) for k in range(3)], -1) if rng.random() < 0.6 else out


def lawn(rng: Rng, grid: Grid) -> Array:
    """Outdoors: grass, a path or snow below; hedge, sky, wall or trees out of focus behind."""
    shape = grid.x.shape
    horizon = rng.uniform(0.1, 1.2)
    kind = rng.random()
    if kind < 0.7:
        blades = fbm(rng, shape, (12, 46), 2, 0.7)
        dark, light = _greens(rng)
        if rng.random() < 0.2:  # a dry summer
            dark, light = colour(rng, "tan", 0.05) * 0.6, colour(rng, "tan", 0.05)
        tone = 0.5 + rng.uniform(0.4, 0.9) * (blades - 0.5) + 0.5 * (value(rng, shape, 4) - 0.5)
        ground = mix(dark, light, np.clip(tone, 0, 1))
    elif kind < 0.92:
        ground = stone(rng, grid)
    else:
        ground = rgb((0.88, 0.90, 0.94)) * (0.9 + 0.15 * fbm(rng, shape, 5, 3))[..., None]
    back = (foliage, sky, blobs, bricks)[rng.choice(4, p=[0.45, 0.3, 0.17, 0.08])](rng, grid) * rng.uniform(0.6, 1.0)
    return mix(ground, back, smoothstep(horizon - 0.06, horizon + 0.06, grid.y + 0.1 * value(rng, shape, 6)))


def sky(rng: Rng, grid: Grid) -> Array:
    """Blue to pale, with clouds of fractional noise."""
    shape = grid.x.shape
    blue = mix(rgb([0.75, 0.87, 0.96]), colour(rng, "blue", 0.05), smoothstep(-1.0, 1.0, grid.y))
    cover = rng.uniform(0.4, 0.75)
    clouds = smoothstep(cover, cover + 0.25, fbm(rng, shape, (4, 3), 5, 0.55))
    return mix(blue, rgb([0.97, 0.97, 0.98]), clouds)


def floor_and_wall(rng: Rng, grid: Grid) -> Array:
    """A room: a floor or table top, and a plain wall behind it."""
    low = any_of(rng, grid, (wood, cloth, stone, plain, marble))
    wall = any_of(rng, grid, (plain, plain, stone, bricks))
    line = rng.uniform(-0.3, 0.7)
    soft = rng.uniform(0.01, 0.1)
    return mix(low, wall * rng.uniform(0.7, 1.05), smoothstep(line - soft, line + soft, grid.y))


def bricks(rng: Rng, grid: Grid) -> Array:
    """A brick wall in stretcher bond."""
    rows = rng.uniform(3.5, 8)
    v = (grid.y + 1) * rows / 2 + rng.random()
    u = (grid.x + 1) * rows / 4.4 + 0.5 * (np.floor(v) % 2) + rng.random()
    fu, fv = u % 1, v % 1
    tag = np.sin(np.floor(u) * 12.99 + np.floor(v) * 78.23) * 43758.5  # the usual hash of a cell
    tone = (tag - np.floor(tag)).astype(np.float32)
    base = colour(rng, ["red", "brown", "tan", "grey", "white"][rng.choice(5, p=[0.4, 0.25, 0.15, 0.1, 0.1])], 0.05)
    face = base * (0.75 + 0.4 * tone + 0.35 * (fbm(rng, grid.x.shape, 16, 2) - 0.5))[..., None]
    joint = np.minimum(np.minimum(fu, 1 - fu) * 2.2, np.minimum(fv, 1 - fv))
    return np.clip(mix(colour(rng, "grey", 0.04) * 1.15, face, smoothstep(0.03, 0.09, joint)), 0, 1)


def blobs(rng: Rng, grid: Grid) -> Array:
    """A room out of focus: large soft patches of a few colours."""
    shape = grid.x.shape
    out = np.broadcast_to(colour(rng), (*shape, 3))
    for _ in range(3):
        out = mix(out, colour(rng), smoothstep(0.45, 0.65, value(rng, shape, rng.uniform(1.5, 4))))
    return out


def any_of(rng: Rng, grid: Grid, makers: tuple[Callable[[Rng, Grid], Array], ...]) -> Array:
    """One of `makers`, evenly."""
    return makers[rng.integers(len(makers))](rng, grid)


EVERYWHERE = (paper, plain, wood, cloth, stone, marble, foliage, lawn, floor_and_wall, bricks, blobs)


def any_background(rng: Rng, grid: Grid, white: float = 0.25) -> Array:
    """White paper with probability `white`, or one of the others."""
    return paper(rng, grid) if rng.random() < white else any_of(rng, grid, EVERYWHERE)

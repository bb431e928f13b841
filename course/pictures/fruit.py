"""Apples, oranges and bananas, fresh and rotten: one solid each, painted on a canvas.

A fruit is a shape (marched or swept), a skin (solid noise in object space) and, when it rots, decay laid over the skin.
How strong decay is varies, so that the colours of a rotten fruit and of a fresh one overlap; what tells them apart is where
and how the colour changes. Bananas and decay have modules of their own.
"""

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.banana import bananas
from course.pictures.canvas import Canvas
from course.pictures.decay import Skin, decay, jitter
from course.pictures.noise import Array, Rng, mix, rgb, smoothstep, solid
from course.pictures.solids import Solid, ellipsoid, star_solid, tube, turn

KINDS = ("apple", "banana", "orange")


def paint_fruit(canvas: Canvas, rng: Rng, kind: str, rotten: bool, x: float, y: float, size: float) -> None:
    """Paint one fruit with its ground shadow; `size` is about its radius (a banana's half length), in units."""
    {"apple": _apple, "banana": bananas, "orange": _orange}[kind](canvas, rng, rotten, x, y, size)


def _lean(rng: Rng) -> Array:
    """How a round fruit lies: mostly upright and seen from a little above, at times rolled over."""
    if rng.random() < 0.75:
        return turn(rng.uniform(0, 6.28), rng.uniform(0.1, 0.75), rng.normal(0, 0.2))
    return turn(rng.uniform(0, 6.28), rng.uniform(-0.6, 1.5), rng.uniform(-1.3, 1.3))


# Apple -------------------------------------------------------------------------------------------------------------

_ANGLES = np.array([0, 0.12, 0.28, 0.5, 0.75, 1.05, 1.4, 1.75, 2.1, 2.45, 2.7, 2.9, 3.05, np.pi])
# stem to calyx
_PROFILE = np.array([0.60, 0.66, 0.80, 0.94, 1.02, 1.04, 1.0, 0.96, 0.92, 0.90, 0.88, 0.84, 0.78, 0.74])


def _apple(canvas: Canvas, rng: Rng, rotten: bool, x: float, y: float, size: float) -> None:
    tall, lobes, phase = rng.uniform(0.86, 1.1), rng.uniform(0, 0.05), rng.uniform(0, 6)
    shrunk = rng.uniform(0.0, 0.07) if rotten else 0.0
    profile = _PROFILE * (1 + (tall - 1) * np.cos(_ANGLES) ** 2)
    cosines, radii = np.cos(_ANGLES)[::-1].astype(np.float32), profile[::-1].astype(np.float32)

    def radius(dx: Array, dy: Array, dz: Array) -> Array:
        r = np.interp(dy, cosines, radii).astype(np.float32)
        around = np.arctan2(dz, dx) * 5 + np.float32(phase)
        return r * (1 + np.float32(lobes) * np.cos(around) * np.clip(0.4 - dy, 0, 1.2) - np.float32(shrunk * 0.3))

    frame = _lean(rng)
    body = star_solid(canvas.grid, (x, y, 0), size, frame, radius, reach=1.14)
    canvas.ground_shadow(x, y - size * 0.9, size * 0.85, size * 0.25)
    skin = _apple_skin(rng, body)
    if rotten:
        decay(rng, body, skin, size, kinds=("patch", "patch", "patch", "mould", "mould", "all"))
    stem_first = frame[2, 1] < -0.15  # the stem points away: draw it before the apple
    if stem_first:
        _stem(canvas, rng, frame, x, y, size)
    canvas.paint(body, skin.colour, skin.bump, skin.shine, skin.gloss, hollow=0.7)
    if not stem_first:
        _stem(canvas, rng, frame, x, y, size)


def _stem(canvas: Canvas, rng: Rng, frame: Array, x: float, y: float, size: float) -> None:
    if rng.random() < 0.12:
        return
    bend = rng.normal(0, 0.12, 2)
    points = np.array([[0, 0.58, 0], [bend[0] * 0.4, 0.85, bend[1] * 0.4], [bend[0], rng.uniform(1.0, 1.3), bend[1]]])
    spine = points @ frame.T * size + np.array([x, y, 0])
    stem = tube(canvas.grid, spine, np.array([0.035, 0.03, 0.05]) * size)
    canvas.paint(stem, colour(rng, "brown", 0.04) * 0.8, shine=0.05)


def _apple_skin(rng: Rng, body: Solid) -> Skin:
    around = np.arctan2(body.z, body.x)
    ground = rgb([(0.86, 0.78, 0.32), (0.66, 0.74, 0.26), (0.90, 0.84, 0.50)][rng.integers(3)])
    blush = rgb([(0.72, 0.10, 0.10), (0.55, 0.05, 0.10), (0.80, 0.20, 0.16), (0.80, 0.16, 0.25)][rng.integers(4)])
    ground, blush = jitter(rng, ground), jitter(rng, blush)
    style = rng.choice(["red", "blush", "streaks", "green", "yellow"], p=[0.3, 0.2, 0.2, 0.18, 0.12])
    blotch = solid(rng, body.points, 0.16)
    # Streaks run from stem to calyx: noise that is fine around and coarse along.
    fine = np.float32(rng.uniform(5, 9))
    ring = (np.cos(around) * fine, body.y * 0.6, np.sin(around) * fine)
    streak = solid(rng, ring, 0.10)
    if style == "red":
        red = np.clip(0.92 + 0.10 * blotch + 0.10 * streak, 0, 1)
    elif style == "blush":
        red = smoothstep(-0.9, 0.9, blotch + 0.35 * streak + rng.normal(0, 0.5))
    elif style == "streaks":
        red = np.clip(smoothstep(-0.7, 1.1, streak + 0.5 * blotch) * 0.95 + 0.1, 0, 1)
    else:
        ground = jitter(rng, rgb((0.50, 0.68, 0.18) if style == "green" else (0.88, 0.78, 0.28)))
        red = np.clip(0.12 * blotch, 0, 0.5)
    pole = smoothstep(0.75, 0.98, np.abs(body.y) / np.sqrt(body.x**2 + body.y**2 + body.z**2 + 1e-6))
    red = red * (1 - 0.55 * pole * (body.y > 0))
    out = mix(ground, blush, red) * (1 + 0.06 * streak)[..., None]
    cavity = pole * (body.y > 0)
    out = mix(out, rgb([0.55, 0.47, 0.22]), 0.45 * cavity)  # russet in the cavity
    dots = smoothstep(1.7, 2.3, solid(rng, body.points, 0.45, "grain"))  # lenticels
    out = mix(out, rgb([0.92, 0.86, 0.66]), 0.55 * dots)
    return Skin(np.clip(out, 0, 1), np.zeros_like(blotch), rng.uniform(0.15, 0.7), rng.uniform(25, 90))


# Orange ------------------------------------------------------------------------------------------------------------


def _orange(canvas: Canvas, rng: Rng, rotten: bool, x: float, y: float, size: float) -> None:
    flatness, lump = rng.uniform(0.86, 1.06), rng.uniform(0, 0.03)
    neck = rng.uniform(0.06, 0.14) if rng.random() < 0.15 else 0.0

    def radius(dx: Array, dy: Array, dz: Array) -> Array:
        around = np.arctan2(dz, dx)
        dimple = 0.07 * np.exp(-((1 - dy) * 45)) + 0.03 * np.exp(-((1 + dy) * 60))
        r = 1 + (flatness - 1) * dy * dy - dimple + neck * np.clip(dy - 0.6, 0, 1) ** 2 * 6
        return (r + lump * np.cos(3 * around) * (1 - dy * dy)).astype(np.float32)

    frame = _lean(rng)
    body = star_solid(canvas.grid, (x, y, 0), size, frame, radius, reach=1.18, steps=10)
    canvas.ground_shadow(x, y - size * 0.92, size * 0.85, size * 0.22)
    skin = _orange_skin(rng, body, size)
    if rotten:
        decay(rng, body, skin, size, kinds=("mould", "mould", "mould", "patch", "wrinkle", "all"))
    canvas.paint(body, skin.colour, skin.bump, skin.shine, skin.gloss, hollow=0.4)
    top = frame @ np.array([0, 0.93 * flatness, 0], np.float32) * size
    if top[2] > 0.1 * size:  # the button, or the stalk's stub
        spot = ellipsoid(canvas.grid, (x + top[0], y + top[1], top[2]), np.array([0.09, 0.03, 0.09]) * size, frame)
        canvas.paint(spot, colour(rng, "green" if rng.random() < 0.6 else "brown", 0.05) * 0.8, shine=0.05)


def _orange_skin(rng: Rng, body: Solid, size: float) -> Skin:
    oranges = ((0.93, 0.50, 0.08), (0.95, 0.60, 0.12), (0.88, 0.40, 0.07), (0.92, 0.66, 0.20))
    base = jitter(rng, rgb(oranges[rng.integers(4)]))
    blotch = solid(rng, body.points, 0.18)
    out = base * (1 + 0.05 * blotch)[..., None]
    if rng.random() < 0.22:  # not quite ripe, or a green variety
        green = jitter(rng, rgb([0.45, 0.55, 0.14]))
        out = mix(out, green, rng.uniform(0.4, 0.9) * smoothstep(-0.6, 0.9, blotch + rng.normal(0, 0.6)))
    pores = solid(rng, body.points, rng.uniform(0.9, 1.3), "grain")
    pits = smoothstep(0.4, 2.0, pores)
    out = out * (1 - 0.10 * pits)[..., None]
    return Skin(np.clip(out, 0, 1), -0.012 * size * pits, rng.uniform(0.15, 0.5), rng.uniform(15, 40))

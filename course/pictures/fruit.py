"""Apples, oranges and bananas, fresh and rotten: one solid each, painted on a canvas.

A fruit is a shape (marched or swept), a skin (solid noise in object space) and, when it rots, decay laid over the skin:
patches with soft or sharp borders that sink, rings of mould, wrinkles, flecks. How strong decay is varies, so that
the colour of a rotten fruit and of a fresh one overlap; what tells them apart is where and how the colour changes.
"""

from dataclasses import dataclass

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.canvas import Canvas
from course.pictures.noise import Array, Rng, fbm, mix, smoothstep, solid, value
from course.pictures.solids import Solid, ellipsoid, star_solid, tube, turn

KINDS = ("apple", "banana", "orange")


@dataclass
class Skin:
    """Colour (h, w, 3) sRGB, bump (h, w) in units, and highlight strength (float or (h, w)) of a surface."""

    colour: Array
    bump: Array
    shine: Array | float
    gloss: float = 35.0


def paint_fruit(canvas: Canvas, rng: Rng, kind: str, rotten: bool, x: float, y: float, size: float) -> None:
    """Paint one fruit with its ground shadow; `size` is about its radius (a banana's half length), in units."""
    {"apple": _apple, "banana": _bananas, "orange": _orange}[kind](canvas, rng, rotten, x, y, size)


def _lean(rng: Rng) -> Array:
    """How a round fruit lies: mostly upright and seen from a little above, at times rolled over."""
    if rng.random() < 0.75:
        return turn(rng.uniform(0, 6.28), rng.uniform(0.1, 0.75), rng.normal(0, 0.2))
    return turn(rng.uniform(0, 6.28), rng.uniform(-0.6, 1.5), rng.uniform(-1.3, 1.3))


# Apple -------------------------------------------------------------------------------------------------------------

_ANGLES = np.array([0, 0.12, 0.28, 0.5, 0.75, 1.05, 1.4, 1.75, 2.1, 2.45, 2.7, 2.9, 3.05, np.pi])
_PROFILE = np.array(
    [0.60, 0.66, 0.80, 0.94, 1.02, 1.04, 1.0, 0.96, 0.92, 0.90, 0.88, 0.84, 0.78, 0.74]
)  # stem to calyx


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
        _decay(rng, body, skin, size, kinds=("patch", "patch", "wrinkle", "mould", "flecks", "all"))
    stem_first = frame[2, 1] < -0.15  # the stem points away: draw it before the apple
    if stem_first:
        _stem(canvas, rng, frame, x, y, size)
    canvas.paint(body, skin.colour, skin.bump, skin.shine, skin.gloss, hollow=0.7)
    if not stem_first:
        _stem(canvas, rng, frame, x, y, size)


def _stem(canvas: Canvas, rng: Rng, frame: Array, x: float, y: float, size: float) -> None:
    if rng.random() < 0.2:
        return
    bend = rng.normal(0, 0.12, 2)
    points = np.array([[0, 0.58, 0], [bend[0] * 0.4, 0.85, bend[1] * 0.4], [bend[0], rng.uniform(1.0, 1.3), bend[1]]])
    spine = points @ frame.T * size + np.array([x, y, 0])
    canvas.paint(
        tube(canvas.grid, spine, np.array([0.035, 0.03, 0.05]) * size), colour(rng, "brown", 0.04) * 0.8, shine=0.05
    )


def _apple_skin(rng: Rng, body: Solid) -> Skin:
    around = np.arctan2(body.z, body.x)
    ground = np.float32([(0.86, 0.78, 0.32), (0.66, 0.74, 0.26), (0.90, 0.84, 0.50)][rng.integers(3)])
    blush = np.float32(
        [(0.72, 0.10, 0.10), (0.55, 0.05, 0.10), (0.86, 0.30, 0.18), (0.80, 0.16, 0.25)][rng.integers(4)]
    )
    ground, blush = _jitter(rng, ground), _jitter(rng, blush)
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
        red = np.clip(smoothstep(-0.3, 0.9, streak + 0.5 * blotch) * 0.95 + 0.1, 0, 1)
    else:
        ground = _jitter(rng, np.float32((0.50, 0.68, 0.18) if style == "green" else (0.88, 0.78, 0.28)))
        red = np.clip(0.12 * blotch, 0, 0.5)
    pole = smoothstep(0.75, 0.98, np.abs(body.y) / np.sqrt(body.x**2 + body.y**2 + body.z**2 + 1e-6))
    red = red * (1 - 0.55 * pole * (body.y > 0))
    out = mix(ground, blush, red) * (1 + 0.06 * streak)[..., None]
    cavity = pole * (body.y > 0)
    out = mix(out, np.float32([0.55, 0.47, 0.22]), 0.45 * cavity)  # russet in the cavity
    dots = smoothstep(1.7, 2.3, solid(rng, body.points, 0.45, "grain"))  # lenticels
    out = mix(out, np.float32([0.92, 0.86, 0.66]), 0.55 * dots)
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
        _decay(rng, body, skin, size, kinds=("mould", "mould", "mould", "patch", "wrinkle", "all"))
    canvas.paint(body, skin.colour, skin.bump, skin.shine, skin.gloss, hollow=0.4)
    top = frame @ np.array([0, 0.93 * flatness, 0], np.float32) * size
    if top[2] > 0.1 * size:  # the button, or the stalk's stub
        button = frame * 1.0

        spot = ellipsoid(canvas.grid, (x + top[0], y + top[1], top[2]), np.array([0.09, 0.03, 0.09]) * size, button)
        canvas.paint(spot, colour(rng, "green" if rng.random() < 0.6 else "brown", 0.05) * 0.8, shine=0.05)


def _orange_skin(rng: Rng, body: Solid, size: float) -> Skin:
    base = _jitter(
        rng,
        np.float32([(0.93, 0.50, 0.08), (0.95, 0.60, 0.12), (0.88, 0.40, 0.07), (0.92, 0.66, 0.20)][rng.integers(4)]),
    )
    blotch = solid(rng, body.points, 0.18)
    out = base * (1 + 0.05 * blotch)[..., None]
    if rng.random() < 0.22:  # not quite ripe, or a green variety
        out = mix(
            out,
            _jitter(rng, np.float32([0.45, 0.55, 0.14])),
            rng.uniform(0.4, 0.9) * smoothstep(-0.6, 0.9, blotch + rng.normal(0, 0.6)),
        )
    pores = solid(rng, body.points, rng.uniform(0.9, 1.3), "grain")
    pits = smoothstep(0.4, 2.0, pores)
    out = out * (1 - 0.10 * pits)[..., None]
    return Skin(np.clip(out, 0, 1), -0.012 * size * pits, rng.uniform(0.15, 0.5), rng.uniform(15, 40))


# Banana ------------------------------------------------------------------------------------------------------------


def _bananas(canvas: Canvas, rng: Rng, rotten: bool, x: float, y: float, size: float) -> None:
    """One banana, or a hand of two to six that share a crown."""
    count = 1 if rng.random() < 0.5 else int(rng.integers(2, 6))
    roll = rng.uniform(0, 2 * np.pi) if rng.random() < 0.35 else rng.normal(0, 0.35)
    side = rng.choice([-1, 1])
    curve = rng.uniform(0.7, 1.6)
    thick = rng.uniform(0.17, 0.24) * (0.85 if count > 1 else 1.0)
    size = size * 1.35  # a banana is thin: let it fill as much of the picture as a ball does
    canvas.ground_shadow(x, y - size * 0.4, size * 0.8, size * 0.2, 0.35)
    ripe = rng.choice(["yellow", "green", "deep", "pale"], p=[0.45, 0.2, 0.2, 0.15])
    base = _jitter(
        rng,
        np.float32(
            {
                "yellow": (0.93, 0.78, 0.18),
                "green": (0.66, 0.70, 0.22),
                "deep": (0.88, 0.66, 0.16),
                "pale": (0.93, 0.86, 0.48),
            }[ripe]
        ),
    )
    decay = rng.uniform(0.25, 1.0)
    for k in range(count):
        fan = (k - (count - 1) / 2) * rng.uniform(0.16, 0.3)
        _banana(canvas, rng, rotten, (x, y), size, roll, side, curve, thick, fan, base, decay, crown=k == count - 1)


def _banana(
    canvas: Canvas, rng: Rng, rotten: bool, at: tuple[float, float], size: float, roll: float, side: int, curve: float,
    thick: float, fan: float, base: Array, decay: float, crown: bool,
) -> None:  # fmt: skip
    t = np.linspace(0, 1, 12)
    # An arc, bent more towards the stalk; a hand's bananas fan out from the crown (t = 0).
    angle = (t - 0.5) * curve * 1.5 - 0.35 * np.exp(-t * 8)
    step = np.stack([np.cos(angle), np.sin(angle)], 1) * (2 / 12)
    points = np.cumsum(step, 0)
    crown_point = points[0].copy()
    cf, sf = np.cos(fan), np.sin(fan)
    points = (points - crown_point) @ np.array([[cf, sf], [-sf, cf]])
    points -= np.array([1.0, 0.05])
    points[:, 0] *= side
    cr, sr = np.cos(roll), np.sin(roll)
    points = points @ np.array([[cr, sr], [-sr, cr]]) * size + np.asarray(at)
    width = np.array([0.30, 0.30, 0.50, 0.80, 0.95, 1.0, 1.0, 0.98, 0.92, 0.80, 0.55, 0.22]) * thick * size
    spine = np.concatenate([points, np.full((12, 1), fan * 0.3)], 1)
    body = tube(canvas.grid, spine, width)
    canvas.drop_shadow(body, (-float(canvas.light.direction[0]) * 0.06, -0.05), 0.08, 0.4)
    skin = _banana_skin(rng, body, base, thick * size)
    if rotten:
        _banana_decay(rng, body, skin, decay, thick * size)
    canvas.paint(body, skin.colour, skin.bump, skin.shine, skin.gloss, hollow=0.3)


def _banana_skin(rng: Rng, body: Solid, base: Array, thick: float) -> Skin:
    u, v = body.x, body.y
    along = (u * 7, v, body.z)
    blotch = solid(rng, along, 0.1)
    ends = smoothstep(0.80, 0.95, u) + smoothstep(0.22, 0.05, u)
    out = mix(base, np.float32([0.62, 0.66, 0.22]), np.clip(ends * rng.uniform(0, 0.7), 0, 1))
    # Five faces: the ridges catch the light, the faces are flat.
    facets = rng.uniform(-0.5, 0.5)
    ridge = np.exp(-(((v - facets) / 0.07) ** 2)) + np.exp(-(((np.abs(v - facets) - 0.85) / 0.07) ** 2))
    out = out * (1 + 0.04 * blotch - 0.07 * ridge)[..., None]
    tip = smoothstep(0.965, 0.985, u) + 0.8 * smoothstep(0.035, 0.015, u)
    out = mix(out, np.float32([0.22, 0.17, 0.10]), np.clip(tip, 0, 1))
    few = smoothstep(2.0, 2.5, solid(rng, along, 0.3, "grain") + rng.uniform(-0.8, 0.3))
    out = mix(out, np.float32([0.42, 0.27, 0.10]), 0.7 * few)  # a fresh banana may have a few freckles
    return Skin(
        np.clip(out, 0, 1), (0.10 * ridge * thick).astype(np.float32), rng.uniform(0.05, 0.3), rng.uniform(12, 30)
    )


def _banana_decay(rng: Rng, body: Solid, skin: Skin, decay: float, thick: float) -> None:
    along = (body.x * 6, body.y, body.z)
    brown = _jitter(
        rng, np.float32([(0.24, 0.14, 0.07), (0.15, 0.11, 0.09), (0.34, 0.20, 0.08)][rng.integers(3)]), 0.03
    )
    blotch = 0.75 * solid(rng, along, 0.12) + 0.5 * solid(rng, along, 0.3)
    level = 1.5 - 2.8 * decay
    cover = smoothstep(level, level + rng.uniform(0.2, 0.7), blotch)
    flecks = smoothstep(1.0, 1.5, solid(rng, along, 0.35, "grain") + 0.8 * decay)
    edge = smoothstep(0.75, 1.0, np.abs(body.y))
    amount = np.clip(np.maximum(cover, 0.85 * flecks) + 0.5 * edge * decay + smoothstep(0.2, 0.03, body.x), 0, 1)
    skin.colour[:] = mix(
        skin.colour * (1 - 0.25 * decay), brown * (0.8 + 0.5 * value(rng, body.x.shape, 8)[..., None]), 0.94 * amount
    )
    wrinkle = solid(rng, (body.x * 3, body.y * 2.2, body.z * 2.2), 0.5)
    skin.bump = skin.bump + (0.05 * decay * wrinkle * thick).astype(np.float32)
    skin.shine = skin.shine * (1 - 0.6 * amount)


# Decay -------------------------------------------------------------------------------------------------------------


def _decay(rng: Rng, body: Solid, skin: Skin, size: float, kinds: tuple[str, ...]) -> None:
    """Change `skin` in place: one or more of patch, mould, wrinkle, flecks; at times the whole fruit goes brown."""
    kind = kinds[rng.integers(len(kinds))]
    if kind == "all":
        brown = _jitter(
            rng, np.float32([(0.33, 0.21, 0.12), (0.22, 0.15, 0.11), (0.45, 0.30, 0.16)][rng.integers(3)]), 0.03
        )
        cover = smoothstep(-1.3, 0.3, solid(rng, body.points, 0.2))
        skin.colour[:] = mix(skin.colour, brown * (1 + 0.2 * solid(rng, body.points, 0.4)[..., None]), 0.9 * cover)
        skin.shine = skin.shine * 0.3
        _wrinkle(rng, body, skin, size, 1.0)
    for one in (
        {kind} | ({"patch"} if rng.random() < 0.35 else set()) | ({"wrinkle"} if rng.random() < 0.4 else set())
    ) - {"all"}:
        {"patch": _patch, "mould": _mould, "wrinkle": _wrinkle, "flecks": _flecks}[one](rng, body, skin, size)
    if kind == "wrinkle":
        _patch(rng, body, skin, size)


def _spot(rng: Rng, body: Solid, wide: float, ragged: float) -> Array:
    """A field that is 0 at a random visible place and grows to 1 about `wide` (radians) away, its rim uneven."""
    visible = np.argwhere(body.edge > 0.12 * max(float(body.edge.max()), 1e-6))
    row, column = visible[rng.integers(len(visible))] if len(visible) else (0, 0)
    norm = np.sqrt(body.x**2 + body.y**2 + body.z**2) + 1e-6
    cosine = (body.x * body.x[row, column] + body.y * body.y[row, column] + body.z * body.z[row, column]) / (
        norm * norm[row, column]
    )
    angle = np.arccos(np.clip(cosine, -1, 1))
    return angle / wide + ragged * 0.22 * solid(rng, body.points, 0.3)


def _patch(rng: Rng, body: Solid, skin: Skin, size: float) -> None:
    """Brown rot: spots of any size, with rings and a soft or a sharp rim, a little sunken."""
    for _ in range(int(rng.integers(1, 4))):
        spot = _spot(rng, body, rng.uniform(0.25, 1.0), rng.uniform(0.4, 1.3))
        soft = rng.uniform(0.05, 0.35)
        amount = smoothstep(1 + soft, 1 - soft, spot)
        brown = _jitter(
            rng,
            np.float32(
                [(0.40, 0.25, 0.12), (0.26, 0.16, 0.10), (0.52, 0.36, 0.20), (0.14, 0.10, 0.08)][rng.integers(4)]
            ),
            0.03,
        )
        rings = 0.12 * np.sin(spot * rng.uniform(8, 20)) + 0.18 * solid(rng, body.points, 0.5)
        skin.colour[:] = mix(skin.colour, np.clip(brown * (1 + rings)[..., None], 0, 1), 0.95 * amount)
        halo = np.exp(-(((spot - 1.05) / 0.12) ** 2)) * rng.uniform(0, 0.5)
        skin.colour[:] = mix(skin.colour, skin.colour * np.float32([0.75, 0.62, 0.5]), halo)
        skin.bump = skin.bump - (rng.uniform(0.0, 0.12) * size * amount).astype(np.float32)
        skin.shine = skin.shine * (1 - 0.6 * amount)


def _mould(rng: Rng, body: Solid, skin: Skin, size: float) -> None:
    """Fur of mould: white rim, green-grey or blue-grey heart, dull and fuzzy."""
    fuzz = solid(rng, body.points, 1.4, "grain")
    for _ in range(int(rng.integers(1, 3))):
        spot = _spot(rng, body, rng.uniform(0.35, 1.25), rng.uniform(0.5, 1.2)) + 0.04 * fuzz
        white = smoothstep(1.1, 0.85, spot) * rng.uniform(0.75, 1.0)
        heart = smoothstep(rng.uniform(0.6, 0.95), rng.uniform(0.3, 0.6), spot)
        pale = _jitter(rng, np.float32([0.88, 0.87, 0.84]), 0.03)
        dust = _jitter(
            rng,
            np.float32(
                [(0.48, 0.56, 0.48), (0.50, 0.57, 0.60), (0.36, 0.42, 0.33), (0.62, 0.60, 0.52)][rng.integers(4)]
            ),
            0.03,
        )
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
    skin.colour[:] = mix(
        skin.colour * (0.9 + 0.12 * np.minimum(folds, 1))[..., None], np.float32([0.52, 0.36, 0.20]), 0.18 * strength
    )
    skin.shine = skin.shine * 0.5


def _flecks(rng: Rng, body: Solid, skin: Skin, size: float) -> None:
    """Many small dark spots."""
    dots = smoothstep(
        1.0, 1.6, solid(rng, body.points, rng.uniform(0.2, 0.4), "grain") + 0.5 * solid(rng, body.points, 0.2)
    )
    skin.colour[:] = mix(skin.colour, _jitter(rng, np.float32([0.25, 0.16, 0.10]), 0.03), 0.85 * dots)
    skin.bump = skin.bump - (0.02 * size * dots).astype(np.float32)


def _jitter(rng: Rng, base: Array, spread: float = 0.035) -> Array:
    return np.clip(base + rng.normal(0, spread, 3).astype(np.float32), 0.03, 0.97)


def fruit_picture(rng: Rng, size: int, kind: str, rotten: bool) -> Array:
    """One photo (size, size, 3) uint8 of this kind of fruit, for the catalogue of pre-training pictures."""
    from course.pictures.scenes import fruit_scene

    return fruit_scene(rng, size, kind, rotten)


__all__ = ["KINDS", "Skin", "fbm", "fruit_picture", "paint_fruit"]

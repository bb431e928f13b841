"""Bananas: one, or a hand of them that share a crown, swept along an arc; and how they rot.

A banana has five faces: the ridges between them catch the light. It goes brown in flecks, along the edges and from the stalk.
"""

import numpy as np

from course.pictures.canvas import Canvas
from course.pictures.decay import Skin, jitter
from course.pictures.noise import Array, Rng, mix, rgb, smoothstep, solid, value
from course.pictures.solids import Solid, tube

RIPE = {
    "yellow": (0.93, 0.78, 0.18),
    "green": (0.66, 0.70, 0.22),
    "deep": (0.88, 0.66, 0.16),
    "pale": (0.93, 0.86, 0.48),
}


def bananas(canvas: Canvas, rng: Rng, rotten: bool, x: float, y: float, size: float) -> None:
    """One banana, or a hand of two to six that share a crown."""
    count = 1 if rng.random() < 0.5 else int(rng.integers(2, 6))
    roll = rng.uniform(0, 2 * np.pi) if rng.random() < 0.35 else rng.normal(0, 0.35)
    side = rng.choice([-1, 1])
    curve = rng.uniform(0.7, 1.6)
    thick = rng.uniform(0.17, 0.24) * (0.85 if count > 1 else 1.0)
    size = size * 1.35  # a banana is thin: let it fill as much of the picture as a ball does
    canvas.ground_shadow(x, y - size * 0.4, size * 0.8, size * 0.2, 0.35)
    ripe = rng.choice(list(RIPE), p=[0.45, 0.2, 0.2, 0.15])
    base = jitter(rng, rgb(RIPE[ripe]))
    decay = rng.uniform(0.4, 1.0)
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
    out = mix(base, rgb([0.62, 0.66, 0.22]), np.clip(ends * rng.uniform(0, 0.7), 0, 1))
    # Five faces: the ridges catch the light, the faces are flat.
    facets = rng.uniform(-0.5, 0.5)
    ridge = np.exp(-(((v - facets) / 0.07) ** 2)) + np.exp(-(((np.abs(v - facets) - 0.85) / 0.07) ** 2))
    out = out * (1 + 0.04 * blotch - 0.07 * ridge)[..., None]
    tip = smoothstep(0.965, 0.985, u) + 0.8 * smoothstep(0.035, 0.015, u)
    out = mix(out, rgb([0.22, 0.17, 0.10]), np.clip(tip, 0, 1))
    few = smoothstep(2.0, 2.5, solid(rng, along, 0.3, "grain") + rng.uniform(-0.8, 0.3))
    out = mix(out, rgb([0.42, 0.27, 0.10]), 0.7 * few)  # a fresh banana may have a few freckles
    bump = (0.10 * ridge * thick).astype(np.float32)
    return Skin(np.clip(out, 0, 1), bump, rng.uniform(0.05, 0.3), rng.uniform(12, 30))


def _banana_decay(rng: Rng, body: Solid, skin: Skin, decay: float, thick: float) -> None:
    along = (body.x * 6, body.y, body.z)
    brown = jitter(rng, rgb([(0.24, 0.14, 0.07), (0.15, 0.11, 0.09), (0.34, 0.20, 0.08)][rng.integers(3)]), 0.03)
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

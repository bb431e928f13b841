"""Things of a house, for pre-training: boxes, tools and what is cut out flat. As in `course.pictures.things`."""

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.canvas import Canvas
from course.pictures.noise import Array, Rng, fbm, mix, rgb, smoothstep
from course.pictures.shapes import Place, box_solid
from course.pictures.solids import Grid, Solid, turn


def relief(grid: Grid, edge: Array, bevel: float) -> Solid:
    """A flat shape given by its signed distance `edge` over the whole picture, its rim rounded over `bevel` units."""
    t = np.clip(edge / bevel, -1, 1)
    height = bevel * np.sqrt(np.maximum(1 - (1 - np.maximum(t, 0)) ** 2, 0)) + np.minimum(t, 0) * bevel * 2
    whole = (slice(0, grid.size), slice(0, grid.size))
    return Solid(whole, height.astype(np.float32), edge.astype(np.float32), grid.x, grid.y, np.zeros_like(grid.x))


def flat_shape(
    canvas: Canvas, edge: Array, colour: Array, bevel: float, shine: float = 0.3, shadow: float = 0.5
) -> None:
    """Lay down a flat thing given by its signed distance over the whole picture, with a rounded rim and a shadow."""
    cut = relief(canvas.grid, edge, bevel)
    canvas.drop_shadow(cut, (-float(canvas.light.direction[0]) * 0.06, -0.05), 0.07, shadow)
    canvas.paint(cut, colour, shine=shine, hollow=0.2)


def polar(grid: Grid, x: float, y: float, tilt: float = 0.0) -> tuple[Array, Array]:
    """Distance from (x, y) and angle from `tilt`, over the whole picture."""
    dx, dy = grid.x - np.float32(x), grid.y - np.float32(y)
    return np.hypot(dx, dy), np.arctan2(dy, dx) - np.float32(tilt)


def segment(grid: Grid, ax: float, ay: float, bx: float, by: float) -> Array:
    """Distance to a segment, over the whole picture."""
    px, py = grid.x - ax, grid.y - ay
    dx, dy = bx - ax, by - ay
    t = np.clip((px * dx + py * dy) / (dx * dx + dy * dy + 1e-9), 0, 1)
    return np.hypot(px - t * dx, py - t * dy)


def star_shape(rng: Rng, p: Place) -> None:
    s = p.s
    r, a = polar(p.grid, p.x, p.y, np.pi / 2 + rng.normal(0, 0.3))
    n = int(rng.choice([5, 5, 5, 6, 8]))
    fold = np.abs((a / (2 * np.pi / n) + 0.5) % 1 - 0.5) * 2 * np.pi / n  # angle from the nearest point
    inner = rng.uniform(0.42, 0.55)
    tip, notch = np.array([s, 0]), inner * s * np.array([np.cos(np.pi / n), np.sin(np.pi / n)])
    dx, dy = notch - tip
    edge = ((r * np.cos(fold) - tip[0]) * -dy + (r * np.sin(fold) - tip[1]) * dx) / np.hypot(dx, dy)
    tone = colour(rng, ["yellow", "red", "white", "blue", "orange"][rng.integers(5)])
    flat_shape(p.canvas, edge.astype(np.float32), tone, 0.15 * s, 0.5)


def heart(rng: Rng, p: Place) -> None:
    s = p.s
    u, v = (p.grid.x - p.x) / (s * 0.85), (p.grid.y - p.y - 0.08 * s) / (s * 0.85)
    f = (u * u + v * v - 0.7) ** 3 - u * u * v**3 * 1.3
    edge = -np.sign(f) * np.abs(f) ** (1 / 3) * s * 0.45
    tone = colour(rng, ["red", "red", "purple", "orange"][rng.integers(4)])
    flat_shape(p.canvas, edge.astype(np.float32), tone, 0.3 * s, 0.7)


def key(rng: Rng, p: Place) -> None:
    x, y, s = p.x, p.y, p.s
    metal = colour(rng, ["yellow", "grey", "brown"][rng.integers(3)])
    a = rng.uniform(0, 2 * np.pi)
    ux, uy = np.cos(a), np.sin(a)
    hx, hy = x - ux * 0.6 * s, y - uy * 0.6 * s
    ring = 0.10 * s - np.abs(np.hypot(p.grid.x - hx, p.grid.y - hy) - 0.27 * s)
    shaft = segment(p.grid, hx + ux * 0.3 * s, hy + uy * 0.3 * s, x + ux * 0.95 * s, y + uy * 0.95 * s)
    edge = np.maximum(ring, 0.07 * s - shaft)
    for k, long in ((0.9, 0.3), (0.68, rng.uniform(0.15, 0.3)), (0.5, rng.uniform(0, 0.25))):
        bx, by = x + ux * k * s, y + uy * k * s
        edge = np.maximum(edge, 0.06 * s - segment(p.grid, bx, by, bx - uy * long * s, by + ux * long * s))
    flat_shape(p.canvas, edge.astype(np.float32), metal, 0.06 * s, 0.9)


def spoon(rng: Rng, p: Place) -> None:
    """Spoon or fork."""
    metal = colour(rng, ["grey", "white", "brown"][rng.choice(3, p=[0.6, 0.2, 0.2])])
    a = rng.uniform(0, 2 * np.pi)
    ux, uy = np.cos(a), np.sin(a)
    handle = p.tube([(ux * -0.95, uy * -0.95, 0), (ux * 0.3, uy * 0.3, 0)], (0.08, 0.045), 0.4)
    p.canvas.drop_shadow(handle, (-0.03, -0.04), 0.05, 0.4)
    p.canvas.paint(handle, metal, shine=0.8)
    if rng.random() < 0.5:
        bowl = p.ellipsoid((ux * 0.6, uy * 0.6, 0), (0.36, 0.23, 0.12), turn(0, 0, a))
        bowl.height = np.where(bowl.edge > 0.03 * p.s, -bowl.height, bowl.height)
        p.canvas.drop_shadow(bowl, (-0.03, -0.04), 0.05, 0.4)
        p.canvas.paint(bowl, metal, shine=0.9, gloss=20, hollow=0)
        return
    for k in (-0.165, -0.055, 0.055, 0.165):
        along = [(ux * 0.3, uy * 0.3, 0), *((ux * t - uy * k, uy * t + ux * k, 0) for t in (0.5, 0.95))]
        p.canvas.paint(p.tube(along, (0.05, 0.04, 0.025), 0.6), metal, shine=0.8)


def cabinet(rng: Rng, p: Place) -> None:
    """A chest of drawers."""
    wood, n = colour(rng, ["brown", "tan", "white", "grey"][rng.integers(4)]), int(rng.integers(2, 5))

    def face(name: str, u: Array, v: Array) -> Array:
        out = wood * (0.9 + 0.2 * fbm(rng, u.shape, (14, 3), 2))[..., None]
        if name != "front":
            return out
        fv = (v * n) % 1
        line = (np.abs(fv - 0.5) > 0.44) | (np.abs(u - 0.5) > 0.46)
        knob = np.hypot((u - 0.5) * 1.2, (fv - 0.5) / n * 1.3) < 0.045
        return mix(mix(out, wood * 0.5, line.astype(np.float32)), (0.85, 0.75, 0.4), knob.astype(np.float32))

    box_solid(p, 0, (rng.uniform(0.55, 0.75), 0.65, 0.35), rng.uniform(-0.6, 0.6), 0.25, face)


def book(rng: Rng, p: Place) -> None:
    cover, title = colour(rng), colour(rng, ["yellow", "white", "black"][rng.integers(3)])

    def face(name: str, u: Array, v: Array) -> Array:
        if name == "front":
            rows = (np.abs(v - 0.72) < 0.06) | (np.abs(v - 0.56) < 0.03) | (np.abs(v - 0.2) < 0.02)
            return mix(cover, title, ((np.abs(u - 0.5) < 0.32) * rows).astype(np.float32))
        pages = 0.85 + 0.15 * np.sin((u if name == "side" else v) * 90)
        return rgb([0.93, 0.90, 0.82]) * pages[..., None]

    box_solid(p, 0, (0.62, 0.85, rng.uniform(0.12, 0.3)), rng.uniform(-0.6, 0.6), rng.uniform(0.15, 0.5), face)


def die(rng: Rng, p: Place) -> None:
    base = colour(rng, ["white", "red", "cream", "black", "blue"][rng.integers(5)])
    pip = rgb([0.05] * 3) if base.mean() > 0.5 else rgb([0.95] * 3)
    spots = {1: [(0.5, 0.5)], 2: [(0.25, 0.25), (0.75, 0.75)], 3: [(0.25, 0.25), (0.5, 0.5), (0.75, 0.75)]}
    spots[4] = [(a, b) for a in (0.25, 0.75) for b in (0.25, 0.75)]
    spots[5] = [*spots[4], (0.5, 0.5)]
    spots[6] = [(a, b) for a in (0.25, 0.75) for b in (0.2, 0.5, 0.8)]
    numbers = dict(zip(("front", "side", "top"), rng.permutation(6)[:3] + 1))

    def face(name: str, u: Array, v: Array) -> Array:
        d = np.min([np.hypot(u - a, v - b) for a, b in spots[int(numbers[name])]], 0)
        return mix(base, pip, smoothstep(0.125, 0.095, d))

    box_solid(p, 0, (0.6, 0.6, 0.6), rng.uniform(0.3, 1.2), rng.uniform(0.4, 0.8), face)


def clock(rng: Rng, p: Place) -> None:
    p = Place(p.canvas, p.x, p.y, p.s * 0.9)
    paint, s = p.canvas.paint, p.s
    dx, dy = p.grid.x - p.x, p.grid.y - p.y
    rim = colour(rng)
    disc = relief(p.grid, s - np.hypot(dx, dy), 0.1 * s)
    p.canvas.drop_shadow(disc, (-0.05, -0.06), 0.1, 0.5)
    paint(disc, rim, shine=0.7)
    r, a = np.hypot(dx, dy) / s, np.arctan2(dx, dy)
    tick = (np.abs((a / (np.pi / 6) + 0.5) % 1 - 0.5) * r < 0.07) & (r > 0.66) & (r < 0.78)
    dial = mix(
        colour(rng, ["white", "cream", "black"][rng.choice(3, p=[0.6, 0.25, 0.15])]), (0.1, 0.1, 0.1), tick * 1.0
    )
    paint(relief(p.grid, 0.85 * s - np.hypot(dx, dy), 0.01), dial, shine=0.0)
    for long, wide in ((0.45, 0.05), (0.68, 0.035)):
        t = rng.uniform(0, 2 * np.pi)
        paint(p.tube([(0, 0, 0.5), (long * np.sin(t), long * np.cos(t), 0.5)], wide), (0.08, 0.08, 0.09), shine=0.2)
    paint(p.ellipsoid((0, 0, 0.6), 0.07), rim, shine=0.5)

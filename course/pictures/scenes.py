"""Photos of fruit: a background, company that proves nothing, the fruit, what covers it, a camera.

The same company, backgrounds and cameras are drawn for every class, so that they say nothing about the label.
"""

import numpy as np

from course.pictures import backgrounds
from course.pictures.camera import Camera
from course.pictures.canvas import Canvas
from course.pictures.fruit import paint_fruit
from course.pictures.light import Light
from course.pictures.noise import Array, Rng, mix, solid
from course.pictures.solids import Grid, ellipsoid, tube, turn


def leaf(canvas: Canvas, rng: Rng, x: float, y: float, length: float, dead: bool) -> None:
    """A leaf with a midrib; green, or brown when `dead`."""
    angle = rng.uniform(0, 2 * np.pi)
    bend = rng.normal(0, 0.5)
    t = np.linspace(0, 1, 8)
    a = angle + bend * t
    spine = np.stack([x + length * np.cumsum(np.cos(a)) / 8, y + length * np.cumsum(np.sin(a)) / 8, 0 * t], 1)
    width = length * rng.uniform(0.18, 0.3) * np.sin(np.pi * (0.06 + 0.92 * t)) ** 0.8
    shape = tube(canvas.grid, spine, width, flat=0.25)
    base = backgrounds.colour(rng, "brown" if dead else "green", 0.06)
    rib = np.exp(-((shape.y / 0.07) ** 2)) + 0.4 * np.exp(-(((np.sin(shape.x * 28 - np.abs(shape.y) * 4)) / 0.25) ** 2))
    canvas.drop_shadow(shape, (-float(canvas.light.direction[0]) * 0.05, -0.05), 0.06, 0.4)
    canvas.paint(shape, mix(base, np.clip(base * 1.4 + 0.08, 0, 1), 0.6 * rib), shine=0.2, gloss=15)


def company(canvas: Canvas, rng: Rng) -> None:
    """Things that lie about in a kitchen: nuts, stones, wood, scraps of cloth and paper in every fruit's colours."""
    for _ in range(int(rng.choice([0, 1, 2], p=[0.7, 0.2, 0.1]))):
        x, y = rng.uniform(-1.1, 1.1), rng.uniform(-1.1, 0.6)
        kind = rng.integers(4)
        if kind == 0:
            leaf(canvas, rng, x, y, rng.uniform(0.4, 0.9), dead=rng.random() < 0.5)
        elif kind == 1:  # a pebble, a nut, a potato
            r = rng.uniform(0.12, 0.45) * rng.uniform(0.7, 1.2, 3)
            body = ellipsoid(canvas.grid, (x, y, 0), r, turn(*rng.uniform(0, 3, 3)))
            canvas.ground_shadow(x, y - 0.7 * float(r.min()), float(r.max()), 0.4 * float(r.min()))
            base = backgrounds.colour(rng, ["brown", "grey", "tan", "black", "white"][rng.integers(5)])
            noise = solid(rng, body.points, rng.uniform(0.2, 0.6))
            canvas.paint(body, np.clip(base * (1 + 0.2 * noise)[..., None], 0, 1), (0.02 * noise).astype(np.float32))
        elif kind == 2:  # a stick, a pencil, a handle
            a, length = rng.uniform(0, np.pi), rng.uniform(0.5, 1.5)
            end = np.array([np.cos(a), np.sin(a)]) * length / 2
            ends = [[x - end[0], y - end[1], 0], [x + end[0], y + end[1], 0]]
            body = tube(canvas.grid, ends, rng.uniform(0.03, 0.1))
            canvas.drop_shadow(body, (-0.04, -0.06), 0.06, 0.4)
            canvas.paint(body, backgrounds.colour(rng), shine=0.3)
        else:  # a ball or a lump of clay in a fruit's colour
            radius = rng.uniform(0.12, 0.35)
            body = ellipsoid(canvas.grid, (x, y, 0), (radius, radius, radius))
            canvas.ground_shadow(x, y - 0.9 * radius, radius, 0.3 * radius)
            tone = backgrounds.colour(rng, ["red", "orange", "yellow", "green"][rng.integers(4)])
            canvas.paint(body, tone, shine=rng.uniform(0, 0.9))


def fruit_scene(rng: Rng, size: int, kind: str, rotten: bool, wild: float = 0.6) -> Array:
    """A photo (size, size, 3) uint8 of one to three fruits of `kind`, all fresh or at least one of them rotten."""
    light = Light.random(rng)
    canvas = Canvas(size, light, backgrounds.any_background(rng, Grid(size), white=0.6), rng.uniform(0.75, 1.1))
    company(canvas, rng)
    count = int(rng.choice([1, 2, 3], p=[0.86, 0.10, 0.04]))
    big = rng.uniform(0.6, 0.85) if count == 1 else rng.uniform(0.38, 0.5)
    spots = [(rng.normal(0, 0.12), rng.normal(0, 0.1))] if count == 1 else _places(rng, count)
    spots.sort(key=lambda p: -p[1])  # far ones first
    bad = rng.random(count) < 0.95
    bad[rng.integers(count)] = True
    for (x, y), spoiled in zip(spots, bad):
        paint_fruit(canvas, rng, kind, bool(rotten and spoiled), x, y, big * rng.uniform(0.85, 1.1))
    if rng.random() < 0.2:
        a = rng.uniform(0, 2 * np.pi)
        leaf(canvas, rng, 0.75 * np.cos(a), 0.75 * np.sin(a), rng.uniform(0.4, 0.8), dead=rng.random() < 0.3)
    return Camera.random(rng, wild).develop(canvas.rgb, rng)


def _places(rng: Rng, count: int) -> list[tuple[float, float]]:
    start = rng.uniform(0, 2 * np.pi)
    r = rng.uniform(0.4, 0.55)
    ring = start + np.arange(count) * 2 * np.pi / count
    return [(r * np.cos(a) + rng.normal(0, 0.05), 0.8 * r * np.sin(a) + rng.normal(0, 0.05)) for a in ring]

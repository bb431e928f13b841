"""Things of the street and the sea: house, car, umbrella, snowman, sailing boat.

As in things.py, each function draws one thing on a canvas at (x, y), of size s.
"""

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.canvas import Canvas
from course.pictures.noise import Array, Rng, fbm, mix, rgb, smoothstep, solid
from course.pictures.shapes import box_solid
from course.pictures.solids import ellipsoid, polygon, tube


def house(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    wall, roof, door = colour(rng), colour(rng, ["red", "brown", "grey", "black"][rng.integers(4)]), colour(rng)

    def face(name: str, u: Array, v: Array) -> Array:
        out = np.broadcast_to(wall, (*u.shape, 3))
        windows = (np.abs(np.abs(u - 0.5) - 0.3) < 0.1) & (np.abs(v - 0.6) < 0.17)
        bars = (np.abs(np.abs(u - 0.5) - 0.3) < 0.015) | (np.abs(v - 0.6) < 0.02)
        out = mix(out, (0.20, 0.27, 0.36), (windows & ~bars).astype(np.float32))
        if name == "front":
            out = mix(out, door, ((np.abs(u - 0.5) < 0.1) & (v < 0.5)).astype(np.float32))
        return out

    corners = box_solid(c, x, y - 0.25 * s, (0.62 * s, 0.42 * s, 0.5 * s), rng.uniform(-0.7, 0.7), 0.12, face)
    ridge = rng.uniform(0.45, 0.7) * s
    front_l, front_r, back_l, back_r = (np.asarray(p) for p in corners)
    up = np.array([0, ridge])
    middle_f, middle_b = (front_l + front_r) / 2 + up, (back_l + back_r) / 2 + up
    c.flat(polygon(c.grid, [front_l, front_r, middle_f]), wall * 0.95, (0, 0.1, 1))
    for a, b, n in ((front_l, back_l, -1), (front_r, back_r, 1)):
        quad = np.array([a, b, middle_b, middle_f])
        area = np.sum(quad[:, 0] * np.roll(quad[:, 1], -1) - np.roll(quad[:, 0], -1) * quad[:, 1])
        if area * n > 0:  # the slope that faces the camera
            tile = polygon(c.grid, quad)
            rows = 0.85 + 0.15 * np.sign(np.sin(tile.y / s * 60))
            c.flat(tile, roof * rows[..., None], (n * 0.6, 0.7, 0.5))
    c.paint(
        tube(
            c.grid,
            np.stack([np.append(front_l + up * 0.0, 0.9), np.append(middle_f, 0.9), np.append(front_r, 0.9)]),
            0.03 * s,
        ),
        roof * 0.7,
    )


def car(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    paint, d = colour(rng), rng.choice([-1, 1])
    c.ground_shadow(x, y - 0.42 * s, 1.0 * s, 0.12 * s, 0.9)

    def poly(points: list[tuple[float, float]], tone: Array, bump: float, shine: float) -> None:
        shape = polygon(c.grid, [(x + d * px * s, y + py * s) for px, py in points])
        shape.edge = shape.edge + 0.03 * s
        c.paint(shape, tone, (-((shape.y - y) ** 2) * bump / s).astype(np.float32), shine=shine, hollow=0)

    roof = rng.uniform(0.38, 0.55)
    cab = [(-0.62, 0.05), (-0.45, roof), (0.22, roof), (0.5, 0.05)]
    poly(cab, paint * 0.95, 0.6, 0.4)
    poly([(-0.5, 0.08), (-0.4, roof - 0.08), (-0.1, roof - 0.08), (-0.1, 0.08)], rgb([0.15, 0.2, 0.26]), 0.2, 0.9)
    poly(
        [(-0.02, 0.08), (-0.02, roof - 0.08), (0.17, roof - 0.08), (0.38, 0.08)],
        rgb([0.15, 0.2, 0.26]),
        0.2,
        0.9,
    )
    poly([(-0.95, -0.28), (-0.95, 0.04), (0.6, 0.08), (0.95, 0.0), (0.98, -0.28)], paint, 1.6, 0.6)
    c.paint(
        ellipsoid(c.grid, (x + d * 0.92 * s, y - 0.08 * s, 0.1), np.array([0.06, 0.07, 0.05]) * s),
        (0.98, 0.95, 0.75),
        shine=0.8,
    )
    for px in (-0.56, 0.58):
        for r, tone in ((0.24, (0.05, 0.05, 0.05)), (0.13, (0.7, 0.7, 0.72))):
            c.paint(
                ellipsoid(c.grid, (x + d * px * s, y - 0.3 * s, 0.5), np.array([r, r, 0.05]) * s),
                tone,
                shine=0.3,
                hollow=0,
            )


def boat(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    sea = smoothstep(y - 0.45 * s, y - 0.55 * s, c.grid.y)
    waves = 0.7 + 0.3 * np.sin(c.grid.y * 60 + 3 * fbm(rng, c.grid.y.shape, (20, 6), 2))
    c.rgb[:] = mix(c.rgb, rgb([0.05, 0.16, 0.28]) * waves[..., None], sea)
    c.paint(tube(c.grid, np.array([[x, y - 0.4 * s, 0], [x, y + 0.95 * s, 0]]), 0.03 * s), (0.4, 0.28, 0.18))
    for side, long in ((1, rng.uniform(0.5, 0.75)), (-1, rng.uniform(0.3, 0.6))):
        sail = polygon(
            c.grid,
            [
                (x + side * 0.05 * s, y - 0.22 * s),
                (x + side * long * s, y - 0.22 * s),
                (x + side * 0.05 * s, y + 0.92 * s),
            ],
        )
        c.paint(
            sail,
            colour(rng, ["white", "cream", "red", "blue", "orange"][rng.integers(5)]),
            (-((sail.x - x - side * 0.2 * s) ** 2) / s * 0.6).astype(np.float32),
            shine=0,
            hollow=0,
        )
    hull = polygon(
        c.grid,
        [
            (x - 0.85 * s, y - 0.3 * s),
            (x - 0.55 * s, y - 0.6 * s),
            (x + 0.6 * s, y - 0.6 * s),
            (x + 0.95 * s, y - 0.3 * s),
        ],
    )
    c.paint(
        hull,
        mix(colour(rng), (0.95, 0.95, 0.95), (hull.y > y - 0.37 * s) * 1.0),
        (-((hull.y - y) ** 2) / s).astype(np.float32),
        shine=0.3,
        hollow=0,
    )


def umbrella(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    one, two = colour(rng), colour(rng)
    stick = np.array(
        [
            [x, y + 0.6 * s, -0.5],
            [x, y - 0.75 * s, -0.5],
            [x + 0.08 * s, y - 0.9 * s, -0.5],
            [x + 0.2 * s, y - 0.78 * s, -0.5],
        ]
    )
    c.paint(tube(c.grid, stick, 0.035 * s), (0.25, 0.17, 0.1), shine=0.3)
    dome = ellipsoid(c.grid, (x, y, 0), np.array([0.95, 0.75, 0.95]) * s)
    sector = np.arctan2(dome.x, np.abs(dome.z) + 0.02) * 2.6
    scallop = 0.09 * s * np.abs(np.cos(sector * np.pi / 2 * 1.0))
    dome.edge = np.minimum(dome.edge, c.grid.y[dome.box] - y - scallop)
    c.paint(dome, mix(one, two, (np.floor(sector + 0.5) % 2).astype(np.float32)), shine=0.15)
    c.paint(tube(c.grid, np.array([[x, y + 0.7 * s, 0], [x, y + 0.88 * s, 0]]), 0.03 * s), (0.2, 0.2, 0.2))


def snowman(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.95 * s, 0.6 * s, 0.15 * s)
    for dy, r in ((-0.5, 0.46), (0.1, 0.34), (0.58, 0.25)):
        b = ellipsoid(c.grid, (x, y + dy * s, 0), (r * s,) * 3)
        c.paint(b, (0.95, 0.96, 0.98), (0.008 * s * solid(rng, b.points, 1.0, "grain")).astype(np.float32), shine=0.05)
    for px, py in ((-0.09, 0.66), (0.09, 0.66), (0, 0.2), (0, 0.05), (0, -0.3)):
        c.paint(ellipsoid(c.grid, (x + px * s, y + py * s, 0.5), (0.035 * s,) * 3), (0.05, 0.05, 0.05), hollow=0)
    c.paint(
        tube(
            c.grid,
            np.array([[x, y + 0.58 * s, 0.4], [x + rng.choice([-1, 1]) * 0.22 * s, y + 0.55 * s, 0.5]]),
            np.array([0.05, 0.01]) * s,
        ),
        (0.9, 0.45, 0.1),
    )
    scarf = colour(rng)
    c.paint(
        tube(
            c.grid,
            np.array([[x - 0.2 * s, y + 0.37 * s, 0.4], [x, y + 0.33 * s, 0.5], [x + 0.2 * s, y + 0.37 * s, 0.4]]),
            0.06 * s,
        ),
        scarf,
        shine=0,
    )
    if rng.random() < 0.7:
        hat = [
            (x - 0.2 * s, y + 0.78 * s),
            (x + 0.2 * s, y + 0.78 * s),
            (x + 0.18 * s, y + 1.08 * s),
            (x - 0.18 * s, y + 1.08 * s),
        ]
        c.paint(polygon(c.grid, hat), (0.07, 0.07, 0.08), shine=0, hollow=0)
        c.paint(
            tube(c.grid, np.array([[x - 0.3 * s, y + 0.79 * s, 0.5], [x + 0.3 * s, y + 0.79 * s, 0.5]]), 0.03 * s),
            (0.07, 0.07, 0.08),
        )

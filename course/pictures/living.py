"""What grows, swims and flies: tree, flower, leaf, fish, bird, butterfly.

As in things.py, each function draws one thing on a canvas at (x, y), of size s.
"""

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.canvas import Canvas
from course.pictures.noise import Rng, fbm, mix, smoothstep, solid
from course.pictures.shapes import flat_shape, polar
from course.pictures.solids import ellipsoid, polygon, tube, turn


def tree(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.95 * s, 0.6 * s, 0.12 * s)
    c.paint(
        tube(
            c.grid,
            np.array([[x, y - 0.95 * s, 0], [x + rng.normal(0, 0.04), y - 0.2 * s, 0], [x, y + 0.4 * s, 0]]),
            np.array([0.13, 0.09, 0.04]) * s,
        ),
        colour(rng, "brown", 0.04),
        shine=0,
    )
    if rng.random() < 0.6:  # a leafy crown
        base = colour(rng, ["green", "green", "orange", "yellow"][rng.integers(4)], 0.06) * 0.85
        for _ in range(9):
            a, r = rng.uniform(0, 6.28), rng.uniform(0, 0.42) * s
            b = ellipsoid(
                c.grid,
                (x + r * np.cos(a), y + 0.3 * s + 0.8 * r * np.sin(a), 0),
                np.array([1, 0.85, 1]) * rng.uniform(0.25, 0.38) * s,
            )
            grain = solid(rng, b.points, 0.8, "grain")
            b.edge = b.edge + (0.04 * s * grain).astype(np.float32)
            c.paint(b, base * (1 + 0.25 * grain)[..., None], (0.03 * s * grain).astype(np.float32), shine=0.0)
    else:  # a fir
        base = colour(rng, "green", 0.05) * 0.6
        for k in range(5):
            low, wide = y + (-0.55 + 0.3 * k) * s, (0.62 - 0.11 * k) * s
            p = polygon(c.grid, [(x - wide, low), (x + wide, low), (x, low + 0.55 * s)])
            jag = 0.03 * s * np.sin(p.x / s * 45)
            p.edge = p.edge + jag.astype(np.float32)
            c.paint(
                p,
                base * (0.8 + 0.5 * fbm(rng, p.x.shape, 10, 2))[..., None],
                (-np.abs(p.x - x) * 0.7).astype(np.float32),
                shine=0,
                hollow=0,
            )


def flower(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.paint(
        tube(
            c.grid,
            np.array([[x, y, -1], [x + 0.1 * s, y - 0.8 * s, -1], [x + rng.normal(0, 0.1), y - 1.6, -1]]),
            0.04 * s,
        ),
        colour(rng, "green", 0.05),
    )
    n, petal, wide = (
        int(rng.integers(5, 14)),
        colour(rng, ["red", "yellow", "white", "purple", "orange", "blue"][rng.integers(6)]),
        rng.uniform(0.8, 1.3),
    )
    turn_by, tilt = rng.uniform(0, 6), rng.uniform(0.65, 1.0)
    for k in range(n):
        a = turn_by + k * 2 * np.pi / n
        mid = np.array([np.cos(a), np.sin(a) * tilt]) * 0.52 * s
        b = ellipsoid(
            c.grid,
            (x + mid[0], y + mid[1], 0),
            np.array([0.42, 1.4 * wide / n, 0.1]) * s,
            turn(0, 0, float(np.arctan2(mid[1], mid[0]))),
        )
        c.paint(b, mix(petal, petal * 0.6, smoothstep(0, -1, b.x)), shine=0.05, hollow=0)
    heart = ellipsoid(c.grid, (x, y, 0.2), np.array([0.24, 0.24 * tilt, 0.15]) * s)
    dots = solid(rng, heart.points, 1.2, "grain")
    c.paint(
        heart,
        colour(rng, ["yellow", "brown", "black"][rng.choice(3, p=[0.6, 0.25, 0.15])]) * (1 + 0.2 * dots)[..., None],
        (0.02 * s * dots).astype(np.float32),
        shine=0,
    )


def leaf_blade(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    """A maple-like or a plain leaf."""
    r, a = polar(c, x, y - 0.3 * s, np.pi / 2 + rng.normal(0, 0.4))
    a = (a + np.pi) % (2 * np.pi) - np.pi
    base = colour(rng, ["green", "green", "red", "orange", "yellow", "brown"][rng.integers(6)])
    if rng.random() < 0.5:
        lobes = np.abs(np.cos(a * 2.5)) ** 0.8
        rim = s * (0.45 + 0.62 * lobes * np.clip(np.cos(a * 0.42), 0, 1) + 0.04 * np.cos(a * 33))
        veins = np.exp(-((np.sin(a * 2.5) * r / s / 0.035) ** 2))
    else:
        rim = s * 1.25 * np.clip(np.cos(a * rng.uniform(0.9, 1.3)), 0.0, 1) ** 1.1
        u, v = r * np.cos(a) / s, r * np.abs(np.sin(a)) / s
        veins = np.exp(-((v / 0.03) ** 2)) + 0.5 * np.exp(-((np.sin((u - v) * 22) / 0.25) ** 2))
    c.paint(
        tube(c.grid, np.array([[x, y - 0.3 * s, 0], [x + rng.normal(0, 0.1), y - 1.0 * s, 0]]), 0.03 * s), base * 0.7
    )
    flat_shape(
        c,
        (rim - r) * 0.7,
        mix(base * (0.9 + 0.2 * fbm(rng, r.shape, 6, 3))[..., None], np.clip(base * 1.5, 0, 1), np.clip(veins, 0, 1)),
        0.02,
        0.15,
    )


def fish(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    d = rng.choice([-1, 1])
    main, other = colour(rng), colour(rng)
    tail = polygon(c.grid, [(x - d * 0.55 * s, y), (x - d * 1.02 * s, y + 0.42 * s), (x - d * 0.85 * s, y)])
    tail2 = polygon(c.grid, [(x - d * 0.55 * s, y), (x - d * 1.02 * s, y - 0.42 * s), (x - d * 0.85 * s, y)])
    fin = polygon(
        c.grid,
        [
            (x + d * 0.3 * s, y + 0.25 * s),
            (x - d * 0.35 * s, y + 0.2 * s),
            (x - d * 0.2 * s, y + rng.uniform(0.5, 0.7) * s),
        ],
    )
    for part in (tail, tail2, fin):
        rays = 0.8 + 0.2 * np.sin((part.x + part.y * 2) / s * 30)
        c.paint(part, other * rays[..., None], shine=0.1, hollow=0)
    tall = rng.uniform(0.3, 0.5)
    body = ellipsoid(c.grid, (x, y, 0), np.array([0.75, tall, 0.25]) * s)
    u, v = body.x * d, body.y
    scale = np.abs(np.sin(u * 16 + v * 9) * np.sin(u * 16 - v * 9))
    skin = mix(main, np.clip(main * 1.5 + 0.15, 0, 1), smoothstep(0.1, -0.6, v)) * (0.85 + 0.2 * scale)[..., None]
    if rng.random() < 0.6:
        skin = mix(skin, other, smoothstep(0.2, 0.5, np.sin(u * rng.uniform(6, 12))))
    c.paint(body, np.clip(skin, 0, 1), (0.015 * s * scale).astype(np.float32), shine=0.6)
    c.paint(ellipsoid(c.grid, (x + d * 0.5 * s, y + 0.1 * s, 0.3), (0.08 * s,) * 3), (0.95, 0.95, 0.9), shine=0)
    c.paint(ellipsoid(c.grid, (x + d * 0.52 * s, y + 0.1 * s, 0.4), (0.045 * s,) * 3), (0.03, 0.03, 0.03), shine=0.9)


def bird(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    d = rng.choice([-1, 1])
    back, breast = colour(rng), colour(rng)
    c.paint(
        tube(c.grid, np.array([[x - 1.3, y - 0.62 * s, -1], [x + 1.3, y - 0.55 * s, -1]]), 0.06 * s),
        colour(rng, "brown", 0.04),
    )
    for k in (-0.08, 0.1):
        c.paint(
            tube(c.grid, np.array([[x + k * s, y - 0.3 * s, -0.5], [x + k * s, y - 0.58 * s, -0.4]]), 0.025 * s),
            (0.35, 0.25, 0.15),
        )
    c.paint(
        tube(
            c.grid,
            np.array([[x - d * 0.3 * s, y - 0.15 * s, 0], [x - d * 0.95 * s, y - rng.uniform(0.2, 0.5) * s, 0]]),
            np.array([0.16, 0.08]) * s,
            0.4,
        ),
        back * 0.8,
    )
    body = ellipsoid(c.grid, (x, y, 0), np.array([0.5, 0.36, 0.36]) * s, turn(0, 0, d * 0.35))
    feathers = solid(rng, (body.x, body.y * 2, body.z), 0.7, "grain")
    c.paint(
        body,
        mix(back, breast, smoothstep(0.1, -0.3, body.y - 0.3 * d * body.x)) * (1 + 0.08 * feathers)[..., None],
        shine=0.05,
    )
    hx, hy = x + d * 0.38 * s, y + 0.36 * s
    c.paint(
        tube(
            c.grid,
            np.array([[hx + d * 0.15 * s, hy, 0.1], [hx + d * rng.uniform(0.38, 0.5) * s, hy - 0.04 * s, 0.1]]),
            np.array([0.09, 0.01]) * s,
        ),
        colour(rng, ["orange", "yellow", "black"][rng.integers(3)]),
    )
    head = ellipsoid(c.grid, (hx, hy, 0.2), (0.26 * s,) * 3)
    c.paint(head, mix(back, breast, smoothstep(-0.1, -0.4, head.y)), shine=0.05)
    wing = ellipsoid(c.grid, (x - d * 0.1 * s, y + 0.02 * s, 0.4), np.array([0.42, 0.2, 0.12]) * s, turn(0, 0, d * 0.3))
    c.paint(wing, back * 0.75 * (1 + 0.25 * np.sin(wing.x * 14 + wing.y * 4))[..., None], shine=0.05)
    c.paint(
        ellipsoid(c.grid, (hx + d * 0.08 * s, hy + 0.05 * s, 0.6), (0.055 * s,) * 3),
        (0.03, 0.03, 0.03),
        shine=0.9,
        hollow=0,
    )


def butterfly(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    r, a = polar(c, x, y, rng.normal(0, 0.3))
    main, other = colour(rng), colour(rng, ["black", "brown", "white"][rng.integers(3)])
    up = np.abs(((a + np.pi) % (2 * np.pi)) - np.pi)  # 0 to the right
    side = np.minimum(up, np.pi - up)
    upper = np.sin((a + 2 * np.pi) % (2 * np.pi)) > 0
    rim = s * np.where(
        upper,
        1.05 * np.clip(np.cos((side - 0.7) * 1.7), 0, 1) ** 0.6,
        0.75 * np.clip(np.cos((side - 0.75) * 2.0), 0, 1) ** 0.6,
    )
    t = r / np.maximum(rim, 1e-3)
    spots = np.sin(side * 9) * np.sin(t * 9)
    pattern = mix(main, other, np.maximum(smoothstep(0.75, 0.85, t), smoothstep(0.5, 0.7, spots)))
    flat_shape(c, (rim - r) * 0.6, pattern, 0.01, 0.1)
    c.paint(ellipsoid(c.grid, (x, y, 0.2), np.array([0.07, 0.42, 0.07]) * s), (0.08, 0.06, 0.05), shine=0.2)

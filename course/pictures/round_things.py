"""Round things: vessels and fruit turned on a lathe, and balls.

As in things.py, each function draws one thing on a canvas at (x, y), of size s.
"""

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.canvas import Canvas
from course.pictures.noise import Rng, mix, rgb, smoothstep, solid
from course.pictures.shapes import arc, lathe
from course.pictures.solids import ellipsoid, polygon, tube, turn


def cup(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    side = rng.choice([-1, 1])
    paint = colour(rng)
    c.ground_shadow(x, y - 0.75 * s, 0.8 * s, 0.2 * s)
    handle = (
        arc(x + side * 0.62 * s, y, 0.34 * s, -2.0, 2.0)
        if side > 0
        else arc(x + side * 0.62 * s, y, 0.34 * s, 1.14, 5.14)
    )
    c.paint(tube(c.grid, handle, 0.085 * s), paint, shine=0.5)
    profile = [(-0.75, 0.42), (-0.7, 0.5), (0.2, rng.uniform(0.58, 0.7)), (0.75, rng.uniform(0.6, 0.75))]
    lathe(
        c,
        x,
        y,
        s,
        profile,
        paint,
        tilt=0.3,
        shine=0.5,
        inside=paint * 0.5,
        fill=(0.20, 0.11, 0.05) if rng.random() < 0.5 else None,
    )


def bottle(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.98 * s, 0.45 * s, 0.12 * s)
    glass = colour(rng, ["green", "brown", "blue", "teal", "white", "black"][rng.integers(6)])
    neck = rng.uniform(0.08, 0.12)
    profile = [
        (-1, 0.28),
        (-0.95, 0.32),
        (0.15, 0.33),
        (0.45, neck + 0.03),
        (0.85, neck),
        (0.86, neck + 0.03),
        (1.0, neck + 0.03),
    ]
    lathe(c, x, y, s, profile, glass, tilt=0.12, shine=1.0, gloss=60)
    label = polygon(
        c.grid,
        [
            (x - 0.31 * s, y - 0.6 * s),
            (x + 0.31 * s, y - 0.6 * s),
            (x + 0.31 * s, y - 0.1 * s),
            (x - 0.31 * s, y - 0.1 * s),
        ],
    )
    bend = -((label.x - x) ** 2) / (0.7 * s)
    c.paint(
        label,
        mix(colour(rng, "cream"), colour(rng), (np.sin(label.y / s * 16) > 0.6) * 1.0),
        bump=bend.astype(np.float32),
        shine=0.1,
    )


def vase(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.9 * s, 0.5 * s, 0.14 * s)
    ys = np.linspace(-0.9, 0.85, 14)
    a, b, p = rng.uniform(0.1, 0.22), rng.uniform(0.3, 0.42), rng.uniform(0, 1.5)
    profile = [(float(v), float(b + a * np.sin(2.6 * v + p + 1.2))) for v in ys]
    one, two, n = colour(rng), colour(rng), rng.uniform(4, 14)
    lathe(
        c,
        x,
        y,
        s,
        profile,
        lambda u, v: mix(one, two, smoothstep(0.3, 0.5, np.sin(v * n) * np.cos(u * 3))),
        tilt=0.22,
        shine=0.6,
        inside=one * 0.3,
    )


def lamp(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.95 * s, 0.45 * s, 0.12 * s)
    lathe(c, x, y, s, [(-0.95, 0.32), (-0.88, 0.30), (-0.8, 0.07), (0.2, 0.05)], colour(rng), tilt=0.15, shine=0.8)
    shade = colour(rng, ["cream", "red", "green", "blue", "white"][rng.integers(5)])
    lathe(
        c,
        x,
        y,
        s,
        [(0.0, rng.uniform(0.5, 0.65)), (0.85, rng.uniform(0.22, 0.4))],
        np.clip(shade * 1.2, 0, 1),
        tilt=0.15,
        shine=0.0,
        inside=rgb([1, 0.95, 0.7]),
    )


def candle(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.95 * s, 0.4 * s, 0.12 * s)
    wax = colour(rng, ["white", "cream", "red", "green", "purple"][rng.integers(5)])
    lathe(c, x, y, s, [(-0.95, 0.24), (0.45, 0.24)], wax, tilt=0.2, shine=0.3, inside=wax * 0.9, fill=tuple(wax))
    c.paint(
        tube(c.grid, np.array([[x, y + 0.44 * s, 0.3], [x + 0.02 * s, y + 0.6 * s, 0.3]]), 0.02 * s), (0.05, 0.05, 0.05)
    )
    flame = tube(
        c.grid,
        np.array([[x, y + 0.62 * s, 0], [x, y + 0.75 * s, 0], [x + rng.normal(0, 0.03) * s, y + 0.98 * s, 0]]),
        np.array([0.08, 0.09, 0.01]) * s,
    )
    glow = np.exp(-((c.grid.x - x) ** 2 + (c.grid.y - y - 0.75 * s) ** 2) / (0.3 * s) ** 2)
    c.rgb += (glow * 0.4)[..., None] * rgb([1, 0.7, 0.3])
    target = c.rgb[flame.box]
    a = smoothstep(-0.01, 0.03 * s, flame.edge)[..., None]
    target += a * (rgb([1.2, 0.85, 0.25]) - target)


def mushroom(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.9 * s, 0.45 * s, 0.14 * s)
    lathe(c, x, y, s, [(-0.9, 0.24), (-0.6, 0.18), (0.15, 0.14)], (0.90, 0.86, 0.76), tilt=0.1, shine=0.05)
    cap = ellipsoid(c.grid, (x, y + 0.2 * s, 0.2), np.array([0.72, rng.uniform(0.4, 0.62), 0.72]) * s, turn(0, 0.2, 0))
    cap.edge = np.minimum(
        cap.edge, c.grid.y[cap.box] - y - 0.12 * s + 0.12 * s * (1 - (c.grid.x[cap.box] - x) ** 2 / (0.5 * s * s))
    )
    base = colour(rng, ["red", "brown", "tan", "cream"][rng.choice(4, p=[0.45, 0.3, 0.15, 0.1])])
    spots = smoothstep(1.1, 1.4, solid(rng, cap.points, 0.3, "grain")) * (rng.random() < 0.6)
    c.paint(cap, mix(base, (0.95, 0.93, 0.88), spots), (0.02 * s * spots).astype(np.float32), shine=0.4)


def pear(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.85 * s, 0.55 * s, 0.16 * s)
    ys = np.linspace(-0.85, 0.85, 16)
    profile = [
        (
            float(v),
            float(
                0.60 * np.sqrt(max(0.02, 1 - ((v + 0.3) / 0.56) ** 2))
                if v < -0.3
                else 0.24 + 0.36 * np.cos(min((v + 0.3) / 0.9, 1) * np.pi / 2) - 0.24 * max(0.0, (v - 0.65) / 0.2) ** 2
            ),
        )
        for v in ys
    ]
    base, blush = colour(rng, ["green", "yellow", "tan"][rng.integers(3)]), colour(rng, "red")
    c.paint(
        tube(c.grid, np.array([[x, y + 0.75 * s, -0.1], [x + 0.08 * s, y + 1.05 * s, -0.1]]), 0.035 * s),
        (0.3, 0.2, 0.1),
    )
    lathe(
        c, x, y, s, profile, lambda u, v: mix(base, blush, 0.5 * smoothstep(0.2, 0.9, np.cos(u))), tilt=0.1, shine=0.3
    )


def tomato(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.7 * s, 0.75 * s, 0.2 * s)
    body = ellipsoid(c.grid, (x, y, 0), np.array([0.85, 0.72, 0.85]) * s, turn(0, 0.5, 0))
    ribs = 0.03 * s * np.cos(np.arctan2(body.z, body.x) * 5)
    c.paint(body, colour(rng, "red", 0.05), ribs.astype(np.float32), shine=0.8, gloss=60)
    for k in range(5):
        a = k * 1.257 + rng.normal(0, 0.1)
        end = turn(0, 0.5, 0) @ np.array([0.42 * np.cos(a), 0.72, 0.42 * np.sin(a)]) * s + np.array([x, y, 0.1])
        top = turn(0, 0.5, 0) @ np.array([0, 0.76, 0]) * s + np.array([x, y, 0.1])
        c.paint(tube(c.grid, np.stack([top, end]), [0.07 * s, 0.01 * s]), colour(rng, "green", 0.03))


def pumpkin(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    c.ground_shadow(x, y - 0.65 * s, 0.9 * s, 0.22 * s)
    frame = turn(rng.uniform(0, 1), 0.3, 0)
    body = ellipsoid(c.grid, (x, y, 0), np.array([0.95, 0.7, 0.95]) * s, frame)
    a = np.arctan2(body.z, body.x)
    ribs = np.abs(np.sin(a * 6))
    c.paint(
        body,
        colour(rng, ["orange", "green"][rng.choice(2, p=[0.85, 0.15])], 0.05) * (0.8 + 0.25 * ribs)[..., None],
        (0.12 * s * ribs).astype(np.float32),
        shine=0.25,
    )
    c.paint(
        tube(c.grid, np.array([[x, y + 0.55 * s, 0.5], [x + 0.12 * s, y + 0.95 * s, 0.5]]), np.array([0.12, 0.08]) * s),
        (0.33, 0.33, 0.14),
    )


def ball(kind: str, c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    """Football, basketball, tennis ball, beach ball, globe: a sphere and its lines."""
    s = s * 0.85
    c.ground_shadow(x, y - 0.92 * s, 0.8 * s, 0.22 * s)
    body = ellipsoid(c.grid, (x, y, 0), (s, s, s), turn(*rng.uniform(-1.5, 1.5, 3)))
    px, py, pz = body.points
    shine, bump = 0.3, None
    if kind == "football":
        phi = (1 + 5**0.5) / 2
        corners = np.array([(0, i, j * phi) for i in (-1, 1) for j in (-1, 1)], np.float32)
        corners = np.concatenate([corners, corners[:, [1, 2, 0]], corners[:, [2, 0, 1]]]) / (1 + phi * phi) ** 0.5
        near = np.sort(np.stack([px * k[0] + py * k[1] + pz * k[2] for k in corners]), 0)
        black = smoothstep(0.935, 0.95, near[-1])
        seam = smoothstep(0.03, 0.01, near[-1] - near[-2]) * (1 - black) * 0.6
        paint = mix((0.94, 0.94, 0.93), (0.06, 0.06, 0.07), np.maximum(black, seam))
    elif kind == "basketball":
        lines = np.minimum(np.minimum(np.abs(px), np.abs(py)), np.abs(px * px - 0.35 - 0.25 * pz * pz))
        paint = mix(colour(rng, "orange", 0.04) * 0.85, (0.06, 0.05, 0.05), smoothstep(0.045, 0.02, lines))
        bump = (0.01 * s * solid(rng, body.points, 2.0, "grain")).astype(np.float32)
        shine = 0.15
    elif kind == "tennis ball":
        seam = np.abs(py - 0.55 * np.sin(2 * np.arctan2(pz, px)))
        fuzz = solid(rng, body.points, 1.6, "grain")
        paint = mix(
            rgb([0.80, 0.88, 0.22]) * (1 + 0.06 * fuzz)[..., None],
            (0.95, 0.95, 0.9),
            smoothstep(0.09, 0.05, seam),
        )
        shine = 0.0
    elif kind == "beach ball":
        sector = np.floor((np.arctan2(pz, px) / (2 * np.pi) + 1) * 6).astype(int) % 6
        paint = np.stack([colour(rng, n, 0.04) for n in ("red", "white", "blue", "white", "yellow", "white")])[sector]
        paint = mix(paint, (0.95, 0.95, 0.95), smoothstep(0.93, 0.96, np.abs(py)))
        shine = 0.8
    else:  # a globe of land and sea
        land = smoothstep(0.15, 0.3, solid(rng, body.points, 0.16))
        paint = mix(
            (0.12, 0.32, 0.62),
            mix((0.22, 0.45, 0.16), (0.70, 0.60, 0.38), smoothstep(-0.5, 1, solid(rng, body.points, 0.2))),
            land,
        )
        paint = mix(paint, (0.95, 0.96, 0.97), smoothstep(0.85, 0.93, np.abs(py)))
    c.paint(body, np.clip(paint, 0, 1), bump, shine=shine, gloss=40)

"""More things: what grows, swims, flies or stands about, drawn from tubes, ellipsoids and flat outlines.

As in things.py, each function draws one thing on a canvas at (x, y), of size s.
"""

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.canvas import Canvas
from course.pictures.noise import Array, Rng, fbm, mix, smoothstep, solid
from course.pictures.shapes import box_solid, flat_shape
from course.pictures.solids import ellipsoid, polygon, tube, turn


def _polar(c: Canvas, x: float, y: float, tilt: float = 0.0) -> tuple[Array, Array]:
    dx, dy = c.grid.x - np.float32(x), c.grid.y - np.float32(y)
    return np.hypot(dx, dy), np.arctan2(dy, dx) - np.float32(tilt)


def _segment(c: Canvas, ax: float, ay: float, bx: float, by: float) -> Array:
    """Distance to a segment over the whole picture."""
    px, py = c.grid.x - ax, c.grid.y - ay
    dx, dy = bx - ax, by - ay
    t = np.clip((px * dx + py * dy) / (dx * dx + dy * dy + 1e-9), 0, 1)
    return np.hypot(px - t * dx, py - t * dy)


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
    r, a = _polar(c, x, y - 0.3 * s, np.pi / 2 + rng.normal(0, 0.4))
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
    r, a = _polar(c, x, y, rng.normal(0, 0.3))
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


def star_shape(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    r, a = _polar(c, x, y, np.pi / 2 + rng.normal(0, 0.3))
    n = int(rng.choice([5, 5, 5, 6, 8]))
    fold = np.abs((a / (2 * np.pi / n) + 0.5) % 1 - 0.5) * 2 * np.pi / n  # angle from the nearest point
    inner = rng.uniform(0.42, 0.55)
    tip, notch = np.array([s, 0]), inner * s * np.array([np.cos(np.pi / n), np.sin(np.pi / n)])
    px, py = r * np.cos(fold), r * np.sin(fold)
    dx, dy = notch - tip
    edge = -((px - tip[0]) * -dy + (py - tip[1]) * dx) / np.hypot(dx, dy)
    flat_shape(
        c,
        np.float32(-1) * edge.astype(np.float32),
        colour(rng, ["yellow", "red", "white", "blue", "orange"][rng.integers(5)]),
        0.15 * s,
        0.5,
    )


def heart(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    u, v = (c.grid.x - x) / (s * 0.85), (c.grid.y - y - 0.08 * s) / (s * 0.85)
    f = (u * u + v * v - 0.7) ** 3 - u * u * v**3 * 1.3
    edge = -np.sign(f) * np.abs(f) ** (1 / 3) * s * 0.45
    flat_shape(
        c, edge.astype(np.float32), colour(rng, ["red", "red", "purple", "orange"][rng.integers(4)]), 0.3 * s, 0.7
    )


def key(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    metal = colour(rng, ["yellow", "grey", "brown"][rng.integers(3)])
    a = rng.uniform(0, 2 * np.pi)
    ux, uy = np.cos(a), np.sin(a)
    hx, hy = x - ux * 0.6 * s, y - uy * 0.6 * s
    ring = 0.10 * s - np.abs(np.hypot(c.grid.x - hx, c.grid.y - hy) - 0.27 * s)
    edge = np.maximum(
        ring, 0.07 * s - _segment(c, hx + ux * 0.3 * s, hy + uy * 0.3 * s, x + ux * 0.95 * s, y + uy * 0.95 * s)
    )
    for k, long in ((0.9, 0.3), (0.68, rng.uniform(0.15, 0.3)), (0.5, rng.uniform(0, 0.25))):
        bx, by = x + ux * k * s, y + uy * k * s
        edge = np.maximum(edge, 0.06 * s - _segment(c, bx, by, bx - uy * long * s, by + ux * long * s))
    flat_shape(c, edge.astype(np.float32), metal, 0.06 * s, 0.9)


def spoon(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    """Spoon or fork."""
    metal = colour(rng, ["grey", "white", "brown"][rng.choice(3, p=[0.6, 0.2, 0.2])])
    a = rng.uniform(0, 2 * np.pi)
    u = np.array([np.cos(a), np.sin(a)])
    mid = np.array([x, y])
    end, neck = mid - u * 0.95 * s, mid + u * 0.3 * s
    handle = tube(c.grid, np.array([[*end, 0], [*neck, 0]]), np.array([0.08, 0.045]) * s, 0.4)
    c.drop_shadow(handle, (-0.03, -0.04), 0.05, 0.4)
    c.paint(handle, metal, shine=0.8)
    if rng.random() < 0.5:
        bowl = ellipsoid(c.grid, (*(mid + u * 0.6 * s), 0), np.array([0.36, 0.23, 0.12]) * s, turn(0, 0, a))
        bowl.height = np.where(bowl.edge > 0.03 * s, -bowl.height, bowl.height)
        c.drop_shadow(bowl, (-0.03, -0.04), 0.05, 0.4)
        c.paint(bowl, metal, shine=0.9, gloss=20, hollow=0)
    else:
        v = np.array([-u[1], u[0]])
        for k in (-1.5, -0.5, 0.5, 1.5):
            tine = np.array(
                [
                    [*neck, 0],
                    [*(mid + u * 0.5 * s + v * k * 0.11 * s), 0],
                    [*(mid + u * 0.95 * s + v * k * 0.11 * s), 0],
                ]
            )
            c.paint(tube(c.grid, tine, np.array([0.05, 0.04, 0.025]) * s, 0.6), metal, shine=0.8)


def chair(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    wood = colour(rng)
    frame = turn(rng.uniform(-0.8, 0.8), 0.3, 0)

    def p(i: float, j: float, k: float) -> Array:
        return frame @ np.array([i, j, k]) * s + np.array([x, y, 0])

    c.ground_shadow(x, y - 0.85 * s, 0.6 * s, 0.2 * s)
    w = 0.42
    thick = rng.uniform(0.035, 0.06) * s
    for i, k in ((-w, -w), (w, -w), (-w, w), (w, w)):
        c.paint(tube(c.grid, np.stack([p(i, -0.95, k), p(i, 0.0, k)]), thick), wood, shine=0.2)
    for i in (-w, w):
        c.paint(tube(c.grid, np.stack([p(i, 0, -w), p(i, 0.95, -w - 0.08)]), thick), wood, shine=0.2)
    rails = (0.35, 0.6, 0.88) if rng.random() < 0.6 else np.linspace(0.25, 0.9, 12)
    for j in rails:
        c.paint(tube(c.grid, np.stack([p(-w, j, -w - 0.05), p(w, j, -w - 0.05)]), thick * 0.9), wood, shine=0.2)
    seat = colour(rng) if rng.random() < 0.5 else wood
    corners = [
        p(i, 0.03, k)[:2] for i, k in ((-1, -1), (1, -1), (1, 1), (-1, 1)) for i, k in [(i * w * 1.1, k * w * 1.1)]
    ]
    c.flat(polygon(c.grid, [q - [0, 0.08 * s] for q in corners]), seat * 0.6, (0, 0, 1))
    c.flat(polygon(c.grid, corners), seat, (0, 1, 0.4))


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
    poly(
        [(-0.5, 0.08), (-0.4, roof - 0.08), (-0.1, roof - 0.08), (-0.1, 0.08)], np.float32([0.15, 0.2, 0.26]), 0.2, 0.9
    )
    poly(
        [(-0.02, 0.08), (-0.02, roof - 0.08), (0.17, roof - 0.08), (0.38, 0.08)],
        np.float32([0.15, 0.2, 0.26]),
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
    c.rgb[:] = mix(c.rgb, np.float32([0.05, 0.16, 0.28]) * waves[..., None], sea)
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


def shoe(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    d, main, sole = rng.choice([-1, 1]), colour(rng), colour(rng, ["white", "black", "brown"][rng.integers(3)])
    c.ground_shadow(x, y - 0.42 * s, 0.95 * s, 0.14 * s)

    def at(px: float, py: float) -> tuple[float, float, float]:
        return x + d * px * s, y + py * s, 0.0

    c.paint(
        tube(c.grid, np.array([at(-0.68, -0.33), at(0.72, -0.33)]), np.array([0.14, 0.13]) * s, 0.8), sole, shine=0.1
    )
    c.paint(tube(c.grid, np.array([at(-0.48, 0.3), at(-0.5, -0.12)]), np.array([0.27, 0.28]) * s), main, shine=0.2)
    c.paint(
        ellipsoid(c.grid, (*at(-0.46, 0.52)[:2], 0.2), np.array([0.27, 0.09, 0.2]) * s), main * 0.3, shine=0, hollow=0
    )
    body = tube(
        c.grid, np.array([at(-0.52, -0.05), at(-0.05, -0.02), at(0.58, -0.17)]), np.array([0.27, 0.28, 0.2]) * s
    )
    body.edge = np.minimum(body.edge, c.grid.y[body.box] - y + 0.30 * s)
    c.paint(body, mix(main, sole, smoothstep(0.86, 0.9, body.x)), shine=0.3)
    for k in range(4):
        a, b = at(-0.18 + 0.13 * k, 0.24 - 0.06 * k), at(-0.08 + 0.13 * k, 0.06 - 0.05 * k)
        c.paint(tube(c.grid, np.array([a, b]) + [0, 0, 0.5], 0.03 * s), (0.93, 0.93, 0.9), shine=0)


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


def cake(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    """Burger or layer cake: stacked discs."""
    c.ground_shadow(x, y - 0.6 * s, 0.85 * s, 0.2 * s)
    bun = np.float32([0.80, 0.52, 0.22])
    layers = [
        (bun, 0.22),
        (np.float32([0.34, 0.19, 0.11]), 0.16),
        (np.float32([0.95, 0.75, 0.15]), 0.06),
        (np.float32([0.80, 0.18, 0.12]), 0.08),
        (np.float32([0.35, 0.62, 0.18]), 0.08),
    ]
    level = -0.55
    order = [0, *(1 + rng.permutation(4))]
    for k in order:
        tone, thick = layers[k]
        wobble = rng.uniform(0.72, 0.85)
        b = tube(
            c.grid,
            np.array(
                [
                    [x - wobble * s * 0.8, y + (level + thick / 2) * s, 0],
                    [x + wobble * s * 0.8, y + (level + thick / 2) * s, 0],
                ]
            ),
            thick * 0.62 * s,
        )
        c.paint(
            b,
            tone * (1 + 0.15 * (fbm(rng, b.x.shape, 8, 2) - 0.5))[..., None],
            (np.sqrt(np.maximum(0, 1 - ((c.grid.x[b.box] - x) / (s * 0.9)) ** 2)) * 0.3 * s).astype(np.float32),
            shine=0.1,
            hollow=0,
        )
        level += thick
    top = ellipsoid(c.grid, (x, y + level * s, 0.3), np.array([0.84, 0.5, 0.8]) * s)
    top.edge = np.minimum(top.edge, c.grid.y[top.box] - y - level * s + 0.03 * s)
    seeds = smoothstep(1.4, 1.7, solid(rng, top.points, 0.7, "grain"))
    c.paint(top, mix(bun, (0.95, 0.88, 0.7), seeds), (0.02 * s * seeds).astype(np.float32), shine=0.4)


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


def cabinet(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    """A chest of drawers."""
    wood, n = colour(rng, ["brown", "tan", "white", "grey"][rng.integers(4)]), int(rng.integers(2, 5))

    def face(name: str, u: Array, v: Array) -> Array:
        grain = 0.9 + 0.2 * fbm(rng, u.shape, (14, 3), 2)
        out = wood * grain[..., None]
        if name != "front":
            return out
        fv = (v * n) % 1
        line = (np.abs(fv - 0.5) > 0.44) | (np.abs(u - 0.5) > 0.46)
        knob = np.hypot((u - 0.5) * 1.2, (fv - 0.5) / n * 1.3) < 0.045
        return mix(mix(out, wood * 0.5, line.astype(np.float32)), (0.85, 0.75, 0.4), knob.astype(np.float32))

    box_solid(c, x, y, (rng.uniform(0.55, 0.75) * s, 0.65 * s, 0.35 * s), rng.uniform(-0.6, 0.6), 0.25, face)


INDOORS = {"key": key, "spoon or fork": spoon, "chair": chair, "shoe": shoe, "star": star_shape, "heart": heart, "burger": cake, "chest of drawers": cabinet, "fish": fish}  # fmt: skip
OUTSIDE = {"tree": tree, "flower": flower, "leaf": leaf_blade, "car": car, "snowman": snowman, "umbrella": umbrella}
SKY = {"bird": bird, "butterfly": butterfly, "sailing boat": boat}

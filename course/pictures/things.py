"""Things: some thirty categories of objects, each drawn on a background by a function of a few lines.

`THINGS` maps a name to render(rng, size). Each function below gets a canvas that already has its background, a generator, and
a place (x, y) and size s in units; it draws one thing. They are simple on purpose: a network that is to learn what an outline,
a highlight or a handle is does not need more.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from course.pictures import backgrounds
from course.pictures.backgrounds import colour
from course.pictures.camera import Camera
from course.pictures.canvas import Canvas, Light
from course.pictures.noise import Array, Rng, fbm, mix, smoothstep, solid, worley
from course.pictures.shapes import box_solid, lathe
from course.pictures.solids import Grid, ellipsoid, polygon, relief, tube, turn

Draw = Callable[[Canvas, Rng, float, float, float], None]


def _arc(x: float, y: float, r: float, start: float, end: float, n: int = 10, squash: float = 1.0) -> Array:
    a = np.linspace(start, end, n)
    return np.stack([x + r * np.cos(a), y + r * squash * np.sin(a), 0 * a], 1)


# Vessels, by the lathe -------------------------------------------------------------------------------------------------


def cup(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    side = rng.choice([-1, 1])
    paint = colour(rng)
    c.ground_shadow(x, y - 0.75 * s, 0.8 * s, 0.2 * s)
    handle = (
        _arc(x + side * 0.62 * s, y, 0.34 * s, -2.0, 2.0)
        if side > 0
        else _arc(x + side * 0.62 * s, y, 0.34 * s, 1.14, 5.14)
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
        inside=np.float32(paint) * 0.5,
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
        inside=np.float32([1, 0.95, 0.7]),
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
    c.rgb += (glow * 0.4)[..., None] * np.float32([1, 0.7, 0.3])
    target = c.rgb[flame.box]
    a = smoothstep(-0.01, 0.03 * s, flame.edge)[..., None]
    target += a * (np.float32([1.2, 0.85, 0.25]) - target)


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
                else 0.24 + 0.36 * np.cos(min((v + 0.3) / 0.9, 1) * np.pi / 2) - 0.24 * max(0, (v - 0.65) / 0.2) ** 2
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


# Balls ----------------------------------------------------------------------------------------------------------------


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
        corners = np.concatenate([corners, corners[:, [1, 2, 0]], corners[:, [2, 0, 1]]]) / np.float32(
            np.sqrt(1 + phi * phi)
        )
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
            np.float32([0.80, 0.88, 0.22]) * (1 + 0.06 * fuzz)[..., None],
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


# Boxes ----------------------------------------------------------------------------------------------------------------


def book(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    cover, title = colour(rng), colour(rng, ["yellow", "white", "black"][rng.integers(3)])

    def face(name: str, u: Array, v: Array) -> Array:
        if name == "front":
            lines = (np.abs(u - 0.5) < 0.32) * (
                (np.abs(v - 0.72) < 0.06) | (np.abs(v - 0.56) < 0.03) | (np.abs(v - 0.2) < 0.02)
            )
            return mix(cover, title, lines.astype(np.float32))
        if name == "side" or name == "top":
            return np.float32([0.93, 0.90, 0.82]) * (0.85 + 0.15 * np.sin((u if name == "side" else v) * 90))[..., None]
        return np.broadcast_to(cover, (*u.shape, 3))

    box_solid(
        c, x, y, (0.62 * s, 0.85 * s, rng.uniform(0.12, 0.3) * s), rng.uniform(-0.6, 0.6), rng.uniform(0.15, 0.5), face
    )


def gift(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    paper, ribbon = colour(rng), colour(rng)

    def face(name: str, u: Array, v: Array) -> Array:
        band = (np.abs(u - 0.5) < 0.09) | ((np.abs(v - 0.5) < 0.09) & (name == "top"))
        return mix(paper, ribbon, band.astype(np.float32))

    box_solid(c, x, y - 0.15 * s, (0.65 * s, 0.5 * s, 0.6 * s), rng.uniform(-0.8, 0.8), rng.uniform(0.35, 0.7), face)
    top = y + 0.32 * s
    for side in (-1, 1):
        c.paint(
            tube(c.grid, _arc(x + side * 0.2 * s, top + 0.1 * s, 0.17 * s, 0, 6.28, 10, 0.7), 0.05 * s),
            ribbon,
            shine=0.5,
        )
    c.paint(ellipsoid(c.grid, (x, top + 0.05 * s, 0.3), (0.09 * s, 0.08 * s, 0.1 * s)), ribbon, shine=0.5)


def die(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    base, pip = colour(rng, ["white", "red", "cream", "black", "blue"][rng.integers(5)]), None
    pip = np.float32([0.05, 0.05, 0.05]) if base.mean() > 0.5 else np.float32([0.95, 0.95, 0.95])
    spots = {1: [(0.5, 0.5)], 2: [(0.25, 0.25), (0.75, 0.75)], 3: [(0.25, 0.25), (0.5, 0.5), (0.75, 0.75)]}
    spots[4] = [(a, b) for a in (0.25, 0.75) for b in (0.25, 0.75)]
    spots[5] = [*spots[4], (0.5, 0.5)]
    spots[6] = [(a, b) for a in (0.25, 0.75) for b in (0.2, 0.5, 0.8)]
    numbers = dict(zip(("front", "side", "top"), rng.permutation(6)[:3] + 1))

    def face(name: str, u: Array, v: Array) -> Array:
        d = np.min([np.hypot(u - a, v - b) for a, b in spots[int(numbers[name])]], 0)
        return mix(base, pip, smoothstep(0.125, 0.095, d))

    box_solid(c, x, y, (0.6 * s,) * 3, rng.uniform(0.3, 1.2), rng.uniform(0.4, 0.8), face)


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


def clock(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    s = s * 0.9
    rim = colour(rng)
    disc = relief(c.grid, s - np.hypot(c.grid.x - x, c.grid.y - y), 0.1 * s)
    c.drop_shadow(disc, (-0.05, -0.06), 0.1, 0.5)
    c.paint(disc, rim, shine=0.7)
    face = relief(c.grid, 0.85 * s - np.hypot(c.grid.x - x, c.grid.y - y), 0.01)
    r, a = np.hypot(c.grid.x - x, c.grid.y - y) / s, np.arctan2(c.grid.x - x, c.grid.y - y)
    tick = (np.abs((a / (np.pi / 6) + 0.5) % 1 - 0.5) * r < 0.07) & (r > 0.66) & (r < 0.78)
    c.paint(
        face,
        mix(
            colour(rng, ["white", "cream", "black"][rng.choice(3, p=[0.6, 0.25, 0.15])]),
            (0.1, 0.1, 0.1) if True else rim,
            tick.astype(np.float32),
        ),
        shine=0.0,
    )
    for long, wide in ((0.45, 0.05), (0.68, 0.035)):
        t = rng.uniform(0, 2 * np.pi)
        end = np.array([[x, y, 0.5], [x + long * s * np.sin(t), y + long * s * np.cos(t), 0.5]])
        c.paint(tube(c.grid, end, wide * s), (0.08, 0.08, 0.09), shine=0.2)
    c.paint(ellipsoid(c.grid, (x, y, 0.6), (0.07 * s,) * 3), rim, shine=0.5)


def _scene(draw: Draw, place: str, rng: Rng, size: int) -> Array:
    grid = Grid(size)
    canvas = Canvas(size, Light.random(rng))
    if place == "outside":
        ground = backgrounds.lawn(rng, grid)
    elif place == "sky":
        ground = backgrounds.sky(rng, grid) if rng.random() < 0.6 else backgrounds.foliage(rng, grid)
    else:
        ground = backgrounds.any_background(rng, grid, white=0.2)
    canvas.rgb[:] = np.power(np.clip(ground, 0, 1), 2.2) * rng.uniform(0.7, 1.1)
    s = rng.uniform(0.55, 0.88)
    draw(canvas, rng, rng.normal(0, 0.1), rng.normal(0, 0.07), s)
    return Camera.random(rng).develop(canvas.rgb, rng)


def _all() -> dict[str, Callable[[Rng, int], Array]]:
    from course.pictures import living

    rooms: dict[str, Draw] = {
        "cup": cup, "bottle": bottle, "vase": vase, "lamp": lamp, "candle": candle, "pear": pear, "tomato": tomato, "book": book,
        "gift": gift, "die": die, "clock": clock, **living.INDOORS,
    }  # fmt: skip
    rooms |= {k: partial(ball, k) for k in ("football", "basketball", "tennis ball", "beach ball", "globe")}
    outside: dict[str, Draw] = {"mushroom": mushroom, "pumpkin": pumpkin, "house": house, **living.OUTSIDE}
    out = {k: partial(_scene, d, "room") for k, d in rooms.items()}
    out |= {k: partial(_scene, d, "outside") for k, d in outside.items()}
    return out | {k: partial(_scene, d, "sky") for k, d in living.SKY.items()}


__all__ = ["THINGS", "fbm", "worley"]
THINGS = _all()

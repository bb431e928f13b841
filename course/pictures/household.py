"""Things of a house: furniture, tools, toys and what lies on a table.

As in things.py, each function draws one thing on a canvas at (x, y), of size s.
"""

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.canvas import Canvas
from course.pictures.noise import Array, Rng, fbm, mix, rgb, smoothstep, solid
from course.pictures.shapes import arc, box_solid, flat_shape, polar, segment
from course.pictures.solids import ellipsoid, polygon, relief, tube, turn


def star_shape(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    r, a = polar(c, x, y, np.pi / 2 + rng.normal(0, 0.3))
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
        ring, 0.07 * s - segment(c, hx + ux * 0.3 * s, hy + uy * 0.3 * s, x + ux * 0.95 * s, y + uy * 0.95 * s)
    )
    for k, long in ((0.9, 0.3), (0.68, rng.uniform(0.15, 0.3)), (0.5, rng.uniform(0, 0.25))):
        bx, by = x + ux * k * s, y + uy * k * s
        edge = np.maximum(edge, 0.06 * s - segment(c, bx, by, bx - uy * long * s, by + ux * long * s))
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
    wide = w * 1.1
    corners = [p(i * wide, 0.03, k * wide)[:2] for i, k in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    c.flat(polygon(c.grid, [q - [0, 0.08 * s] for q in corners]), seat * 0.6, (0, 0, 1))
    c.flat(polygon(c.grid, corners), seat, (0, 1, 0.4))


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
        c.paint(tube(c.grid, np.add([a, b], (0, 0, 0.5)), 0.03 * s), (0.93, 0.93, 0.9), shine=0)


def cake(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    """Burger or layer cake: stacked discs."""
    c.ground_shadow(x, y - 0.6 * s, 0.85 * s, 0.2 * s)
    bun = rgb([0.80, 0.52, 0.22])
    layers = [
        (bun, 0.22),
        (rgb([0.34, 0.19, 0.11]), 0.16),
        (rgb([0.95, 0.75, 0.15]), 0.06),
        (rgb([0.80, 0.18, 0.12]), 0.08),
        (rgb([0.35, 0.62, 0.18]), 0.08),
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


def book(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    cover, title = colour(rng), colour(rng, ["yellow", "white", "black"][rng.integers(3)])

    def face(name: str, u: Array, v: Array) -> Array:
        if name == "front":
            lines = (np.abs(u - 0.5) < 0.32) * (
                (np.abs(v - 0.72) < 0.06) | (np.abs(v - 0.56) < 0.03) | (np.abs(v - 0.2) < 0.02)
            )
            return mix(cover, title, lines.astype(np.float32))
        if name == "side" or name == "top":
            return rgb([0.93, 0.90, 0.82]) * (0.85 + 0.15 * np.sin((u if name == "side" else v) * 90))[..., None]
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
            tube(c.grid, arc(x + side * 0.2 * s, top + 0.1 * s, 0.17 * s, 0, 6.28, 10, 0.7), 0.05 * s),
            ribbon,
            shine=0.5,
        )
    c.paint(ellipsoid(c.grid, (x, top + 0.05 * s, 0.3), (0.09 * s, 0.08 * s, 0.1 * s)), ribbon, shine=0.5)


def die(c: Canvas, rng: Rng, x: float, y: float, s: float) -> None:
    base, pip = colour(rng, ["white", "red", "cream", "black", "blue"][rng.integers(5)]), None
    pip = rgb([0.05, 0.05, 0.05]) if base.mean() > 0.5 else rgb([0.95, 0.95, 0.95])
    spots = {1: [(0.5, 0.5)], 2: [(0.25, 0.25), (0.75, 0.75)], 3: [(0.25, 0.25), (0.5, 0.5), (0.75, 0.75)]}
    spots[4] = [(a, b) for a in (0.25, 0.75) for b in (0.25, 0.75)]
    spots[5] = [*spots[4], (0.5, 0.5)]
    spots[6] = [(a, b) for a in (0.25, 0.75) for b in (0.2, 0.5, 0.8)]
    numbers = dict(zip(("front", "side", "top"), rng.permutation(6)[:3] + 1))

    def face(name: str, u: Array, v: Array) -> Array:
        d = np.min([np.hypot(u - a, v - b) for a, b in spots[int(numbers[name])]], 0)
        return mix(base, pip, smoothstep(0.125, 0.095, d))

    box_solid(c, x, y, (0.6 * s,) * 3, rng.uniform(0.3, 1.2), rng.uniform(0.4, 0.8), face)


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

"""What is seen outdoors, for pre-training: tree, leaf, fish, butterfly, house, boat, snowman. As in `course.pictures.things`."""

import numpy as np

from course.authoring.pretraining.household import flat_shape, polar
from course.pictures.backgrounds import colour
from course.pictures.noise import Array, Rng, fbm, mix, rgb, smoothstep, solid
from course.pictures.shapes import Place, box_solid
from course.pictures.solids import polygon, tube


def tree(rng: Rng, p: Place) -> None:
    s, paint = p.s, p.canvas.paint
    p.shadow(-0.95, 0.6, 0.12)
    trunk = [[*p.at(0, -0.95), 0], [p.x + rng.normal(0, 0.04), p.y - 0.2 * s, 0], [*p.at(0, 0.4), 0]]
    paint(tube(p.grid, trunk, np.array([0.13, 0.09, 0.04]) * s), colour(rng, "brown", 0.04), shine=0)
    if rng.random() < 0.6:  # a leafy crown
        base = colour(rng, ["green", "green", "orange", "yellow"][rng.integers(4)], 0.06) * 0.85
        for _ in range(9):
            a, r = rng.uniform(0, 6.28), rng.uniform(0, 0.42)
            wide = rng.uniform(0.25, 0.38)
            crown = p.ellipsoid((r * np.cos(a), 0.3 + 0.8 * r * np.sin(a), 0), (wide, 0.85 * wide, wide))
            grain = solid(rng, crown.points, 0.8, "grain")
            crown.edge = crown.edge + (0.04 * s * grain).astype(np.float32)
            paint(crown, base * (1 + 0.25 * grain)[..., None], (0.03 * s * grain).astype(np.float32), shine=0.0)
        return
    base = colour(rng, "green", 0.05) * 0.6
    for k in range(5):  # a fir
        low, wide = -0.55 + 0.3 * k, 0.62 - 0.11 * k
        branches = p.polygon([(-wide, low), (wide, low), (0, low + 0.55)])
        branches.edge = branches.edge + (0.03 * s * np.sin(branches.x / s * 45)).astype(np.float32)
        needles = base * (0.8 + 0.5 * fbm(rng, branches.x.shape, 10, 2))[..., None]
        paint(branches, needles, (-np.abs(branches.x - p.x) * 0.7).astype(np.float32), shine=0, hollow=0)


def leaf_blade(rng: Rng, p: Place) -> None:
    """A maple-like or a plain leaf."""
    s, (x, y) = p.s, p.at(0, -0.3)
    r, a = polar(p.grid, x, y, np.pi / 2 + rng.normal(0, 0.4))
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
    stalk = tube(p.grid, [[x, y, 0], [x + rng.normal(0, 0.1), p.y - 1.0 * s, 0]], 0.03 * s)
    p.canvas.paint(stalk, base * 0.7)
    blade = base * (0.9 + 0.2 * fbm(rng, r.shape, 6, 3))[..., None]
    flat_shape(p.canvas, (rim - r) * 0.7, mix(blade, np.clip(base * 1.5, 0, 1), np.clip(veins, 0, 1)), 0.02, 0.15)


def fish(rng: Rng, p: Place) -> None:
    s, paint, d = p.s, p.canvas.paint, rng.choice([-1, 1])
    main, other = colour(rng), colour(rng)
    fin = [(d * 0.3, 0.25), (d * -0.35, 0.2), (d * -0.2, rng.uniform(0.5, 0.7))]
    for corners in (*([(d * -0.55, 0), (d * -1.02, tip), (d * -0.85, 0)] for tip in (0.42, -0.42)), fin):
        part = p.polygon(corners)
        paint(part, other * (0.8 + 0.2 * np.sin((part.x + part.y * 2) / s * 30))[..., None], shine=0.1, hollow=0)
    body = p.ellipsoid((0, 0, 0), (0.75, rng.uniform(0.3, 0.5), 0.25))
    u, v = body.x * d, body.y
    scale = np.abs(np.sin(u * 16 + v * 9) * np.sin(u * 16 - v * 9))
    skin = mix(main, np.clip(main * 1.5 + 0.15, 0, 1), smoothstep(0.1, -0.6, v)) * (0.85 + 0.2 * scale)[..., None]
    if rng.random() < 0.6:
        skin = mix(skin, other, smoothstep(0.2, 0.5, np.sin(u * rng.uniform(6, 12))))
    paint(body, np.clip(skin, 0, 1), (0.015 * s * scale).astype(np.float32), shine=0.6)
    paint(p.ellipsoid((d * 0.5, 0.1, 0.3), 0.08), (0.95, 0.95, 0.9), shine=0)
    paint(p.ellipsoid((d * 0.52, 0.1, 0.4), 0.045), (0.03, 0.03, 0.03), shine=0.9)


def butterfly(rng: Rng, p: Place) -> None:
    r, a = polar(p.grid, p.x, p.y, rng.normal(0, 0.3))
    main, other = colour(rng), colour(rng, ["black", "brown", "white"][rng.integers(3)])
    up = np.abs(((a + np.pi) % (2 * np.pi)) - np.pi)  # 0 to the right
    side = np.minimum(up, np.pi - up)
    upper = 1.05 * np.clip(np.cos((side - 0.7) * 1.7), 0, 1) ** 0.6
    lower = 0.75 * np.clip(np.cos((side - 0.75) * 2.0), 0, 1) ** 0.6
    rim = p.s * np.where(np.sin((a + 2 * np.pi) % (2 * np.pi)) > 0, upper, lower)
    t = r / np.maximum(rim, 1e-3)
    spots = np.sin(side * 9) * np.sin(t * 9)
    pattern = mix(main, other, np.maximum(smoothstep(0.75, 0.85, t), smoothstep(0.5, 0.7, spots)))
    flat_shape(p.canvas, (rim - r) * 0.6, pattern, 0.01, 0.1)
    p.canvas.paint(p.ellipsoid((0, 0, 0.2), (0.07, 0.42, 0.07)), (0.08, 0.06, 0.05), shine=0.2)


def house(rng: Rng, p: Place) -> None:
    wall, roof, door = colour(rng), colour(rng, ["red", "brown", "grey", "black"][rng.integers(4)]), colour(rng)

    def face(name: str, u: Array, v: Array) -> Array:
        across, up = np.abs(np.abs(u - 0.5) - 0.3), np.abs(v - 0.6)
        panes = (across < 0.1) & (up < 0.17) & ~((across < 0.015) | (up < 0.02))
        out = mix(np.broadcast_to(wall, (*u.shape, 3)), (0.20, 0.27, 0.36), panes.astype(np.float32))
        if name == "front":
            out = mix(out, door, ((np.abs(u - 0.5) < 0.1) & (v < 0.5)).astype(np.float32))
        return out

    corners = box_solid(p, -0.25, (0.62, 0.42, 0.5), rng.uniform(-0.7, 0.7), 0.12, face)
    front_l, front_r, back_l, back_r = (np.asarray(corner) for corner in corners)
    up = np.array([0, rng.uniform(0.45, 0.7) * p.s])
    middle_f, middle_b = (front_l + front_r) / 2 + up, (back_l + back_r) / 2 + up
    p.canvas.flat(polygon(p.grid, [front_l, front_r, middle_f]), wall * 0.95, (0, 0.1, 1))
    for a, b, n in ((front_l, back_l, -1), (front_r, back_r, 1)):
        quad = np.array([a, b, middle_b, middle_f])
        area = np.sum(quad[:, 0] * np.roll(quad[:, 1], -1) - np.roll(quad[:, 0], -1) * quad[:, 1])
        if area * n > 0:  # the slope that faces the camera
            tile = polygon(p.grid, quad)
            rows = 0.85 + 0.15 * np.sign(np.sin(tile.y / p.s * 60))
            p.canvas.flat(tile, roof * rows[..., None], (n * 0.6, 0.7, 0.5))
    gable = tube(p.grid, np.array([[*corner, 0.9] for corner in (front_l, middle_f, front_r)]), 0.03 * p.s)
    p.canvas.paint(gable, roof * 0.7)


def boat(rng: Rng, p: Place) -> None:
    c, x, y, s = p.canvas, p.x, p.y, p.s
    sea = smoothstep(y - 0.45 * s, y - 0.55 * s, p.grid.y)
    waves = 0.7 + 0.3 * np.sin(p.grid.y * 60 + 3 * fbm(rng, p.grid.y.shape, (20, 6), 2))
    c.rgb[:] = mix(c.rgb, rgb([0.05, 0.16, 0.28]) * waves[..., None], sea)
    c.paint(p.tube([(0, -0.4, 0), (0, 0.95, 0)], 0.03), (0.4, 0.28, 0.18))
    for side, long in ((1, rng.uniform(0.5, 0.75)), (-1, rng.uniform(0.3, 0.6))):
        sail = p.polygon([(side * 0.05, -0.22), (side * long, -0.22), (side * 0.05, 0.92)])
        wind = -((sail.x - x - side * 0.2 * s) ** 2) / s * 0.6
        tone = colour(rng, ["white", "cream", "red", "blue", "orange"][rng.integers(5)])
        c.paint(sail, tone, wind.astype(np.float32), shine=0, hollow=0)
    hull = p.polygon([(-0.85, -0.3), (-0.55, -0.6), (0.6, -0.6), (0.95, -0.3)])
    stripe = mix(colour(rng), (0.95, 0.95, 0.95), (hull.y > y - 0.37 * s) * 1.0)
    c.paint(hull, stripe, (-((hull.y - y) ** 2) / s).astype(np.float32), shine=0.3, hollow=0)


def snowman(rng: Rng, p: Place) -> None:
    s, paint = p.s, p.canvas.paint
    p.shadow(-0.95, 0.6, 0.15)
    for y, r in ((-0.5, 0.46), (0.1, 0.34), (0.58, 0.25)):
        snow = p.ellipsoid((0, y, 0), r)
        rough = 0.008 * s * solid(rng, snow.points, 1.0, "grain")
        paint(snow, (0.95, 0.96, 0.98), rough.astype(np.float32), shine=0.05)
    for x, y in ((-0.09, 0.66), (0.09, 0.66), (0, 0.2), (0, 0.05), (0, -0.3)):
        paint(p.ellipsoid((x, y, 0.5), 0.035), (0.05, 0.05, 0.05), hollow=0)
    carrot = p.tube([(0, 0.58, 0.4), (rng.choice([-1, 1]) * 0.22, 0.55, 0.5)], (0.05, 0.01))
    paint(carrot, (0.9, 0.45, 0.1))
    scarf = colour(rng)
    paint(p.tube([(-0.2, 0.37, 0.4), (0, 0.33, 0.5), (0.2, 0.37, 0.4)], 0.06), scarf, shine=0)
    if rng.random() < 0.7:
        hat = p.polygon([(-0.2, 0.78), (0.2, 0.78), (0.18, 1.08), (-0.18, 1.08)])
        paint(hat, (0.07, 0.07, 0.08), shine=0, hollow=0)
        paint(p.tube([(-0.3, 0.79, 0.5), (0.3, 0.79, 0.5)], 0.03), (0.07, 0.07, 0.08))

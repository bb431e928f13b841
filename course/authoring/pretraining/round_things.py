"""Round things, for pre-training: vessels, fruit and what else is turned on a lathe or piled up. As in `course.pictures.things`."""

import numpy as np

from course.pictures.backgrounds import colour
from course.pictures.noise import Rng, fbm, mix, rgb, smoothstep, solid
from course.pictures.shapes import Place, arc, lathe
from course.pictures.solids import tube, turn


def cup(rng: Rng, p: Place) -> None:
    side = rng.choice([-1, 1])
    paint = colour(rng)
    p.shadow(-0.75, 0.8, 0.2)
    start, end = (-2.0, 2.0) if side > 0 else (1.14, 5.14)
    handle = tube(p.grid, arc(p.at(side * 0.62, 0)[0], p.y, 0.34 * p.s, start, end), 0.085 * p.s)
    p.canvas.paint(handle, paint, shine=0.5)
    profile = [(-0.75, 0.42), (-0.7, 0.5), (0.2, rng.uniform(0.58, 0.7)), (0.75, rng.uniform(0.6, 0.75))]
    coffee = (0.20, 0.11, 0.05) if rng.random() < 0.5 else None
    lathe(p, profile, paint, tilt=0.3, shine=0.5, inside=paint * 0.5, fill=coffee)


def bottle(rng: Rng, p: Place) -> None:
    p.shadow(-0.98, 0.45, 0.12)
    glass = colour(rng, ["green", "brown", "blue", "teal", "white", "black"][rng.integers(6)])
    neck = rng.uniform(0.08, 0.12)
    foot = [(-1, 0.28), (-0.95, 0.32), (0.15, 0.33)]
    top = [(0.45, neck + 0.03), (0.85, neck), (0.86, neck + 0.03), (1.0, neck + 0.03)]
    lathe(p, foot + top, glass, tilt=0.12, shine=1.0, gloss=60)
    label = p.polygon([(-0.31, -0.6), (0.31, -0.6), (0.31, -0.1), (-0.31, -0.1)])
    bend = -((label.x - p.x) ** 2) / (0.7 * p.s)
    bands = mix(colour(rng, "cream"), colour(rng), (np.sin(label.y / p.s * 16) > 0.6) * 1.0)
    p.canvas.paint(label, bands, bend.astype(np.float32), shine=0.1)


def vase(rng: Rng, p: Place) -> None:
    p.shadow(-0.9, 0.5, 0.14)
    a, b, phase = rng.uniform(0.1, 0.22), rng.uniform(0.3, 0.42), rng.uniform(0, 1.5)
    profile = [(float(v), float(b + a * np.sin(2.6 * v + phase + 1.2))) for v in np.linspace(-0.9, 0.85, 14)]
    one, two, n = colour(rng), colour(rng), rng.uniform(4, 14)
    lathe(
        p, profile, lambda u, v: mix(one, two, smoothstep(0.3, 0.5, np.sin(v * n) * np.cos(u * 3))),
        tilt=0.22, shine=0.6, inside=one * 0.3,
    )  # fmt: skip


def candle(rng: Rng, p: Place) -> None:
    c, x, y, s = p.canvas, p.x, p.y, p.s
    p.shadow(-0.95, 0.4, 0.12)
    wax = colour(rng, ["white", "cream", "red", "green", "purple"][rng.integers(5)])
    lathe(p, [(-0.95, 0.24), (0.45, 0.24)], wax, tilt=0.2, shine=0.3, inside=wax * 0.9, fill=tuple(wax))
    c.paint(p.tube([(0, 0.44, 0.3), (0.02, 0.6, 0.3)], 0.02), (0.05, 0.05, 0.05))
    flame = p.tube([(0, 0.62, 0), (0, 0.75, 0), (rng.normal(0, 0.03), 0.98, 0)], (0.08, 0.09, 0.01))
    glow = np.exp(-((p.grid.x - x) ** 2 + (p.grid.y - y - 0.75 * s) ** 2) / (0.3 * s) ** 2)
    c.rgb += (glow * 0.4)[..., None] * rgb([1, 0.7, 0.3])
    c.lay(flame.box, rgb([1.2, 0.85, 0.25]), smoothstep(-0.01, 0.03 * s, flame.edge))


def mushroom(rng: Rng, p: Place) -> None:
    s = p.s
    p.shadow(-0.9, 0.45, 0.14)
    lathe(p, [(-0.9, 0.24), (-0.6, 0.18), (0.15, 0.14)], (0.90, 0.86, 0.76), tilt=0.1, shine=0.05)
    cap = p.ellipsoid((0, 0.2, 0.2), (0.72, rng.uniform(0.4, 0.62), 0.72), turn(0, 0.2, 0))
    x, y = p.grid.x[cap.box] - p.x, p.grid.y[cap.box] - p.y
    cap.edge = np.minimum(cap.edge, y - 0.12 * s + 0.12 * s * (1 - x**2 / (0.5 * s * s)))
    base = colour(rng, ["red", "brown", "tan", "cream"][rng.choice(4, p=[0.45, 0.3, 0.15, 0.1])])
    spots = smoothstep(1.1, 1.4, solid(rng, cap.points, 0.3, "grain")) * (rng.random() < 0.6)
    p.canvas.paint(cap, mix(base, (0.95, 0.93, 0.88), spots), (0.02 * s * spots).astype(np.float32), shine=0.4)


def pear(rng: Rng, p: Place) -> None:
    p.shadow(-0.85, 0.55, 0.16)

    def girth(v: float) -> float:
        if v < -0.3:
            return float(0.60 * np.sqrt(max(0.02, 1 - ((v + 0.3) / 0.56) ** 2)))
        shoulder = 0.24 + 0.36 * np.cos(min((v + 0.3) / 0.9, 1) * np.pi / 2)
        return float(shoulder - 0.24 * max(0.0, (v - 0.65) / 0.2) ** 2)

    profile = [(float(v), girth(v)) for v in np.linspace(-0.85, 0.85, 16)]
    base, blush = colour(rng, ["green", "yellow", "tan"][rng.integers(3)]), colour(rng, "red")
    p.canvas.paint(p.tube([(0, 0.75, -0.1), (0.08, 1.05, -0.1)], 0.035), (0.3, 0.2, 0.1))
    lathe(p, profile, lambda u, v: mix(base, blush, 0.5 * smoothstep(0.2, 0.9, np.cos(u))), tilt=0.1, shine=0.3)


def tomato(rng: Rng, p: Place) -> None:
    p.shadow(-0.7, 0.75, 0.2)
    frame = turn(0, 0.5, 0)
    body = p.ellipsoid((0, 0, 0), (0.85, 0.72, 0.85), frame)
    ribs = 0.03 * p.s * np.cos(np.arctan2(body.z, body.x) * 5)
    p.canvas.paint(body, colour(rng, "red", 0.05), ribs.astype(np.float32), shine=0.8, gloss=60)
    middle = np.array([p.x, p.y, 0.1])
    top = frame @ np.array([0, 0.76, 0]) * p.s + middle
    for k in range(5):
        a = k * 1.257 + rng.normal(0, 0.1)
        end = frame @ np.array([0.42 * np.cos(a), 0.72, 0.42 * np.sin(a)]) * p.s + middle
        sepal = tube(p.grid, np.stack([top, end]), [0.07 * p.s, 0.01 * p.s])
        p.canvas.paint(sepal, colour(rng, "green", 0.03))


def pumpkin(rng: Rng, p: Place) -> None:
    p.shadow(-0.65, 0.9, 0.22)
    body = p.ellipsoid((0, 0, 0), (0.95, 0.7, 0.95), turn(rng.uniform(0, 1), 0.3, 0))
    ribs = np.abs(np.sin(np.arctan2(body.z, body.x) * 6))
    base = colour(rng, ["orange", "green"][rng.choice(2, p=[0.85, 0.15])], 0.05)
    p.canvas.paint(body, base * (0.8 + 0.25 * ribs)[..., None], (0.12 * p.s * ribs).astype(np.float32), shine=0.25)
    p.canvas.paint(p.tube([(0, 0.55, 0.5), (0.12, 0.95, 0.5)], (0.12, 0.08)), (0.33, 0.33, 0.14))


def cake(rng: Rng, p: Place) -> None:
    """Burger or layer cake: stacked discs."""
    s = p.s
    p.shadow(-0.6, 0.85, 0.2)
    bun = rgb([0.80, 0.52, 0.22])
    tones = [bun, *(rgb(c) for c in ([0.34, 0.19, 0.11], [0.95, 0.75, 0.15], [0.80, 0.18, 0.12], [0.35, 0.62, 0.18]))]
    level = -0.55
    for k in [0, *(1 + rng.permutation(4))]:
        thick = (0.22, 0.16, 0.06, 0.08, 0.08)[k]
        wide, middle = rng.uniform(0.72, 0.85), p.y + (level + thick / 2) * s
        layer = tube(p.grid, [[p.x - wide * s * 0.8, middle, 0], [p.x + wide * s * 0.8, middle, 0]], thick * 0.62 * s)
        round_off = np.sqrt(np.maximum(0, 1 - ((p.grid.x[layer.box] - p.x) / (s * 0.9)) ** 2)) * 0.3 * s
        crumb = tones[k] * (1 + 0.15 * (fbm(rng, layer.x.shape, 8, 2) - 0.5))[..., None]
        p.canvas.paint(layer, crumb, round_off.astype(np.float32), shine=0.1, hollow=0)
        level += thick
    top = p.ellipsoid((0, level, 0.3), (0.84, 0.5, 0.8))
    top.edge = np.minimum(top.edge, p.grid.y[top.box] - p.y - level * s + 0.03 * s)
    seeds = smoothstep(1.4, 1.7, solid(rng, top.points, 0.7, "grain"))
    p.canvas.paint(top, mix(bun, (0.95, 0.88, 0.7), seeds), (0.02 * s * seeds).astype(np.float32), shine=0.4)

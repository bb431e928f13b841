"""Things that stand at the door, and the scene that shows one: THINGS maps name -> render(rng, size).

A draw function gets a generator and a `Place` on a canvas that already has its background, and draws one thing. They are
simple on purpose: a network that is to learn what an outline, a highlight or a handle is does not need more.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from course.pictures import backgrounds
from course.pictures.backgrounds import colour
from course.pictures.camera import Camera
from course.pictures.canvas import Canvas
from course.pictures.light import Light
from course.pictures.noise import Array, Rng, mix, rgb, smoothstep, solid
from course.pictures.shapes import Place, arc, box_solid, lathe
from course.pictures.solids import Grid, polygon, tube, turn

Draw = Callable[[Rng, Place], None]


def scene(draw: Draw, where: str, rng: Rng, size: int) -> Array:
    """A photo (size, size, 3) uint8 of one thing in a "room", "outside" or in the "sky"."""
    light, grid = Light.random(rng), Grid(size)
    if where == "outside":
        ground = backgrounds.lawn(rng, grid)
    elif where == "sky":
        ground = backgrounds.sky(rng, grid) if rng.random() < 0.6 else backgrounds.foliage(rng, grid)
    else:
        ground = backgrounds.any_background(rng, grid, white=0.2)
    canvas = Canvas(size, light, ground, rng.uniform(0.7, 1.1))
    s = rng.uniform(0.55, 0.88)
    draw(rng, Place(canvas, rng.normal(0, 0.1), rng.normal(0, 0.07), s))
    return Camera.random(rng).develop(canvas.rgb, rng)


def ball(kind: str, rng: Rng, p: Place) -> None:
    """Football, basketball, tennis ball, beach ball, globe: a sphere and its lines."""
    p = Place(p.canvas, p.x, p.y, p.s * 0.85)
    p.shadow(-0.92, 0.8, 0.22)
    body = p.ellipsoid((0, 0, 0), 1, turn(*rng.uniform(-1.5, 1.5, 3)))
    x, y, z = body.points
    shine, bump = 0.3, None
    if kind == "football":
        phi = (1 + 5**0.5) / 2
        corners = np.array([(0, i, j * phi) for i in (-1, 1) for j in (-1, 1)], np.float32)
        corners = np.concatenate([corners, corners[:, [1, 2, 0]], corners[:, [2, 0, 1]]]) / (1 + phi * phi) ** 0.5
        near = np.sort(np.stack([x * k[0] + y * k[1] + z * k[2] for k in corners]), 0)
        black = smoothstep(0.935, 0.95, near[-1])
        seam = smoothstep(0.03, 0.01, near[-1] - near[-2]) * (1 - black) * 0.6
        paint = mix((0.94, 0.94, 0.93), (0.06, 0.06, 0.07), np.maximum(black, seam))
    elif kind == "basketball":
        lines = np.minimum(np.minimum(np.abs(x), np.abs(y)), np.abs(x * x - 0.35 - 0.25 * z * z))
        paint = mix(colour(rng, "orange", 0.04) * 0.85, (0.06, 0.05, 0.05), smoothstep(0.045, 0.02, lines))
        bump = (0.01 * p.s * solid(rng, body.points, 2.0, "grain")).astype(np.float32)
        shine = 0.15
    elif kind == "tennis ball":
        seam = np.abs(y - 0.55 * np.sin(2 * np.arctan2(z, x)))
        felt = rgb([0.80, 0.88, 0.22]) * (1 + 0.06 * solid(rng, body.points, 1.6, "grain"))[..., None]
        paint = mix(felt, (0.95, 0.95, 0.9), smoothstep(0.09, 0.05, seam))
        shine = 0.0
    elif kind == "beach ball":
        sector = np.floor((np.arctan2(z, x) / (2 * np.pi) + 1) * 6).astype(int) % 6
        paint = np.stack([colour(rng, n, 0.04) for n in ("red", "white", "blue", "white", "yellow", "white")])[sector]
        paint = mix(paint, (0.95, 0.95, 0.95), smoothstep(0.93, 0.96, np.abs(y)))
        shine = 0.8
    else:  # a globe of land and sea
        shore = smoothstep(0.15, 0.3, solid(rng, body.points, 0.16))
        land = mix((0.22, 0.45, 0.16), (0.70, 0.60, 0.38), smoothstep(-0.5, 1, solid(rng, body.points, 0.2)))
        paint = mix(mix((0.12, 0.32, 0.62), land, shore), (0.95, 0.96, 0.97), smoothstep(0.85, 0.93, np.abs(y)))
    p.canvas.paint(body, np.clip(paint, 0, 1), bump, shine=shine, gloss=40)


def shoe(rng: Rng, p: Place) -> None:
    d, main, sole = rng.choice([-1, 1]), colour(rng), colour(rng, ["white", "black", "brown"][rng.integers(3)])
    paint = p.canvas.paint
    p.shadow(-0.42, 0.95, 0.14)
    paint(p.tube([(d * -0.68, -0.33, 0), (d * 0.72, -0.33, 0)], (0.14, 0.13), 0.8), sole, shine=0.1)
    paint(p.tube([(d * -0.48, 0.3, 0), (d * -0.5, -0.12, 0)], (0.27, 0.28)), main, shine=0.2)
    paint(p.ellipsoid((d * -0.46, 0.52, 0.2), (0.27, 0.09, 0.2)), main * 0.3, shine=0, hollow=0)
    body = p.tube([(d * -0.52, -0.05, 0), (d * -0.05, -0.02, 0), (d * 0.58, -0.17, 0)], (0.27, 0.28, 0.2))
    body.edge = np.minimum(body.edge, p.grid.y[body.box] - p.y + 0.30 * p.s)
    paint(body, mix(main, sole, smoothstep(0.86, 0.9, body.x)), shine=0.3)
    for k in range(4):
        lace = [(d * (-0.18 + 0.13 * k), 0.24 - 0.06 * k, 0.5), (d * (-0.08 + 0.13 * k), 0.06 - 0.05 * k, 0.5)]
        paint(p.tube(lace, 0.03), (0.93, 0.93, 0.9), shine=0)


def umbrella(rng: Rng, p: Place) -> None:
    one, two = colour(rng), colour(rng)
    stick = p.tube([(0, 0.6, -0.5), (0, -0.75, -0.5), (0.08, -0.9, -0.5), (0.2, -0.78, -0.5)], 0.035)
    p.canvas.paint(stick, (0.25, 0.17, 0.1), shine=0.3)
    dome = p.ellipsoid((0, 0, 0), (0.95, 0.75, 0.95))
    sector = np.arctan2(dome.x, np.abs(dome.z) + 0.02) * 2.6
    scallop = 0.09 * p.s * np.abs(np.cos(sector * np.pi / 2))
    dome.edge = np.minimum(dome.edge, p.grid.y[dome.box] - p.y - scallop)
    p.canvas.paint(dome, mix(one, two, (np.floor(sector + 0.5) % 2).astype(np.float32)), shine=0.15)
    p.canvas.paint(p.tube([(0, 0.7, 0), (0, 0.88, 0)], 0.03), (0.2, 0.2, 0.2))


def gift(rng: Rng, p: Place) -> None:
    paper, ribbon = colour(rng), colour(rng)

    def face(name: str, u: Array, v: Array) -> Array:
        band = (np.abs(u - 0.5) < 0.09) | ((np.abs(v - 0.5) < 0.09) & (name == "top"))
        return mix(paper, ribbon, band.astype(np.float32))

    box_solid(p, -0.15, (0.65, 0.5, 0.6), rng.uniform(-0.8, 0.8), rng.uniform(0.35, 0.7), face)
    s, top = p.s, p.y + 0.32 * p.s
    for side in (-1, 1):
        bow = arc(p.x + side * 0.2 * s, top + 0.1 * s, 0.17 * s, 0, 6.28, squash=0.7)
        p.canvas.paint(tube(p.grid, bow, 0.05 * s), ribbon, shine=0.5)
    knot = Place(p.canvas, p.x, top, s).ellipsoid((0, 0.05, 0.3), (0.09, 0.08, 0.1))
    p.canvas.paint(knot, ribbon, shine=0.5)


def chair(rng: Rng, p: Place) -> None:
    wood = colour(rng)
    frame = turn(rng.uniform(-0.8, 0.8), 0.3, 0)

    def point(i: float, j: float, k: float) -> Array:
        return frame @ np.array([i, j, k]) * p.s + np.array([p.x, p.y, 0])

    def rod(a: Array, b: Array, radius: float) -> None:
        p.canvas.paint(tube(p.grid, np.stack([a, b]), radius), wood, shine=0.2)

    p.shadow(-0.85, 0.6, 0.2)
    w, thick = 0.42, rng.uniform(0.035, 0.06) * p.s
    for i, k in ((-w, -w), (w, -w), (-w, w), (w, w)):
        rod(point(i, -0.95, k), point(i, 0.0, k), thick)
    for i in (-w, w):
        rod(point(i, 0, -w), point(i, 0.95, -w - 0.08), thick)
    for j in (0.35, 0.6, 0.88) if rng.random() < 0.6 else np.linspace(0.25, 0.9, 12):
        rod(point(-w, j, -w - 0.05), point(w, j, -w - 0.05), thick * 0.9)
    seat = colour(rng) if rng.random() < 0.5 else wood
    wide = w * 1.1
    corners = [point(i * wide, 0.03, k * wide)[:2] for i, k in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    p.canvas.flat(polygon(p.grid, [q - [0, 0.08 * p.s] for q in corners]), seat * 0.6, (0, 0, 1))
    p.canvas.flat(polygon(p.grid, corners), seat, (0, 1, 0.4))


def flower(rng: Rng, p: Place) -> None:
    stem = tube(
        p.grid, [[*p.at(0, 0), -1], [*p.at(0.1, -0.8), -1], [p.x + rng.normal(0, 0.1), p.y - 1.6, -1]], 0.04 * p.s
    )
    p.canvas.paint(stem, colour(rng, "green", 0.05))
    n = int(rng.integers(5, 14))
    petal = colour(rng, ["red", "yellow", "white", "purple", "orange", "blue"][rng.integers(6)])
    wide, first, tilt = rng.uniform(0.8, 1.3), rng.uniform(0, 6), rng.uniform(0.65, 1.0)
    for k in range(n):
        a = first + k * 2 * np.pi / n
        middle = np.array([np.cos(a), np.sin(a) * tilt]) * 0.52
        pointing = turn(0, 0, float(np.arctan2(*(middle * p.s)[::-1])))
        leaf = p.ellipsoid((middle[0], middle[1], 0), (0.42, 1.4 * wide / n, 0.1), pointing)
        p.canvas.paint(leaf, mix(petal, petal * 0.6, smoothstep(0, -1, leaf.x)), shine=0.05, hollow=0)
    heart = p.ellipsoid((0, 0, 0.2), (0.24, 0.24 * tilt, 0.15))
    dots = solid(rng, heart.points, 1.2, "grain")
    tone = colour(rng, ["yellow", "brown", "black"][rng.choice(3, p=[0.6, 0.25, 0.15])])
    p.canvas.paint(heart, tone * (1 + 0.2 * dots)[..., None], (0.02 * p.s * dots).astype(np.float32), shine=0)


def bird(rng: Rng, p: Place) -> None:
    d = rng.choice([-1, 1])
    back, breast = colour(rng), colour(rng)
    paint = p.canvas.paint
    perch = [[p.x - 1.3, p.y - 0.62 * p.s, -1], [p.x + 1.3, p.y - 0.55 * p.s, -1]]
    paint(tube(p.grid, perch, 0.06 * p.s), colour(rng, "brown", 0.04))
    for k in (-0.08, 0.1):
        paint(p.tube([(k, -0.3, -0.5), (k, -0.58, -0.4)], 0.025), (0.35, 0.25, 0.15))
    tail = [(d * -0.3, -0.15, 0), (d * -0.95, -rng.uniform(0.2, 0.5), 0)]
    paint(p.tube(tail, (0.16, 0.08), 0.4), back * 0.8)
    body = p.ellipsoid((0, 0, 0), (0.5, 0.36, 0.36), turn(0, 0, d * 0.35))
    feathers = solid(rng, (body.x, body.y * 2, body.z), 0.7, "grain")
    belly = mix(back, breast, smoothstep(0.1, -0.3, body.y - 0.3 * d * body.x))
    paint(body, belly * (1 + 0.08 * feathers)[..., None], shine=0.05)
    h = Place(p.canvas, *p.at(d * 0.38, 0.36), p.s)  # the head
    beak = [(d * 0.15, 0, 0.1), (d * rng.uniform(0.38, 0.5), -0.04, 0.1)]
    paint(h.tube(beak, (0.09, 0.01)), colour(rng, ["orange", "yellow", "black"][rng.integers(3)]))
    head = h.ellipsoid((0, 0, 0.2), 0.26)
    paint(head, mix(back, breast, smoothstep(-0.1, -0.4, head.y)), shine=0.05)
    wing = p.ellipsoid((d * -0.1, 0.02, 0.4), (0.42, 0.2, 0.12), turn(0, 0, d * 0.3))
    paint(wing, back * 0.75 * (1 + 0.25 * np.sin(wing.x * 14 + wing.y * 4))[..., None], shine=0.05)
    paint(h.ellipsoid((d * 0.08, 0.05, 0.6), 0.055), (0.03, 0.03, 0.03), shine=0.9, hollow=0)


def car(rng: Rng, p: Place) -> None:
    paint, d = colour(rng), rng.choice([-1, 1])
    p.shadow(-0.42, 1.0, 0.12, 0.9)

    def sheet(points: list[tuple[float, float]], tone: Array, bulge: float, shine: float) -> None:
        shape = p.polygon([(d * x, y) for x, y in points])
        shape.edge = shape.edge + 0.03 * p.s
        p.canvas.paint(shape, tone, (-((shape.y - p.y) ** 2) * bulge / p.s).astype(np.float32), shine=shine, hollow=0)

    roof, glass = rng.uniform(0.38, 0.55), rgb([0.15, 0.2, 0.26])
    sheet([(-0.62, 0.05), (-0.45, roof), (0.22, roof), (0.5, 0.05)], paint * 0.95, 0.6, 0.4)
    sheet([(-0.5, 0.08), (-0.4, roof - 0.08), (-0.1, roof - 0.08), (-0.1, 0.08)], glass, 0.2, 0.9)
    sheet([(-0.02, 0.08), (-0.02, roof - 0.08), (0.17, roof - 0.08), (0.38, 0.08)], glass, 0.2, 0.9)
    sheet([(-0.95, -0.28), (-0.95, 0.04), (0.6, 0.08), (0.95, 0.0), (0.98, -0.28)], paint, 1.6, 0.6)
    p.canvas.paint(p.ellipsoid((d * 0.92, -0.08, 0.1), (0.06, 0.07, 0.05)), (0.98, 0.95, 0.75), shine=0.8)
    for x in (-0.56, 0.58):
        for r, tone in ((0.24, (0.05, 0.05, 0.05)), (0.13, (0.7, 0.7, 0.72))):
            p.canvas.paint(p.ellipsoid((d * x, -0.3, 0.5), (r, r, 0.05)), tone, shine=0.3, hollow=0)


def lamp(rng: Rng, p: Place) -> None:
    p.shadow(-0.95, 0.45, 0.12)
    lathe(p, [(-0.95, 0.32), (-0.88, 0.30), (-0.8, 0.07), (0.2, 0.05)], colour(rng), tilt=0.15, shine=0.8)
    shade = np.clip(colour(rng, ["cream", "red", "green", "blue", "white"][rng.integers(5)]) * 1.2, 0, 1)
    cone = [(0.0, rng.uniform(0.5, 0.65)), (0.85, rng.uniform(0.22, 0.4))]
    lathe(p, cone, shade, tilt=0.15, shine=0.0, inside=rgb([1, 0.95, 0.7]))


THINGS: dict[str, Callable[[Rng, int], Array]] = {
    "football": partial(scene, partial(ball, "football"), "room"),
    "basketball": partial(scene, partial(ball, "basketball"), "room"),
    "shoe": partial(scene, shoe, "room"),
    "umbrella": partial(scene, umbrella, "outside"),
    "gift": partial(scene, gift, "room"),
    "chair": partial(scene, chair, "room"),
    "flower": partial(scene, flower, "outside"),
    "bird": partial(scene, bird, "sky"),
    "car": partial(scene, car, "outside"),
    "lamp": partial(scene, lamp, "room"),
}

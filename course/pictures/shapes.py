"""A place on a canvas, and ways to make a thing there: turn a profile on a lathe, fold a box.

The lathe is exact for a camera at the height of the thing and tilted a little: rings become ellipses. The box is three
visible faces in an orthographic view, each with its own texture coordinates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course.pictures.canvas import Canvas
from course.pictures.noise import Array, Colour
from course.pictures.solids import Grid, Solid, ellipsoid, face_coordinates, polygon, tube, turn

Paint = Array | Colour | Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Place:
    """Where a thing is drawn, (x, y), and its size `s`. Its parts are given from there in units of `s`, depths in the picture's."""

    canvas: Canvas
    x: float
    y: float
    s: float

    @property
    def grid(self) -> Grid:
        return self.canvas.grid

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The point (x, y) of the thing on the picture."""
        return self.x + x * self.s, self.y + y * self.s

    def tube(
        self, points: Sequence[tuple[float, float, float]], radii: Sequence[float] | float, flat: float = 1
    ) -> Solid:
        """See `solids.tube`; points are (x, y, depth)."""
        return tube(self.grid, np.array([(*self.at(x, y), z) for x, y, z in points]), np.multiply(radii, self.s), flat)

    def ellipsoid(
        self, centre: tuple[float, float, float], radii: Sequence[float] | float, rotation: Array | None = None
    ) -> Solid:
        """See `solids.ellipsoid`; the centre is (x, y, depth)."""
        x, y, z = centre
        return ellipsoid(self.grid, (*self.at(x, y), z), np.broadcast_to(radii, 3) * self.s, rotation)

    def polygon(self, corners: Sequence[tuple[float, float]]) -> Solid:
        """See `solids.polygon`."""
        return polygon(self.grid, [self.at(x, y) for x, y in corners])

    def shadow(self, y: float, rx: float, ry: float, strength: float = 0.6) -> None:
        """The shadow on the ground of a thing whose foot is at `y`."""
        self.canvas.ground_shadow(*self.at(0, y), rx * self.s, ry * self.s, strength)


def lathe(
    place: Place, profile: Sequence[tuple[float, float]], paint: Paint, tilt: float = 0.2,
    shine: float = 0.3, gloss: float = 40.0, inside: Array | None = None, fill: Colour | None = None,
) -> None:  # fmt: skip
    """A solid of revolution about the vertical.

    Args:
        profile: (height, radius) from the bottom up.
        paint: a colour, or a function of (angle about the axis, height) giving colours.
        tilt: ratio of a ring's axes: how much of the top one sees.
        inside: colour of the inner wall, for open vessels; fill: colour of what is in them.
    """
    canvas, x, y, s = place.canvas, place.x, place.y, place.s
    heights, radii = np.array(profile, np.float32).T
    r_max, top = float(radii.max()), float(heights[-1])
    box = canvas.grid.box(
        x - r_max * s, x + r_max * s, y + (heights[0] - r_max * tilt) * s, y + (top + r_max * tilt) * s
    )
    u, v = (canvas.grid.x[box] - np.float32(x)) / np.float32(s), (canvas.grid.y[box] - np.float32(y)) / np.float32(s)
    # The front of the ring at height h is seen tilt * depth lower: two steps of fixed point find h.
    h = v
    for _ in range(3):
        r = np.interp(h, heights, radii).astype(np.float32)
        depth = np.sqrt(np.maximum(r * r - u * u, 0))
        h = np.clip(v + np.float32(tilt) * depth, heights[0], heights[-1])
    edge = r - np.abs(u)
    # Above the top ring's front, and below the bottom ring's, there is nothing of the wall.
    end_t = np.sqrt(np.maximum(radii[-1] ** 2 - u * u, 0)) * tilt
    end_b = np.sqrt(np.maximum(radii[0] ** 2 - u * u, 0)) * tilt
    edge = np.minimum(edge, np.minimum(heights[-1] - end_t - v, v - heights[0] + end_b))
    rim = np.sign(r - np.abs(u)) * np.sqrt(np.abs(r * r - u * u))
    angle = np.arctan2(u, depth)
    solid = Solid(box, (rim * s).astype(np.float32), (edge * s).astype(np.float32), angle, h, depth)
    colour = paint(angle, h) if callable(paint) else np.asarray(paint, np.float32)
    r_top = float(radii[-1]) * s
    if inside is None:
        lid = paint(angle * 0, h * 0 + heights[-1])[0, 0] if callable(paint) else colour
        _disc(canvas, x, y + top * s, r_top, tilt, lid, -1)
    canvas.paint(solid, colour, shine=shine, gloss=gloss, hollow=0.3)
    if inside is not None:
        lip = np.asarray(inside if callable(paint) else colour, np.float32)
        _disc(canvas, x, y + top * s, r_top, tilt, np.clip(lip * 1.05, 0, 1), 1)
        _disc(canvas, x, y + top * s, r_top * 0.92, tilt, inside, -1)
        if fill is not None:
            _disc(canvas, x, y + top * s - 0.06 * s * tilt / 0.3, r_top * 0.82, tilt, np.asarray(fill, np.float32), 0)


def _disc(canvas: Canvas, x: float, y: float, r: float, tilt: float, colour: Array, bulge: float) -> None:
    """A ring seen at a slant; `bulge` > 0 rounds it up, < 0 hollows it."""
    g = canvas.grid
    box = g.box(x - r, x + r, y - r * tilt, y + r * tilt)
    q = np.hypot((g.x[box] - x) / r, (g.y[box] - y) / (r * tilt + 1e-6))
    height = (bulge * r * 0.25 * (1 - q * q)).astype(np.float32)
    disc = Solid(box, height, ((1 - q) * r * np.sqrt(tilt)).astype(np.float32), q, q, q)
    canvas.paint(disc, colour, shine=0.1, hollow=0)


def box_solid(
    place: Place,
    y: float,
    half: tuple[float, float, float],
    yaw: float,
    pitch: float,
    face: Callable[[str, Array, Array], Array],
) -> tuple[tuple[float, float], ...]:
    """A box with half sizes (x, y, z) about (0, y) of `place`, turned by `yaw` and seen from above by `pitch` (radians).

    `face(name, u, v)` gives the colours of "front", "side" and "top" for u, v in [0, 1]. Returns the picture positions of the top's
    four corners: front left, front right, back left, back right.
    """
    canvas = place.canvas
    frame = turn(yaw, pitch, 0)
    x, middle = place.at(0, y)
    hx, hy, hz = (h * place.s for h in half)

    def at(i: float, j: float, k: float) -> tuple[float, float]:
        p = frame @ np.array([i * hx, j * hy, k * hz])
        return float(p[0]) + x, float(p[1]) + middle

    foot = min(at(i, -1, k)[1] for i in (-1, 1) for k in (-1, 1))
    canvas.ground_shadow(x, foot + 0.3 * hz, 1.25 * (hx + 0.4 * hz), 0.3 * hz + 0.12 * hy)
    faces = {
        "back": ((1, -1, -1), (-1, -1, -1), (1, 1, -1), (0, 0, -1)),
        "left": ((-1, -1, -1), (-1, -1, 1), (-1, 1, -1), (-1, 0, 0)),
        "front": ((-1, -1, 1), (1, -1, 1), (-1, 1, 1), (0, 0, 1)),
        "right": ((1, -1, 1), (1, -1, -1), (1, 1, 1), (1, 0, 0)),
        "top": ((-1, 1, 1), (1, 1, 1), (-1, 1, -1), (0, 1, 0)),
    }
    for name, (o, r, u, n) in faces.items():
        normal = frame @ np.asarray(n, np.float32)
        if normal[2] <= 0.02:
            continue
        origin, right, up = np.array(at(*o)), np.array(at(*r)), np.array(at(*u))
        quad = polygon(canvas.grid, [origin, right, right + up - origin, up])
        if 0 in quad.edge.shape:
            continue
        face_coordinates(quad, origin, right - origin, up - origin)
        plain = "side" if name in ("left", "right") else "front" if name == "back" else name
        canvas.flat(quad, np.clip(face(plain, quad.x, quad.y), 0, 1), normal)
    return at(-1, 1, 1), at(1, 1, 1), at(-1, 1, -1), at(1, 1, -1)


def arc(x: float, y: float, r: float, start: float, end: float, n: int = 10, squash: float = 1.0) -> Array:
    """Points (n, 3) of an arc on the picture, for a tube."""
    a = np.linspace(start, end, n)
    return np.stack([x + r * np.cos(a), y + r * squash * np.sin(a), 0 * a], 1)

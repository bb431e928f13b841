"""Solids seen along the z axis: each is a height per pixel, a signed edge and object coordinates for its texture.

Not a ray tracer: one camera, no perspective, no reflections. A height field is enough for photos of single things, costs
microseconds, and its normals come from finite differences, so any bump is just added to it. Outside its outline a
height goes on falling, so that normals at the rim turn away smoothly and solids can be merged by a smooth maximum
(I. Quilez, "smooth minimum"). Units: the picture spans [-1, 1], x to the right, y up, z to the camera.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course.pictures.noise import Array


class Grid:
    """Pixel centres of a square picture of `size` pixels, float32; `precision` is what they are computed in."""

    def __init__(self, size: int, precision: type[np.floating] = np.float64) -> None:
        self.size = size
        self.pixel = 2 / size
        line = ((np.arange(size, dtype=precision) + 0.5) / size * 2 - 1).astype(np.float32)
        self.x, self.y = np.meshgrid(line, -line)

    def box(self, left: float, right: float, bottom: float, top: float) -> tuple[slice, slice]:
        """The pixels of a rectangle given in units, with two to spare, cut to the picture (possibly empty)."""

        def to_pixel(v: float) -> int:
            return int(np.clip(np.floor((v + 1) / self.pixel), -4, self.size + 4))

        rows = slice(max(0, to_pixel(-top) - 2), max(0, to_pixel(-bottom) + 3))
        return rows, slice(max(0, to_pixel(left) - 2), max(0, to_pixel(right) + 3))


@dataclass
class Solid:
    """What a shape looks like from the front, in the pixels `box` of a picture.

    height: (h, w), z of the surface; edge: (h, w), > 0 inside, about the distance to the outline in units;
    x, y, z: object coordinates of the surface, for textures (for a tube: position along it, across it, depth).
    """

    box: tuple[slice, slice]
    height: Array
    edge: Array
    x: Array
    y: Array
    z: Array

    @property
    def points(self) -> tuple[Array, Array, Array]:
        return self.x, self.y, self.z


def turned(
    x: Array, y: Array, angle: float, scale: float = 1.0, precision: type[np.floating] = np.float64
) -> tuple[Array, Array]:
    """Coordinates in the plane along axes turned by `angle` (radians, against the clock), in which a unit counts `scale`."""
    c, s = precision(np.cos(angle) * scale), precision(np.sin(angle) * scale)
    return c * x + s * y, c * y - s * x


def turn(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, precision: type[np.floating] = np.float32) -> Array:
    """Rotation (3, 3), radians: yaw about y, then pitch about x (positive leans the top to the camera), then roll about z."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (about_z @ about_x @ about_y).astype(precision)


def _signed_root(v: Array) -> Array:
    return np.sign(v) * np.sqrt(np.abs(v))


def ellipsoid(
    grid: Grid, centre: Sequence[float] | Array, radii: Sequence[float] | Array, rotation: Array | None = None
) -> Solid:
    """An ellipsoid; object coordinates are those of the unit sphere."""
    frame = np.eye(3, dtype=np.float32) if rotation is None else rotation
    r = np.maximum(np.asarray(radii, np.float64), 1e-3)
    a = (frame / r**2) @ frame.T
    spread = (frame * r**2) @ frame.T
    ex, ey = np.sqrt(spread[0, 0]), np.sqrt(spread[1, 1])
    cx, cy, cz = centre
    box = grid.box(cx - ex * 1.15, cx + ex * 1.15, cy - ey * 1.15, cy + ey * 1.15)
    x, y = grid.x[box] - np.float32(cx), grid.y[box] - np.float32(cy)
    a = a.astype(np.float32)
    b = a[0, 2] * x + a[1, 2] * y
    c = a[0, 0] * x * x + 2 * a[0, 1] * x * y + a[1, 1] * y * y - 1
    inside = (b * b - a[2, 2] * c) / a[2, 2]  # 1 at the middle, 0 on the outline
    z = (-b + _signed_root(inside * a[2, 2])) / a[2, 2]
    # Width of the outline: the ellipse's two radii, so that a thin one has an honest edge.
    det = max(spread[0, 0] * spread[1, 1] - spread[0, 1] ** 2, 1e-9)
    narrow = np.sqrt(det / (spread[0, 0] + spread[1, 1])) * 1.2
    edge = (1 - np.sqrt(np.maximum(1 - inside, 0))) * np.float32(narrow)
    back = (frame.T / r[:, None]).astype(np.float32)
    local = [row[0] * x + row[1] * y + row[2] * z for row in back]
    return Solid(box, z + np.float32(cz), edge, *local)


def star_solid(
    grid: Grid,
    centre: Sequence[float] | Array,
    size: float,
    rotation: Array,
    radius: Callable[[Array, Array, Array], Array],
    reach: float = 1.2,
    steps: int = 16,
) -> Solid:
    """A solid whose surface is at `radius(direction)` from its centre (apple, pear, lumpy fruit), found by marching.

    `radius(x, y, z)` takes unit directions in object space (y up) and gives radii of at most `reach`. Object
    coordinates are in units of `size`.
    """
    cx, cy, cz = centre
    far = size * reach
    box = grid.box(cx - far, cx + far, cy - far, cy + far)
    x, y = (grid.x[box] - np.float32(cx)) / np.float32(size), (grid.y[box] - np.float32(cy)) / np.float32(size)
    shape = x.shape
    x, y = x.ravel(), y.ravel()
    back = rotation.T.astype(np.float32)
    flat = [row[0] * x + row[1] * y for row in back]

    def outside(z: Array) -> Array:
        """How far the points at depth `z` (..., n) of each ray are above the surface; negative inside."""
        px, py, pz = (f + row[2] * z for f, row in zip(flat, back))
        length = np.sqrt(px * px + py * py + pz * pz) + np.float32(1e-6)
        return length - radius(px / length, py / length, pz / length)

    top = np.sqrt(np.maximum(reach**2 - x * x - y * y, 0)).astype(np.float32)
    z = top * np.linspace(1, -1, steps, dtype=np.float32)[:, None]  # (steps, n)
    gap = outside(z)
    closest = gap.argmin(0)
    columns = np.arange(len(x))
    least = gap[closest, columns]
    entry = np.maximum((gap < 0).argmax(0), 1)
    before, after = gap[entry - 1, columns], gap[entry, columns]
    found = least < 0
    share = np.where(found, before / np.maximum(before - after, 1e-6), 0)
    hit = np.where(found, z[entry - 1, columns] * (1 - share) + z[entry, columns] * share, z[closest, columns])
    for _ in range(2):  # two Newton-like corrections; the slope of `outside` along z is about z / length
        error = np.where(found, outside(hit), 0)
        hit = hit - np.clip(error / np.maximum(np.abs(hit), 0.25) * np.sign(hit + 1e-6), -0.08, 0.08)
    # The deepest point of a ray below the surface is about its distance to the outline, near the outline.
    edge = (-least).reshape(shape)
    hit = np.where(found, hit, hit - 2 * np.sqrt(np.maximum(least, 0)))
    local = [(f + row[2] * hit).reshape(shape) for f, row in zip(flat, back)]
    return Solid(box, (hit * np.float32(size) + np.float32(cz)).reshape(shape), edge * np.float32(size), *local)


def tube(
    grid: Grid, spine: Array | Sequence[Sequence[float]], radii: Array | Sequence[float] | float, flat: float = 1.0
) -> Solid:
    """A tube along `spine` (n, 3), n >= 2, with `radii` at its points; ends are round.

    Object coordinates: x runs from 0 to 1 along the tube, y is -1 to 1 across it, z is what is left of a unit circle.
    `flat` scales the depth of the cross-section (1: round, 0.3: a strap).
    """
    spine = np.asarray(spine, np.float32)
    radii = np.broadcast_to(np.asarray(radii, np.float32), (len(spine),))
    r = float(radii.max()) * 1.25
    low, high = spine.min(0) - r, spine.max(0) + r
    box = grid.box(low[0], high[0], low[1], high[1])
    x, y = grid.x[box], grid.y[box]
    steps = np.linalg.norm(np.diff(spine, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-6)
    height = np.full(x.shape, -99.0, np.float32)
    edge = np.full(x.shape, -9.0, np.float32)
    u = np.zeros(x.shape, np.float32)
    v = np.zeros(x.shape, np.float32)
    for i in range(len(spine) - 1):
        a, b = spine[i], spine[i + 1]
        dx, dy = float(b[0] - a[0]), float(b[1] - a[1])
        length = dx * dx + dy * dy
        px, py = x - a[0], y - a[1]
        t = np.clip((px * dx + py * dy) / max(length, 1e-9), 0, 1)
        ox, oy = px - t * dx, py - t * dy
        d = np.sqrt(ox * ox + oy * oy)
        rt = radii[i] + (radii[i + 1] - radii[i]) * t
        h = a[2] + (b[2] - a[2]) * t + flat * _signed_root(rt * rt - d * d)
        e = rt - d
        better = h > height
        height = np.where(better, h, height)
        np.maximum(edge, e, out=edge)
        u = np.where(better, along[i] + (along[i + 1] - along[i]) * t, u)
        side = np.where(px * dy - py * dx > 0, -1, 1)
        v = np.where(better, side * d / np.maximum(rt, 1e-4), v)
        if abs(b[2] - a[2]) > 0.7 * np.sqrt(length):  # seen along its axis: the nearer end hides the rest
            k = i + 1 if b[2] > a[2] else i
            d2 = (x - spine[k, 0]) ** 2 + (y - spine[k, 1]) ** 2
            ball = spine[k, 2] + flat * _signed_root(radii[k] ** 2 - d2)
            better = ball > height
            height = np.where(better, ball, height)
            u = np.where(better, along[k], u)
    v = v.astype(np.float32)
    return Solid(box, height, edge, u.astype(np.float32), v, np.sqrt(np.maximum(1 - v * v, 0)))


def polygon(grid: Grid, corners: Sequence[Sequence[float] | Array] | Array, z: float = 0.0) -> Solid:
    """A flat convex polygon; `corners` (n, 2) in either sense. Object coordinates are picture coordinates."""
    points = np.asarray(corners, np.float32)
    low, high = points.min(0), points.max(0)
    box = grid.box(low[0], high[0], low[1], high[1])
    x, y = grid.x[box], grid.y[box]
    ahead = np.roll(points, -1, 0) - points
    area = float(np.sum(points[:, 0] * np.roll(points[:, 1], -1) - np.roll(points[:, 0], -1) * points[:, 1]))
    edge = np.full(x.shape, 9.0, np.float32)
    for (px, py), (dx, dy) in zip(points, ahead):
        length = float(np.hypot(dx, dy)) + 1e-9
        edge = np.minimum(edge, ((x - px) * -dy + (y - py) * dx) * np.float32(np.sign(area) / length))
    return Solid(box, np.full(x.shape, z, np.float32), edge, x, y, np.zeros_like(x))


def face_coordinates(solid: Solid, origin: Array, right: Array, up: Array) -> None:
    """Give a polygon the coordinates of a parallelogram: x, y in [0, 1] from `origin` along `right` and `up`."""
    m = np.linalg.inv(np.array([[right[0], up[0]], [right[1], up[1]]], np.float64)).astype(np.float32)
    x, y = solid.x - np.float32(origin[0]), solid.y - np.float32(origin[1])
    solid.x, solid.y = m[0, 0] * x + m[0, 1] * y, m[1, 0] * x + m[1, 1] * y

"""A shot becomes a picture: the hand before its wall, framed, lit, developed.

`render` gives colour in 0-1 at any size; `sign` and `photograph` are the two sizes that the course uses. The small
grey sign and the large photograph come from the same scene, so that what is learnt on one can be used on the other.
"""

import numpy as np

from course.datasets.hands.anatomy import FOREARM, SLEEVE, Cones, build
from course.datasets.hands.raster import trace
from course.datasets.hands.shade import LUMA, box_blur, develop, light_hand, shift
from course.datasets.hands.signers import Room, Shot
from course.pictures.camera import grain
from course.pictures.solids import turn, turned

SIGN = 28  # pixels a side
USUAL = 19.0  # cm that a picture shows of a hand of middle spread


def render(shot: Shot, height: int, width: int, finer: int) -> np.ndarray:
    """The picture of `shot`, (height, width, 3) float64 in 0-1, traced `finer` times finer and averaged down."""
    rows, columns = height * finer, width * finer
    frame, cones, span, centre = _frame(shot)
    scale = rows / span
    surface = trace(cones, rows, columns, scale, centre)
    wall = _wall(shot.room, rows, columns)
    if shot.room.cast > 0:
        lx, ly, _ = shot.light.direction
        cast = box_blur(surface.hit.astype(float), max(1, round(0.5 * scale)))
        cast = shift(cast, round(ly * 2.2 * scale), -round(lx * 2.2 * scale), 0.0)
        wall = wall * (1.0 - shot.room.cast * cast)[..., None]
    lit = light_hand(cones, surface, shot.skin, shot.light, frame, scale)
    flesh = cones.part[surface.cone] != SLEEVE
    lit[flesh] *= shot.exposure.level**2.2 / float((lit[flesh] @ LUMA).mean())
    wall[surface.hit] = lit
    linear = wall.reshape(height, finer, width, finer, 3).mean((1, 3))
    picture = develop(linear, shot.exposure.contrast, shot.exposure.white)
    reach = round(shot.exposure.soft * height)
    if reach:
        picture = np.stack([box_blur(picture[..., k], reach) for k in range(3)], axis=-1)
    noise = grain(np.random.default_rng(shot.seed), (height, width), 0.4, np.float64)
    return np.clip(picture + shot.exposure.noise * noise, 0, 1)


def sign(shot: Shot) -> np.ndarray:
    """The small grey picture of Sign Language MNIST's format: (28, 28) uint8."""
    return np.round(render(shot, SIGN, SIGN, 3) @ LUMA * 255).astype(np.uint8)


def photograph(shot: Shot, height: int = 270, width: int = 360) -> np.ndarray:
    """A colour photograph, (height, width, 3) uint8; its central square frames the hand as the small sign does."""
    return np.round(render(shot, height, width, 2) * 255).astype(np.uint8)


def _frame(shot: Shot) -> tuple[np.ndarray, Cones, float, tuple[float, float]]:
    """Rotation, turned cones, cm that the picture's height shows, and the point in its middle."""
    pose, framing = shot.pose, shot.framing
    yaw, pitch, roll = np.radians([pose.yaw + framing.yaw, pose.pitch + framing.pitch, pose.roll + framing.roll])
    frame = turn(yaw, pitch, roll, np.float64)
    cones = build(pose, shot.hand).turned(frame)
    flesh = cones.part < FOREARM
    ends = np.concatenate([cones.a[flesh], cones.b[flesh]])
    radii = np.concatenate([cones.ra[flesh], cones.rb[flesh]])[:, None]
    low, high = (ends - radii).min(0), (ends + radii).max(0)
    extent = max(high[0] - low[0], high[1] - low[1])
    span = (extent * 1.22) ** 0.6 * USUAL**0.4 * framing.zoom
    span = max(span, 1.04 * extent)
    middle = (low + high) / 2
    return frame, cones, span, (middle[0] - framing.right * span, middle[1] - framing.up * span)


def _wall(room: Room, height: int, width: int) -> np.ndarray:
    """What is behind the hand, (height, width, 3) linear RGB."""
    y, x = np.mgrid[:height, :width]
    x, y = (x + 0.5 - width / 2) / height, -(y + 0.5 - height / 2) / height
    ramp = np.clip(0.5 + 0.7 * (x * np.cos(room.angle) + y * np.sin(room.angle)), 0, 1)
    wall = room.near + (room.far - room.near) * ramp[..., None]
    soft = max(2.0 / height, 0.012)
    for kind, cx, cy, size, angle, *colour in room.things:
        u, v = turned(x - cx, y - cy, angle)
        if kind == 0:  # a table top or a skirting: all below a line
            inside = -0.22 - 0.3 * size - v - cy
        elif kind == 1:  # a door frame or a curtain's edge: all to one side
            inside = (u + cx - 0.25 - 0.2 * size) if cx > 0 else (-u - cx - 0.25 - 0.2 * size)
        elif kind == 2:  # a picture or a box
            inside = size - np.maximum(np.abs(u), 1.4 * np.abs(v))
        else:  # something round: a shoulder, a lamp, a head
            inside = size - np.hypot(u, 0.8 * v)
        share = np.clip(inside / soft + 0.5, 0, 1)[..., None]
        wall = wall + share * (np.array(colour) - wall)
    if room.texture > 0:
        rng = np.random.default_rng(room.seed)
        coarse = rng.normal(0, 1, (24, 40))
        grid = coarse[(np.clip((0.5 - y) * 23, 0, 23)).astype(int), (np.clip((x + 0.7) * 27, 0, 39)).astype(int)]
        wall = wall * (1 + room.texture * box_blur(grid, max(1, height // 30)))[..., None]
    return np.clip(wall, 0.0, 1.5)

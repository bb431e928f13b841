"""Four-legged animals: the parts of a skeleton merged into a skin, coloured by a coat, turned and fitted to the picture.

Head and body are two skins, each with its own object coordinates, so that markings stay on the animal however it turns.
What the parts are is in skeleton.py, how hair and markings look in coats.py.
"""

from dataclasses import dataclass, field

import numpy as np

from course.pictures.canvas import Canvas
from course.pictures.coats import body_coat, fur, head_coat
from course.pictures.noise import Array, Rng
from course.pictures.skeleton import Part, Traits, body_parts, head_parts
from course.pictures.solids import Grid, Solid, ellipsoid, tube, turn


@dataclass
class Pelt:
    """Solids merged into one height field over a picture, each pixel with a blend of its parts' colours, shine and hair."""

    grid: Grid
    height: Array = field(init=False)
    edge: Array = field(init=False)
    colour: Array = field(init=False)
    shine: Array = field(init=False)
    furry: Array = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.grid.size, self.grid.size)
        self.height = np.full(shape, -60.0, np.float32)
        self.edge = np.full(shape, -9.0, np.float32)
        self.colour = np.zeros((*shape, 3), np.float32)
        self.shine = np.zeros(shape, np.float32)
        self.furry = np.ones(shape, np.float32)

    def add(self, s: Solid, colour: Array, shine: float, furry: float, blend: float) -> None:
        """Merge one more solid by a smooth maximum of the heights, `blend` units wide (I. Quilez)."""
        if 0 in s.height.shape:
            return
        b = s.box
        lift = s.height - self.height[b]
        t = np.clip(0.5 + 0.5 * lift / blend, 0, 1)
        self.height[b] += t * lift + blend * t * (1 - t)
        if furry < 0.5:  # an eye, a nose: keep its outline crisp against the coat
            t = t * np.clip(s.edge / self.grid.pixel + 0.5, 0, 1)
        np.maximum(self.edge[b], s.edge, out=self.edge[b])
        self.colour[b] += (colour - self.colour[b]) * t[..., None]
        self.shine[b] += (shine - self.shine[b]) * t
        self.furry[b] += (furry - self.furry[b]) * t

    def crop(self, frame: Array, origin: Array, scale: float) -> tuple[tuple[slice, slice], Solid]:
        """The smallest box round the animal, and the solid in it with object coordinates of the given frame."""
        seen = self.edge > -0.08
        rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
        if not len(rows):
            rows = columns = np.array([0, 1])
        box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        back = (frame.T / scale).astype(np.float32)
        x, y = self.grid.x[box] - origin[0], self.grid.y[box] - origin[1]
        z = np.maximum(self.height[box], -3) - origin[2]
        local = [(r[0] * x + r[1] * y + r[2] * z).astype(np.float32) for r in back]
        return box, Solid(box, self.height[box], self.edge[box], *local)


def _place(part: Part, frame: Array, origin: Array, scale: float, grid: Grid) -> Solid:
    if part.is_tube:
        return tube(grid, part.centre @ frame.T * scale + origin, part.radii * scale, part.flat)
    own = frame if part.frame is None else frame @ part.frame
    return ellipsoid(grid, frame @ part.centre * scale + origin, part.radii * scale, own)


def _eye(t: Traits, solid: Solid, rng_free_slit: float) -> Array:
    """Colours of an eye: iris, pupil (a slit for a cat), a catchlight comes from the highlight."""
    iris = np.asarray(t.eye_colour, np.float32)
    wide = rng_free_slit if t.slit else 0.52
    pupil = (np.hypot(solid.x / wide, solid.y / (0.9 if t.slit else 0.52)) < 1) & (solid.z > 0)
    out = np.broadcast_to(iris, (*solid.x.shape, 3)).copy()
    out[pupil] = 0.03
    out[np.hypot(solid.x, solid.y) > 0.92] *= 0.4
    return out


def paint_animal(
    canvas: Canvas, rng: Rng, t: Traits, pose: str = "stand", yaw: float = 0.0, look: float | None = None,
    fit: tuple[float, float, float, float] = (-0.8, 0.8, -0.8, 0.8),
) -> None:  # fmt: skip
    """Paint one animal.

    Args:
        pose: stand, sit, lie, or head (a portrait).
        yaw: radians, 0 faces the camera, +-1.57 is a side view.
        look: yaw of the head in the picture; None: between the body's and the camera.
        fit: left, right, bottom, top that the animal should fill, in units.
    """
    pitch = rng.uniform(0.02, 0.30)
    body_frame = turn(yaw, pitch, 0)
    face = yaw * rng.uniform(0.1, 1.0) if look is None else look
    head_frame = turn(face, pitch * 0.5 + rng.normal(0.0, 0.12), rng.normal(0, 0.10))
    parts, skull = body_parts(t, "sit" if pose == "head" else pose, rng)
    heads = head_parts(t, rng)
    # Fit: the extent of what must be in the picture decides scale and origin.
    boxes = [_extent(p, head_frame, body_frame @ skull, t.head) for p in heads]
    if pose != "head":
        boxes += [_extent(p, body_frame, np.zeros(3), 1.0) for p in parts]
    low, high = np.min([b[0] for b in boxes], 0), np.max([b[1] for b in boxes], 0)
    left, right, bottom, top = fit
    scale = float(min((right - left) / (high[0] - low[0]), (top - bottom) / (high[1] - low[1])))
    origin = np.array([(left + right) / 2, (bottom + top) / 2, 0]) - np.append((low + high) / 2, 0) * scale
    if pose != "head":
        foot = low[1] * scale + origin[1] + 0.06
        canvas.ground_shadow((left + right) / 2, foot, (high[0] - low[0]) * scale * 0.5, 0.10 + 0.1 * pitch, 0.7)
    pelt = Pelt(canvas.grid)
    for p in parts:
        own = np.asarray(t.coat.of(p.region), np.float32)
        pelt.add(_place(p, body_frame, origin, scale, canvas.grid), own, 0.06, 1.0, p.blend * scale * 1.4)
    box, solid = pelt.crop(body_frame, origin, scale)
    _finish(canvas, rng, t, pelt, box, solid, body_coat(rng, t.coat, pelt.colour[box], solid), scale, 1.0)
    pelt = Pelt(canvas.grid)
    size, at = scale * t.head, body_frame @ skull * scale + origin
    narrow = float(rng.uniform(0.18, 0.6))
    bare = {"nose": t.nose_colour, "rim": np.asarray(t.coat.of("skull")) * 0.25}
    for p in heads:
        s = _place(p, head_frame, at, size, canvas.grid)
        own = np.asarray(bare.get(p.region, t.coat.of(p.region)), np.float32)
        furry = 0.0 if p.region in ("eye", "nose", "tongue", "rim") else 1.0
        shine = {"eye": 0.9, "nose": 0.5, "tongue": 0.3}.get(p.region, 0.06)
        pelt.add(s, _eye(t, s, narrow) if p.region == "eye" else own, shine, furry, p.blend * size * 1.4)
    box, solid = pelt.crop(head_frame, at, size)
    colour = head_coat(rng, t.coat, pelt.colour[box], solid, pelt.furry[box], t.muzzle)
    _finish(canvas, rng, t, pelt, box, solid, colour, scale, t.head)
    if t.whiskers:
        _whiskers(canvas, rng, t, head_frame, at, size)


def _extent(p: Part, frame: Array, at: Array, scale: float) -> tuple[Array, Array]:
    centres = np.atleast_2d(p.centre) @ frame.T * scale + at
    if p.is_tube:
        r = p.radii[:, None] * scale
    else:
        own = frame if p.frame is None else frame @ p.frame
        r = np.sqrt(((own * p.radii) ** 2).sum(1))[None, :2] * scale
    return (centres[:, :2] - r).min(0), (centres[:, :2] + r).max(0)


def _finish(
    canvas: Canvas, rng: Rng, t: Traits, pelt: Pelt, box: tuple, solid: Solid, colour: Array, scale: float, per: float
) -> None:
    """Fur on the outline, in the bump and in the colour, then light."""
    furry = pelt.furry[box]
    hair, bump = fur(rng, t.coat, solid, scale, per)
    colour = np.clip(colour * (1 + hair * furry)[..., None], 0, 1)
    solid.edge = solid.edge + np.clip(bump * 1.6, -0.03 * scale, 0.03 * scale) * furry
    feather = 0.008 + 0.03 * t.coat.shaggy * scale
    canvas.paint(solid, colour, bump * furry, pelt.shine[box], 25, hollow=0.75, feather=feather)


def _whiskers(canvas: Canvas, rng: Rng, t: Traits, frame: Array, at: Array, size: float) -> None:
    for s in (-1, 1):
        for k in range(3):
            start = np.array([s * 0.3, -0.32 + 0.08 * (k - 1), 0.45 + 0.5 * t.muzzle[2]])
            end = start + np.array([s * rng.uniform(0.9, 1.2), 0.22 * (k - 1) + rng.normal(0, 0.06), -0.1])
            spine = np.stack([start, end]) @ frame.T * size + at
            spine[:, 2] += 0.2
            hair = tube(canvas.grid, spine, [0.012 * size, 0.004 * size])
            canvas.paint(hair, (0.92, 0.92, 0.9), hollow=0, opacity=0.7)

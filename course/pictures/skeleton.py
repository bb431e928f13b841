"""The skeleton of four-legged animals: `Traits` of an individual, and the parts that a pose makes of them.

The animal faces +z, y is up, the shoulder height is 1. Parts are ellipsoids and tubes in three dimensions with the name
of a region; creature.py turns, merges and paints them. No bones, no muscles: at 96 pixels nobody sees them.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.pictures.coats import Coat
from course.pictures.noise import Array, Rng
from course.pictures.solids import turn


@dataclass(frozen=True)
class Traits:
    """One animal. Lengths are in shoulder heights, except those of the head, which are in skull radii."""

    coat: Coat
    length: float = 1.05
    chest: float = 0.27
    waist: float = 0.21
    leg: float = 0.085  # radius
    legs: float = 0.52  # length, shoulder height less the trunk
    neck: float = 0.34
    neck_thick: float = 0.17
    head: float = 0.23  # skull radius
    skull: tuple[float, float, float] = (0.92, 0.90, 1.0)
    muzzle: tuple[float, float, float] = (0.46, 0.42, 0.95)  # half width, half height, reach from the skull's middle
    jowl: float = 0.0
    nose: float = 0.17
    nose_colour: tuple[float, float, float] = (0.06, 0.05, 0.05)
    ears: str = "floppy"  # floppy, pointed, round, folded
    ear: tuple[float, float] = (0.36, 0.95)  # half width, length
    eye: float = 0.125
    eyes_apart: float = 0.42
    eye_colour: tuple[float, float, float] = (0.16, 0.09, 0.05)
    slit: bool = False  # a cat's pupil
    tail: str = "up"  # up, curled, down, stub
    tail_long: float = 0.7
    tail_thick: float = 0.055
    tongue: float = 0.4  # probability
    whiskers: bool = False

    def vary(self, rng: Rng, spread: float = 0.06) -> "Traits":
        """Another individual of the same kind."""

        def near(v: float) -> float:
            return float(v * np.exp(rng.normal(0, spread)))

        names = ("length", "chest", "waist", "leg", "legs", "neck", "head", "eye", "tail_long", "nose")
        scaled: dict[str, Any] = {name: near(getattr(self, name)) for name in names}
        w, h, reach = self.muzzle
        scaled |= {"muzzle": (near(w), near(h), near(reach)), "ear": (near(self.ear[0]), near(self.ear[1]))}
        return replace(self, **scaled, coat=self.coat.vary(rng))


@dataclass
class Part:
    """An ellipsoid (centre, radii, frame) or a tube (spine, radii) in the animal's frame, with the name of its region."""

    region: str
    centre: Array
    radii: Array
    frame: Array | None = None
    flat: float = 1.0
    blend: float = 0.05

    @property
    def is_tube(self) -> bool:
        return self.centre.ndim == 2


def blob(region: str, centre: tuple, radii: tuple, frame: Array | None = None, blend: float = 0.05) -> Part:
    return Part(region, np.asarray(centre, np.float64), np.asarray(radii, np.float64), frame, blend=blend)


def limb(region: str, spine: list, radii: list, flat: float = 1.0, blend: float = 0.05) -> Part:
    return Part(region, np.asarray(spine, np.float64), np.asarray(radii, np.float64), flat=flat, blend=blend)


def head_parts(t: Traits, rng: Rng) -> list[Part]:
    """Parts of the head in skull radii, looking to +z."""
    w, h, d = t.skull
    mw, mh, reach = t.muzzle
    low = -0.32
    parts = [blob("skull", (0, 0, 0), (w, h, d), blend=0.12)]
    parts.append(blob("cheek", (0, -0.28, 0.15), (w * 0.92, h * 0.62, d * 0.75), blend=0.2))
    middle = 0.45 + 0.35 * reach
    parts.append(blob("muzzle", (0, low, middle), (mw, mh, reach * 0.62), turn(0, 0.08, 0), blend=0.22))
    tip = middle + reach * 0.42
    parts.append(blob("muzzle", (0, low - 0.02, tip - 0.1), (mw * 0.85, mh * 0.8, 0.32), blend=0.12))
    parts.append(blob("jaw", (0, low - mh * 0.75, middle), (mw * 0.72, mh * 0.45, reach * 0.5), blend=0.08))
    if t.jowl:
        for x in (-mw * 0.62, mw * 0.62):
            parts.append(blob("muzzle", (x, low - t.jowl * 0.5, tip - 0.25), (mw * 0.55, t.jowl, 0.36), blend=0.1))
    nose = (t.nose * 1.15, t.nose * 0.85, t.nose * 0.8)
    parts.append(blob("nose", (0, low + mh * 0.50, tip + 0.16), nose, blend=0.015))
    if rng.random() < t.tongue:
        parts.append(blob("tongue", (0.03, low - mh * 1.25, tip - 0.1), (mw * 0.42, mh * 0.75, 0.1), blend=0.01))
    ex, ey = t.eyes_apart, 0.16
    ez = d * np.sqrt(max(0.05, 1 - (ex / w) ** 2 - (ey / h) ** 2))
    for s in (-1, 1):
        parts.append(blob("rim", (s * ex, ey, ez - 0.02), (t.eye * 1.3, t.eye * 1.12, t.eye * 0.8), blend=0.02))
        parts.append(blob("eye", (s * ex, ey, ez + t.eye * 0.25), (t.eye, t.eye * 0.95, t.eye * 0.8), blend=0.008))
        parts += ear_parts(t, s, rng)
    return parts


def ear_parts(t: Traits, s: int, rng: Rng) -> list[Part]:
    """One ear, on side s = -1 or 1."""
    w, h, _ = t.skull
    wide, long = t.ear
    wobble = rng.normal(0, 0.06)
    if t.ears == "floppy":
        spine = [
            [s * w * 0.55, h * 0.62, -0.1],
            [s * (w * 0.98), h * 0.35, 0.0],
            [s * (w * 1.08 + wobble), h * 0.3 - long * 0.6, 0.1],
            [s * w * 1.02, h * 0.3 - long, 0.15],
        ]
        return [limb("ear", spine, [wide * 0.35, wide * 0.8, wide, wide * 0.7], flat=0.55, blend=0.05)]
    if t.ears == "round":
        back = blob("ear", (s * w * 0.74, h * 0.78, -0.05), (wide, wide, wide * 0.45))
        front = (s * w * 0.74, h * 0.76, wide * 0.16)
        return [back, blob("inner", front, (wide * 0.62, wide * 0.62, wide * 0.35), blend=0.03)]
    lean = 0.18 + wobble
    base = np.array([s * w * 0.60, h * 0.55, -0.05])
    top = np.add(base, (s * lean, long, -0.05))
    widths = np.array([1.0, 0.72, 0.42, 0.08]) * wide
    spine = [base + (top - base) * k for k in (0, 0.4, 0.72, 1)]
    if t.ears == "folded":  # the tip falls forward
        spine[2] = np.add(base, (s * lean * 0.9, long * 0.60, 0.18))
        spine[3] = np.add(base, (s * (lean + 0.18), long * 0.28, 0.40))
        return [limb("ear", spine, list(np.add(widths, (0, 0, 0.1 * wide, 0.15 * wide))), flat=0.5, blend=0.05)]
    inner = [p + np.array([0, 0, wide * 0.28]) for p in spine[:3]]
    return [
        limb("ear", spine, list(widths), flat=0.5),
        limb("inner", inner, list(widths[:3] * 0.6), flat=0.4, blend=0.02),
    ]


def body_parts(t: Traits, pose: str, rng: Rng) -> tuple[list[Part], Array]:
    """Parts of trunk, legs and tail, and where the middle of the skull is."""
    c, w, half = t.chest, t.waist, t.length / 2
    s_out = c * 0.58
    parts: list[Part] = []

    def leg(region: str, spine: list[list[float]], *thick: float) -> None:
        parts.append(limb(region, spine, [t.leg * k for k in thick]))

    def paw(x: float, y: float, z: float, *size: float) -> None:
        wide, tall, long = size or (1.05, 0.75, 1.5)
        parts.append(blob("paw", (x, y, z), (t.leg * wide, t.leg * tall, t.leg * long)))

    if pose == "stand":
        y = t.legs + c  # height of the trunk's axis
        parts.append(blob("chest", (0, y, half * 0.55), (c * 0.88, c * 1.05, half * 0.62)))
        parts.append(blob("trunk", (0, y + 0.02, 0), (w * 0.98, w * 1.05, half * 0.95)))
        parts.append(blob("rump", (0, y, -half * 0.62), (w * 1.02, w * 1.12, half * 0.45)))
        stride = rng.normal(0, 0.08, 4)
        for s, fore, hind in ((-1, stride[0], stride[2]), (1, stride[1], stride[3])):
            x, z = s * s_out, half * 0.62
            leg("foreleg", [[x, y, z], [x, y * 0.5, z + 0.02], [x, 0.06, z + fore]], 1.5, 1, 0.85)
            paw(x, 0.05, z + fore + t.leg * 0.7)
            z = -half * 0.72
            spine = [[x, y * 0.95, z + 0.08], [x, y * 0.55, z + 0.07], [x, y * 0.30, z - 0.10], [x, 0.06, z + hind]]
            parts.append(limb("hindleg", spine, [w * 0.8, t.leg * 1.25, t.leg * 0.85, t.leg * 0.8]))
            paw(x, 0.05, z + hind + t.leg * 0.7)
        shoulder = np.array([0, y + c * 0.35, half * 0.85])
        rump_at = np.array([0, y + w * 0.55, -half * 1.0])
    elif pose == "sit":
        lean, top = half * 0.75, t.legs * 0.95 + c * 0.9
        parts.append(blob("chest", (0, top, lean * 0.55), (c * 0.92, c * 1.15, c * 0.95)))
        spine = [[0, top, lean * 0.4], [0, top * 0.62, 0], [0, w, -lean * 0.45]]
        parts.append(limb("trunk", spine, [c * 0.85, w * 1.1, w * 1.15]))
        for s in (-1, 1):
            x = s * s_out
            parts.append(blob("hindleg", (s * w * 0.95, w * 0.75, -lean * 0.2), (w * 0.55, w * 0.85, w * 1.15)))
            paw(s * w * 1.15, 0.05, lean * 0.35, 1.1, 0.75, 1.9)
            spine = [[x * 0.85, top * 0.95, lean * 0.8], [x * 0.8, top * 0.5, lean * 0.95], [x * 0.75, 0.06, lean]]
            leg("foreleg", spine, 1.5, 1, 0.85)
            paw(x * 0.75, 0.05, lean + t.leg * 0.7)
        shoulder = np.array([0, top + c * 0.5, lean * 0.75])
        rump_at = np.array([0, w * 0.4, -lean * 0.9])
    else:  # lie
        y = c * 0.95
        parts.append(blob("chest", (0, y, half * 0.5), (c * 0.95, c * 0.98, half * 0.6)))
        parts.append(blob("trunk", (0, y * 0.92, 0), (w * 1.05, w, half * 0.95)))
        parts.append(blob("rump", (0, y * 0.88, -half * 0.6), (w * 1.1, w * 1.05, half * 0.45)))
        for s in (-1, 1):
            x = s * s_out
            spine = [[x, y * 0.8, half * 0.7], [x * 1.1, 0.12, half * 0.8], [x * 0.9, 0.07, half + 0.42]]
            leg("foreleg", spine, 1.4, 1.1, 0.9)
            paw(x * 0.9, 0.06, half + 0.48, 1.05, 0.8, 1.4)
            parts.append(blob("hindleg", (s * w * 1.05, w * 0.7, -half * 0.5), (w * 0.5, w * 0.75, w * 1.1)))
            paw(s * w * 1.3, 0.06, -half * 0.5 + w, 1, 0.75, 1.7)
        shoulder = np.array([0, y + c * 0.4, half * 0.8])
        rump_at = np.array([0, y * 0.7, -half])
    rise = rng.uniform(0.75, 1.05)
    skull = shoulder + np.array([0, np.sin(rise), np.cos(rise)]) * (t.neck + t.head * 0.5)
    nape = [
        np.add(shoulder, (0, -c * 0.35, -0.06)),
        np.add((shoulder + skull) / 2, (0, -0.02, -0.03)),
        np.add(skull, (0, -t.head * 0.25, -t.head * 0.4)),
    ]
    parts.append(limb("neck", nape, [t.neck_thick * 1.45, t.neck_thick * 1.1, t.neck_thick]))
    parts.append(blob("bib", tuple(np.add(shoulder, (0, -c * 0.55, c * 0.25))), (c * 0.66, c * 0.92, c * 0.55)))
    parts += tail_parts(t, pose, rump_at, rng)
    return parts, skull


def tail_parts(t: Traits, pose: str, at: Array, rng: Rng) -> list[Part]:
    """The tail, from `at` backwards."""
    if t.tail == "stub":
        return [blob("tail", tuple(at), (0.09, 0.09, 0.1))]
    k = np.linspace(0, 1, 6)
    sway = rng.normal(0, 0.35)
    long, thick = t.tail_long, t.tail_thick
    if pose != "stand" and t.tail != "curled":
        angle = -0.1 - 0.1 * k  # along the ground
    elif t.tail == "up":
        angle = 0.5 + rng.normal(0, 0.2) + 0.9 * k
    elif t.tail == "curled":
        angle = 1.0 + 3.6 * k
    else:
        angle = -1.15 + 0.9 * k
    step = np.stack([np.sin(sway) * np.cos(angle), np.sin(angle), -np.cos(angle) * np.cos(sway)], 1) * long / 6
    spine = at + np.concatenate([[[0, 0, 0]], np.cumsum(step, 0)])
    spine[:, 1] = np.maximum(spine[:, 1], thick)
    widths = thick * np.array([1.3, 1.2, 1.15, 1.1, 1.0, 0.8, 0.45])
    return [limb("tail", list(spine), list(widths))]

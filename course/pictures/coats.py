"""Coats: the colours of an animal's regions, the markings over them, and the lie of the hair.

Markings are functions of object coordinates (body: shoulder heights, +z to the head, ground at 0; head: skull radii), so
that a blaze stays on the nose however the head turns.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from course.pictures.noise import Array, Colour, Rng, mix, smoothstep, solid
from course.pictures.solids import Solid

BLACK: Colour = (0.07, 0.065, 0.07)
WHITE: Colour = (0.93, 0.91, 0.87)
TAN: Colour = (0.66, 0.44, 0.24)
FAWN: Colour = (0.80, 0.65, 0.45)
CHOCOLATE: Colour = (0.27, 0.16, 0.10)
GOLD: Colour = (0.83, 0.66, 0.40)
GREY: Colour = (0.42, 0.43, 0.45)
CREAM: Colour = (0.88, 0.80, 0.66)
GINGER: Colour = (0.82, 0.50, 0.22)


@dataclass(frozen=True)
class Coat:
    """base: colour of all that `regions` does not name; marks: names of functions below, in order; second, third: their colours.

    shaggy: 0 is smooth, 1 very long hair; curly: 0 to 1.
    """

    base: Colour
    second: Colour = WHITE
    third: Colour = TAN
    regions: dict[str, Colour] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    shaggy: float = 0.15
    curly: float = 0.0

    def of(self, region: str) -> Colour:
        """The colour of a region of the body or head."""
        plain = {"inner": (0.62, 0.42, 0.38), "tongue": (0.78, 0.36, 0.40)}
        return self.regions.get(region) or plain.get(region) or self.base

    def vary(self, rng: Rng, spread: float = 0.035) -> "Coat":
        """The same coat on another individual: each colour a little lighter or darker, warmer or colder."""

        def near(c: Colour) -> Colour:
            v = np.asarray(c) * np.exp(rng.normal(0, spread * 2.5)) + rng.normal(0, spread * 0.5, 3)
            red, green, blue = (float(x) for x in np.clip(v, 0.03, 0.96))
            return red, green, blue

        base = near(self.base)
        regions = {k: (base if v == self.base else near(v)) for k, v in self.regions.items()}
        return replace(self, base=base, second=near(self.second), third=near(self.third), regions=regions,
                       shaggy=float(np.clip(self.shaggy * np.exp(rng.normal(0, 0.2)), 0, 1)))  # fmt: skip


def fur(rng: Rng, coat: Coat, s: Solid, unit: float, per: float) -> tuple[Array, Array]:
    """Hair: (change of brightness, bump in units), both (h, w).

    `unit` is a shoulder height in picture units; `per` the object unit of `s` in shoulder heights (1 for a body, the skull's
    radius for a head), so that hair is as fine on both.
    """
    curly = coat.curly > 0.5
    # Ten grains to a volume: short hair about 50 to the shoulder height, long hair 22, curls 20 and round.
    fine = 2.0 if curly else 5.0 / (1 + 1.6 * coat.shaggy)
    fall = 1.0 if curly else 0.25  # hair hangs, so its noise is stretched downwards; curls do not
    strand = solid(rng, (s.x, s.y * np.float32(fall), s.z), fine * per, "grain")
    coarse = solid(rng, (s.x, s.y * np.float32(0.5 + 0.5 * coat.curly), s.z), 1.1 * per, "grain")
    depth = 0.0015 + 0.010 * coat.shaggy + 0.012 * coat.curly
    hair = (0.03 + 0.10 * coat.shaggy + 0.11 * coat.curly) * strand + 0.05 * coarse * coat.shaggy
    bump = depth * unit * (0.7 * strand + 0.6 * coarse * (coat.shaggy + 0.3 * coat.curly))
    return hair.astype(np.float32), bump.astype(np.float32)


def body_coat(rng: Rng, coat: Coat, colour: Array, s: Solid) -> Array:
    """Markings on trunk, legs and tail over the blended region colours (h, w, 3)."""
    x, y, z = s.points
    back = 0.06 * smoothstep(0.2, 1.0, y)
    out = colour * (1 - back + 0.05 * solid(rng, s.points, 0.25))[..., None]
    for mark in coat.marks:
        if mark == "spots":
            out = mix(out, coat.second, smoothstep(0.9, 1.15, solid(rng, s.points, 0.42, "grain")))
        elif mark == "patches":
            out = mix(out, coat.second, smoothstep(0.15, 0.3, solid(rng, s.points, 0.16)))
        elif mark == "more patches":
            out = mix(out, coat.third, smoothstep(0.55, 0.7, solid(rng, s.points, 0.2)))
        elif mark == "saddle":
            rag = 0.10 * solid(rng, s.points, 0.5)
            out = mix(out, coat.second, smoothstep(0.62, 0.78, y + rag) * smoothstep(0.75, 0.5, np.abs(z + 0.05) + rag))
        elif mark == "points":  # tan on legs and chest of a dark dog
            out = mix(out, coat.third, smoothstep(0.38, 0.26, y + 0.04 * solid(rng, s.points, 0.5)))
        elif mark == "socks":
            out = mix(out, coat.second, smoothstep(0.26, 0.16, y + 0.04 * solid(rng, s.points, 0.5)))
        elif mark == "collar":
            ring = np.exp(-(((z - 0.52 + 0.05 * solid(rng, s.points, 0.4)) / 0.14) ** 2))
            out = mix(out, coat.second, ring * smoothstep(0.5, 0.6, y))
        elif mark == "tabby":
            wave = np.sin(z * 17 + 2.6 * solid(rng, s.points, 0.22) + 2 * y)
            legs = np.sin(y * 30)
            out = mix(out, coat.second, 0.8 * smoothstep(0.15, 0.7, np.where(y < 0.4, legs, wave)))
        elif mark == "brindle":
            out = mix(out, coat.second, 0.7 * smoothstep(0.2, 0.9, np.sin(z * 30 + 4 * solid(rng, s.points, 0.3))))
        elif mark == "pale belly":
            out = mix(out, coat.second, smoothstep(0.62, 0.45, y) * smoothstep(0.34, 0.2, np.abs(x)) * 0.8)
        elif mark == "grizzle":
            out = out * (1 + 0.12 * solid(rng, s.points, 1.2, "grain"))[..., None]
    return np.clip(out, 0.01, 1)


def head_coat(rng: Rng, coat: Coat, colour: Array, s: Solid, furry: Array, muzzle: tuple[float, float, float]) -> Array:
    """Markings on the head; `furry` (h, w) keeps eyes and nose as they are."""
    x, y, z = s.points
    out = colour * (1 + 0.04 * solid(rng, s.points, 0.12))[..., None]
    front = smoothstep(0.0, 0.5, z)
    for mark in coat.marks:
        if mark in ("blaze", "white blaze"):
            stripe = smoothstep(0.30, 0.16, np.abs(x) * (1.2 - 0.4 * y) + 0.05 * solid(rng, s.points, 0.2)) * front
            snout = smoothstep(-0.02, -0.16, y) * smoothstep(0.45, 0.75, z)
            out = mix(out, WHITE if mark == "white blaze" else coat.second, np.maximum(stripe, snout))
        elif mark == "mask":  # a dark muzzle
            out = mix(out, coat.second, smoothstep(0.55, 0.95, z) * smoothstep(0.15, -0.05, y))
        elif mark == "wolf":  # pale face, dark cap that comes down between the eyes
            cap = y - 0.25 * np.abs(x) - 0.25 * np.exp(-(((np.abs(x) - 0.4) / 0.16) ** 2))
            out = mix(out, coat.second, smoothstep(0.22, 0.0, cap) * front)
        elif mark == "points":
            brows = np.exp(-(((np.abs(x) - 0.34) / 0.12) ** 2) - ((y - 0.42) / 0.10) ** 2) * front
            sides = smoothstep(0.5, 0.9, z) * smoothstep(-0.12, -0.3, y) + smoothstep(-0.4, -0.6, y)
            out = mix(out, coat.third, np.clip(brows * 1.3 + sides, 0, 1))
        elif mark == "spots":
            out = mix(out, coat.second, smoothstep(1.0, 1.2, solid(rng, s.points, 0.16, "grain")))
        elif mark in ("patches", "more patches"):
            which = coat.second if mark == "patches" else coat.third
            out = mix(out, which, smoothstep(0.1, 0.25, solid(rng, s.points, 0.09)) * smoothstep(0.0, 0.1, y + 0.1))
        elif mark == "tabby":
            stripes = np.sin(x * 15 + 0.6 * solid(rng, s.points, 0.15)) * smoothstep(0.25, 0.45, y)
            cheeks = np.sin(y * 16 + np.abs(x) * 4) * smoothstep(0.45, 0.7, np.abs(x)) * smoothstep(0.3, 0.1, y)
            out = mix(out, coat.second, 0.8 * smoothstep(0.2, 0.7, stripes + cheeks))
            out = mix(out, WHITE, 0.5 * smoothstep(0.5, 0.8, z) * smoothstep(-0.1, -0.3, y))
        elif mark == "siamese":
            out = mix(out, coat.second, smoothstep(1.0, 0.3, np.hypot(x * 1.1, y + 0.15)) * front)
        elif mark == "tuxedo":
            out = mix(out, coat.second, smoothstep(-0.05, -0.2, y + 0.25 * np.abs(x)) * smoothstep(0.3, 0.6, z))
        elif mark == "panda":
            aside = np.abs(x) - 0.44
            patch = smoothstep(0.34, 0.26, np.hypot(aside * 1.15, y - 0.10 + 0.35 * aside))
            out = mix(out, coat.second, patch * front)
    line = np.exp(-(((y + 0.36 + muzzle[1] * 0.55 - 0.1 * x * x) / 0.045) ** 2)) * smoothstep(0.5, 0.75, z) * 0.75
    out = out * (1 - line)[..., None]  # the mouth
    out = out * (1 - 0.6 * np.exp(-((x / 0.03) ** 2)) * smoothstep(0.8, 0.95, z) * smoothstep(-0.2, -0.3, y))[..., None]
    return np.clip(mix(colour, out, furry), 0.01, 1)

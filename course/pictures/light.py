"""Light on surfaces seen along the z axis: a lamp, a sky and a ground, for the catalogue, the hands and the abstract pictures.

Lambert's law with a wrap for soft light or translucent skin, a sky and a ground that fill the shadows, Blinn's highlight. It draws
nothing and casts no shadow. Colours are linear light. A normal is three arrays (x right, y up, z to the camera) of any one shape.
"""

from dataclasses import dataclass

import numpy as np

from course.pictures.noise import Array, Colour, Rng

Normal = tuple[Array, Array, Array]


def linear(srgb: Array | Colour) -> Array:
    """sRGB in [0, 1] to linear light (the plain 2.2 power: nobody measures these colours)."""
    return np.power(np.clip(np.asarray(srgb, np.float32), 0, 1), np.float32(2.2))


def normals(height: Array, pixel: float, steepest: float | np.floating = np.inf) -> Normal:
    """The unit normals of a height field (h, w).

    Args:
        pixel: its side, in the units of the height.
        steepest: rise to the next pixel that is still believed.
    """
    down, right = np.gradient(height)
    gx, gy = np.clip(right, -steepest, steepest) / pixel, np.clip(down, -steepest, steepest) / pixel
    scale = 1 / np.sqrt(gx * gx + gy * gy + 1)
    return -gx * scale, gy * scale, scale


@dataclass(frozen=True)
class Light:
    """Where light comes from. `direction` is the unit vector to the lamp; strengths, (3,) or one number, are for white surfaces.

    wrap: how far the lamp reaches round an edge; of three numbers each is a channel's.
    """

    direction: Array
    key: Array | float = 0.85
    sky: Array | float = 0.42
    ground: Array | float = 0.18
    wrap: Array | float = 0.25

    @staticmethod
    def random(rng: Rng) -> "Light":
        """A lamp above, to one side, from soft window to hard sun; sum of strengths kept near 1.2."""
        angle, up = rng.uniform(-1.2, 1.2), rng.uniform(0.35, 1.1)
        direction = np.array([np.sin(angle), up, np.cos(angle) * 0.9 + 0.25], np.float32)
        hard = rng.uniform(0, 1)
        tint = 1 + rng.uniform(-0.05, 0.05) * np.array([1, 0, -1], np.float32)
        return Light(
            direction / np.linalg.norm(direction),
            key=(0.62 + 0.45 * hard) * tint.astype(np.float32),
            sky=np.full(3, 0.55 - 0.25 * hard, np.float32) / tint.astype(np.float32),
            ground=np.full(3, rng.uniform(0.1, 0.3), np.float32),
            wrap=float(0.5 - 0.4 * hard),
        )

    def lit(self, normal: Normal, albedo: Array, lamp: Array | float = 1.0, around: Array | float = 1.0) -> Array:
        """What surfaces with `normal` and linear `albedo` (..., 3) send to the camera, without their shine.

        Args:
            lamp, around: how much of the lamp, and of sky and ground, reaches each of them: shadows and hollows.
        """
        facing = _along(normal, self.direction)[..., None]
        beam = np.clip((facing + self.wrap) / (1 + self.wrap), 0, 1) * (self.key * lamp)
        return albedo * (
            beam + self.ground * around + (self.sky - self.ground) * around * (normal[1] * 0.5 + 0.5)[..., None]
        )

    def highlight(self, normal: Normal, gloss: float) -> Array:
        """Blinn's highlight, 0 to 1: the surface's mirror image of the lamp, blurred by an exponent `gloss`."""
        half = self.direction + np.array([0, 0, 1], np.float32)
        return np.power(np.clip(_along(normal, half / np.linalg.norm(half)), 1e-3, 1), np.float32(gloss))


def _along(normal: Normal, direction: Array) -> Array:
    x, y, z = (float(c) for c in direction)
    return normal[0] * x + normal[1] * y + normal[2] * z

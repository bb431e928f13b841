"""The canvas: solids are lit and laid over what is there, back to front.

Hollows are darkened by comparing the height with its own blur; things cast soft shadows. Colours inside are linear light;
colours given to and taken from users are sRGB in [0, 1].
"""

from collections.abc import Sequence

import numpy as np

from course.pictures.light import Light, linear, normals
from course.pictures.noise import Array, Colour, blur
from course.pictures.solids import Grid, Solid


class Canvas:
    """A picture being painted: `rgb` (size, size, 3) linear float32, a grid and a light."""

    def __init__(
        self, size: int, light: Light, background: Array | Colour = (1, 1, 1), brightness: float = 1.0
    ) -> None:
        self.grid = Grid(size)
        self.light = light
        self.rgb = np.empty((size, size, 3), np.float32)
        self.rgb[:] = np.power(np.clip(background, 0, 1), 2.2) * brightness

    def paint(
        self,
        solid: Solid,
        colour: Array | Colour,
        bump: Array | None = None,
        shine: float | Array = 0.15,
        gloss: float = 30.0,
        hollow: float = 0.5,
        opacity: float | Array = 1.0,
        feather: float = 0.0,
    ) -> Array:
        """Light `solid` and lay it on the picture; returns its coverage (h, w) in [0, 1] for shadows.

        Args:
            colour: sRGB, (3,) or (h, w, 3) for the solid's box.
            bump: (h, w), units, added to the height.
            shine: strength of the highlight; gloss: its exponent.
            hollow: how much hollows darken.
            feather: width in units over which the outline fades, beyond the one pixel that it always has (fur).
        """
        if solid.height.shape[0] < 2 or solid.height.shape[1] < 2:
            return np.zeros(solid.height.shape, np.float32)
        pixel = self.grid.pixel
        height = solid.height if bump is None else solid.height + bump
        normal = normals(height, pixel, np.float32(pixel * 6))  # a rim steeper than this tells no more, and aliases
        lit = self.light.lit(normal, linear(colour))
        if np.any(np.asarray(shine) > 0):
            lit = lit + (self.light.highlight(normal, gloss) * shine * 1.2)[..., None] * self.light.key
        if hollow:
            inside = np.where(solid.edge > 0, height, height[solid.edge > 0].min() if (solid.edge > 0).any() else 0)
            dent = blur(inside, max(3.0, 0.12 / pixel)) - inside
            rim = np.clip(solid.edge / 0.06, 0, 1)  # the blur is wrong near the outline
            lit *= (1 - hollow * np.clip(dent * 8, 0, 1) * rim)[..., None]
        return self.lay(solid.box, lit, np.clip(solid.edge / (pixel + feather) + 0.5, 0, 1) * opacity)

    def flat(self, solid: Solid, colour: Array | Colour, normal: Sequence[float] | Array) -> Array:
        """Lay a flat face with one `normal`: cheaper than `paint`, and with crisp edges."""
        n = np.asarray(normal, np.float32)
        x, y, z = n / np.linalg.norm(n)
        return self.lay(solid.box, self.light.lit((x, y, z), linear(colour)), self._cover(solid))

    def lay(self, box: tuple[slice, slice], light: Array, alpha: Array) -> Array:
        """Lay `light` (3,) or (h, w, 3) on a box where `alpha` (h, w) covers it; returns `alpha`."""
        target = self.rgb[box]
        target += (light - target) * alpha[..., None]
        return alpha

    def _cover(self, solid: Solid) -> Array:
        return np.clip(solid.edge / self.grid.pixel + 0.5, 0, 1)

    def darken(self, amount: Array) -> None:
        """Multiply the picture by 1 - `amount` (size, size)."""
        self.rgb *= (1 - np.clip(amount, 0, 1))[..., None]

    def ground_shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 0.6) -> None:
        """The soft shadow of a thing that stands at (x, y): a dark core and a wide half-shadow away from the lamp."""
        lx = float(self.light.direction[0])
        g = self.grid
        core = ((g.x - x) / rx) ** 2 + ((g.y - y) / ry) ** 2
        wide = ((g.x - x + lx * rx * 0.7) / (rx * 1.6)) ** 2 + ((g.y - y) / (ry * 1.9)) ** 2
        self.darken(strength * (0.65 * np.exp(-(core**1.5)) + 0.45 * np.exp(-wide * 1.3)))

    def drop_shadow(self, solid: Solid, shift: tuple[float, float], soft: float, strength: float = 0.5) -> None:
        """The shadow of `solid` on a wall or on what lies just behind it, moved by `shift` units, blurred by `soft`."""
        size, pixel = self.grid.size, self.grid.pixel
        mask = np.zeros((size, size), np.float32)
        mask[solid.box] = self._cover(solid)
        mask = np.roll(mask, (-round(shift[1] / pixel), round(shift[0] / pixel)), (0, 1))
        self.darken(strength * np.clip(blur(mask, soft / pixel), 0, 1))

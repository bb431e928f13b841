"""The canvas: solids are lit and laid over what is there, back to front.

Lambert's law with a wrap for soft light, a sky and a ground that fill the shadows, Blinn's highlight, hollows darkened by
comparing the height with its own blur, and soft shadows under things. Colours inside are linear light; colours given to
and taken from users are sRGB in [0, 1].
"""

from dataclasses import dataclass, field

import numpy as np

from course.pictures.noise import Array, Rng, blur
from course.pictures.solids import Grid, Solid


def linear(srgb: Array | tuple[float, float, float]) -> Array:
    """sRGB in [0, 1] to linear light (the plain 2.2 power: nobody measures these colours)."""
    return np.power(np.clip(np.asarray(srgb, np.float32), 0, 1), np.float32(2.2))


@dataclass
class Light:
    """Where light comes from. `direction` points to the lamp; strengths are for white surfaces."""

    direction: Array
    key: Array = field(default_factory=lambda: np.full(3, 0.85, np.float32))
    sky: Array = field(default_factory=lambda: np.full(3, 0.42, np.float32))
    ground: Array = field(default_factory=lambda: np.full(3, 0.18, np.float32))
    wrap: float = 0.25

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


class Canvas:
    """A picture being painted: `rgb` (size, size, 3) linear float32, a grid and a light."""

    def __init__(self, size: int, light: Light, background: Array | tuple[float, float, float] = (1, 1, 1)) -> None:
        self.grid = Grid(size)
        self.light = light
        self.rgb = np.empty((size, size, 3), np.float32)
        self.rgb[:] = linear(background)

    def paint(
        self,
        solid: Solid,
        colour: Array | tuple[float, float, float],
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
        down, right = np.gradient(height)
        limit = np.float32(pixel * 6)  # a rim steeper than this tells no more, and aliases
        gx, gy = np.clip(right, -limit, limit) / pixel, np.clip(down, -limit, limit) / pixel
        scale = 1 / np.sqrt(gx * gx + gy * gy + 1)
        nx, ny = -gx * scale, gy * scale
        lit = self.shade(nx, ny, scale, linear(colour), shine, gloss)
        if hollow:
            inside = np.where(solid.edge > 0, height, height[solid.edge > 0].min() if (solid.edge > 0).any() else 0)
            dent = blur(inside, max(3.0, 0.12 / pixel)) - inside
            rim = np.clip(solid.edge / 0.06, 0, 1)  # the blur is wrong near the outline
            lit *= (1 - hollow * np.clip(dent * 8, 0, 1) * rim)[..., None]
        alpha = np.clip(solid.edge / (pixel + feather) + 0.5, 0, 1) * np.float32(1) * opacity
        target = self.rgb[solid.box]
        target += (lit - target) * alpha[..., None]
        return alpha

    def shade(
        self, nx: Array, ny: Array, nz: Array, albedo: Array, shine: float | Array = 0.15, gloss: float = 30.0
    ) -> Array:
        """Light reflected to the camera by surfaces with normals (h, w) and linear `albedo`, (h, w, 3)."""
        light = self.light
        lx, ly, lz = (float(c) for c in light.direction)
        facing = nx * lx + ny * ly + nz * lz
        diffuse = np.clip((facing + light.wrap) / (1 + light.wrap), 0, 1)
        up = (ny * 0.5 + 0.5)[..., None]
        lit = albedo * (diffuse[..., None] * light.key + light.ground + (light.sky - light.ground) * up)
        if np.any(np.asarray(shine) > 0):
            half = light.direction + np.array([0, 0, 1], np.float32)
            hx, hy, hz = (float(c) for c in half / np.linalg.norm(half))
            spark = np.power(np.clip(nx * hx + ny * hy + nz * hz, 1e-3, 1), np.float32(gloss)) * shine
            lit = lit + (spark * 1.2)[..., None] * light.key
        return lit

    def flat(
        self, solid: Solid, colour: Array | tuple[float, float, float], normal: tuple[float, float, float]
    ) -> Array:
        """Lay a flat face with one `normal`: cheaper than `paint`, and with crisp edges."""
        n = np.asarray(normal, np.float32)
        n = n / np.linalg.norm(n)
        ones = np.ones(solid.edge.shape, np.float32)
        lit = self.shade(n[0] * ones, n[1] * ones, n[2] * ones, np.broadcast_to(linear(colour), (*ones.shape, 3)), 0.0)
        alpha = np.clip(solid.edge / self.grid.pixel + 0.5, 0, 1)
        target = self.rgb[solid.box]
        target += (lit - target) * alpha[..., None]
        return alpha

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
        mask[solid.box] = np.clip(solid.edge / pixel + 0.5, 0, 1)
        mask = np.roll(mask, (-round(shift[1] / pixel), round(shift[0] / pixel)), (0, 1))
        self.darken(strength * np.clip(blur(mask, soft / pixel), 0, 1))

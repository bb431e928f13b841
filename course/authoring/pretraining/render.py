"""Paint and light one or several solids on a ground: coordinates → height → albedo with blemishes → shading.

The second half of `contours`, which names them. Lit by one distant lamp of `course.pictures.light`, in display colours as if they
were linear; a soft shadow falls on plain grounds.
"""

import numpy as np

from course.authoring.pretraining.contours import SHAPES, Picture, Shape, near_colour, random_colour, tint
from course.authoring.pretraining.fields import PRECISION, binomial_blur, cells, cloud
from course.pictures.light import Light, normals
from course.pictures.noise import mix, smoothstep
from course.pictures.solids import Grid, turned

BROWNS = ((0.35, 0.2, 0.1), (0.2, 0.12, 0.08), (0.5, 0.32, 0.15), (0.1, 0.08, 0.07), (0.45, 0.38, 0.25))
MOULDS = (
    (0.35, 0.48, 0.42),
    (0.55, 0.62, 0.6),
    (0.3, 0.4, 0.25),
    (0.85, 0.85, 0.82),
    (0.3, 0.35, 0.4),
    (0.25, 0.25, 0.25),
)


def ground(rng: np.random.Generator, size: int) -> tuple[np.ndarray, float]:
    """A background (size, size, 3) float32 and how plain it is in [0, 1]."""
    grid = Grid(size, PRECISION)
    kind = rng.random()
    if kind < 0.5:  # studio white, or nearly
        level = rng.uniform(0.88, 1.0)
        base = np.full((size, size, 3), level, np.float32)
        if rng.random() < 0.5:
            base *= (1 - rng.uniform(0, 0.2) * smoothstep(0.2, 1.6, np.hypot(grid.x, grid.y)))[..., None]
        return base, 1.0
    colour = random_colour(rng)
    if kind < 0.62:  # one colour with a gradient
        slope = rng.normal(0, 0.15, 2)
        return np.clip(colour + (slope[0] * grid.x + slope[1] * grid.y)[..., None], 0, 1).astype(np.float32), 0.8
    other = near_colour(rng, colour, 0.15) if rng.random() < 0.6 else random_colour(rng)
    if kind < 0.74:  # planks or cloth
        along, _ = turned(grid.x, grid.y, rng.uniform(0, np.pi))
        wave = np.sin(along * rng.uniform(6, 40) + cloud(rng, size, 0.8) * rng.uniform(0, 2))
        grain = cloud(rng, size, 0.2) * 0.25
        return np.clip(mix(colour, other, 0.5 + 0.4 * wave) + 0.12 * grain[..., None], 0, 1).astype(np.float32), 0.2
    if kind < 0.88:  # clouds, sand, leaves out of focus
        amount = smoothstep(-1.5, 1.5, cloud(rng, size))
        return mix(colour, other, amount).astype(np.float32), 0.3
    shades = cells(rng, size, rng.integers(0, 4))[2]
    return mix(colour, other, shades).astype(np.float32), 0.1


class Specimen:
    """One solid of a shape, somewhere on the picture: mask, height, and coordinates of its skin."""

    def __init__(
        self, shape: Shape, rng: np.random.Generator, size: int, at: tuple[float, float], scale: float, angle: float
    ) -> None:
        grid = Grid(size, PRECISION)
        aspect = rng.uniform(*shape.aspect)
        self.bend = rng.uniform(*shape.bend) * (1 if rng.random() < 0.5 else -1)
        u, v = turned((grid.x - at[0]) / scale, (grid.y - at[1]) / scale, angle, precision=np.float32)
        if self.bend:  # bend the axis: to polar coordinates about a far centre
            far = 1 / self.bend
            radius = np.hypot(u + far, v)
            u, v = (radius - abs(far)) * np.sign(far), np.arctan2(v, (u + far) * np.sign(far)) * abs(far)
        self.aspect = aspect
        u = u / aspect
        self.u, self.v = u, v
        self.theta = np.arctan2(u, v)
        r = np.hypot(u, v)
        outline = shape.contour(self.theta, rng)
        self.rho = r / np.maximum(outline, 0.05)  # 1 on the contour
        edge = 2.4 / (size * scale * min(aspect, 1))
        self.mask = smoothstep(1 + edge, 1 - edge, self.rho)
        if shape.hole:
            self.mask = self.mask * smoothstep(shape.hole - edge, shape.hole + edge, self.rho)
            inner = np.clip((self.rho - (1 + shape.hole) / 2) / ((1 - shape.hole) / 2), -1, 1)
            self.height = np.sqrt(np.clip(1 - inner**2, 0, 1)) * (1 - shape.hole) / 2
        else:
            self.height = np.clip(1 - np.clip(self.rho, 0, 1) ** shape.flat, 0, 1) ** (
                1 / 2 if shape.flat <= 2 else 1 / shape.flat
            )
        self.height = self.height * min(aspect, 1) * scale
        self.scale = scale


def _relief(
    rng: np.random.Generator, shape: Shape, solid: Specimen, size: int, wrinkles: float
) -> tuple[np.ndarray, float]:
    """The height with its fine relief, and how bumpy it is in [0, 1]."""
    height, bumps = solid.height, 0.0
    unit = solid.scale / size
    if shape.ridges:
        girth = np.maximum(np.sqrt(np.clip(1 - solid.v**2, 0, 1)), 0.05)
        meridian = np.arcsin(np.clip(solid.u / girth, -1, 1))
        height = height * (1 + 0.1 * rng.uniform(0.5, 1.2) * np.cos(shape.ridges * meridian))
    if shape.relief == "peel":
        bumps = rng.uniform(0.3, 1)
        height = height + bumps * 1.2 * unit * cloud(rng, size, 0.2)
    elif shape.relief == "rough":
        bumps = rng.uniform(0.3, 1)
        height = height + bumps * 2.5 * unit * cloud(rng, size, rng.uniform(0.2, 0.6))
    elif shape.relief == "seam":
        height = height - 0.15 * solid.scale * np.exp(-(((solid.u - 0.3 * np.cos(solid.v)) / 0.07) ** 2))
    if wrinkles:
        folds = (
            np.abs(cloud(rng, size, rng.uniform(0.5, 0.8)))
            if rng.random() < 0.7
            else cells(rng, size, rng.integers(1, 4))[1] * 1.5
        )
        height = height + wrinkles * 7 * unit * np.minimum(folds, 1.5)
    return height, bumps


def _skin(
    rng: np.random.Generator, shape: Shape, solid: Specimen, size: int, base: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, float]:
    """Albedo before any blemish (size, size, 3), and how striped it is."""
    pattern, striped = rng.random(), 0.0
    if shape.spokes:
        count = shape.spokes + rng.integers(-2, 4)
        rays = smoothstep(0.12, 0.3, np.abs(np.sin(solid.theta * count / 2)) * np.clip(solid.rho * 1.3, 0, 1))
        albedo = mix(second, base, rays * smoothstep(0.93, 0.86, solid.rho))
        return np.where((solid.rho > 0.93)[..., None], base * 0.85, albedo), 0.0
    if pattern < 0.3:
        albedo = np.broadcast_to(base, (size, size, 3))
    elif pattern < 0.55:  # blush
        albedo = mix(
            base,
            second,
            smoothstep(-1.2, 1.2, cloud(rng, size, 1.0) + rng.uniform(-1, 1) + solid.v * rng.uniform(-1, 1)),
        )
    elif pattern < 0.75:  # along the meridians
        striped = rng.uniform(0.3, 1)
        streak = np.sin(
            np.arctan2(solid.u, 0.2 + solid.height / solid.scale) * rng.integers(8, 30) + cloud(rng, size, 0.6) * 0.8
        )
        albedo = mix(base, second, striped * smoothstep(-0.6, 0.8, streak + 0.5 * cloud(rng, size, 0.4)))
    elif pattern < 0.9:
        albedo = mix(base, second, 0.6 * smoothstep(-2, 2, cloud(rng, size, rng.uniform(0.2, 0.7))))
    else:  # ends of another colour
        albedo = mix(base, second, smoothstep(rng.uniform(0.4, 0.7), 0.95, np.abs(solid.v)))
    return albedo, striped


def _blemish(
    rng: np.random.Generator, solid: Specimen, size: int, albedo: np.ndarray, causes: dict[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paint what has gone wrong: albedo, extra relief and matt areas; amounts are written to causes."""
    relief: np.ndarray = np.zeros((size, size), np.float32)
    matt = relief.copy()
    brown = np.asarray(BROWNS[rng.integers(len(BROWNS))], np.float32)
    area = solid.mask.sum() + 1e-6
    share = lambda m: float((m * solid.mask).sum() / area)  # noqa: E731
    if rng.random() < 0.25:  # the whole skin turns
        amount = rng.uniform(0.2, 0.95)
        wash = amount * smoothstep(-2, 1, cloud(rng, size, rng.uniform(0.4, 1)) + 2 * amount - 1)
        albedo = mix(albedo, tint(albedo.mean((0, 1)), tuple(brown * 1.6), 1.0), wash)
        causes["browning"] = share(wash)
    if rng.random() < 0.3:  # small spots
        near = cells(rng, size, rng.integers(1, 5))
        spots = smoothstep(0.03, -0.03, near[0] - rng.uniform(0.1, 0.45) * near[2]) * rng.uniform(0.5, 1)
        albedo = mix(albedo, brown, spots)
        causes["spots"] = min(1.0, 2 * share(spots))
    if rng.random() < 0.3:  # soft rot, with rings now and then
        where = rng.normal(0, 0.45, 2)
        reach = rng.uniform(0.2, 0.9)
        distance = np.hypot((solid.u - where[0]) * min(1, solid.aspect * 1.2), solid.v - where[1]) + rng.uniform(
            0.02, 0.2
        ) * cloud(rng, size, 0.7)
        patch = smoothstep(reach, reach * rng.uniform(0.5, 0.93), distance)
        colour = near_colour(rng, brown, 0.06)
        rings = 1 + rng.uniform(0, 0.3) * np.sin(distance * rng.uniform(10, 40))
        albedo = mix(albedo, colour * rings[..., None], patch * rng.uniform(0.6, 1))
        relief = relief - rng.uniform(0, 0.12) * patch * solid.scale
        matt = np.maximum(matt, patch * rng.uniform(0, 1))
        causes["patch"] = share(patch)
    if rng.random() < 0.25:  # mould: pale rim, coloured powder inside
        where, reach = rng.normal(0, 0.5, 2), rng.uniform(0.15, 0.9)
        distance = np.hypot((solid.u - where[0]) * min(1, solid.aspect * 1.2), solid.v - where[1]) + rng.uniform(
            0.05, 0.25
        ) * cloud(rng, size, 0.5)
        white = smoothstep(reach, reach * 0.8, distance)
        inner = smoothstep(reach * 0.8, reach * rng.uniform(0.4, 0.7), distance)
        powder = np.asarray(MOULDS[rng.integers(len(MOULDS))], np.float32)
        fuzz = cloud(rng, size, rng.choice([0.0, 0.2, 0.4]))
        albedo = mix(albedo, np.float32(0.92) + 0.04 * fuzz[..., None], white * rng.uniform(0.5, 1))
        albedo = mix(albedo, powder + 0.06 * fuzz[..., None], inner * rng.uniform(0.5, 1))
        relief = relief + (fuzz * 1.5 / size) * white * solid.scale
        matt = np.maximum(matt, white)
        causes["mould"] = share(white)
    if rng.random() < 0.2:  # pale pores
        near = cells(rng, size, rng.integers(3, 5))
        pores = smoothstep(0.2, 0.1, near[0]) * rng.uniform(0.2, 0.7)
        albedo = mix(albedo, np.ones(3, np.float32), pores)
        causes["freckles"] = min(1.0, 4 * share(pores))
    return albedo, relief, matt


def _top(solid: Specimen, shape: Shape, rng: np.random.Generator, size: int, image: np.ndarray) -> np.ndarray:
    """Stalk and leaf at the top of the axis, drawn flat."""
    if rng.random() < shape.stem:
        width, length = rng.uniform(0.04, 0.1) / max(solid.aspect, 0.25), rng.uniform(0.15, 0.45)
        sway = solid.u - rng.uniform(-0.6, 0.6) * (solid.v - 0.85) ** 2
        stalk = (
            smoothstep(width * 1.3, width * 0.7, np.abs(sway))
            * smoothstep(0.7, 0.8, solid.v)
            * smoothstep(0.9 + length, 0.85 + length, solid.v)
        )
        image = mix(image, near_colour(rng, np.array((0.3, 0.22, 0.12)), 0.08), stalk)
    if rng.random() < shape.leaf:
        for _ in range(rng.integers(1, 3)):
            angle, length = rng.uniform(-1.6, 1.6), rng.uniform(0.4, 0.9)
            along, across = turned((solid.v - 0.85) / length, solid.u * solid.aspect / length, angle)
            blade = smoothstep(0.03, -0.03, np.abs(across) - 0.9 * np.clip(along * (1 - along), 0, 1))
            rib = 0.35 * np.exp(-((across / 0.03) ** 2))
            green = near_colour(rng, np.array((0.25, 0.48, 0.14)), 0.07) * (1 - rib)[..., None]
            image = mix(image, green, blade * (along > 0) * (along < 1))
    return image


def render(name: str, rng: np.random.Generator, size: int) -> Picture:
    """One picture of the named solid (or several of it) with all its causes; image (size, size, 3) float32 in [0, 1]."""
    shape = SHAPES[name]
    image, plain = ground(rng, size)
    causes = {
        "plain_ground": plain,
        "spots": 0.0,
        "patch": 0.0,
        "mould": 0.0,
        "browning": 0.0,
        "freckles": 0.0,
        "wrinkles": 0.0,
    }
    several = rng.random() < shape.bunch
    count = int(rng.integers(2, 7)) if several else 1
    base = (
        near_colour(rng, np.asarray(shape.hues[rng.integers(len(shape.hues))]))
        if shape.hues and rng.random() < 0.6
        else random_colour(rng)
    )
    second = random_colour(rng) if rng.random() < 0.3 else near_colour(rng, base, 0.18)
    lamp = np.array([rng.uniform(-0.8, 0.8), rng.uniform(-0.3, 0.9), 1.0])
    lamp /= np.linalg.norm(lamp)
    ambient, gloss, sharp = rng.uniform(0.25, 0.6), max(0.0, rng.uniform(-0.3, 0.8)), rng.uniform(8, 60)
    light = Light(lamp, key=(1 - ambient) * 1.15, sky=ambient, ground=ambient, wrap=0.0)
    ill = rng.random() < 0.55
    if ill and rng.random() < 0.35:
        causes["wrinkles"] = rng.uniform(0.25, 1)
    angle = rng.normal(0, 0.25) if rng.random() < shape.upright else rng.uniform(-np.pi, np.pi)
    covered = np.zeros((size, size), np.float32)
    for k in range(count):
        scale = rng.uniform(0.6, 0.95) if count == 1 else rng.uniform(0.3, 0.6)
        if shape.aspect[1] < 0.5:
            scale *= 1.25  # long and thin: fill the canvas
        at = rng.uniform(-0.18, 0.18, 2) if count == 1 else rng.uniform(-0.55, 0.55, 2)
        solid = Specimen(shape, rng, size, (at[0], at[1]), scale, angle + rng.normal(0, 0.2) * (k > 0))
        albedo, striped = _skin(rng, shape, solid, size, base, second)
        height, bumps = _relief(rng, shape, solid, size, causes["wrinkles"])
        matt = np.zeros((size, size), np.float32)
        if ill:
            albedo, extra, matt = _blemish(rng, solid, size, albedo, causes)
            height = height + extra
        normal = normals(height, 2.0 / size)
        lit = light.lit(normal, albedo) + (light.highlight(normal, sharp) * gloss * (1 - matt))[..., None]
        if plain > 0.5 and k == 0 and rng.random() < 0.6:
            lift = int(rng.integers(1, max(2, size // 12)))
            shadow = binomial_blur(np.roll(solid.mask, (lift, -int(np.sign(lamp[0])) * lift), (0, 1)), 6)
            image = image * (1 - rng.uniform(0.1, 0.5) * shadow)[..., None]
        image = mix(image, lit, solid.mask)
        image = _top(solid, shape, rng, size, image)
        covered = np.maximum(covered, solid.mask)
    causes |= {
        "coverage": float(covered.mean()), "count": count / 6, "gloss": min(1.0, gloss), "bumps": bumps, "stripes": striped,
        "light_x": lamp[0] / 2 + 0.5, "light_y": lamp[1] / 2 + 0.5,
        "red": base[0], "green": base[1], "blue": base[2],
        "second_red": second[0], "second_green": second[1], "second_blue": second[2],
        "elongation": min(solid.aspect, 1 / solid.aspect), "bend": min(1.0, abs(solid.bend)),
    }  # fmt: skip
    return Picture(np.clip(image, 0, 1), causes)

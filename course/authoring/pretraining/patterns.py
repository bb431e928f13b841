"""Patterns made by formulas: fractals, gratings, cells, weaves, marbles, fur. Flat pictures without a solid, for pre-training.

Each pattern is a category of its own; colours, phase, scale and orientation vary freely inside it. Sources: iterated
function systems and their use for pre-training (Barnsley 1988; Kataoka et al. 2020, whose thousand random fractals are too
alike at 96 px, so twelve well-separated ones stand here); flames (Draves 2003) for the bending of the plane.
"""

from collections.abc import Callable

import numpy as np

from course.authoring.pretraining.contours import Picture, random_colour
from course.authoring.pretraining.fields import PRECISION, binomial_blur, cells, cloud
from course.pictures.noise import mix, smoothstep
from course.pictures.solids import Grid, turned

Scalar = Callable[[np.random.Generator, int], np.ndarray]  # (rng, size) → (size, size) float32 in [0, 1]


def _turned(rng: np.random.Generator, size: int, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates turned by any angle, shifted, and scaled by a random factor in [low, high]."""
    grid = Grid(size, PRECISION)
    u, v = turned(grid.x, grid.y, rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(low), np.log(high))))
    dx, dy = rng.uniform(-1, 1, 2)
    return (u + dx).astype(np.float32), (v + dy).astype(np.float32)


def _sine(rng: np.random.Generator, size: int) -> np.ndarray:
    u, _ = _turned(rng, size, 8, 45)
    return 0.5 + 0.5 * np.sin(u)


def _bars(rng: np.random.Generator, size: int) -> np.ndarray:
    u, _ = _turned(rng, size, 8, 40)
    return smoothstep(-0.15, 0.15, np.sin(u) + rng.uniform(-0.6, 0.6))


def _checker(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 6, 25)
    return smoothstep(-0.1, 0.1, np.sin(u) * np.sin(v))


def _plaid(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 6, 25)
    return (smoothstep(-0.1, 0.1, np.sin(u) + 0.4) + smoothstep(-0.1, 0.1, np.sin(v) + 0.4)) / 2


def _dots(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 2, 8)
    return smoothstep(0.05, -0.05, np.hypot(u - np.round(u), v - np.round(v)) - rng.uniform(0.15, 0.4))


def _brickwork(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 2, 7)
    row = np.floor(v * 2)
    across = u + 0.5 * (row % 2)
    return smoothstep(0.02, 0.07, np.minimum(np.abs(across - np.round(across)), np.abs(v * 2 - np.round(v * 2)) / 2))


def _weave(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 3, 9)
    over = (np.floor(u) + np.floor(v)) % 2
    return np.where(over > 0, np.sin((u % 1) * np.pi), np.sin((v % 1) * np.pi)) * (0.7 + 0.3 * over)


def _rings(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 1, 1)
    return 0.5 + 0.5 * np.sin(np.hypot(u, v) * rng.uniform(10, 45))


def _spiral(rng: np.random.Generator, size: int) -> np.ndarray:
    grid = Grid(size, PRECISION)
    dx, dy = rng.uniform(-0.4, 0.4, 2)
    r, theta = np.hypot(grid.x - dx, grid.y - dy), np.arctan2(grid.y - dy, grid.x - dx)
    return 0.5 + 0.5 * np.sin(rng.integers(1, 5) * theta * rng.choice([-1, 1]) + r * rng.uniform(8, 25))


def _rays(rng: np.random.Generator, size: int) -> np.ndarray:
    grid = Grid(size, PRECISION)
    dx, dy = rng.uniform(-0.5, 0.5, 2)
    return smoothstep(-0.3, 0.3, np.sin(rng.integers(6, 22) * np.arctan2(grid.y - dy, grid.x - dx)))


def _zigzag(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 3, 10)
    return smoothstep(-0.2, 0.2, np.sin(4 * (v + np.abs(u - np.round(u)) * 1.5)))


def _sand(rng: np.random.Generator, size: int) -> np.ndarray:
    return smoothstep(-2.5, 2.5, cloud(rng, size, 0.0))


def _clouds(rng: np.random.Generator, size: int) -> np.ndarray:
    return smoothstep(-1.5, 1.5, cloud(rng, size, rng.uniform(0.4, 0.6)))


def _haze(rng: np.random.Generator, size: int) -> np.ndarray:
    return smoothstep(-1.5, 1.5, cloud(rng, size, 1.0))


def _marble(rng: np.random.Generator, size: int) -> np.ndarray:
    u, _ = _turned(rng, size, 4, 10)
    return np.abs(np.sin(u + 1.6 * cloud(rng, size, 0.5))) ** 0.5


def _wood(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 1, 2)
    rings = np.hypot(u * 6 + 0.5 * cloud(rng, size, 0.8), v * 0.6)
    return 0.75 * (rings * 2 % 1) + 0.1 + 0.08 * cloud(rng, size, 0.0)


def _camouflage(rng: np.random.Generator, size: int) -> np.ndarray:
    field = cloud(rng, size, rng.choice([0.6, 0.8]))
    return (np.floor(np.clip(field * 1.2 + 2, 0, 3.99)) / 3).astype(np.float32)


def _maze(rng: np.random.Generator, size: int) -> np.ndarray:
    """Turing stripes: the sign of band-passed noise."""
    fine = binomial_blur(cloud(rng, size, 0.0), int(rng.integers(2, 6)))
    wide = binomial_blur(fine, 8)
    return smoothstep(-0.05, 0.05, fine - wide)


def _leopard(rng: np.random.Generator, size: int) -> np.ndarray:
    near = cells(rng, size, rng.integers(1, 4))[0] + 0.1 * cloud(rng, size, 0.4)
    return smoothstep(0.32, 0.25, near) - 0.7 * smoothstep(0.2, 0.12, near)


def _mosaic(rng: np.random.Generator, size: int) -> np.ndarray:
    return cells(rng, size, rng.integers(0, 4))[2]


def _cracks(rng: np.random.Generator, size: int) -> np.ndarray:
    return smoothstep(0.02, 0.18, cells(rng, size, rng.integers(0, 4))[1])


def _bubbles(rng: np.random.Generator, size: int) -> np.ndarray:
    return 1 - np.clip(cells(rng, size, rng.integers(0, 4))[0] * 1.2, 0, 1)


def _gravel(rng: np.random.Generator, size: int) -> np.ndarray:
    near, gap, shade = cells(rng, size, rng.integers(2, 5))
    return (0.3 + 0.7 * shade) * smoothstep(0.0, 0.25, gap) * (1 - 0.5 * np.clip(near, 0, 1))


def _fur(rng: np.random.Generator, size: int) -> np.ndarray:
    """Noise smeared along a slowly turning direction (line integral convolution, six steps each way)."""
    noise = cloud(rng, size, 0.0)
    angle = cloud(rng, size, 1.0) * 0.6 + rng.uniform(0, 6.3)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    total = noise.copy()
    for k in range(1, 7):
        for way in (-k, k):
            yy = (y + np.sin(angle) * way).astype(np.int32) % size
            xx = (x + np.cos(angle) * way).astype(np.int32) % size
            total += noise[yy, xx]
    return smoothstep(-9, 9, total)


def _scales(rng: np.random.Generator, size: int) -> np.ndarray:
    u, v = _turned(rng, size, 3, 9)
    best = np.zeros_like(u)
    for row in (0, 1):
        a, b = u + 0.5 * row, v + 0.5 * row
        r = np.hypot(a - np.round(a), (b - np.floor(b)) * 0.9)
        best = np.maximum(best, np.where(r < 0.55, 1 - r, 0))
    return best


def _blocks(rng: np.random.Generator, size: int) -> np.ndarray:
    image = np.full((size, size), rng.random(), np.float32)
    for _ in range(int(rng.integers(10, 40))):
        y, x = rng.integers(-size // 8, size, 2)
        h, w = rng.integers(size // 16, size // 2, 2)
        image[max(y, 0) : y + h, max(x, 0) : x + w] = rng.random()
    return image


def _scribble(rng: np.random.Generator, size: int) -> np.ndarray:
    image = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(2, 7))):
        t = np.linspace(0, 1, 400)
        waves = rng.normal(0, 0.4, (2, 5)) / np.arange(1, 6)
        phase = rng.uniform(0, 6.3, (2, 5))
        path = [sum(waves[d, k] * np.sin(2 * np.pi * (k + 1) * t + phase[d, k]) for k in range(5)) for d in (0, 1)]
        yy, xx = ((np.clip(p + rng.uniform(-0.4, 0.4), -0.95, 0.95) * 0.5 + 0.5) * size for p in path)
        image[yy.astype(int), xx.astype(int)] = 1
    return np.clip(binomial_blur(image, int(rng.integers(1, 4))) * 2.5, 0, 1)


IFS_SEED = 1988
FRACTALS = (1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15)  # 0, 4 and 8 are a few far points


def _maps(kind: int) -> np.ndarray:
    """The affine maps (count, 2, 3) of fractal number kind: contractions drawn once from a fixed seed."""
    rng = np.random.default_rng([IFS_SEED, kind])
    count = 2 + kind % 4
    maps = np.empty((count, 2, 3))
    for k in range(count):
        a, b = rng.uniform(-np.pi, np.pi, 2)
        stretch = rng.uniform(0.35, 0.85), rng.uniform(0.15, 0.7)
        turn = lambda t: np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])  # noqa: E731
        maps[k, :, :2] = turn(a) @ np.diag(stretch) @ turn(b)
        maps[k, :, 2] = rng.uniform(-1, 1, 2)
    return maps


def _fractal(kind: int) -> Scalar:
    base = _maps(kind)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        maps = base * rng.uniform(0.9, 1.1, base.shape)  # Kataoka's instance augmentation: the parameters tremble
        weight = np.abs(np.linalg.det(maps[:, :, :2])) + 0.03
        chains, steps = 400, 34
        points = rng.uniform(-1, 1, (chains, 2))
        picks = rng.choice(len(maps), (steps, chains), p=weight / weight.sum())
        trail = []
        for step in range(steps):
            chosen = maps[picks[step]]
            points = (chosen[:, :, :2] @ points[:, :, None])[:, :, 0] + chosen[:, :, 2]
            if step >= 10:
                trail.append(points)
        cloud_ = np.concatenate(trail)
        angle = rng.uniform(-0.5, 0.5)
        cloud_ = cloud_ @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        low, high = np.quantile(cloud_, 0.01, 0), np.quantile(cloud_, 0.99, 0)
        cloud_ = (cloud_ - (low + high) / 2) / (high - low).max() * rng.uniform(0.7, 1.0) + 0.5
        cell = np.clip((cloud_ * size).astype(int), 0, size - 1)
        count = np.bincount(cell[:, 1] * size + cell[:, 0], minlength=size * size).reshape(size, size)
        return np.clip(binomial_blur(np.minimum(count, 3).astype(np.float32), 1) * 0.9, 0, 1)

    return draw


PATTERNS: dict[str, Scalar] = {
    "sine grating": _sine, "bars": _bars, "checkerboard": _checker, "plaid": _plaid, "polka dots": _dots,
    "brickwork": _brickwork, "weave": _weave, "rings pattern": _rings, "spiral": _spiral, "rays": _rays, "zigzag": _zigzag,
    "sand": _sand, "clouds": _clouds, "haze": _haze, "marble": _marble, "wood grain": _wood, "camouflage": _camouflage,
    "maze": _maze, "leopard": _leopard, "mosaic": _mosaic, "cracks": _cracks, "bubbles": _bubbles, "gravel": _gravel,
    "fur": _fur, "scales": _scales, "blocks": _blocks, "scribble": _scribble,
} | {f"fractal {kind:02d}": _fractal(kind) for kind in FRACTALS}  # fmt: skip


def render_pattern(name: str, rng: np.random.Generator, size: int) -> Picture:
    """One picture of the named pattern in two or three colours; only the colour causes are known."""
    value = PATTERNS[name](rng, size).astype(np.float32)
    first = random_colour(rng)
    second = random_colour(rng)
    while np.abs(first - second).sum() < 0.35:  # a pattern that nobody can see teaches nothing
        second = random_colour(rng)
    image = mix(first, second, np.clip(value, 0, 1))
    if rng.random() < 0.4:  # a third colour, or light that falls off
        image = mix(image, random_colour(rng), 0.6 * smoothstep(-1, 2, cloud(rng, size, 0.8)))
    if name.startswith("fractal") and rng.random() < 0.5:
        image = mix(first if rng.random() < 0.5 else np.ones(3, np.float32), second, np.clip(value, 0, 1))
    return Picture(np.clip(image, 0, 1), {})

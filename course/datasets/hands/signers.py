"""Who signs, and where: hands, habits, rooms and cameras drawn from a seed.

A signer is a person in one room. For each letter a signer makes one take (one pose, one framing); the shots of a take
are near-duplicates, as in the photographs of Sign Language MNIST, so a network can learn the train signers by heart.
Train, valid and hidden signers come from different streams of the seed and are never the same.
"""

from dataclasses import dataclass, replace

import numpy as np

from course.datasets.hands.anatomy import Proportions
from course.datasets.hands.poses import POSES, Pose
from course.datasets.hands.shade import LUMA, Complexion
from course.pictures.light import Light

SPLITS = {"train": 1, "valid": 2, "hidden": 3}
BRIGHT_WALL = 4  # every fourth signer stands before a wall brighter than the hand
SIGNERS = {"train": 10, "valid": 10}  # how many there are; hidden ones are without end
HIDDEN_SHOTS = 2  # shots of each letter that one hidden signer makes

# Skin from light to dark, display RGB, read off nothing: the usual range of skin under daylight.
TONES = np.array([[0.93, 0.78, 0.71], [0.87, 0.70, 0.60], [0.74, 0.56, 0.45], [0.57, 0.41, 0.32], [0.39, 0.27, 0.21]])

# How far light reaches round an edge: it travels a little way under skin, red the farthest, so its terminator is soft and warm.
FLESH = np.array([0.26, 0.18, 0.15])


@dataclass(frozen=True)
class Framing:
    """Turn of the hand before the lens in degrees, picture size in units of the hand, offset, both relative."""

    yaw: float
    pitch: float
    roll: float
    zoom: float
    right: float
    up: float


@dataclass(frozen=True)
class Exposure:
    """What a camera that sets its own levels makes of the light, and its faults."""

    level: float  # display brightness that the hand is exposed to, 0-1
    contrast: float  # 1: the camera stretches the picture's greys to the full range, 0: not at all
    white: float  # the brightest grey after stretching, 0-1
    noise: float
    soft: float  # blur, in fractions of the picture's height


@dataclass(frozen=True)
class Room:
    """The wall behind the hand: linear RGB at two ends of a gradient, its direction, and what else is seen."""

    near: np.ndarray
    far: np.ndarray
    angle: float
    things: tuple[tuple[float, ...], ...]  # (kind, x, y, size, turn, r, g, b), places in units of the picture's height
    texture: float
    cast: float  # strength of the hand's shadow on the wall
    seed: int


@dataclass(frozen=True)
class Shot:
    """Everything that one picture needs."""

    pose: Pose
    hand: Proportions
    skin: Complexion
    light: Light
    room: Room
    framing: Framing
    exposure: Exposure
    seed: int


def place(split: str, index: int) -> tuple[str, int, int]:
    """(letter, signer, shot) of item `index` of a split; every 24 items hold each letter once.

    Raises:
        ValueError: `split` is none of train, valid, hidden.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    letters = tuple(POSES)
    turn, letter = divmod(index, len(letters))
    if split == "hidden":
        return letters[letter], turn // HIDDEN_SHOTS, turn % HIDDEN_SHOTS
    return letters[letter], turn % SIGNERS[split], turn // SIGNERS[split]


def _tone(rng: np.random.Generator) -> np.ndarray:
    where = rng.uniform(0, len(TONES) - 1.001)
    low = int(where)
    tone = TONES[low] + (where - low) * (TONES[low + 1] - TONES[low])
    return np.clip(tone * rng.normal(1.0, 0.04) * rng.normal(1.0, 0.012, 3), 0.05, 1.0) ** 2.2


def _room(rng: np.random.Generator, hand: float, bright: bool) -> Room:
    # The wall stands out from the hand (of display brightness `hand`): a hand that nobody can see teaches nothing.
    level = rng.uniform(hand + 0.16, hand + 0.28) if bright else rng.uniform(0.2, hand - 0.17)
    near = np.clip(level * (1.0 + rng.normal(0, 0.04, 3)), 0.03, 1.0) ** 2.2
    far = np.clip(near * rng.uniform(0.6, 1.2), 0.0, 1.0)
    things = []
    for _ in range(rng.integers(0, 3)):
        kind = float(rng.integers(0, 4))
        colour = (
            np.clip(level * rng.uniform(0.6, 1.05 if bright else 1.2) * (1 + rng.normal(0, 0.08, 3)), 0.02, 1.0) ** 2.2
        )
        where = (rng.uniform(-0.7, 0.7), rng.uniform(-0.6, 0.6), rng.uniform(0.08, 0.4), rng.uniform(-0.3, 0.3))
        things.append((kind, *where, *colour))
    cast, texture = rng.uniform(0, 0.35), rng.uniform(0, 0.05)
    return Room(near, far, rng.uniform(0, 2 * np.pi), tuple(things), texture, cast, int(rng.integers(1 << 30)))


def _light(rng: np.random.Generator) -> Light:
    side, height = rng.uniform(-1.0, 1.0), rng.uniform(0.1, 1.0)
    direction = np.array([side, height, rng.uniform(0.7, 1.3)])
    key, ambient, tint = rng.uniform(0.55, 1.0), rng.uniform(0.22, 0.4), 1 + rng.normal(0, 0.02, 3)
    return Light(
        direction / np.sqrt(direction @ direction), key * tint, ambient * tint, 0.4 * ambient * tint, wrap=FLESH
    )


def _bent(pose: Pose, rng: np.random.Generator, degrees: float) -> Pose:
    """`pose` with every joint off by a few degrees; straight joints move less, and never far backwards."""
    fingers = []
    for mcp, pip, dip, abduction in pose.fingers:
        common = rng.normal(0, degrees)
        mcp2 = max(mcp + common + rng.normal(0, 0.6 * degrees), -8.0)
        pip2 = max(pip + 0.6 * common * (pip > 20) + rng.normal(0, 0.7 * degrees), 0.0)
        dip2 = max(dip + rng.normal(0, 0.7 * degrees), 0.0)
        fingers.append((mcp2, pip2, dip2, abduction + rng.normal(0, 0.3 * degrees)))
    thumb = tuple((az + rng.normal(0, degrees), el + rng.normal(0, 0.8 * degrees)) for az, el in pose.thumb)
    return replace(pose, fingers=tuple(fingers), thumb=thumb)


def shot(letter: str, seed: int, split: str, signer: int, number: int) -> Shot:
    """Shot `number` of `letter` by `signer` of `split`; the same arguments always give the same shot."""
    key = [seed, SPLITS[split], signer]
    person = np.random.default_rng([*key, 0])
    hand = Proportions(
        length=person.normal(1.0, 0.05),
        girth=person.normal(1.05, 0.06),
        width=person.normal(1.0, 0.05),
        thumb=person.normal(1.0, 0.04),
        little=person.normal(1.0, 0.05),
        sleeve=float(person.choice([0.0, person.uniform(2.5, 6.0)])),
    )
    tone = _tone(person)
    nail = np.clip(tone * 1.12 + 0.04, 0, 1) * np.array([1.04, 0.97, 0.97])
    cloth = np.clip(person.uniform(0.1, 0.85) * (1 + person.normal(0, 0.25, 3)), 0.03, 1.0) ** 2.2
    skin = Complexion(tone, nail, person.uniform(0.5, 1.0), cloth, float(person.choice([0.0, 1.1])))
    # The camera exposes for the hand, so dark skin comes out darker than light skin, but not as much as it is.
    level = 0.40 + 0.36 * float(tone @ LUMA) ** (1 / 2.2) + person.uniform(-0.04, 0.04)
    pale = signer % BRIGHT_WALL == BRIGHT_WALL - 1
    room, light = _room(person, level, pale), _light(person)
    lean = person.normal(0, [3.5, 2.5, 5.5])
    distance, contrast = person.normal(0, 0.05), person.uniform(0.75, 1.0)

    letters = tuple(POSES)
    take = np.random.default_rng([*key, 1, letters.index(letter)])
    pose = _bent(POSES[letter], take, 1.8)
    lean = lean + take.normal(0, [2.0, 1.5, 6.5])
    zoom = distance + take.normal(0, 0.05)
    right, up = take.normal(0, 0.05, 2)
    near = np.random.default_rng([*key, 2, letters.index(letter), number])
    pose = _bent(pose, near, 0.5)
    lean = lean + near.normal(0, 0.6, 3)
    right, up = np.array([right, up]) + near.normal(0, 0.004, 2)
    framing = Framing(lean[0], lean[1], lean[2], float(np.exp(zoom + near.normal(0, 0.007))), right, up)
    exposure = Exposure(
        level=level + near.normal(0, 0.01),
        contrast=contrast,
        # Before a dark wall the hand is the brightest thing there is; dark skin must not be stretched to light skin.
        white=0.95 if pale else min(0.95, 0.95 - 1.2 * (0.68 - level)),
        noise=near.uniform(0.002, 0.006),
        soft=near.uniform(0.0, 0.0035),
    )
    return Shot(pose, hand, skin, light, room, framing, exposure, int(near.integers(1 << 30)))

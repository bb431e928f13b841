"""Light on a hand: soft shadows, ambient occlusion, nails, creases and cloth.

Colours are linear RGB in 0-1 until `develop`, which applies the camera's contrast and gamma. Shadows and occlusion are
taken from the depth picture, so what the camera does not see casts none.
"""

from dataclasses import dataclass

import numpy as np

from course.datasets.hands.anatomy import FOREARM, PALM, SLEEVE, THUMB, Cones
from course.datasets.hands.raster import Surface
from course.pictures.camera import shoulder
from course.pictures.light import Light

# Grey of a colour: the luma weights of ITU-R BT.601, which PIL's convert("L") uses too.
LUMA = np.array([0.299, 0.587, 0.114])
FLOOR = -2.5  # cm; how far behind the wrist the wall counts as standing, for occlusion only


@dataclass(frozen=True)
class Complexion:
    """Linear RGB of the skin, of the nails and of the cloth at the wrist, and how strong the creases are drawn (0-1)."""

    colour: np.ndarray
    nail: np.ndarray
    crease: float
    sleeve: np.ndarray
    rib: float  # ribs of the cuff per cm, 0 for smooth cloth


def box_blur(picture: np.ndarray, radius: int) -> np.ndarray:
    """Box blur of a (H, W) picture, twice, radius in pixels; at the edges the box holds what there is."""
    if radius < 1:
        return picture
    for _ in range(2):
        for _ in range(2):  # down, then across: each pass leaves the picture transposed
            size = len(picture)
            sums = np.zeros((size + 1, picture.shape[1]))
            np.cumsum(picture, axis=0, out=sums[1:])
            low, high = np.maximum(np.arange(size) - radius, 0), np.minimum(np.arange(size) + radius + 1, size)
            picture = ((sums[high] - sums[low]) / (high - low)[:, None]).T
    return picture


def shift(picture: np.ndarray, down: int, right: int, fill: float) -> np.ndarray:
    """`picture` (H, W) moved by whole pixels; what comes in is `fill`."""
    height, width = picture.shape
    moved = np.full_like(picture, fill)
    if abs(down) < height and abs(right) < width:
        to = (slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0)))
        source = (slice(max(-down, 0), height - max(down, 0)), slice(max(-right, 0), width - max(right, 0)))
        moved[to] = picture[source]
    return moved


def shadow(surface: Surface, light: Light, scale: float) -> np.ndarray:
    """How much of the lamp each pixel sees, (H, W) in 0-1; marches the depth picture towards the lamp."""
    depth = np.where(np.isfinite(surface.depth), surface.depth, -99.0)
    dark = np.zeros(depth.shape)
    lx, ly, lz = light.direction
    for step in (0.35, 0.7, 1.1, 1.6, 2.2, 3.0, 4.0, 5.2):
        there = shift(depth, round(ly * step * scale), -round(lx * step * scale), -99.0)
        above = there - (depth + lz * step)
        # A ray that passes far behind the front of a finger has room to pass: nothing is infinitely thick.
        dark = np.maximum(dark, np.clip(above / 0.5, 0, 1) * np.clip((4.5 - above) / 1.5, 0, 1))
    return 1.0 - box_blur(dark, round(0.14 * scale))


def occlusion(surface: Surface, scale: float) -> np.ndarray:
    """Ambient light left in the hollows, (H, W) in 0-1: a pixel that lies below its blurred neighbourhood is darker."""
    depth = np.where(np.isfinite(surface.depth), surface.depth, FLOOR)
    depth = np.maximum(depth, FLOOR)
    near = np.clip(box_blur(depth, round(0.45 * scale)) - depth, 0, 1.2)
    far = np.clip(box_blur(depth, round(1.3 * scale)) - depth, 0, 2.5)
    return 1.0 / (1.0 + 0.9 * near + 0.45 * far)


def albedo(
    cones: Cones, surface: Surface, skin: Complexion, turn: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Own colour (M, 3) and gloss (M,) of the pixels that hit; `turn` is the rotation that `cones` went through."""
    cone, t = surface.cone, surface.along
    part, bone = cones.part[cone], cones.bone[cone]
    palmar = (surface.normal * cones.palmar[cone]).sum(-1)
    axis = cones.b - cones.a
    place = t * np.sqrt((axis**2).sum(-1))[cone]  # cm from the cone's beginning
    finger = (part >= 1) & (part <= THUMB)
    tip = finger & (bone == 3)
    thick = max(0.10, 0.45 / scale)  # cm; never thinner than half a pixel, or it would twinkle
    fade = min(1.0, 0.10 / thick)
    dim = np.zeros(cone.shape)

    def lines(where: np.ndarray, marks: tuple[tuple[float, float], ...]) -> None:
        far = place[where]
        dim[where] += sum(strength * np.exp(-(((far - at) / thick) ** 2)) for at, strength in marks)

    lines(finger & (bone >= 1) & (palmar > 0.3), ((0.0, 0.26), (0.22, 0.09)))
    lines(finger & (bone == 2) & (palmar < -0.35), ((0.05, 0.08), (0.25, 0.07), (0.45, 0.06)))
    lines((part == FOREARM) & (palmar > 0.3), ((0.9, 0.25),))
    palm = (part == PALM) & (palmar > 0.45)
    dim[palm] += _palm_lines(surface.point[palm] @ turn, thick)
    # Fingertips and palms hold less pigment and more blood.
    warm = np.where(tip, 0.10 * t, 0.0) + 0.05 * np.clip(palmar, 0, 1)
    colour = skin.colour * (1.0 + warm[:, None] * np.array([0.9, 0.15, 0.1]))
    colour *= (1.0 - skin.crease * fade * np.clip(dim, 0, 0.6))[:, None]
    gloss = np.full(cone.shape, 0.05)
    # The nail lies on the back of the last bone, narrower than the finger.
    side = np.cross(axis, cones.palmar)
    side /= np.sqrt((side**2).sum(-1, keepdims=True)) + 1e-12
    nail = tip & (palmar < -0.45) & (t > 0.42)
    lateral = np.abs((surface.normal[nail] * side[cone[nail]]).sum(-1))
    edge = (lateral > 0.62) | (t[nail] < 0.5)
    within = lateral < 0.74
    colour[nail] = np.where(within[:, None], skin.nail * np.where(edge, 0.80, 1.0)[:, None], colour[nail])
    gloss[nail] = np.where(within, 0.12, 0.05)
    cuff = part == SLEEVE
    if cuff.any():
        knit = 1.0 - 0.35 * (np.abs(place[cuff] - 0.9) < thick)
        if skin.rib > 0:
            knit *= 1.0 - 0.22 * (np.sin((surface.point[cuff] @ turn[:, 0]) * skin.rib * 2 * np.pi) > 0.2)
        colour[cuff] = skin.sleeve * knit[:, None]
        gloss[cuff] = 0.0
    return colour, gloss


def _palm_lines(point: np.ndarray, thick: float) -> np.ndarray:
    """Heart, head and life line at points (M, 3) in the palm's own coordinates, (M,) in 0-1."""
    x, y = point[:, 0], point[:, 1]
    heart = np.where((x > -4) & (x < 1.4), y - (7.0 + 0.05 * (x + 4) + 0.05 * np.clip(x, 0, 9) ** 2), 9.0)
    head = np.where((x > -2.6) & (x < 3.2), y - (5.4 + 0.22 * (x + 2.6)), 9.0)
    life = np.where((y > 1.0) & (y < 6.6), np.hypot(x - 3.6, y - 2.6) - 3.6, 9.0)
    strength = [0.30 * np.exp(-((line / thick) ** 2)) for line in (heart, head, life)]
    return strength[0] + strength[1] + strength[2]


def light_hand(
    cones: Cones, surface: Surface, skin: Complexion, light: Light, turn: np.ndarray, scale: float
) -> np.ndarray:
    """The lit colour of the pixels that hit, (M, 3), linear RGB."""
    colour, gloss = albedo(cones, surface, skin, turn, scale)
    normal = (surface.normal[:, 0], surface.normal[:, 1], surface.normal[:, 2])
    open_sky = shadow(surface, light, scale)[surface.hit]
    hollow = occlusion(surface, scale)[surface.hit, None]
    bounce = 1.0 + 0.15 * (1.0 - hollow) * np.array([0.5, -0.1, -0.2])  # light between fingers is redder
    lit = light.lit(normal, colour, (0.12 + 0.88 * open_sky)[:, None], hollow * bounce)
    return lit + (light.highlight(normal, 18) * gloss * open_sky)[:, None] * light.key


def develop(linear: np.ndarray, contrast: float, white: float) -> np.ndarray:
    """Linear RGB to display values in 0-1: gamma 2.2, levels as a camera sets them, a soft shoulder.

    `contrast` 1 takes the darkest and the brightest hundredth of the picture to 0.08 and `white`; 0 leaves them. Only the
    grey is stretched in full, or colours would turn garish.
    """
    display = np.clip(linear, 0, 4) ** (1 / 2.2)
    grey = (display @ LUMA)[..., None]
    dark, bright = np.quantile(grey, (0.01, 0.99))
    low, high = dark + contrast * (0.08 - dark), bright + contrast * (white - bright)
    gain = (high - low) / max(bright - dark, 0.05)
    display = (grey - dark) * gain + low + (display - grey) * min(gain, 1.0)
    return shoulder(np.maximum(display, 0), 0.85, 0.15)

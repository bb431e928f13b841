"""The camera: from linear light to an 8-bit photo with the faults of a cheap one.

Exposure, white balance, a soft shoulder in the highlights, blur, vignette, sensor noise, and JPEG on the way out.
"""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

from course.pictures.noise import Array, Rng


@dataclass
class Camera:
    """One photo's settings. Gains are per channel; `blur` is in pixels of a 96 px picture; `noise` a deviation in [0, 1]."""

    exposure: float = 1.0
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    saturation: float = 1.0
    blur: float = 0.0
    noise: float = 0.0
    vignette: float = 0.0

    @staticmethod
    def random(rng: Rng, wild: float = 1.0) -> "Camera":
        """Settings of an amateur's camera; `wild` = 0 is a studio, 1 a phone in a kitchen, 2 an accident."""
        warmth = rng.normal(0, 0.09) * wild
        tint = rng.normal(0, 0.035) * wild
        return Camera(
            exposure=float(np.exp(rng.normal(0, 0.17 * wild))),
            gains=(float(np.exp(warmth)), float(np.exp(tint)), float(np.exp(-warmth))),
            contrast=float(np.exp(rng.normal(0, 0.1 * wild))),
            saturation=float(np.exp(rng.normal(0, 0.14 * wild))),
            blur=float(max(0.0, rng.normal(0.15, 0.35) * wild)),
            noise=float(rng.exponential(0.010) * wild),
            vignette=float(max(0.0, rng.normal(0, 0.18)) * wild),
        )

    def develop(self, rgb: Array, rng: Rng) -> Array:
        """Linear `rgb` (size, size, 3) to uint8 of the same shape."""
        size = rgb.shape[0]
        light = rgb * (np.asarray(self.gains, np.float32) * np.float32(self.exposure))
        if self.vignette:
            line = np.linspace(-1, 1, size, dtype=np.float32) ** 2
            light = light * (1 - self.vignette * 0.5 * (line[:, None] + line[None, :]))[..., None]
        light = np.maximum(light, 0)
        grey = np.power(shoulder(light, 0.8, 0.4) / 1.1, np.float32(1 / 2.2))
        if self.saturation != 1:
            mean = grey @ np.array([0.3, 0.59, 0.11], np.float32)
            grey = mean[..., None] + (grey - mean[..., None]) * np.float32(self.saturation)
        if self.contrast != 1:
            grey = 0.55 + (grey - 0.55) * np.float32(self.contrast)
        if self.noise:
            grey = grey + np.float32(self.noise) * grain(rng, (size, size), 0.5, np.float32)
        out = (np.clip(grey, 0, 1) * 255 + 0.5).astype(np.uint8)
        radius = self.blur * size / 96
        if radius > 0.25:
            out = np.asarray(Image.fromarray(out).filter(ImageFilter.GaussianBlur(radius)))
        return out


def shoulder(field: Array, knee: float, room: float) -> Array:
    """`field` where it is below `knee`; above it bends over and never gets to `knee` + `room`."""
    return np.where(field > knee, knee + room * np.tanh((field - knee) / room), field)


def grain(rng: Rng, shape: tuple[int, int], colour: float, precision: type[np.float32 | np.float64]) -> Array:
    """Noise (h, w, 3) of deviation 1 in brightness and `colour` between the channels: less, as sensors do."""
    bright = rng.standard_normal((*shape, 1), dtype=precision)
    return bright + colour * rng.standard_normal((*shape, 3), dtype=precision)


def jpeg(picture: Array | Image.Image, quality: int) -> bytes:
    """The bytes of a baseline JPEG, without optimisation so that they depend on nothing but the pixels and the library."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()

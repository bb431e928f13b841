"""Whether a call has changed its arguments in place: their names, and how each looks before and after."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageChops

from course.checks import wire

BY_DIFFERENCE = ("L", "RGB", "RGBA", "CMYK")  # modes of which Pillow says fast whether two pictures differ


def parameter_names(function: Callable[..., Any], count: int) -> Iterator[str]:
    """The names of a function's parameters; "argument 1" and so on where it does not tell."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    for index in range(count):
        yield names[index] if index < len(names) else f"argument {index + 1}"


def looks(sent: Any, real: Any) -> dict[Any, Any]:
    """How each argument looks that was sent by value, to notice when the student's code changes its input in place."""
    pairs = sent.items() if isinstance(sent, dict) else enumerate(sent)
    return {key: found for key, value in pairs if (found := _look(value, real[key], keep=True))}


def changed(before: dict[Any, Any], sent: Any, real: Any) -> list[Any]:
    """Those of `looks` that look otherwise now."""
    return [key for key, found in before.items() if found != _look(sent[key], real[key])]


def _look(sent: Any, real: Any, keep: bool = False) -> Any:
    """A digest, or of a picture or a tensor itself, and a copy if it is to be kept; empty where nothing counts."""
    if type(sent) is torch.Tensor and type(real) is torch.Tensor and real.layout is torch.strided:
        return _Numbers(real.detach().clone() if keep else real.detach())
    if type(sent) is wire.Photo:
        return _Picture(real.mode, real.size, real.copy() if keep else real)
    if type(sent) in (torch.Tensor, list, dict):
        try:
            return hashlib.sha1(wire.pack(real)).hexdigest()
        except wire.WireError:
            return "" if type(sent) is not torch.Tensor else "no longer a plain tensor"
    return ""


@dataclass(eq=False)
class _Numbers:
    """A tensor as it was at a time."""

    tensor: torch.Tensor

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Numbers):
            return False
        one, two = self.tensor, other.tensor
        if (one.dtype, one.shape, one.device) != (two.dtype, two.shape, two.device):
            return False
        # what is no number is not equal to itself, but may be the same bytes
        return torch.equal(one, two) or wire.pack(one) == wire.pack(two)

    __hash__ = None  # type: ignore[assignment]


@dataclass(eq=False)
class _Picture:
    """A picture as it was at a time. To compare two is faster than to take a digest of each."""

    mode: str
    size: tuple[int, int]
    image: Image.Image

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Picture) or (self.mode, self.size) != (other.mode, other.size):
            return False
        if self.mode in BY_DIFFERENCE:
            return ImageChops.difference(self.image, other.image).getbbox(alpha_only=False) is None
        return self.image.tobytes() == other.image.tobytes()

    __hash__ = None  # type: ignore[assignment]

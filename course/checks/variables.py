"""What the variables of a function that runs are like, in a few words, for whoever waits for it."""

from contextlib import suppress
from types import FrameType, ModuleType
from typing import Any

MOST, LETTERS = 5, 24  # variables, letters of a short one
NUMBERS = 100_000  # of a larger tensor the range is not worked out


def variables(frame: FrameType) -> str:
    """What the variables of a frame are like, as a phrase: "k = 3, x: float32 (8, 784) from 0 to 1"."""
    kept = {
        name: value
        for name, value in dict(frame.f_locals).items()
        if not name.startswith("__") and not isinstance(value, ModuleType)
    }
    if frame.f_code.co_name == "<module>":
        kept = {name: value for name, value in kept.items() if type(value) in (int, float, bool, str)}
    return ", ".join(_like(name, value) for name, value in list(kept.items())[-MOST:])


def _like(name: str, value: Any) -> str:
    if value is None or isinstance(value, bool | int | float | str):
        text = repr(value)
        return f"{name} = {text if len(text) <= LETTERS else text[: LETTERS - 1] + '…'}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{name}: {str(value.dtype).rpartition('.')[2]} {tuple(value.shape)}{_range(value)}"
    if isinstance(value, list | tuple | dict | set):
        return f"{name}: {type(value).__name__} of {len(value)}"
    return f"{name}: {type(value).__name__}"


def _range(value: Any) -> str:
    """Of a tensor or an array: its least and its greatest value."""
    with suppress(Exception):
        size = value.numel() if hasattr(value, "numel") else value.size
        if 0 < size <= NUMBERS:
            low, high = float(value.min()), float(value.max())
            return " holds nan" if low != low else f" from {low:.4g} to {high:.4g}"
    return ""

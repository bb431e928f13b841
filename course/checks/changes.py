"""Whether a call has changed its arguments in place: their names, and a digest of each before and after."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch

from course.checks import wire


def parameter_names(function: Callable[..., Any], count: int) -> Iterator[str]:
    """The names of a function's parameters; "argument 1" and so on where it does not tell."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    for index in range(count):
        yield names[index] if index < len(names) else f"argument {index + 1}"


def digests(sent: Any, real: Any) -> dict[Any, str]:
    """A digest of each argument that was sent by value, to notice when the student's code changes its input in place."""
    pairs = sent.items() if isinstance(sent, dict) else enumerate(sent)
    return {key: digest for key, value in pairs if (digest := _digest(value, real[key]))}


def _digest(sent: Any, real: Any) -> str:
    if type(sent) is wire.Photo:
        return hashlib.sha1(real.tobytes() + str((real.mode, real.size)).encode()).hexdigest()
    if type(sent) in (torch.Tensor, list, dict):
        try:
            return hashlib.sha1(wire.pack(real)).hexdigest()
        except wire.WireError:
            return "" if type(sent) is not torch.Tensor else "no longer a plain tensor"
    return ""

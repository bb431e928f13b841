"""A compiler that is only pretended, and what a function does beside compiling. Real compiling takes seconds; this takes none."""

import functools
import os
from typing import Any

import torch
from torch import nn

from course.checks.probes import probe


class Pretended(nn.Module):
    """Stands for a compiled network: the same answers, or, without a compiler, an error at the first pass."""

    def __init__(self, model: nn.Module, works: bool) -> None:
        super().__init__()
        self._orig_mod, self._works = model, works

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """As the network itself."""
        return _passed(self._orig_mod, self._works, *args, **kwargs)


def _passed(function: Any, works: bool, *args: Any, **kwargs: Any) -> Any:
    if not works:
        raise RuntimeError("there is no C++ compiler on this machine")
    return function(*args, **kwargs)


@probe
def pretend_compiler(model: nn.Module, works: bool | None) -> None:
    """From now on torch.compile only pretends, on a machine that can compile or not; None brings the real one back."""
    original = getattr(torch.compile, "_real", torch.compile)
    if works is None:
        torch.compile = original
        return

    @functools.wraps(original)
    def pretended(model: Any = None, **options: Any) -> Any:
        if model is None:
            return functools.partial(pretended, **options)
        return Pretended(model, works) if isinstance(model, nn.Module) else functools.partial(_passed, model, works)

    pretended._real = original  # type: ignore[attr-defined]
    torch.compile = pretended


@probe
def beside(model: nn.Module, path: str) -> list[str]:
    """The names of the files in the folder of `path`. (The model only says on which side to look.)"""
    return sorted(os.listdir(os.path.dirname(path)))

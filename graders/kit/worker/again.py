"""One and the same object with other content: who remembers answers by the object knows the old one."""

from typing import Any

import torch

from course.checks.builders import builder
from course.checks.probes import probe


@builder
def kept(content: torch.Tensor | list[str]) -> Any:
    """A tensor or a list that stays on the student's side, and so is the same object at every call."""
    return content.clone() if isinstance(content, torch.Tensor) else list(content)


@probe
def refill(thing: Any, content: torch.Tensor | list[str]) -> None:
    """Put other content of the same size into a `kept` object."""
    if isinstance(thing, torch.Tensor):
        thing.copy_(content)
    else:
        thing[:] = content

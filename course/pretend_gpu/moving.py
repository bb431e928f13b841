"""What moves a tensor between the CPU and the pretend GPU: `.to`, `.cuda`, `.cpu` and what makes tensors out of plain data.

PyTorch decides in C++ whether there is anything to move, and to C++ both kinds are on the CPU. So these methods are exchanged
while the pretended GPU is there (`surroundings`).
"""

from collections.abc import Callable
from typing import Any

import torch

from course.pretend_gpu.tensor import DEVICE, OnGpu, inside

_to, _type_as = torch.Tensor.to, torch.Tensor.type_as
_tensor, _as_tensor, _asarray = torch.tensor, torch.as_tensor, torch.asarray


class _Move(torch.autograd.Function):
    """A copy on the other device; gradients go the way back."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, to_gpu: bool) -> torch.Tensor:
        return OnGpu(inside(x).clone()) if to_gpu else inside(x).clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (gradient,) = gradients
        return (inside(gradient) if isinstance(gradient, OnGpu) else OnGpu(gradient)), None


def move(x: torch.Tensor, to_gpu: bool) -> torch.Tensor:
    """`x` on that device; `x` itself where it is there already."""
    return x if isinstance(x, OnGpu) == to_gpu else _Move.apply(x, to_gpu)


def is_gpu(device: Any) -> bool:
    """Does this name the GPU? A bare number is that of a GPU."""
    return (isinstance(device, int) and not isinstance(device, bool)) or torch.device(device).type == "cuda"


def to(self: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    """`Tensor.to` with a device, a dtype or another tensor."""
    device, dtype = kwargs.pop("device", None), kwargs.pop("dtype", None)
    other, rest = kwargs.pop("other", None), []
    for value in args:
        if isinstance(value, torch.Tensor):
            other = value
        elif isinstance(value, torch.dtype):
            dtype = value
        elif isinstance(value, str | torch.device) or (isinstance(value, int) and not isinstance(value, bool)):
            device = value
        elif isinstance(value, bool) or value is None:
            rest.append(value)  # non_blocking, copy
        else:
            return _to(self, *args, **kwargs)  # an error, in its own words
    if other is not None:
        device, dtype = other.device, other.dtype
    if device is not None and not is_gpu(device) and torch.device(device).type != "cpu":
        return _to(self, device, dtype=dtype)
    moved = self if device is None else move(self, is_gpu(device))
    copies = kwargs.get("copy", rest[1:] == [True])
    options = {name: kwargs[name] for name in ("memory_format",) if name in kwargs}
    if dtype is not None or options:
        moved = _to(moved, dtype=dtype or moved.dtype, **options)
    return moved.clone() if copies and moved is self else moved


def cuda(self: torch.Tensor, device: Any = None, non_blocking: bool = False, **kwargs: Any) -> torch.Tensor:
    """`Tensor.cuda`."""
    return move(self, True)


def cpu(self: torch.Tensor, **kwargs: Any) -> torch.Tensor:
    """`Tensor.cpu`."""
    return move(self, False)


def type_as(self: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """`Tensor.type_as`: dtype and device of the other."""
    return _type_as(move(self, isinstance(other, OnGpu)), other)


def new_tensor(self: torch.Tensor, data: Any, *, dtype: Any = None, device: Any = None, **kwargs: Any) -> torch.Tensor:
    """`Tensor.new_tensor`: on this tensor's device unless another is named."""
    made = _tensor(_plain(data), dtype=dtype or self.dtype)
    made = move(made, is_gpu(self.device if device is None else device))
    return made.requires_grad_(kwargs.get("requires_grad", False))


def _making(original: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """`torch.tensor` and its like: with no device named, a tensor on the GPU stays there."""

    def make(data: Any, *args: Any, device: Any = None, **kwargs: Any) -> torch.Tensor:
        if device is None:
            device = DEVICE if isinstance(data, OnGpu) else torch.empty(0).device
        if original is not _tensor and isinstance(data, torch.Tensor):
            return data.to(device, **{name: kwargs[name] for name in ("dtype",) if kwargs.get(name) is not None})
        needs = kwargs.pop("requires_grad", False)
        made = move(original(_plain(data), *args, device="cpu", **kwargs), is_gpu(device))
        return made.requires_grad_(needs) if needs else made

    return make


def _plain(data: Any) -> Any:
    """Data whose tensors on the GPU are plain ones, for a copy."""
    if isinstance(data, list | tuple):
        return type(data)(map(_plain, data)) if type(data) in (list, tuple) else [_plain(one) for one in data]
    return inside(data).detach() if isinstance(data, OnGpu) else data


METHODS = {"to": to, "cuda": cuda, "cpu": cpu, "type_as": type_as, "new_tensor": new_tensor}
MAKERS = {"tensor": _making(_tensor), "as_tensor": _making(_as_tensor), "asarray": _making(_asarray)}

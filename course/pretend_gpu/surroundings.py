"""`PretendGpu`: while it is entered, this process has one GPU, as far as Python can see.

What asks for a GPU (`torch.cuda.is_available`), what moves tensors and networks, what saves and loads them is exchanged, and put
back when it is left. It can be entered again within itself.
"""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from torch import nn
from torch.utils._pytree import tree_map

from course.pretend_gpu.moving import MAKERS, METHODS, is_gpu, move
from course.pretend_gpu.tensor import DEVICE, NOTED, OnGpu, Operators, inside

_apply, _load = nn.Module._apply, torch.load
_hot, _location = nn.functional.one_hot, torch.serialization.location_tag


class PretendGpu:
    """A context manager; see above."""

    _entered = 0
    _stack = ExitStack()

    @classmethod
    def is_there(cls) -> bool:
        """Is one entered just now?"""
        return cls._entered > 0

    def __enter__(self) -> "PretendGpu":
        if not PretendGpu._entered:
            import torch._dynamo  # noqa: F401 - it looks at torch's functions when it is imported: let it see the real ones
            from torch.utils._device import _device_constructors

            _device_constructors()  # remembered at the first call, for `with torch.device("meta")`: the real ones again

            with ExitStack() as stack:
                for thing, name, value in _exchanged():
                    stack.enter_context(mock.patch.object(thing, name, value, create=True))
                stack.enter_context(Operators())
                PretendGpu._stack = stack.pop_all()
        PretendGpu._entered += 1
        return self

    def __exit__(self, *fault: object) -> None:
        PretendGpu._entered -= 1
        if not PretendGpu._entered:
            PretendGpu._stack.close()
            NOTED.clear()


_wanted = [False]  # by what runs in this process: is there to be one?


def want(gpu: bool = True) -> bool:
    """Let `pretended` give a GPU from now on, or none any more; False where that cannot be."""
    _wanted[0] = gpu and works()
    return _wanted[0]


def pretended() -> AbstractContextManager[object]:
    """A `PretendGpu` if one is wanted, else nothing."""
    return PretendGpu() if _wanted[0] else nullcontext()


def works() -> bool:
    """Does this build of PyTorch let itself be deceived? (A build for another machine may ask for its driver too early.)"""
    try:
        with PretendGpu():
            layer = nn.Linear(2, 2).to("cuda")
            made = layer(torch.ones(1, 2, device="cuda")) + torch.tensor([1.0], device=DEVICE)
            return isinstance(made, OnGpu) and not isinstance(made.cpu(), OnGpu)
    except Exception:
        return False


def _exchanged() -> list[tuple[Any, str, Any]]:
    """(thing, name, what stands there meanwhile)."""
    cuda: dict[str, Any] = {
        "_lazy_init": lambda: None,
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "current_device": lambda: 0,
        "set_device": lambda device: None,
        "get_device_name": lambda device=None: "a pretend GPU",
        "get_rng_state": lambda device=None: torch.zeros(0, dtype=torch.uint8),
        "set_rng_state": lambda state, device=None: None,
        "get_device_capability": lambda device=None: (9, 0),
        "synchronize": lambda device=None: None,
        "empty_cache": lambda: None,
        "memory_allocated": lambda device=None: 0,
        "max_memory_allocated": lambda device=None: 0,
    }
    accelerator: dict[str, Any] = {
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "current_accelerator": lambda check_available=False: torch.device("cuda"),
        "current_stream": lambda device=None: SimpleNamespace(is_capturing=lambda: False),
        "synchronize": lambda device=None: None,
    }
    pairs: list[tuple[Any, str, Any]] = [(torch.cuda, name, value) for name, value in cuda.items()]
    pairs += [(torch.accelerator, name, value) for name, value in accelerator.items()]
    pairs += [(torch.Tensor, name, value) for name, value in METHODS.items()]
    pairs += [(torch, name, value) for name, value in MAKERS.items()]
    pairs += [(torch.Tensor, "pin_memory", lambda self, device=None: self)]
    return [
        *pairs,
        (nn.Module, "_apply", _move_network),
        (nn.functional, "one_hot", _one_hot),
        (torch.backends.cudnn, "is_acceptable", lambda tensor: False),
        (torch.inference_mode, "__enter__", _no_inference),
        (torch.inference_mode, "__exit__", _inference_ends),
        (torch, "load", load),
        (torch.serialization, "location_tag", _tag),
    ]


def _move_network(self: nn.Module, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> nn.Module:
    """`nn.Module.to` and its like: parameters stay the objects that they are, so an optimizer goes on with them."""
    with torch.no_grad():
        if recurse and all(fn(one) is one for one in (*self.parameters(), *self.buffers())):
            return self
    before = torch.__future__.get_swap_module_params_on_conversion()
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        return _apply(self, fn, recurse)
    finally:
        torch.__future__.set_swap_module_params_on_conversion(before)


def _no_inference(self: Any) -> None:
    """`torch.inference_mode` as `no_grad`: PyTorch makes no views of wrapped tensors in inference mode."""
    self._pretended = torch.set_grad_enabled(torch.is_grad_enabled() and not self.mode)
    self._pretended.__enter__()


def _inference_ends(self: Any, *fault: Any) -> None:
    self._pretended.__exit__(*fault)


def _one_hot(tensor: torch.Tensor, num_classes: int = -1) -> torch.Tensor:
    """`one_hot` makes its zeros in C++, where the pretend GPU is the CPU."""
    made = _hot(inside(tensor), num_classes)
    return OnGpu(made) if isinstance(tensor, OnGpu) else made


def _tag(storage: Any) -> str:
    """Where a storage that is saved is: in the file stands cuda:0 for the GPU's."""
    return str(DEVICE) if getattr(storage, "_cdata", None) in NOTED else _location(storage)


@functools.wraps(_load)
def load(file: Any, map_location: Any = None, **options: Any) -> Any:
    """`torch.load`: what was on the GPU comes back there, unless `map_location` says otherwise."""
    named = isinstance(map_location, str | torch.device | int)
    if named and not is_gpu(map_location):
        return _load(file, map_location="cpu", **options)
    if map_location is not None and not named:
        return _load(file, map_location=map_location, **options)
    gpu: set[int] = set()

    def note(storage: Any, location: str) -> Any:
        if named or location.startswith("cuda"):
            gpu.add(storage._cdata)
        return storage

    found = _load(file, map_location=note, **options)
    return tree_map(lambda one: _placed(one, gpu), found)


def _placed(value: Any, gpu: set[int]) -> Any:
    if isinstance(value, nn.Module):
        return value.to("cuda") if gpu else value
    if not isinstance(value, torch.Tensor) or value.untyped_storage()._cdata not in gpu:
        return value
    return move(value.detach(), True).requires_grad_(value.requires_grad)

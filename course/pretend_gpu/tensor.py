"""A tensor on the pretend GPU, and what an operator does with it.

It wraps a tensor of the CPU. Every operator comes to `operate`, below autograd: it refuses a mix of both kinds, computes with what
is inside, and wraps what comes out. To PyTorch's C++ it is a tensor of the CPU, for a real GPU's would need a driver; only Python
sees `device` as cuda:0. So what decides by the device in C++ is done in Python instead (`moving`).
"""

import copy
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from course.pretend_gpu.refusal import expect_one_device

DEVICE = torch.device("cuda:0")
NOTED: dict[int, Any] = {}  # storages that are being saved: kept, so that no other gets the number of one of them
NO_NUMPY = "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."


class OnGpu(torch.Tensor):
    """A tensor that says it is on cuda:0; `_numbers` is where its numbers are."""

    _numbers: torch.Tensor

    @staticmethod
    def __new__(cls: type["OnGpu"], inner: torch.Tensor) -> "OnGpu":
        made = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=torch.device("cpu"),
        )
        made._numbers = inner
        return made

    device = property(lambda self: DEVICE)  # type: ignore[assignment]
    is_cuda = property(lambda self: True)  # type: ignore[assignment]
    is_cpu = property(lambda self: False)  # type: ignore[assignment]
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return operate(func, args, kwargs or {})

    def get_device(self) -> int:
        """The number of the device."""
        return 0

    def numpy(self, *args: Any, **kwargs: Any) -> Any:
        """As on a real GPU, an error."""
        raise TypeError(NO_NUMPY)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(NO_NUMPY)

    def tolist(self) -> Any:
        """Plain numbers."""
        return self._numbers.tolist()

    def pin_memory(self, *args: Any) -> "OnGpu":
        """Only memory of the CPU can be pinned."""
        raise RuntimeError(
            f"cannot pin 'torch.cuda.{type(self._numbers).__name__}' only dense CPU tensors can be pinned"
        )

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"{repr(self._numbers.detach())[:-1]}, device='cuda:0')"

    def __deepcopy__(self, memo: dict[int, Any]) -> "OnGpu":
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment."
            )
        made = OnGpu(self._numbers.detach().clone())
        made.requires_grad_(self.requires_grad)
        if self.grad is not None:
            made.grad = copy.deepcopy(self.grad, memo)
        own = {name: value for name, value in vars(self).items() if name != "_numbers"}
        vars(made).update(own)  # that it is a parameter
        memo[id(self)] = made
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        numbers = self._numbers.detach()
        storage = numbers.untyped_storage()
        NOTED[storage._cdata] = storage
        return numbers.__reduce_ex__(protocol)


class Operators(TorchDispatchMode):
    """While it is entered, operators of the CPU's tensors come to `operate` too: some of them make tensors on the GPU."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return operate(func, args, kwargs or {})


def operate(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What an operator of aten gives, on the device where it would be.

    Raises:
        RuntimeError: in CUDA's words where its tensors are on two devices.
    """
    there = any(isinstance(leaf, OnGpu) for leaf in tree_leaves((args, kwargs)))
    if there:
        expect_one_device(func, args, kwargs, OnGpu)
    device = kwargs.get("device")
    if device is not None:
        there = torch.device(device).type == "cuda"
        kwargs = {**kwargs, "device": torch.device("cpu")} if there else kwargs
    out = func(*tree_map(inside, args), **tree_map(inside, kwargs))
    name = func._schema.name
    if name == "aten::_local_scalar_dense":  # a Python number
        return out
    written = [number for number, argument in enumerate(func._schema.arguments) if _is_written(argument)]
    if written and func._schema.returns:
        back = [_argument(func, number, args, kwargs) for number in written]
        return back[0] if len(func._schema.returns) == 1 else tuple(back)
    return tree_map(lambda one: OnGpu(one) if isinstance(one, torch.Tensor) else one, out) if there else out


def inside(value: Any) -> Any:
    """The CPU's tensor of one on the GPU; anything else as it is."""
    return value._numbers if isinstance(value, OnGpu) else value


def _is_written(argument: Any) -> bool:
    return argument.alias_info is not None and argument.alias_info.is_write


def _argument(func: Any, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[number] if number < len(args) else kwargs[func._schema.arguments[number].name]

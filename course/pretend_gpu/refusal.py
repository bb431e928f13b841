"""What a GPU says to a tensor of the CPU: whether an operator takes both kinds, and CUDA's own sentence where it doesn't.

The sentences are those of PyTorch 2.15 (libc10, `TensorIterator`, `aten/native/Convolution.cpp`). An operator that PyTorch's
TensorIterator runs names two devices; one with a kernel of its own names the argument and the method.
"""

from collections.abc import Iterator
from typing import Any

import torch

TWO = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
ARGUMENT = (
    "Expected all tensors to be on the same device, but got {name} is on {here}, different from other tensors on {there} "
    "(when checking argument in method wrapper_CUDA_{method})"
)
INDICES = "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
INPUT = "Input type (torch.{input}) and weight type (torch.{weight}) should be the same"
MKLDNN = " or input should be a MKLDNN tensor and weight is a dense tensor"
KINDS = {
    torch.float32: "FloatTensor",
    torch.float64: "DoubleTensor",
    torch.float16: "HalfTensor",
    torch.bfloat16: "BFloat16Tensor",
    torch.int64: "LongTensor",
    torch.int32: "IntTensor",
    torch.uint8: "ByteTensor",
    torch.bool: "BoolTensor",
}
COPIES = {"copy_", "_to_copy", "_copy_from"}
INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_"}
# with a kernel of its own: the method's name in the sentence
METHODS = {
    **{name: name for name in ("addmm", "mm", "bmm", "baddbmm", "gather", "cat", "nll_loss_forward", "topk")},
    **{name: f"_{name}" for name in ("index_select", "dot", "mv", "native_layer_norm", "native_group_norm")},
    "embedding": "_index_select",
    "native_batch_norm": "_cudnn_batch_norm",
    "_native_batch_norm_legit": "_cudnn_batch_norm",
    "scatter": "scatter_src",
    "index_add": "index_add",
}
ARGUMENTS = {("embedding", "weight"): "self", ("embedding", "indices"): "index"}


def expect_one_device(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], gpu: type) -> None:
    """Refuse a call whose tensors are on both devices, if CUDA would.

    Args:
        function: an operator of aten.
        gpu: the type of tensors on the GPU.

    Raises:
        RuntimeError: in CUDA's words.
    """
    tensors = list(_tensors(function, args, kwargs))
    there = [isinstance(tensor, gpu) for _, tensor in tensors]
    if all(there) or not any(there):
        return
    operator = function._schema.name.removeprefix("aten::")
    if operator in COPIES:
        return
    if operator in INDEXING:
        if not there[0]:
            raise RuntimeError(INDICES)
        tensors = [(name, tensor) for name, tensor in tensors if name != "indices"]  # may be on either
    elif operator in ("convolution", "_convolution"):
        raise RuntimeError(_of_convolution(tensors, gpu))
    elif operator in METHODS:
        raise RuntimeError(_of_argument(operator, tensors, gpu))
    written = {a.name for a in function._schema.arguments if a.alias_info is not None and a.alias_info.is_write}
    # a single number may come from the CPU, but cannot be written to from the GPU
    if any((tensor.dim() or name in written) and not isinstance(tensor, gpu) for name, tensor in tensors):
        raise RuntimeError(TWO)


def _tensors(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    """(name of the argument, tensor) of all tensors of a call."""
    names = [argument.name for argument in function._schema.arguments]
    for name, value in (*zip(names, args), *kwargs.items()):
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, torch.Tensor):
                yield name, one


def _of_argument(operator: str, tensors: list[tuple[str, torch.Tensor]], gpu: type) -> str:
    first = isinstance(tensors[0][1], gpu)
    name = next(name for name, tensor in tensors if isinstance(tensor, gpu) != first)
    here, there = ("cpu", "cuda:0") if first else ("cuda:0", "cpu")
    return ARGUMENT.format(name=ARGUMENTS.get((operator, name), name), here=here, there=there, method=METHODS[operator])


def _of_convolution(tensors: list[tuple[str, torch.Tensor]], gpu: type) -> str:
    given, weight = (tensor for _, tensor in tensors[:2])
    kinds = [f"{'cuda.' * isinstance(one, gpu)}{KINDS.get(one.dtype, 'Tensor')}" for one in (given, weight)]
    if kinds[0] == kinds[1]:
        return f"{INPUT.format(input=kinds[0], weight=kinds[1])}".replace("weight type", "bias type")
    return INPUT.format(input=kinds[0], weight=kinds[1]) + MKLDNN * (not isinstance(given, gpu))

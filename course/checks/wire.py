"""Plain data, to bytes and back: the only language that judge and worker speak.

Numbers, strings, lists, tuples, dicts with string keys, bytes, base NumPy arrays and base tensors cross by value. Anything
else stays where it is and crosses as a `Handle`, a number that means something only to the worker. There is no pickle, so
decoding a message runs no code of its sender. Subclasses are not plain: a tensor subclass can lie about its own comparison.

A frame is: 4 bytes header length, 8 bytes payload length, a JSON header, the raw buffers one after another.
"""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Protocol

import numpy as np
import torch

from course import limits

MAX_INT = 1 << 63
TOO_MUCH = "the value is nested too deep or has too many items"
_json = json.JSONEncoder(
    allow_nan=False, check_circular=False
).encode  # once: `json.dumps` with options makes one each time

TENSOR_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.bool,
    )
}
ARRAY_DTYPES = ("float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")


class WireError(Exception):
    """A message that is not plain data, or not a message of ours."""


@dataclass(frozen=True)
class Handle:
    """A reference to an object that stays in the worker.

    `type` is the object's type as the worker named it: good for a message to the student, no evidence.
    """

    id: int
    type: str
    session: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Blueprint:
    """A thing for the worker to build: the name of a function in `course.checks.builders`, and its plain arguments."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Photo:
    """The bytes of an image file. The worker opens them with Pillow, so that EXIF, palettes and modes arrive as in a file."""

    content: bytes


def encode(value: Any, on_object: Callable[[Any], Any] | None = None) -> tuple[Any, list[bytes]]:
    """Turn `value` into a JSON-able form and a list of buffers.

    Args:
        on_object: called for whatever is not plain; returns the handle, or the plain value, that stands for it. Without it
            such a value is an error.

    Raises:
        WireError: nested too deep, too many items, an integer over 64 bits, or a value that is not plain.
    """
    buffers: list[bytes] = []
    items = 0

    def form(value: Any, depth: int) -> Any:
        nonlocal items
        items += 1
        if depth > limits.MESSAGE_DEPTH or items > limits.MESSAGE_ITEMS:
            raise WireError(TOO_MUCH)
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            if abs(value) >= MAX_INT:
                raise WireError("an integer of more than 64 bits")
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if kind is list or kind is tuple:
            if depth < limits.MESSAGE_DEPTH and _says_itself(value):
                items += len(value)
                if items > limits.MESSAGE_ITEMS:
                    raise WireError(TOO_MUCH)
                return {kind.__name__: value}
            return {kind.__name__: [form(item, depth + 1) for item in value]}
        if kind is dict and all(type(key) is str for key in value):
            return {"dict": [[key, form(item, depth + 1)] for key, item in value.items()]}
        if kind is bytes:
            buffers.append(value)
            return {"bytes": len(buffers) - 1}
        if kind is torch.Tensor and value.layout is torch.strided and _name(value.dtype) in TENSOR_DTYPES:
            flat = value.detach().cpu().contiguous().reshape(-1)
            buffers.append(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
            return {"tensor": [_name(value.dtype), list(value.shape), len(buffers) - 1]}
        if kind is np.ndarray and value.dtype.name in ARRAY_DTYPES:
            buffers.append(np.ascontiguousarray(value).tobytes())
            return {"array": [value.dtype.name, list(value.shape), len(buffers) - 1]}
        if kind is Handle:
            return {"handle": [value.id, value.type]}
        if kind is Blueprint:
            return {"blueprint": [value.name, form(value.arguments, depth + 1)]}
        if kind is Photo:
            buffers.append(value.content)
            return {"photo": len(buffers) - 1}
        if on_object is None:
            raise WireError(f"{kind.__module__}.{kind.__qualname__} is not plain data")
        return form(on_object(value), depth + 1)

    return form(value, 0), buffers


def decode(form: Any, buffers: list[bytes], session: Any = None) -> Any:
    """Rebuild what `encode` took apart; every tensor and array is new, owns its memory and can be written to.

    Raises:
        WireError: an unknown form, dtype, or a buffer of the wrong size.
    """

    def raw(index: Any) -> bytes:
        if type(index) is not int or not 0 <= index < len(buffers):
            raise WireError("a buffer that was not sent")
        return buffers[index]

    def shaped(spec: Any, itemsize: int) -> tuple[list[int], bytes]:
        _, shape, index = spec
        content = raw(index)
        if any(type(n) is not int or n < 0 for n in shape) or math.prod(shape) * itemsize != len(content):
            raise WireError("a buffer whose size is not that of its shape")
        return shape, content

    def value(form: Any, depth: int) -> Any:
        if depth > 2 * limits.MESSAGE_DEPTH:
            raise WireError("the message is nested too deep")
        if type(form) is int and abs(form) >= MAX_INT:
            raise WireError("an integer of more than 64 bits")
        if form is None or isinstance(form, bool | int | float | str):
            return form
        if not isinstance(form, dict) or len(form) != 1:
            raise WireError("an unknown form")
        ((kind, body),) = form.items()
        match kind:
            case "float":
                return float(body)
            case "list" | "tuple":
                whole = type(body) is list and _says_itself(body)
                found = body if whole else [value(item, depth + 1) for item in body]
                return found if kind == "list" else tuple(found)
            case "dict":
                return {str(key): value(item, depth + 1) for key, item in body}
            case "bytes":
                return raw(body)
            case "photo":
                return Photo(raw(body))
            case "tensor" if body[0] in TENSOR_DTYPES:
                dtype = TENSOR_DTYPES[body[0]]
                shape, content = shaped(body, dtype.itemsize)
                if not content:
                    return torch.empty(shape, dtype=dtype)
                if dtype is torch.bool:  # any other byte than 0 and 1 would be neither true nor false
                    return torch.frombuffer(bytearray(content), dtype=torch.uint8).ne(0).reshape(shape)
                return torch.frombuffer(bytearray(content), dtype=dtype).reshape(shape)
            case "array" if body[0] in ARRAY_DTYPES:
                dtype = np.dtype(body[0])
                shape, content = shaped(body, dtype.itemsize)
                if dtype.kind == "b":
                    return (np.frombuffer(content, dtype=np.uint8) != 0).reshape(shape)
                return np.frombuffer(bytearray(content), dtype=dtype).reshape(shape)
            case "handle":
                return Handle(int(body[0]), str(body[1])[:200], session)
            case "blueprint":
                return Blueprint(str(body[0]), value(body[1], depth + 1))
        raise WireError(f"an unknown form: {str(kind)[:40]}")

    try:
        return value(form, 0)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, RuntimeError, OverflowError) as fault:
        raise WireError(f"a malformed message: {fault}") from fault


def _says_itself(values: Any) -> bool:
    """Is each item of a list or tuple one that JSON has as it is? Long lists are not gone through in Python."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return min(values) > -MAX_INT and max(values) < MAX_INT
    if kinds == {float}:
        return all(map(math.isfinite, values))
    return kinds <= {bool, str, NoneType}


def pack(value: Any, on_object: Callable[[Any], Any] | None = None) -> bytes:
    """One frame of bytes for `value`."""
    form, buffers = encode(value, on_object)
    header = _json({"form": form, "sizes": [len(b) for b in buffers]}).encode()
    payload = sum(len(b) for b in buffers)
    if len(header) + payload > limits.MESSAGE_BYTES:
        raise WireError("the message is larger than 1 GiB")
    return b"".join([struct.pack(">IQ", len(header), payload), header, *buffers])


class Source(Protocol):
    """Where frames come from."""

    def read(self, count: int, /) -> bytes:
        """So many bytes, or fewer where there are no more."""


def unpack(stream: Source, session: Any = None, most: int = limits.MESSAGE_BYTES) -> Any:
    """Read one frame from `stream`.

    Args:
        most: bytes that it may have.

    Raises:
        EOFError: the stream ended before or within the frame.
        WireError: the frame is not one of ours.
    """
    header_size, payload_size = struct.unpack(">IQ", _exactly(stream, 12))
    if header_size + payload_size > most or header_size > limits.HEADER_BYTES:
        raise WireError(f"the message is larger than {most >> 20} MiB, or has too many words in it")
    try:
        text = _exactly(stream, header_size)
        if sum(map(text.count, (b",", b"[", b"{"))) > limits.MESSAGE_ITEMS:
            raise WireError("the message has too many items")
        header = json.loads(text)
        sizes = header["sizes"]
        form = header["form"]
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise WireError(f"a malformed header: {fault}") from fault
    if type(sizes) is not list or any(type(n) is not int or n < 0 for n in sizes) or sum(sizes) != payload_size:
        raise WireError("buffers whose sizes do not add up")
    return decode(form, [_exactly(stream, n) for n in sizes], session)


def _exactly(stream: Source, count: int) -> bytes:
    content = stream.read(count)
    if content is None or len(content) != count:
        raise EOFError
    return content


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")

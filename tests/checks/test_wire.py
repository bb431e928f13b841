"""Plain data crosses unchanged; everything else is a handle or an error, never a surprise."""

import contextlib
import io
import json
import math
import struct

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from course import limits
from course.checks import wire
from course.checks.wire import Blueprint, Handle, Photo, WireError


def crossed(value, on_object=None):
    return wire.unpack(io.BytesIO(wire.pack(value, on_object)))


def same(a, b) -> bool:
    if type(a) is not type(b):
        return False
    if type(a) is torch.Tensor:
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a.nan_to_num(7), b.nan_to_num(7))
    if type(a) is np.ndarray:
        return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if type(a) is float:
        return a == b or (math.isnan(a) and math.isnan(b))
    return a == b


SHAPES = st.lists(st.integers(0, 4), max_size=4)
TENSORS = st.builds(
    lambda dtype, shape, seed: torch.randint(0, 2, shape, generator=torch.Generator().manual_seed(seed)).to(dtype),
    st.sampled_from(list(wire.TENSOR_DTYPES.values())),
    SHAPES,
    st.integers(0, 9),
)
ARRAYS = st.builds(lambda dtype, shape: np.ones(shape, dtype), st.sampled_from(wire.ARRAY_DTYPES), SHAPES)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(1 - 2**63, 2**63 - 1), st.floats(), st.text(), st.binary(), TENSORS, ARRAYS
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(st.text(), inner)),
    max_leaves=12,
)


@given(value=VALUES)
def test_plain_data_come_out_as_they_went_in(value):
    assert same(crossed(value), value)


def test_what_arrives_owns_its_memory_and_can_be_written_to():
    tensor = torch.arange(6.0)
    found = crossed([tensor, np.zeros(3)])
    found[0][0] = 9
    found[1][0] = 9
    assert tensor[0] == 0


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(12.0).view(3, 4).t(),
        torch.arange(12.0)[::3],
        torch.zeros(3, 0),
        torch.tensor(2.5),
        torch.ones(2, requires_grad=True),
        torch.zeros(1).expand(4, 5),
    ],
    ids=["transposed", "strided", "empty", "scalar", "with gradient", "expanded"],
)
def test_any_layout_of_a_tensor_crosses_as_its_values(tensor):
    found = crossed(tensor)
    assert torch.equal(found, tensor)
    assert found.shape == tensor.shape
    assert not found.requires_grad


def test_nan_and_infinity_cross_in_tensors_and_as_floats():
    assert torch.isnan(crossed(torch.tensor([math.nan, math.inf]))[0])
    assert math.isnan(crossed(math.nan))
    assert crossed([-math.inf]) == [-math.inf]
    assert crossed([1.0, math.inf, 2.0]) == [1.0, math.inf, 2.0]


@pytest.mark.parametrize("kind", [list, tuple])
def test_long_lists_cross_as_they_are_and_their_numbers_have_64_bits_at_most(kind):
    for items in ([1, -2, 3], [0.1, 1e300, -0.0], [True, None, "x"], [1, 2.0, True], [[1], 2]):
        found = crossed(kind(items))
        assert found == kind(items)
        assert [type(item) for item in found] == [type(item) for item in items]
    for large in (wire.MAX_INT, -wire.MAX_INT):
        with pytest.raises(wire.WireError, match="64 bits"):
            wire.pack(kind([1, large]))
        frame = wire.pack(kind([1, 2])).replace(b"[1, 2]", f"[1, {large}]".encode())
        size = len(frame) - 12
        with pytest.raises(wire.WireError, match="64 bits"):
            wire.unpack(io.BytesIO(struct.pack(">IQ", size, 0) + frame[12:]))
    assert math.copysign(1, crossed(-0.0)) == -1


class Liar(torch.Tensor):
    """A subclass that could carry its own idea of equality."""


class Cheat(float):
    """Is equal to whatever it is compared with."""

    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(2).as_subclass(Liar),
        nn.Parameter(torch.zeros(2)),
        Cheat(1.0),
        np.float64(1.0),
        np.array([object()]),
        np.array(["text"]),
        np.ma.masked_array([1.0]),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2, 2).to_sparse(),
        {1: "a number for a key"},
        {"set"},
        lambda: None,
        nn.Linear(1, 1),
        2**63,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(WireError):
        wire.pack([value])


def test_on_object_decides_what_stands_for_what_is_not_plain():
    found = crossed([1, nn.Linear(1, 1)], on_object=lambda value: Handle(5, type(value).__name__))
    assert found == [1, Handle(5, "Linear")]


def test_handles_blueprints_and_photos_cross():
    value = [Handle(3, "x.Net"), Blueprint("sgd", {"lr": 0.5, "model": Handle(3, "x.Net")}), Photo(b"\x89PNG")]
    assert crossed(value) == value


def test_a_handle_learns_its_session():
    session = object()
    found = wire.unpack(io.BytesIO(wire.pack({"a": [Handle(1, "T")]})), session)
    assert found["a"][0].session is session


def test_deep_nesting_is_refused_on_both_sides():
    deep: list = []
    for _ in range(limits.MESSAGE_DEPTH + 2):
        deep = [deep]
    with pytest.raises(WireError):
        wire.pack(deep)
    form: object = None
    for _ in range(3 * limits.MESSAGE_DEPTH):
        form = {"list": [form]}
    with pytest.raises(WireError):
        wire.decode(form, [])


def test_a_header_too_deep_for_json_is_refused():
    text = b'{"form": ' + b"[" * 100_000 + b"]" * 100_000 + b', "sizes": []}'
    with pytest.raises(WireError):
        wire.unpack(io.BytesIO(struct.pack(">IQ", len(text), 0) + text))


def frame(form, sizes=(), payload=b"", payload_size=None):
    header = json.dumps({"form": form, "sizes": list(sizes)}).encode()
    return struct.pack(">IQ", len(header), len(payload) if payload_size is None else payload_size) + header + payload


BAD = {
    "unknown form": frame({"pickle": 0}),
    "two forms at once": frame({"list": [], "tuple": []}),
    "bare list": frame([1, 2]),
    "unknown dtype": frame({"tensor": ["complex64", [1], 0]}, [8], bytes(8)),
    "dtype that is no name": frame({"tensor": [["float32"], [1], 0]}, [4], bytes(4)),
    "object array": frame({"array": ["object", [1], 0]}, [8], bytes(8)),
    "too few bytes": frame({"tensor": ["float32", [3], 0]}, [8], bytes(8)),
    "too many bytes": frame({"tensor": ["float32", [1], 0]}, [8], bytes(8)),
    "negative shape": frame({"tensor": ["float32", [-1, -2], 0]}, [8], bytes(8)),
    "shape of bools": frame({"tensor": ["float32", [True, 2], 0]}, [8], bytes(8)),
    "a buffer that is not there": frame({"tensor": ["float32", [1], 1]}, [4], bytes(4)),
    "a negative buffer": frame({"bytes": -1}, [4], bytes(4)),
    "sizes that do not add up": frame(None, [3], bytes(4)),
    "negative sizes": frame(None, [-4, 8], bytes(4)),
    "sizes of floats": frame(None, [4.0], bytes(4)),
    "float of another text": frame({"float": "__import__"}),
    "form missing": struct.pack(">IQ", 2, 0) + b"{}",
    "header no dict": struct.pack(">IQ", 2, 0) + b"[]",
    "header no JSON": struct.pack(">IQ", 4, 0) + b"\xff\xfe\x00\x01",
    "larger than allowed": frame(None, payload_size=limits.MESSAGE_BYTES + 1),
    "dict of odd pairs": frame({"dict": [["a"]]}),
    "sizes no list": struct.pack(">IQ", 25, 0) + b'{"form":null, "sizes": 3}',
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_malformed_frame_is_a_wire_error(bad):
    with pytest.raises(WireError):
        wire.unpack(io.BytesIO(bad))


@given(content=st.binary(max_size=200))
def test_noise_never_raises_anything_else(content):
    with pytest.raises((WireError, EOFError)):
        wire.unpack(io.BytesIO(content))


@given(value=VALUES, data=st.data())
def test_a_damaged_frame_never_raises_anything_else(value, data):
    content = bytearray(wire.pack(value))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError, EOFError):
        wire.unpack(io.BytesIO(bytes(content)))


@given(value=VALUES, share=st.floats(0, 0.999))
def test_a_frame_cut_short_is_an_end_of_file(value, share):
    content = wire.pack(value)
    with pytest.raises(EOFError):
        wire.unpack(io.BytesIO(content[: int(share * len(content))]))


@pytest.mark.parametrize("value", [[1] * 11, (0.5,) * 11, ["a"] * 11, [[1] * 6, [2] * 6]])
def test_a_long_list_counts_item_by_item(monkeypatch, value):
    monkeypatch.setattr(limits, "MESSAGE_ITEMS", 10)
    with pytest.raises(WireError, match="too many items"):
        wire.pack(value)
    wire.pack([1] * 9)

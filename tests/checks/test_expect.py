"""Each helper, both ways; and the traps of equality: broadcasting, emptiness, subclasses."""

import numpy as np
import pytest
import torch

from course.checks import expect as e
from course.checks.check_failure import CheckFailure
from course.checks.wire import Handle


class Cheat(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


class Liar(torch.Tensor):
    pass


PASS = {
    "expect": lambda: e.expect(True, "no"),
    "tensor": lambda: e.expect_tensor(torch.zeros(2, 3), "t", shape=(2, -1), dtype=torch.float32, low=0, high=0),
    "empty tensor": lambda: e.expect_tensor(torch.zeros(0, 3), "t", shape=(0, 3), low=0, high=1),
    "float": lambda: e.expect_float(0.5, "f", low=0, high=1),
    "int": lambda: e.expect_int(3, "i"),
    "equal": lambda: e.expect_equal([1, 2], [1, 2], "x"),
    "close": lambda: e.expect_close(torch.ones(2) + 1e-7, torch.ones(2), "x", rtol=0, atol=1e-6),
    "close floats": lambda: e.expect_close(0.5, 0.5, "x", rtol=0, atol=0),
    "close empties": lambda: e.expect_close(torch.zeros(0), torch.zeros(0), "x", rtol=0, atol=0),
    "same": lambda: e.expect_same({"a": torch.ones(2)}, {"a": torch.ones(2)}, "x"),
    "changed": lambda: e.expect_changed({"a": torch.ones(2)}, {"a": torch.zeros(2)}, "x"),
    "at least": lambda: e.expect_at_least(1.0, 1.0, "x"),
    "at most": lambda: e.expect_at_most(1.0, 1.0, "x"),
}
FAIL = {
    "fail": (lambda: e.fail("so"), "so"),
    "expect": (lambda: e.expect(False, "so"), "so"),
    "tensor: a list": (lambda: e.expect_tensor([1.0], "t"), "expected a tensor, got a list of 1"),
    "tensor: None": (lambda: e.expect_tensor(None, "t"), "is the return missing?"),
    "tensor: subclass": (lambda: e.expect_tensor(torch.zeros(1).as_subclass(Liar), "t"), "expected a tensor"),
    "tensor: array": (lambda: e.expect_tensor(np.zeros((2, 2)), "t"), "a float64 array of shape (2, 2)"),
    "tensor: handle": (lambda: e.expect_tensor(Handle(1, "x.Net"), "t"), "an object of type x.Net"),
    "tensor: shape": (lambda: e.expect_tensor(torch.zeros(3), "t", shape=(2,)), "expected shape (2,), got (3,)"),
    "tensor: any": (lambda: e.expect_tensor(torch.zeros(3), "t", shape=(-1, 3)), "(any, 3)"),
    "tensor: batch": (lambda: e.expect_tensor(torch.zeros(1, 2, 3), "t", shape=(2, 3)), "a batch dimension too many"),
    "tensor: no batch": (
        lambda: e.expect_tensor(torch.zeros(2, 3), "t", shape=(-1, 2, 3)),
        "batch dimension is missing",
    ),
    "tensor: HWC": (lambda: e.expect_tensor(torch.zeros(5, 6, 1), "t", shape=(1, 5, 6)), "channels are last"),
    "tensor: dtype": (
        lambda: e.expect_tensor(torch.zeros(1), "t", dtype=torch.int64),
        "expected dtype int64, got float32",
    ),
    "tensor: nan": (lambda: e.expect_tensor(torch.tensor([1, float("nan")]), "t"), "1 of 2 values are NaN"),
    "tensor: range": (lambda: e.expect_tensor(torch.tensor([0.0, 255.0]), "t", low=0, high=1), "got 0 to 255"),
    "float: tensor": (lambda: e.expect_float(torch.tensor(0.5), "f"), ".item()"),
    "float: int": (lambda: e.expect_float(1, "f"), "got the int 1"),
    "float: subclass": (lambda: e.expect_float(Cheat(0.5), "f"), "expected a Python float"),
    "float: numpy": (lambda: e.expect_float(np.float64(0.5), "f"), "expected a Python float"),
    "float: nan": (lambda: e.expect_float(float("nan"), "f"), "got nan"),
    "float: range": (lambda: e.expect_float(75.0, "f", low=0, high=1), "from 0 to 1, got 75"),
    "int: bool": (lambda: e.expect_int(True, "i"), "got the bool True"),
    "int: float": (lambda: e.expect_int(1.0, "i"), "expected a Python int"),
    "equal: type": (lambda: e.expect_equal((1, 2), [1, 2], "x"), "expected [1, 2], got (1, 2)"),
    "equal: 1 and True": (lambda: e.expect_equal(True, 1, "x"), "got True"),
    "close: value": (
        lambda: e.expect_close(torch.ones(3), torch.zeros(3), "x", rtol=0, atol=0.5),
        "3 of 3 values differ",
    ),
    "close: broadcast": (
        lambda: e.expect_close(torch.zeros(1), torch.zeros(4), "x", rtol=0, atol=1),
        "expected shape (4,)",
    ),
    "close: empty broadcast": (
        lambda: e.expect_close(torch.zeros(0, 1), torch.ones(1, 1), "x", rtol=0, atol=1),
        "shape",
    ),
    "close: scalar for batch": (lambda: e.expect_close(torch.tensor(1.0), torch.ones(3), "x", rtol=0, atol=1), "shape"),
    "close: dtype": (lambda: e.expect_close(torch.zeros(2).double(), torch.zeros(2), "x", rtol=0, atol=1), "dtype"),
    "close: nan": (lambda: e.expect_close(torch.tensor([float("nan")]), torch.zeros(1), "x", rtol=0, atol=9), "NaN"),
    "close: int for float": (lambda: e.expect_close(1, 1.0, "x", rtol=0, atol=1), "expected a Python float"),
    "close: floats": (lambda: e.expect_close(0.7, 0.75, "x", rtol=0, atol=1e-6), "expected 0.75, got 0.7"),
    "close: cheat": (lambda: e.expect_close(Cheat(0.1), 0.75, "x", rtol=0, atol=1e-6), "expected a Python float"),
    "same: names": (lambda: e.expect_same({"a": torch.ones(1)}, {"b": torch.ones(1)}, "x"), "the names differ, a, b"),
    "same: values": (lambda: e.expect_same({"a": torch.ones(1)}, {"a": torch.zeros(1)}, "x"), "a by up to 1"),
    "same: shape": (
        lambda: e.expect_same({"a": torch.ones(1)}, {"a": torch.ones(2)}, "x"),
        "expected shape (2,), got (1,)",
    ),
    "same: nan": (lambda: e.expect_same({"a": torch.tensor([float("nan")])}, {"a": torch.zeros(1)}, "x"), "NaN"),
    "same: dtype": (
        lambda: e.expect_same({"a": torch.ones(1).half()}, {"a": torch.ones(1)}, "x"),
        "dtype float32, got float16",
    ),
    "same: no tensor": (
        lambda: e.expect_same({"a": 1.0}, {"a": torch.ones(1)}, "x"),
        "expected a tensor, got the float 1.0",
    ),
    "changed": (lambda: e.expect_changed({"a": torch.ones(1)}, {"a": torch.ones(1)}, "x"), "did not change, a among"),
    "at least": (lambda: e.expect_at_least(0.9, 0.95, "x"), "at least 0.95, got 0.9"),
    "at least: nan": (lambda: e.expect_at_least(float("nan"), 0.95, "x"), "at least"),
    "at most": (lambda: e.expect_at_most(0.9, 0.5, "x"), "at most 0.5, got 0.9"),
    "at most: nan": (lambda: e.expect_at_most(float("nan"), 0.95, "x"), "at most"),
}


@pytest.mark.parametrize("name", PASS)
def test_what_is_right_passes(name):
    PASS[name]()


@pytest.mark.parametrize("name", FAIL)
def test_what_is_wrong_fails_with_a_sentence(name):
    wrong, words = FAIL[name]
    with pytest.raises(CheckFailure) as fault:
        wrong()
    assert words in str(fault.value)


def test_the_message_says_where_and_how_far():
    wanted = torch.zeros(2, 3)
    actual = wanted.clone()
    actual[1, 2] = 0.5
    with pytest.raises(CheckFailure, match=r"1 of 6 values differ, most at \[1, 2\]: expected 0, got 0.5"):
        e.expect_close(actual, wanted, "x", rtol=0, atol=1e-6)


def test_the_message_says_what_it_looks_like():
    wanted = torch.rand(1, 5, 5)
    with pytest.raises(CheckFailure, match="It looks scaled: every value is 255 times what it should be"):
        e.expect_close(wanted * 255, wanted, "x", rtol=0, atol=1e-6)


@pytest.mark.parametrize("helper", [e.expect_equal])
def test_equal_is_safe_for_tensors_too(helper):
    with pytest.raises(CheckFailure):
        helper(torch.zeros(3), [0, 0, 0], "x")


def test_comparisons_with_a_bound_are_recorded_where_somebody_listens():
    with e.recording() as outer:
        e.expect_at_least(0.97, 0.95, "accuracy")
        with e.recording() as inner, pytest.raises(CheckFailure, match="too much"):
            e.expect_at_most(3, 2, "steps", "too much")
    e.expect_at_least(1.0, 0.5, "nobody listens")
    assert outer == [e.Measured("accuracy", 0.97, 0.95, "at least"), e.Measured("steps", 3.0, 2.0, "at most")]
    assert inner == outer[1:]

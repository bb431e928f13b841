"""Comparisons that speak tensor: what was expected, what came, where they differ, how far, and what that looks like.

Every helper raises `CheckFailure` with the numbers; `wording` has the sentences. Types are exact: a subclass of float or of Tensor
can carry its own idea of equality. Shapes are compared before values, so nothing is equal by broadcasting or by being empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from course.checks.check_failure import CheckFailure
from course.checks.explain import explain
from course.checks.wording import describe

PLAIN = 4000  # characters of a plain value that are kept; `plain_difference` says of them what matters


def fail(message: str, **values: Any) -> None:
    """Fail the check with a sentence of its own; `{names}` in it stand for `values`."""
    raise CheckFailure("condition", message, **values)


def expect(condition: bool, message: str, **values: Any) -> None:
    """Fail as `fail` does unless `condition` holds."""
    if not condition:
        fail(message, **values)


def expect_tensor(
    value: Any,
    what: str,
    *,
    shape: Sequence[int] | None = None,
    dtype: torch.dtype | None = None,
    low: float | None = None,
    high: float | None = None,
) -> torch.Tensor:
    """A plain tensor of this shape (-1: any size) and dtype, finite, with values in [low, high]; returns it."""
    if type(value) is not torch.Tensor:
        raise CheckFailure("not a tensor", what, type(value).__name__, got=describe(value))
    if shape is not None:
        have, want = list(value.shape), list(shape)
        if len(have) != len(want) or not all(w in (-1, h) for w, h in zip(want, have)):
            raise CheckFailure("shape", what, _shape_slip(have, want), expected=tuple(want), got=tuple(have))
    if dtype is not None and value.dtype != dtype:
        expected, got = (str(d).removeprefix("torch.") for d in (dtype, value.dtype))
        raise CheckFailure("dtype", what, got, expected=expected, got=got)
    if value.is_floating_point() and not torch.isfinite(value).all():
        raise CheckFailure("not finite", what, bad=int((~torch.isfinite(value)).sum()), count=value.numel())
    if value.numel():
        least, most = value.min().item(), value.max().item()
        if (low is not None and least < low) or (high is not None and most > high):
            raise CheckFailure("out of range", what, low=low, high=high, least=least, most=most)
    return value


def expect_float(value: Any, what: str, *, low: float | None = None, high: float | None = None) -> float:
    """A finite Python float in [low, high]; returns it."""
    if type(value) is not float:
        raise CheckFailure("not a float", what, type(value).__name__, got=describe(value))
    if not np.isfinite(value):
        raise CheckFailure("no number", what, repr(value), got=repr(value))
    if (low is not None and value < low) or (high is not None and value > high):
        raise CheckFailure("not between", what, low=low, high=high, got=value)
    return value


def expect_int(value: Any, what: str) -> int:
    """A Python int (a bool is none); returns it."""
    if type(value) is not int:
        raise CheckFailure("not an int", what, type(value).__name__, got=describe(value))
    return value


def expect_equal(actual: Any, expected: Any, what: str) -> None:
    """Equal plain values of the same type."""
    if type(actual) is not type(expected) or actual != expected:
        raise CheckFailure("not equal", what, type(actual).__name__, expected=repr(expected), got=_short(actual))


def expect_close(actual: Any, expected: Any, what: str, *, rtol: float, atol: float) -> None:
    """Numbers or tensors that agree within `atol + rtol * |expected|`; the failure says where they do not and why it may be."""
    if isinstance(expected, float):
        expect_float(actual, what)
        if abs(actual - expected) > atol + rtol * abs(expected):
            order = "more" if actual > expected else "less"
            raise CheckFailure("another number", what, order, expected=expected, got=actual)
        return
    expect_tensor(actual, what, dtype=expected.dtype)
    if actual.shape != expected.shape:
        looks, numbers = explain(actual, expected)
        shapes = {"expected": tuple(expected.shape), "got": tuple(actual.shape)}
        raise CheckFailure("shape", what, looks, **shapes, looks=numbers)
    wide, wanted = actual.double(), expected.double()
    off = (wide - wanted).abs()
    bad = off > atol + rtol * wanted.abs()
    if bad.any():
        where = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape)) if off.dim() else ()
        looks, numbers = explain(actual, expected)
        at_worst = {"where": where, "expected": wanted[where].item(), "got": wide[where].item()}
        raise CheckFailure(
            "values differ", what, looks, bad=int(bad.sum()), count=bad.numel(), **at_worst, looks=numbers
        )


def expect_same(actual: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], what: str) -> None:
    """Dicts of tensors with the same names, each bit for bit the same."""
    if set(actual) != set(expected):
        raise CheckFailure("other names", what, names=sorted(set(actual) ^ set(expected))[:4])
    for name, value in actual.items():
        expect_tensor(value, f"{what}: {name}", shape=expected[name].shape, dtype=expected[name].dtype)
    changed = {n: t for n, t in actual.items() if not torch.equal(t, expected[n])}
    if changed:
        far = {n: _distance(t, expected[n]) for n, t in changed.items()}
        worst = max(far, key=lambda n: far[n])
        raise CheckFailure("changed", what, number=len(changed), count=len(actual), worst=worst, far=far[worst])


def expect_changed(actual: Mapping[str, torch.Tensor], before: Mapping[str, torch.Tensor], what: str) -> None:
    """Dicts of tensors with the same names, every one different from before."""
    kept = [n for n, t in actual.items() if n in before and torch.equal(t, before[n])]
    if kept:
        raise CheckFailure("unchanged", what, number=len(kept), count=len(before), first=kept[0])


def expect_at_least(value: float, bound: float, what: str, message: str = "", **values: Any) -> None:
    """`value` >= `bound`; fails with `message`, where there is one, as `fail` does."""
    _measured(value, bound, "at least", what)
    if not value >= bound:
        if message:
            fail(message, **values)
        raise CheckFailure("too small", what, bound=float(bound), got=float(value))


def expect_at_most(value: float, bound: float, what: str, message: str = "", **values: Any) -> None:
    """`value` <= `bound`; fails with `message`, where there is one, as `fail` does."""
    _measured(value, bound, "at most", what)
    if not value <= bound:
        if message:
            fail(message, **values)
        raise CheckFailure("too large", what, bound=float(bound), got=float(value))


# -- what was measured against which bound ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """One comparison of `expect_at_least` or `expect_at_most`; `sense` is "at least" or "at most"."""

    what: str
    value: float
    bound: float
    sense: str


_recorders: list[list[Measured]] = []


@contextmanager
def recording() -> Iterator[list[Measured]]:
    """Within this context every comparison with a bound is added to the list, whether it holds or not."""
    _recorders.append([])
    try:
        yield _recorders[-1]
    finally:
        _recorders.pop()


def _measured(value: float, bound: float, sense: str, what: str) -> None:
    for found in _recorders:
        found.append(Measured(what, float(value), float(bound), sense))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= PLAIN else text[: PLAIN - 3] + "..."


def _distance(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a.double() - b.double()).abs().max()) if a.shape == b.shape and a.numel() else float("inf")


def _shape_slip(have: list[int], want: list[int]) -> str:
    """Which dimension is missing, too many or in the wrong place, as `wording.SHAPES` calls it; else empty."""
    if len(have) == len(want) + 1 and have[0] == 1 and have[1:] == want:
        return "batch too many"
    if len(have) + 1 == len(want) and want[0] in (1, -1) and have == want[1:]:
        picture = len(want) == 3 and want[0] == 1  # (1, H, W)
        return "channel missing" if picture else "batch missing"
    if len(have) == len(want) and len(have) >= 3 and have != want and have[-1:] + have[-3:-1] == want[-3:]:
        return "channels last"
    return ""

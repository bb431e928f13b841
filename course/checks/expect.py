"""Comparisons that speak tensor: what was expected, what came, where they differ, how far, and what that looks like.

Every helper raises `CheckFailure` with a sentence for the student. Types are exact: a subclass of float or of Tensor can
carry its own idea of equality. Shapes are compared before values, so nothing is equal by broadcasting or by being empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from course.checks.check import CheckFailure
from course.checks.explain import explain
from course.checks.wire import Handle


def fail(message: str) -> None:
    """Fail the check with `message`."""
    raise CheckFailure(message)


def expect(condition: bool, message: str) -> None:
    """Fail with `message` unless `condition` holds."""
    if not condition:
        raise CheckFailure(message)


def named(value: Any) -> str:
    """`value` in a few words: a tensor by dtype and shape, a plain value by itself."""
    kind = type(value)
    if kind is torch.Tensor:
        return f"a {str(value.dtype).removeprefix('torch.')} tensor of shape {tuple(value.shape)}"
    if kind is np.ndarray:
        return f"a {value.dtype} array of shape {value.shape}"
    if kind is Handle:
        return f"an object of type {value.type}"
    if value is None:
        return "nothing (None): is the return missing?"
    if kind in (list, tuple, dict):
        return f"a {kind.__name__} of {len(value)}"
    text = repr(value)
    return f"the {kind.__name__} {text if len(text) < 80 else text[:77] + '...'}"


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
        raise CheckFailure(f"{what}: expected a tensor, got {named(value)}")
    if shape is not None:
        fits = value.dim() == len(shape) and all(
            want in (-1, have) for want, have in zip(shape, value.shape, strict=True)
        )
        if not fits:
            wanted = (
                "(" + ", ".join("any" if n == -1 else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
            )
            raise CheckFailure(
                f"{what}: expected shape {wanted}, got {tuple(value.shape)}{_shape_hint(value.shape, shape)}"
            )
    if dtype is not None and value.dtype != dtype:
        names = [str(d).removeprefix("torch.") for d in (dtype, value.dtype)]
        raise CheckFailure(f"{what}: expected dtype {names[0]}, got {names[1]}")
    if value.is_floating_point() and not torch.isfinite(value).all():
        bad = int((~torch.isfinite(value)).sum())
        raise CheckFailure(f"{what}: {bad} of {value.numel()} values are NaN or infinite")
    if value.numel():
        least, most = value.min().item(), value.max().item()
        if (low is not None and least < low) or (high is not None and most > high):
            wanted = f"[{'-inf' if low is None else f'{low:g}'}, {'inf' if high is None else f'{high:g}'}]"
            raise CheckFailure(f"{what}: expected values in {wanted}, got {least:.4g} to {most:.4g}")
    return value


def expect_float(value: Any, what: str, *, low: float | None = None, high: float | None = None) -> float:
    """A finite Python float in [low, high]; returns it."""
    if type(value) is not float:
        cure = " (`.item()` makes a number of a one-element tensor)" if type(value) is torch.Tensor else ""
        raise CheckFailure(f"{what}: expected a Python float, got {named(value)}{cure}")
    if not np.isfinite(value):
        raise CheckFailure(f"{what}: got {value}")
    if (low is not None and value < low) or (high is not None and value > high):
        raise CheckFailure(f"{what}: expected a value from {low} to {high}, got {value:.4g}")
    return value


def expect_int(value: Any, what: str) -> int:
    """A Python int (a bool is none); returns it."""
    if type(value) is not int:
        raise CheckFailure(f"{what}: expected a Python int, got {named(value)}")
    return value


def expect_equal(actual: Any, expected: Any, what: str) -> None:
    """Equal plain values of the same type."""
    if type(actual) is not type(expected) or actual != expected:
        raise CheckFailure(f"{what}: expected {expected!r}, got {_short(actual)}")


def expect_close(actual: Any, expected: Any, what: str, *, rtol: float, atol: float) -> None:
    """Numbers or tensors that agree within `atol + rtol * |expected|`; the message says where they do not and why it may be."""
    if isinstance(expected, float):
        expect_float(actual, what)
        if abs(actual - expected) > atol + rtol * abs(expected):
            raise CheckFailure(f"{what}: expected {expected:.6g}, got {actual:.6g}")
        return
    expect_tensor(actual, what, dtype=expected.dtype)
    if actual.shape != expected.shape:
        raise CheckFailure(
            f"{what}: expected shape {tuple(expected.shape)}, got {tuple(actual.shape)}{_looks(actual, expected)}"
        )
    wide, wanted = actual.double(), expected.double()
    off = (wide - wanted).abs()
    bad = off > atol + rtol * wanted.abs()
    if bad.any():
        where = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape)) if off.dim() else ()
        at = f" at {list(where)}" if where else ""
        raise CheckFailure(
            f"{what}: {int(bad.sum())} of {bad.numel()} values differ, most{at}: "
            f"expected {wanted[where].item():.4g}, got {wide[where].item():.4g}{_looks(actual, expected)}"
        )


def expect_same(actual: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], what: str) -> None:
    """Dicts of tensors with the same names, each bit for bit the same."""
    if set(actual) != set(expected):
        odd = sorted(set(actual) ^ set(expected))
        raise CheckFailure(f"{what}: the names differ, {', '.join(odd[:4])}")
    for name, value in actual.items():
        expect_tensor(value, f"{what}: {name}", shape=expected[name].shape, dtype=expected[name].dtype)
    changed = {n: t for n, t in actual.items() if not torch.equal(t, expected[n])}
    if changed:
        far = {n: _distance(t, expected[n]) for n, t in changed.items()}
        worst = max(far, key=lambda n: far[n])
        raise CheckFailure(f"{what}: {len(changed)} of {len(actual)} changed, {worst} by up to {far[worst]:.3g}")


def expect_changed(actual: Mapping[str, torch.Tensor], before: Mapping[str, torch.Tensor], what: str) -> None:
    """Dicts of tensors with the same names, every one different from before."""
    kept = [n for n, t in actual.items() if n in before and torch.equal(t, before[n])]
    if kept:
        raise CheckFailure(f"{what}: {len(kept)} of {len(before)} did not change, {kept[0]} among them")


def expect_at_least(value: float, bound: float, what: str, message: str = "") -> None:
    """`value` >= `bound`; fails with `message`, where there is one."""
    _measured(value, bound, "at least", what)
    if not value >= bound:
        raise CheckFailure(message or f"{what}: expected at least {bound:.3g}, got {value:.3g}")


def expect_at_most(value: float, bound: float, what: str, message: str = "") -> None:
    """`value` <= `bound`; fails with `message`, where there is one."""
    _measured(value, bound, "at most", what)
    if not value <= bound:
        raise CheckFailure(message or f"{what}: expected at most {bound:.3g}, got {value:.3g}")


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
    return text if len(text) <= 120 else text[:117] + "..."


def _distance(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a.double() - b.double()).abs().max()) if a.shape == b.shape and a.numel() else float("inf")


def _looks(actual: torch.Tensor, expected: torch.Tensor) -> str:
    found = explain(actual, expected)
    return f"\nIt looks {found}." if found else ""


def _shape_hint(have: Sequence[int], want: Sequence[int]) -> str:
    have, want = list(have), list(want)
    if len(have) == len(want) + 1 and have[0] == 1 and have[1:] == want:
        return ": there is a batch dimension too many"
    if len(have) + 1 == len(want) and want[0] in (1, -1) and have == want[1:]:
        picture = len(want) == 3 and want[0] == 1  # (1, H, W)
        return f": the {'channel' if picture else 'batch'} dimension is missing"
    if len(have) == len(want) and len(have) >= 3 and have != want and have[-1:] + have[-3:-1] == want[-3:]:
        return ": the channels are last (H, W, C) and should be first (C, H, W)"
    return ""

"""What a wrong tensor looks like, beside the right one: the usual slips, recognised by their effect.

Each slip is a name (`wording.LOOKS` has its words) and a function that makes the wrong from the right. The first whose outcome
agrees with what came is named. It never judges; the comparison has failed already.
"""

from collections.abc import Callable

import torch

TOLERANCE = 1e-3  # relative to the spread of the expected values: a slip is recognised by shape, not by digits
Slip = tuple[str, dict[str, float]]
NOTHING: Slip = ("", {})


def explain(actual: torch.Tensor, expected: torch.Tensor) -> Slip:
    """(name of the slip, its numbers); an empty name when nothing fits."""
    have, want = actual.double(), expected.double()
    if not want.numel() or not have.numel():
        return ("empty", {}) if want.numel() else NOTHING
    if have.shape == want.shape:
        spread = float(want.max() - want.min())
        if float(have.max() - have.min()) == 0 and spread > 0:
            return "constant", {"value": have.flatten()[0].item()}
        step = (have - want).flatten()
        if not actual.is_floating_point() and bool((step == step[0]).all()) and step[0] != 0:
            return "shifted up" if step[0] > 0 else "shifted down", {"step": abs(int(step[0]))}
        linear = _linear(have, want)
        if linear[0]:
            return linear
    for name, slip in _SLIPS.items():
        try:
            wrong = slip(want)
        except (IndexError, RuntimeError):
            continue
        if wrong.shape == have.shape and _agree(have, wrong):
            return name, {}
    if have.shape == want.shape and _agree(have.flatten().sort().values, want.flatten().sort().values):
        return "shuffled", {}
    return NOTHING


def _agree(a: torch.Tensor, b: torch.Tensor) -> bool:
    scale = float(b.max() - b.min()) or float(b.abs().max()) or 1.0
    return bool((a - b).abs().max() <= TOLERANCE * scale)


def _linear(have: torch.Tensor, want: torch.Tensor) -> Slip:
    """Is it the right tensor times a number, or plus a number, or both?"""
    x, y = want.flatten(), have.flatten()
    if x.numel() < 3 or float(x.std()) == 0:
        return NOTHING
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    offset = float(y.mean() - slope * x.mean())
    if abs(slope) < 1e-9 or not _agree(y, slope * x + offset):
        return NOTHING
    scaled, moved = abs(slope - 1) > 1e-3, abs(offset) > 1e-3 * float(y.abs().max())
    if scaled and not moved:
        return ("negated", {}) if abs(slope + 1) < 1e-3 else ("scaled", {"slope": slope})
    if moved and not scaled:
        return "offset", {"offset": offset}
    return ("renormalised", {"slope": slope, "offset": offset}) if scaled and moved else NOTHING


def _rows(slip: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    """The slip along the last axis, where that has more than one value: the softmax of one score is 1, which says nothing."""
    return lambda t: slip(t, -1) if t.dim() and t.shape[-1] > 1 else t.new_zeros(0)


_SLIPS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "softmax": _rows(torch.softmax),
    "log-softmax": _rows(torch.log_softmax),
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "clipped": lambda t: t.clamp(0, 1),
    "transposed": lambda t: t.transpose(-1, -2),
    "channels last": lambda t: t.movedim(-3, -1),
    "bgr": lambda t: t.flip(-3),
    "mirrored": lambda t: t.flip(-1),
    "upside down": lambda t: t.flip(-2),
    "batch reversed": lambda t: t.flip(0),
    "averaged": lambda t: t / t.shape[0],
    "rounded": torch.round,
}

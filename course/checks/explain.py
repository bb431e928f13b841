"""What a wrong tensor looks like, beside the right one: the usual slips, recognised by their effect.

Each explanation is a pair of a phrase and a function that makes the wrong from the right. The first whose outcome agrees with
what came is named. It never judges; the comparison has failed already.
"""

from collections.abc import Callable

import torch

TOLERANCE = 1e-3  # relative to the spread of the expected values: a slip is recognised by shape, not by digits


def explain(actual: torch.Tensor, expected: torch.Tensor) -> str:
    """A phrase that follows "It looks", or an empty string when nothing fits."""
    have, want = actual.double(), expected.double()
    if not want.numel() or not have.numel():
        return "empty" if want.numel() else ""
    if have.shape == want.shape:
        spread = float(want.max() - want.min())
        if float(have.max() - have.min()) == 0 and spread > 0:
            return f"constant: every value is {have.flatten()[0].item():.4g}"
        step = (have - want).flatten()
        if not actual.is_floating_point() and bool((step == step[0]).all()) and step[0] != 0:
            return f"shifted: every value is {abs(int(step[0]))} too {'many' if step[0] > 0 else 'few'}"
        linear = _linear(have, want)
        if linear:
            return linear
    for phrase, slip in _SLIPS:
        try:
            wrong = slip(want)
        except (IndexError, RuntimeError):
            continue
        if wrong.shape == have.shape and _agree(have, wrong):
            return phrase
    if have.shape == want.shape and _agree(have.flatten().sort().values, want.flatten().sort().values):
        return "shuffled: the same values in another order"
    return ""


def _agree(a: torch.Tensor, b: torch.Tensor) -> bool:
    scale = float(b.max() - b.min()) or float(b.abs().max()) or 1.0
    return bool((a - b).abs().max() <= TOLERANCE * scale)


def _linear(have: torch.Tensor, want: torch.Tensor) -> str:
    """Is it the right tensor times a number, or plus a number, or both?"""
    x, y = want.flatten(), have.flatten()
    if x.numel() < 3 or float(x.std()) == 0:
        return ""
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    offset = float(y.mean() - slope * x.mean())
    if abs(slope) < 1e-9 or not _agree(y, slope * x + offset):
        return ""
    scaled, moved = abs(slope - 1) > 1e-3, abs(offset) > 1e-3 * float(y.abs().max())
    if scaled and not moved:
        return "negated" if abs(slope + 1) < 1e-3 else f"scaled: every value is {slope:.4g} times what it should be"
    if moved and not scaled:
        return f"shifted: every value is {offset:+.4g} off"
    if scaled and moved:
        return f"normalised another way: {slope:.4g} times the expected values, {offset:+.4g}"
    return ""


def _rows(slip: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    """The slip along the last axis, where that has more than one value: the softmax of one score is 1, which says nothing."""
    return lambda t: slip(t, -1) if t.dim() and t.shape[-1] > 1 else t.new_zeros(0)


_SLIPS: list[tuple[str, Callable[[torch.Tensor], torch.Tensor]]] = [
    ("softmaxed: these are probabilities, not logits", _rows(torch.softmax)),
    ("log-softmaxed: these are log-probabilities, not logits", _rows(torch.log_softmax)),
    ("squashed by a sigmoid", torch.sigmoid),
    ("cut off at zero, as by a ReLU after the last layer", torch.relu),
    ("clipped to the range 0 to 1", lambda t: t.clamp(0, 1)),
    ("transposed: rows and columns are exchanged", lambda t: t.transpose(-1, -2)),
    ("channels last: (H, W, C) where (C, H, W) is wanted", lambda t: t.movedim(-3, -1)),
    ("like RGB taken for BGR: the channels are in reverse order", lambda t: t.flip(-3)),
    ("mirrored left to right", lambda t: t.flip(-1)),
    ("upside down", lambda t: t.flip(-2)),
    ("in reverse order along the batch", lambda t: t.flip(0)),
    ("averaged where a sum is wanted", lambda t: t / t.shape[0]),
    ("rounded to whole numbers", torch.round),
]

"""Evidence about any network that ends in scores, shared by the graders of 01, 02, 03, 05b and 07.

Most of it is taken with weights that were drawn anew (`worker.networks`): a verdict hangs on what a network can say, not on how
small its first weights are. Nothing here knows which layers a network is made of.
"""

import math
from typing import Any

import torch

from course.checks.expect import expect, expect_at_least, expect_at_most, expect_close, expect_same, expect_tensor
from course.checks.probes import unregistered_in
from graders.kit.worker.gradients import asleep_in, false_slope_of, neighbours_in, pull_of
from graders.kit.worker.networks import (
    alone_and_together,
    curve_of,
    images_after,
    scores_of,
    spreads_of,
    standing_of,
)

ROWS = 84  # of the last layer that are drawn. Each draw is two passes of the whole network: of more classes fewer are needed
ASKED = 89  # classes, for a check that asks for another number: ROWS in one draw, and a width that hardly any hidden layer has


def expect_logits(model: Any, x: torch.Tensor, classes: int) -> None:
    """In both modes scores of any size and sign, whatever is learned: nothing comes after the last layer."""
    draws = math.ceil(ROWS / classes)
    for mode in ("eval", "train"):
        _expect_free(scores_of(model, x, mode, draws=draws), (2 * draws, len(x), classes), f"in {mode} mode")


def _expect_free(found: dict[str, torch.Tensor], shape: tuple[int, int, int], when: str) -> None:
    plain, larger = torch.cat([found["drawn"], found["mirrored"]]), found["larger"]
    expect_tensor(plain, f"scores {when}", shape=shape)
    ones = torch.ones(plain.shape[:2])
    # 1e-4: real logits miss these sums by far more than float32 rounding of some ten numbers, about 1e-6
    expect(
        not torch.allclose(plain.sum(2), ones, atol=1e-4),
        "the scores of each picture add up to 1 {when}: they are probabilities",
        when=when,
    )
    expect(
        not torch.allclose(plain.logsumexp(2).exp(), ones, atol=1e-4),
        "the scores are log-probabilities {when}",
        when=when,
    )
    # 1e-4: a sum of some ten float32 numbers comes within 1e-6 of their size; scores that nobody has centred are as large as that
    expect(
        not bool((plain.sum(2).abs() <= 1e-4 * plain.abs().sum(2)).all()),
        "the scores of each picture add up to 0 {when}: after the last layer their mean is subtracted",
        when=when,
    )
    expect(
        not bool(found["behind"].any()),
        "a last layer of zeros gives scores {when} that are not 0, and are in eval mode: something is added after it",
        when=when,
    )
    # With the last layer's sign turned round, scores of a linear one are as far below 0 as they were above: a ratio of 1.
    # 3: a head that is built otherwise (normalised weights) has both signs alike by chance only, of 84 weights; an activation gives
    # 0 to 0.3.
    below, above = (float(part.clamp(min=0).sum()) for part in (-plain, plain))
    what = f"how far scores go below 0, against above, {when}, whatever the weights"
    lame = (
        "whatever the weights, the scores go from {least:.2g} to {most:.2g} {when}: an activation after the last layer?"
    )
    ends = {"least": float(plain.min()), "most": float(plain.max()), "when": when}
    expect_at_least(below / max(above, 1e-12), 1 / 3, what, lame, **ends)
    expect_at_most(below / max(above, 1e-12), 3, what, lame, **ends)
    # Scores grow with the weights, 64 times or more; what squeezes or cuts them lets them grow up to its bound.
    expect_at_least(
        float(larger.abs().max()) / max(float(found["mirrored"][-1].abs().max()), 1e-12),
        4,
        f"how much the scores grow with weights that are 64 times as large and more, {when}",
        "whatever the weights, all scores lie between {least:.2g} and {most:.2g} {when}: an activation after the last layer?",
        least=float(larger.min()),
        most=float(larger.max()),
        when=when,
    )
    nothing = plain == 0  # a whole row of zeros is an image that nothing has answered to
    lost = int((nothing & ~nothing.all(2, keepdim=True)).sum())
    expect(
        lost == 0,
        "{lost} of {count} scores are exactly 0 {when}, beside others that are not: something after the last layer drops them",
        lost=lost,
        count=plain.numel(),
        when=when,
    )


def expect_bent(model: Any, a: torch.Tensor, b: torch.Tensor) -> None:
    """The network is more than one linear layer: the scores of a mean are not the mean of the scores."""
    # an affine function meets the midpoint to rounding, about 1e-6 of its size; a bend misses by 1e-2, a very deep network by 1e-4
    expect_at_least(
        curve_of(model, a, b),
        1e-5,
        "how far the score of a mean is from the mean of the scores, against the scores",
        "the network is linear: the score of a mean is the mean of the scores",
    )


def expect_registered(model: Any, x: torch.Tensor) -> None:
    """Every tensor that the forward pass learns by is one of the model's parameters, and gets a gradient."""
    foreign = unregistered_in(model, x)
    expect(
        foreign == 0,
        "{foreign} weights that the forward pass uses are not among the model's parameters: they are never trained",
        foreign=foreign,
    )


def expect_pull(model: Any, x: torch.Tensor) -> int:
    """Every parameter can learn and takes part; returns how many there are."""
    found = pull_of(model, x)
    idle = [name for name, size in found.items() if size <= 0]
    expect(not idle, "no gradient reaches {idle}", idle=", ".join(idle))
    asleep = asleep_in(model, x)
    expect(not asleep, "from its first weights on no gradient reaches {asleep}", asleep=", ".join(asleep))
    return len(found)


def expect_own_gradients(model: Any, x: torch.Tensor) -> None:
    """Gradients are those of the whole way from the parameters to the scores: no part of it is cut off."""
    # 0.05: steps over bends, in float32, miss the gradient by 0.02 at most; of two heads, one on detached features, by 0.08 to 3
    expect_at_most(
        false_slope_of(model, x),
        0.05,
        "how far the scores change otherwise than their gradients say",
        "the scores change otherwise than their gradients say: a part of the way back through the network is cut off",
    )


def expect_judged_alone(model: Any, x: torch.Tensor, *, norms: bool = True) -> None:
    """The scores of an image do not depend on its neighbours; in train mode only `norms` (BatchNorm) may make them."""
    once, again, alone = alone_and_together(model, x)
    scale = float(once.abs().max())
    # 1e-4: a matrix product may add up in another order for another batch size
    expect_close(again, once, "logits of a batch in eval mode, once more", rtol=1e-4, atol=1e-4 * scale)
    expect_close(once, alone, f"logits in a batch of {len(x)}, against one by one", rtol=1e-4, atol=1e-4 * scale)
    for mode in ("eval", "train"):
        share = neighbours_in(model, x, mode, hold_norms=norms, passes=1 if mode == "eval" else 4)
        # 1e-3: rounding is 1e-6; a batch of six that is normalised together, or mixed a little, gives 0.02 and more
        expect_at_most(
            share,
            1e-3,
            f"how far scores depend on the other pictures of the batch, in {mode} mode",
            "in {mode} mode the scores of a picture depend on the other pictures of its batch",
            mode=mode,
        )


def expect_not_normalised(model: Any, batches: list[torch.Tensor]) -> None:
    """In train mode the scores are not what a norm over the batch has made of them: mean and spread are the batch's own."""
    (mean, spread), (other_mean, other) = spreads_of(model, batches)
    # 1e-3: behind BatchNorm the spread is its weight, whatever the batch; elsewhere no two batches agree in that of every class
    same = torch.allclose(spread, other, rtol=1e-3, atol=0) and bool((spread > 0).all())
    # 1e-4: rounding; a mean that nobody has subtracted is about as large as the spread
    centred = all(bool((m.abs() < 1e-4 * s).all()) for m, s in ((mean, spread), (other_mean, other)))
    expect(
        not (same or centred),
        "in train mode the logits of each class have the same mean and spread in every batch: they are normalised over the batch",
    )


def expect_images_kept(model: Any, x: torch.Tensor) -> None:
    """The network leaves its input as it was: the caller may still need it."""
    for mode, after in images_after(model, x).items():
        expect_same({"pixels": after}, {"pixels": x}, f"the images after a pass in {mode} mode")


def expect_left_alone(model: Any, before: dict[str, dict[str, Any]], when: str, what: str = "the model") -> None:
    """Numbers, modes, what can be trained and how it lies in memory are what they were; `when` is, say, "after saving"."""
    after = standing_of(model)
    expect_same(after.pop("numbers"), before["numbers"], f"numbers of {what} {when}")
    for how, now in after.items():
        other = [name or what for name, was in before[how].items() if now.get(name) != was]
        expect(not other, "{when} {how}: {names}", when=when, how=how, names=", ".join(other[:4]))

"""Probes of networks as such: what they say whatever their weights, whose neighbours they mind, what reaches them.

A network at its first weights may say little (a head may start at zero), so most of these draw weights of their own. Whatever a
probe changes it puts back: numbers, modes, the generator. `nn.Lazy…` layers have no numbers before their first pass, so each probe
makes one first.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from course.checks.probes import probe, state_of, trainable_of

DRAWS = 5  # of weights, where one may be an unlucky one
LARGE = 16  # a gain that drives squeezed units to their ends
ENOUGH = 1e-3  # of a bend, against the size of the scores: no other draw is needed


def shaped(model: nn.Module, images: torch.Tensor) -> None:
    """Let lazy layers take their shapes."""
    if any(map(is_lazy, itertools.chain(model.parameters(), model.buffers()))):
        modes = [(part, part.training) for part in model.modules()]
        with torch.no_grad():
            model.eval()(images.clone())
        for part, training in modes:
            part.training = training


@contextmanager
def borrowed(model: nn.Module, images: torch.Tensor, mode: str, gain: float = 0.0, seed: int = 0) -> Iterator[None]:
    """The network in this mode, its parameters drawn anew where there is a `gain`; afterwards it is as it was before."""
    shaped(model, images)
    modes = [(part, part.training) for part in model.modules()]
    kept = [(t, t.detach().clone()) for t in itertools.chain(model.parameters(), model.buffers())]
    generator = torch.get_rng_state()
    try:
        model.train(mode == "train")
        if gain:
            draw(drawn(model), gain, seed)
        yield
    finally:
        with torch.no_grad():
            for tensor, old in kept:
                tensor.copy_(old)
        for part, training in modes:
            part.training = training
        torch.set_rng_state(generator)


def drawn(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that `draw` draws: all but the slopes of PReLU, which say what a bend it is."""
    slopes = {id(p) for part in model.modules() if isinstance(part, nn.PReLU) for p in part.parameters()}
    return [p for p in model.parameters() if id(p) not in slopes]


@torch.no_grad()
def draw(parameters: list[nn.Parameter], gain: float, seed: int) -> None:
    """Parameters from N(0, gain), weights of many inputs smaller: values of the size of 1 stay of the size of `gain`."""
    generator = torch.Generator().manual_seed(seed)
    for p in parameters:
        p.normal_(0, gain / (p[0].numel() if p.dim() > 1 else 1) ** 0.5, generator=generator)


@probe
def scores_of(model: nn.Module, images: torch.Tensor, mode: str, draws: int) -> dict[str, torch.Tensor]:
    """Scores with weights that were drawn anew, the last layer's large: (draws, B, classes) each.

    The last layer is whatever has as many rows as there are classes. Its weights are as "drawn", with the sign "mirrored", and 4096
    times "larger"; should that not matter to it (normalised weights), all weights are 64 times larger. "behind" is what comes in
    train mode where the last layer is all zeros, none of it if zeros leave anything in eval mode: then that layer is not the last.
    """
    found: dict[str, list[torch.Tensor]] = {"drawn": [], "mirrored": [], "larger": [], "behind": []}
    with borrowed(model, images, mode, gain=2), torch.no_grad():
        last = _last(model, model(images.clone()))
        for seed in range(draws):
            draw(last, 128, seed)
            for name, factor in (("drawn", 1), ("mirrored", -1)):
                _scale(last, factor)
                found[name].append(model(images.clone()).clone())
        size = float(found["mirrored"][-1].abs().max())
        _scale(last, 4096)
        # 4: a linear layer makes it 4096, one with normalised weights 1
        if float(model(images.clone()).abs().max()) < 4 * size:
            _scale(drawn(model), 64)
        found["larger"].append(model(images.clone()).clone())
        _scale(last, 0)
        behind, within = model(images.clone()).clone(), model.eval()(images.clone())
        found["behind"].append(
            behind if not within.any() else torch.zeros_like(behind)
        )  # any: also where there is no number
    return {name: torch.stack(scores) for name, scores in found.items()}


def _last(model: nn.Module, scores: torch.Tensor) -> list[nn.Parameter]:
    return [p for p in drawn(model) if p.dim() and len(p) == scores.shape[1]]


def _scale(parameters: list[nn.Parameter], factor: float) -> None:
    for p in parameters:
        p.mul_(factor)


@probe
def curve_of(model: nn.Module, a: torch.Tensor, b: torch.Tensor) -> float:
    """How far the scores of the mean of two images are from the mean of their scores, against how large those are, in eval mode.

    The largest of some draws of weights: by one, few units that are cut off at 0 may all be so. The last draws are of large ones:
    many sigmoids in a row, each near its middle, are as good as a line.
    """
    largest = 0.0
    for seed in range(DRAWS):
        with borrowed(model, a, "eval", gain=1 if seed < DRAWS - 2 else LARGE, seed=seed), torch.no_grad():
            ends, middle = (model(a.clone()) + model(b.clone())) / 2, model((a + b) / 2)
            largest = max(largest, float((middle - ends).abs().max()) / (float(ends.abs().max()) + 1e-12))
        if largest > ENOUGH:
            break
    return largest


@probe
def spreads_of(model: nn.Module, batches: list[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Mean and standard deviation over the batch of each class's scores in train mode, for each batch."""
    with borrowed(model, batches[0], "train", gain=1), torch.no_grad():
        _scale(
            _last(model, model(batches[0].clone())), 128
        )  # large scores: the epsilon of a norm is nothing beside them
        found = [model(batch.clone()) for batch in batches]
    return [(scores.mean(0), scores.std(0)) for scores in found]


@probe
def alone_and_together(model: nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scores of a batch in eval mode: in one pass, in one more, and image by image; with weights that were drawn anew."""
    with borrowed(model, images, "eval", gain=1), torch.no_grad():
        once, again = model(images.clone()).clone(), model(images.clone()).clone()
        return once, again, torch.cat([model(one.clone()) for one in images.split(1)])


@probe
def images_after(model: nn.Module, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """The images as they are after a pass in each mode."""
    found = {}
    for mode in ("train", "eval"):
        with borrowed(model, images, mode), torch.no_grad():
            found[mode] = images.clone()
            model(found[mode])
    return found


@probe
def fill(model: nn.Module, parameters: list[torch.Tensor], statistics: list[torch.Tensor]) -> None:
    """Give the model these parameters, and these buffers of floating point, each in the order in which it has them."""
    floating = [b for b in model.buffers() if b.is_floating_point()]
    with torch.no_grad():
        for to, origin in (*zip(model.parameters(), parameters, strict=True), *zip(floating, statistics, strict=True)):
            to.copy_(origin)


@probe
def modes_of(model: nn.Module) -> dict[str, bool]:
    """Which parts are in train mode."""
    return {name: part.training for name, part in model.named_modules()}


@probe
def set_modes(model: nn.Module, training: list[str]) -> None:
    """Train mode for the parts of these names ("" is the whole, without its parts), eval mode for all others."""
    for name, part in model.named_modules():
        part.training = name in training


@probe
def stand_as(model: nn.Module, numbers: dict[str, torch.Tensor], training: list[str]) -> None:
    """Give the model these numbers by name, and train mode to the parts of these names, eval mode to all others."""
    model.load_state_dict(numbers)
    set_modes(model, training)


@probe
def thaw(model: nn.Module) -> None:
    """Let every parameter require a gradient."""
    for p in model.parameters():
        p.requires_grad_(True)


@probe
def standing_of(model: nn.Module) -> dict[str, dict[str, Any]]:
    """What a caller may rely on when a network has been in a function that should not change it (`expect_left_alone`).

    How a parameter is laid out in memory are its strides.
    """
    return {
        "numbers": state_of(model),
        "in another mode": modes_of(model),
        "trainable or not any more": trainable_of(model),
        "laid out otherwise in memory": {name: list(p.stride()) for name, p in model.named_parameters()},
    }


@probe
def missing_in(model: nn.Module, part: nn.Module) -> int:
    """How many parameters of `part`, the very same tensors, are not among the model's."""
    own = {id(p) for p in model.parameters()}
    return sum(id(p) not in own for p in part.parameters())


@probe
def is_same(one: Any, other: Any) -> bool:
    """Are the two one object?"""
    return one is other


@probe
def places_of(model: nn.Module, found: list[Any]) -> list[int]:
    """For each of `found` which of the model's parameters it is, as it is counted by `model.parameters()`; -1 for none of them."""
    own = {id(p): k for k, p in enumerate(model.parameters())}
    return [own.get(id(value), -1) for value in found]


@probe
def known_to(optimizer: torch.optim.Optimizer, model: nn.Module) -> bool:
    """Does the optimizer hold the model's parameters, the very same tensors?"""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return held == {id(p) for p in model.parameters()}

"""Probes of what reaches what in a network: its neighbours in a batch, its parameters, its input; and whether gradients are true.

As in `networks`, whatever a probe changes it puts back, and weights are drawn anew where the first ones may be too small to tell.
"""

import torch
from torch import nn

from course.checks.probes import probe
from graders.kit.worker.networks import DRAWS, borrowed


@probe
def neighbours_in(model: nn.Module, images: torch.Tensor, mode: str, hold_norms: bool, passes: int) -> float:
    """How far the scores of an image hang on the others of its batch, as a share of how far they hang on itself.

    By gradients, and, where one seed gives one result, by what changes with the others: a detached mean has no gradient.

    Args:
        hold_norms: layers with running statistics are held in eval mode, where they look at no batch.
    """
    shares = [0.0]
    with borrowed(model, images, mode, gain=1):
        if hold_norms:
            for part in model.modules():
                part.training &= getattr(part, "running_mean", None) is None
        shares.append(_by_gradient(model, images))
        for seed in range(passes):
            with torch.no_grad():
                first, others = (_seeded(model, x, seed) for x in (images, _others(images)))
                size = float(first.abs().max()) + 1e-12
                share = float((first[-1] - others[-1]).abs().max()) / size
                # 1e-5: the same sums in the same order; whoever draws from another generator is off by far more
                if not share < 1e-5:
                    again = _seeded(model, images, seed)
                    share = share if float((first - again).abs().max()) < 1e-5 * size else 0.0
                shares.append(share)
    return max(shares)


def _others(images: torch.Tensor) -> torch.Tensor:
    """The last image beside other neighbours."""
    return torch.cat([0.5 - 3 * images[:-1].flip(0), images[-1:]])


def _seeded(model: nn.Module, images: torch.Tensor, seed: int) -> torch.Tensor:
    torch.default_generator.manual_seed(seed)  # `borrowed` puts it back
    return model(images.clone())


def _by_gradient(model: nn.Module, images: torch.Tensor) -> float:
    leaf = images.clone().requires_grad_()
    scores = model(leaf * 1)  # a copy, so that a network that writes into its input may
    if not scores.requires_grad:
        return 0.0
    share = 0.0
    for k, row in enumerate(scores[:-1]):  # the last one is looked at beside other neighbours
        (by,) = torch.autograd.grad((row * projection(row)).sum(), leaf, retain_graph=True, allow_unused=True)
        if by is not None:
            far = by.flatten(1).abs().amax(1)
            own, foreign = float(far[k]), float(torch.cat([far[:k], far[k + 1 :]]).max())
            share = max(share, foreign / (own + foreign + 1e-30))
    return share


def projection(scores: torch.Tensor, seed: int = 3) -> torch.Tensor:
    """Fixed random weights of scores: whatever changes in them changes their weighted sum."""
    return torch.randn(scores.shape, generator=torch.Generator().manual_seed(seed))


@probe
def pull_of(model: nn.Module, images: torch.Tensor, mode: str = "train") -> dict[str, float]:
    """How strongly each parameter pulls at the scores: its largest gradient, -1 where there is none, as of what is frozen.

    With weights that were drawn anew: at the first ones a layer before a head of zeros has none yet. Where nothing reaches a
    parameter by one draw, others are tried: few units that are cut off at 0 may all be so.
    """
    sizes = dict.fromkeys((name for name, _ in model.named_parameters()), -1.0)
    for seed in range(DRAWS):
        with borrowed(model, images, mode, gain=1, seed=seed):
            free = {name: p for name, p in model.named_parameters() if p.requires_grad}
            scores = model(images.clone())
            if free and scores.requires_grad:
                found = torch.autograd.grad((scores * projection(scores)).sum(), list(free.values()), allow_unused=True)
                for name, gradient in zip(free, found, strict=True):
                    if gradient is not None:
                        sizes[name] = max(sizes[name], float(gradient.abs().max()))
        if all(sizes[name] > 0 for name in free):
            break
    return sizes


@probe
def asleep_in(model: nn.Module, images: torch.Tensor, steps: int = 4) -> list[str]:
    """Parameters that no gradient reaches even after some steps of gradient descent from the network's own first weights.

    A head may start at zero: after one step it is not, and what stands before it learns. Zeros everywhere stay zeros.
    """
    awake: set[str] = set()
    with borrowed(model, images, "train"):
        parameters = dict(model.named_parameters())
        for _ in range(steps):
            scores = model(images.clone())
            labels = torch.arange(len(scores)) % scores.shape[1]
            loss = nn.functional.cross_entropy(scores, labels)
            found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
            with torch.no_grad():
                for (name, p), gradient in zip(parameters.items(), found, strict=True):
                    if gradient is not None and float(gradient.abs().max()) > 0:
                        awake.add(name)
                        p.sub_(gradient, alpha=0.1)
            if len(awake) == len(parameters):
                break
    return [name for name in parameters if name not in awake]


@probe
def pull_at_images(model: nn.Module, images: torch.Tensor) -> float:
    """The largest gradient that reaches the images in train mode; 0 where none does."""
    with borrowed(model, images, "train", gain=1):
        leaf = images.clone().requires_grad_()
        scores = model(leaf * 1)
        if not scores.requires_grad:
            return 0.0
        (found,) = torch.autograd.grad((scores * projection(scores)).sum(), leaf, allow_unused=True)
        return 0.0 if found is None else float(found.abs().max())


@probe
def false_slope_of(model: nn.Module, images: torch.Tensor) -> float:
    """How far scores change otherwise than their gradients say, in eval mode: the worst of all parameters, against their gradient.

    0 but for bends and rounding; where a part of the way is cut off (`detach`, `no_grad`), about 1.
    """
    generator = torch.Generator().manual_seed(7)
    with borrowed(model, images, "eval", gain=1):
        free = [p for p in model.parameters() if p.requires_grad]
        misses: list[list[float]] = [[] for _ in free]
        for seed in range(3):
            scores = model(images.clone())
            size, weights = float(scores.detach().norm()), projection(scores, seed)
            found = torch.autograd.grad((scores * weights).sum(), free, allow_unused=True)
            for p, gradient, own in zip(free, found, misses, strict=True):
                if gradient is not None:
                    own += [_miss(model, images, p, gradient, weights, size, generator) for _ in range(3)]
    # of nine ways one or two may go over a bend; what is cut off shows on each
    return max((sorted(own)[len(own) // 2] for own in misses if own), default=0.0)


@torch.no_grad()
def _miss(
    model: nn.Module,
    images: torch.Tensor,
    p: nn.Parameter,
    gradient: torch.Tensor,
    weights: torch.Tensor,
    size: float,
    generator: torch.Generator,
) -> float:
    """How far the weighted sum of the scores changes otherwise than `gradient` says, on a random way from `p` to both sides."""
    way = torch.randn(p.shape, generator=generator) * float(p.square().mean()) ** 0.5
    usual, sums, old = float((gradient * way).norm()), [], p.clone()
    if usual < 0.03 * size:  # too little to be measured
        return 0.0
    step = 3e-4 * size / usual  # so small a part of the scores: few bends, and far more than rounding
    for side in (step, -step):
        p.copy_(old + side * way)
        sums.append(float((model(images.clone()).double() * weights).sum()))
    p.copy_(old)
    return abs((sums[0] - sums[1]) / (2 * step) - float((gradient * way).sum())) / usual

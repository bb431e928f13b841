"""Networks that the course brings along: what a later project builds on when an earlier one is not the point.

`SignNet` is a residual network, not the stack of stages of project 03, and a little better.
"""

import copy

import torch
from torch import nn


class _Residual(nn.Module):
    """x + f(x) with two 3 x 3 convolutions, then halved: (B, C, H, W) -> (B, C', H // 2, W // 2)."""

    def __init__(self, channels: int, out_channels: int, dropout: float) -> None:
        super().__init__()
        self.widen = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.refine = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = self.norm(self.widen(nn.functional.max_pool2d(x, 2))).relu()
        return (wide + self.dropout(self.norm2(self.refine(wide)))).relu()


class SignNet(nn.Module):
    """A small residual network for signs: float32 (B, 1, 28, 28) in [0, 1] -> logits (B, n_classes).

    Deep residual learning after He et al., 2015 (arXiv:1512.03385); the sizes are chosen for two cores.
    """

    def __init__(self, n_classes: int = 24) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24), nn.ReLU())
        self.stages = nn.Sequential(_Residual(24, 32, 0.1), _Residual(32, 64, 0.1), _Residual(64, 96, 0.1))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(96 * 3 * 3, n_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 1, 28, 28) -> (B, n_classes)."""
        return self.head(self.stages(self.stem(x)))


class Steady(nn.Module):
    """A network that answers, in eval mode, by the running mean of its weights over the last steps of training.

    At a constant learning rate the weights wander, and one unlucky step may cost ten points of accuracy. The mean stands where
    they wander about: what a training has found can be judged by it, whether or not its learning rate fell towards the end.
    Averaging of weights after Polyak and Juditsky, 1992; the decay is that of some fifty steps, less at the beginning.
    """

    def __init__(self, network: nn.Module, decay: float = 0.98) -> None:
        super().__init__()
        self.network = network
        self.mean = copy.deepcopy(network).requires_grad_(False)
        self.decay, self.steps = decay, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As the network's own."""
        if not self.training:
            return self.mean(x)
        self.steps += 1
        keep = min(self.decay, self.steps / (self.steps + 9))
        with torch.no_grad():
            pairs = zip(self.mean.state_dict().values(), self.network.state_dict().values(), strict=True)
            for mean, now in pairs:
                if mean.is_floating_point():
                    mean.lerp_(now, 1 - keep)
        return self.network(x)

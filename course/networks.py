"""Networks that the course brings along: what a later project builds on when an earlier one is not the point.

`SignNet` is a residual network, not the stack of stages of project 03, and a little better.
"""

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

"""What a formula can say of any picture: its colour histogram and the strength of its textures.

Targets for the pre-training of `backbone`: a network that can tell them has not thrown away colour and texture on
its way to a category. Not used when the network is used. Source of the orientation part: histograms of oriented gradients
(Dalal and Triggs 2005), pooled over the whole picture.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

LEVELS = 5  # per colour channel: 125 soft bins
SCALES = 3
ORIENTATIONS = 8


def colour_histogram(images: Tensor) -> Tensor:
    """Roots of a soft RGB histogram, float32 (N, 125), from uint8 (N, 3, H, W); every second pixel is counted.

    Roots, since differences between small bins matter as much as between large ones (Hellinger distance).
    """
    x = images[:, :, ::2, ::2].float() / 255 * (LEVELS - 1)
    levels = torch.arange(LEVELS, dtype=torch.float32)
    share = (1 - (x[:, :, None] - levels[:, None, None]).abs()).clamp(min=0)  # (N, 3, LEVELS, H, W)
    red, green, blue = share.flatten(3).unbind(1)
    pairs = (red[:, :, None] * green[:, None]).flatten(1, 2)  # (N, LEVELS², HW)
    return (pairs @ blue.transpose(1, 2) / pairs.shape[-1]).flatten(1).sqrt()


def texture_energy(images: Tensor) -> Tensor:
    """Logarithms of gradient and Laplacian strengths by channel, scale and direction, float32 (N, 60), from uint8 (N, 3, H, W)."""
    x = images.float() / 255
    out = []
    for _ in range(SCALES):
        inner = x[..., 1:-1, 1:-1]
        right, left, down, up = x[..., 1:-1, 2:], x[..., 1:-1, :-2], x[..., 2:, 1:-1], x[..., :-2, 1:-1]
        dx, dy = right - left, down - up
        strength = (dx * dx + dy * dy).sqrt()
        laplacian = 4 * inner - right - left - down - up
        out += [strength.mean((2, 3)), strength.std((2, 3)), laplacian.abs().mean((2, 3)), laplacian.std((2, 3))]
        gx, gy, weight = dx.mean(1), dy.mean(1), strength.mean(1)
        norm = (gx * gx + gy * gy + 1e-8).sqrt()
        for k in range(ORIENTATIONS):
            angle = torch.tensor(k * 2 * torch.pi / ORIENTATIONS)
            toward = ((gx * angle.cos() + gy * angle.sin()) / norm).clamp(min=0) ** 4
            out.append((toward * weight).mean((1, 2))[:, None])
        x = F.avg_pool2d(x, 2)
    return (torch.cat(out, 1) + 1e-3).log()


def statistics(images: Tensor) -> Tensor:
    """Both, float32 (N, 185); uint8 (N, 3, H, W)."""
    return torch.cat([3 * colour_histogram(images), texture_energy(images)], 1)

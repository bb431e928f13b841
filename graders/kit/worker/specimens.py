"""Networks to try functions about networks on: every kind of norm, parameters in every place, names that mislead."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course.checks.builders import builder
from course.checks.seeding import weights_of


def _seeded(seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """What `make` makes, with other running statistics than a fresh layer has."""
    with weights_of(seed):
        model = make()
        for layer in model.modules():
            if isinstance(getattr(layer, "running_mean", None), torch.Tensor):
                nn.init.normal_(layer.running_mean, std=0.2)  # type: ignore[arg-type]
                nn.init.uniform_(layer.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    return model


# -- backbones ----------------------------------------------------------------------------------------------------------


class Calm(nn.BatchNorm1d):
    """A BatchNorm that is not called so."""


class Normalised(nn.Module):
    """(B, 3, H, W) -> (B, 8) by way of maps, volumes and vectors, each with the norm of its kind; no name tells which is one.

    Two of its parameters stand in no layer, and one of them has no dimension.
    """

    def __init__(self, instances: bool) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.tensor(1.3))
        self.tokens = nn.ParameterList([nn.Parameter(torch.randn(8))])
        self.maps = nn.Sequential(nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)))
        self.volumes = nn.BatchNorm3d(6)
        self.together = nn.SyncBatchNorm(6)
        self.each = nn.InstanceNorm2d(6, affine=True, track_running_stats=True) if instances else nn.Identity()
        self.vectors = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), Calm(8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 8)."""
        x = self.together(self.volumes(self.maps(x).unsqueeze(2)).squeeze(2))
        return self.vectors(self.each(x).relu().mean((2, 3))) * self.gamma + self.tokens[0]


@builder
def normalised_backbone(seed: int, instances: bool = False) -> nn.Module:
    """A `Normalised` network, in train mode; with `instances` it has an InstanceNorm with running statistics too."""
    return _seeded(seed, lambda: Normalised(instances))


class Scaled(nn.Sequential):
    """A linear layer on a photo's mean colour, and a factor that stands in no layer: (B, 3, H, W) -> (B, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, classes))
        self.scale = nn.Parameter(torch.tensor(1.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, classes)."""
        return super().forward(x) * self.scale


@builder
def scaled_net(seed: int, classes: int) -> nn.Module:
    """A `Scaled` network, every parameter of which is frozen."""
    return _seeded(seed, lambda: Scaled(classes).requires_grad_(False))


@builder
def bare_norm(seed: int) -> nn.Module:
    """A backbone that is nothing but a BatchNorm2d: (B, 3, H, W) -> (B, 3, H, W)."""
    return _seeded(seed, lambda: nn.BatchNorm2d(3))


class Watched(nn.Module):
    """(B, 3, H, W) -> (B, width) with BatchNorm; it keeps its mode and what it was shown (`probes.seen_by`)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width)
        self.seen: list[tuple[bool, torch.Tensor]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, width)."""
        self.seen.append((self.norm.training, x.detach().clone()))
        return self.norm(self.conv(x)).relu().mean((2, 3))


@builder
def watched_backbone(seed: int, width: int) -> nn.Module:
    """A `Watched` network, in train mode."""
    return _seeded(seed, lambda: Watched(width))


@builder
def lively_head(backbone: nn.Module, width: int, classes: int, seed: int) -> nn.Module:
    """The backbone, and a head with BatchNorm of its own and dropout, which are not frozen; in train mode."""
    head = _seeded(seed, lambda: nn.Sequential(nn.BatchNorm1d(width), nn.Dropout(0.5), nn.Linear(width, classes)))
    return nn.Sequential(backbone, *head.children())


# -- parameters in every place ------------------------------------------------------------------------------------------


class Household(nn.Module):
    """Parameters of 0 to 5 dimensions, of its own and of layers of many kinds, two alike in shape; some frozen, under any name."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.tensor(0.5))
        self.weight = nn.Parameter(torch.ones(3), requires_grad=False)
        self.tokens = nn.ParameterList([nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(5))])
        self.encoder = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.ConvTranspose2d(4, 2, 2)))
        self.volumes, self.words = nn.Conv3d(1, 2, 3), nn.Embedding(7, 4)
        self.attention, self.memory = nn.MultiheadAttention(4, 2), nn.GRU(4, 3)
        self.left, self.right = nn.Linear(5, 5), nn.Linear(5, 5)  # as like as two, and yet two
        self.head, self.fc, self.classifier = nn.Linear(4, 3), nn.Linear(4, 3), nn.LayerNorm(4)
        for frozen in (self.encoder[0], self.head, self.attention.out_proj):
            frozen.requires_grad_(False)
        self.fc.bias.requires_grad_(False)
        self.register_buffer("table", torch.zeros(11))
        with torch.no_grad():
            self.right.load_state_dict(self.left.state_dict())


class Tied(nn.Module):
    """One matrix in two layers of different kinds, one layer in two blocks, and one parameter under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.answers = nn.Embedding(7, 4), nn.Linear(4, 7)
        self.answers.weight = self.words.weight
        shared = nn.Linear(4, 4)
        self.first = nn.Sequential(shared, nn.ReLU())
        self.second = nn.Sequential(nn.ReLU(), nn.Sequential(shared, nn.Linear(4, 4)))
        self.one = self.other = nn.Parameter(torch.zeros(3))


def _frozen() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).requires_grad_(False)


def _vast() -> nn.Module:
    """4097 · 4097 numbers, an odd one that float32 cannot hold, in the memory of one."""
    model = nn.Module()
    model.weight = nn.Parameter(torch.zeros(1, 1).expand(4097, 4097))
    return model


HOUSES: dict[str, Callable[[], nn.Module]] = {
    "household": Household,
    "tied": Tied,
    "frozen": _frozen,
    "empty": nn.ReLU,
    "vast": _vast,
    "nowhere": lambda: nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 3)).to("meta"),
    "layer": lambda: nn.Linear(6, 4),
}


@builder
def house(kind: str, seed: int = 0) -> nn.Module:
    """One of `HOUSES`, to count or list its parameters."""
    return _seeded(seed, HOUSES[kind])


class Marked(nn.Parameter):
    """A parameter that crosses as a handle, so that it can be told from a copy."""


@builder
def marked(model: nn.Module) -> nn.Module:
    """The model, its parameters `Marked`."""
    for parameter in model.parameters():
        parameter.__class__ = Marked
    return model


# -- other inputs -------------------------------------------------------------------------------------------------------


@builder
def map_net(seed: int) -> nn.Module:
    """(B, 3, 12, 12) -> (B, 5) with BatchNorm and dropout, the first layer frozen; in train mode."""

    def make() -> nn.Module:
        first = nn.Conv2d(3, 4, 3).requires_grad_(False)
        return nn.Sequential(first, nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(400, 5))

    return _seeded(seed, make)


class TokenNet(nn.Module):
    """int64 (B, T) -> (B, 5): who tries it on something else than the example fails."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.norm, self.head = nn.Embedding(20, 6), nn.BatchNorm1d(6), nn.Linear(6, 5)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, T) -> (B, 5)."""
        return self.head(self.norm(self.words(tokens).mean(1)))


@builder
def token_net(seed: int) -> nn.Module:
    """A `TokenNet`, in train mode."""
    return _seeded(seed, TokenNet)


# -- names --------------------------------------------------------------------------------------------------------------


class Named(nn.Module):
    """(B, 16) -> (B, 4). Names of its parts look like the prefix of a wrapped network; some weights are tied, some frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.module = nn.Sequential(nn.Linear(16, 6), nn.BatchNorm1d(6))
        self.model = nn.ModuleDict({"dog": nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6, bias=False))})
        self.room = nn.Linear(6, 6)
        self.mid, self.orig = nn.Linear(6, 4), nn.LayerNorm(4)
        self.model["dog"][1].weight = self.room.weight  # type: ignore[index]
        self.module[0].requires_grad_(False)
        self.d = nn.Parameter(torch.tensor(0.7))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)  # not a part of the state dict

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 16) -> (B, 4)."""
        x = self.room(self.model["dog"](self.module(x.flatten(1)).relu())).relu()
        return self.orig(self.mid(x)) * self.d


@builder
def named_net(seed: int, double: bool = False) -> nn.Module:
    """A `Named` network, in train mode, in double precision or not."""
    return _seeded(seed, Named).double() if double else _seeded(seed, Named)


@builder
def likely_named_net(seed: int) -> nn.Module:
    """(B, 16) -> (B, 4), of a part that is nearly called as torch calls what it has compiled."""
    return _seeded(seed, lambda: nn.Sequential(OrderedDict(_orig_model=nn.Linear(16, 4))))


@builder
def a_path(text: str) -> Any:
    """A `pathlib.Path`."""
    from pathlib import Path

    return Path(text)

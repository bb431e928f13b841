"""Recipes and probes for pre-trained networks (05a): ones of the registry, their papers, and nets whose head we know.

A part of `recipes_photos`, which registers it; neither trains anything.
"""

from dataclasses import replace
from typing import Any

import torch
import torch.fx
import torchvision
from torch import nn
from torchvision.models import WeightsEnum

from course.checks.builders import builder
from course.checks.probes import probe
from course.checks.seeding import weights_of
from graders.kit.worker import tiny_zoo  # noqa: F401 - registers "course_tiny" with torchvision


@builder
def pretrained(name: str) -> nn.Module:
    """A network of torchvision's registry with its default weights, in eval mode."""
    import course.models.pocket  # noqa: F401 - registers "pocket_mobilenet"

    return torchvision.models.get_model(name, weights="DEFAULT").eval()


@builder
def papers(name: str, member: str = "DEFAULT", mirrored: bool = False, doubled: bool = False) -> Any:
    """A member of the network's WeightsEnum, the default one unless another is named: transforms and categories.

    `mirrored`: of another network, which has as many categories, the same ones in reverse order; `doubled`: of one whose first two
    categories have one name.
    """
    import course.models.pocket  # noqa: F401 - registers "pocket_mobilenet"

    given = torchvision.models.get_model_weights(name)[member]
    if not mirrored and not doubled:
        return given
    names = list(given.meta["categories"])
    names = names[::-1] if mirrored else [names[1], *names[1:]]
    other = replace(given.value, meta={**given.meta, "categories": names})
    return WeightsEnum("Other_Weights", {"DEFAULT": other}).DEFAULT  # type: ignore[attr-defined]


@builder
def answering_net(probabilities: list[float]) -> nn.Module:
    """A network that gives every photo these probabilities (as logits), and keeps what it is shown (`probes.seen_by`).

    In train mode it would give the reverse.
    """
    return AnsweringNet(probabilities).eval()


class AnsweringNet(nn.Module):
    """See `answering_net`."""

    def __init__(self, probabilities: list[float]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(probabilities).log() + 3)  # + 3: softmax does not mind
        self.seen: list[tuple[bool, torch.Tensor]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, classes)."""
        self.seen.append((self.training, x.detach().clone()))
        return (self.logits.flip(0) if self.training else self.logits).expand(len(x), -1)


@builder
def network_with(head: str, seed: int, training: bool = True) -> nn.Module:
    """A small network by its head: "fc" (as ResNet's), "maps" (as SqueezeNet's), "places" (as VGG's), "normed" (as ConvNeXt's).

    One of its parameters is frozen, so that it shows if all are frozen, or all are set free, for good; its head has two hooks.
    """
    with weights_of(seed):
        model = {"fc": FcNet, "maps": MapNet, "places": PlacesNet, "normed": NormedNet}[head]()
    next(model.parameters()).requires_grad_(False)
    head = model.fc if head == "fc" else model.classifier
    head.register_forward_pre_hook(_looks_on)  # somebody else's: they are to stay
    head.register_forward_hook(_looks_on)
    return nn.Module.train(model, training)


def _looks_on(*_: Any) -> None:
    """A hook that does nothing."""


class Noted(torch.Tensor):
    """A tensor that crosses as a handle, so that its graph can be asked for (`has_graph`); what is made of it is one too."""


@torch.fx.wrap  # a leaf for who traces the network (torchvision's create_feature_extractor)
def noted(value: torch.Tensor) -> torch.Tensor:
    """`value` as `Noted`."""
    return value.as_subclass(Noted)


@torch.fx.wrap
def unnoted(value: torch.Tensor) -> torch.Tensor:
    """A plain tensor again."""
    return value.as_subclass(torch.Tensor)


class FcNet(nn.Module):
    """(B, 3, H, W) -> (B, 4) with a head called `fc` that reads (B, 5); the last of its parts is for training alone."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.fc = nn.Linear(5, 4)
        self.aside = nn.Linear(5, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 4)."""
        return unnoted(self.fc(self.features_of(x)))

    def features_of(self, x: torch.Tensor) -> torch.Tensor:
        """What the head reads."""
        return noted(self.conv(x).tanh().mean(dim=(2, 3)))


class MapNet(nn.Module):
    """(B, 3, H, W) -> (B, 4) with a convolution called `classifier` that reads maps (B, 6, h, w), and a flattening behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU())
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(6, 4, 1), nn.AdaptiveAvgPool2d(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 4)."""
        return self.classifier(self.features(x)).flatten(1)

    def features_of(self, x: torch.Tensor) -> torch.Tensor:
        """The means of the maps that the head reads."""
        return self.features(x).mean(dim=(2, 3))


class PlacesNet(nn.Module):
    """(B, 3, H, W) -> (B, 4) with a dense `classifier` that reads every place of the maps (B, 24), after one more ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6))
        self.avgpool = nn.AdaptiveAvgPool2d(2)
        self.classifier = nn.Sequential(nn.Linear(24, 10), nn.ReLU(), nn.Dropout(0.5), nn.Linear(10, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 4)."""
        return self.classifier(self.features_of(x))

    def features_of(self, x: torch.Tensor) -> torch.Tensor:
        """What the head reads."""
        return self.avgpool(self.features(x).relu()).flatten(1)


class NormedNet(nn.Module):
    """(B, 3, H, W) -> (B, 4) with a `classifier` that reads (B, 6, 1, 1), and normalises and flattens before it weighs."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU())
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.GroupNorm(1, 6), nn.Flatten(), nn.Linear(6, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 4)."""
        return self.classifier(self.avgpool(self.features(x)))

    def features_of(self, x: torch.Tensor) -> torch.Tensor:
        """What the head reads."""
        return self.avgpool(self.features(x)).flatten(1)


@probe
def has_graph(value: torch.Tensor) -> bool:
    """Does a tensor still hold the graph that it was computed by?"""
    return value.requires_grad


@probe
def as_plain(value: torch.Tensor) -> torch.Tensor:
    """A tensor of whatever class as a plain one."""
    return value.detach().as_subclass(torch.Tensor)


@probe
def is_member_of(weights: Any, name: str) -> bool:
    """Are these papers a member of the network's enum of weights?"""
    return isinstance(weights, torchvision.models.get_model_weights(name))


@probe
def categories_of(weights: Any) -> list[str]:
    """The names of a network's outputs, by its papers."""
    return list(weights.meta["categories"])

"""Things that a check gives to the student's code: small networks, data sets, loaders, optimizers, and ones that record.

On the judge's side a recipe's call only describes the thing (`wire.Recipe`, plain data); the worker builds it. A recipe is
called with `.build(...)` where the judge needs the thing itself, to compute what should come.
"""

import functools
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from course.checks.seeding import weights_of
from course.checks.wire import Blueprint
from course.networks import SignNet, Steady
from course.training import History

P = ParamSpec("P")
T = TypeVar("T")
BUILDERS: dict[str, Callable[..., Any]] = {}


class Builder(Generic[P, T]):
    def __init__(self, build: Callable[P, T]) -> None:
        self.build = build
        functools.update_wrapper(self, build)

    def __call__(self, **arguments: Any) -> Blueprint:
        return Blueprint(self.build.__name__, arguments)


def builder(build: Callable[P, T]) -> Builder[P, T]:
    """Register `build` under its name; calling the result describes the thing, `.build` makes it here and now."""
    if BUILDERS.setdefault(build.__name__, build) is not build:
        raise ValueError(f"two builders are called {build.__name__}")
    return Builder(build)


# -- networks -----------------------------------------------------------------------------------------------------------


@builder
def linear_net(features: int, classes: int, seed: int, sure: float = 1.0) -> nn.Module:
    """Flatten and one linear layer, its weights `sure` times as large: (B, ...) -> (B, classes). Small enough to follow by hand."""
    with weights_of(seed):
        layer = nn.Linear(features, classes)
    with torch.no_grad():
        layer.weight.mul_(sure)
    return nn.Sequential(nn.Flatten(), layer)


class MoodyNet(nn.Module):
    """A network whose behaviour shows its mode: dropout and BatchNorm, and a diary of every forward pass."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(features, 16)
        self.norm = nn.BatchNorm1d(16)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(16, classes)
        self.diary: list[tuple[bool | None, bool, int]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, ...) -> (B, classes) logits."""
        modes = {part.training for part in self.modules()}
        # None: some parts in one mode, some in the other, as when only the outermost module was told
        self.diary.append((modes.pop() if len(modes) == 1 else None, torch.is_grad_enabled(), len(x)))
        return self.head(self.dropout(self.norm(self.hidden(self.flatten(x))).relu()))


@builder
def moody_net(features: int, classes: int, seed: int) -> nn.Module:
    """A `MoodyNet` with seeded weights."""
    with weights_of(seed):
        return MoodyNet(features, classes)


@builder
def fixed_net(logits: torch.Tensor) -> nn.Module:
    """A network that knows its answers: image k (its first pixel holds k / 255) -> logits[k]. (B, C, H, W) -> (B, classes)."""
    return FixedNet(logits)


class FixedNet(nn.Module):
    """See `fixed_net`."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits.clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, classes) logits; anything else is an error."""
        return self.logits[(x[:, 0, 0, 0] * 255).round().long()]


# -- data ---------------------------------------------------------------------------------------------------------------


@builder
def tensor_set(images: torch.Tensor, labels: torch.Tensor) -> Dataset[Any]:
    """A data set of (image, label) pairs held in memory."""
    return TensorDataset(images, labels)


@builder
def loader(images: torch.Tensor, labels: torch.Tensor, batch_size: int, shuffle: bool = False) -> DataLoader[Any]:
    """A DataLoader over (images, labels), the ragged last batch kept."""
    return DataLoader(TensorDataset(images, labels), batch_size, shuffle=shuffle)


# -- training -----------------------------------------------------------------------------------------------------------


@builder
def cross_entropy() -> nn.Module:
    """`nn.CrossEntropyLoss()`: logits (B, classes) and labels (B,) -> the mean loss."""
    return nn.CrossEntropyLoss()


@builder
def margin_loss() -> nn.Module:
    """`nn.MultiMarginLoss()`: another mean loss of logits and labels, to see whether the given one is used."""
    return nn.MultiMarginLoss()


@builder
def sgd(model: nn.Module, lr: float, momentum: float = 0.0) -> torch.optim.Optimizer:
    """`torch.optim.SGD` over the model's parameters."""
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)


@builder
def adam(model: nn.Module, lr: float = 1e-3) -> torch.optim.Optimizer:
    """`torch.optim.Adam` over the model's parameters."""
    return torch.optim.Adam(model.parameters(), lr=lr)


@builder
def dense_net(features: int, classes: int, seed: int, width: int = 256) -> nn.Module:
    """A dense network with one hidden layer: (B, ...) -> (B, classes)."""
    with weights_of(seed):
        return nn.Sequential(nn.Flatten(), nn.Linear(features, width), nn.ReLU(), nn.Linear(width, classes))


@builder
def sign_net(seed: int, state: dict[str, torch.Tensor] | None = None) -> nn.Module:
    """The course's `SignNet`, fresh from `seed`, or filled with `state` and in eval mode: (B, 1, 28, 28) -> (B, 24)."""
    with weights_of(seed):
        model = SignNet()
    if state is not None:
        model.load_state_dict(state)
        model.eval()
    return model


@builder
def steady_sign_net(seed: int) -> nn.Module:
    """A fresh `SignNet` that is judged by the running mean of its weights: no lucky and no unlucky last step.

    It drops whole channels and half of what reaches its head. Twelve epochs of pictures that are changed a batch at a time show it
    few changes, and without that dropout it depended on the seed how much of unseen hands it reads.
    """
    with weights_of(seed):
        model = SignNet()
        for stage in model.stages:
            stage.dropout = nn.Dropout2d(0.2)
        model.head[1].p = 0.5  # type: ignore[assignment]  # it is a Dropout
        return Steady(model)


@builder
def history(train_accuracy: list[float], valid_accuracy: list[float]) -> History:
    """A history with these accuracies; the losses are their complements."""
    return History([1 - a for a in train_accuracy], train_accuracy, [1 - a for a in valid_accuracy], valid_accuracy)


@builder
def frozen_net(seed: int) -> nn.Module:
    """Linear(4, 3) frozen, BatchNorm without parameters of its own, Linear(3, 2) free: 8 trainable numbers."""
    with weights_of(seed):
        model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, affine=False), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    return model


@builder
def tied_net(seed: int) -> nn.Module:
    """One Linear(5, 5) in two places: 30 numbers."""
    with weights_of(seed):
        layer = nn.Linear(5, 5)
    return nn.Sequential(layer, nn.ReLU(), layer)


class WitnessNet(nn.Module):
    """A small convolutional network that keeps every batch that it is shown, with its mode, and the classes that it is taught.

    The gradient of cross entropy by the scores is softmax minus one at the right class, so that class has the least.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.head = nn.Linear(4, classes)
        self.seen: list[tuple[bool, torch.Tensor]] = []
        self.taught: list[list[int]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 1, H, W) -> (B, classes)."""
        self.seen.append((self.training, x.detach().clone()))
        scores = self.head(self.conv(x).relu().mean(dim=(2, 3)))
        if scores.requires_grad:
            scores.register_hook(lambda gradient: self.taught.append(gradient.argmin(1).tolist()))
        return scores


@builder
def witness_net(classes: int, seed: int) -> nn.Module:
    """A `WitnessNet` with seeded weights."""
    with weights_of(seed):
        return WitnessNet(classes)


@builder
def compiled(model: nn.Module) -> nn.Module:
    """`torch.compile(model)`: only wrapped here; compiling itself happens at the first use."""
    return torch.compile(model)  # type: ignore[return-value]  # of a module it makes a module, which its types do not say


@builder
def letter_net(index: int) -> nn.Module:
    """A network that gives class `index` the highest of 24 logits, whatever it is shown, and keeps what it is shown."""
    return LetterNet(index)


class LetterNet(nn.Module):
    """See `letter_net`. In train mode it would answer the next class: a forgotten eval mode shows."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.full((24,), -3.0))
        self.index = index
        self.seen: list[tuple[bool, torch.Tensor]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 1, 28, 28) -> (B, 24)."""
        self.seen.append((self.training, x.detach().clone()))
        return (self.bias + 2 * nn.functional.one_hot(torch.tensor(self.index), 24)).expand(len(x), 24)


@builder
def brightness_net() -> nn.Module:
    """A network that reads the letter from the mean brightness: class floor(24 · mean). (B, 1, 28, 28) -> (B, 24)."""
    return BrightnessNet()


class BrightnessNet(nn.Module):
    """See `brightness_net`."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 1, 28, 28) -> (B, 24)."""
        place = (x.flatten(1).mean(1, keepdim=True) * 24 - 0.5).clamp(0, 23)
        return -((torch.arange(24.0) - place) ** 2)

"""Recipes and probes for loops that train or measure (01, 02, 04a, 05b, 07): networks that keep a logbook, loaders, losses.

While its logbook is open, a `Watched` network writes down each of its forward passes, and each step of an optimizer: what went in,
what was taught by which gradient, which numbers the network had. Copies of it write into the same logbook, so a loop may train or
measure a copy. The judge's side of it, which knows what should stand there, is graders/kit/loops.py.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data import DataLoader, TensorDataset

from course.checks.builders import builder
from course.checks.probes import probe
from course.checks.seeding import weights_of
from course.training import History
from graders.kit.worker.photos import tiny_backbone

Layout = list[list[Any]]  # of each number's tensor: name, shape, dtype
Flat = tuple[int, torch.Tensor]  # number of a layout, and all tensors in a row

# -- a network and its logbook ------------------------------------------------------------------------------------------


class Logbook:
    """What happened, in order: {"what": "pass", …} and {"what": "step", …}; `states` are the numbers of the network in between.

    Numbers by name are written down as `Flat`: one tensor crosses to the judge in place of twenty.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.states: list[Flat] = []
        self.layouts: list[Layout] = []
        self.optimizers: list[
            torch.optim.Optimizer
        ] = []  # kept: the number of one that is gone would be given to another
        self.learner: nn.Module | None = None
        self.hook: Any = None
        _BOOKS[id(self)] = self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Logbook":
        return self

    def __reduce__(self) -> tuple[Callable[[int], "Logbook"], tuple[int]]:
        return _book, (id(self),)

    def begin(self) -> None:
        self.events, self.states, self.layouts, self.optimizers, self.learner = [], [], [], [], None
        self.hook = register_optimizer_step_post_hook(self.stepped)

    def end(self) -> None:
        if self.hook is not None:
            self.hook.remove()
        self.hook = None

    def state(self, model: nn.Module) -> int:
        """The place in `states` of what the network's numbers are now."""
        now = self.flat(dict(_numbers(model)))
        if not self.states or now[0] != self.states[-1][0] or not torch.equal(now[1], self.states[-1][1]):
            self.states.append(now)
        return len(self.states) - 1

    def flat(self, numbers: dict[str, torch.Tensor]) -> "Flat":
        """Numbers by name as one row of float64, which holds float32 and counts exactly, and the number of its layout."""
        layout = [[name, list(value.shape), str(value.dtype)] for name, value in numbers.items()]
        if layout not in self.layouts:
            self.layouts.append(layout)
        rows = [value.detach().reshape(-1) for value in numbers.values()]
        return self.layouts.index(layout), torch.cat(rows).double() if rows else torch.zeros(0, dtype=torch.float64)

    def passed(self, model: nn.Module, images: torch.Tensor, forward: Callable[[torch.Tensor], Any]) -> Any:
        """One forward pass. "taught" is the gradient by its logits, None if none came."""
        note: dict[str, Any] = {
            "what": "pass",
            "images": images.detach().clone(),
            "state": self.state(model),
            "training": [name for name, part in model.named_modules() if part.training],
            "taught": None,
        }
        self.events.append(note)
        logits = forward(images)
        note |= {"logits": logits.detach().clone(), "recorded": bool(logits.requires_grad)}
        if logits.requires_grad:
            self.learner = model

            def teach(gradient: torch.Tensor) -> None:
                note["taught"] = gradient.clone() if note["taught"] is None else note["taught"] + gradient

            logits.register_hook(teach)
        return logits

    def stepped(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """One step of an optimizer, seen after it: by then a closure that was given to it has run, too."""
        if self.learner is None:
            return
        if not any(optimizer is one for one in self.optimizers):
            self.optimizers.append(optimizer)
        names = {id(p): name for name, p in self.learner.named_parameters()}
        given = [(names.get(id(p), ""), p, group) for group in optimizer.param_groups for p in group["params"]]
        self.events.append(
            {
                "what": "step",
                "optimizer": next(k for k, one in enumerate(self.optimizers) if one is optimizer),
                "gradients": self.flat({n: p.grad for n, p, _ in given if n and p.grad is not None}),
                "rates": {n: float(group["lr"]) for n, _, group in given if n},
                "decay": {n: float(group.get("weight_decay", 0)) for n, _, group in given if n},
                "frozen": sum(not p.requires_grad for _, p, _ in given),
                "state": self.state(self.learner),
            }
        )


_BOOKS: WeakValueDictionary[int, Logbook] = WeakValueDictionary()


def _numbers(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """What `state_dict` holds, for a fraction of what that costs."""
    for name, value in (*module._parameters.items(), *module._buffers.items()):
        if value is not None and name not in module._non_persistent_buffers_set:
            yield prefix + name, value
    for name, part in module._modules.items():
        if part is not None:
            yield from _numbers(part, f"{prefix}{name}.")


def _book(number: int) -> Logbook:
    return _BOOKS[number]


class Watched(nn.Sequential):
    """Layers in a row, with a `Logbook`."""

    def __init__(self, *parts: nn.Module) -> None:
        super().__init__(*parts)
        self.book = Logbook()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As of any `nn.Sequential`."""
        return super().forward(x) if self.book.hook is None else self.book.passed(self, x, super().forward)


@probe
def open_logbook(model: Any) -> None:
    """From now on the network's passes and all optimizers' steps are written down."""
    model.book.begin()


@probe
def logbook_of(model: Any) -> dict[str, list[Any]]:
    """What was written down: "events", "states" and the "layouts" of their numbers; the logbook is closed by this."""
    model.book.end()
    return {"events": model.book.events, "states": model.book.states, "layouts": model.book.layouts}


def unfolded(flat: Flat, layouts: list[Layout]) -> dict[str, torch.Tensor]:
    """Numbers by name again."""
    number, row = flat
    shapes = [shape for _, shape, _ in layouts[number]]
    parts = row.split([math.prod(shape) for shape in shapes])
    kinds = [getattr(torch, kind.removeprefix("torch.")) for _, _, kind in layouts[number]]
    names = [name for name, _, _ in layouts[number]]
    return {
        name: part.to(kind).view(shape) for name, shape, kind, part in zip(names, shapes, kinds, parts, strict=True)
    }


# -- networks -----------------------------------------------------------------------------------------------------------


@builder
def loop_net(
    channels: int, classes: int, seed: int, norm: bool = True, dropout: float = 0.0, sure: float = 1.0
) -> Watched:
    """A small network of blocks within blocks, one layer in two places: (B, channels, H, W) -> (B, classes), B at least 1.

    Args:
        norm: with a BatchNorm whose statistics are not those of a new one.
        dropout: how much is dropped.
        sure: by how much the last layer is multiplied.
    """
    with weights_of(seed):
        tied = nn.Linear(8, 8)
        first = nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1, bias=not norm))
        if norm:
            first.append(lived_in(8))
        model = Watched(
            nn.Sequential(first, nn.Tanh(), nn.Dropout(dropout)),
            nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 8), nn.Tanh()),
            nn.Sequential(nn.Sequential(tied, nn.Tanh()), tied, nn.Tanh()),
            nn.Linear(8, classes),
        )
        for layer in model.modules():  # larger than usual: it has an opinion of its own of each image
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.normal_(layer.weight, std=2 * layer.weight[0].numel() ** -0.5)
    with torch.no_grad():
        model.get_parameter("3.weight").mul_(sure)
    return model


def lived_in(width: int) -> nn.BatchNorm2d:
    """A BatchNorm that has seen data already."""
    norm = nn.BatchNorm2d(width)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    nn.init.normal_(norm.running_mean, std=0.2)
    nn.init.uniform_(norm.running_var, 0.5, 2.0)
    norm.num_batches_tracked.fill_(3)
    return norm


@builder
def watched_head(backbone: nn.Module, width: int, classes: int, seed: int) -> Watched:
    """The backbone, frozen or not, with a linear head in a block of its own: (B, 3, H, W) -> (B, classes)."""
    with weights_of(seed):
        head = nn.Linear(width, classes)
    return Watched(backbone, nn.Sequential(nn.Dropout(0.0), head))


def watched_twin(width: int, classes: int) -> Watched:
    """A network built as `watched_head` on a `tiny_backbone`, for the judge to fill with numbers and compute with."""
    return watched_head.build(backbone=tiny_backbone.build(seed=0, width=width), width=width, classes=classes, seed=0)


@builder
def balance() -> Watched:
    """Two logits that are apart by an image's first channel, on the mean: (B, 3, H, W) -> (B, 2)."""
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[-0.5, 0, 0], [0.5, 0, 0]]))
        layer.bias.zero_()
    return Watched(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), layer)


@probe
def freeze_part(model: nn.Module, name: str) -> None:
    """The parameter of this name requires no gradient any more."""
    model.get_parameter(name).requires_grad_(False)


# -- what surrounds a loop ----------------------------------------------------------------------------------------------


class Batches:
    """Batches to go over, again and again; it has a length, and nothing else of a DataLoader: so is a progress bar around one."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor, batch_size: int) -> None:
        self._loader = DataLoader(TensorDataset(images, labels), batch_size)

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._loader)


@builder
def bare_batches(images: torch.Tensor, labels: torch.Tensor, batch_size: int) -> Batches:
    """`Batches` of (images, labels), in order."""
    return Batches(images, labels, batch_size)


@builder
def part_loader(images: torch.Tensor, labels: torch.Tensor, batch_size: int, items: list[int]) -> DataLoader[Any]:
    """A DataLoader whose sampler gives these items of a larger data set only."""
    return DataLoader(TensorDataset(images, labels), batch_size, sampler=items)


@builder
def sgd_in_groups(model: nn.Module, rates: list[float], momentum: float) -> torch.optim.Optimizer:
    """SGD over the model's parameters, dealt out in turn to groups of these learning rates."""
    parameters = list(model.parameters())
    groups = [{"params": parameters[k :: len(rates)], "lr": lr} for k, lr in enumerate(rates)]
    return torch.optim.SGD(groups, lr=1.0, momentum=momentum)


class SquaredLoss(nn.Module):
    """(B, K) and (B,) -> the mean of (logits - one-hot)², over classes and items."""

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """A loss as one writes it oneself: it knows nothing of `reduction`."""
        return (logits - nn.functional.one_hot(labels, logits.shape[1])).square().mean()


@builder
def squared_loss() -> nn.Module:
    """A `SquaredLoss`: a mean loss that is none of PyTorch's."""
    return SquaredLoss()


@builder
def traced(logits: torch.Tensor) -> torch.Tensor:
    """These logits as a network gives them in training: a graph hangs on them."""
    return logits.clone().requires_grad_() * 1


@builder
def told_history(
    train_loss: list[float], train_accuracy: list[float], valid_loss: list[float], valid_accuracy: list[float]
) -> History:
    """A history of these curves."""
    return History(train_loss, train_accuracy, valid_loss, valid_accuracy)


@probe
def settings_of(thing: Any) -> dict[str, Any]:
    """What is set at a network, a loss or an optimizer, apart from its numbers and its mode: what a loop should leave as it was."""
    plain = (int, float, bool, str, type(None))
    if isinstance(thing, torch.optim.Optimizer):
        groups = enumerate(thing.param_groups)
        return {f"{k}.{n}": v for k, group in groups for n, v in group.items() if type(v) in plain}
    found = {
        f"{name}.{key}": value
        for name, part in thing.named_modules()
        for key, value in vars(part).items()
        if type(value) in plain and key != "training"
    }
    return found | {f"{name}.requires_grad": p.requires_grad for name, p in thing.named_parameters()}


@probe
def leave_gradients(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    """As between backward and step: every parameter holds a gradient."""
    nn.functional.cross_entropy(model.eval()(images), labels).backward()


@probe
def held_gradients(model: nn.Module) -> dict[str, torch.Tensor]:
    """The gradients that the parameters hold, copied."""
    return {name: p.grad.detach().clone() for name, p in model.named_parameters() if p.grad is not None}


# -- augmentation -------------------------------------------------------------------------------------------------------


@builder
def marking_transforms() -> Callable[[bool], Callable[[torch.Tensor], torch.Tensor]]:
    """A `make_transforms` whose pictures tell what became of them, by two pixels that were 0.

    The training transform adds MARK to the first pixel each time that it is applied, and writes a number, drawn anew by each call,
    into the second; the validation transform changes nothing.
    """
    return lambda train: mark if train else torch.clone


MARK = 0.125


def mark(picture: torch.Tensor) -> torch.Tensor:
    """See `marking_transforms`."""
    marked = picture.clone()
    marked[..., 0, 0] += MARK
    marked[..., 0, 1] = torch.rand(())
    return marked


@builder
def enough_views() -> Callable[[bool], Callable[[torch.Tensor], torch.Tensor]]:
    """A `make_transforms` whose views of signs are known to be enough: those that the course's own network was trained with."""
    from course.models.signs import views

    def changed(picture: torch.Tensor) -> torch.Tensor:
        return views(picture if picture.dim() == 4 else picture[None]).reshape(picture.shape)

    return lambda train: changed if train else torch.clone

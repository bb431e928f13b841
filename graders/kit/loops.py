"""Evidence of loops that train or measure (01, 02, 04a, 05b, 07): what a student's loop was seen to do with a small network.

A `Run` is one call of a training function on a `Watched` network, with all that was written down of it; `passes_of` is that of a
loop that measures, `Textbook` what an epoch of SGD comes to. The judge knows data, labels and the network's form, so it can compute
for itself what each step should have been. What is demanded of a run stands in graders/kit/epochs.py.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import nn

from course.checks.builders import loader
from course.checks.probes import forward, history_of, state_of, trainable_of
from course.checks.seeds import drawn
from graders.kit.worker.loops import logbook_of, open_logbook, unfolded

State = dict[str, torch.Tensor]


class Data(NamedTuple):
    """Images and their labels, on the judge's side."""

    images: torch.Tensor
    labels: torch.Tensor

    def batches(self, lab: Any, batch_size: int, shuffle: bool = False) -> Any:
        """A loader of them on the student's side."""
        return lab.build(loader(images=self.images, labels=self.labels, batch_size=batch_size, shuffle=shuffle))

    def who(self, images: torch.Tensor) -> list[int]:
        """Which of the items these are, by all rows of pixels but the first, which may carry marks; -1: none of them."""
        far = (images[:, None, ..., 1:, :] - self.images[None, ..., 1:, :]).abs().flatten(2).amax(2)
        # 1e-6: a picture that is only copied or clamped is the same to about 1e-7
        return [int(row.argmin()) if row.min() < 1e-6 else -1 for row in far]


def varied(count: int, channels: int, side: int, seed: int) -> torch.Tensor:
    """Images in [0, 1), each with four quarters of its own brightness and some noise: (count, channels, side, side)."""
    generator = torch.Generator().manual_seed(drawn(seed))
    quarters = torch.rand(count, channels, 2, 2, generator=generator)
    noise = torch.rand(count, channels, side, side, generator=generator)
    return 0.7 * nn.functional.interpolate(quarters, size=(side, side)) + 0.3 * noise


@dataclass(frozen=True, eq=False)
class Pass:
    """A forward pass; `taught` is the gradient by its logits, `state` the numbers before it, `training` what was in train mode."""

    images: torch.Tensor
    logits: torch.Tensor
    taught: torch.Tensor | None
    state: State
    training: list[str]
    recorded: bool


@dataclass(frozen=True, eq=False)
class Step:
    """What the optimizer did after some passes: along which gradients, at which rates, and the numbers that came out."""

    passes: list[Pass]
    state: State
    gradients: State = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    decay: dict[str, float] = field(default_factory=dict)
    optimizer: dict[str, int] = field(default_factory=dict)
    frozen: int = 0

    @property
    def items(self) -> int:
        return sum(len(one.images) for one in self.passes)


class Run:
    """One run of a training function: `start` calls it on `model`, a `Watched` network of the student's side.

    Args:
        twin: a network of the same form, here.
        thaws: the function makes every parameter trainable first.
        held: a part, by its name, whose layers are held in eval mode whatever they are told: a frozen backbone.
    """

    def __init__(
        self,
        model: Any,
        twin: nn.Module,
        train: Data,
        valid: Data,
        start: Callable[[], Any],
        *,
        thaws: bool = False,
        held: str = "",
    ) -> None:
        self.model, self.twin, self.train, self.valid, self.held = model, twin, train, valid, held
        self.before, self.flags = state_of(model), {n: flag or thaws for n, flag in trainable_of(model).items()}
        self.learns = [name for name, flag in self.flags.items() if flag]
        returned, self.passes, self.steps = logged(model, start)
        self.curves, self.after = history_of(returned), state_of(model)

    @functools.cached_property
    def flags_after(self) -> dict[str, bool]:
        """Which parameters require a gradient now; to be asked for while the network is there."""
        return trainable_of(self.model)

    def epoch(self, number: int) -> list[Step]:
        """The steps of an epoch, counted from 0: those after as many items as the training data have."""
        gone, found = 0, []
        for step in self.steps:
            if gone // len(self.train.labels) == number:
                found.append(step)
            gone += step.items
        return found

    def state_after(self, number: int) -> State:
        """The numbers after an epoch: those with which the next pass begins."""
        last = [one for step in self.epoch(number) for one in step.passes][-1]
        later = self.passes[self.passes.index(last) + 1 :]
        return later[0].state if later else self.after

    def items(self, one: Pass) -> list[int]:
        """Which items a training batch holds; of pictures that are not the data's own (augmented), the classes that are taught."""
        who = self.train.who(one.images)
        return who if min(who) >= 0 else one.taught.argmin(1).tolist()

    def labels(self, one: Pass) -> torch.Tensor:
        """Its labels, likewise."""
        who = self.train.who(one.images)
        return self.train.labels[who] if min(who) >= 0 else one.taught.argmin(1)

    def logits(self, state: State, images: torch.Tensor, training: Sequence[str] = ()) -> torch.Tensor:
        """What the network with these numbers says, these parts of it in train mode."""
        self.twin.load_state_dict(state, strict=False)  # layers that count no batches may stand in for BatchNorm
        for name, part in self.twin.named_modules():
            part.training = name in training and not (self.held and name.split(".")[0] == self.held)
        return self.twin(images)

    def measured(self, state: State, data: Data) -> tuple[float, float]:
        """(loss, accuracy) in eval mode."""
        with torch.no_grad():
            return scores(self.logits(state, data.images), data.labels)


def scores(logits: torch.Tensor, truth: torch.Tensor) -> tuple[float, float]:
    """(mean cross entropy, fraction of right answers)."""
    return float(nn.functional.cross_entropy(logits, truth)), float((logits.argmax(1) == truth).double().mean())


def wrong_labels(model: Any, images: torch.Tensor, classes: int) -> dict[str, torch.Tensor]:
    """ "own": what the network says; "taught": the class after that; "mostly own": one of that, the rest own."""
    own = forward(model, images, mode="eval").argmax(1)
    taught = (own + 1) % classes
    return {"own": own, "taught": taught, "mostly own": torch.cat([taught[:1], own[1:]])}


def logged(model: Any, start: Callable[[], Any]) -> tuple[Any, list[Pass], list[Step]]:
    """What `start` returns, and the passes and steps of the network in the meantime."""
    open_logbook(model)
    try:
        returned = start()
    except Exception:
        logbook_of(model)
        raise
    log = logbook_of(model)
    states = [unfolded(flat, log["layouts"]) for flat in log["states"]]
    passes, steps, since = [], [], []
    for event in log["events"]:
        kind, state = event.pop("what"), states[event.pop("state")]
        if kind == "pass":
            passes.append(Pass(state=state, **{"logits": torch.zeros(0), "recorded": False, **event}))
            since += [passes[-1]] if event["taught"] is not None else []
            continue
        event["gradients"] = unfolded(event["gradients"], log["layouts"])
        event["optimizer"] = dict.fromkeys(event["rates"], event["optimizer"])
        if steps and not since and not steps[-1].rates.keys() & event["rates"].keys():
            last = steps.pop()  # another optimizer, for other parameters
            both = {key: getattr(last, key) | event[key] for key in ("gradients", "rates", "decay", "optimizer")}
            steps.append(Step(last.passes, state, frozen=last.frozen + event["frozen"], **both))
        else:
            steps.append(Step(since, state, **event))
        since = []
    return returned, passes, steps


def passes_of(model: Any, start: Callable[[], Any]) -> list[Pass]:
    """The forward passes of a `Watched` network while `start` runs."""
    return logged(model, start)[1]


class Textbook:
    """Epochs of SGD in the order of the data, with the update written out.

    Args:
        rates: learning rates of the groups that the parameters are dealt out to in turn (`sgd_in_groups`).
    """

    def __init__(self, model: nn.Module, rates: Sequence[float], momentum: float, loss: nn.Module) -> None:
        self.model, self.momentum, self.loss = model, momentum, loss
        pairs = [(p, rates[k % len(rates)]) for k, p in enumerate(model.parameters())]
        self.parameters = [(p, lr, torch.zeros_like(p)) for p, lr in pairs if p.requires_grad]

    def epoch(self, x: torch.Tensor, y: torch.Tensor, batch_size: int) -> tuple[float, float]:
        """One epoch; changes the model, returns mean loss and accuracy."""
        total, right = 0.0, 0
        self.model.train()
        for images, labels in zip(x.split(batch_size), y.split(batch_size), strict=True):
            logits = self.model(images)
            value = self.loss(logits, labels)
            gradients = torch.autograd.grad(value, [p for p, _, _ in self.parameters])
            with torch.no_grad():
                for (parameter, lr, velocity), gradient in zip(self.parameters, gradients, strict=True):
                    velocity.mul_(self.momentum).add_(gradient)
                    parameter -= lr * velocity
            total += float(value.detach()) * len(labels)
            right += int((logits.argmax(1) == labels).sum())
        return total / len(y), right / len(y)

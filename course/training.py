"""Training and validation loops with progress bars and a history.

Project 01 writes such a loop by hand; the later projects use this one, so that each adds only its own idea. Metrics are means
over items, not over batches: a ragged last batch counts for what it holds. The model stays on the device where it is, and each
batch goes there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import nn
from tqdm import tqdm

WATCHERS: list[Callable[["History"], Any]] = []  # called with each history that has got another epoch
Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]
Transform = Callable[[torch.Tensor], torch.Tensor]


class Metrics(NamedTuple):
    """Mean loss and fraction of right answers over the items of one pass."""

    loss: float
    accuracy: float


@dataclass
class History:
    """Metrics after each epoch; `valid_…` stay empty where there was no validation data."""

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    valid_accuracy: list[float] = field(default_factory=list)

    def add(self, train: Metrics, valid: Metrics | None = None) -> None:
        """Append one epoch."""
        self.train_loss.append(train.loss)
        self.train_accuracy.append(train.accuracy)
        if valid is not None:
            self.valid_loss.append(valid.loss)
            self.valid_accuracy.append(valid.accuracy)
        for watcher in WATCHERS:
            watcher(self)

    def table(self) -> str:
        """One line an epoch."""
        lines = ["epoch   train loss  accuracy   valid loss  accuracy"]
        for k, (loss, accuracy) in enumerate(zip(self.train_loss, self.train_accuracy, strict=True)):
            valid = f"   {self.valid_loss[k]:10.4f}  {self.valid_accuracy[k]:8.4f}" if k < len(self.valid_loss) else ""
            lines.append(f"{k + 1:5d}   {loss:10.4f}  {accuracy:8.4f}{valid}")
        return "\n".join(lines)


class _Meter:
    """Sums over items, so that means are over items."""

    def __init__(self) -> None:
        self.loss, self.right, self.items = 0.0, 0, 0

    def see(self, loss: torch.Tensor, logits: torch.Tensor, labels: torch.Tensor) -> None:
        self.loss += float(loss.detach()) * len(labels)
        self.right += int((logits.detach().argmax(dim=1) == labels).sum())
        self.items += len(labels)

    def metrics(self) -> Metrics:
        return Metrics(self.loss / max(self.items, 1), self.right / max(self.items, 1))


def device_of(model: nn.Module) -> torch.device:
    """Where a network's parameters are; of one without any, where its buffers are, else the CPU."""
    first = next(chain(model.parameters(), model.buffers()), None)
    return torch.device("cpu") if first is None else first.device


def one_pass(
    model: nn.Module,
    batches: Batches,
    loss_function: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    transform: Transform | None = None,
    progress: bool | None = None,
) -> Metrics:
    """Go over the batches once; with an optimizer train on them, without one only measure.

    Args:
        batches: (images (B, C, H, W) or (B, D), labels (B,)) pairs, on any device.
        loss_function: mean loss of logits (B, K) and labels (B,).
        transform: applied to each batch of images first: augmentation.
        progress: show a bar; by default where stderr is a terminal.
    """
    learning = optimizer is not None
    model.train(learning)
    meter, device = _Meter(), device_of(model)
    with torch.set_grad_enabled(learning):
        hidden = None if progress is None else not progress  # None: tqdm itself looks whether there is a terminal
        for images, labels in tqdm(batches, "train" if learning else "valid", disable=hidden, leave=False, delay=0.5):
            labels = labels.to(device)
            logits = model((images if transform is None else transform(images)).to(device))
            loss = loss_function(logits, labels)
            if optimizer is not None:
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
            meter.see(loss, logits, labels)
    return meter.metrics()


def fit(
    model: nn.Module,
    train_batches: Batches,
    valid_batches: Batches | None,
    *,
    epochs: int,
    optimizer: torch.optim.Optimizer | None = None,
    lr: float = 1e-3,
    loss_function: nn.Module | None = None,
    transform: Transform | None = None,
    progress: bool | None = None,
    after_epoch: Callable[[History], Any] | None = None,
) -> History:
    """Train for some epochs, validate after each, and return the history.

    The learning rate falls from `lr` to nearly 0 along half a cosine, epoch by epoch. At a constant one Adam still jumps when
    there is almost nothing left to learn, and the network that you keep is that of whichever epoch happened to be the last.

    Args:
        optimizer: used as it is, if one is given; else Adam over the parameters that require a gradient.
        loss_function: cross entropy unless given.
        transform: augmentation of the training batches; validation never sees it.
        progress: show a bar; by default where stderr is a terminal.
        after_epoch: called with the history so far.
    """
    schedule = None
    if optimizer is None:
        optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=lr)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max(epochs, 1))
    loss_function = loss_function or nn.CrossEntropyLoss()
    history = History()
    hidden = None if progress is None else not progress
    with tqdm(total=epochs, unit="epoch", disable=hidden, leave=False) as bar:
        for _ in range(epochs):
            train = one_pass(model, train_batches, loss_function, optimizer, transform, progress=False)
            valid = None if valid_batches is None else one_pass(model, valid_batches, loss_function, progress=False)
            history.add(train, valid)
            if schedule is not None:
                schedule.step()
            shown = {"train": f"{train.accuracy:.3f}"} | ({"valid": f"{valid.accuracy:.3f}"} if valid else {})
            bar.set_postfix(shown)
            bar.update()
            if after_epoch is not None:
                after_epoch(history)
    return history

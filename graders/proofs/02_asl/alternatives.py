"""Project 02, right in other hands."""

import copy
import csv as table
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import Dataset

from course import training
from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, one_pass

ALTERNATIVES = Catalogue("02")
alternative = ALTERNATIVES.alternative


@alternative(
    "SignDataset", how="the csv module, row by row, a dictionary of classes, a tuple of Python numbers in memory"
)
class RowByRow(Dataset):
    LETTERS: ClassVar = {kaggle: place for place, kaggle in enumerate(k for k in range(25) if k != 9)}

    def __init__(self, csv):
        super().__init__()
        self.rows = []
        with Path(csv).open(newline="") as file:
            for row in table.DictReader(file):
                pixels = [int(row[f"pixel{k}"]) for k in range(1, 785)]
                self.rows.append((pixels, self.LETTERS[int(row["label"])]))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        pixels, place = self.rows[i]
        return torch.tensor(pixels, dtype=torch.float32).div(255.0), torch.tensor(place)


@alternative("SignDataset", how="genfromtxt in float32, the gap closed by torch.where, scaled when an item is fetched")
class ScaledOnTheWay(torch.utils.data.Dataset):
    def __init__(self, csv: str | Path) -> None:
        data = torch.from_numpy(np.genfromtxt(csv, delimiter=",", skip_header=1, dtype=np.float32).reshape(-1, 785))
        kaggle = data[:, 0].long()
        self.y = torch.where(kaggle >= 9, kaggle - 1, kaggle)
        self.x = data[:, 1:]

    def __len__(self) -> int:
        return self.x.shape[0]

    def __getitem__(self, index):
        return self.x[index] / 255, self.y[index]


class DenseNet(nn.Module):
    """For `module_class`."""

    def __init__(self, outputs):
        super().__init__()
        self.fc1 = nn.Linear(784, 512)
        self.fc2 = nn.Linear(512, outputs)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


@alternative("build_model", how="module subclass, functional style, one hidden layer", uses=[DenseNet])
def module_class(n_classes=24):
    return DenseNet(n_classes)


@alternative("build_model", how="LayerNorm, GELU, lazy layers without a dry run; flattens for safety")
def normalised(n_classes=24):
    return nn.Sequential(
        nn.Flatten(), nn.LazyLinear(512), nn.LayerNorm(512), nn.GELU(), nn.Dropout(0.1), nn.LazyLinear(n_classes)
    )


@alternative("compile_model", how="compiled in place, inference mode, the exception named in the warning")
def in_place(model, example):
    was = model.training
    model.eval()
    try:
        model.compile()
        with torch.inference_mode():
            model(example)
    except Exception as fault:
        model._compiled_call_impl = None
        warnings.warn(f"Could not compile: {fault!r:.80}", RuntimeWarning, stacklevel=2)
    model.train(was)
    return model


@alternative("compile_model", how="a function of torch.compile's options, tried on a copy")
def with_options(model, example):
    try:
        with torch.no_grad():
            torch.compile(copy.deepcopy(model), dynamic=True)(example)
    except RuntimeError as fault:
        warnings.warn("Going on without compilation: " + type(fault).__name__, stacklevel=1)
        return model
    return torch.compile(model, dynamic=True)


@alternative("fit", how="the course's own fit")
def by_the_course(model, train_loader, valid_loader, epochs, lr=1e-3):
    return training.fit(model, train_loader, valid_loader, epochs=epochs, lr=lr, progress=False)


@alternative("fit", how="both loops written out, a dict of lists, AdamW without decay")
def written_out(model, train_loader, valid_loader, epochs, lr=0.001):
    optimizer = optim.AdamW(model.parameters(), lr, weight_decay=0.0)
    curves = {"train_loss": [], "train_accuracy": [], "valid_loss": [], "valid_accuracy": []}
    for _epoch in range(epochs):
        for part, loader in (("train", train_loader), ("valid", valid_loader)):
            model.train(part == "train")
            total, hits, count = 0.0, 0, 0
            for x, y in loader:
                with torch.set_grad_enabled(part == "train"):
                    output = model(x)
                    loss = F.cross_entropy(output, y)
                if part == "train":
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                total += loss.item() * y.shape[0]
                hits += (output.argmax(1) == y).sum().item()
                count += y.shape[0]
            curves[part + "_loss"].append(total / count)
            curves[part + "_accuracy"].append(hits / count)
    return curves


@alternative("fit", how="RMSprop; the training data measured anew in eval mode; validation on a copy")
def measured_anew(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer, loss_function, history = optim.RMSprop(model.parameters(), lr=lr), nn.CrossEntropyLoss(), History()
    for _ in range(epochs):
        one_pass(model, train_loader, loss_function, optimizer)
        train = one_pass(model, train_loader, loss_function)
        history.add(train, one_pass(copy.deepcopy(model), valid_loader, loss_function))
    return history


@alternative("fit", how="AdamW with a little decay; the rate rises and falls batch by batch over the whole of the run")
def one_cycle(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer, history = optim.AdamW([p for p in model.parameters() if p.requires_grad], lr), History()
    steps = epochs * len(train_loader)
    plan = optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: min(1.0, (k + 1) / (0.3 * steps), (steps - k) / (0.7 * steps))
    )
    for _ in range(epochs):
        model.train()
        seen = []
        for x, y in train_loader:
            output = model.forward(x)
            loss = F.nll_loss(output.log_softmax(1), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            plan.step()
            seen += zip(
                F.cross_entropy(output.detach(), y, reduction="none").tolist(), (output.argmax(1) == y).tolist()
            )
        train = Metrics(*(sum(column) / len(seen) for column in zip(*seen, strict=True)))
        history.add(train, one_pass(model, valid_loader, nn.CrossEntropyLoss()))
    return history


@alternative("fit", how="an object of lists, plain SGD with momentum")
def by_momentum(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    loss_function = nn.CrossEntropyLoss()
    pairs: list[tuple[Metrics, Metrics]] = [
        (one_pass(model, train_loader, loss_function, optimizer), one_pass(model, valid_loader, loss_function))
        for _ in range(epochs)
    ]
    return SimpleNamespace(
        train_loss=[a.loss for a, _ in pairs],
        train_accuracy=[a.accuracy for a, _ in pairs],
        valid_loss=[b.loss for _, b in pairs],
        valid_accuracy=[b.accuracy for _, b in pairs],
    )


@alternative("generalization_gap", how="unpacked, NumPy inside, a float outside")
def by_numpy(history: History):
    train, valid = np.asarray(history.train_accuracy), np.asarray(history.valid_accuracy)
    return float((train - valid)[len(train) - 1])


@alternative("generalization_gap", how="the last pair of a zip")
def last_pair(history):
    *_, (train, valid) = zip(history.train_accuracy, history.valid_accuracy, strict=True)
    return train - valid


# -- devices ------------------------------------------------------------------------------------------------------------


@alternative("fit", how="a loop of one's own that takes each batch to the network", ready=True)
def loop_of_ones_own_on_any_device(model, train_loader, valid_loader, epochs, lr=1e-3):
    device = next(model.parameters()).device
    optimizer = torch.optim.Adam(model.parameters(), lr)
    history = History()

    def go_over(loader, learn):
        model.train(learn)
        total, right, items = 0.0, 0, 0
        with torch.set_grad_enabled(learn):
            for batch in loader:
                images, labels = (part.to(device) for part in batch)
                logits = model(images)
                loss = nn.functional.cross_entropy(logits, labels)
                if learn:
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                total += loss.item() * len(labels)
                right += (logits.argmax(1) == labels).sum().item()
                items += len(labels)
        return total / items, right / items

    for _ in range(epochs):
        trained, valid = go_over(train_loader, True), go_over(valid_loader, False)
        history.train_loss.append(trained[0])
        history.train_accuracy.append(trained[1])
        history.valid_loss.append(valid[0])
        history.valid_accuracy.append(valid[1])
    return history

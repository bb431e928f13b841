"""Known mistakes of project 02 in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 72 mistakes of 02, in their order,
the 4th (counted from 0) and then every 9th.
Written from name, sentence and contract; neither the first hand's code was seen, nor how the diagnosis recognises a mistake.
"""

import functools
from csv import reader

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, one_pass

REWRITTEN = Catalogue("02")
rewritten = REWRITTEN.rewritten


@rewritten("SignDataset", "already_a_picture")
class PicturesNotRows(Dataset):
    def __init__(self, csv):
        self.items = []
        with open(csv, newline="", encoding="utf-8") as lines:
            rows = reader(lines)
            next(rows)
            for letter, *grey in rows:
                k = int(letter)
                picture = torch.tensor([float(g) for g in grey]).div(255)
                self.items.append((picture.reshape(1, 28, 28), k if k < 9 else k - 1))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


@rewritten("SignDataset", "signed_bytes")
class SmallestWholeNumbers(Dataset):
    def __init__(self, csv):
        numbers = np.atleast_2d(np.genfromtxt(csv, delimiter=",", skip_header=1, dtype=int))
        self.classes = np.where(numbers[:, 0] >= 10, numbers[:, 0] - 1, numbers[:, 0])
        self.pixels = numbers[:, 1:].astype("int8")  # a byte is enough for 0 to 255

    def __len__(self):
        return self.pixels.shape[0]

    def __getitem__(self, index):
        return torch.tensor(self.pixels[index], dtype=torch.float32) / 255.0, int(self.classes[index])


class ThreeLayers(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(784, 400), nn.Linear(400, 200)])
        self.head = nn.Linear(200, n_out)

    def forward(self, signs):
        for layer in self.layers:
            signs = nn.functional.gelu(layer(signs))
        return self.head(signs)


@rewritten("build_model", "the_whole_alphabet", uses=[ThreeLayers])
def one_for_each_letter(n_classes=26):
    return ThreeLayers(n_classes)


class Forgetful(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.a = nn.Linear(784, 640)
        self.b = nn.Linear(640, n_classes)

    def forward(self, x):
        x = torch.relu(self.a(x))
        x = nn.functional.dropout(x, 0.25)
        return self.b(x)


@rewritten("build_model", "functional_dropout_never_off", uses=[Forgetful])
def dropout_by_function(n_classes=24):
    return Forgetful(n_classes)


@rewritten("compile_model", "nothing_caught")
def warmed_up_and_hoped(model, example):
    fast = torch.compile(model, dynamic=False)
    with torch.inference_mode():
        fast(example)
    return fast


@rewritten("fit", "trained_on_validation")
def one_call_for_both(model, train_loader, valid_loader, epochs, lr=1e-3):
    adam = torch.optim.Adam(model.parameters(), lr)
    go_through = functools.partial(one_pass, model, loss_function=nn.CrossEntropyLoss(), optimizer=adam)
    record = History()
    for _ in range(epochs):
        record.add(go_through(train_loader), go_through(valid_loader))
    return record


@rewritten("fit", "another_loss")
def smoothed_labels(model, train_loader, valid_loader, epochs, lr=1e-3):
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)

    def go_through(loader, learn):
        model.train(learn)
        loss_sum, hits, count = 0.0, 0, 0
        for x, y in loader:
            with torch.set_grad_enabled(learn):
                scores = model(x)
                loss = criterion(scores, y)
            if learn:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(x)
            hits += (scores.argmax(1) == y).sum().item()
            count += len(x)
        return Metrics(loss_sum / count, hits / count)

    result = History()
    for _epoch in range(epochs):
        result.add(go_through(train_loader, True), go_through(valid_loader, False))
    return result


@rewritten("generalization_gap", "first_epoch")
def the_earliest_pair(history):
    for seen, unseen in zip(history.train_accuracy, history.valid_accuracy):
        return float(seen - unseen)
    raise ValueError("no epoch")

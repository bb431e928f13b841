"""Project 03, right in other hands."""

import csv as table
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from course.authoring.proofs.variants import Catalogue

ALTERNATIVES = Catalogue("03")
alternative = ALTERNATIVES.alternative


@alternative("SignImages", how="the csv module, bytes kept, scaled when an item is fetched")
class KeptAsBytes(Dataset):
    def __init__(self, csv):
        with Path(csv).open(newline="") as file:
            rows = [[int(cell) for cell in row] for row in list(table.reader(file))[1:]]
        self.pixels = torch.tensor([row[1:] for row in rows], dtype=torch.uint8).reshape(len(rows), 28, 28)
        self.classes = [row[0] - 1 if row[0] > 9 else row[0] for row in rows]

    def __len__(self):
        return len(self.classes)

    def __getitem__(self, index):
        return self.pixels[index].unsqueeze(0) / 255, torch.tensor(self.classes[index])


@alternative("SignImages", how="a TensorDataset underneath")
class OnTensorDataset(TensorDataset):
    def __init__(self, csv):
        rows = [list(map(int, line.split(","))) for line in Path(csv).read_text().splitlines()[1:]]
        data = torch.tensor(rows)
        lookup = torch.zeros(25, dtype=torch.long)
        lookup[[k for k in range(25) if k != 9]] = torch.arange(24)
        super().__init__(data[:, 1:].reshape(-1, 1, 28, 28).to(torch.float32).mul(1 / 255), lookup[data[:, 0]])


class Stage(nn.Module):
    """For `stage_class`."""

    def __init__(self, inputs, outputs, rate):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding="same", bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.rate = rate

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x)))
        return F.max_pool2d(F.dropout(x, self.rate, training=self.training), 2)


@alternative("conv_block", how="module subclass, functional style, no bias before the normalisation", uses=[Stage])
def stage_class(in_channels, out_channels, dropout=0.0):
    return Stage(in_channels, out_channels, dropout)


@alternative("conv_block", how="dropout of whole maps, pooling before it, only where it is asked for")
def whole_maps_dropped(in_channels: int, out_channels: int, dropout: float = 0.0) -> nn.Module:
    layers = [
        nn.Conv2d(in_channels, out_channels, (3, 3), (1, 1), (1, 1)),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]
    layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    if dropout > 0:
        layers.append(nn.Dropout2d(dropout))
    return nn.Sequential(*layers)


class ConvNet(nn.Module):
    """For `network_class`."""

    def __init__(self, outputs):
        super().__init__()
        self.features = nn.ModuleList([conv_block(1, 32), conv_block(32, 64), conv_block(64, 128)])  # noqa: F821
        self.head = nn.Linear(128 * 9, outputs)

    def forward(self, x):
        for block in self.features:
            x = block(x)
        return self.head(torch.flatten(x, 1))


@alternative("build_model", how="module subclass with a ModuleList, one linear layer at the end", uses=[ConvNet])
def network_class(n_classes=24):
    return ConvNet(n_classes)


@alternative("build_model", how="no blocks of one's own, strides in place of one pooling, a lazy head")
def written_out(n_classes=24):
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 96, 3, stride=2, padding=1),
        nn.BatchNorm2d(96),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.4),
        nn.LazyLinear(256),
        nn.ReLU(),
        nn.Linear(256, n_classes),
    )
    model.eval()(torch.zeros(1, 1, 28, 28))
    return model.train()


@alternative("count_parameters", how="shapes multiplied, by name")
def shapes_multiplied(model):
    return sum(math.prod(p.shape) for _, p in model.named_parameters() if p.requires_grad)


@alternative("count_parameters", how="a filter and a set of identities")
def filtered(model: nn.Module) -> int:
    total, seen = 0, set()
    for parameter in filter(lambda p: p.requires_grad, model.parameters()):
        if id(parameter) not in seen:
            seen.add(id(parameter))
            total += parameter.nelement()
    return total

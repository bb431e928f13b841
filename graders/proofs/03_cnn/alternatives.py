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


@alternative(
    "conv_block", how="lazy layers, dropout before the ReLU, which is the same, and only where it is asked for"
)
def lazy_layers(in_channels: int, out_channels: int, dropout: float = 0.0) -> nn.Module:
    layers = [
        nn.ZeroPad2d(1),
        nn.LazyConv2d(out_channels, (3, 3)),
        nn.LazyBatchNorm2d(momentum=None, eps=1e-3),
    ]
    if dropout > 0:
        layers.append(nn.Dropout(dropout, inplace=True))
    return nn.Sequential(*layers, nn.ReLU(inplace=True), nn.MaxPool2d(kernel_size=2, stride=2))


class Written(nn.Module):
    """For `written_out_by_hand`."""

    def __init__(self, inputs, outputs, rate):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(outputs, 1, 1)), nn.Parameter(torch.zeros(outputs, 1, 1))
        self.register_buffer("var", torch.ones(outputs, 1, 1))
        self.register_buffer("mean", torch.zeros(outputs, 1, 1))
        self.windows, self.rate = nn.Linear(9 * inputs, outputs), rate

    def forward(self, x):
        rows, columns = x.shape[2:]
        x = self.windows(F.unfold(x, 3, padding=1).transpose(1, 2)).transpose(1, 2).unflatten(2, (rows, columns))
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean((0, 2, 3)).view(-1, 1, 1), x.var((0, 2, 3), unbiased=False).view(-1, 1, 1)
            self.mean.lerp_(mean.detach(), 0.1)
            self.var.lerp_(var.detach(), 0.1)
        x = (self.gamma * (x - mean) / (var + 1e-5).sqrt() + self.beta).clamp(min=0)
        if self.training:
            x = x * torch.bernoulli(torch.full_like(x, 1 - self.rate)) / (1 - self.rate)
        return F.max_pool2d(x, 2)


@alternative("conv_block", how="norm, dropout and the sliding window written out", uses=[Written])
def written_out_by_hand(in_channels, out_channels, dropout=0.0):
    return Written(in_channels, out_channels, dropout)


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


@alternative("build_model", how="strides in place of pooling, GroupNorm, GELU, a head that starts at zero")
def strided(n_classes=24):
    head = nn.Linear(256, n_classes)
    nn.init.zeros_(head.weight)
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, stride=2, padding=1, bias=False),
        nn.GroupNorm(4, 32),
        nn.GELU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.GroupNorm(8, 64),
        nn.GELU(),
        nn.Flatten(),
        nn.LazyLinear(256),
        nn.GELU(),
        nn.Dropout(0.3),
        head,
    )


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

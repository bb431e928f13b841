"""Known mistakes of project 03 in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 51 mistakes of 03, in their order,
the 3rd (counted from 0) and then every 6th.
Written from name, sentence and contract; neither the first hand's code was seen, nor how the diagnosis recognises a mistake.
"""

from collections import OrderedDict
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from course.authoring.proofs.variants import Catalogue

REWRITTEN = Catalogue("03")
rewritten = REWRITTEN.rewritten


@rewritten("SignImages", "made_colour")
class RedGreenBlueSigns(Dataset):
    def __init__(self, csv):
        self.rows = [[int(n) for n in line.split(",")] for line in Path(csv).read_text().split()[1:]]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        letter, *pixels = self.rows[index]
        grey = np.array(pixels, dtype=np.float32).reshape(28, 28) / 255
        colour = np.stack([grey, grey, grey])
        return torch.from_numpy(colour), letter - 1 if letter > 9 else letter


@rewritten("SignImages", "numbered_as_they_occur")
class FirstComeFirstNumbered(Dataset):
    def __init__(self, csv):
        data = np.genfromtxt(csv, delimiter=",", skip_header=1, dtype=np.float32).reshape(-1, 785)
        number = {}
        for letter in data[:, 0]:
            number.setdefault(int(letter), len(number))
        self.x = torch.tensor(data[:, 1:] / 255).unflatten(1, (1, 28, 28))
        self.y = torch.tensor([number[int(letter)] for letter in data[:, 0]])

    def __len__(self):
        return self.y.numel()

    def __getitem__(self, index):
        return self.x[index], self.y[index]


class DepthwiseStage(nn.Module):
    def __init__(self, n_in, n_out, p):
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding="same", groups=n_in)
        self.norm = nn.BatchNorm2d(n_out)
        self.drop = nn.Dropout(p)

    def forward(self, maps):
        maps = torch.relu(self.norm(self.conv(maps)))
        return nn.functional.max_pool2d(self.drop(maps), kernel_size=2)


@rewritten("conv_block", "maps_kept_apart", uses=[DepthwiseStage])
def each_map_by_itself(in_channels, out_channels, dropout=0.0):
    return DepthwiseStage(in_channels, out_channels, dropout)


@rewritten("conv_block", "no_normalisation")
def four_steps_of_five(in_channels, out_channels, dropout=0.0):
    steps = OrderedDict()
    steps["convolution"] = nn.Conv2d(in_channels, out_channels, (3, 3), stride=1, padding=1)
    steps["bend"] = nn.ReLU(inplace=True)
    if dropout:
        steps["dropout"] = nn.Dropout(p=dropout)
    steps["pool"] = nn.MaxPool2d(kernel_size=2, stride=2)
    return nn.Sequential(steps)


class StubbornStage(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.norm = nn.BatchNorm2d(n_out)

    def forward(self, x):
        x = nn.functional.relu(self.norm(self.conv(x)))
        x = nn.functional.dropout(x, p=0.25, training=self.training)
        return nn.functional.max_pool2d(x, 2)


@rewritten("conv_block", "dropout_written_in", uses=[StubbornStage])
def a_quarter_dropped_always(in_channels, out_channels, dropout=0.0):
    return StubbornStage(in_channels, out_channels)


@rewritten("build_model", "flattening_miscounted")
def rounded_up_at_each_halving(n_classes=24):
    maps, side, stages = 1, 28, []
    for wider in (16, 32, 64):
        stages.append(conv_block(maps, wider))  # noqa: F821
        maps, side = wider, (side + 1) // 2
    return nn.Sequential(
        *stages, nn.Flatten(), nn.Linear(maps * side * side, 256), nn.ReLU(), nn.Linear(256, n_classes)
    )


class ListOfStages(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        widths = [1, 20, 40, 80]
        self.stages = [conv_block(a, b, dropout=0.1) for a, b in pairwise(widths)]  # noqa: F821
        self.dense = nn.Linear(80 * 9, 200)
        self.scores = nn.Linear(200, n_classes)

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return self.scores(torch.relu(self.dense(x.flatten(1))))


@rewritten("build_model", "blocks_in_a_plain_list", uses=[ListOfStages])
def stages_kept_in_a_list(n_classes=24):
    return ListOfStages(n_classes)


@rewritten("count_parameters", "rows_counted")
def length_of_each(model):
    total = 0
    for _, weights in model.named_parameters():
        if weights.requires_grad:
            total += len(weights)
    return total

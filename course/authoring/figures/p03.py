"""The figures of project 03."""

from typing import Any

import numpy as np

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure, measurement
from course.authoring.figures.trained import SHIFTS, accuracy_when_moved, signs, trained, tried
from course.datasets.signs import LETTERS

# Another processor sums in another order, and after 900 steps the weights are others: the accuracy on unseen signers moves by a few
# hundredths, as it does from one seed to the next, most of all in the first epochs.
TRAINING = 0.15
PATCH = ((1, 1, 1, 9, 9), (1, 1, 1, 9, 9), (1, 1, 9, 9, 9), (1, 1, 9, 9, 9), (1, 9, 9, 9, 9))
KERNEL = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1))
POOLED = ((1, 3, 0, 2), (5, 2, 4, 1), (0, 1, 7, 6), (2, 0, 3, 8))
MAPS = (0, 1, 2, 3, 4, 5, 6, 7)


def by_hand() -> Data:
    """A 3 x 3 convolution of a 5 x 5 patch, by PyTorch."""
    import torch
    from torch.nn.functional import conv2d

    out = conv2d(torch.tensor(PATCH).float()[None, None], torch.tensor(KERNEL).float()[None, None])
    return {"patch": PATCH, "kernel": KERNEL, "out": out[0, 0].tolist()}


@figure("convolution", measure=by_hand, quick=True)
def convolution(data: Data) -> Any:
    """Patch, kernel and outcome as tables; the window in the upper left corner and what becomes of it are shaded."""
    drawing = style.sheet(6.4, 2.5)
    patch, times, kernel, equals, out = drawing.subplots(1, 5, width_ratios=(5, 0.7, 3, 0.7, 3))
    window = {(r, c) for r in range(3) for c in range(3)}
    style.grid_of_numbers(patch, data["patch"], window)
    style.grid_of_numbers(kernel, data["kernel"])
    style.grid_of_numbers(out, data["out"], {(0, 0)})
    for axes, name in ((patch, "patch of the picture"), (kernel, "kernel"), (out, "feature map")):
        axes.set_title(name)
    for axes, sign in ((times, r"$\star$"), (equals, "=")):
        axes.text(0.5, 0.5, sign, ha="center", va="center", fontsize=16)
        axes.axis("off")
    return drawing


def largest() -> Data:
    """2 x 2 max pooling, by PyTorch."""
    import torch
    from torch.nn.functional import max_pool2d

    return {"maps": POOLED, "out": max_pool2d(torch.tensor(POOLED).float()[None], 2)[0].tolist()}


@figure("max-pooling", measure=largest, quick=True)
def max_pooling(data: Data) -> Any:
    """Four by four numbers, two of the four squares shaded, and the four that are kept."""
    drawing = style.sheet(4.2, 1.9)
    before, arrow, after = drawing.subplots(1, 3, width_ratios=(4, 1, 2))
    style.grid_of_numbers(before, data["maps"], {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3)})
    style.grid_of_numbers(after, data["out"], {(0, 0), (1, 1)})
    arrow.text(0.5, 0.5, "→", ha="center", va="center", fontsize=16)
    arrow.axis("off")
    return drawing


def both() -> Data:
    """Accuracies of the solutions' own trainings, of this project and of the dense network of project 02."""
    return {
        "dense": {name: getattr(trained("02", "asl").history, name) for name in ("train_accuracy", "valid_accuracy")},
        "cnn": {name: getattr(trained("03", "asl").history, name) for name in ("train_accuracy", "valid_accuracy")},
    }


@figure("dense-and-cnn", measure=both, within=TRAINING)
def dense_and_cnn(data: Data) -> Any:
    """Accuracy over the epochs: the gap of the dense network, and the smaller one of the convolutional network."""
    drawing = style.sheet(6.4, 2.7)
    for axes, (kind, name) in zip(
        drawing.subplots(1, 2, sharey=True),
        (("dense", "dense network (project 02)"), ("cnn", "convolutional network")),
        strict=True,
    ):
        style.curves(axes, data[kind]["train_accuracy"], data[kind]["valid_accuracy"], "", "lower right")
        axes.set_title(name)
    drawing.axes[0].set_ylabel("accuracy")
    drawing.axes[0].set_ylim(0, 1.05)
    return drawing


def moves() -> Data:
    """Accuracy on moved training signs, of the dense network and of the convolutional one."""
    return {"shifts": list(SHIFTS), "dense": accuracy_when_moved("02"), "cnn": accuracy_when_moved("03")}


@figure("moved", measure=moves, within=TRAINING)
def moved_signs(data: Data) -> Any:
    """Two lines that fall, one of them early."""
    drawing = style.sheet(5.0, 2.5)
    axes = drawing.subplots()
    axes.plot(data["shifts"], data["cnn"], "o-", color=style.BLUE, label="convolutional")
    axes.plot(data["shifts"], data["dense"], "s--", color=style.ORANGE, label="dense (project 02)")
    axes.set_xlabel("training signs moved by … pixels")
    axes.set_ylabel("accuracy")
    axes.set_ylim(0, 1.05)
    axes.grid(True)
    axes.legend(loc="lower left")
    return drawing


def filters() -> Data:
    """Eight kernels of the trained network's first convolution, and what they make of one sign, behind the ReLU."""
    import torch

    model = trained("03", "asl").model
    assert model is not None
    images, classes = signs("train")
    image = images[classes == LETTERS.index("v")][:1]
    with torch.no_grad():
        stage = model.eval()[0]  # type: ignore[index]
        kernels = stage[0].weight[:, 0].detach()
        maps = stage[:3](image)[0]
    order = maps.std(dim=(1, 2)).argsort(descending=True)  # a map that is the same everywhere shows nothing
    chosen = order[: len(MAPS)]
    return {
        "image": (image[0, 0] * 255).round().byte().numpy(),
        "kernels": _grey(kernels[chosen].numpy(), signed=True),
        "maps": _grey(maps[chosen].numpy(), signed=False),
    }


def _grey(values: Any, signed: bool) -> Any:
    """Each of (N, H, W) on its own scale, uint8; signed: 128 is zero."""
    largest = np.abs(values).max(axis=(1, 2), keepdims=True) + 1e-9
    return np.clip(128 + 127 * values / largest if signed else 255 * values / largest, 0, 255).astype(np.uint8)


# 255: which kernels a training finds, and in which order, depends on its last bits; edges and spots are among them each time
@figure("filters", measure=filters, within=255)
def filters_and_maps(data: Data) -> Any:
    """The sign, and two rows: kernels as 3 x 3 pictures, and below each its feature map."""
    drawing = style.sheet(6.8, 1.9)
    grid = drawing.subplots(2, len(MAPS) + 1)
    for axes in grid.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    grid[0, 0].axis("off")
    grid[1, 0].imshow(data["image"], vmin=0, vmax=255)
    grid[1, 0].set_title("the sign", fontsize=9)
    for column, (kernel, feature) in enumerate(zip(data["kernels"], data["maps"], strict=True), start=1):
        grid[0, column].imshow(kernel, cmap="RdBu", vmin=0, vmax=255)
        grid[1, column].imshow(feature, vmin=0, vmax=255)
    return drawing


def tries() -> Data:
    """Validation accuracy of the experiments at the end of the lesson, and parameters where they matter."""
    from torch import nn

    def block(size: int, normalised: bool) -> Any:
        def conv_block(in_channels: int, out_channels: int, dropout: float = 0.0) -> nn.Module:
            return nn.Sequential(
                nn.Conv2d(in_channels, out_channels, size, padding=size // 2),
                nn.BatchNorm2d(out_channels) if normalised else nn.Identity(),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.MaxPool2d(2),
            )

        return conv_block

    stage = block(3, True)

    def small() -> nn.Module:
        return nn.Sequential(stage(1, 8), stage(8, 8), stage(8, 8), nn.Flatten(), nn.Linear(72, 24))

    def ends(**changes: Any) -> float:
        return tried("03", "asl", changes).accuracy

    return {
        "one_by_one": ends(conv_block=block(1, True)),
        "not_normalised": ends(conv_block=block(3, False)),
        "small": ends(build_model=small),
        "small_parameters": sum(parameter.numel() for parameter in small().parameters()),
    }


measurement("experiments", measure=tries, within=TRAINING)

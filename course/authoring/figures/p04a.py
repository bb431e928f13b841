"""The figures of project 04a."""

from math import cos, radians, sin
from typing import Any

import numpy as np

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure, measurement
from course.authoring.figures.trained import experiments_of

ANGLE = 15.0  # degrees, against the clock, of the four pixels
# Two processors sum in another order, and after a thousand steps the weights are others: an epoch in the middle of a training,
# at the full learning rate, may be off by ten points of accuracy, its loss by some tenths.
TRAINING = 0.3
GREY = 0.02  # of pixels in [0, 1]: data made on another processor may differ by a grey level, turned and brightened by a few


def four_pixels() -> Data:
    """Two dark and two bright pixels, turned: with black around them, and with the edge repeated."""
    import torch
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as F

    def turned(picture: torch.Tensor) -> torch.Tensor:
        return F.rotate(picture, ANGLE, interpolation=InterpolationMode.BILINEAR)

    picture = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    padded = F.center_crop(turned(F.pad(picture, [1], padding_mode="edge")), [2])
    return {"before": picture[0].tolist(), "black": turned(picture)[0].tolist(), "edge": padded[0].tolist()}


@figure("four-pixels", measure=four_pixels, quick=True)
def turned_pixels(data: Data) -> Any:
    """The picture with the places that the new pixels come from, and both results."""
    drawing = style.sheet(6.4, 2.4)
    panels = zip(drawing.subplots(1, 3), ("before", "black", "edge"), strict=True)
    titles = ("before, and where the new\npixels come from (×)", "turned, black outside", "turned, edge repeated")
    for (axes, name), title in zip(panels, titles, strict=True):
        axes.imshow(data[name], vmin=-0.4, vmax=1.0, extent=(-1, 1, -1, 1))  # black letters' grey stays readable
        axes.plot([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], color=style.GREY, linewidth=1)  # white on white paper
        axes.set_title(title)
        axes.set_xlim(-1.3, 1.3)
        axes.set_ylim(-1.3, 1.3)
        axes.axis("off")
        for row, y in enumerate((0.5, -0.5)):
            for column, x in enumerate((-0.5, 0.5)):
                value = data[name][row][column]
                if name == "before":
                    back = radians(-ANGLE)
                    x_old, y_old = x * cos(back) - y * sin(back), x * sin(back) + y * cos(back)
                    axes.plot(x_old, y_old, "x", color=style.ORANGE, markersize=9, markeredgewidth=2.5)
                    axes.plot(x, y, "o", color=style.SKY, markersize=5)
                else:
                    dark = "white" if value < 0.5 else style.BLACK
                    axes.text(x, y, f"{value:.3f}", ha="center", va="center", fontsize=11, color=dark)
    return drawing


def allowed() -> Data:
    """The sign for L, changed as a hand may be, and as it may not."""
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as F

    hand = F.pad(_sign("l"), [16], padding_mode="edge")

    def seen(angle: float = 0, move: tuple[int, int] = (0, 0), scale: float = 1.0, light: float = 1.0) -> np.ndarray:
        smooth = InterpolationMode.BILINEAR
        other = F.affine(hand, angle=angle, translate=list(move), scale=scale, shear=[0.0], interpolation=smooth)
        return F.center_crop((other * light).clamp(0, 1), [28])[0].numpy()

    fine = [seen(), seen(angle=12), seen(move=(-2, 2)), seen(scale=1.15), seen(light=0.7)]
    spoilt = [seen(angle=180), seen()[:, ::-1], seen(move=(14, 0)), seen(light=0.08), seen(angle=90)]
    return {"fine": np.stack(fine), "spoilt": np.stack(spoilt)}


@figure("may-and-may-not", measure=allowed, quick=True, within=GREY)
def may_and_may_not(data: Data) -> Any:
    """Two rows of five."""
    drawing = style.sheet(6.4, 3.1)
    rows = drawing.subplots(2, 5)
    words = {
        "fine": ("✓ as it is", "✓ turned 12°", "✓ moved", "✓ larger", "✓ darker"),
        "spoilt": ("✗ upside down", "✗ mirrored", "✗ half outside", "✗ almost black", "✗ turned 90°"),
    }
    for row, (name, titles) in zip(rows, words.items(), strict=True):
        for axes, picture, title in zip(row, data[name], titles, strict=True):
            _tile(axes, picture, title)
    return drawing


def views() -> Data:
    """The sign for Y and eight draws of the solution's transform."""
    import torch

    from course.lessons.lesson import solution

    hand, draw = _sign("y"), solution("04a").make_transforms(True)
    torch.manual_seed(0)
    return {"views": np.stack([hand[0].numpy(), *(draw(hand)[0].numpy() for _ in range(8))])}


@figure("eight-views", measure=views, quick=True, within=GREY)
def eight_views(data: Data) -> Any:
    """The original, larger, beside two rows of four."""
    drawing = style.sheet(6.4, 2.7)
    grid = drawing.add_gridspec(2, 6)
    _tile(drawing.add_subplot(grid[:, :2]), data["views"][0], "as it is in the data")
    for k, picture in enumerate(data["views"][1:]):
        _tile(drawing.add_subplot(grid[k // 4, 2 + k % 4]), picture, f"view {k + 1}")
    return drawing


def trainings() -> Data:
    """The history of the solution's own training, without augmentation and with it."""
    from torch import nn

    from course.datasets.store import ensure
    from course.lessons.quiet_run import train

    folder = ensure("asl", quiet=True)
    plain = train("04a", folder, seed=0, make_transforms=lambda train: nn.Identity())
    return {"without": vars(plain.history), "with": vars(train("04a", folder, seed=0).history)}


@figure("with-and-without", measure=trainings, within=TRAINING)
def with_and_without(data: Data) -> Any:
    """Accuracies of twenty epochs, side by side."""
    drawing = style.sheet(6.4, 2.8)
    for axes, name in zip(drawing.subplots(1, 2, sharey=True), ("without", "with"), strict=True):
        style.curves(axes, data[name]["train_accuracy"], data[name]["valid_accuracy"], "accuracy", "lower right")
        axes.set_title(f"{name} augmentation")
        axes.set_ylim(0.2, 1.02)
    return drawing


def _sign(letter: str) -> Any:
    """The first training picture of a letter, a tensor (1, 28, 28) in [0, 1]."""
    from course.datasets.sets import asl
    from course.datasets.signs import LETTERS
    from course.datasets.store import ensure
    from course.datasets.tensors import sign_tensors

    pictures, labels = sign_tensors(asl.tables(ensure("asl", quiet=True))[0])
    return pictures[labels == LETTERS.index(letter)][0]


def _tile(axes: Any, picture: Any, title: str) -> None:
    axes.imshow(picture, vmin=0, vmax=1)
    axes.set_title(title, fontsize=9)
    axes.axis("off")


def tries() -> Data:
    """What the experiments at the end of the lesson give with the solution."""
    return dict(experiments_of("04a"))


measurement("experiments", measure=tries, within=TRAINING)

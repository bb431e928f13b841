"""The pictures of a training run: learning curves, confusion matrix, images with their labels, augmented images.

Each function takes plain arrays and a path, and writes one PNG file, complete or not at all. It neither trains nor predicts.
Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with any colour vision tell apart;
no meaning rests on colour alone.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course.files import replacing
from course.training import History

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"
DPI = 120
MANY_CLASSES = 12  # above it the names and numbers of a confusion matrix are set smaller
NAME_LETTERS = 14  # of a class name below a picture; the column is about as wide


def learning_curves(history: History, path: Path, title: str = "") -> Path:
    """Loss (left) and accuracy (right) after each epoch, training and validation.

    Args:
        history: at least one epoch; validation may be missing.
    """
    figure = sheet(9.6, 3.8)
    sides = (
        ("loss", history.train_loss, history.valid_loss),
        ("accuracy", history.train_accuracy, history.valid_accuracy),
    )
    for place, (name, train, valid) in enumerate(sides, start=1):
        axes = figure.add_subplot(1, 2, place)
        for values, label, colour, style, mark in (
            (train, "training", BLUE, "-", "o"),
            (valid, "validation", ORANGE, "--", "s"),
        ):
            if values:
                axes.plot(range(1, len(values) + 1), values, style, marker=mark, ms=4, color=colour, label=label)
        axes.set_xlabel("epoch")
        axes.set_title(name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        axes.legend(loc="upper right" if name == "loss" else "lower right")
        if len(train) == 1:
            axes.set_xlim(0, 2)
    return save(figure, path, title)


def confusion_matrix(counts: np.ndarray, names: Sequence[str], path: Path, title: str = "") -> Path:
    """A row for each true class, a column for each predicted one; shade is the share of the row, the number is the count.

    Args:
        counts: int (K, K), counts[truth, prediction].
        names: K class names.
    """
    k = len(names)
    many = k > MANY_CLASSES
    side = min(11.0, max(4.6, 2.4 + 0.36 * k + 0.05 * max(map(len, names))))
    figure = sheet(side + 0.8, side)
    axes = figure.add_subplot()
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    long_names = max(map(len, names)) > 4
    axes.set_xticks(range(k), names, rotation=45 if long_names else 0, ha="right" if long_names else "center")
    axes.set_yticks(range(k), names)
    axes.tick_params(length=0, labelsize=9)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd", lw=0.6)
    axes.tick_params(which="minor", length=0)
    for row, column in np.argwhere(counts > 0):
        wrong = row != column
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=7.5 if many else 9,
            color="white" if share[row, column] > 0.55 else ("#8a3200" if wrong else "#222222"),
            fontweight="bold" if wrong else "normal",
        )
    bar = figure.colorbar(shown, ax=axes, shrink=0.7)
    bar.set_label("share of the true class")
    return save(figure, path, title)


def images_with_labels(
    images: Sequence[np.ndarray],
    truth: Sequence[int],
    predicted: Sequence[int],
    names: Sequence[str],
    path: Path,
    confidence: Sequence[float] | None = None,
    title: str = "",
) -> Path:
    """A sheet of images in the given order, with truth and prediction below each; a thick frame and ✗ mark the wrong ones.

    Args:
        images: each (C, H, W), (H, W) or flat, as `picture` understands it.
        truth: class numbers.
        predicted: class numbers.
        confidence: probability of the predicted class, 0-1.
    """
    longest = max(len(name) for name in names)
    columns = min(8 if longest <= 3 else 6, max(len(images), 1))
    rows = math.ceil(len(images) / columns)
    tile = 1.25 if longest <= 3 else 1.65
    words = 0.38 if longest <= 3 else 0.56  # inches of text below each image
    figure = sheet(max(columns * tile, 4.6) + 0.3, max(rows, 1) * (tile + words) + 0.5)
    for place, (image, true, said) in enumerate(zip(images, truth, predicted)):
        axes = figure.add_subplot(rows, columns, place + 1)
        _draw(axes, image)
        wrong = true != said
        sure = "" if confidence is None else f" ({confidence[place]:.2f})"
        if wrong and longest <= 3:
            text = f"✗ {names[said]}{sure}\nis {names[true]}"
        elif wrong:
            text = f"✗ {_short(names[said])}{sure}\nis {_short(names[true])}"
        else:
            text = f"{_short(names[said])}{sure}"
        axes.set_xlabel(text, fontsize=8, color=ORANGE if wrong else "black", labelpad=3)
        _frame(axes, ORANGE if wrong else "#bbbbbb", 2.6 if wrong else 0.6)
    return save(figure, path, title)


def augmented(
    originals: Sequence[Any], transform: Callable[[Any], Any], path: Path, times: int = 7, title: str = ""
) -> Path:
    """One row an image: the original first, then `times` results of the random transform.

    Args:
        originals: what the transform takes: tensors (C, H, W), flat ones, or PIL images.
        transform: gives a tensor (C, H, W) in 0-1 each time.
    """
    columns = times + 1
    figure = sheet(columns * 1.2 + 0.3, len(originals) * 1.2 + 0.7)
    for row, original in enumerate(originals):
        for column in range(columns):
            axes = figure.add_subplot(len(originals), columns, row * columns + column + 1)
            _draw(axes, original if column == 0 else transform(original))
            _frame(axes, BLUE if column == 0 else "#bbbbbb", 2.0 if column == 0 else 0.6)
            if row == 0 and column == 0:
                axes.set_title("original", fontsize=9)
            elif row == 0 and column == 1:
                axes.set_title("augmented", fontsize=9)
    return save(figure, path, title)


def picture(image: Any) -> np.ndarray:
    """What a person can look at: float (H, W) or (H, W, 3) in 0-1.

    Takes a tensor or an array (C, H, W), (H, W) or flat with a square number of values, or a PIL image. Values of 0-1 stay;
    where some lie outside (normalised images), they are stretched so that the least is 0 and the greatest 1.
    """
    values = np.asarray(image.detach() if hasattr(image, "detach") else image)
    if values.dtype == np.uint8:
        values = values / 255
    values = values.astype(np.float32)
    if values.ndim == 1:
        side = math.isqrt(values.size)
        if side * side != values.size:
            raise ValueError(f"a flat image of {values.size} values is no square")
        values = values.reshape(side, side)
    elif values.ndim == 3 and values.shape[0] in (1, 3):
        values = values.transpose(1, 2, 0)  # (C, H, W) -> (H, W, C)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    low, high = float(values.min()), float(values.max())
    if low < -1e-3 or high > 1 + 1e-3:
        values = (values - low) / max(high - low, 1e-6)
    return values.clip(0, 1)


def sheet(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    figure = Figure(figsize=(width, height), layout="constrained")  # constrained: labels never overlap their neighbours
    FigureCanvasAgg(figure)
    return figure


def _draw(axes: Axes, image: Any) -> None:
    shown = picture(image)
    axes.imshow(shown, cmap="gray" if shown.ndim == 2 else None, vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])


def _frame(axes: Axes, colour: str, width: float) -> None:
    for spine in axes.spines.values():
        spine.set_color(colour)
        spine.set_linewidth(width)


def _short(name: str) -> str:
    return name if len(name) <= NAME_LETTERS else name[: NAME_LETTERS - 1] + "…"


def save(figure: Figure, path: Path, title: str) -> Path:
    """Write it, whole or not at all; returns the path."""
    if title:
        figure.suptitle(title, fontsize=11)
    with replacing(path) as new:
        figure.savefig(new, format="png", dpi=DPI)
    return path

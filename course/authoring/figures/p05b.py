"""The figures of project 05b: batch normalisation in two modes, and the door for one dog."""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure, measurement
from course.authoring.figures.trained import experiments_of

VALUES, MEAN, VARIANCE = (1.0, 3.0, 5.0, 7.0), 2.0, 4.0  # what comes in, and the running statistics before
TUNED = 1e-4  # learning rate of the fine-tuning in `main`
RATES = (1e-5, 1e-4, 1e-3, 1e-2)
EPOCHS = 6
# Two processors sum in another order, and the weights are others after a hundred steps. On 30 photos one or two more or fewer are
# judged right, and a loss of 0.2 moves by some hundredths; at the large learning rates it jumps by its own size and more.
TRAINING, JUMPING = 0.12, 3.0
GREY = 0.02  # of values in [0, 1]: photos made on another processor may differ by a grey level, cropped and brightened by a few
MAP = 0.3  # of a saliency map, scaled to [0, 1]: it is the slope of a trained network, and that is another on another processor


def four_values() -> Data:
    """What a batch normalisation layer makes of four values in both modes, and what becomes of the first one over six batches."""
    import torch
    from torch import nn

    batch = torch.tensor(VALUES).view(4, 1)
    layer = nn.BatchNorm1d(1)
    layer.running_mean, layer.running_var = torch.tensor([MEAN]), torch.tensor([VARIANCE])

    def out(training: bool) -> list[float]:
        return layer.train(training)(batch).detach().flatten().tolist()

    data: Data = {"eval": out(False), "first": [out(False)[0]], "train": out(True)}
    for done in range(1, EPOCHS + 1):
        data["first"].append(out(False)[0])
        if done < EPOCHS:
            out(True)
    return data


@figure("four-values", measure=four_values, quick=True)
def modes(data: Data) -> Any:
    """Three number lines, and the drift of one value."""
    drawing = style.sheet(6.4, 2.9)
    left, right = drawing.subplots(1, 2, width_ratios=[5, 3])
    lines = (("in", list(VALUES)), ("out, eval mode", data["eval"]), ("out, train mode", data["train"]))
    for height, (_, values) in zip((2, 1, 0), lines, strict=True):
        left.axhline(height, color=style.PALE, zorder=0)
        for k, (value, colour) in enumerate(
            zip(values, (style.ORANGE, style.BLUE, style.GREEN, style.PURPLE), strict=True)
        ):
            left.plot(value, height, "os^D"[k], color=colour, markersize=8)
            word = f"{value:g}" if height == 2 else f"{value:.2f}"
            above = 0.2 if k % 2 == 0 else -0.36  # in turn above and below: they stand close together
            left.text(value, height + above, word, ha="center", fontsize=9)
    left.axvline(0, color=style.GREY, linewidth=1, linestyle=":")
    left.set_yticks((2, 1, 0), [name for name, _ in lines])
    left.set_ylim(-0.6, 2.6)
    left.spines["left"].set_visible(False)
    left.tick_params(axis="y", length=0)
    right.plot(range(EPOCHS + 1), data["first"], "o-", color=style.ORANGE)
    right.set_xlabel("batches in train mode")
    right.set_title("eval mode's answer to 1")
    right.set_ylim(-1, 0)
    right.grid(True)
    return drawing


def views() -> Data:
    """A photo of the resident and five draws of the solution's transform, normalisation undone."""
    import torch

    from course.lessons.lesson import solution

    ex05b = solution("05b")
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (ex05b.MEAN, ex05b.STD))
    photo, draw = _photo("train/bo/003.jpg"), ex05b.make_transforms(True)
    torch.manual_seed(1)
    drawn = [(draw(photo) * std + mean).clamp(0, 1) for _ in range(5)]
    whole = (ex05b.make_transforms(False)(photo) * std + mean).clamp(0, 1)
    return {"views": np.stack([view.permute(1, 2, 0).numpy().round(3) for view in (whole, *drawn)])}


@figure("views-of-a-photo", measure=views, quick=True, within=GREY)
def views_of_a_photo(data: Data) -> Any:
    """Six in a row, the whole photo first."""
    drawing = style.sheet(6.4, 1.5)
    for k, axes in enumerate(drawing.subplots(1, 6)):
        _tile(axes, data["views"][k], f"view {k}" if k else "the photo")
    return drawing


def going_on() -> Data:
    """The head's training, and four more epochs with the backbone frozen or fine-tuned."""
    from torch.optim import Adam

    from course.lessons.lesson import solution
    from course.training import fit

    head, history = _head()
    train_loader, valid_loader = _loaders()
    ex05b, frozen, tuned = solution("05b"), copy.deepcopy(head), copy.deepcopy(head)
    optimizer = Adam(ex05b.trainable_parameters(frozen), lr=2e-3)
    more = fit(frozen, train_loader, valid_loader, epochs=EPOCHS, optimizer=optimizer, progress=False)
    other = ex05b.fine_tune(tuned, train_loader, valid_loader, EPOCHS, TUNED)
    return {"head": _valid(history), "frozen": _valid(more), "tuned": _valid(other)}


@figure("frozen-and-tuned", measure=going_on, within=TRAINING)
def frozen_and_tuned(data: Data) -> Any:
    """Validation loss and accuracy; two curves part where the head is trained."""
    drawing = style.sheet(6.4, 2.8)
    for axes, name in zip(drawing.subplots(1, 2), ("loss", "accuracy"), strict=True):
        head = data["head"][name]
        axes.plot(range(1, len(head) + 1), head, color=style.BLACK, label="head alone")
        for kind, mark, dash, colour in (("frozen", "o", "-", style.BLUE), ("tuned", "s", "--", style.ORANGE)):
            label = "backbone stays frozen" if kind == "frozen" else "fine-tuned"
            later = range(len(head), len(head) + EPOCHS + 1)
            axes.plot(later, [head[-1], *data[kind][name]], dash, marker=mark, color=colour, label=label)
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"validation {name}")
        axes.grid(True)
    drawing.axes[0].legend(loc="upper right")
    return drawing


def rates() -> Data:
    """The validation loss while the same trained head is fine-tuned at several learning rates."""
    import torch

    from course.lessons.lesson import solution

    head, history = _head()
    train_loader, valid_loader = _loaders()
    data: Data = {"start": history.valid_loss[-1]}
    for rate in RATES:
        torch.manual_seed(0)
        found = solution("05b").fine_tune(copy.deepcopy(head), train_loader, valid_loader, EPOCHS, rate)
        data[f"{rate:g}"] = found.valid_loss
    return data


@figure("learning-rates", measure=rates, within=JUMPING)
def learning_rates(data: Data) -> Any:
    """Four curves on a logarithmic scale."""
    drawing = style.sheet(6.4, 2.9)
    axes = drawing.subplots()
    looks = (("o-", style.SKY), ("s--", style.BLUE), ("^-.", style.ORANGE), ("D:", style.PURPLE))
    for rate, (mark, colour) in zip(RATES, looks, strict=True):
        axes.plot(
            range(EPOCHS + 1), [data["start"], *data[f"{rate:g}"]], mark, color=colour, label=f"{rate:.5f}".rstrip("0")
        )
    axes.set_yscale("log")
    axes.set_xlabel("epochs of fine-tuning")
    axes.set_ylabel("validation loss")
    axes.grid(True)
    axes.legend(title="learning rate", loc="upper left", bbox_to_anchor=(1, 1))
    return drawing


def slopes() -> Data:
    """A validation photo that the trained head judges right, one that it judges wrong, and how much each pixel matters."""
    import torch

    from course.lessons.lesson import solution

    ex05b, (model, _) = solution("05b"), _head()
    model.eval()
    prepare, data = ex05b.make_transforms(False), {}
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (ex05b.MEAN, ex05b.STD))
    for file in sorted(_folder().glob("valid/bo/*.jpg")):
        pixels = prepare(_photo(f"valid/bo/{file.name}")).unsqueeze(0).requires_grad_(True)
        logits = model(pixels)[0]
        name = "right" if logits.argmax() == 0 else "wrong"  # class 0 is the resident
        if name not in data:
            logits.max().backward()
            assert pixels.grad is not None
            slope = pixels.grad[0].abs().amax(0)
            data[name] = (pixels.detach()[0] * std + mean).clamp(0, 1).permute(1, 2, 0).numpy().round(3)
            data[f"{name} map"] = (slope / slope.max()).numpy().round(3)
            data[f"{name} chance"] = np.array(float(logits.detach().softmax(0)[0]))
    return data


@figure("saliency", measure=slopes, within=MAP)
def saliency(data: Data) -> Any:
    """Photo and map, twice."""
    drawing = style.sheet(5.0, 1.5)
    row = drawing.subplots(1, 4)
    for k, name in enumerate(("right", "wrong")):
        _tile(row[2 * k], data[name], f"{name} ({float(data[f'{name} chance']):.2f})")
        axes = row[2 * k + 1]
        axes.imshow(np.sqrt(data[f"{name} map"]), cmap="magma")  # the root: a few pixels outshine all others
        axes.set_title("pixels that matter", fontsize=9)
        axes.axis("off")
    return drawing


@cache
def _head() -> tuple[Any, Any]:
    """The solution's network with its head trained and its backbone frozen, and that training's history."""
    from course.lessons.quiet_run import train
    from course.training import History

    run = train("05b", _folder(), seed=0, fine_tune=lambda *_, **__: History())
    return run.model, run.stages[0]


def _loaders() -> tuple[Any, Any]:
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder

    from course.lessons.lesson import solution

    train, valid = (
        ImageFolder(str(_folder() / part), solution("05b").make_transforms(part == "train"))
        for part in ("train", "valid")
    )
    return DataLoader(train, 16, shuffle=True), DataLoader(valid, 16)


def _valid(history: Any) -> dict[str, list[float]]:
    return {"loss": history.valid_loss, "accuracy": history.valid_accuracy}


def _folder() -> Path:
    from course.datasets.store import ensure

    return ensure("presidential", quiet=True)


def _photo(name: str) -> Any:
    from PIL import Image

    with Image.open(_folder() / name) as photo:
        return photo.convert("RGB")


def _tile(axes: Any, picture: Any, title: str) -> None:
    axes.imshow(picture, vmin=0, vmax=1)
    axes.set_title(title, fontsize=9)
    axes.axis("off")


def tries() -> Data:
    """What the experiments at the end of the lesson give with the solution."""
    return dict(experiments_of("05b"))


measurement("experiments", measure=tries, within=TRAINING)

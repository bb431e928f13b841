"""The figures of project 07: what a histogram cannot see, how the two stages learn, the confusion matrix, and the mistakes."""

import functools
from typing import Any

import numpy as np
from PIL import Image

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure, measurement
from course.authoring.figures.style import BLUE, GREY, ORANGE
from course.authoring.figures.trained import experiments_of

NAMES = ("fresh apple", "fresh banana", "fresh orange", "rotten apple", "rotten banana", "rotten orange")
SPOTTED, SKIN = (
    ("rottenoranges", 6),
    (42, 40, 112, 110),
)  # a training photo of the embedded data, and where in it there is skin alone
SHOWN = 6
# Two processors sum in another order, and after some hundred steps they disagree about a photo or two of 240.
TRAINING = 0.05
SHORT = 0.15  # a training of four epochs, perhaps on sixty photos
PHOTOS = 3


@functools.cache
def _run() -> Any:
    """The solution's own training, as `course run 07` does it."""
    from course.datasets.store import ensure
    from course.lessons.quiet_run import train

    return train("07", ensure("fruits", quiet=True), seed=0)


@functools.cache
def _judged() -> tuple[np.ndarray, np.ndarray]:
    """(labels (240,), probabilities (240, 6)) of the validation photos, in the order of their names."""
    import torch

    from course.lessons.lesson import solution

    run = _run()
    _, loader, _ = run.photo_loaders("fruits", solution("07").make_transforms)
    with torch.inference_mode():
        parts = [(labels, run.model.eval()(images).softmax(dim=1)) for images, labels in loader]
    return tuple(torch.cat(part).numpy() for part in zip(*parts, strict=True))  # type: ignore[return-value]


# -- what a histogram cannot see ----------------------------------------------------------------------------------------


@figure("same-histogram")
def same_histogram() -> Any:
    """A rotten orange, the same pixels put in order as a shadow would, and the one histogram of both."""
    from course.datasets import fruit

    rotten = np.asarray(fruit.photo(*SPOTTED).crop(SKIN))
    light = rotten.astype(float) @ (0.299, 0.587, 0.114)
    order = np.argsort(-light, axis=None, kind="stable")
    shadow = np.empty((light.size, 3), np.uint8)
    row, column = np.indices(light.shape)
    shadow[np.argsort((row + column).ravel(), kind="stable")] = rotten.reshape(-1, 3)[order]
    drawing = style.sheet(7.2, 2.5)
    left, middle, right = drawing.subplots(1, 3, width_ratios=(1, 1, 1.5))
    for axes, picture, title in ((left, rotten, "rot"), (middle, shadow.reshape(rotten.shape), "“shadow”")):
        axes.imshow(picture)
        axes.set_title(title)
        axes.axis("off")
    edges = np.linspace(0, 224, 29)
    right.hist(light.ravel(), edges, color=BLUE, label="rot")
    right.hist(
        (shadow @ (0.299, 0.587, 0.114)).ravel(),
        edges,
        histtype="step",
        color=ORANGE,
        lw=1.5,
        ls="--",
        label="“shadow”",
    )
    right.set(xlabel="brightness", ylabel="pixels", title="both histograms: the same")
    right.legend()
    return drawing


# -- training -----------------------------------------------------------------------------------------------------------


def stages() -> Data:
    """The accuracies of both stages."""
    head, tuned = _run().stages
    return {
        f"{name}_{part}": getattr(stage, f"{part}_accuracy")
        for name, stage in (("head", head), ("tuned", tuned))
        for part in ("train", "valid")
    }


@figure("frozen-and-tuned", measure=stages, within=TRAINING)
def frozen_and_tuned(data: Data) -> Any:
    """Accuracy of eight epochs of the head and four of fine-tuning."""
    drawing = style.sheet(6.4, 2.9)
    axes = drawing.subplots()
    frozen = len(data["head_valid"])
    for part, colour, dash, mark, label in (
        ("train", BLUE, "-", "o", "training"),
        ("valid", ORANGE, "--", "s", "validation"),
    ):
        values = data[f"head_{part}"] + data[f"tuned_{part}"]
        axes.plot(range(1, len(values) + 1), values, dash, marker=mark, color=colour, label=label)
    axes.axhline(0.92, color=GREY, lw=1, ls=":")
    axes.text(12.4, 0.912, "the bar, 0.92", ha="right", va="top", color=GREY, fontsize=9)
    axes.axvline(frozen + 0.5, color=GREY, lw=1)
    axes.text(frozen + 0.4, 0.8, "frozen: the head learns", ha="right", fontsize=9)
    axes.text(frozen + 0.6, 0.8, "fine-tuning", fontsize=9)
    axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0.68, 1.01))
    axes.set_xticks(range(1, len(data["head_valid"] + data["tuned_valid"]) + 1))
    axes.legend(loc="lower right")
    return drawing


# -- mistakes -----------------------------------------------------------------------------------------------------------


def confusion_counts() -> Data:
    """How many photos of each class (rows) are taken for which (columns)."""
    labels, chances = _judged()
    counts = np.zeros((6, 6), int)
    np.add.at(counts, (labels, chances.argmax(axis=1)), 1)
    return {"counts": counts.tolist()}


@figure("confusion", measure=confusion_counts, within=PHOTOS)
def confusion(data: Data) -> Any:
    """The confusion matrix with its counts."""
    counts = np.array(data["counts"])
    drawing = style.sheet(5.6, 4.2)
    axes = drawing.subplots()
    axes.imshow(counts, cmap="Blues", vmax=counts.max() * 1.1)
    for (truth, said), count in np.ndenumerate(counts):
        if count:
            dark = count > counts.max() / 2
            weight = "normal" if truth == said else "bold"
            axes.text(said, truth, count, ha="center", va="center", color="white" if dark else "black", weight=weight)
    axes.set_xticks(range(6), [name.replace(" ", "\n") for name in NAMES])
    axes.set_yticks(range(6), NAMES)
    axes.set(xlabel="what the network said", ylabel="what it is")
    axes.tick_params(length=0)
    return drawing


def least_sure() -> Data:
    """The photos with the lowest probability of their own class: [class, number, said, probability of that, of its own]."""
    from course.datasets import fruit

    labels, chances = _judged()
    own = chances[np.arange(len(labels)), labels]
    found = []
    for place in np.argsort(own)[:SHOWN].tolist():
        said = int(chances[place].argmax())
        number = place % fruit.COUNTS["valid"]
        found.append([int(labels[place]), number, said, float(chances[place, said]), float(own[place])])
    return {"photos": found}


@figure("hardest-photos", measure=least_sure, within=TRAINING)
def hardest_photos(data: Data) -> Any:
    """Those photos, each with what it is and what the network said."""
    from course.datasets import fruit

    drawing = style.sheet(6.4, 3.4)
    for axes, (truth, number, said, chance, _) in zip(drawing.subplots(2, 3).flat, data["photos"], strict=True):
        photo = fruit.photo(fruit.CLASSES[truth], number, "valid")
        axes.imshow(photo.resize((108, 108), Image.Resampling.LANCZOS))
        axes.set_title(f"{NAMES[truth]}\nsaid: {NAMES[said]}, {chance:.2f}", fontsize=9, color=style.BLACK)
        axes.axis("off")
    return drawing


def tries() -> Data:
    """What the experiments at the end of the lesson give with the solution."""
    return dict(experiments_of("07"))


measurement("experiments", measure=tries, within=SHORT)

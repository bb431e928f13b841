"""The figures of project 05a: the pocket network at the door."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure, measurement
from course.authoring.figures.trained import experiments_of

# A share of 169 photos. Nothing is trained, but the made photos may differ by a grey level on another processor, which tips
# one or two that are on the edge.
PHOTOS = 0.02
RESIDENTS = 0.06  # of the 29 photos of one dog: one or two more or fewer, for the same reason
CHANCE = 0.02  # of a category, for the same reason
SHOWN = {  # below the folder of the data set, and what the title says
    "train/not_bo/071.jpg": "sure and right",
    "train/bo/010.jpg": "hesitating",
    "valid/bo/003.jpg": "sure and wrong",
}
RESIDENT = "train/bo/000.jpg"


def top_five() -> Data:
    """The five most probable categories of three photos, and the three photos."""
    model, weights = _network()
    data: Data = {}
    for k, name in enumerate(SHOWN):
        photo = _photo(name)
        found = _solution().classify(model, weights, photo)
        data[f"names {k}"] = np.array([category for category, _ in found])
        data[f"chances {k}"] = np.array([chance for _, chance in found])
        data[f"photo {k}"] = _small(photo)
    return data


@figure("top-five", measure=top_five, quick=True, within=CHANCE)
def photos_and_bars(data: Data) -> Any:
    """Each photo above its bars."""
    drawing = style.sheet(6.4, 3.7)
    grid = drawing.add_gridspec(2, 3, height_ratios=[1.3, 1])
    for k, title in enumerate(SHOWN.values()):
        _tile(drawing.add_subplot(grid[0, k]), data[f"photo {k}"], title)
        axes = drawing.add_subplot(grid[1, k])
        names = [str(name) for name in data[f"names {k}"]]
        colours = [style.BLUE if name.startswith("dog") else style.ORANGE for name in names]
        hatches = ["" if name.startswith("dog") else "///" for name in names]
        bars = axes.barh(range(5), data[f"chances {k}"], color=colours, hatch=hatches, edgecolor="white")
        axes.bar_label(bars, labels=[f"{value:.2f}" for value in data[f"chances {k}"]], padding=2, fontsize=8)
        axes.set_yticks(range(5), names, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.15)
        axes.set_xticks([])
    return drawing


def glasses() -> Data:
    """The share of the photos on the right side of the door, by what the network was shown."""
    import copy

    import torch
    from torchvision.transforms.v2 import functional as F

    model, weights = _network()
    mean, std = (torch.tensor(list(values)).view(3, 1, 1) for values in _normalisation())

    def right(photo: Any) -> torch.Tensor:
        return _solution().preprocess(photo, weights)

    def plain(photo: Any) -> torch.Tensor:
        return right(photo) * std + mean

    def at(side: int) -> Callable[[Any], torch.Tensor]:
        return lambda photo: (
            (F.to_dtype(F.resize(F.to_image(photo), [side, side]), torch.float32, scale=True) - mean) / std
        )[None]

    ways: dict[str, Callable[[Any], torch.Tensor]] = {
        "as the weights say": right,
        "red and blue exchanged": lambda photo: right(photo).flip(1),
        "(x - 0.5) / 0.5": lambda photo: (plain(photo) - 0.5) / 0.5,
        "at 48 pixels": at(48),
        "at 224 pixels": at(224),
        "not normalised": plain,
        "not divided by 255": lambda photo: plain(photo) * 255,
        "in train mode": right,
    }
    truth = torch.tensor([kind == "dog" for kind, _ in _visitors()])
    shares = {}
    for name, way in ways.items():
        other = copy.deepcopy(model).train(name == "in train mode")
        shares[name] = float(((_dogs(other, way) > 0.5) == truth).float().mean())
    return {"right": shares, "dogs": float(truth.float().mean())}


@figure("wrong-glasses", measure=glasses, within=PHOTOS)
def wrong_glasses(data: Data) -> Any:
    """Bars, and a line for a door that is always open."""
    drawing = style.sheet(6.4, 2.8)
    axes = drawing.subplots()
    values = list(data["right"].values())
    bars = axes.barh(list(data["right"]), values, color=[style.BLUE] + [style.ORANGE] * (len(values) - 1))
    axes.axvline(data["dogs"], color=style.BLACK, linestyle="--", linewidth=1.5, zorder=1.5)
    for text in axes.bar_label(bars, labels=[f"{value:.2f}" for value in values], padding=3):
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # one stands on the dashed line
    axes.text(data["dogs"] + 0.01, len(values) - 1, "always open", va="center")
    axes.invert_yaxis()
    axes.set_xlim(0, 1.05)
    axes.set_xlabel("photos of 169 that are judged right")
    return drawing


def nearest() -> Data:
    """A photo of the resident, and the five with the most similar features, with their cosines."""
    import torch

    model, weights = _network()
    names = [name for _, name in _visitors()]
    with torch.inference_mode():
        pictures = torch.cat([_solution().preprocess(_photo(name), weights) for name in names])
        features = torch.nn.functional.normalize(_solution().extract_features(model, pictures), dim=1)
    cosines = features @ features[names.index(RESIDENT)]
    order = cosines.argsort(descending=True)[:6].tolist()
    return {
        "cosines": cosines[order].numpy(),
        "names": np.array([names[k] for k in order]),
        "photos": np.stack([_small(_photo(names[k])) for k in order]),
    }


@figure("nearest-photos", measure=nearest, within=CHANCE)
def nearest_photos(data: Data) -> Any:
    """Six in a row."""
    drawing = style.sheet(6.4, 1.5)
    for k, axes in enumerate(drawing.subplots(1, 6)):
        _tile(axes, data["photos"][k], f"cosine {data['cosines'][k]:.2f}" if k else "this photo")
    return drawing


def thresholds() -> Data:
    """Precision and recall of the door for each threshold."""
    import torch

    _, weights = _network()
    truth = torch.tensor([kind == "dog" for kind, _ in _visitors()])
    chances = _dogs(_network()[0], lambda photo: _solution().preprocess(photo, weights))
    steps = [k / 50 for k in range(50)]
    admitted = [chances > step for step in steps]
    return {
        "thresholds": steps,
        "precision": [float(truth[inside].float().mean()) for inside in admitted],
        "recall": [float(inside[truth].float().mean()) for inside in admitted],
        "let in": {
            str(step): [int(inside.sum()), int((inside & truth).sum())] for step, inside in zip(steps, admitted)
        },
    }


@figure("precision-and-recall", measure=thresholds, within=PHOTOS)
def precision_and_recall(data: Data) -> Any:
    """Two curves."""
    drawing = style.sheet(6.4, 2.7)
    axes = drawing.subplots()
    axes.plot(data["thresholds"], data["precision"], "-", color=style.BLUE, label="precision: let in, and a dog")
    axes.plot(data["thresholds"], data["recall"], "--", color=style.ORANGE, label="recall: a dog, and let in")
    at = data["thresholds"].index(0.5)
    for name, mark, colour, down in (("precision", "o", style.BLUE, 6), ("recall", "s", style.ORANGE, -15)):
        axes.plot(0.5, data[name][at], mark, color=colour, markersize=8)
        axes.annotate(f"{data[name][at]:.2f}", (0.5, data[name][at]), xytext=(6, down), textcoords="offset points")
    axes.set_xlabel("threshold: the door opens if the dogs together have more than this")
    axes.set_ylabel("share")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.1)
    axes.grid(True)
    axes.legend(loc="lower left")
    return drawing


@cache
def _network() -> tuple[Any, Any]:
    return _solution().load_pretrained()


def _solution() -> Any:
    from course.lessons.lesson import solution

    return solution("05a")


def _normalisation() -> tuple[tuple[float, ...], tuple[float, ...]]:
    from course.lessons.lesson import solution

    return solution("05b").MEAN, solution("05b").STD


def _folder() -> Path:
    from course.datasets.store import ensure

    return ensure("presidential", quiet=True)


def _photo(name: str) -> Any:
    from PIL import Image

    with Image.open(_folder() / name) as photo:
        return photo.convert("RGB")


def _visitors() -> Iterator[tuple[str, str]]:
    """(dog, cat or thing; file below the folder) of each photo at the door."""
    from course.datasets.door import visitor

    for file in sorted(_folder().rglob("*.jpg")):
        split, label = file.parent.parent.name, file.parent.name
        yield visitor(label, int(file.stem), split), f"{split}/{label}/{file.name}"


def _dogs(model: Any, way: Callable[[Any], Any]) -> Any:
    """The probability of a dog in each photo, looked at one by one."""
    import torch

    from course.models.kinds import dogs

    breeds = dogs(_network()[1])
    with torch.inference_mode():
        return torch.stack([model(way(_photo(name))).softmax(1)[0, breeds].sum() for _, name in _visitors()])


def _small(photo: Any) -> np.ndarray:
    """80 pixels wide, as values in [0, 1]."""
    return (np.asarray(photo.resize((80, 80))) / 255).round(3).astype(np.float32)


def _tile(axes: Any, picture: Any, title: str) -> None:
    axes.imshow(picture, vmin=0, vmax=1)
    axes.set_title(title, fontsize=9)
    axes.axis("off")


def tries() -> Data:
    """What the experiments at the end of the lesson give with the solution."""
    return dict(experiments_of("05a"))


measurement("experiments", measure=tries, within=RESIDENTS)

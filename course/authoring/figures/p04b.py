"""The figures of project 04b."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure, measurement
from course.authoring.figures.trained import experiments_of

# A share of 24 photos, read by a network that was trained for a thousand steps: on another processor it is another network, which
# reads two or three others right, and more of them where its pictures are spoilt.
PHOTOS = 0.2
GREY = 0.02  # of values in [0, 1]: data made on another processor may differ by a grey level or two


def steps() -> Data:
    """The photo of an L, lying as a phone would leave it, and what each step makes of it."""
    from PIL import Image

    upright = _photo("l")
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    left = (upright.width - upright.height) // 2
    grey = upright.convert("L")
    square = grey.crop((left, 0, left + upright.height, upright.height))
    return {
        "lying": _small(lying, 2),
        "upright": _small(upright, 2),
        "grey": _small(grey, 2),
        "square": _small(square, 2),
        "small": _preprocess()(upright)[0, 0].numpy(),
    }


@figure("five-steps", measure=steps, quick=True, within=GREY)
def five_steps(data: Data) -> Any:
    """Five pictures in a row, of the sizes that they have."""
    drawing = style.sheet(6.4, 1.9)
    titles = ("as it lies", "1 upright", "2 grey", "3 square", "4, 5: 28 × 28,\n0 to 1")
    widths = [data[name].shape[1] / data[name].shape[0] for name in data]
    row = drawing.subplots(1, 5, width_ratios=[max(w, 1.0) for w in widths])
    for axes, name, title in zip(row, ("lying", "upright", "grey", "square", "small"), titles, strict=True):
        _tile(axes, data[name], title)
    return drawing


def laid() -> dict[int, Any]:
    """What turns an upright picture into the one that lies in a file with this EXIF number; None for nothing."""
    from PIL.Image import Transpose as Turn

    return {
        1: None,
        2: Turn.FLIP_LEFT_RIGHT,
        3: Turn.ROTATE_180,
        4: Turn.FLIP_TOP_BOTTOM,
        5: Turn.TRANSPOSE,
        6: Turn.ROTATE_90,
        7: Turn.TRANSVERSE,
        8: Turn.ROTATE_270,
    }


@figure("eight-orientations")
def eight_orientations() -> Any:
    """The letter F as it lies in the file for each EXIF number, such that `exif_transpose` turns it upright."""
    from PIL import Image, ImageDraw

    letter = Image.new("L", (60, 80), 255)
    pen = ImageDraw.Draw(letter)
    for box in (
        (16, 12, 25, 68),
        (16, 12, 46, 21),
        (16, 34, 40, 43),
    ):  # stem and two bars: no font, so the same everywhere
        pen.rectangle(box, fill=0)
    pen.rectangle((0, 0, 59, 79), outline=128)
    drawing = style.sheet(6.4, 1.5)
    for axes, (number, change) in zip(drawing.subplots(1, 8), laid().items(), strict=True):
        _tile(axes, np.asarray(letter if change is None else letter.transpose(change)) / 255, str(number))
    return drawing


def squares() -> Data:
    """A photo with a circle on it, made square in three ways."""
    from PIL import Image, ImageDraw

    photo = _photo("w")
    centre, radius = (photo.width // 2, photo.height // 2), 100
    box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
    ImageDraw.Draw(photo).ellipse(box, outline=(86, 180, 233), width=6)
    side, left = photo.height, (photo.width - photo.height) // 2
    smaller = photo.resize((side, side * photo.height // photo.width))
    padded = Image.new("RGB", (side, side), (128, 128, 128))
    padded.paste(smaller, (0, (side - smaller.height) // 2))
    ways = {
        "photo": photo,
        "squeezed": photo.resize((side, side)),
        "cut": photo.crop((left, 0, left + side, side)),
        "padded": padded,
    }
    return {name: _small(picture, 2) for name, picture in ways.items()}


@figure("three-ways-to-a-square", measure=squares, quick=True, within=GREY)
def three_ways(data: Data) -> Any:
    """The photo and three squares."""
    drawing = style.sheet(6.4, 1.9)
    row = drawing.subplots(1, 4, width_ratios=[360 / 270, 1, 1, 1])
    titles = {"photo": "the photo, 360 × 270", "squeezed": "✗ squeezed", "cut": "✓ cut", "padded": "✗ padded"}
    for axes, (name, title) in zip(row, titles.items(), strict=True):
        _tile(axes, data[name], title)
    return drawing


def missing_steps() -> Data:
    """The share of the photos that a network reads, with all steps and with one of them missing."""
    import torch
    from torchvision.transforms.v2 import functional as F

    from course.datasets.signs import LETTERS
    from course.datasets.store import ensure
    from course.lessons.quiet_run import train

    model = train("04a", ensure("asl", quiet=True), seed=0).model
    assert model is not None
    prepared = _preprocess()

    def scaled(picture: torch.Tensor, antialias: bool = True) -> torch.Tensor:
        small = F.resize(picture, [28, 28], antialias=antialias)
        return F.to_dtype(small, torch.float32, scale=True).unsqueeze(0)

    def padded(photo: Any) -> torch.Tensor:
        grey = F.to_image(photo.convert("L"))
        across = photo.width - photo.height
        return scaled(F.pad(grey, [0, across // 2, 0, across - across // 2]))

    ways: dict[str, Callable[[Any], torch.Tensor]] = {
        "all steps": prepared,
        "no antialiasing": lambda photo: scaled(F.center_crop(F.to_image(photo.convert("L")), [photo.height]), False),
        "squeezed, not cut": lambda photo: scaled(F.to_image(photo.convert("L"))),
        "train mode": prepared,
        "0 to 255": lambda photo: prepared(photo) * 255,
        "padded, not cut": padded,
        "lying on its side": lambda photo: prepared(photo.rotate(90, expand=True)),
    }
    photos = [(_photo(letter), k) for k, letter in enumerate(LETTERS)]
    shares = {}
    for name, way in ways.items():
        torch.manual_seed(0)
        model.eval()
        kept = {key: value.clone() for key, value in model.state_dict().items()}
        model.train(name == "train mode")
        with torch.inference_mode():
            shares[name] = sum(int(model(way(photo)).argmax()) == k for photo, k in photos) / len(photos)
        model.load_state_dict(kept)  # train mode has moved the running statistics
    return shares


@figure("one-step-missing", measure=missing_steps, within=PHOTOS)
def one_step_missing(data: Data) -> Any:
    """Bars, the full chain first."""
    drawing = style.sheet(6.4, 2.6)
    axes = drawing.subplots()
    counts = [round(24 * share) for share in data.values()]
    colours = [style.BLUE] + [style.ORANGE] * (len(counts) - 1)
    bars = axes.barh(list(data), counts, color=colours)
    axes.bar_label(bars, padding=3)
    axes.invert_yaxis()
    axes.set_xlim(0, 26)
    axes.set_xlabel("photos of 24 that are read right")
    return drawing


def _photo(letter: str) -> Any:
    """A photo of a hand of somebody unseen, RGB, 360 × 270."""
    from PIL import Image

    from course.datasets.store import ensure

    with Image.open(ensure("asl", quiet=True) / "photos" / f"{letter}.jpg") as photo:
        return photo.convert("RGB")


def _preprocess() -> Any:
    from course.lessons.lesson import solution

    return solution("04b").preprocess


def _small(picture: Any, times: int) -> np.ndarray:
    """Shrunk, as values in [0, 1]: a notebook has no room for more."""
    return (np.asarray(picture.reduce(times)) / 255).round(3).astype(np.float32)


def _tile(axes: Any, picture: Any, title: str) -> None:
    axes.imshow(picture, vmin=0, vmax=1)
    axes.set_title(title, fontsize=9)
    axes.axis("off")


def tries() -> Data:
    """What the experiments at the end of the lesson give with the solution."""
    return dict(experiments_of("04b"))


measurement("experiments", measure=tries, within=PHOTOS)

"""Experiments of project 04b: a trained network of the course's, and the student's way from a photo to a letter."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageEnhance

from course.datasets.sets import asl
from course.datasets.signs import LETTERS
from course.tries.bench import Bench
from course.tries.experiment import Experiment, Outcome

TIMES = 3


def shown(bench: Bench, change: Callable[[Image.Image], Image.Image]) -> Outcome:
    """The share of photos that are read right after a change of each, and the letters that are not."""
    model, wrong = network(bench), []
    for letter, photo in photos():
        if bench.predict_letter(model, change(photo)) != letter:
            wrong.append(letter)
    return Outcome(1 - len(wrong) / len(photos()), {"read wrong": " ".join(wrong) or "none"})


def network(bench: Bench) -> Any:
    """The course's trained network, opened by the student's `load_model`."""
    from course.models.signs import sign_network_state
    from course.networks import SignNet

    with tempfile.TemporaryDirectory() as folder:
        torch.save(sign_network_state(), Path(folder, "model.pt"))
        return bench.load_model(Path(folder, "model.pt"), SignNet())


def photos() -> list[tuple[str, Image.Image]]:
    """(letter, photo) of each of the embedded photos."""
    files = sorted(asl.photos("pocket", quiet=True).path.iterdir())
    return [(file.stem.lower(), Image.open(file).convert("RGB")) for file in files if file.stem.lower() in LETTERS]


def train_mode(bench: Bench, value: float) -> Outcome:
    """The same photos, one by one, in train mode and in eval mode."""
    inputs = [(bench.preprocess(photo), LETTERS.index(letter)) for letter, photo in photos()]

    def right(mode: bool) -> int:
        model = network(bench).train(mode)
        with torch.no_grad():
            return sum(int(model(picture).argmax()) == true for picture, true in inputs)

    torch.manual_seed(0)  # of dropout
    counts = [right(True) for _ in range(TIMES)]
    of = f"of {len(inputs)}"
    also = {
        f"right in train mode, {TIMES} times": f"{', '.join(map(str, counts))} {of}",
        "right in eval mode": f"{right(False)} {of}",
    }
    return Outcome(sum(counts) / len(counts) / len(inputs), also)


def dark(bench: Bench, value: float) -> Outcome:
    """Darker or brighter photos."""
    return shown(bench, lambda photo: ImageEnhance.Brightness(photo).enhance(value))


def squeeze(bench: Bench, value: float) -> Outcome:
    """Photos squeezed from the side."""
    return shown(bench, lambda photo: photo.resize((max(1, round(photo.width * value)), photo.height)))


EXPERIMENTS = (
    Experiment(
        "train-mode",
        "Nobody has called `.eval()`: the network reads the photos, one by one, in train mode.",
        "What share of the photos will be read right?",
        train_mode,
        "In train mode batch normalisation takes its statistics from a batch of one photo, and dropout draws anew in every pass.",
    ),
    Experiment(
        "light",
        "Every photo has {value} times its light.",
        "What share of the photos will be read right?",
        dark,
        "In training, augmentation changed the light by a third at most. Below that the network has to guess.",
        value=0.3,
        least=0.0,
    ),
    Experiment(
        "squeeze",
        "Every photo is squeezed to {value} of its width.",
        "What share of the photos will be read right?",
        squeeze,
        "Squeezed hands are slimmer than any in training, and the square that fits into a narrower photo is smaller: it cuts off "
        "the ends of tall hands.",
        value=0.6,
        least=0.05,
    ),
)

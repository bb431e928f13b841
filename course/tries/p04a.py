"""Experiments of project 04a. Four epochs, so that a run is short."""

from typing import Any

import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from course.tries.bench import Bench
from course.tries.experiment import Experiment, Outcome

EPOCHS = ("--epochs", "4")
UNSEEN = "What share of the signs of unseen signers will it read after four epochs?"


def turn(bench: Bench, value: float) -> Outcome:
    """The training pictures turned further."""

    def further(make_transforms: Any) -> Any:
        def made(train: bool) -> Any:
            own = make_transforms(train)

            def turned(image: torch.Tensor) -> torch.Tensor:
                angle = float(torch.empty(()).uniform_(-value, value))
                return F.rotate(own(image), angle, interpolation=v2.InterpolationMode.BILINEAR)

            return turned if train else own

        return made

    ran = bench.train(*EPOCHS, make_transforms=further)
    return Outcome(ran.valid, {"training signs, turned": f"{ran.train:.2f}"})


def plain(bench: Bench, value: float) -> Outcome:
    """Nothing is changed about the training pictures."""
    ran = bench.train(*EPOCHS, make_transforms=lambda _: lambda train: v2.Identity())
    return Outcome(ran.valid, {"training signs": f"{ran.train:.2f}"})


def yours(bench: Bench, value: float) -> Outcome:
    """The student's own transforms, to compare with."""
    ran = bench.train(*EPOCHS)
    return Outcome(ran.valid, {"training signs, augmented": f"{ran.train:.2f}"})


EXPERIMENTS = (
    Experiment(
        "plain",
        "The training pictures stay as they are: no augmentation.",
        UNSEEN,
        plain,
        "After three epochs it knows its training pictures by heart, and has nothing left to learn from them.",
    ),
    Experiment(
        "yours",
        "Your own augmentation, for the same four epochs.",
        UNSEEN,
        yours,
        "Every epoch shows it new views, so the training signs are harder to learn, and what it learns holds for other hands too.",
    ),
    Experiment(
        "turn",
        "On top of your augmentation each training picture is turned by up to {value} degrees to either side.",
        UNSEEN,
        turn,
        "It spends its few epochs on views that never occur in use, and has not even learned to read its own training pictures.",
        value=90,
        least=0,
    ),
)

"""Experiments of project 07: four epochs of the head on a frozen backbone, without fine-tuning."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torchvision.transforms import v2

from course.tries.bench import Bench, Ran, no_fine_tuning
from course.tries.experiment import Experiment, Outcome

EPOCHS = ("--epochs", "4")
UNSEEN = "What share of the validation photos will the head get right after four epochs?"
KINDS = 3  # apples, bananas, oranges: the folders of fresh ones come first, in the same order as those of rotten ones


def grey(bench: Bench, value: float) -> Outcome:
    """No colour, in training and validation."""

    def uncoloured(make_transforms: Any) -> Any:
        return lambda train, *size: v2.Compose([v2.Grayscale(3), make_transforms(train, *size)])

    return _outcome(bench.train(*EPOCHS, make_transforms=uncoloured, fine_tune=no_fine_tuning))


def photos(bench: Bench, value: float) -> Outcome:
    """Fewer training photos of each class."""

    def fewer(classes: Sequence[int]) -> list[int]:
        seen: Counter[int] = Counter()
        kept = []
        for place, label in enumerate(classes):
            seen[label] += 1
            if seen[label] <= value:
                kept.append(place)
        return kept

    return _outcome(bench.train(*EPOCHS, fewer=fewer, fine_tune=no_fine_tuning))


def _outcome(ran: Ran) -> Outcome:
    """With the two sorts of mistake: about decay, and about the kind of fruit."""
    decay = kind = 0
    ran.model.eval()
    with torch.no_grad():
        for images, labels in ran.valid_loader:
            for said, true in zip(ran.model(images).argmax(dim=1).tolist(), labels.tolist()):
                decay += said != true and said % KINDS == true % KINDS
                kind += said % KINDS != true % KINDS
    return Outcome(
        ran.valid, {"fresh taken for rotten, or rotten for fresh": str(decay), "another kind of fruit": str(kind)}
    )


EXPERIMENTS = (
    Experiment(
        "grey",
        "All photos are grey, those of training and those of validation.",
        UNSEEN,
        grey,
        "Shape and texture are left, and they carry far. But without its colour one round fruit is much like another, so many of "
        "the mistakes are about the kind.",
    ),
    Experiment(
        "photos",
        "Only {value} training photos of each class are used.",
        UNSEEN,
        photos,
        "With few photos the head has less to learn from, and fewer batches, so fewer steps to learn in. It can soon tell the "
        "kinds of fruit apart; fresh from rotten comes later.",
        value=10,
        least=1,
        whole=True,
    ),
)

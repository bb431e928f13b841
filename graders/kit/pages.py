"""What several graders put on a student's page, beside the verdict: how a network was trained, and where it is wrong.

Made on the judge's side from evidence that the check has anyway. None of it decides anything (`lab.attach`).
"""

import functools
from collections.abc import Sequence
from typing import Any

import torch

from course.checks.attachments import answered, confused, confusion, curves, plain_numbers, views
from course.checks.probes import called, history_of
from course.checks.wire import Photo
from graders.kit.general import unseen_photos
from graders.kit.photos import MEAN, STD

FRUIT = ("fresh apple", "fresh banana", "fresh orange", "rotten apple", "rotten banana", "rotten orange")
DOOR = ("the resident", "somebody else")


def show_judgement(
    lab: Any, truth: torch.Tensor | Sequence[int], logits: torch.Tensor, classes: Sequence[str], pictures: Any
) -> None:
    """What the network took for what, and the images that it confuses most."""
    lab.attach(lambda: confusion(truth, logits, classes))
    lab.attach(lambda: confused(pictures, truth, logits, classes), exam=True)


def show_training(lab: Any, told: dict[str, Any], truth: torch.Tensor, name: str) -> None:
    """The curves of `fit_with_the_course`: training as it measured itself, and `name`, which the judge counts by its labels."""

    def made():
        unseen = (told["followed"] == truth).double().mean(1).tolist()
        gap = told["train_accuracy"][-1] - unseen[-1]
        title = f"Accuracy after each epoch; the gap at the end is {gap:.2f}"
        return curves({"training": told["train_accuracy"], name: unseen}, title)

    lab.attach(made)


def told_by(history: Any) -> dict[str, list[float | None]]:
    """The curves of the history that a student's training returned, as plain numbers; none where it cannot be read."""
    try:
        found = {str(name): plain_numbers(values) for name, values in history_of(history).items()}
    except Exception:  # another check judges the history; here it is only shown
        return {}
    return {name: found[name] for name in ("train_accuracy", "valid_accuracy") if name in found}


def show_told(lab: Any, told: dict[str, Any], title: str, names: Sequence[str], bar: tuple[str, float]) -> None:
    """The curves that the student's own training tells of; `bar` is what the judge has counted in the end."""
    lines = dict(zip(names, (told.get("train_accuracy", []), told.get("valid_accuracy", [])), strict=True))
    lab.attach(lambda: curves(lines, title, bar))


def show_photo_views(lab: Any, transform: Any, dataset: str) -> None:
    """What the training transform makes of one embedded photo, eight times."""
    undo = lambda x: x * STD.view(3, 1, 1) + MEAN.view(3, 1, 1)  # noqa: E731
    photo = _training_photo(dataset)
    title = "One photo, and what your transform made of it"
    lab.attach(lambda: views(photo, [called(transform, photo) for _ in range(8)], title, undo))


@functools.cache
def _training_photo(dataset: str) -> Photo:
    from course.datasets.store import ensure

    return Photo(min((ensure(dataset) / "train").glob("*/*.jpg")).read_bytes())


def show_readings(lab: Any, read: Sequence[tuple[Photo, Any, str]]) -> None:
    """Photos with the letter that was read and the letter that it is."""
    words = lambda said, letter: letter if said == letter else f"{str(said)[:12]}, is {letter}"  # noqa: E731
    files = [(photo, words(said, letter), said == letter) for photo, said, letter in read]
    right = sum(good for _, _, good in files)
    lab.attach(lambda: answered(files, f"Photos by new signers: {right} of {len(files)} read right"), exam=True)


def show_prepared(student: Any, lab: Any) -> None:
    """Four embedded photos, each beside what the student's preprocess makes of it."""

    def made():
        photos = [photo for _, photo in unseen_photos(0)[:4]]
        pairs = [((photo, "photo", None), (student.preprocess(photo)[0], "preprocessed", None)) for photo in photos]
        return answered([one for pair in pairs for one in pair], "Photos, and what your preprocess makes of them")

    lab.attach(made)

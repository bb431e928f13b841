"""What the lesson table measures of the projects on photos (05b, 07): the solution's own `main`, frozen and fine-tuned.

Used on the embedded photos by `table`. The random and the scratch rows are the same `main` with other weights under it,
and without freezing. It knows no bands.
"""

from pathlib import Path
from typing import Any
from unittest import mock

from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

from course.lessons.measures import QuietRun, settings, train_with
from course.models import zoo
from course.training import History


class QuietPhotoRun(QuietRun):
    """What `main` needs of a `course.runs.photos.PhotoRun`.

    Attributes:
        histories: those of the head's training and of fine-tuning.
        assessment: (correct, total), if `main` assessed.
    """

    weights = zoo.POCKET

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder, **settings)
        self.histories: list[History] = []
        self.assessment: tuple[int, int] | None = None

    def photo_loaders(self, name: str, make_transforms: Any) -> tuple[DataLoader, DataLoader, list[str]]:
        """(training, validation, class names) of the photos in the folder."""
        train, valid = (
            ImageFolder(str(self.folder / part), make_transforms(part == "train")) for part in ("train", "valid")
        )
        return DataLoader(train, self.batch_size, shuffle=True), DataLoader(valid, self.batch_size), train.classes

    def take(self, history: History) -> History:
        """Note all epochs of one stage."""
        self.histories.append(history)
        return super().take(history)

    def assess(self, correct: int, total: int, bar: float) -> None:
        """Note the assessment."""
        self.assessment = correct, total

    def finish_photos(self, model: nn.Module, *_: Any, **__: Any) -> None:
        """Keep the model."""
        self.model = model


def run(project_id: str, folder: Path, seed: int, times: int = 1, **changes: Any) -> QuietPhotoRun:
    """Run a solution's `main` on the photos in folder/{train,valid}/<class>/, with some of its functions replaced.

    Args:
        times: how many times as many epochs as the solution's own.
    """
    quiet = QuietPhotoRun(folder, **settings(project_id))
    quiet.n_epochs *= times
    train_with(project_id, quiet, seed, **changes)
    return quiet


def stages(done: QuietPhotoRun) -> tuple[float, float]:
    """Validation accuracy at the end of the head's training, and of the state that fine-tuning ends with.

    Fine-tuning keeps the best state that it saw, the one before the first epoch included, so its validation accuracy is the
    greatest of them: a choice among four by the photos that are counted.
    """
    head, tuned = done.histories
    return head.valid_accuracy[-1], max(head.valid_accuracy[-1], *tuned.valid_accuracy)


def door(folder: Path, seed: int) -> dict[str, float]:
    """Project 05b: the head, after fine-tuning, and saying "no" to everybody."""
    head, tuned = stages(run("05b", folder, seed))
    photos = {name: len(list((folder / "valid" / name).iterdir())) for name in ("bo", "not_bo")}
    return {"door head": head, "door tuned": tuned, "door no": photos["not_bo"] / sum(photos.values())}


def fruit(folder: Path, seed: int) -> dict[str, float]:
    """Project 07: the head, after fine-tuning, the head on random weights, and the whole network from random weights.

    From scratch it gets three times the epochs, for a fair comparison.
    """
    head, tuned = stages(run("07", folder, seed))
    with mock.patch.object(zoo, "load_backbone", _random_backbone):
        random, _ = stages(run("07", folder, seed, fine_tune=_no_tuning))
        scratch, _ = stages(run("07", folder, seed, 3, fine_tune=_no_tuning, freeze_backbone=_quick_statistics))
    return {"fruit head": head, "fruit tuned": tuned, "fruit random": random, "fruit scratch": scratch}


_load_backbone = zoo.load_backbone


def _random_backbone(name: str) -> tuple[nn.Module, int]:
    return _load_backbone(name, None)


def _quick_statistics(backbone: nn.Module) -> nn.Module:
    """Instead of freezing: running statistics that follow a training of some hundred steps (MobileNetV3's need thousands)."""
    for layer in backbone.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.1
    return backbone


def _no_tuning(model: nn.Module, train_loader: Any, valid_loader: Any, epochs: int, lr: float) -> History:
    """Stands for a `fine_tune` that is not wanted; `stages` reads one entry of it."""
    history = History()
    history.valid_accuracy.append(0.0)
    return history

"""What the lesson table measures: each project's training, with the solutions' own functions, from files and a seed.

Used on the embedded data by `course.lessons` and on the real data by `benchmarks/real_data.py`, so that both measure the same
code. It knows no bands and writes no table. Solutions are imported when they are needed.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from course import catalog, paths
from course.datasets.tiers import LETTERS
from course.errors import CourseError

# As in the solutions' own `Run(…, epochs=…)`; tests/test_lessons.py compares them.
EPOCHS = {"01": 5, "02": 20, "03": 12, "04a": 20}
BATCH_SIZE, LR = 32, 1e-3


class Missing(CourseError):
    """A solution that is not in this copy of the course."""


def solution(project_id: str) -> Any:
    """The solution module of a project.

    Raises:
        Missing: it is not there.
    """
    name = f"solutions.{catalog.project(project_id).module}"
    if str(paths.ROOT) not in sys.path:
        sys.path.append(str(paths.ROOT))  # the command `course` is started from its own folder
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in (name, "solutions"):
            raise
        raise Missing(f"{name} is not there.", "Measure it where the solutions are.") from None


def digits(folder: Path, seed: int, build: Callable[[], nn.Module] | None = None) -> float:
    """Project 01: validation accuracy after its epochs, of the solution's network or of the one that `build` makes.

    Args:
        folder: what torchvision's MNIST reader opens.
    """
    from torchvision.datasets import MNIST

    ex01 = solution("01")
    sets = (MNIST(str(folder), train=train, transform=ex01.make_transforms()) for train in (True, False))
    torch.manual_seed(seed)
    train_loader, valid_loader = ex01.make_loaders(*sets, BATCH_SIZE)
    model = (build or ex01.build_model)()
    loss = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    for _ in range(EPOCHS["01"]):
        ex01.train_epoch(model, train_loader, loss, optimizer)
    return ex01.validate(model, valid_loader, loss).accuracy


def linear_digits() -> nn.Module:
    """The linear model that project 01's dense network must beat: (B, 1, 28, 28) -> logits (B, 10)."""
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


def mlp(train: Path, valid: Path, seed: int) -> tuple[float, float]:
    """Project 02: accuracy of the last epoch on the training signs and on unseen ones, as its `fit` reports them."""
    ex02 = solution("02")
    torch.manual_seed(seed)
    model = ex02.build_model(len(LETTERS))
    history = ex02.fit(model, *_loaders(ex02.SignDataset(train), ex02.SignDataset(valid)), EPOCHS["02"], LR)
    return history.train_accuracy[-1], history.valid_accuracy[-1]


def cnn(train: Path, valid: Path, seed: int) -> float:
    """Project 03: accuracy on unseen signs after its epochs."""
    from course.training import fit

    ex03 = solution("03")
    torch.manual_seed(seed)
    model = ex03.build_model(len(LETTERS))
    loaders = _loaders(ex03.SignImages(train), ex03.SignImages(valid))
    return fit(model, *loaders, epochs=EPOCHS["03"], lr=LR, progress=False).valid_accuracy[-1]


def augmented(train: Path, valid: Path, seed: int, save: Path) -> float:
    """Project 04a: accuracy on unseen signs after its epochs; the model is saved to `save` by its `save_model`."""
    from course.datasets.tensors import sign_set
    from course.networks import SignNet

    ex04a = solution("04a")
    torch.manual_seed(seed)
    model = SignNet()
    history = ex04a.train_augmented(model, sign_set(train), sign_set(valid), EPOCHS["04a"], LR, BATCH_SIZE)
    ex04a.save_model(model, save)
    return history.valid_accuracy[-1]


def not_augmented(train: Path, valid: Path, seed: int) -> float:
    """Project 04a's network, trained as long without augmentation: what of its result is the network's."""
    from course.datasets.tensors import sign_set
    from course.networks import SignNet
    from course.training import fit

    torch.manual_seed(seed)
    loaders = _loaders(sign_set(train), sign_set(valid))
    return fit(SignNet(), *loaders, epochs=EPOCHS["04a"], lr=LR, progress=False).valid_accuracy[-1]


def photos(saved: Path, folder: Path) -> tuple[float, dict[str, str]]:
    """Project 04b: the share of photos that a saved model reads right, and what it says for each letter.

    Args:
        saved: as `augmented` leaves it.
        folder: a.png … y.png, or .jpg.
    """
    from course.networks import SignNet

    ex04b = solution("04b")
    model = ex04b.load_model(saved, SignNet())
    said = {}
    for file in sorted(folder.iterdir()):
        if file.stem.lower() in LETTERS and file.suffix.lower() in (".png", ".jpg", ".jpeg"):
            with Image.open(file) as photo:
                said[file.stem.lower()] = ex04b.predict_letter(model, photo)
    return ex04b.evaluate_folder(model, folder), said


def _loaders(train_set: Any, valid_set: Any) -> tuple[DataLoader, DataLoader]:
    return DataLoader(train_set, BATCH_SIZE, shuffle=True), DataLoader(valid_set, BATCH_SIZE)

"""A solution's own `main`, run on given data with a seed, without a word and without files.

So what the lessons and the benchmarks measure is what `python -m solutions.…` does: its functions, epochs, batch size, learning
rate and schedule. It knows no project and no band.
"""

import ast
import contextlib
import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import pil_loader

from course.datasets.sets import asl
from course.datasets.signs import LETTERS
from course.falling import Falling
from course.lessons.lesson import solution
from course.models import zoo
from course.training import History, Metrics


@lru_cache(maxsize=2000)
def decoded(file: str) -> Image.Image:
    """A photo as `ImageFolder` opens it, read once for all epochs and seeds of a process: a transform leaves it as it was."""
    return pil_loader(file)


def train(project_id: str, folder: Path, seed: int, times: int = 1, **changes: Any) -> "QuietRun":
    """Run a solution's `main` on the data in `folder`, and return what it left.

    Args:
        times: how many times as many epochs as the solution's own.
        changes: functions in place of the solution's.
    """
    module = solution(project_id)
    run = QuietRun(folder, **settings(project_id))
    run.n_epochs *= times
    return perform(module, run, seed, changes)


def perform(module: ModuleType, run: "QuietRun", seed: int, changes: Mapping[str, Any] | None = None) -> "QuietRun":
    """Run a solution's `main`, as `train` does, on a run with settings of your own."""
    torch.manual_seed(seed)
    changed = mock.patch.multiple(module, **changes) if changes else contextlib.nullcontext()
    with Falling(run.n_epochs), changed, contextlib.redirect_stdout(io.StringIO()):
        module.main(run)
    return run


def settings(project_id: str) -> dict[str, Any]:
    """What stands in the solution's own `Run(…, epochs=5, …)`, its defaults of training."""
    tree = ast.parse(Path(str(solution(project_id).__file__)).read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    made = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("Run", "PhotoRun"))
    return {str(word.arg): ast.literal_eval(word.value) for word in made.keywords}


class QuietRun:
    """What `main` needs of a `course.runs.Run` or `PhotoRun`, with data from one folder.

    Attributes:
        history: metrics of each epoch, of the last stage where there were two.
        stages: the history of each stage that was taken: a new head's training and fine-tuning.
        model: what was finished.
        assessment: (correct, total), if `main` assessed.
    """

    letters, weights, device = LETTERS, zoo.POCKET, torch.device("cpu")

    def __init__(
        self, folder: Path, epochs: int, batch_size: int = 32, lr: float = 1e-3, compile: bool | None = None
    ) -> None:
        self.folder, self.n_epochs, self.batch_size, self.lr = folder, epochs, batch_size, lr
        self.compile = bool(compile)
        self.history = History()
        self.stages: list[History] = []
        self.model: nn.Module | None = None
        self.assessment: tuple[int, int] | None = None

    @property
    def accuracy(self) -> float:
        """Validation accuracy after the last epoch."""
        return self.history.valid_accuracy[-1]

    def data(self, name: str) -> Path:
        """The folder."""
        return self.folder

    def signs(self) -> tuple[Path, Path]:
        """Its two CSV files."""
        return asl.tables(self.folder)

    def photo_loaders(self, name: str, make_transforms: Any) -> tuple[DataLoader, DataLoader, list[str]]:
        """(training, validation, class names) of the photos in folder/{train,valid}/<class>/."""
        train, valid = (
            ImageFolder(str(self.folder / part), make_transforms(part == "train"), loader=decoded)
            for part in ("train", "valid")
        )
        return DataLoader(train, self.batch_size, shuffle=True), DataLoader(valid, self.batch_size), train.classes

    def epochs(self) -> Iterator[int]:
        """0, 1, …"""
        yield from range(self.n_epochs)

    def bar(self, batches: Any) -> Any:
        """The batches themselves."""
        return batches

    def add(self, train: Metrics, valid: Metrics | None = None) -> None:
        """Note one epoch."""
        if not self.stages:
            self.stages.append(self.history)
        self.history.add(train, valid)

    def take(self, history: History) -> History:
        """Note all epochs of one stage."""
        self.history = history
        self.stages.append(history)
        return history

    def assess(self, correct: int, total: int, bar: float) -> None:
        """Note the assessment."""
        self.assessment = correct, total

    def finish(self, model: nn.Module, *_: Any, **__: Any) -> None:
        """Keep the model."""
        self.model = model

    finish_photos = finish

    def head_and_tuned(self) -> tuple[float, float]:
        """Validation accuracy at the end of the head's training, and of the state that fine-tuning ends with.

        Fine-tuning keeps the best state that it saw, the one before the first epoch included, so its validation accuracy is the
        greatest of them: a choice by the photos that are counted.
        """
        head, tuned = self.stages
        return head.valid_accuracy[-1], max(head.valid_accuracy[-1], *tuned.valid_accuracy)

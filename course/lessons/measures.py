"""What the lesson table measures: each project's own `main`, run on given data with a seed, without pictures.

Used on the embedded data by `course.lessons.table` and on the real data by `benchmarks/real_data.py`, so that both measure what
`python -m solutions.…` does: its functions, epochs, batch size, learning rate and schedule. It knows no bands and writes no table.
"""

import ast
import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from PIL import Image
from torch import nn

from course import catalog, paths
from course.datasets.tiers import LETTERS, TRAIN_CSV, VALID_CSVS
from course.errors import CourseError
from course.training import History, Metrics


def digits(folder: Path, seed: int, build: Callable[[], nn.Module] | None = None) -> float:
    """Project 01: validation accuracy at the end, of the solution's network or of the one that `build` makes.

    Args:
        folder: what torchvision's MNIST reader opens.
    """
    changes = {} if build is None else {"build_model": build}
    return train("01", folder, seed, **changes).history.valid_accuracy[-1]


def linear_digits() -> nn.Module:
    """The linear model that project 01's dense network must beat: (B, 1, 28, 28) -> logits (B, 10)."""
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


def mlp(folder: Path, seed: int) -> tuple[float, float]:
    """Project 02: accuracy of the last epoch on the training signs and on unseen ones.

    Args:
        folder: holds sign_mnist_train.csv and sign_mnist_valid.csv.
    """
    history = train("02", folder, seed).history
    return history.train_accuracy[-1], history.valid_accuracy[-1]


def cnn(folder: Path, seed: int) -> float:
    """Project 03: accuracy on unseen signs at the end."""
    return train("03", folder, seed).history.valid_accuracy[-1]


def augmented(folder: Path, seed: int, save: Path) -> float:
    """Project 04a: accuracy on unseen signs at the end; the model is saved to `save` by the project's own function."""
    run = train("04a", folder, seed)
    solution("04a").save_model(run.model, save)
    return run.history.valid_accuracy[-1]


def not_augmented(folder: Path, seed: int) -> float:
    """Project 04a with transforms that change nothing: what of its result is the network's and the schedule's."""
    return train("04a", folder, seed, make_transforms=lambda train: nn.Identity()).history.valid_accuracy[-1]


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


def train(project_id: str, folder: Path, seed: int, **changes: Any) -> "QuietRun":
    """Run a solution's `main` on the data in `folder`, with some of its functions replaced, and return what it left."""
    run = QuietRun(folder, **settings(project_id))
    train_with(project_id, run, seed, **changes)
    return run


def train_with(project_id: str, run: "QuietRun", seed: int, **changes: Any) -> None:
    """Run a solution's `main` with a run of one's own, silently."""
    module = solution(project_id)
    torch.manual_seed(seed)
    changed = mock.patch.multiple(module, **changes) if changes else contextlib.nullcontext()
    with changed, contextlib.redirect_stdout(io.StringIO()):
        module.main(run)


class QuietRun:
    """What `main` needs of a `course.runs.run.Run`, with data from one folder, no output and no files.

    Attributes:
        history: metrics of each epoch.
        model: what was finished.
    """

    letters, compile = LETTERS, False

    def __init__(self, folder: Path, epochs: int, batch_size: int = 32, lr: float = 1e-3) -> None:
        self.folder, self.n_epochs, self.batch_size, self.lr = folder, epochs, batch_size, lr
        self.history = History()
        self.model: nn.Module | None = None

    def data(self, name: str) -> Path:
        """The folder."""
        return self.folder

    def signs(self) -> tuple[Path, Path]:
        """Its two CSV files."""
        return self.folder / TRAIN_CSV, self.folder / VALID_CSVS[0]

    def epochs(self) -> Iterator[int]:
        """0, 1, …"""
        yield from range(self.n_epochs)

    def bar(self, batches: Any) -> Any:
        """The batches themselves."""
        return batches

    def add(self, train: Metrics, valid: Metrics | None = None) -> None:
        """Note one epoch."""
        self.history.add(train, valid)

    def take(self, history: History) -> History:
        """Note all epochs."""
        self.history = history
        return history

    def finish(self, model: nn.Module, *_: Any, **__: Any) -> None:
        """Keep the model."""
        self.model = model


def solution(project_id: str) -> Any:
    """The solution module of a project; CourseError where this copy of the course has none."""
    name = f"solutions.{catalog.project(project_id).module}"
    if str(paths.ROOT) not in sys.path:
        sys.path.append(str(paths.ROOT))  # the command `course` is started from its own folder
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in (name, "solutions"):
            raise
        raise CourseError(f"{name} is not there.", "Measure it where the solutions are.") from None


def settings(project_id: str) -> dict[str, Any]:
    """What stands in the solution's own `Run("01", epochs=5, …)`, its defaults of training."""
    tree = ast.parse(Path(solution(project_id).__file__).read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    made = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("Run", "PhotoRun"))
    return {str(word.arg): ast.literal_eval(word.value) for word in made.keywords}

"""What project 01 must show on the embedded data: a dense network reads unseen writers, and better than a linear one does."""

from pathlib import Path

from torch import nn

from course.catalog import project
from course.datasets.store import ensure
from course.lessons.lesson import Lesson, Row
from course.lessons.quiet_run import train
from course.lessons.real import Real

BAR = project("01").thresholds["valid_accuracy"]


def measure(seed, work):
    folder = ensure("mnist", quiet=True)
    return {"dense": accuracy(folder, seed), "linear": accuracy(folder, seed, build_model=linear)}


def accuracy(folder: Path, seed: int, **changes) -> float:
    """Validation accuracy at the end; `folder` is what torchvision's MNIST reader opens."""
    return train("01", folder, seed, **changes).accuracy


def linear() -> nn.Module:
    """The linear model that the dense network must beat: (B, 1, 28, 28) -> logits (B, 10)."""
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


LESSON = Lesson(
    measure,
    (
        Row("dense network, unseen writers", "dense", least=BAR),
        Row("linear model, unseen writers", "linear", most=BAR - 0.05),  # 0.05: no cheap trick comes near the threshold
        Row("dense above linear", "dense", minus="linear", least=0.05),
    ),
)

REAL = Real("dense network, MNIST's test digits", "mnist", accuracy)

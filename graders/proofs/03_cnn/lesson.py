"""What project 03 must show on the embedded data: convolutions close a part of the dense network's gap (`mlp`, of project 02)."""

from pathlib import Path

from course.catalog import project
from course.datasets.store import ensure
from course.lessons.lesson import Lesson, Row
from course.lessons.quiet_run import train
from course.lessons.real import Real


def measure(seed, work):
    return {"cnn": accuracy(ensure("asl", quiet=True), seed)}


def accuracy(folder: Path, seed: int) -> float:
    """On unseen signs at the end."""
    return train("03", folder, seed).accuracy


LESSON = Lesson(
    measure,
    (
        Row("CNN, unseen signers", "cnn"),
        Row("CNN above MLP", "cnn", minus="mlp", least=project("03").thresholds["above_mlp"]),
    ),
)

REAL = Real("CNN, signs of other shots", "asl", accuracy)

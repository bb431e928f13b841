"""What project 02 must show on the embedded data: the network learns its signs by heart and fails on hands of other people."""

from pathlib import Path

from course.datasets.store import ensure
from course.lessons.lesson import Lesson, Row
from course.lessons.quiet_run import train
from course.lessons.real import Real


def measure(seed, work):
    fitted, valid = accuracies(ensure("asl", quiet=True), seed)
    return {"mlp train": fitted, "mlp": valid}


def accuracies(folder: Path, seed: int) -> tuple[float, float]:
    """Of the last epoch, on the training signs and on unseen ones; `folder` holds both CSV files."""
    history = train("02", folder, seed).history
    return history.train_accuracy[-1], history.valid_accuracy[-1]


LESSON = Lesson(
    measure,
    (
        # 0.99 and not the threshold: what is learned by heart is learned nearly whole
        Row("MLP, training", "mlp train", least=0.99),
        Row("MLP, unseen signers", "mlp", most=0.75),
        Row("the gap between them", "mlp train", minus="mlp"),
    ),
)

REAL = Real("MLP, signs of other shots", "asl", lambda folder, seed: accuracies(folder, seed)[1])

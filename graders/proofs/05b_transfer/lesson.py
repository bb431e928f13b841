"""What project 05b must show on the embedded data: frozen features tell one dog from all others, and fine-tuning does no harm."""

from pathlib import Path

from course.catalog import project
from course.datasets.store import ensure
from course.lessons.lesson import Lesson, Row
from course.lessons.quiet_run import train
from course.lessons.real import Real


def measure(seed, work):
    return door(ensure("presidential", quiet=True), seed)


def door(folder: Path, seed: int) -> dict[str, float]:
    """The head, after fine-tuning, and saying "no" to everybody; the photos lie in folder/{train,valid}/{bo,not_bo}/."""
    head, tuned = train("05b", folder, seed).head_and_tuned()
    photos = {name: len(list((folder / "valid" / name).iterdir())) for name in ("bo", "not_bo")}
    return {"door head": head, "door tuned": tuned, "door no": photos["not_bo"] / sum(photos.values())}


LESSON = Lesson(
    measure,
    (
        Row("head on the frozen pocket network", "door head"),
        Row("after fine-tuning", "door tuned", least=project("05b").thresholds["valid_accuracy"]),
        Row("fine-tuned above frozen", "door tuned", minus="door head", least=0.0),
        Row('saying "no" to everybody', "door no"),
    ),
)

REAL = Real(
    "pocket network, fine-tuned, photos at the door",
    "presidential",
    lambda folder, seed: door(folder, seed)["door tuned"],
)

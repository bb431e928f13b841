"""What project 04b must show on the embedded data: the network of 04a, rightly fed, reads photos of people it has never seen."""

from pathlib import Path

from PIL import Image

from course.catalog import project
from course.datasets.signs import LETTERS
from course.datasets.store import ensure
from course.lessons.lesson import Lesson, Row, lesson_module, solution


def measure(seed, work):
    saved = lesson_module("04a").saved(work, seed)
    return {"photos": photos(saved, ensure("asl", quiet=True) / "photos")[0]}


def photos(saved: Path, folder: Path) -> tuple[float, dict[str, str]]:
    """The share of photos that a saved model reads right, and what it says for each letter.

    Args:
        saved: as project 04a leaves it.
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


LESSON = Lesson(
    measure,
    (Row("photos of unseen people", "photos", least=project("04b").thresholds["photo_accuracy"]),),
    after="04a",
)

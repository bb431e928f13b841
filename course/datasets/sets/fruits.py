"""Fresh and rotten fruit: Kaggle's photos, or rendered ones in the same folders (`course.datasets.fruit`)."""

import os
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from course.datasets.fetch import kaggle
from course.datasets.fruit import CLASSES, photo
from course.datasets.photos import absent_class, check_image_folder
from course.datasets.registry import DataSet, Sample
from course.errors import CourseError

if TYPE_CHECKING:
    from PIL.Image import Image


def fetch(making: Path, folder: Path) -> None:
    """Kaggle's train/ and test/ as train/ and valid/, each photo opened once to see that it is whole."""
    source = kaggle("sriramr/fruits-fresh-and-rotten-for-classification", DATA_SET)
    for split, theirs in (("train", "train"), ("valid", "test")):
        found = [p for p in source.rglob(theirs) if all((p / name).is_dir() for name in CLASSES)]
        if not found:
            raise CourseError(
                f"Kaggle's download in {source} has no folder {theirs}/ with {CLASSES[0]} and the other classes.",
                f"Delete {source} and fetch again.",
            )
        for name in CLASSES:
            shutil.copytree(found[0] / name, making / split / name)
        check_image_folder(making / split, CLASSES)
        if (folder / split).exists():
            raise CourseError(
                f"{folder / split} is there already.", "Move it away first; photos of yours are not overwritten."
            )
    for split in ("train", "valid"):
        os.rename(making / split, folder / split)


def _three_of_each() -> list[list["Image"]]:
    return [[photo(label, number) for number in range(3)] for label in CLASSES]


DATA_SET = DataSet(
    name="fruits",
    holds="fresh and rotten apples, oranges and bananas, folders of JPEG",
    writer="course.datasets.fruit",
    licence="not established; see its Kaggle page",
    how_to_get="Run `course data fetch fruits`, or put the photos in {folder}/train/<class> and {folder}/valid/<class>, "
    f"the classes being {', '.join(CLASSES)}.",
    absent=partial(absent_class, classes=CLASSES),
    fetch=fetch,
    classes=CLASSES,
    samples={
        "fruit": Sample(
            "Three of each class: apples, bananas and oranges, fresh on the left, rotten on the right.",
            _three_of_each,
            side=96,
        )
    },
)

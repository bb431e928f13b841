"""Who stands at the door: photos of one's own, or rendered ones in the same folders (`course.datasets.door`)."""

from functools import partial
from typing import TYPE_CHECKING

from course.datasets.door import CLASSES, photo
from course.datasets.photos import absent_class
from course.datasets.registry import DataSet, Sample

if TYPE_CHECKING:
    from PIL.Image import Image


def _ten_of_each() -> list[list["Image"]]:
    return [[photo(label, number) for label in CLASSES] for number in range(10)]


DATA_SET = DataSet(
    name="presidential",
    holds="who stands at the door: folders of JPEG, bo and not_bo",
    writer="course.datasets.door",
    licence="not established",
    how_to_get="Put the photos in {folder}/train/bo, {folder}/train/not_bo, {folder}/valid/bo, {folder}/valid/not_bo.",
    absent=partial(absent_class, classes=CLASSES),
    classes=CLASSES,
    samples={"door": Sample("At the door: above the dog who lives here, below others.", _ten_of_each)},
)

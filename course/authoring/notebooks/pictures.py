"""The pictures at the top of the notebooks: what the data look like, a few of each class, from the generators.

The catalog says which picture a project shows; one without data that can be seen has none. `course author pictures` draws them
anew; `source` puts them into the notebooks as attachments, so that a notebook stays one file.
"""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from course import files

FOLDER = Path(__file__).parent / "lesson_pictures"
SIDE = 72  # pixels of one picture; a few of them in a row fit into a notebook's column


@dataclass(frozen=True)
class LessonPicture:
    """A picture: its name, what is to be seen, how it is drawn."""

    name: str
    says: str
    draw: Callable[[], Image.Image]

    @property
    def file(self) -> str:
        """The name of its file in FOLDER."""
        return f"{self.name}.png"

    def attachment(self) -> dict[str, dict[str, str]]:
        """{name: {type: content}} as a notebook's cell has it."""
        content = base64.b64encode((FOLDER / self.file).read_bytes()).decode()
        return {self.file: {"image/png": content}}

    def content(self) -> bytes:
        """The file's bytes, drawn now."""
        stream = io.BytesIO()
        self.draw().save(stream, "PNG", optimize=True)
        return stream.getvalue()


def _digits() -> Image.Image:
    from course.datasets.digits import digits

    images, labels = digits(200, 0, "train")
    return _sheet([[Image.fromarray(images[k]) for k in np.flatnonzero(labels == d)[:2]] for d in range(10)])


def _signs() -> Image.Image:
    from course.datasets.hands import LETTERS, signs

    images, labels = signs(480, 0, "train")
    classes = sorted({int(label) for label in labels})
    rows = [[Image.fromarray(images[k]) for k in np.flatnonzero(labels == c)[:1]] for c in classes]
    half = len(LETTERS) // 2
    return _sheet([[*a, *b] for a, b in zip(rows[:half], rows[half:], strict=True)])


def _photos() -> Image.Image:
    from course.datasets.hands import photo

    shots = [photo(letter, 3, "train") for letter in "abcdefghik"]
    return _colours(_sheet([[a, b] for a, b in zip(shots[:5], shots[5:], strict=True)], 108))


def _door() -> Image.Image:
    from course.datasets import door

    return _colours(_sheet([[door.photo("bo", k), door.photo("not_bo", k)] for k in range(10)]))


def _fruit() -> Image.Image:
    from course.datasets import fruit

    return _colours(_sheet([[fruit.photo(label, k) for k in range(3)] for label in fruit.CLASSES], 96))


_ALL = (
    LessonPicture("digits", "Two of each digit, as different pens and hands write them.", _digits),
    LessonPicture("signs", "The signs of the 24 letters that do not move: a to y without j.", _signs),
    LessonPicture(
        "photos", "What a camera sees: colour, walls, light. The network has learned from small grey squares.", _photos
    ),
    LessonPicture("door", "At the door: above the dog who lives here, below others.", _door),
    LessonPicture(
        "fruit", "Three of each class: apples, bananas and oranges, fresh on the left, rotten on the right.", _fruit
    ),
)
PICTURES = {picture.name: picture for picture in _ALL}


def _sheet(columns: list[list[Image.Image]], side: int = SIDE) -> Image.Image:
    """Pictures in columns, each `side` pixels wide and high."""
    high = max(len(column) for column in columns)
    out = Image.new(columns[0][0].mode, (len(columns) * side, high * side), "white")
    for x, column in enumerate(columns):
        for y, picture in enumerate(column):
            square = min(picture.size)
            left, top = (picture.width - square) // 2, (picture.height - square) // 2
            cut = picture.crop((left, top, left + square, top + square))
            out.paste(cut.resize((side, side), Image.Resampling.LANCZOS), (x * side, y * side))
    return out


def _colours(picture: Image.Image) -> Image.Image:
    """In 128 colours: a third of the file, and hardly to be seen."""
    return picture.quantize(128, dither=Image.Dither.FLOYDSTEINBERG)


def draw() -> list[Path]:
    """Draw them all anew; returns the files."""
    for picture in _ALL:
        files.write(FOLDER / picture.file, picture.content())
    return [FOLDER / picture.file for picture in _ALL]

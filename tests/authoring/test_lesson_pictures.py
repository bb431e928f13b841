"""The pictures of the notebooks: those that the generators draw, small, and in the notebooks of release/."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from course import paths
from course.authoring.notebooks.pictures import FOLDER, pictures
from course.catalog import project, projects

LARGEST = 80_000  # bytes; a notebook goes through mails and learning platforms
PICTURES = pictures()


# Another processor's vector code rounds another way, so a pixel is a grey level lighter now and then (tests/test_processors.py). A
# palette of 128 colours and its dithering make more of it at some pixels: without AVX-512 and AVX2 at 1 pixel in 10,000, and
# 0.0004 levels in the mean of all pixels. Ten times that and more is no other picture: one moved by a pixel is far beyond.
DIFFERENT, MEAN = 0.001, 0.01


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape:
        return False
    off = np.abs(one - other)
    return bool((off.max(-1) > 1).mean() <= DIFFERENT and off.mean() <= MEAN)


@pytest.mark.parametrize("picture", {p.file: p for p in PICTURES.values()}.values(), ids=lambda picture: picture.file)
def test_a_picture_is_what_the_generators_draw(picture):
    """`course author pictures` makes them anew."""
    kept = (FOLDER / picture.file).read_bytes()
    assert alike(pixels(kept), pixels(picture.content()))
    assert not alike(pixels(kept), np.roll(pixels(kept), 1, axis=1))
    assert len(kept) < LARGEST


def test_every_project_with_data_shows_some():
    assert set(PICTURES) == {entry.id for entry in projects() if entry.data}
    assert {picture.file for picture in PICTURES.values()} == {file.name for file in FOLDER.iterdir()}


@pytest.mark.parametrize("id", PICTURES)
def test_the_release_holds_the_picture_that_its_text_shows(id):
    entry = project(id)
    cells = json.loads((paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb").read_text("utf-8"))["cells"]
    cell = next(cell for cell in cells if cell["id"] == "picture")
    shown = re.findall(r"\(attachment:([\w.]+)\)", "".join(cell["source"]))
    assert shown == list(cell["attachments"]) == [PICTURES[id].file]

"""The pictures of the notebooks: those that the generators draw, small, and in the notebooks of release/."""

import json
import re

import pytest

from course import paths
from course.authoring.notebooks.pictures import FOLDER, pictures
from course.catalog import project, projects

LARGEST = 80_000  # bytes; a notebook goes through mails and learning platforms
PICTURES = pictures()


@pytest.mark.parametrize("picture", {p.file: p for p in PICTURES.values()}.values(), ids=lambda picture: picture.file)
def test_a_picture_is_what_the_generators_draw(picture):
    """`course author pictures` makes them anew."""
    kept = (FOLDER / picture.file).read_bytes()
    assert kept == picture.content()
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

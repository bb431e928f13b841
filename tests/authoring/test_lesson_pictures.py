"""The pictures of the notebooks: those that the generators draw, small, and in the notebooks of release/."""

import json
import re

import pytest

from course import paths
from course.authoring.notebooks.pictures import FOLDER, PICTURES
from course.catalog import projects

LARGEST = 80_000  # bytes; a notebook goes through mails and learning platforms


SHOWING = [entry for entry in projects() if entry.picture]


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_picture_is_what_the_generators_draw(picture):
    """`course author pictures` makes them anew."""
    kept = (FOLDER / picture.file).read_bytes()
    assert kept == picture.content()
    assert len(kept) < LARGEST


def test_every_picture_is_shown_by_some_project_and_the_catalog_names_no_other():
    assert set(PICTURES) == {entry.picture for entry in SHOWING}


@pytest.mark.parametrize("entry", SHOWING, ids=lambda entry: entry.id)
def test_the_release_holds_the_picture_that_its_text_shows(entry):
    cells = json.loads((paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb").read_text("utf-8"))["cells"]
    cell = next(cell for cell in cells if cell["id"] == "picture")
    shown = re.findall(r"\(attachment:([\w.]+)\)", "".join(cell["source"]))
    assert shown == list(cell["attachments"]) == [PICTURES[entry.picture].file]

"""The pictures of the notebooks: those that the generators draw, small, and in the notebooks of release/."""

import json
import re

import pytest

from course import paths
from course.authoring.notebooks.pictures import FOLDER, LESSONS
from course.catalog import projects

LARGEST = 80_000  # bytes; a notebook goes through mails and learning platforms


@pytest.mark.parametrize("lesson", dict.fromkeys(LESSONS.values()), ids=lambda lesson: lesson.file)
def test_a_picture_is_what_the_generators_draw(lesson):
    """`python -m course.authoring.notebooks.pictures` makes them anew."""
    kept = (FOLDER / lesson.file).read_bytes()
    assert kept == lesson.content()
    assert len(kept) < LARGEST


def test_every_project_with_pictures_shows_some():
    assert set(LESSONS) == {entry.id for entry in projects() if entry.data}


@pytest.mark.parametrize("id", LESSONS)
def test_the_release_holds_the_picture_that_its_text_shows(id):
    entry = next(entry for entry in projects() if entry.id == id)
    cells = json.loads((paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb").read_text("utf-8"))["cells"]
    cell = next(cell for cell in cells if cell["id"] == "picture")
    shown = re.findall(r"\(attachment:([\w.]+)\)", "".join(cell["source"]))
    assert shown == list(cell["attachments"]) == [LESSONS[id].file]

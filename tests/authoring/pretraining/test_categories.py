"""The categories of the pre-training: those that the stored weights were asked for, in their order, and each a picture."""

import ast
import json

import numpy as np
import pytest

from course import paths
from course.authoring.pretraining.catalogue import catalogue
from course.authoring.pretraining.pictures import category_names
from course.models.pocket import CARD_FILE, FOLDER
from course.pictures import catalogue as shipped

RENDERS = catalogue()
OWN = [name for name in RENDERS if name not in shipped()]


def test_they_are_those_of_the_stored_weights_in_their_order():
    """A picture's number draws its category by place: one that is moved or renamed is another recipe."""
    assert category_names() == json.loads((FOLDER / CARD_FILE).read_text("utf-8"))["categories"]


def test_the_downstream_fruit_is_left_out():
    assert not {name for name in RENDERS if name.startswith(("fresh ", "rotten "))}


@pytest.mark.parametrize("name", OWN)
def test_a_picture_is_uint8_of_the_size_asked_for_and_depends_on_its_seed(name):
    for size in (32, 65):
        with np.errstate(all="raise", under="ignore"):
            picture, again, other = (RENDERS[name](np.random.default_rng([3, seed]), size) for seed in (1, 1, 2))
        assert picture.shape == (size, size, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 2  # something is on it
        assert np.array_equal(picture, again)
        assert not np.array_equal(picture, other)


def test_what_students_are_given_never_needs_the_pre_training():
    """The student's copy has no authoring/, and must draw its own data."""
    for folder in ("pictures", "datasets"):
        for file in (paths.ROOT / "course" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not any(name.startswith("course.authoring") for name in names), file

"""The catalogue of pictures: shapes, determinism, variety, and no network library behind it."""

import subprocess
import sys

import numpy as np
import pytest

from course.pictures import animals, catalogue
from course.pictures.things import THINGS

RENDERS = catalogue()


def test_enough_categories_of_each_kind():
    prefixes = [name.partition(":")[0] for name in animals()]
    assert prefixes.count("dog") >= 10
    assert prefixes.count("cat") >= 5
    assert prefixes.count("bear") >= 3
    assert len(THINGS) == 10
    assert set(RENDERS) - set(animals()) - set(THINGS) == {
        f"{state} {kind}" for state in ("fresh", "rotten") for kind in ("apple", "banana", "orange")
    }


@pytest.mark.parametrize("name", RENDERS)
def test_a_picture_is_uint8_of_the_size_asked_for(name):
    for size in (32, 65):
        picture = RENDERS[name](np.random.default_rng([3, size]), size)
        assert picture.shape == (size, size, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 2  # something is on it


@pytest.mark.parametrize("name", ["dog: collie", "cat: tabby", "rotten orange", "fresh banana", "flower", "car"])
def test_equal_seeds_give_equal_pictures_and_other_seeds_others(name):
    one, again, other = (RENDERS[name](np.random.default_rng([5, k]), 48) for k in (1, 1, 2))
    assert np.array_equal(one, again)
    assert np.abs(one.astype(int) - other).mean() > 2


def test_global_random_state_is_left_alone():
    np.random.seed(4)  # noqa: NPY002 (the point of the test)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    RENDERS["dog: poodle"](np.random.default_rng(1), 40)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_no_warning_from_any_category():
    with np.errstate(all="raise", under="ignore"):
        for render in RENDERS.values():
            render(np.random.default_rng(8), 40)


def test_the_renderer_imports_numpy_and_pil_only():
    """It runs in worker processes; torch would cost them seconds."""
    code = (
        "import sys; from course.pictures import catalogue; catalogue();"
        "sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

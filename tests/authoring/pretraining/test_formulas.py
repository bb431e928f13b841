"""The pictures of the pre-training are the same however the work is split, and their causes are what they say."""

import numpy as np
import pytest

from course.authoring.pretraining import contours, formulas, patterns, render


def test_pictures_do_not_depend_on_the_split():
    whole = formulas.make(5, 10, 6, 48)
    parts = [formulas.make(5, 10, 2, 48), formulas.make(5, 12, 4, 48)]
    assert np.array_equal(whole.pictures, np.concatenate([part.pictures for part in parts]))
    assert np.array_equal(whole.causes, np.concatenate([part.causes for part in parts]), equal_nan=True)


def test_shapes_types_and_ranges():
    batch = formulas.make(1, 0, 40, 40)
    assert batch.pictures.shape == (40, 3, 40, 40)
    assert batch.pictures.dtype == np.uint8
    assert batch.causes.shape == (40, len(contours.CAUSES))
    known = batch.causes[~np.isnan(batch.causes)]
    assert known.min() >= -1e-6
    assert known.max() <= 1 + 1e-6


@pytest.mark.parametrize("name", list(contours.SHAPES))
def test_a_solid_covers_something_and_not_everything(name):
    shares = [render.render(name, np.random.default_rng([3, k]), 48).causes["coverage"] for k in range(4)]
    assert 0.03 < np.mean(shares) < 0.95


@pytest.mark.parametrize("name", list(patterns.PATTERNS))
def test_a_pattern_can_be_seen(name):
    spread = [
        patterns.render_pattern(name, np.random.default_rng([3, k]), 48).image.std((0, 1)).max() for k in range(4)
    ]
    assert max(spread) > 0.04

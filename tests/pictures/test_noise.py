"""Noise: range, smoothness, seams."""

import numpy as np
import pytest

from course.pictures import noise


@pytest.mark.parametrize("cells", [1.5, 6, (2, 20)])
def test_fractional_noise_stays_in_its_range(cells):
    field = noise.fbm(np.random.default_rng(2), (40, 50), cells)
    assert field.shape == (40, 50)
    assert field.dtype == np.float32
    assert field.min() >= 0
    assert field.max() <= 1
    assert field.std() > 0.05


@pytest.mark.parametrize("kind", ["cloud", "grain"])
def test_solid_noise_is_standardised_and_has_no_seam(kind):
    rng = np.random.default_rng(3)
    points = tuple(rng.uniform(-40, 40, 20000).astype(np.float32) for _ in range(3))
    field = noise.solid(np.random.default_rng(4), points, 0.5, kind)
    assert abs(field.mean()) < 0.1
    assert 0.7 < field.std() < 1.2
    line = np.linspace(-3, 3, 20001, dtype=np.float32)  # across several periods of the volume
    walk = noise.solid(np.random.default_rng(4), (line, line * 0.3, line * 0), 1.0, kind)
    assert np.abs(np.diff(walk)).max() < 0.2


def test_worley_distances_are_ordered():
    y, x = np.mgrid[0:6:60j, 0:6:60j].astype(np.float32)
    first, second, tag = noise.worley(np.random.default_rng(1), x, y)
    assert (first <= second).all()
    assert first.max() < 1.5
    assert ((tag >= 0) & (tag < 1)).all()


def test_mix_and_smoothstep():
    t = noise.smoothstep(0.0, 1.0, np.array([[-1, 0.5, 2]], np.float32))
    assert np.allclose(t, [[0, 0.5, 1]])
    assert np.allclose(noise.mix((0, 0, 0), (1, 1, 1), t)[0, 1], 0.5)
    assert noise.smoothstep(1.0, 0.0, np.float32(2.0)) == 0

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


@pytest.mark.parametrize("sides", [(32, 32), (16, 16, 16)])
def test_periodic_noise_is_standardised_and_can_be_tiled(sides):
    field = noise.periodic(np.random.default_rng(2), sides, lambda f: np.where(f > 0, 1 / np.maximum(f, 1) ** 2.5, 0))
    assert field.shape == sides
    assert field.dtype == np.float32
    assert abs(field.mean()) < 1e-4
    assert field.std() == pytest.approx(1, abs=1e-4)
    step, seam = np.abs(np.diff(field, axis=0)).mean(), np.abs(field[0] - field[-1]).mean()
    assert seam < 2 * step


def test_nearest_finds_the_two_least_distances_and_the_name():
    line = np.arange(5, dtype=np.float32)
    first, second, name = noise.nearest((5,), (((line - at) ** 2, at / 10) for at in (4.0, 0.0)))
    assert np.allclose(first, [0, 1, 2, 1, 0])
    assert np.allclose(second, [4, 3, 2, 3, 4])
    assert np.allclose(name[[0, 1, 3, 4]], [0, 0, 0.4, 0.4])

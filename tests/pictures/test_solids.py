"""Solids against what geometry says of them."""

import numpy as np
import pytest

from course.pictures.canvas import Canvas
from course.pictures.light import Light
from course.pictures.solids import Grid, ellipsoid, polygon, star_solid, tube, turn

GRID = Grid(64)
PIXEL = GRID.pixel


def mask_of(solid):
    mask = np.zeros((64, 64), bool)
    mask[solid.box] = solid.edge > 0
    return mask


def area_of(solid):
    return mask_of(solid).sum() * PIXEL**2


def test_turns_are_rotations():
    frame = turn(0.4, -0.7, 1.9)
    assert np.allclose(frame @ frame.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(frame) == pytest.approx(1, abs=1e-5)


def test_a_sphere_has_its_area_its_height_and_unit_object_coordinates():
    ball = ellipsoid(GRID, (0.1, -0.2, 0.3), (0.5, 0.5, 0.5), turn(1.0, 0.3, 0.2))
    assert area_of(ball) == pytest.approx(np.pi * 0.25, rel=0.03)
    assert ball.height.max() == pytest.approx(0.8, abs=0.01)
    inside = ball.edge > 0
    radius = np.sqrt(ball.x**2 + ball.y**2 + ball.z**2)[inside]
    assert np.allclose(radius, 1, atol=1e-3)


def test_a_turned_ellipsoid_shows_its_turned_outline():
    upright = ellipsoid(GRID, (0, 0, 0), (0.2, 0.6, 0.2))
    lying = ellipsoid(GRID, (0, 0, 0), (0.2, 0.6, 0.2), turn(0, 0, np.pi / 2))
    assert np.array_equal(mask_of(upright), mask_of(lying).T)


def test_marching_finds_the_sphere_that_the_formula_gives():
    marched = star_solid(GRID, (0, 0, 0), 0.6, turn(0.3, 0.4), lambda x, y, z: np.ones_like(x))
    exact = ellipsoid(GRID, (0, 0, 0), (0.6, 0.6, 0.6))
    assert (mask_of(marched) ^ mask_of(exact)).mean() < 0.01
    deep = marched.edge > 0.1
    whole = np.zeros((64, 64), np.float32)
    whole[exact.box] = exact.height
    assert np.abs(marched.height - whole[marched.box])[deep].max() < 0.01


def test_a_tube_is_as_wide_as_its_radius_and_runs_from_0_to_1():
    spine = np.array([[-0.5, 0, 0], [0, 0, 0], [0.5, 0, 0]])
    pipe = tube(GRID, spine, 0.2)
    assert area_of(pipe) == pytest.approx(1.0 * 0.4 + np.pi * 0.04, rel=0.08)  # its edges fall between pixels
    inside = pipe.edge > 0
    assert pipe.x[inside].min() == 0
    assert pipe.x[inside].max() == 1
    assert np.abs(pipe.y[inside]).max() <= 1


def test_a_tube_seen_along_its_axis_shows_its_nearer_end():
    pipe = tube(GRID, np.array([[0, 0, 0], [0.01, 0, 0.8]]), [0.2, 0.2])
    assert pipe.height.max() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("sense", [1, -1])
def test_a_polygon_is_filled_in_either_sense(sense):
    square = polygon(GRID, [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)][::sense])
    assert area_of(square) == pytest.approx(1, rel=0.05)


def test_solids_outside_the_picture_do_no_harm():
    canvas = Canvas(32, Light.random(np.random.default_rng(0)))
    before = canvas.rgb.copy()
    for where in ((5, 0, 0), (0, -5, 0), (-5, 5, 0)):
        canvas.paint(ellipsoid(canvas.grid, where, (0.3, 0.3, 0.3)), (0.5, 0.1, 0.1))
    assert np.array_equal(canvas.rgb, before)


def test_the_side_to_the_lamp_is_brighter():
    lamp = Light(np.array([1, 0, 0.5], np.float32) / np.sqrt(1.25))
    canvas = Canvas(64, lamp, (0, 0, 0))
    canvas.paint(ellipsoid(canvas.grid, (0, 0, 0), (0.8, 0.8, 0.8)), (0.5, 0.5, 0.5), shine=0)
    assert canvas.rgb[32, 48].mean() > 2 * canvas.rgb[32, 12].mean()

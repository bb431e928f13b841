"""Light against what geometry says of it."""

import numpy as np

from course.pictures.light import Light, normals


def test_normals_of_a_ball_point_from_its_middle():
    line = (np.arange(64) + 0.5) / 32 - 1
    x, y = np.meshgrid(line, -line)
    inside = np.hypot(x, y) < 0.7
    height = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    for found, wanted in zip(normals(height, 2 / 64), (x, y, height)):
        assert np.allclose(found[inside], wanted[inside], atol=0.01)


def test_a_slope_that_nobody_believes_is_cut():
    step = np.zeros((4, 4))
    step[:, 2:] = 5
    x, _, z = normals(step, 1.0, steepest=1.0)
    assert np.allclose(x[:, 1] / z[:, 1], -1)


UP = (np.array([0.0]), np.array([1.0]), np.array([0.0]))
DOWN = (np.array([0.0]), np.array([-1.0]), np.array([0.0]))
LAMP = Light(np.array([0, 1, 0]), key=0.5, sky=0.3, ground=0.1, wrap=0.0)


def test_a_face_to_the_lamp_gets_lamp_and_sky_and_one_away_the_ground_alone():
    assert np.allclose(LAMP.lit(UP, np.ones(3)), 0.5 + 0.3)
    assert np.allclose(LAMP.lit(DOWN, np.ones(3)), 0.1)


def test_shadow_takes_the_lamp_and_a_hollow_takes_the_rest():
    assert np.allclose(LAMP.lit(UP, np.ones(3), lamp=0.0), 0.3)
    assert np.allclose(LAMP.lit(UP, np.ones(3), around=0.0), 0.5)


def test_wrapped_light_reaches_round_an_edge_by_channel():
    side = (np.array([1.0]), np.array([0.0]), np.array([0.0]))
    soft = Light(LAMP.direction, key=1.0, sky=0.0, ground=0.0, wrap=np.array([0.5, 0.25, 0.0]))
    assert np.allclose(soft.lit(side, np.ones(3)), [0.5 / 1.5, 0.25 / 1.25, 0])


def test_the_highlight_is_strongest_half_way_to_the_lamp():
    half = (np.array([0.0]), np.array([0.5**0.5]), np.array([0.5**0.5]))
    assert np.allclose(LAMP.highlight(half, 30), 1)
    assert LAMP.highlight(UP, 30) < 0.01

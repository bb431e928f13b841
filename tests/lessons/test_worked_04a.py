"""The numbers of lesson 04a are those that come out."""

import math

import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from course.authoring.figures.figure import figures_of
from course.authoring.figures.keeping import kept
from course.authoring.figures.p04a import ANGLE, four_pixels
from course.catalog import project
from course.datasets.hands.files import ROWS
from course.datasets.hands.signers import SIGNERS
from course.lessons.quiet_run import settings
from course.networks import SignNet
from tests.lessons.texts import words


@pytest.fixture(scope="module")
def text():
    return words("04a")


def test_where_a_pixel_comes_from(text):
    turn = math.radians(ANGLE)
    assert rf"$\cos 15° = {math.cos(turn):.3f}$ and $\sin 15° = {math.sin(turn):.3f}$" in text
    x = -0.5 * math.cos(turn) + 0.5 * math.sin(turn)
    y = 0.5 * math.sin(turn) + 0.5 * math.cos(turn)
    assert rf"= {x:.3f}, \qquad" in text
    assert rf"= {y:.3f}.$$" in text
    assert f"${x:.3f} + 0.5 = {x + 0.5:.3f}$" in text
    assert f"{y - 0.5:.3f} *beyond* the upper row" in text
    assert rf"${x + 0.5:.3f} \cdot (1 - {y - 0.5:.3f}) = {(x + 0.5) * (1.5 - y):.3f}$" in text


def test_what_comes_out_of_the_turn(text):
    found = four_pixels()
    assert f"comes out as {found['black'][0][1]:.3f}" in text
    assert f"{found['black'][0][0]:.3f}$" in text
    (a, b), (c, d) = found["edge"]
    assert f"the four pixels are {a:.3f}, {b:g}, {c:g} and {d:.3f}" in text
    nearest = F.rotate(torch.tensor([[[0.0, 1.0], [0.0, 1.0]]]), ANGLE)
    assert nearest[0].tolist() == found["before"]  # "our picture would not change at all"
    assert v2.RandomAffine(10).interpolation == "nearest"


def test_how_many_pictures_and_views_there_are(text):
    pictures, epochs = ROWS["train"], settings("04a")["epochs"]
    assert pictures == 24 * SIGNERS["train"] * 10  # "each of them made each sign ten times"
    assert f"{pictures:,} pictures that it learned from" in text
    assert rf"${epochs} \cdot {pictures} = 48{{,}}000$" in text
    assert epochs * pictures == 48_000


def test_the_learning_rate_falls_as_said(text):
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.001)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
    rates = []
    for _ in range(20):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert f"the first epoch has {rates[0]:g}, the eleventh {rates[10]:.4f}, and the last {rates[19]:.6f}" in text


def test_names_in_the_state_dict(text):
    names = list(SignNet().state_dict())
    assert f"`head.2.weight` and {len(names) - 1} others" in text
    assert "head.2.weight" in names


def test_what_the_curves_show(text):
    data = kept(figures_of(project("04a"))["with-and-without"])
    plain, augmented = data["without"], data["with"]
    assert plain["train_accuracy"][2] > 0.995 > plain["train_accuracy"][0]  # "reaches 1.00 in the third epoch"
    assert f"stays near {plain['valid_accuracy'][-1]:.2f}" in text
    assert f"ends near {augmented['valid_accuracy'][-1]:.2f}" in text

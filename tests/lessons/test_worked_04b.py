"""The numbers of lesson 04b are those that come out."""

import math

import pytest
import torch
from PIL import Image, ImageOps
from torchvision.transforms.v2 import functional as F

from course.authoring.figures.figure import figures_of
from course.authoring.figures.keeping import kept
from course.authoring.figures.p04b import laid
from course.catalog import project
from course.datasets.signs import LETTERS
from tests.lessons.texts import words


@pytest.fixture(scope="module")
def text():
    return words("04b")


def test_skin_in_grey(text):
    red, green, blue = 0.299 * 224, 0.587 * 172, 0.114 * 140
    assert f"${red:.2f} + {green:.2f} + {blue:.2f} = {red + green + blue:.1f}$, so 184" in text
    assert Image.new("RGB", (1, 1), (224, 172, 140)).convert("L").getpixel((0, 0)) == 184
    assert f"184 becomes {184 / 255:.3f}" in text


def test_the_central_square(text):
    assert f"$360 / 28 = {360 / 28:.1f}$" in text
    assert f"$270 / 28 = {270 / 28:.1f}$" in text
    first = (360 - 270) // 2
    assert f"columns {first} to {first + 270 - 1}" in text
    assert f"{270 * 270:,} pixels become {28 * 28}" in text
    assert f"stands for {(270 / 28) ** 2:.0f} old ones" in text


def test_stripes_vanish_without_antialiasing(text):
    row = [0, 0, 0, 255] * 3
    picture = torch.tensor([row] * 12, dtype=torch.uint8)[None]
    assert f"| one row of the picture | {' '.join(map(str, row))} |" in text
    for antialias, what in ((False, "without"), (True, "with")):
        small = F.resize(picture, [3, 3], antialias=antialias)[0, 0].tolist()
        assert f"| shrunk {what} antialiasing | {' '.join(map(str, small))} |" in text
    assert f"so its mean is {sum(row) / len(row):.0f}" in text


def test_three_logits(text):
    logits = torch.tensor([4.0, 2.5, 1.0], dtype=torch.float64)
    for letter, z, e, p in zip("kvr", logits, logits.exp(), logits.softmax(0), strict=True):
        assert f"| {letter} | {z:.1f} | {e:.2f} | {p:.3f} |" in text
    assert f"| sum | | {logits.exp().sum():.2f} |" in text
    assert f"$e^{{1.5}} = {math.exp(1.5):.1f}$" in text


def test_letters_by_class(text):
    assert "Class 8 is i, class 9 is k" in text
    assert (LETTERS[8], LETTERS[9], chr(97 + 9)) == ("i", "k", "j")


@pytest.mark.parametrize("number", range(1, 9))
def test_every_orientation_is_drawn_as_it_lies(number):
    upright = Image.new("L", (3, 4))
    upright.putdata(range(12))
    turn = laid()[number]
    lying = upright if turn is None else upright.transpose(turn)
    lying.getexif()[274] = number  # 274: Orientation
    assert list(ImageOps.exif_transpose(lying).getdata()) == list(upright.getdata())


def test_what_a_missing_step_costs(text):
    shares = kept(figures_of(project("04b"))["one-step-missing"])
    counts = {name: round(24 * share) for name, share in shares.items()}
    best = counts.pop("all steps")
    assert f"All steps in eval mode: {best}. Without antialiasing: as many." in text
    assert counts.pop("no antialiasing") == best
    assert f"Lying on the side: {counts.pop('lying on its side')}." in text
    assert {best - count for count in counts.values()} == {2, 3, 4}  # "two to four fewer"

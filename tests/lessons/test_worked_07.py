"""The numbers of lesson 07 are those that come out."""

import json
import math
import re

import numpy as np
import pytest

from course import paths
from course.authoring.figures import keeping
from course.authoring.figures.figure import figures_of
from course.catalog import project
from course.datasets import fruit
from course.lessons.quiet_run import settings
from course.lessons.real import KEPT
from tests.lessons.texts import cells, words


@pytest.fixture(scope="module")
def text():
    return words("07")


def test_what_240_photos_can_tell(text):
    photos = len(fruit.CLASSES) * fruit.COUNTS["valid"]
    bar = project("07").thresholds["valid_accuracy"]
    assert (photos, bar) == (240, 0.92)
    assert rf"$\sqrt{{0.92 \cdot 0.08 / 240}} = {math.sqrt(bar * (1 - bar) / photos):.3f}$" in text
    assert rf"{math.ceil(bar * photos)}, since $0.92 \cdot 240 = {bar * photos:.1f}$" in text
    assert f"1 of 6, that is {1 / 6:.3f}" in text


def test_a_mean_of_batch_means_would_pass(text):
    full, last, right = 7 * 32, 16, 204
    counted, mean = (right + last) / (full + last), (7 * (right / full) + 1) / 8
    assert counted < 0.92 < mean
    assert f"{right} of the {full} photos" in text
    assert f"{right + last} of {full + last}, or {counted:.3f}" in text
    assert rf"$(7 \cdot {right / full:.3f} + 1) / 8 = {mean:.3f}$" in text


def test_both_patches_have_one_histogram():
    block = next(cell for cell in cells("07") if "rot              shadow" in cell)
    rows = [[int(n) for n in re.findall(r"\d+", line)] for line in block.splitlines() if re.match(r"\s+200", line)]
    patches = np.array(rows).reshape(3, 2, 3)
    for side in range(2):
        values, counts = np.unique(patches[:, side], return_counts=True)
        assert [values.tolist(), counts.tolist()] == [[90, 200], [4, 5]]
    assert (patches[:, 0] != patches[:, 1]).any()


def test_what_a_histogram_reaches_is_measured(text):
    page = (paths.ROOT / "docs" / "data.md").read_text("utf-8")
    mean = float(re.search(r"64-bin histogram \| (\d\.\d+)", page)[1])
    assert f"a histogram of 64 colours reads {mean:.2f} of them right" in text


def test_how_far_a_weight_gets(text):
    """152 steps of Adam, each about as long as the learning rate; and the run's rates are those that the lesson names."""
    own = settings("07")
    steps = own["epochs"] * math.ceil(len(fruit.CLASSES) * fruit.COUNTS["train"] / 32)
    assert f"are {steps} steps" in text
    assert f"further than {steps * 0.001:.2f} from" in text
    assert f"takes {own['lr']} for the head, and steps 200 times smaller" in text
    real = [float(value) for value in json.loads(KEPT.read_text("utf-8"))["07"].values()]
    assert f"at 0.02 and 0.0001 they end at {sum(real) / len(real):.2f}." in text
    assert f"lr=run.lr / {own['lr'] / 0.0001:.0f}" in (paths.ROOT / "solutions" / "ex07_fruits.py").read_text("utf-8")


def test_the_curves_are_as_the_lesson_tells():
    """Frozen, the head passes the bar within a few epochs; fine-tuning raises it by little."""
    data = keeping.kept(figures_of(project("07"))["frozen-and-tuned"])
    assert len(data["head_valid"]) == 8
    assert len(data["tuned_valid"]) == 4
    assert max(data["head_valid"][:4]) >= 0.92
    assert 0 <= max(data["tuned_valid"]) - data["head_valid"][-1] <= 0.05


def test_the_confusion_is_as_the_lesson_tells(text):
    """38 to 40 right in each row; of the five mistakes, three are about decay alone."""
    counts = np.array(keeping.kept(figures_of(project("07"))["confusion"])["counts"])
    right, wrong = counts.diagonal(), counts - np.diag(counts.diagonal())
    assert (right.min(), right.max(), wrong.sum(), wrong.max()) == (38, 40, 5, 2)
    assert wrong[:3, 3:].trace() + wrong[3:, :3].trace() == 3
    assert "holds 38 to 40 of each row; five photos lie beside it, three of them" in text

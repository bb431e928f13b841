"""The numbers of lesson 05a are those that come out."""

import pytest
import torch
from torchvision.models import ResNet50_Weights

from course.authoring.figures.figure import figures_of
from course.authoring.figures.keeping import kept
from course.catalog import project
from course.models import pocket
from course.models.kinds import IMAGENET, dogs
from solutions import ex05a_pretrained as ex05a
from solutions import ex05b_transfer as ex05b
from tests.lessons.texts import words


@pytest.fixture(scope="module")
def text():
    return words("05a")


def test_what_the_pocket_network_knows(text):
    weights = pocket.Pocket_MobileNet_Weights.DEFAULT
    assert f"{len(weights.meta['categories'])} categories, among them {len(dogs(weights))} breeds of dogs" in text
    model, _ = ex05a.load_pretrained()
    width = ex05a.extract_features(model, torch.zeros(1, 3, 96, 96)).shape[1]
    assert f"there are {width} of them" in text
    assert f"ImageNet has {len(IMAGENET['dog'])} breeds" in text


def test_two_sets_of_weights(text):
    old, new = (weights.transforms().resize_size[0] for weights in ResNet50_Weights)
    assert f"`IMAGENET1K_V1` resize a photo to {old} pixels, those of `IMAGENET1K_V2` to {new}" in text


def test_an_orange_pixel_normalised(text):
    assert str(ex05b.MEAN) in text
    assert str(ex05b.STD) in text
    for name, byte, mean, std in zip(("red", "green", "blue"), (200, 120, 40), ex05b.MEAN, ex05b.STD, strict=True):
        value = byte / 255
        assert f"| {name} | {byte} | {value:.3f} | {value - mean:.3f} | {(value - mean) / std:.3f} |" in text
    for name, value in (("Black becomes", 0.0), ("white", 1.0)):
        out = ", ".join(f"{(value - mean) / std:.2f}" for mean, std in zip(ex05b.MEAN, ex05b.STD, strict=True))
        assert f"{name} ({out})" in text


def test_softmax_and_the_top_two(text):
    names, logits = ("bear: black", "dog: poodle", "dog: labrador", "cup"), torch.tensor([2.2, 2.0, 1.9, 0.9])
    chances = logits.softmax(0)
    for rank, (name, z, p) in enumerate(zip(names, logits, chances, strict=True), 1):
        assert f"| {name} | {z:.1f} | {z.exp():.2f} | {p:.2f} | {rank} |" in text
    assert f"| sum | | {logits.exp().sum():.2f} | 1.00 |" in text
    values, indices = chances.topk(2)
    assert f"gives the values ({values[0]:.2f}, {values[1]:.2f}) *and* indices ({indices[0]}, {indices[1]})" in text
    assert f"the bear would get {logits[:3].softmax(0)[0]:.2f} in place of {chances[0]:.2f}" in text
    assert f"${chances[1]:.2f} + {chances[2]:.2f} = {chances[1] + chances[2]:.2f}$ against {chances[0]:.2f}" in text


def test_the_door_at_three_thresholds(text):
    inside = kept(figures_of(project("05a"))["precision-and-recall"])["let in"]
    everyone, all_dogs = inside["0.0"]
    assert f"Of the {everyone} photos {all_dogs} show a dog" in text
    for threshold in ("0.1", "0.5", "0.9"):
        came, good = inside[threshold]
        row = f"| {threshold} | {came} | {good} | {good} / {came} = {good / came:.2f} "
        assert f"{row}| {good} / {all_dogs} = {good / all_dogs:.2f} |" in text


def test_what_the_figures_say(text):
    data = kept(figures_of(project("05a"))["wrong-glasses"])
    known = {
        "As the weights say": "as the weights say",
        "At 224 pixels": "at 224 pixels",
        "Not normalised": "not normalised",
    }
    for said, key in known.items():
        assert f"{said}: {data['right'][key]:.2f}" in text
    assert sum(share < data["dogs"] for share in data["right"].values()) == 4  # "Four of these mistakes"
    top = kept(figures_of(project("05a"))["top-five"])
    assert f"dalmatian {top['chances 0'][0]:.2f}" in text
    assert f"black bear {top['chances 1'][0]:.2f}, poodle {top['chances 1'][1]:.2f}" in text
    assert f"tuxedo cat {top['chances 2'][0]:.2f}" in text
    near = kept(figures_of(project("05a"))["nearest-photos"])
    assert all("/bo/" in str(name) for name in near["names"])
    assert f"from {near['cosines'][1]:.2f} down to {near['cosines'][5]:.2f}" in text

"""The numbers of lesson 05b are those that come out."""

import pytest
import torch
from torch import nn

from course.authoring.figures.figure import figures_of
from course.authoring.figures.keeping import kept
from course.authoring.figures.p05b import VALUES, four_values
from course.catalog import project
from course.datasets.door import COUNTS
from course.models.zoo import POCKET, load_backbone
from solutions import ex05b_transfer as ex05b
from tests.lessons.texts import words


@pytest.fixture(scope="module")
def text():
    return words("05b")


def test_photos_and_the_answer_no(text):
    train, valid = (sum(COUNTS[split].values()) for split in ("train", "valid"))
    assert f"There are {train} photos to learn from, {COUNTS['train']['bo']} of them of that dog; {valid} more" in text
    assert f"{COUNTS['valid']['not_bo']} of the {valid} validation photos don't show the resident" in text
    assert f"with {COUNTS['valid']['not_bo'] / valid:.3f}, which costs nothing" in text
    assert f"{28 / 30:.2f} is two wrong, {29 / 30:.2f} is one wrong" in text


def test_four_values_in_both_modes(text):
    data = four_values()
    for mode in ("eval", "train"):
        assert f"| out | {' | '.join(f'{value:.2f}' for value in data[mode])} |" in text
    batch = torch.tensor(VALUES)
    assert (batch.mean(), batch.var(correction=0)) == (4, 5)
    assert f"is $(9 + 1 + 1 + 9) / 4 = 5$, its root {5**0.5:.3f}" in text


def test_running_statistics_take_a_note(text):
    layer = nn.BatchNorm1d(1)
    layer.running_mean, layer.running_var = torch.tensor([2.0]), torch.tensor([4.0])
    layer(torch.tensor(VALUES).view(4, 1))
    mean, variance = float(layer.running_mean), float(layer.running_var)
    assert rf"$0.9 \cdot 2 + 0.1 \cdot 4 = {mean:.1f}$" in text
    assert rf"$0.9 \cdot 4 + 0.1 \cdot 6.67 = {variance:.2f}$" in text
    first = four_values()["first"]
    assert f"$(1 - {mean:.1f}) / {variance**0.5:.2f} = {first[1]:.2f}$ and no longer {first[0]:.2f}" in text
    assert f"After six such batches it is {first[6]:.2f}" in text


def test_a_batch_of_one_is_refused(text):
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        nn.BatchNorm1d(8)(torch.zeros(1, 8))
    assert '"Expected more than 1 value per channel when training"' in text


def test_the_size_of_the_head(text):
    backbone, width = load_backbone(POCKET)
    head = ex05b.trainable_parameters(ex05b.build_model(ex05b.freeze_backbone(backbone), width))
    size = sum(parameter.numel() for parameter in head)
    assert f"a matrix of 2 × {width} and two biases, {size:,} parameters against" in text


def test_what_the_figures_say(text):
    """What stands beside a measured figure is what was measured; another processor may measure a little differently."""
    figures = figures_of(project("05b"))
    rates = kept(figures["learning-rates"])
    assert f"from {rates['start']:.2f} on" in text
    assert f"steadily to {rates['1e-05'][-1]:.2f}, at 0.0001 faster to {rates['0.0001'][-1]:.2f}" in text
    dive = min(rates["0.001"])
    assert (
        f"dives to {dive:.2f} and is back at {rates['0.001'][rates['0.001'].index(dive) + 2]:.2f} two epochs later"
        in text
    )
    assert f"it jumps to {max(rates['0.01']):.0f}" in text
    data = kept(figures["frozen-and-tuned"])
    frozen, tuned = data["frozen"], data["tuned"]
    assert f"from {data['head']['loss'][-1]:.2f} to {frozen['loss'][-1]:.2f}" in text
    assert f"it falls to about {tuned['loss'][-1]:.2f}" in text
    assert f"Both accuracies end at {frozen['accuracy'][-1]:.2f}" in text
    assert frozen["accuracy"][-1] == tuned["accuracy"][-1]
    looked = kept(figures["saliency"])
    for name in ("right", "wrong"):
        assert f"judged {name} with {float(looked[f'{name} chance']):.2f}" in text


def test_the_size_of_a_typical_weight(text):
    backbone, _ = load_backbone(POCKET)
    weights = torch.cat([parameter.detach().flatten() for parameter in backbone.parameters() if parameter.dim() > 1])
    assert f"of the size {weights.abs().median():.1f}" in text

"""Each slip is named for what it is, and a right tensor or an unknown slip for nothing."""

import pytest
import torch

from course.checks.explain import explain
from course.checks.wording import LOOKS

WANT = torch.randn(5, 3, 6, 6, generator=torch.Generator().manual_seed(1))
ROWS = torch.randn(7, 10, generator=torch.Generator().manual_seed(2))
SLIPS = {
    "softmaxed": (ROWS.softmax(-1), ROWS),
    "log-softmaxed": (ROWS.log_softmax(-1), ROWS),
    "sigmoid": (ROWS.sigmoid(), ROWS),
    "ReLU": (ROWS.relu(), ROWS),
    "clipped": (ROWS.clamp(0, 1), ROWS),
    "transposed": (WANT.transpose(-1, -2), WANT),
    "channels last": (WANT.movedim(-3, -1), WANT),
    "BGR": (WANT.flip(-3), WANT),
    "mirrored": (WANT.flip(-1), WANT),
    "upside down": (WANT.flip(-2), WANT),
    "in reverse order along the batch": (WANT.flip(0), WANT),
    "rounded": (torch.round(3 * ROWS), 3 * ROWS),
    "scaled: every value is 255 times": (255 * WANT, WANT),
    "scaled: every value is 0.003922 times": (WANT / 255, WANT),
    "negated": (-WANT, WANT),
    "shifted: every value is +0.5 off": (WANT + 0.5, WANT),
    "normalised another way": ((WANT - 0.5) / 0.25, WANT),
    "constant: every value is 0": (torch.zeros_like(WANT), WANT),
    "shuffled": (ROWS[torch.tensor([3, 1, 0, 2, 6, 5, 4])], ROWS),
    "empty": (torch.zeros(0, 10), ROWS),
    "shifted: every value is 1 too many": (torch.tensor([2, 1, 4]), torch.tensor([1, 0, 3])),
    "shifted: every value is 2 too few": (torch.tensor([2, 1, 4]), torch.tensor([4, 3, 6])),
}


@pytest.mark.parametrize("phrase", SLIPS)
def test_a_slip_is_named(phrase):
    actual, expected = SLIPS[phrase]
    name, numbers = explain(actual, expected)
    assert phrase in LOOKS[name].format(**numbers)


def test_what_fits_nothing_is_not_explained():
    other = torch.randn(7, 10, generator=torch.Generator().manual_seed(9))
    assert explain(other, ROWS)[0] == ""
    assert explain(torch.randn(2, 2), ROWS)[0] == ""


@pytest.mark.parametrize("value", [torch.zeros(0), torch.zeros(1), torch.zeros(()), torch.ones(3), torch.arange(4)])
def test_odd_tensors_do_not_break_it(value):
    for other in (torch.zeros(0), torch.zeros(()), torch.full((3,), float("nan")), torch.ones(3, dtype=torch.bool)):
        explain(value, other)
        explain(other, value)


def test_a_single_value_is_not_taken_for_probabilities():
    # one value, softmaxed, is always 1: that says nothing
    assert "softmax" not in explain(torch.tensor([[[1.0]]]), torch.tensor([[[0.3725]]]))[0]

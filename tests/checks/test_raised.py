"""Errors of torch's that beginners meet are made here, so that the questions fit the texts of the version that is installed."""

import pytest
import torch
from torch import nn

from course.checks.failure import Failure
from course.checks.raised import question
from course.checks.wording import HINTS
from course.checks.wording import question as asked

PICTURES = torch.zeros(2, 1, 28, 28)
SCORES, LEAF = torch.zeros(4, 3), torch.zeros(3, requires_grad=True)


def twice():
    loss = (LEAF * LEAF).sum()
    loss.backward()
    loss.backward()


ERRORS = {
    "not flattened": (lambda: nn.Linear(784, 10)(PICTURES), "wants rows of 784 values and was given rows of 28"),
    "channels": (lambda: nn.Conv2d(3, 8, 3)(PICTURES), "wants 3 channels and was given 1"),
    "bytes into a layer": (lambda: nn.Linear(784, 10)(torch.zeros(2, 784, dtype=torch.uint8)), "Are they the same"),
    "bytes into a convolution": (lambda: nn.Conv2d(1, 8, 3)(PICTURES.byte()), "Are they the same"),
    "labels in a column": (
        lambda: nn.functional.cross_entropy(SCORES, torch.zeros(4, 1).long()),
        "one class a picture",
    ),
    "float labels": (lambda: nn.functional.cross_entropy(SCORES, torch.zeros(4)), "one class a picture"),
    "a label too large": (lambda: nn.functional.cross_entropy(SCORES, torch.arange(4)), "largest label"),
    "numpy of a graph": (LEAF.numpy, "Do you need gradients here"),
    "backward of many": (lambda: (LEAF * 2).backward(), "starts from a single value"),
    "backward of nothing": (lambda: torch.zeros(()).backward(), "No parameter is connected"),
    "backward twice": (twice, "the loss of an earlier batch"),
    "in place": (lambda: LEAF.add_(1), "by hand"),
    "norm of one": (lambda: nn.BatchNorm1d(3)(torch.zeros(1, 3)), "Which mode"),
    "norm of another width": (lambda: nn.BatchNorm2d(4)(torch.zeros(2, 3, 2, 2)), "How many maps"),
    "view": (lambda: torch.zeros(3).view(2, 2), "There are 3 values"),
    "sum of two shapes": (lambda: torch.zeros(2, 3) + torch.zeros(4, 5), "Print both"),
    "stack": (lambda: torch.stack([torch.zeros(3), torch.zeros(4)]), "a different shape from the rest"),
    "item of many": (SCORES.item, "One value is wanted"),
    "truth of many": (lambda: bool(SCORES > 0), "One value is wanted"),
    "dimension": (lambda: torch.zeros(3).argmax(dim=2), "tensor.ndim"),
    "names": (lambda: nn.Linear(2, 2).load_state_dict({}), "Where do they differ"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_known_error_gets_its_question(name):
    make, words = ERRORS[name]
    with pytest.raises((RuntimeError, ValueError, IndexError)) as caught:
        make()
    found = question(str(caught.value))
    assert found
    assert words in found


def test_any_other_error_gets_the_general_question():
    assert question("list index out of range") is None
    values = {"type": "IndexError", "text": "list index out of range"}
    assert asked(Failure("raised", "f", values), "the check's own") == HINTS["raised"]
    values = {"type": "RuntimeError", "text": "addmm: mat1 and mat2 shapes cannot be multiplied (28x28 and 784x128)"}
    assert "rows of 784 values and was given rows of 28" in asked(Failure("raised", "f", values), "the check's own")

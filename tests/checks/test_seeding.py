"""Seeds: chance begins anew, no stack is noted, and what we build leaves no trace in it."""

import random

import numpy as np
import torch

from course.checks import seeding


def draws() -> tuple[float, float, float]:
    return float(torch.rand(())), random.random(), float(np.random.random())  # noqa: NPY002 - the one that all share


def test_a_seed_brings_the_same_chance_again():
    seeding.everything(3)
    first = draws()
    seeding.everything(3)
    assert draws() == first


def test_a_seed_notes_no_stack(monkeypatch):
    class Loud:
        @staticmethod
        def format_stack():
            raise AssertionError("a stack")

    for device in (torch.cuda, torch.xpu, torch.mtia):
        monkeypatch.setattr(device, "traceback", Loud)  # and puts it back in the end
    seeding.without_stacks()
    seeding.everything(3)


def test_weights_are_those_of_the_seed_and_chance_goes_on_as_before():
    torch.manual_seed(8)
    wanted = torch.randn(3)
    seeding.everything(1)
    first = torch.rand(2)
    seeding.everything(1)
    with seeding.weights_of(8):
        assert torch.equal(torch.randn(3), wanted)
    assert torch.equal(torch.rand(2), first)

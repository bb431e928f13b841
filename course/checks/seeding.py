"""The generators that a student's code may draw from: seeded all at once, and without the stacks that torch notes for each seed."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import torch


def everything(seed: int) -> None:
    """Seed every generator that a student may draw from, so that a verdict and its message come again."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the one that all code shares; it takes 32 bits


def without_stacks() -> None:
    """From now on, in this process, `torch.manual_seed` notes no stack. Nothing else is other than before.

    Until a GPU is first used, torch keeps each seed for it, and for two other kinds of accelerator, together with the text of the
    whole stack, for an error that may come: some 0.3 ms a call, and the checks of a submission seed 150 times.
    """
    for kind in (torch.cuda, torch.xpu, torch.mtia):
        if hasattr(kind, "traceback"):
            setattr(kind, "traceback", SimpleNamespace(format_stack=list))  # noqa: B010 - a module's own import, to the type checker


@contextmanager
def weights_of(seed: int) -> Iterator[None]:
    """Weights of things that we build on the CPU are drawn by this seed; what others draw afterwards is as if nothing had been."""
    before = torch.get_rng_state()
    try:
        torch.default_generator.manual_seed(seed)
        yield
    finally:
        torch.set_rng_state(before)

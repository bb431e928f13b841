"""Who seeds a generator that all share, and who only draws from it."""

import random

import numpy as np
import pytest
import torch

from graders.kit.worker.pictures import reseeded_by

PICTURE = torch.zeros(1, 4, 4)
NATURAL = {
    "nothing": lambda x: x,
    "few": lambda x: x + torch.rand(1) + np.random.random() + random.random(),  # noqa: NPY002 - the shared one, as students use it
    "many": lambda x: x + float(np.random.random(50_000).mean()) + sum(random.random() for _ in range(2_000)),  # noqa: NPY002
    "private": lambda x: (
        x + torch.rand(1, generator=torch.Generator().manual_seed(1)) + np.random.default_rng().random()
    ),
    "put back": lambda x: (kept := torch.get_rng_state(), torch.rand(1), torch.set_rng_state(kept), x)[3],
}
SEEDED = {
    "torch": [lambda x: (torch.seed(), x)[1], lambda x: (torch.manual_seed(3), x)[1]],
    "NumPy": [lambda x: (np.random.seed(), x)[1], lambda x: (np.random.seed(3), x)[1]],  # noqa: NPY002
    "random": [lambda x: (random.seed(), x)[1], lambda x: (random.seed(3), x)[1]],
}


@pytest.mark.parametrize("how", NATURAL)
def test_who_only_draws_seeds_nothing(how):
    for _ in range(3):
        assert reseeded_by(NATURAL[how], PICTURE) == []


@pytest.mark.parametrize("name", SEEDED)
def test_who_seeds_is_named(name):
    for transform in SEEDED[name]:
        assert reseeded_by(transform, PICTURE) == [name]

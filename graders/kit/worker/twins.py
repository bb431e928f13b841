"""A network of ours once more, for less than it costs to build it: what checks give to a student's code is new each time."""

import copy
from collections import OrderedDict
from typing import Any, TypeVar

import torch
from torch import nn

N = TypeVar("N", bound=nn.Module)
PLAIN = frozenset([type(None), bool, int, float, str, tuple, type(len), type(copy.copy), torch.dtype])
EMPTY = frozenset([OrderedDict, dict, list, set])  # most of what a module holds


def twin(model: N) -> N:
    """A network with the same numbers that shares nothing with `model` that could be changed. It may hold no hook.

    To build a BERT of two layers takes 3 ms, `copy.deepcopy` of it 2.5; this takes 0.5.
    """
    known: dict[int, Any] = {}  # of one thing in two places the copies are one thing again

    def module(old: N) -> N:
        made = known[id(old)] = type(old).__new__(type(old))
        new = vars(made)
        for name, value in vars(old).items():
            kind = type(value)
            new[name] = value if kind in PLAIN else kind() if kind in EMPTY and not value else other(value)
        return made

    def other(value: Any) -> Any:
        if type(value) in PLAIN:
            return value
        if id(value) in known:
            return known[id(value)]
        if isinstance(value, nn.Module):
            return module(value)
        if isinstance(value, torch.Tensor):
            made: Any = value.detach().clone()
            if isinstance(value, nn.Parameter):
                made = nn.Parameter(made, value.requires_grad)
        elif isinstance(value, dict):
            made = type(value)((key, other(item)) for key, item in value.items())
        else:
            made = copy.copy(value)
        return known.setdefault(id(value), made)

    return module(model)

"""Evidence about the order in which a loader gives its items."""

import itertools
from collections.abc import Sequence

import torch

from course.checks.expect import expect, expect_equal


def expect_random_orders(epochs: Sequence[Sequence[int]], items: int) -> None:
    """Each epoch holds the items 0, 1, … once, in an order that has nothing to do with that of the data set or of another epoch.

    A fair shuffle keeps about two pairs of neighbours side by side, and 15 once in 10^8 times; a rank correlation over 60 items is
    0 give or take 0.13.
    """
    for epoch in epochs:
        expect_equal(sorted(epoch), list(range(items)), "items of an epoch, sorted")
    whole = list(range(items))
    for a, b in itertools.combinations([whole, *epochs], 2):
        of_the_set = a is whole
        expect(
            a != b,
            "training items come in the order of the data set"
            if of_the_set
            else "training items come in the same order in two epochs",
        )
        kept = len(_neighbours(a) & _neighbours(b))
        # a quarter: 15 of 60, see above; a random start keeps all but one, and what is shuffled by halves half of them
        expect(
            kept < items // 4,
            "in an epoch {kept} of {pairs} neighbours are those of the data set: this is no random order"
            if of_the_set
            else "in two epochs {kept} of {pairs} neighbours are the same: the order is not drawn anew",
            kept=kept,
            pairs=items - 1,
        )
        alike = _rank_correlation(a, b)
        # 0.65: five times the spread of chance; a shuffle within eight neighbours has 0.98, one of each half by itself 0.75
        expect(
            abs(alike) < 0.65,
            "the order of an epoch follows that of the data set (rank correlation {alike:.2f})"
            if of_the_set
            else "the orders of two epochs are alike (rank correlation {alike:.2f})",
            alike=alike,
        )


def _neighbours(order: Sequence[int]) -> set[frozenset[int]]:
    return {frozenset(pair) for pair in itertools.pairwise(order)}


def _rank_correlation(a: Sequence[int], b: Sequence[int]) -> float:
    places = torch.tensor([a, b]).argsort(1).double()
    return float(torch.corrcoef(places)[0, 1])

"""Experiments of project 03."""

from torch import nn

from course.tries.bench import Bench
from course.tries.changes import blind_to_neighbours, then, without
from course.tries.experiment import Experiment, Outcome

UNSEEN = "What share of the signs of unseen signers will it read after twelve epochs?"


def point(bench: Bench, value: float) -> Outcome:
    """Kernels of 1 x 1."""
    ran = bench.train(build_model=then(blind_to_neighbours))
    return Outcome(ran.valid, {"training signs": f"{ran.train:.2f}"})


def raw(bench: Bench, value: float) -> Outcome:
    """No batch normalisation."""
    ran = bench.train(build_model=then(without(nn.BatchNorm2d, "batch normalisation")))
    return Outcome(ran.valid, {"training signs": f"{ran.train:.2f}"})


EXPERIMENTS = (
    Experiment(
        "point",
        "Only the middle weight of each kernel is kept: 1 × 1 instead of 3 × 3.",
        UNSEEN,
        point,
        "A kernel that cannot compare neighbours finds no edges, so the network reads no more than the dense one of project 02.",
        usual="valid_accuracy",
    ),
    Experiment(
        "raw",
        "Batch normalisation is taken out of your network.",
        UNSEEN,
        raw,
        "It still learns its training signs; batch normalisation mostly helps on hands that it has not met.",
        usual="valid_accuracy",
    ),
)

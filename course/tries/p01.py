"""Experiments of project 01."""

from course.tries.bench import Bench
from course.tries.changes import NON_LINEAR, then, without
from course.tries.experiment import Experiment, Outcome


def rate(bench: Bench, value: float) -> Outcome:
    """Train at another learning rate."""
    ran = bench.train("--lr", f"{value:g}")
    return Outcome(ran.valid, {"training loss at the end": f"{ran.stages[0].train_loss[-1]:.3f}"})


def batch(bench: Bench, value: float) -> Outcome:
    """Train in batches of another size."""
    ran = bench.train("--batch-size", f"{value:.0f}")
    return Outcome(ran.valid, {"training accuracy": f"{ran.train:.2f}"})


def straight(bench: Bench, value: float) -> Outcome:
    """Train without a non-linearity."""
    ran = bench.train(build_model=then(without(NON_LINEAR, "non-linearity")))
    return Outcome(ran.valid, {"training accuracy": f"{ran.train:.2f}"})


UNSEEN = "What share of the digits of unseen writers will it read after five epochs?"
EXPERIMENTS = (
    Experiment(
        "rate",
        "Your network is trained at a learning rate of {value}; usually it is 0.001.",
        UNSEEN,
        rate,
        "At 0.1 the first steps throw the weights so far that all ten digits get about the same probability: the loss is -log 0.1 "
        "= 2.303, that of a guess.",
        value=0.1,
        least=1e-6,
        usual="valid_accuracy",
    ),
    Experiment(
        "batch",
        "Your network is trained in batches of {value} pictures; usually they hold 32.",
        UNSEEN,
        batch,
        "Batches of 1,000 make 10 steps an epoch instead of 313: fifty steps get a network surprisingly far, but not to the end.",
        value=1000,
        least=1,
        whole=True,
        usual="valid_accuracy",
    ),
    Experiment(
        "straight",
        "The non-linearities are taken out of your network: linear layers follow one another.",
        UNSEEN,
        straight,
        "Linear layers in a row are one linear layer, however many there are, so it ends near the linear model.",
        usual="valid_accuracy",
    ),
)

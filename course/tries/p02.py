"""Experiments of project 02."""

from typing import Any

import torch

from course.tries.bench import Bench
from course.tries.changes import narrowed, then
from course.tries.experiment import Experiment, Outcome


def hidden(bench: Bench, value: float) -> Outcome:
    """Train with narrower or wider hidden layers."""
    ran = bench.train(build_model=then(narrowed(int(value))))
    return Outcome(ran.valid, {"training signs": f"{ran.train:.2f}", "the gap": f"{ran.train - ran.valid:.2f}"})


def shuffle(bench: Bench, value: float) -> Outcome:
    """The same permutation of the pixels in every picture."""
    order = torch.randperm(784, generator=torch.Generator().manual_seed(0))

    def shuffled(signs: Any) -> Any:
        class Shuffled(signs):  # type: ignore[misc]
            def __getitem__(self, index: int) -> Any:
                image, label = super().__getitem__(index)
                return image[order], label

        return Shuffled

    ran = bench.train(SignDataset=shuffled)
    return Outcome(ran.valid, {"training signs": f"{ran.train:.2f}"})


def random(bench: Bench, value: float) -> Outcome:
    """A label drawn at random for each training picture."""

    def drawn(signs: Any) -> Any:
        class Drawn(signs):  # type: ignore[misc]
            def __init__(self, csv: Any) -> None:
                super().__init__(csv)
                self.drawn = torch.randint(24, (len(self),), generator=torch.Generator().manual_seed(1))
                self.is_train = "train" in str(csv)

            def __getitem__(self, index: int) -> Any:
                image, label = super().__getitem__(index)
                return image, self.drawn[index] if self.is_train else label

        return Drawn

    ran = bench.train(SignDataset=drawn)
    return Outcome(ran.train, {"unseen signers": f"{ran.valid:.2f}"})


EXPERIMENTS = (
    Experiment(
        "hidden",
        "Each hidden layer of your network gets {value} units.",
        "What share of the signs of unseen signers will it read?",
        hidden,
        "A small network knows less of everything: the gap closes from above, because it reads fewer of its own training signs.",
        value=16,
        least=1,
        whole=True,
        usual="valid_accuracy",
    ),
    Experiment(
        "shuffle",
        "The 784 pixels of every picture are shuffled, all in the same way. To you they are noise now.",
        "What share of the signs of unseen signers will it read?",
        shuffle,
        "To a dense layer the order of its inputs is arbitrary, so it learns from noise about as well as from hands.",
        usual="valid_accuracy",
    ),
    Experiment(
        "random",
        "Every training picture gets a label that is drawn at random.",
        "What share of these labels will it have learned after twenty epochs?",
        random,
        "There is nothing to understand, only to memorise, and ten near-copies of one shot have ten different answers here: after "
        "twenty epochs it has hardly begun.",
        usual="train_accuracy",
    ),
)

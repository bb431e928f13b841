"""Experiments of project 05b: the head alone, on a frozen backbone."""

from collections.abc import Sequence
from typing import Any
from unittest import mock

from course.models import zoo
from course.tries.bench import Bench, Ran, no_fine_tuning
from course.tries.experiment import Experiment, Outcome

UNSEEN = "What share of the validation photos will the head get right? (Two of three do not show the dog.)"


def random(bench: Bench, value: float) -> Outcome:
    """A backbone with random weights, frozen."""
    load = zoo.load_backbone
    with mock.patch.object(zoo, "load_backbone", lambda name: load(name, None)):
        ran = bench.train(fine_tune=no_fine_tuning)
    return _outcome(ran)


def photos(bench: Bench, value: float) -> Outcome:
    """Fewer training photos of the dog."""

    def fewer(classes: Sequence[int]) -> list[int]:
        residents = [place for place, label in enumerate(classes) if label == 0]  # "bo" comes before "not_bo"
        return [place for place, label in enumerate(classes) if label != 0 or place in residents[: int(value)]]

    return _outcome(bench.train(fewer=fewer, fine_tune=no_fine_tuning))


def _outcome(ran: Ran) -> Outcome:
    best: Any = max(ran.stages[0].valid_accuracy)
    return Outcome(ran.valid, {"training photos": f"{ran.train:.2f}", "best epoch": f"{best:.2f}"})


EXPERIMENTS = (
    Experiment(
        "random",
        "The backbone has random weights; it is frozen all the same, and only the head is trained.",
        UNSEEN,
        random,
        "A network without knowledge gives features without meaning. The head may learn its training photos from them, but on new "
        "ones it does hardly better than saying no to everybody.",
    ),
    Experiment(
        "photos",
        "Only {value} of the training photos of the dog are used, with all those of others.",
        UNSEEN,
        photos,
        "The features are ready, and the head has few weights, so it needs fewer photos than you would think; but rare sights are "
        "missed, and the answer leans towards no.",
        value=5,
        least=1,
        whole=True,
    ),
)

"""Experiments of project 05a: the dog of project 05b comes to the door."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from course.datasets.photos import SUFFIXES, open_rgb
from course.datasets.store import ensure
from course.models.kinds import dogs
from course.tries.bench import Bench
from course.tries.experiment import Experiment, Outcome


def visitors() -> list[tuple[Any, Image.Image]]:
    """The embedded photos of the one dog."""
    folder = ensure("presidential", quiet=True)
    files = sorted(file for file in folder.rglob("bo/*") if file.suffix.lower() in SUFFIXES)
    return [(file, open_rgb(file)) for file in files]


def at_the_door(bench: Bench, change: Callable[[Image.Image], Image.Image], threshold: float) -> float:
    """The share of the dog's photos whose probability of a dog, over all breeds, is above the threshold."""
    model, weights = bench.load_pretrained()
    names, let_in = weights.meta["categories"], 0
    breeds = {names[index] for index in dogs(weights)}
    seen = visitors()
    for _, photo in seen:
        found = bench.classify(model, weights, change(photo), len(names))
        let_in += sum(share for name, share in found if name in breeds) > threshold
    return let_in / len(seen)


def threshold(bench: Bench, value: float) -> Outcome:
    """A stricter or a laxer door."""
    usual = at_the_door(bench, lambda photo: photo, 0.5)
    return Outcome(at_the_door(bench, lambda photo: photo, value), {"at 0.5": f"{usual:.2f}"})


def turned_round(bench: Bench, value: float) -> Outcome:
    """Every photo turned by 180 degrees."""
    usual = at_the_door(bench, lambda photo: photo, 0.5)
    return Outcome(at_the_door(bench, lambda photo: photo.rotate(180), 0.5), {"the right way up": f"{usual:.2f}"})


EXPERIMENTS = (
    Experiment(
        "threshold",
        "The door opens if the probability of a dog, over all breeds, is above {value}; usually 0.5.",
        "At what share of one dog's photos will it open?",
        threshold,
        "The network hesitates: for most of these photos the breeds together get more than half of the probability, but not nine "
        "tenths. A door that wants to be sure keeps its own dog outside.",
        value=0.9,
    ),
    Experiment(
        "upside-down",
        "Every photo is turned upside down before the network sees it.",
        "At what share of one dog's photos will the door open?",
        turned_round,
        "The door opens more often than before. Right way up, some photos pass for a tuxedo cat, black with a white chest; upside "
        "down the white is in the wrong place for that cat, while fur and colour, which have no up and down, still say dog.",
    ),
)

"""Pictures made by formulas: a small renderer, and a catalogue of things it can show.

    from course.pictures import catalogue
    picture = catalogue()["dog: terrier"](numpy.random.default_rng(7), 96)      # uint8 (96, 96, 3)

No photograph goes in, only numpy and PIL. The core (noise, solids, light, canvas, camera) also lights the hands of
`course.datasets.hands` and the abstract pictures of the pre-training, which is not here: it is an author's.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

Render = Callable[[np.random.Generator, int], np.ndarray]


def animals() -> dict[str, Render]:
    """Breeds of dogs and cats, and bears: "dog: …", "cat: …", "bear: …" -> render(rng, size)."""
    from course.pictures.breeds import ANIMALS

    return {f"{kind}: {name}": partial(_animal, kind, name) for kind, names in ANIMALS.items() for name in names}


def catalogue() -> dict[str, Render]:
    """Every category that the embedded data show: name -> render(rng, size), which returns a photo, uint8 (size, size, 3).

    The animals, the things at the door by their plain name, and "fresh apple" to "rotten orange". Sizes are of 32 px and more.
    Calls with equal generators give equal pictures. Rendering one of 96 px takes about 10 ms on one core.
    """
    from course.pictures.fruit import KINDS
    from course.pictures.things import THINGS

    fruit = {
        f"{state} {kind}": partial(_fruit, kind, state == "rotten") for kind in KINDS for state in ("fresh", "rotten")
    }
    return animals() | THINGS | fruit


def _animal(kind: str, name: str, rng: np.random.Generator, size: int) -> np.ndarray:
    from course.pictures.breeds import animal_scene, individual

    return animal_scene(rng, size, individual(rng, kind, name))


def _fruit(kind: str, rotten: bool, rng: np.random.Generator, size: int) -> np.ndarray:
    from course.pictures.scenes import fruit_scene

    return fruit_scene(rng, size, kind, rotten)

"""Pictures made by formulas: a small renderer, and a catalogue of things it can show.

    from course.pictures import catalogue
    picture = catalogue()["dog: terrier"](numpy.random.default_rng(7), 96)      # uint8 (96, 96, 3)

No photograph goes in, only numpy and PIL. `catalogue` names every category; `FRUIT_PHOTOS` are those that draw exactly the
downstream task of project 07 (same classes, same scenes), so that whoever trains on the catalogue can leave them out.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

Render = Callable[[np.random.Generator, int], np.ndarray]

FRUIT_PHOTOS = frozenset(f"{state} {kind}" for state in ("fresh", "rotten") for kind in ("apple", "banana", "orange"))


def _animal(kind: str, name: str, rng: np.random.Generator, size: int) -> np.ndarray:
    from course.pictures.breeds import animal_scene, individual

    return animal_scene(rng, size, individual(rng, kind, name))


def _fruit(kind: str, rotten: bool, rng: np.random.Generator, size: int) -> np.ndarray:
    from course.pictures.scenes import fruit_scene

    return fruit_scene(rng, size, kind, rotten)


def catalogue() -> dict[str, Render]:
    """Every category: name -> render(rng, size), which returns a photo, uint8 (size, size, 3), of 32 px and more.

    Names are "dog: …", "cat: …", "bear: …", "texture: …", things by their plain name, and those of `FRUIT_PHOTOS`. Calls with
    equal generators give equal pictures. Rendering one of 96 px takes about 10 ms on one core.
    """
    from course.pictures.breeds import BEARS, CATS, DOGS
    from course.pictures.textures import TEXTURES, photo_of
    from course.pictures.things import THINGS

    out: dict[str, Render] = {}
    for kind, names in (("dog", DOGS), ("cat", CATS), ("bear", BEARS)):
        out |= {f"{kind}: {name}": partial(_animal, kind, name) for name in names}
    out |= {f"texture: {name}": photo_of(maker) for name, maker in TEXTURES.items()}
    out |= THINGS
    for kind in ("apple", "banana", "orange"):
        out |= {f"fresh {kind}": partial(_fruit, kind, False), f"rotten {kind}": partial(_fruit, kind, True)}
    return out

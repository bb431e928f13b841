"""Every category of rendered things that the pocket network is asked for: the animals, textures, and things of the pre-training.

It adds to `course.pictures.catalogue`, which holds what the course's own data need, what no student's copy draws: textures that
fill the picture, and two dozen more things. The order is part of the recipe: a picture's number draws its category by place.
"""

from functools import partial

from course.authoring.pretraining import household, outdoors, round_things
from course.authoring.pretraining.textures import TEXTURES, photo_of
from course.pictures import Render, animals, things
from course.pictures.things import Draw, scene

INDOORS: dict[str, Draw] = {
    "cup": round_things.cup,
    "bottle": round_things.bottle,
    "vase": round_things.vase,
    "lamp": things.lamp,
    "candle": round_things.candle,
    "pear": round_things.pear,
    "tomato": round_things.tomato,
    **{k: partial(things.ball, k) for k in ("football", "basketball", "tennis ball", "beach ball", "globe")},
    "book": household.book,
    "gift": things.gift,
    "die": household.die,
    "clock": household.clock,
    "key": household.key,
    "spoon or fork": household.spoon,
    "chair": things.chair,
    "shoe": things.shoe,
    "star": household.star_shape,
    "heart": household.heart,
    "burger": round_things.cake,
    "chest of drawers": household.cabinet,
    "fish": outdoors.fish,
}
OUTSIDE: dict[str, Draw] = {
    "mushroom": round_things.mushroom,
    "pumpkin": round_things.pumpkin,
    "tree": outdoors.tree,
    "flower": things.flower,
    "leaf": outdoors.leaf_blade,
    "house": outdoors.house,
    "car": things.car,
    "snowman": outdoors.snowman,
    "umbrella": things.umbrella,
}
SKY: dict[str, Draw] = {"bird": things.bird, "butterfly": outdoors.butterfly, "sailing boat": outdoors.boat}


def catalogue() -> dict[str, Render]:
    """name -> render(rng, size), as in `course.pictures.catalogue`; names of textures are "texture: …"."""
    out = animals() | {f"texture: {name}": photo_of(maker) for name, maker in TEXTURES.items()}
    for where, draws in (("room", INDOORS), ("outside", OUTSIDE), ("sky", SKY)):
        out |= {name: partial(scene, draw, where) for name, draw in draws.items()}
    return out

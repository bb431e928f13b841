"""Things: some forty categories of objects, each drawn on a background by a function of a few lines.

`THINGS` maps a name to render(rng, size). The functions are in round_things, household, outdoors and living; each gets a
canvas that already has its background, a generator, and a place (x, y) and size s in units, and draws one thing. They are
simple on purpose: a network that is to learn what an outline, a highlight or a handle is does not need more.
"""

from collections.abc import Callable
from functools import partial

from course.pictures import backgrounds, household, living, outdoors, round_things
from course.pictures.camera import Camera
from course.pictures.canvas import Canvas
from course.pictures.light import Light
from course.pictures.noise import Array, Rng
from course.pictures.solids import Grid

Draw = Callable[[Canvas, Rng, float, float, float], None]

INDOORS: dict[str, Draw] = {
    "cup": round_things.cup,
    "bottle": round_things.bottle,
    "vase": round_things.vase,
    "lamp": round_things.lamp,
    "candle": round_things.candle,
    "pear": round_things.pear,
    "tomato": round_things.tomato,
    **{k: partial(round_things.ball, k) for k in ("football", "basketball", "tennis ball", "beach ball", "globe")},
    "book": household.book,
    "gift": household.gift,
    "die": household.die,
    "clock": household.clock,
    "key": household.key,
    "spoon or fork": household.spoon,
    "chair": household.chair,
    "shoe": household.shoe,
    "star": household.star_shape,
    "heart": household.heart,
    "burger": household.cake,
    "chest of drawers": household.cabinet,
    "fish": living.fish,
}
OUTSIDE: dict[str, Draw] = {
    "mushroom": round_things.mushroom,
    "pumpkin": round_things.pumpkin,
    "tree": living.tree,
    "flower": living.flower,
    "leaf": living.leaf_blade,
    "house": outdoors.house,
    "car": outdoors.car,
    "snowman": outdoors.snowman,
    "umbrella": outdoors.umbrella,
}
SKY: dict[str, Draw] = {"bird": living.bird, "butterfly": living.butterfly, "sailing boat": outdoors.boat}


def _scene(draw: Draw, place: str, rng: Rng, size: int) -> Array:
    light, grid = Light.random(rng), Grid(size)
    if place == "outside":
        ground = backgrounds.lawn(rng, grid)
    elif place == "sky":
        ground = backgrounds.sky(rng, grid) if rng.random() < 0.6 else backgrounds.foliage(rng, grid)
    else:
        ground = backgrounds.any_background(rng, grid, white=0.2)
    canvas = Canvas(size, light, ground, rng.uniform(0.7, 1.1))
    s = rng.uniform(0.55, 0.88)
    draw(canvas, rng, rng.normal(0, 0.1), rng.normal(0, 0.07), s)
    return Camera.random(rng).develop(canvas.rgb, rng)


THINGS: dict[str, Callable[[Rng, int], Array]] = {
    name: partial(_scene, draw, place)
    for place, draws in (("room", INDOORS), ("outside", OUTSIDE), ("sky", SKY))
    for name, draw in draws.items()
}

# ruff: noqa: E501 (one animal a line: as a table they can be compared)
"""The animals: breeds of dog, kinds of cat, bears, and one particular dog. Each is a `Traits`; `portrait` takes its photo."""

from dataclasses import replace
from typing import Any

import numpy as np

from course.pictures import backgrounds
from course.pictures.camera import Camera
from course.pictures.canvas import Canvas
from course.pictures.coats import BLACK, CHOCOLATE, CREAM, FAWN, GINGER, GOLD, GREY, TAN, WHITE, Coat
from course.pictures.creature import paint_animal
from course.pictures.light import Light
from course.pictures.noise import Array, Rng
from course.pictures.skeleton import Traits
from course.pictures.solids import Grid

DOGS: dict[str, Traits] = {
    "terrier": Traits(Coat(WHITE, shaggy=0.7), length=0.85, legs=0.38, chest=0.28, waist=0.25, head=0.27, muzzle=(0.46, 0.40, 0.75), ears="pointed", ear=(0.30, 0.55), tail="up", tail_long=0.4, tail_thick=0.07),
    "labrador": Traits(Coat(GOLD, shaggy=0.1), chest=0.29, waist=0.25, ears="floppy", ear=(0.36, 0.75), muzzle=(0.50, 0.44, 1.0), tail="up"),
    "shepherd": Traits(Coat(TAN, BLACK, shaggy=0.3, marks=("saddle", "mask"), regions={"ear": (0.25, 0.17, 0.12)}), length=1.15, muzzle=(0.42, 0.40, 1.15), ears="pointed", ear=(0.34, 0.95), tail="down", tail_thick=0.09),
    "dalmatian": Traits(Coat(WHITE, BLACK, shaggy=0.0, marks=("spots",), regions={"ear": BLACK}), legs=0.60, waist=0.18, ears="floppy", ear=(0.33, 0.85), tail_thick=0.04),
    "collie": Traits(Coat(BLACK, WHITE, shaggy=0.6, marks=("blaze", "socks", "collar"), regions={"bib": WHITE, "paw": WHITE, "neck": WHITE}), ears="folded", ear=(0.32, 0.75), muzzle=(0.38, 0.38, 1.15), tail="down", tail_thick=0.10),
    "poodle": Traits(Coat(CREAM, shaggy=0.5, curly=1.0), length=0.85, legs=0.60, chest=0.25, waist=0.19, ears="floppy", ear=(0.46, 1.05), muzzle=(0.34, 0.32, 1.15), skull=(0.95, 1.1, 1.0), tail="up", tail_long=0.45, tail_thick=0.10),
    "beagle": Traits(Coat(WHITE, BLACK, TAN, shaggy=0.05, marks=("saddle", "white blaze"), regions={"skull": TAN, "cheek": TAN, "ear": (0.45, 0.27, 0.14), "hindleg": TAN, "rump": TAN}), legs=0.42, ears="floppy", ear=(0.44, 1.25), muzzle=(0.46, 0.44, 0.95)),
    "husky": Traits(Coat(GREY, WHITE, shaggy=0.5, marks=("wolf", "pale belly"), regions={"bib": WHITE, "foreleg": WHITE, "paw": WHITE, "muzzle": WHITE}), ears="pointed", ear=(0.32, 0.75), eye_colour=(0.45, 0.65, 0.85), tail="curled", tail_long=0.85, tail_thick=0.12, muzzle=(0.42, 0.40, 0.95)),
    "dachshund": Traits(Coat(CHOCOLATE, third=TAN, shaggy=0.05, marks=("points",)), length=1.55, legs=0.20, chest=0.26, waist=0.22, leg=0.075, head=0.24, ears="floppy", ear=(0.40, 1.1), muzzle=(0.34, 0.34, 1.4), tail="up", tail_long=0.6, tail_thick=0.04),
    "pug": Traits(Coat(FAWN, (0.12, 0.09, 0.08), shaggy=0.05, marks=("mask",), regions={"ear": (0.13, 0.10, 0.09), "muzzle": (0.15, 0.11, 0.10), "jaw": (0.15, 0.11, 0.10)}), length=0.85, legs=0.36, chest=0.31, waist=0.27, head=0.31, skull=(1.0, 0.9, 0.95), muzzle=(0.52, 0.44, 0.38), eye=0.20, eyes_apart=0.5, ears="folded", ear=(0.30, 0.5), tail="curled", tail_long=0.5, tail_thick=0.06),
    "bulldog": Traits(Coat(WHITE, (0.62, 0.42, 0.26), shaggy=0.0, marks=("patches",)), length=0.95, legs=0.32, chest=0.36, waist=0.26, leg=0.11, head=0.33, skull=(1.05, 0.88, 0.9), muzzle=(0.66, 0.48, 0.50), jowl=0.42, ears="folded", ear=(0.28, 0.5), tail="stub", neck=0.22, neck_thick=0.24),
    "rottweiler": Traits(Coat(BLACK, third=(0.58, 0.34, 0.14), shaggy=0.05, marks=("points",)), chest=0.33, waist=0.28, leg=0.10, head=0.27, skull=(1.0, 0.9, 1.0), muzzle=(0.54, 0.46, 0.85), jowl=0.25, ears="floppy", ear=(0.32, 0.6), tail="stub"),
    "greyhound": Traits(Coat((0.55, 0.53, 0.55), shaggy=0.0), length=1.2, legs=0.66, chest=0.25, waist=0.13, leg=0.06, neck=0.45, neck_thick=0.11, head=0.19, skull=(0.78, 0.8, 1.05), muzzle=(0.32, 0.32, 1.4), ears="folded", ear=(0.22, 0.6), tail="down", tail_thick=0.03, tail_long=0.85),
    "water dog": Traits(Coat(CHOCOLATE, WHITE, shaggy=0.5, curly=0.9), length=1.0, legs=0.50, chest=0.29, waist=0.25, leg=0.10, ears="floppy", ear=(0.48, 1.0), muzzle=(0.50, 0.45, 0.85), tail="up", tail_thick=0.09),
}  # fmt: skip

_CAT: dict[str, Any] = {
    "length": 1.15, "legs": 0.42, "chest": 0.24, "waist": 0.24, "leg": 0.075, "neck": 0.24, "neck_thick": 0.15, "head": 0.27, "skull": (1.0, 0.88, 0.88),
    "muzzle": (0.36, 0.27, 0.42), "nose": 0.10, "nose_colour": (0.62, 0.36, 0.34), "ears": "pointed", "ear": (0.40, 0.72), "eye": 0.21, "eyes_apart": 0.44,
    "slit": True, "tail": "up", "tail_long": 0.95, "tail_thick": 0.05, "tongue": 0.0, "whiskers": True,
}  # fmt: skip
CATS: dict[str, Traits] = {
    "tabby": Traits(Coat((0.52, 0.45, 0.36), (0.17, 0.14, 0.12), shaggy=0.15, marks=("tabby",)), **{**_CAT, "eye_colour": (0.55, 0.62, 0.22)}),
    "black": Traits(Coat(BLACK, shaggy=0.1), **{**_CAT, "eye_colour": (0.80, 0.68, 0.15), "nose_colour": (0.1, 0.08, 0.08)}),
    "siamese": Traits(Coat(CREAM, (0.22, 0.16, 0.13), shaggy=0.05, marks=("siamese",), regions=dict.fromkeys(("ear", "inner", "tail", "paw", "foreleg", "hindleg", "muzzle"), (0.24, 0.17, 0.14))), **{**_CAT, "eye_colour": (0.30, 0.55, 0.85), "skull": (0.92, 0.9, 0.9)}),
    "ginger": Traits(Coat(GINGER, (0.60, 0.30, 0.10), shaggy=0.2, marks=("tabby",), regions={"bib": CREAM}), **{**_CAT, "eye_colour": (0.70, 0.58, 0.18)}),
    "calico": Traits(Coat(WHITE, GINGER, (0.10, 0.08, 0.08), shaggy=0.2, marks=("patches", "more patches")), **{**_CAT, "eye_colour": (0.50, 0.65, 0.28)}),
    "grey": Traits(Coat((0.40, 0.42, 0.46), shaggy=0.25), **{**_CAT, "eye_colour": (0.78, 0.55, 0.14), "skull": (1.08, 0.9, 0.9)}),
    "tuxedo": Traits(Coat(BLACK, WHITE, shaggy=0.2, marks=("tuxedo", "socks"), regions={"bib": WHITE, "paw": WHITE}), **{**_CAT, "eye_colour": (0.55, 0.70, 0.30)}),
}  # fmt: skip

_BEAR: dict[str, Any] = {
    "length": 1.35, "legs": 0.40, "chest": 0.42, "waist": 0.43, "leg": 0.15, "neck": 0.30, "neck_thick": 0.28, "head": 0.30, "skull": (1.0, 0.92, 0.95),
    "muzzle": (0.46, 0.40, 0.72), "nose": 0.19, "ears": "round", "ear": (0.30, 0.3), "eye": 0.095, "eyes_apart": 0.40, "tail": "stub", "tongue": 0.05,
}  # fmt: skip
BEARS: dict[str, Traits] = {
    "brown": Traits(Coat((0.38, 0.24, 0.13), shaggy=0.6, regions={"muzzle": (0.50, 0.35, 0.22)}, marks=("grizzle",)), **_BEAR),
    "black": Traits(Coat((0.075, 0.07, 0.075), shaggy=0.45, regions={"muzzle": (0.45, 0.32, 0.20), "jaw": (0.35, 0.25, 0.17)}), **_BEAR),
    "polar": Traits(Coat((0.92, 0.89, 0.80), shaggy=0.45), **{**_BEAR, "neck": 0.42, "skull": (0.88, 0.85, 1.0), "muzzle": (0.42, 0.38, 0.95), "ear": (0.22, 0.2)}),
    "panda": Traits(Coat(WHITE, BLACK, shaggy=0.4, marks=("panda",), regions=dict.fromkeys(("ear", "inner", "foreleg", "hindleg", "paw", "chest", "bib"), BLACK)), **{**_BEAR, "length": 1.15, "ear": (0.32, 0.3), "skull": (1.12, 1.0, 0.95), "muzzle": (0.44, 0.36, 0.5)}),
}  # fmt: skip

# The resident of the door: a curly black dog with a white bib, white front paws and a tuft of white on the chin.
RESIDENT = Traits(
    Coat((0.055, 0.05, 0.055), WHITE, shaggy=0.5, curly=0.9, regions={"bib": (0.96, 0.95, 0.92), "paw": (0.96, 0.95, 0.92), "jaw": (0.82, 0.80, 0.76)}),
    length=1.0, legs=0.52, chest=0.30, waist=0.26, leg=0.105, neck=0.36, neck_thick=0.19, head=0.26, skull=(1.02, 1.05, 1.0),
    muzzle=(0.50, 0.46, 0.85), ears="floppy", ear=(0.50, 0.95), eye=0.12, tail="up", tail_long=0.6, tail_thick=0.10, tongue=0.5,
)  # fmt: skip

ANIMALS = {"dog": DOGS, "cat": CATS, "bear": BEARS}

OTHER_LOOKS: dict[str, tuple[Coat, ...]] = {
    "labrador": (Coat(BLACK, shaggy=0.1), Coat(CHOCOLATE, shaggy=0.1)),
    "terrier": (Coat(TAN, shaggy=0.75), Coat(GREY, shaggy=0.7), Coat((0.62, 0.42, 0.24), shaggy=0.7)),
    "poodle": (Coat(WHITE, shaggy=0.5, curly=1.0), Coat((0.52, 0.32, 0.20), shaggy=0.5, curly=1.0), Coat(GREY, shaggy=0.5, curly=1.0), Coat(BLACK, shaggy=0.5, curly=1.0)),
    "greyhound": (Coat(FAWN, shaggy=0.0), Coat(WHITE, TAN, shaggy=0.0, marks=("patches",)), Coat(BLACK, shaggy=0.0)),
    "collie": (Coat((0.60, 0.36, 0.18), WHITE, shaggy=0.7, marks=("blaze", "socks", "collar"), regions={"bib": WHITE, "paw": WHITE}),),
    "dachshund": (Coat(BLACK, third=TAN, shaggy=0.05, marks=("points",)), Coat((0.52, 0.28, 0.14), shaggy=0.05)),
    "water dog": (Coat(CREAM, shaggy=0.5, curly=0.9), Coat(WHITE, CHOCOLATE, shaggy=0.5, curly=0.9, marks=("patches",))),
}  # fmt: skip


def individual(rng: Rng, kind: str, name: str) -> Traits:
    """An animal of `kind` ("dog", "cat", "bear") and breed, unlike the last one."""
    base = ANIMALS[kind][name]
    looks = OTHER_LOOKS.get(name, ()) if kind == "dog" else ()
    pick = int(rng.integers(len(looks) + 1))
    if pick:
        base = replace(base, coat=looks[pick - 1])
    return base.vary(rng)


def animal_scene(rng: Rng, size: int, traits: Traits, outdoors: float = 0.6, wild: float = 1.0) -> Array:
    """A photo (size, size, 3) uint8 of one animal: a portrait, or the whole animal standing, sitting or lying."""
    light, grid = Light.random(rng), Grid(size)
    outside = rng.random() < outdoors
    ground = backgrounds.lawn(rng, grid) if outside else backgrounds.any_background(rng, grid, white=0.1)
    canvas = Canvas(size, light, ground, rng.uniform(0.6, 1.1))
    pose = str(rng.choice(["head", "stand", "sit", "lie"], p=[0.4, 0.27, 0.21, 0.12]))
    if pose == "head":
        wide = rng.uniform(0.65, 1.05)
        x, y = rng.normal(0, 0.08), rng.normal(0.08, 0.08)
        yaw = rng.normal(0, 0.55)
        look = yaw + rng.normal(0, 0.2)
    else:
        wide = rng.uniform(0.72, 1.0)
        x, y = rng.normal(0, 0.08), rng.normal(-0.05, 0.05)
        yaw = rng.uniform(-1.9, 1.9) if pose != "sit" else rng.normal(0, 0.8)
        look = float(np.clip(yaw * rng.uniform(0.2, 1.0), -1.4, 1.4))
    paint_animal(canvas, rng, traits, pose, yaw, look, (x - wide, x + wide, y - wide, y + wide))
    return Camera.random(rng, wild).develop(canvas.rgb, rng)

"""Contact sheets of what the generators draw, for people to look at: docs/pictures/fruit.png, door.png and catalogue.png.

python -m benchmarks.photo_sheets docs/pictures
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from course.authoring.pretraining.catalogue import catalogue
from course.datasets import door, fruit

SIDE = 96


def sheet(pictures: list[Image.Image], columns: int) -> Image.Image:
    """Pictures in rows of `columns`, each SIDE pixels wide, in 256 colours (a third of the file, and hardly to be seen)."""
    rows = -(-len(pictures) // columns)
    out = Image.new("RGB", (columns * SIDE, rows * SIDE), "white")
    for k, picture in enumerate(pictures):
        small = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        out.paste(small, (k % columns * SIDE, k // columns * SIDE))
    return out.quantize(256, dither=Image.Dither.FLOYDSTEINBERG)


def main(folder: Path) -> None:
    """Write the three sheets into `folder`."""
    sheet([fruit.photo(label, k) for label in fruit.CLASSES for k in range(10)], 10).save(folder / "fruit.png")
    visitors = [door.photo("bo", k) for k in range(10)] + [door.photo("not_bo", k) for k in range(30)]
    sheet(visitors, 10).save(folder / "door.png")
    renders = catalogue()
    drawn = [
        render(np.random.default_rng([1, c, k]), SIDE) for c, render in enumerate(renders.values()) for k in range(2)
    ]
    sheet([Image.fromarray(d) for d in drawn], 16).save(folder / "catalogue.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))

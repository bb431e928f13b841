"""The public face of the rendered hands: arrays of signs, single photographs, and the files of the data set.

No caching, locking or atomic rename: `write` fills a folder that its caller owns.
"""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from course.datasets.hands.poses import LETTERS
from course.datasets.hands.scenes import SIGN, photograph, sign
from course.datasets.hands.signers import BRIGHT_WALL, SIGNERS, place, shot
from course.datasets.signs import COLUMNS, csv_rows
from course.pictures.camera import jpeg
from course.pictures.press import press

VERSION = "6"  # of the bytes: any change of what is drawn changes it
SEED = 20  # of the data set that the course ships
ROWS = {"train": 2400, "valid": 960}
CHUNK = 60  # signs a task: half a second of work, so that the progress bar moves
PHOTO_SIGNER = 1_000_000  # photographs are of hidden signers that `signs` never comes to


def signs(count: int, seed: int, split: str) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` signs of a split.

    Item k depends on (seed, split, k) alone, and every 24 items hold each letter once.

    Args:
        count: how many.
        seed: 0 or more; signers of different seeds are different people.
        split: train, valid or hidden; their signers are disjoint, and hidden ones never run out.

    Returns:
        Images (count, 28, 28) uint8, and labels (count,) uint8 as Kaggle numbers them: a is 0, y is 24, and 9 (j) is
        never used.

    Raises:
        ValueError: `split` is none of the three.
    """
    place(split, 0)
    return _block(seed, split, 0, count)


def mixed_signs(signers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One shot of each letter by each of so many hidden signers, who stand before such walls as those of the files do.

    A hand before a bright wall is much harder to read than one before a dark wall, so an exam is only as hard as the validation
    file if it has as many of both: two of ten are bright there, and every fourth of the hidden signers is. The signers are those
    of `signs(..., seed, "hidden")`, some left out.

    Args:
        signers: how many.
        seed: 0 or more, as for `signs`.

    Returns:
        Images (24 * signers, 28, 28) uint8, and labels (24 * signers,) uint8 as Kaggle numbers them. Signer k holds 24 pictures
        in a row, each letter once.
    """
    bright, dark = filter(_is_bright, itertools.count()), itertools.filterfalse(_is_bright, itertools.count())
    people = [next(bright if _is_bright(k % SIGNERS["valid"]) else dark) for k in range(signers)]
    images = np.zeros((signers * len(LETTERS), SIGN, SIGN), np.uint8)
    for k, (signer, letter) in enumerate(itertools.product(people, LETTERS)):
        images[k] = sign(shot(letter, seed, "hidden", signer, 0))
    return images, np.tile(np.array([ord(letter) - ord("a") for letter in LETTERS], np.uint8), signers)


def _is_bright(signer: int) -> bool:
    return signer % BRIGHT_WALL == BRIGHT_WALL - 1


def photo(letter: str, seed: int, split: str) -> Image.Image:
    """A colour photograph, RGB of 360 x 270 pixels, of `letter` signed by somebody whom `signs` never shows.

    Each letter of a seed is signed by another person in another room. The hand is in the central square.

    Raises:
        ValueError: `letter` is not one of LETTERS, or `split` none of train, valid, hidden.
    """
    place(split, 0)
    if len(letter) != 1 or letter not in LETTERS:
        raise ValueError(f"letter must be one of {LETTERS}, not {letter!r}")
    return Image.fromarray(photograph(shot(letter, seed, split, PHOTO_SIGNER + LETTERS.index(letter), 0)))


def write(folder: Path, progress: Callable[[int, int], None] | None = None, *, workers: int = 2) -> None:
    """Write sign_mnist_train.csv, sign_mnist_valid.csv and photos/a.jpg ... y.jpg into `folder`.

    `progress(done, total)` is called as photos and blocks of signs are finished. The bytes do not depend on who drew what.
    """
    blocks = {
        split: [
            (f"{split}.{start}", "course.datasets.hands.files:rows", (SEED, split, start, min(CHUNK, count - start)))
            for start in range(0, count, CHUNK)
        ]
        for split, count in ROWS.items()
    }
    photos = [(f"photos/{letter}.jpg", "course.datasets.hands.files:photo_bytes", (letter,)) for letter in LETTERS]
    press(folder, [*itertools.chain(*blocks.values()), *photos], progress, workers)
    for split, parts in blocks.items():
        with open(folder / f"sign_mnist_{split}.csv", "wb") as file:
            file.write((",".join(COLUMNS) + "\n").encode())
            for part, _, _ in parts:
                file.write((folder / part).read_bytes())
                (folder / part).unlink()


def rows(seed: int, split: str, start: int, count: int) -> bytes:
    """Lines of a CSV in Kaggle's format: items `start` to `start + count - 1` of a split."""
    return csv_rows(*_block(seed, split, start, count)).encode()


def photo_bytes(letter: str) -> bytes:
    """The photograph of `letter` in the data set, as the bytes of a JPEG."""
    return jpeg(photo(letter, SEED, "hidden"), 90)


def _block(seed: int, split: str, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    images = np.zeros((count, SIGN, SIGN), np.uint8)
    labels = np.zeros(count, np.uint8)
    for k in range(count):
        letter, signer, number = place(split, start + k)
        images[k] = sign(shot(letter, seed, split, signer, number))
        labels[k] = ord(letter) - ord("a")
    return images, labels

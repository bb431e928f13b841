"""Evidence about data sets of Kaggle's signs, shared by the graders of 02 and 03.

Each `expect_…` is given `read`, the student's data set of a path; the check's own module says why it matters and what it is worth.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from course.checks.expect import expect, expect_close, expect_equal, expect_tensor
from course.checks.probes import items_of, length_of
from course.checks.seeds import drawn
from course.checks.session import StudentRaised
from graders.kit.worker.pictures import others_in, path_object

Read = Callable[[Any], Any]
LONG = 1_050  # rows: more than a round thousand, in any system of numbers


def sign_csv(rows: int, seed: int = 0, brightest: int = 255) -> tuple[str, np.ndarray, list[int]]:
    """A small file in Kaggle's format: (text, pixels uint8 (rows, 784), classes 0 to 23 as they should be read).

    The 24 letters come first, once each in alphabetical order, so that both sides of the gap are there. No pixel is brighter than
    `brightest`.
    """
    text, pixels, classes = _sign_csv(rows, drawn(seed), brightest)
    return text, pixels.copy(), list(classes)


@functools.cache
def _sign_csv(rows: int, seed: int, brightest: int) -> tuple[str, np.ndarray, list[int]]:
    """See `sign_csv`: 24 letters, and from class 8 (i) on a label is one more than the class."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, brightest + 1, (rows, 784), dtype=np.uint8)
    classes = [k if k < 24 else int(generator.integers(0, 24)) for k in range(rows)]
    header = "label," + ",".join(f"pixel{k}" for k in range(1, 785))
    lines = [",".join([str(c + (c > 8)), *map(str, row)]) for c, row in zip(classes, pixels.tolist(), strict=True)]
    return "\n".join([header, *lines]) + "\n", pixels, classes


def expect_every_row(read: Read, lab: Any) -> None:
    """A file of one row, of some, and a long one in which rows come again and again; two data sets do not mix."""
    sets = {rows: read(lab.file(f"{rows}_rows.csv", sign_csv(rows)[0])) for rows in (24, 31)}
    for rows, data in sets.items():
        expect_equal(length_of(data), rows, f"the length for a file of {rows} rows")
    cut = _read(read, lab.file("cut.csv", sign_csv(26)[0].rstrip("\n")), "a file whose last line does not end")
    expect_equal(length_of(cut), 26, "the length for a file of 26 rows, without a line end behind the last one")
    header, *lines = sign_csv(25, brightest=1)[0].splitlines()
    even = [f"{label}," + ",".join([str(grey)] * 784) for label, grey in ((3, 0), (7, 255), (0, 0))]
    data = _read(read, lab.file("even.csv", "\n".join([header, *even]) + "\n"), "pictures that are black or white")
    expect_equal(length_of(data), 3, "the length for a file of 3 rows, whose pictures are all black or all white")
    data = _read(read, lab.file("single.csv", f"{header}\n{lines[0]}\n"), "a file of one row")
    expect_equal(length_of(data), 1, "the length for a file of one row")
    twice = [
        *lines * (LONG // 50),
        *(line for line in lines for _ in range(LONG // 50)),
    ]  # far from each other, and in a row
    many = "\n".join([header, *twice]) + "\n"
    data = _read(read, lab.build(path_object(path=lab.file("long.csv", many))), "a pathlib.Path")
    expect_equal(length_of(data), LONG, f"the length for a file of {LONG} rows, 25 different ones")


def expect_pixels(read: Read, lab: Any, shape: Sequence[int]) -> None:
    """Each value is the row's pixel / 255, also in dark files, and the same whenever it is asked for."""
    for brightest in (255, 90, 1):
        text, pixels, _ = sign_csv(30, seed=5, brightest=brightest)
        data = read(lab.file(f"up_to_{brightest}.csv", text))
        found, _ = items_of(data, list(range(30)))
        expected = torch.from_numpy(pixels).float().view(-1, *shape) / 255
        # 1e-6: float32 division by 255 is right to about 1e-7
        expect_close(found, expected, f"images of all rows, pixels up to {brightest}", rtol=0, atol=1e-6)
    for rows in (
        24,
        27,
    ):  # a file that is replaced between the two: who remembers files by their names knows the old one
        text, pixels, _ = sign_csv(rows, seed=rows)
        found, _ = items_of(read(lab.file("replaced.csv", text)), [0, 1])
        wanted = torch.from_numpy(pixels[:2]).float().view(-1, *shape) / 255
        # 1e-6: as above
        expect_close(found, wanted, "images of a file that was replaced by another one", rtol=0, atol=1e-6)
    # 30 x 70 = 2,100: what happens to one access of 200 is met, but for one time in 30,000
    other, _ = others_in(data, 30, 70)
    expect(other == 0, "the images of the same rows, asked for again, are others in {other} of 70 passes", other=other)


def expect_labels(read: Read, lab: Any) -> None:
    """0 to 23 without a gap, int64 in a batch, and the same whenever they are asked for."""
    text, _, classes = sign_csv(40, seed=6)
    data = read(lab.file("signs.csv", text))
    _, found = items_of(data, list(range(40)))
    expect_tensor(found, "labels of forty items in a batch", shape=(40,), dtype=torch.int64)
    expect_equal(found.tolist()[:24], list(range(24)), "classes of the letters a to y, without j")
    expect_equal(found.tolist(), classes, "classes of all rows")
    # in a data set that is fresh: the first access may be the one that changes something
    _, other = others_in(read(lab.file("again.csv", text)), 40, 4)
    expect(other == 0, "the labels of the same rows, asked for again, are others in {other} of 4 passes", other=other)


def expect_class_of_each_letter(read: Read, lab: Any) -> None:
    """A letter has its class in a file of its own."""
    header, *lines = sign_csv(24)[0].splitlines()
    for wanted, letter in ((0, "a"), (9, "k"), (23, "y")):
        data = _read(read, lab.file(f"only_{letter}.csv", f"{header}\n{lines[wanted]}\n"), "a file of one row")
        expect_equal(items_of(data, [0])[1].tolist(), [wanted], f"class of the letter {letter}, alone in a file")


def _read(read: Read, path: Any, what: str) -> Any:
    """The data set of a file; an exception says what was special about it."""
    try:
        return read(path)
    except StudentRaised as fault:
        fault.text += f" (with {what})"
        raise

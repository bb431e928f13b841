"""What a check can show beside its verdict: makers of `results.Attachment` from evidence that the check has anyway.

`lab.attach(lambda: confusion(truth, logits, LETTERS))`. The judge makes them, from its own labels and from numbers that have
crossed the wire. What comes from a student's process is only data: shapes are checked, numbers that are none are left out, and
counts, words and pixels have limits, so that no page grows without bound. They decide nothing, and they are not kept in a
cache: the evidence is, and the attachment is made of it each time.
"""

import base64
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from course.checks.results import Confusion, Curves, Gallery, Picture, Table
from course.checks.wire import Photo

MOST_CLASSES = 32
MOST_EPOCHS = 200
MOST_LINES = 4
MOST_PICTURES = 8  # enough to see a pattern; of unseen test data no page gives away more (docs/grading.md)
MOST_ROWS = 12
MOST_LETTERS = 160  # of a cell of a table
SIDE = 96  # pixels of the longer side
PHOTO_FROM = 48  # from this side on a picture is kept as JPEG: a photo of fruit takes 3 kB so, and 13 kB as PNG
ALIKE = 2  # pictures of the same confusion, as long as there are others
MOST_PIXELS = 1 << 24


def confusion(truth: Any, answers: Any, classes: Sequence[str], title: str = "What was taken for what") -> Confusion:
    """How often each class was taken for each other one.

    Args:
        truth: (N,) class numbers, the judge's own.
        answers: (N,) class numbers or (N, K) logits. A number that is no class is left out.
    """
    names = _names(classes)
    true, said = _numbers(truth), _numbers(answers)
    if len(true) != len(said):
        raise ValueError("there are not as many answers as questions")
    counts = np.zeros((len(names), len(names)), np.int64)
    known = (said >= 0) & (said < len(names))
    np.add.at(counts, (true[known], said[known]), 1)
    return Confusion(title, names, tuple(tuple(row) for row in counts.tolist()))


def curves(
    lines: Mapping[str, Iterable[Any]], title: str = "Accuracy after each epoch", bar: tuple[str, float] | None = None
) -> Curves:
    """What changed from epoch to epoch; `bar` is a level to compare with. A line without a number is left out."""
    kept = [(_cut(name, 40), plain_numbers(values)) for name, values in list(lines.items())[:MOST_LINES]]
    found = tuple((name, tuple(values)) for name, values in kept if any(v is not None for v in values))
    if not found:
        raise ValueError("there is no curve")
    return Curves(title, found, bar)


def confused(
    images: Any, truth: Any, logits: Any, classes: Sequence[str], title: str = "The images most confused"
) -> Gallery:
    """The images that the network is most wrong about, then, if there are few, those that it is right about and least sure.

    No confusion of two classes fills the row while there are others.

    Args:
        images: (N, C, H, W) in 0 to 1, or N `Photo` files.
        truth: (N,) class numbers.
        logits: (N, K).
    """
    names, true = _names(classes), _numbers(truth)
    scores = np.asarray(logits, np.float64)
    if scores.ndim != 2 or scores.shape != (len(true), len(names)) or len(images) != len(true):
        raise ValueError("images, labels and logits do not fit together")
    chances = np.exp(np.nan_to_num(scores - scores.max(1, keepdims=True), nan=-99.0))
    chances /= chances.sum(1, keepdims=True)
    said, rows = chances.argmax(1), np.arange(len(true))
    # 0 to 1 for right answers, the least sure first; from 1 on for wrong ones, the surest first
    worth = np.where(said != true, 1 + chances[rows, said] - chances[rows, true], 1 - chances[rows, true])
    chosen = _mixed(np.argsort(-worth, kind="stable").tolist(), [(true[k], said[k]) for k in rows])
    shown = []
    for k in chosen:
        wrong, sure = said[k] != true[k], f"{names[said[k]]} {chances[k, said[k]]:.2f}"
        shown.append(picture(images[k], f"{sure}\nis {names[true[k]]}" if wrong else sure, not wrong))
    return Gallery(title, tuple(shown))


def answered(files: Sequence[tuple[Any, str, bool | None]], title: str) -> Gallery:
    """Pictures with what was said of each: (image, words, right). The wrong ones first, then of the others some from all over."""
    wrong = [file for file in files if file[2] is False]
    rest = [file for file in files if file[2] is not False]
    step = max(len(rest) / max(MOST_PICTURES - len(wrong), 1), 1)
    chosen = wrong + [rest[int(k * step)] for k in range(int(len(rest) / step))]
    return Gallery(title, tuple(picture(*file) for file in chosen[:MOST_PICTURES]))


def views(original: Any, drawn: Sequence[Any], title: str, undo: Callable[[Any], Any] | None = None) -> Gallery:
    """A picture, and what a transform has made of it: (C, H, W), in 0 to 1 after `undo` (of a normalisation)."""
    made = [(undo(one) if undo else one) for one in drawn[:MOST_PICTURES]]
    rest = tuple(picture(one, f"view {k}") for k, one in enumerate(made, 1))
    return Gallery(title, (picture(original, "original"), *rest))


def table(head: Sequence[str], rows: Sequence[tuple[bool | None, Sequence[str]]], title: str) -> Table:
    """Rows of words, each with whether it is right; the wrong ones come first."""
    kept = sorted(rows, key=lambda row: row[0] is not False)[:MOST_ROWS]
    cells = tuple(tuple(_cut(cell, MOST_LETTERS) for cell in row[: len(head)]) for _, row in kept)
    return Table(title, tuple(head), cells, tuple(right for right, _ in kept))


def plain_numbers(values: Iterable[Any]) -> list[float | None]:
    """At most `MOST_EPOCHS` numbers, evenly taken; None for whatever is no finite number."""
    found = [float(v) if type(v) in (int, float) and math.isfinite(v) else None for v in values]
    step = math.ceil(len(found) / MOST_EPOCHS) or 1
    return found[::step]


def picture(image: Any, caption: str, right: bool | None = None) -> Picture:
    """A picture file, or (C, H, W) or (H, W) with values in 0 to 1, as a small file of ours.

    Raises:
        ValueError: it is no picture.
    """
    if isinstance(image, Photo):
        file = Image.open(io.BytesIO(image.content))
        if file.width * file.height > MOST_PIXELS:
            raise ValueError("the file is too large")
        shown = file.convert("RGB")
    else:
        shown = _image(np.asarray(image))
    shown.thumbnail((SIDE, SIDE))
    photo = max(shown.size) >= PHOTO_FROM
    buffer = io.BytesIO()
    if photo:
        shown.save(buffer, "JPEG", quality=88)
    else:
        shown.save(buffer, "PNG", optimize=True)
    code = base64.b64encode(buffer.getvalue()).decode()
    kind = "jpeg" if photo else "png"
    return Picture(f"data:image/{kind};base64,{code}", *shown.size, _cut(caption, 60), right)


def _image(values: np.ndarray) -> Image.Image:
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[0] != 3) or 0 in values.shape:
        raise ValueError(f"an array of shape {values.shape} is no picture")
    step = max(max(values.shape[-2:]) // (4 * SIDE), 1)  # before anything is computed from a monstrous one
    values = values[..., ::step, ::step]
    if max(values.shape[-2:]) > 16 * min(values.shape[-2:]):
        raise ValueError(f"an array of shape {values.shape} is a thread")
    bytes_ = (np.nan_to_num(values.astype(np.float64), posinf=1.0, neginf=0.0).clip(0, 1) * 255).round()
    pixels = bytes_.astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0) if pixels.ndim == 3 else pixels))


def _mixed(order: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The first of `order`, with at most `ALIKE` of the same (truth, answer) as long as there are others that are wrong."""
    taken: list[int] = []
    seen: dict[tuple[int, int], int] = {}
    for k in order:
        true, said = pairs[k]
        seen[pairs[k]] = seen.get(pairs[k], 0) + 1
        if len(taken) < MOST_PICTURES and true != said and seen[pairs[k]] <= ALIKE:
            taken.append(k)
    taken += [k for k in order if k not in taken][: MOST_PICTURES - len(taken)]
    return sorted(taken, key=list(order).index)


def _numbers(answers: Any) -> np.ndarray:
    """Class numbers (N,) of class numbers or of logits (N, K)."""
    found = np.asarray(answers)
    if found.ndim == 2 and found.shape[1]:
        return found.argmax(1)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise ValueError("these are neither class numbers nor logits")
    return found.astype(np.int64)


def _names(classes: Sequence[str]) -> tuple[str, ...]:
    if not 0 < len(classes) <= MOST_CLASSES:
        raise ValueError(f"{len(classes)} classes cannot be shown")
    return tuple(_cut(name, 20) for name in classes)


def _cut(text: Any, most: int) -> str:
    words = str(text)
    return words if len(words) <= most else words[: most - 1] + "…"

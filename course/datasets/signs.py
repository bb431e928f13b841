"""Sign Language MNIST as Kaggle ships it: reading its CSV strictly, and splitting it by shot instead of by row.

One row is a label (0-25 for A-Z; no 9 and no 25, J and Z are motions) and 784 grey values. The rows were made from a few
hundred photos, each many times over (https://www.kaggle.com/datasets/datamunge/sign-language-mnist: filters, 5 percent
pixelation, brightness, 3 degrees of rotation), so a split by row asks a model about photos that it has seen.
"""

import csv
import io
import warnings
from pathlib import Path

import numpy as np

from course.errors import CourseError

SIDE = 28
PIXELS = SIDE * SIDE
COLUMNS = ["label", *(f"pixel{i}" for i in range(1, PIXELS + 1))]
LETTERS = "abcdefghiklmnopqrstuvwxy"  # no j, no z: they are motions
LABELS = tuple(i for i in range(25) if i != 9)  # Kaggle's numbering of the 24 letters that are held still

# Two rows of one letter count as one shot above this pixel correlation. On the real file (5,105 rows) pairs within a
# letter form two heaps, copies of a shot above 0.98 and different shots below 0.8, with the valley at 0.88-0.90
# (125 pairs in that bin of 0.02, against 50,404 above 0.98). Anywhere from 0.85 to 0.98 gives 220 to 242 groups, so the
# choice is not a fine one; `tests/datasets/test_signs.py` holds it to that on the real file.
SHOT_CORRELATION = 0.88


def read_signs(path: Path | str) -> tuple[np.ndarray, np.ndarray]:
    """Read a CSV in Kaggle's format: a header `label,pixel1,…,pixel784` in any order of columns, then one image a line.

    Returns:
        images: uint8 (N, 28, 28), 0-255.
        labels: int64 (N,), Kaggle's numbering: 0-24 without 9.

    Raises:
        CourseError: naming the file, the line and the cure, where anything is not as it should be.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")  # Windows programs put a byte-order mark first
    except FileNotFoundError:
        raise CourseError(f"{path} is not there.", _CURE) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read as text: {error}.", _CURE) from None
    header, _, body = text.partition("\n")
    order = _column_order(path, header)
    if not body.strip():
        raise CourseError(f"{path} has a header, but no row below it.", _CURE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # numpy would cut 12.5 to 12 with no more than a warning
            table = np.loadtxt(io.StringIO(body), delimiter=",", dtype=np.int64, ndmin=2, comments=None)
    except (ValueError, DeprecationWarning):
        table = None
    if table is None or table.shape[1] != len(order):
        raise _first_bad_line(path, body, len(order))
    table = table[:, order]
    labels, pixels = table[:, 0], table[:, 1:]
    _check_range(path, body, ~np.isin(labels, LABELS), labels, pixels)
    _check_range(path, body, np.any((pixels < 0) | (pixels > 255), axis=1), labels, pixels)
    return pixels.astype(np.uint8).reshape(-1, SIDE, SIDE), labels.copy()


def write_signs(path: Path | str, images: np.ndarray, labels: np.ndarray) -> None:
    """Write images (N, 28, 28) uint8 and labels (N,) in Kaggle's format; `read_signs` gives them back."""
    Path(path).write_text(",".join(COLUMNS) + "\n" + csv_rows(images, labels), encoding="ascii", newline="\n")


def csv_rows(images: np.ndarray, labels: np.ndarray) -> str:
    """The lines below the header for images (N, 28, 28) and labels (N,)."""
    table = np.concatenate([np.asarray(labels)[:, None], np.asarray(images).reshape(len(images), PIXELS)], axis=1)
    return "".join(",".join(map(str, row)) + "\n" for row in table.tolist())


def shots(images: np.ndarray, labels: np.ndarray, threshold: float = SHOT_CORRELATION) -> np.ndarray:
    """Which shot each row comes from: the connected components of "correlates above `threshold`", within a letter.

    Correlation does not see brightness and contrast, so a file stretched to 0-255 groups like one that is not. It does not
    find the same hand photographed again some frames later: two shots of one session may still be in two groups.

    Args:
        images: uint8 (N, 28, 28).
        labels: (N,); rows of different letters are never one shot.
        threshold: Pearson correlation of the 784 pixels.

    Returns:
        int64 (N,): a number for each group, 0, 1, … in order of first appearance.
    """
    flat = np.asarray(images, dtype=np.float32).reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    flat = flat / np.where(norm > 0, norm, 1.0)  # a flat picture correlates with nothing
    group = np.full(len(flat), -1, dtype=np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        near = flat[rows] @ flat[rows].T > threshold  # (n, n)
        for first in range(len(rows)):
            if group[rows[first]] >= 0:
                continue
            reached = np.zeros(len(rows), dtype=bool)
            reached[first] = True
            edge = reached
            while edge.any():
                edge = near[edge].any(axis=0) & ~reached
                reached = reached | edge
            group[rows[reached]] = rows[first]  # named for its first row for now
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def split_by_shot(
    images: np.ndarray, labels: np.ndarray, valid_share: float = 0.25, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into train and validation so that no shot is on both sides and each letter is on both.

    Letter by letter: its shots are shuffled by the seed and given to validation while that brings the letter's share
    nearer to `valid_share`. A letter with a single shot goes to train.

    Args:
        images: uint8 (N, 28, 28).
        labels: (N,).
        valid_share: of the rows of each letter, 0-1, met as nearly as whole shots allow.
        seed: of the shuffle; the same seed gives the same split.

    Returns:
        (train, valid): int64 row numbers, each ascending, together 0 … N-1.
    """
    group = shots(images, labels)
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        names, sizes = np.unique(group[rows], return_counts=True)
        shuffled = np.random.default_rng([seed, int(label)]).permutation(len(names))
        wanted, taken = valid_share * len(rows), 0
        left = len(names)
        for which in shuffled:
            if left > 1 and abs(taken + sizes[which] - wanted) < abs(taken - wanted):
                chosen |= group == names[which]
                taken += sizes[which]
                left -= 1
        if taken == 0 and left > 1:  # every shot is larger than twice the share: take the smallest
            chosen |= group == names[sizes.argmin()]
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


_CURE = (
    "Put Kaggle's sign_mnist_train.csv there again (`course data fetch asl`), "
    "or delete it and use the pocket data (COURSE_TIER=pocket)."
)


def _column_order(path: Path, header: str) -> np.ndarray:
    """Where label, pixel1, … pixel784 stand in this file."""
    found = [name.strip().strip('"') for name in header.strip().split(",")]
    if not any(found):
        raise CourseError(f"{path} is empty.", _CURE)
    missing = [name for name in COLUMNS if name not in set(found)]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise CourseError(f"{path}, line 1: the column {missing[0]!r}{more} is missing from the header.", _CURE)
    if len(found) != len(COLUMNS):
        extra = [name for i, name in enumerate(found) if name not in set(COLUMNS) or name in found[:i]]
        raise CourseError(
            f"{path}, line 1: the column {extra[0]!r} does not belong there.",
            "Remove it; with pandas, write the file with to_csv(…, index=False).",
        )
    place = {name: i for i, name in enumerate(found)}
    return np.array([place[name] for name in COLUMNS])


def _first_bad_line(path: Path, body: str, width: int) -> CourseError:
    """The error that names the first line that is not `width` whole numbers. Only called when there is one."""
    for number, line in enumerate(body.splitlines(), start=2):
        if not line.strip():
            continue
        cells = next(csv.reader([line]))
        if len(cells) != width:
            return CourseError(
                f"{path}, line {number}: {len(cells) - 1} pixels instead of {width - 1}; "
                "a cut-off download ends like this.",
                _CURE,
            )
        for place, cell in enumerate(cells):
            if not cell.strip().removeprefix("-").isdecimal():
                return CourseError(
                    f"{path}, line {number}, field {place + 1}: {cell[:20]!r} is not a whole number.", _CURE
                )
    return CourseError(f"{path} is not a table of whole numbers.", _CURE)


def _check_range(path: Path, body: str, bad: np.ndarray, labels: np.ndarray, pixels: np.ndarray) -> None:
    """Raise for the first row marked in `bad`, with its line in the file (blank lines are counted)."""
    if not bad.any():
        return
    row = int(bad.argmax())
    filled = (number for number, line in enumerate(body.splitlines(), start=2) if line.strip())
    line = next(number for i, number in enumerate(filled) if i == row)
    label = int(labels[row])
    if label not in LABELS:
        why = {9: " (J is a motion)", 25: " (Z is a motion)"}.get(label, "")
        problem = f"{path}, line {line}: the label {label}{why} is not one of the 24 letters, 0-24 without 9."
        cure = "Labels are Kaggle's, A = 0 … Y = 24; do not renumber them in the file. " + _CURE
    else:
        where = int(((pixels[row] < 0) | (pixels[row] > 255)).argmax())
        problem = f"{path}, line {line}: pixel{where + 1} is {int(pixels[row, where])}, outside 0-255."
        cure = _CURE
    raise CourseError(problem, cure)

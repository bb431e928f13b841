"""Sign Language MNIST: Kaggle's two CSV files, or rendered hands in the same format (`course.datasets.hands`); and photos.

Kaggle's download holds no photos, so they are looked for apart. The format of the CSV is read by `course.datasets.signs`.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from course import paths
from course.datasets import store
from course.datasets.fetch import kaggle
from course.datasets.registry import DataSet, Sample
from course.datasets.signs import LETTERS, read_signs, split_by_shot, write_signs
from course.datasets.tiers import Located, chosen_tier
from course.errors import CourseError
from course.files import shown

if TYPE_CHECKING:
    from PIL.Image import Image

TRAIN_CSV = "sign_mnist_train.csv"
VALID_CSVS = ("sign_mnist_valid.csv", "sign_mnist_test.csv")  # ours, and Kaggle's name for it


def tables(folder: Path) -> tuple[Path, Path]:
    """The training and the validation CSV in a folder. A lone training CSV is split by shot, once, into two files.

    The two files go to `by_shot-…/` beside it, or to the runs folder where that cannot be written; the name holds a hash
    of the source, so another source is split anew.
    """
    train = folder / TRAIN_CSV
    for name in VALID_CSVS:
        if (folder / name).is_file():
            return train, folder / name
    with open(train, "rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    homes = [home / f"by_shot-{key}" for home in (folder, paths.runs_folder() / "asl")]
    for home in homes:
        if home.is_dir():
            return home / TRAIN_CSV, home / VALID_CSVS[0]
    for home in homes:
        try:
            _split_into(train, home)
        except OSError as error:
            trouble = error
        else:
            return home / TRAIN_CSV, home / VALID_CSVS[0]
    raise CourseError(
        f"{train} has no validation CSV beside it, and its split cannot be written to {homes[0]}: {trouble}.",
        f"Put {VALID_CSVS[0]} beside it, or make the folder writable.",
    )


def photos(tier: str | None = None, quiet: bool = False) -> Located:
    """The colour photos of the letters, `a.png` … `y.png` or .jpg: the full ones if they are there, else pocket ones.

    `path` is the photo folder.
    """
    asked = chosen_tier(tier)
    folder = DATA_SET.folder / "photos"
    lacking = [
        letter for letter in LETTERS if not any((folder / f"{letter}{end}").is_file() for end in (".png", ".jpg"))
    ]
    if asked != "pocket" and not lacking:
        return Located("asl", folder, "full", f"asl photos: full data from {shown(folder)}")
    gap = f"{shown(folder)} lacks {lacking[0]}.png or {lacking[0]}.jpg" if lacking else "as asked"
    if asked == "full":
        raise CourseError(
            f"The full asl photos were asked for, but {gap}.",
            f"Put a colour photo of each letter there (lacking: {', '.join(lacking)}), or use COURSE_TIER=pocket.",
        )
    path = store.ensure("asl", quiet=quiet) / "photos"
    return Located("asl", path, "pocket", f"asl photos: pocket data from {shown(path)} ({gap})")


def absent(folder: Path) -> str | None:
    """The training CSV, if it is lacking; without a validation CSV it is split."""
    return None if (folder / TRAIN_CSV).is_file() else f"{shown(folder / TRAIN_CSV)} is not there"


def fetch(partial: Path, folder: Path) -> None:
    """Both CSV files from Kaggle, read once to see that they are whole."""
    source = kaggle("datamunge/sign-language-mnist", DATA_SET)
    wanted = (TRAIN_CSV, VALID_CSVS[1])
    for name in wanted:
        found = sorted((p for p in source.rglob(name) if p.is_file()), key=lambda p: len(p.parts))
        if not found:
            raise CourseError(f"Kaggle's download in {source} has no {name}.", f"Delete {source} and fetch again.")
        read_signs(found[0])  # names the line that is wrong
        shutil.copyfile(found[0], partial / name)
    for name in wanted:
        os.replace(partial / name, folder / name)


def _split_into(train: Path, home: Path) -> None:
    making = home.with_name(f".{home.name}.making-{os.getpid()}")
    making.mkdir(parents=True)
    try:
        images, labels = read_signs(train)
        for name, rows in zip((TRAIN_CSV, VALID_CSVS[0]), split_by_shot(images, labels)):
            write_signs(making / name, images[rows], labels[rows])
        if not home.is_dir():  # another process may have been faster
            os.rename(making, home)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _one_of_each() -> list[list["Image"]]:
    from PIL import Image

    from course.datasets.hands import signs

    images, labels = signs(480, 0, "train")
    shown_signs = [Image.fromarray(images[labels == label][0]) for label in sorted({int(label) for label in labels})]
    half = len(shown_signs) // 2
    return [[above, below] for above, below in zip(shown_signs[:half], shown_signs[half:], strict=True)]


def _ten_photos() -> list[list["Image"]]:
    from course.datasets.hands import photo

    shots = [photo(letter, 3, "train") for letter in LETTERS[:10]]
    return [[above, below] for above, below in zip(shots[:5], shots[5:], strict=True)]


DATA_SET = DataSet(
    name="asl",
    holds="hand signs of 24 letters in Kaggle's CSV format, and colour photos",
    writer="course.datasets.hands",
    licence="CC0 by its Kaggle page; look there",
    how_to_get=f"Run `course data fetch asl`, or put Kaggle's {TRAIN_CSV} (and {VALID_CSVS[1]}) in {{folder}}.",
    absent=absent,
    fetch=fetch,
    ready=lambda folder: tables(folder)[1].parent,
    samples={
        "signs": Sample("The signs of the 24 letters that do not move: a to y without j.", _one_of_each),
        "photos": Sample(
            "What a camera sees: colour, walls, light. The network has learned from small grey squares.",
            _ten_photos,
            side=108,
        ),
    },
)

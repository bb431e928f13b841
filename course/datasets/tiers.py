"""Which data are used, the full (real) ones or the pocket ones, and where they stand.

Chosen by an argument, else by the environment variable COURSE_TIER, else by what is there. Files only: it reads no image,
apart from looking whether MNIST's files are whole and splitting a lone sign_mnist_train.csv by shot.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course import paths
from course.datasets import store
from course.datasets.idx import read_idx, unpack_gz
from course.errors import CourseError
from course.files import shown

TIERS = ("full", "pocket")
MNIST_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
FRUITS = ("freshapples", "freshbanana", "freshoranges", "rottenapples", "rottenbanana", "rottenoranges")
DOOR = ("bo", "not_bo")
LETTERS = "abcdefghiklmnopqrstuvwxy"  # no j, no z: they are motions
TRAIN_CSV = "sign_mnist_train.csv"
VALID_CSVS = ("sign_mnist_valid.csv", "sign_mnist_test.csv")  # ours, and Kaggle's name for it


@dataclass(frozen=True)
class Located:
    """A data set that can be read.

    Args:
        name: "mnist", "asl", "fruits" or "presidential".
        path: its folder, of the same layout in both tiers.
        tier: "full" or "pocket".
        note: one line for people: which tier, where, and why.
    """

    name: str
    path: Path
    tier: str
    note: str


def chosen_tier(tier: str | None = None) -> str | None:
    """The tier that was asked for, by argument or by COURSE_TIER; None if nobody asked."""
    asked = tier or os.environ.get("COURSE_TIER") or None
    if asked not in (None, *TIERS):
        where = "--data" if tier else "The environment variable COURSE_TIER"
        raise CourseError(
            f"{where} says {asked!r}.", "It can be 'full' (the real data) or 'pocket' (the embedded ones)."
        )
    return asked


def locate(name: str, tier: str | None = None, quiet: bool = False) -> Located:
    """Find a data set, making the pocket one if that is what is wanted and it is not made yet.

    Args:
        name: "mnist", "asl", "fruits" or "presidential".
        tier: "full", "pocket", or None to let COURSE_TIER or what is there decide.
        quiet: no progress bar while pocket data are made.

    Raises:
        CourseError: full data were asked for and are not there (with where to get them and where to put them), files are
            damaged, or pocket data cannot be made.
    """
    store.recipe(name)
    asked = chosen_tier(tier)
    folder = paths.data_folder() / name
    if asked != "pocket":
        missing = absent(name)
        if missing is None:
            why = "as asked" if asked else "found there"
            return Located(name, folder, "full", f"{name}: full data from {shown(folder)} ({why})")
        if asked == "full":
            raise CourseError(f"The full {name} data were asked for, but {missing}.", how_to_get(name))
        why = missing
    else:
        why = "as asked"
    path = store.ensure(name, quiet=quiet)
    return Located(name, path, "pocket", f"{name}: pocket data from {shown(path)} ({why})")


def absent(name: str) -> str | None:
    """What is lacking for the full tier, as a clause ("data/asl/… is not there"), or None if it is all there.

    Raises:
        CourseError: a file is there but damaged; falling back to other data without a word would hide that.
    """
    return _ABSENT[name](paths.data_folder() / name)


def how_to_get(name: str) -> str:
    """Where the full data come from and where they go."""
    return _HOW[name].format(folder=shown(paths.data_folder() / name))


def sign_tables(located: Located) -> tuple[Path, Path]:
    """The training and the validation CSV of the signs. A lone training CSV is split by shot, once, into two files.

    The two files go to `by_shot-…/` beside it, or to the runs folder where that cannot be written; the name holds a hash
    of the source, so another source is split anew.
    """
    train = located.path / TRAIN_CSV
    for name in VALID_CSVS:
        if (located.path / name).is_file():
            return train, located.path / name
    with open(train, "rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    homes = [home / f"by_shot-{key}" for home in (located.path, paths.runs_folder() / "asl")]
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


def sign_photos(tier: str | None = None, quiet: bool = False) -> Located:
    """The colour photos of the letters, `a.png` … `y.png` or .jpg: the full ones if they are there, else pocket ones.

    They are looked for apart from the CSV, because Kaggle's download does not hold them. `path` is the photo folder.
    """
    asked = chosen_tier(tier)
    folder = paths.data_folder() / "asl" / "photos"
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


def _split_into(train: Path, home: Path) -> None:
    from course.datasets.signs import read_signs, split_by_shot, write_signs

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


def _absent_mnist(folder: Path) -> str | None:
    raw = folder / "MNIST" / "raw"
    for name in MNIST_FILES:
        plain, packed = raw / name, raw / f"{name}.gz"
        if not plain.is_file():
            if not packed.is_file():
                return f"{shown(plain)} is not there"
            _unpack(packed, plain)
        _check_idx_size(plain)
    return None


def _unpack(packed: Path, plain: Path) -> None:
    """Unpack a .gz that was dropped in; torchvision opens only the unpacked file."""
    read_idx(packed)  # says so if it is damaged
    try:
        unpack_gz(packed, plain)
    except OSError as error:
        raise CourseError(
            f"{packed} must be unpacked beside itself, but {plain.parent} cannot be written: {error}.",
            f"Run `gunzip --keep {packed}` there.",
        ) from None


def _check_idx_size(path: Path) -> None:
    with open(path, "rb") as file:
        head = file.read(16)
    ndim = head[3] if len(head) > 3 else 0
    sizes = [int.from_bytes(head[4 + 4 * i : 8 + 4 * i], "big") for i in range(ndim)]
    wanted = 4 + 4 * ndim
    count = 1
    for size in sizes:
        count *= size
    if head[:3] != b"\x00\x00\x08" or path.stat().st_size != wanted + count:
        raise CourseError(
            f"{path} is damaged or cut short: {path.stat().st_size} bytes, {wanted + count} were expected.",
            f"Delete {path} and its .gz, then run `course data fetch mnist`; or use COURSE_TIER=pocket.",
        )


def _absent_asl(folder: Path) -> str | None:
    return None if (folder / TRAIN_CSV).is_file() else f"{shown(folder / TRAIN_CSV)} is not there"


def _absent_classes(classes: tuple[str, ...]) -> Callable[[Path], str | None]:
    def absent_classes(folder: Path) -> str | None:
        for split in ("train", "valid"):
            for name in classes:
                if not (folder / split / name).is_dir():
                    return f"{shown(folder / split / name)} is not there"
        return None

    return absent_classes


_ABSENT: dict[str, Callable[[Path], str | None]] = {
    "mnist": _absent_mnist,
    "asl": _absent_asl,
    "fruits": _absent_classes(FRUITS),
    "presidential": _absent_classes(DOOR),
}
_HOW = {
    "mnist": "Run `course data fetch mnist`, or put the four MNIST .gz files in {folder}/MNIST/raw.",
    "asl": "Run `course data fetch asl`, or put Kaggle's sign_mnist_train.csv (and sign_mnist_test.csv) in {folder}.",
    "fruits": "Run `course data fetch fruits`, or put the photos in {folder}/train/<class> and {folder}/valid/<class>, "
    f"the classes being {', '.join(FRUITS)}.",
    "presidential": "Put the photos in {folder}/train/bo, {folder}/train/not_bo, {folder}/valid/bo, {folder}/valid/not_bo.",
}

"""MNIST: torchvision's own download, or digits of pen strokes in the same IDX files (`course.datasets.digits`)."""

import hashlib
import http.client
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from course.datasets import store
from course.datasets.fetch import patience
from course.datasets.idx import read_idx, unpack_gz
from course.datasets.registry import DataSet, Sample
from course.errors import CourseError
from course.files import shown

if TYPE_CHECKING:
    from PIL.Image import Image

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def absent(folder: Path) -> str | None:
    """The first of the four files that is lacking; a .gz that was dropped in is unpacked."""
    raw = folder / "MNIST" / "raw"
    for name in FILES:
        plain, packed = raw / name, raw / f"{name}.gz"
        if not plain.is_file():
            if not packed.is_file():
                return f"{shown(plain)} is not there"
            _unpack(packed, plain)
        _check_size(plain)
    return None


def fetch(partial: Path, folder: Path) -> None:
    """By torchvision, from its mirrors and with its md5s."""
    from torchvision.datasets import MNIST

    raw, kept = partial / "MNIST" / "raw", folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in kept.glob("*.gz"):  # torchvision checks their md5 and downloads only what does not fit
        shutil.copyfile(packed, raw / packed.name)
    try:
        with patience():
            MNIST(partial, train=True, download=True)
            MNIST(partial, train=False)
    except (RuntimeError, http.client.HTTPException, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno in store.FULL | store.READ_ONLY:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CourseError(
            f"MNIST could not be downloaded: {reason}",
            "Check the network and try again; or put the four .gz files in "
            f"{shown(kept)} yourself; or work on with the pocket data (COURSE_TIER=pocket). Nothing broken was kept.",
        ) from error
    kept.mkdir(parents=True, exist_ok=True)
    for path in sorted(raw.iterdir()):
        os.replace(path, kept / path.name)


def altered(folder: Path) -> str | None:
    """The first .gz file that differs from torchvision's md5."""
    from torchvision.datasets import MNIST

    for name, md5 in MNIST.resources:
        file = folder / "MNIST" / "raw" / name
        if file.is_file() and hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() != md5:
            return f"{name} is not what torchvision expects"
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


def _check_size(path: Path) -> None:
    """Its length is what its head promises; torchvision would read a file that is cut short as fewer images."""
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


def _two_of_each() -> list[list["Image"]]:
    from PIL import Image

    from course.datasets.digits import digits

    images, labels = digits(200, 0, "train")
    return [[Image.fromarray(image) for image in images[labels == digit][:2]] for digit in range(10)]


DATA_SET = DataSet(
    name="mnist",
    holds="handwritten digits, strokes of a pen, in MNIST's IDX files",
    writer="course.datasets.digits",
    licence="CC BY-SA 3.0 (LeCun, Cortes)",
    how_to_get="Run `course data fetch mnist`, or put the four MNIST .gz files in {folder}/MNIST/raw.",
    absent=absent,
    fetch=fetch,
    altered=altered,
    samples={"digits": Sample("Two of each digit, as different pens and hands write them.", _two_of_each)},
)

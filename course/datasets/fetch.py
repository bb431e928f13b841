"""Fetching the full data sets into the data folder: MNIST by torchvision's own download, the others through kagglehub.

Everything is fetched into a temporary folder beside its place and moved there when it is complete and its checksums are
right, so a broken download is never taken for data. It does not choose between tiers (`tiers.py`).
"""

import http.client
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from course import paths
from course.datasets import store, tiers
from course.errors import CourseError
from course.files import shown

TIMEOUT_S = 30.0  # without any byte; torchvision sets none, and a dead mirror would hold a student for ever
SLUGS = {
    "asl": "datamunge/sign-language-mnist",
    "fruits": "sriramr/fruits-fresh-and-rotten-for-classification",
}


def fetch(name: str) -> Path:
    """Fetch a full data set into `data/<name>`; what is there already and good is kept.

    Args:
        name: "mnist" (torchvision's mirrors and md5s), "asl" or "fruits" (Kaggle; the extra `kaggle`).

    Returns:
        The folder, laid out as `tiers.locate(name, "full")` wants it.

    Raises:
        CourseError: no network, a wrong checksum, no kagglehub, no account, a full disk, or no such data set.
    """
    store.recipe(name)
    if name not in FETCHERS:
        raise CourseError(f"There is no download for {name}.", tiers.how_to_get(name))
    folder = paths.data_folder() / name
    with _disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f".{name}.fetching-*"):
            if not _alive(int(left.name.rpartition("-")[2])):
                shutil.rmtree(left, ignore_errors=True)
        partial = folder.with_name(f".{name}.fetching-{os.getpid()}")
        partial.mkdir()
        try:
            FETCHERS[name](partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def _fetch_mnist(partial: Path, folder: Path) -> None:
    from torchvision.datasets import MNIST

    raw, kept = partial / "MNIST" / "raw", folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in kept.glob("*.gz"):  # torchvision checks their md5 and downloads only what does not fit
        shutil.copyfile(packed, raw / packed.name)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
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
    finally:
        socket.setdefaulttimeout(before)
    kept.mkdir(parents=True, exist_ok=True)
    for path in sorted(raw.iterdir()):
        os.replace(path, kept / path.name)


def _fetch_asl(partial: Path, folder: Path) -> None:
    source = _kaggle("asl")
    from course.datasets.signs import read_signs

    names = (tiers.TRAIN_CSV, "sign_mnist_test.csv")
    for name in names:
        found = sorted((p for p in source.rglob(name) if p.is_file()), key=lambda p: len(p.parts))
        if not found:
            raise CourseError(f"Kaggle's download in {source} has no {name}.", f"Delete {source} and fetch again.")
        read_signs(found[0])  # names the line that is wrong
        shutil.copyfile(found[0], partial / name)
    for name in names:
        os.replace(partial / name, folder / name)


def _fetch_fruits(partial: Path, folder: Path) -> None:
    source = _kaggle("fruits")
    from course.datasets.photos import check_image_folder

    for split, theirs in (("train", "train"), ("valid", "test")):
        found = [p for p in source.rglob(theirs) if all((p / name).is_dir() for name in tiers.FRUITS)]
        if not found:
            raise CourseError(
                f"Kaggle's download in {source} has no folder {theirs}/ with {tiers.FRUITS[0]} and the other classes.",
                f"Delete {source} and fetch again.",
            )
        for name in tiers.FRUITS:
            shutil.copytree(found[0] / name, partial / split / name)
        check_image_folder(partial / split, tiers.FRUITS)
        if (folder / split).exists():
            raise CourseError(
                f"{folder / split} is there already.", "Move it away first; photos of yours are not overwritten."
            )
    for split in ("train", "valid"):
        os.rename(partial / split, folder / split)


def _kaggle(name: str) -> Path:
    """Download a Kaggle data set into kagglehub's own cache and return its folder."""
    try:
        import kagglehub
    except ModuleNotFoundError:
        raise CourseError(
            f"Fetching {name} needs kagglehub, which is not installed.",
            f"Run `pip install kagglehub`; or download https://www.kaggle.com/datasets/{SLUGS[name]} in a browser. "
            + tiers.how_to_get(name),
        ) from None
    try:
        return Path(kagglehub.dataset_download(SLUGS[name]))
    except Exception as error:  # kagglehub raises its own, requests' and built-in exceptions
        reason = " ".join(str(error).split()) or type(error).__name__
        account = any(word in reason.lower() for word in ("401", "403", "authenticat", "credential", "permission"))
        cure = (
            "Kaggle wants an account for this: make a token at https://www.kaggle.com/settings and store it as "
            "~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY."
            if account
            else "Check the network and try again."
        )
        raise CourseError(
            f"Kaggle's {SLUGS[name]} could not be downloaded: {reason}", f"{cure} Or by hand: {tiers.how_to_get(name)}"
        ) from error


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in store.FULL:
            raise CourseError(
                f"The disk of {folder} is full; nothing half-fetched was left.",
                "Free some space, or set COURSE_DATA to a folder on another disk.",
            ) from error
        if error.errno in store.READ_ONLY:
            raise CourseError(
                f"{error.filename or folder} cannot be written.", "Set COURSE_DATA to a folder that can be written."
            ) from error
        raise


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


FETCHERS: dict[str, Callable[[Path, Path], None]] = {
    "mnist": _fetch_mnist,
    "asl": _fetch_asl,
    "fruits": _fetch_fruits,
}

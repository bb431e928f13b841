"""Fetching the full data sets into the data folder, each by its own `DataSet.fetch`; and what those have in common.

Everything is fetched into a temporary folder beside its place and moved there when it is complete and its checksums are
right, so a broken download is never taken for data. It does not choose between tiers (`tiers.py`).
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course.datasets import store
from course.datasets.registry import DataSet, find
from course.errors import CourseError

SILENCE = 30.0  # s without a byte before a download counts as impossible; torch sets no limit of its own


def fetch(name: str) -> Path:
    """Fetch a full data set into `data/<name>`; what is there already and good is kept.

    Args:
        name: of the data set.

    Returns:
        The folder, laid out as `tiers.locate(name, "full")` wants it.

    Raises:
        CourseError: no network, a wrong checksum, no kagglehub, no account, a full disk, or no such data set.
    """
    data_set = find(name)
    if data_set.fetch is None:
        raise CourseError(f"There is no download for {name}.", data_set.cure)
    folder = data_set.folder
    with _disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f".{name}.fetching-*"):
            if not _alive(int(left.name.rpartition("-")[2])):
                shutil.rmtree(left, ignore_errors=True)
        partial = folder.with_name(f".{name}.fetching-{os.getpid()}")
        partial.mkdir()
        try:
            data_set.fetch(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def kaggle(slug: str, data_set: DataSet) -> Path:
    """Download a Kaggle data set into kagglehub's own cache and return its folder."""
    try:
        import kagglehub
    except ModuleNotFoundError:
        raise CourseError(
            f"Fetching {data_set.name} needs kagglehub, which is not installed.",
            f"Run `pip install kagglehub`; or download https://www.kaggle.com/datasets/{slug} in a browser. "
            + data_set.cure,
        ) from None
    try:
        return Path(kagglehub.dataset_download(slug))
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
            f"Kaggle's {slug} could not be downloaded: {reason}", f"{cure} Or by hand: {data_set.cure}"
        ) from error


@contextmanager
def patience(seconds: float = SILENCE) -> Iterator[None]:
    """Within it a download that is silent for so long fails."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


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

"""The pocket data sets: made once in `course.paths.pocket_folder()`, checked at each start, made again when damaged.

A data set is a folder that appears by one rename, complete or not at all, with a manifest of every file's size and
sha256. This module knows nothing of digits or hands: each data set names the module that writes it (`registry`). The way of
package caches: lock, temporary sibling, rename.
"""

import errno
import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from filelock import FileLock, Timeout
from tqdm import tqdm

from course import paths
from course.datasets.registry import DataSet, find
from course.errors import CourseError

MANIFEST = "MANIFEST.json"
FULL = {errno.ENOSPC, errno.EDQUOT}
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}  # the last two: a file is in the way
SCRAP_BYTES = 1 << 20  # with less than this free a disk counts as full; PIL does not pass on errno when it cannot write


def ensure(name: str, quiet: bool = False) -> Path:
    """Return the folder of a pocket data set, made now if it is not there, damaged or of another version.

    Where the data stand nothing is written and no lock is taken, so a read-only folder will do. Safe in several
    processes at once: one makes the data, the others wait.

    Args:
        name: of the data set.
        quiet: no progress bar and no messages on stderr.

    Raises:
        CourseError: the folder cannot be written, the disk is full, or there is no such data set.
    """
    data_set = find(name)
    writer = data_set.load_writer()
    folder = paths.pocket_folder() / name
    if fault(folder, writer.VERSION) is None:
        return folder
    with _writable(folder.parent), _lock(folder.parent, name, quiet):
        _clear(folder.parent, name)
        found = fault(folder, writer.VERSION)  # another process may have made it while this one waited
        if found is not None:
            if folder.exists():
                _say(f"The pocket data set {name} is made again: {found}.", quiet)
            _make(data_set, writer, folder, quiet)
    return folder


def fault(folder: Path, version: int | None = None) -> str | None:
    """What is wrong with a made data set, by names and sizes alone (milliseconds), or None.

    Args:
        folder: the data set.
        version: the version that is wanted; None accepts any.
    """
    if not folder.is_dir():
        return "not made yet"
    manifest = read_manifest(folder)
    if manifest is None:
        return f"{folder / MANIFEST} is missing or damaged"
    if version is not None and manifest["version"] != version:
        return f"version {manifest['version']} was found, version {version} is wanted"
    for relative, entry in manifest["files"].items():
        try:
            size = (folder / relative).stat().st_size
        except OSError:
            return f"{folder / relative} is missing"
        if size != entry["bytes"]:
            return f"{folder / relative} has {size} bytes instead of {entry['bytes']}"
    return None


def verify(name: str) -> list[str]:
    """Compare every file of a made pocket data set with its checksum.

    Returns:
        What is wrong, one sentence for each fault; an empty list if all is well.

    Raises:
        CourseError: the data set is not made, or its manifest cannot be read.
    """
    folder = paths.pocket_folder() / find(name).name
    manifest = read_manifest(folder)
    if manifest is None:
        raise CourseError(
            f"The pocket data set {name} is not made, or {folder / MANIFEST} is damaged.",
            "It is made by the first grader or project that uses it.",
        )
    faults = []
    for relative, entry in manifest["files"].items():
        path = folder / relative
        if not path.is_file():
            faults.append(f"{path} is missing.")
        elif path.stat().st_size != entry["bytes"]:
            faults.append(f"{path} has {path.stat().st_size} bytes instead of {entry['bytes']}.")
        elif sha256(path) != entry["sha256"]:
            faults.append(f"{path} has the right size, but its content was changed.")
    return faults


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a made data set: {"name", "version", "files": {path: {"bytes", "sha256"}}, …}, or None."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for entry in manifest["files"].values():
            int(entry["bytes"]), str(entry["sha256"])
        int(manifest["version"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return manifest


def sha256(path: Path) -> str:
    """The file's sha256, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make(data_set: DataSet, writer: Any, folder: Path, quiet: bool) -> None:
    """Write the data set beside its place, then move it there in one step. Called with the lock held."""
    making = folder.with_name(f".{data_set.name}.making-{os.getpid()}")
    try:
        making.mkdir()
        with _bar(data_set, quiet) as progress, _no_main():
            writer.write(making, progress)
        _write_manifest(data_set, writer, making)
        if folder.exists():
            os.rename(folder, folder.with_name(f".{data_set.name}.old-{os.getpid()}"))
        os.rename(making, folder)
    finally:
        _clear(folder.parent, data_set.name)


def _write_manifest(data_set: DataSet, writer: Any, folder: Path) -> None:
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
        files[path.relative_to(folder).as_posix()] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
    import numpy
    import PIL

    manifest = {
        "name": data_set.name,
        "version": writer.VERSION,
        "holds": data_set.holds,
        "made_with": {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "pillow": PIL.__version__,
            "platform": f"{platform.system()} {platform.machine()}",
        },
        "files": files,
    }
    with open(folder / MANIFEST, "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _clear(parent: Path, name: str) -> None:
    """Remove what a killed run left. Only with the lock held: nobody else is making this data set now."""
    for pattern in (f".{name}.making-*", f".{name}.old-*"):
        for left in parent.glob(pattern):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _lock(parent: Path, name: str, quiet: bool) -> Iterator[None]:
    lock = FileLock(parent / f".{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _say(f"Another process is making the pocket data set {name}; waiting for it.", quiet)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writable(parent: Path) -> Iterator[None]:
    """Make `parent`, and turn the faults of a disk into a sentence and a cure."""
    elsewhere = "set COURSE_DATA to a folder that can be written"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in FULL or (error.errno is None and _free(parent) < SCRAP_BYTES):
            raise CourseError(
                f"The disk of {parent} is full: the pocket data could not be made, and nothing half-made was left.",
                f"Free some space (100 MB will do), or {elsewhere}.",
            ) from error
        if error.errno in READ_ONLY:
            raise CourseError(
                f"{parent} cannot be written, and the pocket data are not made yet.",
                f"Make it writable, or {elsewhere}, or let someone who can write there run the graders once.",
            ) from error
        raise


@contextmanager
def _no_main() -> Iterator[None]:
    """Hide the running script from `multiprocessing`, which would run it again in each worker that a writer spawns.

    That costs seconds (a project imports torch), fails for a script from standard input, and runs a student's script
    without `if __name__ == "__main__"` once more from the top. The writers' functions live in modules of their own.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return SCRAP_BYTES


@contextmanager
def _bar(data_set: DataSet, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    with tqdm(desc=f"making pocket {data_set.name}", unit=" items", file=sys.stderr, disable=quiet, leave=True) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


def _say(message: str, quiet: bool) -> None:
    if not quiet:
        print(message, file=sys.stderr, flush=True)

"""The exam of a batch is made once and not by each judge: to draw one takes up to 13 s of the processor.

It is kept in a folder of the command's, which only its user may enter, which is never in view behind the wall, and which goes
when the command ends. The files hold labels, so where students' code runs beside them, in a plain process, there is no such folder.
"""

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from course import files

T = TypeVar("T")
MOST = 32  # exams that a judge holds in memory
_known: dict[str, Any] = {}


def made(make: Callable[..., T], size: tuple[Any, ...], seed: int, folder: Path | None) -> T:
    """What `make(*size, seed)` returns; from the folder where another judge of the batch has made it before.

    Args:
        folder: of this batch; None where each judge makes its own.
    """
    if folder is None or not folder.is_dir() or not _ours(folder):
        return make(*size, seed)
    name = hashlib.sha256(f"{make.__module__} {make.__qualname__} {size!r} {seed}".encode()).hexdigest()
    if name not in _known:
        if len(_known) >= MOST:
            _known.clear()
        _known[name] = _kept(folder / name, lambda: make(*size, seed))
    found: T = _known[name]
    return found


def _kept(file: Path, make: Callable[[], Any]) -> Any:
    with FileLock(f"{file}.lock"):  # the others wait: the processor does it once
        if file.is_file():
            return pickle.loads(file.read_bytes())
        new = make()
        files.write(file, pickle.dumps(new))
        return new


def _ours(folder: Path) -> bool:
    """May nobody else have written there? What is unpickled can run code."""
    about = folder.stat()
    return not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)

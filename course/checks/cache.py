"""Evidence that took training to get, kept by the content of all that it depends on.

The key is a hash of the student's file, the grader, the course's own code, the data sets' manifests and the library
versions: change one byte of any and the training runs anew. Only plain data is kept. It serves the student's own,
advisory runs.
"""

import functools
import hashlib
import io
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from course import files, paths
from course.checks import wire

MAX_FILES = 200  # the oldest go first


class Cache:
    """A folder of plain evidence.

    Args:
        parts: bytes of everything that decides the outcome, beside the course's own code and the libraries.
    """

    def __init__(self, *parts: bytes) -> None:
        digest = hashlib.sha256(_surroundings())
        for part in parts:
            digest.update(hashlib.sha256(part).digest())
        self.prefix = digest.hexdigest()[:24]

    def remember(self, name: str, compute: Callable[[], Any]) -> Any:
        """The value kept under `name`, or what `compute` returns, which is then kept. An error is never kept."""
        file = _folder() / f"{self.prefix}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        try:
            value = wire.unpack(io.BytesIO(file.read_bytes()))
            os.utime(file)
            return value
        except (OSError, EOFError, wire.WireError):
            pass
        value = compute()
        self._keep(file, value)
        return value

    def _keep(self, file: Path, value: Any) -> None:
        try:
            with files.replacing(file) as new:
                new.write_bytes(wire.pack(value))
            for old in sorted(file.parent.iterdir(), key=lambda f: f.stat().st_mtime)[:-MAX_FILES]:
                old.unlink(missing_ok=True)
        except OSError:
            pass  # a cache that cannot be written costs time, not a verdict


class Once(Cache):
    """Evidence that took training, for as long as this object lives; nothing is written."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def remember(self, name: str, compute: Callable[[], Any]) -> Any:
        """As `Cache.remember`."""
        if name not in self.kept:
            self.kept[name] = wire.pack(compute())
        return wire.unpack(io.BytesIO(self.kept[name]))


def _folder() -> Path:
    return Path(os.environ.get("COURSE_CACHE") or paths.ROOT / ".course" / "cache")


@functools.cache
def _surroundings() -> bytes:
    """The course's own code, and the versions of what it runs on."""
    digest = hashlib.sha256(f"{torch.__version__} {platform.python_version()} {platform.machine()}".encode())
    for file in sorted((paths.ROOT / "course").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.digest()

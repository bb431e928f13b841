"""Evidence that took training to get, kept by the content of all that it depends on.

The key is a hash of those functions of the student's that the check has to do with and all that they use (`uses`), of the grader,
the course's own code, the data sets' manifests and the library versions: change any and the training runs anew. A comment or
another function is no change. Only plain data is kept. It serves the student's own, advisory runs.
"""

import functools
import hashlib
import io
import json
import os
import platform
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from course import files, paths
from course.checks import wire
from course.checks.uses import Uses

MAX_FILES = 200  # the oldest go first


class Cache:
    """A folder of plain evidence.

    Args:
        parts: bytes of everything that decides the outcome, beside the student's code, the course's own and the libraries.
        uses: the student's module; None where it is not valid Python, and nothing is kept.
    """

    def __init__(self, *parts: bytes, uses: Uses | None) -> None:
        self.uses = uses
        digest = hashlib.sha256(_surroundings())
        for part in parts:
            digest.update(hashlib.sha256(part).digest())
        self.prefix = digest.hexdigest()[:24]

    def remember(self, name: str, compute: Callable[[], Any], called: Iterable[str] = ()) -> Any:
        """The value kept under `name`, or what `compute` returns, which is then kept. An error is never kept.

        Args:
            called: functions of the student's that were called for it. It is looked at again after `compute`, which calls more;
                those are kept too, so that the next one knows beforehand on which functions the value depends.
        """
        if self.uses is None:
            return compute()
        names = _folder() / f"{self.prefix}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        known = _known(names)
        file = self._file(names, known | set(called))
        try:
            value = wire.unpack(io.BytesIO(file.read_bytes()))
            os.utime(file)
            return value
        except (OSError, EOFError, wire.WireError):
            pass
        value = compute()
        known |= set(called)
        self._keep(names, json.dumps(sorted(known)).encode())
        self._keep(self._file(names, known), wire.pack(value))
        return value

    def _file(self, names: Path, called: set[str]) -> Path:
        assert self.uses is not None
        return names.with_name(f"{names.name}-{self.uses.digest(called)}")

    def _keep(self, file: Path, content: bytes) -> None:
        try:
            with files.replacing(file) as new:
                new.write_bytes(content)
            for old in sorted(file.parent.iterdir(), key=lambda f: f.stat().st_mtime)[:-MAX_FILES]:
                old.unlink(missing_ok=True)
        except OSError:
            pass  # a cache that cannot be written costs time, not a verdict


class Once(Cache):
    """Evidence that took training, for as long as this object lives; nothing is written."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def remember(self, name: str, compute: Callable[[], Any], called: Iterable[str] = ()) -> Any:
        """As `Cache.remember`."""
        if name not in self.kept:
            self.kept[name] = wire.pack(compute())
        return wire.unpack(io.BytesIO(self.kept[name]))


def _known(names: Path) -> set[str]:
    try:
        said = json.loads(names.read_bytes())
    except (OSError, ValueError):
        return set()
    return {name for name in said if type(name) is str} if type(said) is list else set()


def _folder() -> Path:
    return Path(os.environ.get("COURSE_CACHE") or paths.ROOT / ".course" / "cache")


@functools.cache
def _surroundings() -> bytes:
    """The course's own code, and the versions of what it runs on."""
    digest = hashlib.sha256(f"{torch.__version__} {platform.python_version()} {platform.machine()}".encode())
    for file in sorted((paths.ROOT / "course").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.digest()

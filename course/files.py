"""Reading and writing files: the one atomic write, and the one way to show a path to a person."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course import paths
from course.errors import CourseError


def read(file: Path) -> str | None:
    """The text of a file, or None where there is none. Bytes that are not UTF-8 become replacement characters."""
    try:
        return file.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return None


def write(file: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; folders above it are made.

    Raises:
        CourseError: it cannot be written.
    """
    try:
        with replacing(file) as new:
            new.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as fault:
        raise CourseError(
            f"{file} cannot be written: {fault.strerror}.", "Look at the folder's permissions and at the disk."
        ) from fault


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `file` when the block ends; if the block fails, nothing has changed.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.parent / f".{file.stem}-{secrets.token_hex(4)}{file.suffix}"
    try:  # it begins before the file is there: Ctrl-C may come at any moment
        new.touch(0o644, exist_ok=False)
        yield new
        os.chmod(new, 0o644)  # whoever has written there may have made it its owner's alone
        os.replace(new, file)
    finally:
        new.unlink(missing_ok=True)


def shown(path: Path) -> str:
    """A path as a person would type it: from the checkout's root, or from the current folder; else whole."""
    whole = path.resolve()
    for base in (paths.ROOT, Path.cwd()):
        if whole.is_relative_to(base.resolve()):
            return whole.relative_to(base.resolve()).as_posix()
    return str(path)

"""A zip that somebody else has packed: what is in it, and nothing that it could do to this machine.

Nothing is unpacked here: `read` gives the bytes of one file, up to a limit that holds whatever the zip says of itself. A path that
leads out of a folder, a link, a file with a password are not read; each has a sentence that says so.
"""

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course import limits
from course.errors import CourseError

CHUNK = 1 << 20
_BAD = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True)
class Member:
    """One file of a zip.

    Args:
        path: where it lies, with / between folders, in composed Unicode.
        fault: why it is not read, in a few words; empty for a plain file.
        info: the zip's own record of it.
    """

    path: str
    fault: str
    info: zipfile.ZipInfo

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.path).name


class Archive:
    """An open zip: its files in the order in which they were packed."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._zip = packed
        self.members = tuple(_member(info) for info in packed.infolist() if not info.is_dir())

    def read(self, member: Member, most: int) -> bytes:
        """The content of a file.

        Args:
            most: bytes; the zip's own word on the size is not trusted.

        Raises:
            ValueError: there is none to be had; the message says why, in a few words.
        """
        if member.fault:
            raise ValueError(member.fault)
        if member.info.file_size > most:
            raise ValueError(f"it has {member.info.file_size / 1e6:.0f} MB, and {most / 1e6:.0f} MB is the most")
        kept = io.BytesIO()
        try:
            with self._zip.open(member.info) as stream:
                while chunk := stream.read(CHUNK):
                    kept.write(chunk)
                    if kept.tell() > most:
                        break
        except _BAD as fault:
            raise ValueError(f"it is damaged: {fault or type(fault).__name__}") from None
        if kept.tell() > most:
            raise ValueError(f"it unpacks to more than the {most / 1e6:.0f} MB that are the most")
        return kept.getvalue()


@contextmanager
def opened(file: Path | io.BytesIO, name: str) -> Iterator[Archive]:
    """Open a zip.

    Args:
        name: what a person calls it.

    Raises:
        CourseError: it is no zip, not a whole one, or has more files than anybody hands in.
    """
    try:
        packed = zipfile.ZipFile(file)
    except FileNotFoundError:
        raise CourseError(f"There is no file {name}.", "Name the zip that the platform gave you.") from None
    except _BAD as fault:
        raise CourseError(
            f"{name} is no whole zip: {fault or type(fault).__name__}.", "Download it again; perhaps it was cut off."
        ) from None
    with packed:
        if len(packed.infolist()) > limits.ARCHIVE_FILES:
            raise CourseError(
                f"{name} holds {len(packed.infolist())} files, and {limits.ARCHIVE_FILES} is the most that is read.",
                "No class hands in so many: look at what it is, or grade it in parts.",
            )
        yield Archive(packed)


def _member(info: zipfile.ZipInfo) -> Member:
    path = _name(info).replace("\\", "/")
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode) if info.create_system == 3 else 0  # 3: packed on a Unix, which notes what it was
    fault = ""
    if path.startswith("/") or ".." in path.split("/") or (len(path) > 1 and path[1] == ":"):
        fault = "its path leads out of the folder"
    elif kind == stat.S_IFLNK:
        fault = "it is a link, no file"
    elif kind not in (0, stat.S_IFREG):
        fault = "it is no plain file"
    elif info.flag_bits & 0x1:
        fault = "it needs a password"
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return Member("/".join(parts), fault, info)


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its packer meant it: many write UTF-8 and forget to say so, and then Python takes it for a PC's old cp437."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)

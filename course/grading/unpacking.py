"""What may be graded of a download, laid into a folder: notebooks, modules, and what is in a student's own zip.

Each student gets a numbered folder, so no name of theirs becomes a path of this machine; of all other files only the name is kept.
"""

import io
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath

from course import files, limits
from course.errors import CourseError
from course.grading.archive import Archive, Member, opened
from course.grading.attempts import PACKED, HandIn
from course.grading.submissions import KINDS, ignored, writable

STAMP = "timestamp.txt"  # nbgrader's
UNREAD = " (not unpacked)"  # behind the name of a file that is there and cannot be read


class Unpacked:
    """The folder with a numbered folder for each student, in it one for each project as nbgrader has it.

    Args:
        folder: an empty one.
        modules: of the projects that are graded.
    """

    def __init__(self, archive: Archive, folder: Path, modules: Sequence[str]) -> None:
        self.archive, self.folder, self.modules = archive, folder, modules
        self.names: dict[Path, str] = {}
        self.used = self.number = 0

    def shown(self, path: Path) -> str:
        """The name in the zip."""
        return self.names.get(path, path.name)

    def lay(self, one: HandIn) -> None:
        """Unpack what may be graded; of all else only the name is kept."""
        self.number += 1
        place = self.folder / f"{self.number:05}"
        one.places = [place]
        graded = [path for path in one.files if path.lower().endswith(KINDS)]
        self._tree(place, one.files, one, self.archive)
        if not graded:
            for path in [path for path in one.files if path.lower().endswith(PACKED)]:
                self._inner(place, path, one)
        if one.when:
            for module in self.modules:
                files.write(place / module / STAMP, _stamp(one.when))

    def _tree(self, place: Path, tree: Mapping[str, Member], one: HandIn, archive: Archive, where: str = "") -> None:
        """Lay a student's tree of files flat: below one folder where it is of one project, else by the projects."""
        graded = [path for path in tree if path.lower().endswith(KINDS)]
        base = _base(graded, self.modules) if len(self.modules) == 1 else ""
        left = [path for path in graded if not path.startswith(base)]
        for path, member in tree.items():
            if path not in left:
                module = self.modules[0] if len(self.modules) == 1 else self._module(path)
                self._put(place / module, path.removeprefix(base), member, one, archive, where)
        if left:
            names = ", ".join(writable(path) for path in left[:3]) + ", …" * (len(left) > 3)
            one.notes.append(f"Left out, for it lies in another folder: {names}.")

    def _module(self, path: str) -> str:
        """Of which of several projects a file is; empty where its path does not say."""
        parts = [plain(path), *PurePosixPath(path).parts[:-1]]
        return next((module for module in self.modules if module in parts), "")

    def _inner(self, place: Path, path: str, one: HandIn) -> None:
        """A student's own zip."""
        name = writable(path)
        try:
            content = self.archive.read(one.files[path], limits.OUTPUT_BYTES)
            with opened(io.BytesIO(content), name) as packed:
                members = [member for member in packed.members if not left_behind(member.path)]
                found = {member.path: member for member in members if member.path.lower().endswith(KINDS)}
                self._tree(place, found, one, packed, f"{name}: ")
            one.notes.append(f"Unpacked from {name}." if found else f"{name} holds neither a notebook nor a module.")
        except CourseError as fault:
            one.notes.append(f"{name} was not unpacked. {fault.problem}")
        except ValueError as fault:
            one.notes.append(f"{name} was not unpacked: {fault}.")

    def _put(self, folder: Path, path: str, member: Member, one: HandIn, archive: Archive, where: str) -> None:
        place = folder / _on_disk(path)
        content = b""
        if path.lower().endswith(KINDS) or place.name == STAMP:
            try:
                content = archive.read(member, limits.OUTPUT_BYTES)
            except ValueError as fault:
                one.notes.append(f"{where}{writable(path)} was not unpacked: {fault}.")
                place = place.with_name(f"{place.name}{UNREAD}")
            self.used += len(content)
            if self.used > limits.ARCHIVE_BYTES:
                most = f"{limits.ARCHIVE_BYTES / 1e9:.0f} GB"
                raise CourseError(
                    f"The notebooks and modules in it are more than the {most} that are read.", "Grade it in parts."
                )
        files.write(place, content)
        self.names[place] = where + writable(member.path)


def _base(paths: list[str], modules: Sequence[str]) -> str:
    """The folder below which all of these lie, or, where they lie in several, the one with the project's file."""
    folders = {str(PurePosixPath(path).parent) for path in paths}
    if len(folders) > 1:
        named = {str(PurePosixPath(path).parent) for path in paths if plain(path) in modules}
        folders = named if len(named) == 1 else {os.path.commonpath(folders) or "."}
    base = next(iter(folders), ".")
    return "" if base == "." else f"{base}/"


def _on_disk(path: str) -> str:
    """A file name that every system can have; folders within become part of it."""
    name = re.sub(r'[\x00-\x1f<>:"\\|?*]', "_", writable(path).replace("/", " - "))
    stem, dot, kind = name.rpartition(".")
    return f"{stem[:100]}{dot}{kind[:20]}" if dot else name[:100]


def _stamp(when: datetime) -> str:
    """As nbgrader's timestamp.txt: a time without a zone is that of this machine."""
    aware = when if when.tzinfo else when.astimezone()
    return aware.isoformat(" ")


def plain(path: str) -> str:
    """The stem of a file without the number that a browser or a platform has added."""
    return re.sub(r"(?:-\d+|-Copy\d+| ?\(\d+\))$", "", PurePosixPath(path).stem)


def left_behind(path: str) -> bool:
    """Is it what a system leaves in an archive? Within a student's own folder that is for `submissions` to say."""
    parts = PurePosixPath(path).parts
    return any((part.startswith(".") and part != "..") or part.casefold() == "__macosx" for part in parts) or (
        len(parts) == 1 and ignored(Path(parts[-1])) and not parts[-1].casefold().startswith("submission_metadata")
    )

"""The student's desk: exercises/ and what `course reset` and `course update` do to it.

Nothing of the student's is ever lost: before an edited file is replaced, a copy goes into exercises/backup/. It does not look at
whether the code is right (`course.grading`).
"""

import ast
import importlib.util
import os
import time
from dataclasses import dataclass
from pathlib import Path

from course import files, paths
from course.catalog import Project
from course.errors import CourseError
from course.workspace import edited, made_digest, pristine_text
from course.workspace.merge import carry_over


def exercises_folder() -> Path:
    """Where the student's files are: `exercises/` of the checkout, or what the environment variable COURSE_EXERCISES names."""
    return Path(os.environ.get("COURSE_EXERCISES") or paths.ROOT / "exercises")


def exercise_file(entry: Project) -> Path:
    """The student's file of a project."""
    return exercises_folder() / f"{entry.module}.py"


@dataclass(frozen=True)
class Change:
    """What was done to one file.

    Args:
        did: "made", "kept", "current", "renewed" or "merged".
        backup: where the student's file was saved, if it was.
        carried: the functions that were taken over from it.
        note: what else there is to say.
    """

    file: Path
    did: str
    backup: Path | None = None
    carried: tuple[str, ...] = ()
    note: str = ""


def reset(entry: Project) -> Change:
    """Put the unedited stub back; an edited file is saved first."""
    file, fresh = exercise_file(entry), pristine_text(entry)
    text = files.read(file)
    if text is None:
        files.write(file, fresh)
        return Change(file, "made")
    if text == fresh:
        return Change(file, "current")
    backup = back_up(file) if edited(text) else None
    files.write(file, fresh)
    return Change(file, "renewed", backup)


def update(entry: Project) -> Change:
    """Bring a stub up to the course's present one.

    A missing stub is made, an unedited one is replaced. An edited one stays as it is when it is of the present version; else it is
    saved, and the new stub takes its place with the student's functions in it. Where that cannot be done the file is left alone.
    """
    file, fresh = exercise_file(entry), pristine_text(entry)
    text = files.read(file)
    if text is None or not edited(text):
        if text == fresh:
            return Change(file, "current")
        files.write(file, fresh)
        return Change(file, "made" if text is None else "renewed")
    if made_digest(text) == made_digest(fresh):
        return Change(file, "kept")
    try:
        text = importlib.util.decode_source(file.read_bytes())  # as Python reads it, whatever its encoding
        ast.parse(text)
    except (SyntaxError, ValueError) as fault:
        where = f" in line {fault.lineno}" if isinstance(fault, SyntaxError) and fault.lineno else ""
        note = f"it is not valid Python{where}: mend it and run `course update` again"
        return Change(file, "kept", note=note)
    try:
        merged = carry_over(text, fresh, [f.name for f in entry.functions])
    except SyntaxError:
        note = f"your additions do not fit into the new stub: `course reset {entry.id}` makes that one, and keeps your file"
        return Change(file, "kept", note=note)
    backup = back_up(file)
    files.write(file, merged.text)
    note = f"not taken over, for the new stub has its own: {', '.join(merged.left)}" if merged.left else ""
    return Change(file, "merged", backup, merged.carried, note)


def back_up(file: Path) -> Path:
    """Copy a file into backup/ beside it, under a name that tells when; returns the copy."""
    stem = f"{file.stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        (file.parent / "backup").mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise _no_backup(file.parent / "backup", fault) from fault
    for name in [stem, *(f"{stem}-{k}" for k in range(2, 1000))]:
        copy = file.parent / "backup" / f"{name}.py"
        try:
            with copy.open("xb") as stream:
                stream.write(file.read_bytes())
            return copy
        except FileExistsError:
            continue
        except OSError as fault:
            raise _no_backup(copy, fault) from fault
    raise CourseError(f"{file.parent / 'backup'} is full of copies of {file.name}.", "Delete some of them.")


def _no_backup(path: Path, fault: OSError) -> CourseError:
    return CourseError(
        f"{path} cannot be written: {fault.strerror}.", "Nothing was changed. Make room for a backup first."
    )

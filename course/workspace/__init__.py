"""The pristine stubs, as they travel with the course: `ex01_mnist.stub` and so on, made by `course author make`.

A student has no solutions, so this is where `course reset` and `course update` (`exercises`) take a stub from. The first line of
a stub holds a digest of the rest; that is how an edit is noticed, also in a stub that an older course has made.
"""

import hashlib
from pathlib import Path

from course.catalog import Project
from course.errors import CourseError

DIGITS = 16  # hexadecimal; enough to tell an edited file from an unedited one


def pristine_file(entry: Project) -> Path:
    """Where the unedited stub of a project lies."""
    return Path(__file__).parent / f"{entry.module}.stub"


def pristine_text(entry: Project) -> str:
    """The unedited stub of a project.

    Raises:
        CourseError: this copy of the course has none.
    """
    try:
        return pristine_file(entry).read_text("utf-8")
    except FileNotFoundError:
        raise CourseError(
            f"This copy of the course has no stub of project {entry.id}.",
            f"An author writes solutions/{entry.module}.py and runs `course author make`; a student gets a new copy of the course.",
        ) from None


def first_line(name: str, body: str) -> str:
    """The first line of a stub: where it comes from, whose it is now, and the digest of the rest."""
    return f"# Made from {name} by `course author make`; yours to edit from here on. (stub {digest(body)})\n"


def digest(body: str) -> str:
    """A short digest of all that stands below a stub's first line; kinds of line ends and blanks at the very end do not count."""
    return hashlib.sha256("\n".join(body.rstrip().splitlines()).encode()).hexdigest()[:DIGITS]


def made_digest(text: str) -> str | None:
    """The digest in a stub's first line, or None where that line is gone."""
    head = text.partition("\n")[0].rstrip()
    found = head.rpartition("(stub ")[2].removesuffix(")")
    return found if head.startswith("# Made from ") and len(found) == DIGITS else None


def edited(text: str) -> bool:
    """Does a stub hold anything but what `course author make` wrote?"""
    return made_digest(text) != digest(text.partition("\n")[2])

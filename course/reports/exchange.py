"""What nbgrader's exchange wants beside a notebook or a page: when the work was handed in, and the secret by which a page finds
its way.

`nbgrader submit` makes both and `nbgrader collect` brings them; `release_feedback` reads them beside every page of the class
and breaks off at the first that has none. So everybody gets both: whose work came another way gets a secret that nobody else
knows, and a page in the exchange that nobody fetches.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC
from pathlib import Path

from course import files
from course.catalog import project
from course.grading.handed_in import read
from course.grading.submissions import Submission

TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"


def beside(submission: Submission) -> dict[str, str]:
    """{name: text} of those of the two files that lie beside a submission in nbgrader's layout, or with a time of its own.

    A link is not followed.
    """
    file = submission.file
    nested = file is not None and file.parent.name == project(submission.project).module
    found = within(file.parent) if file is not None and nested else {}
    if submission.when is not None:
        found[TIMESTAMP] = f"{submission.when.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
    return found


def within(folder: Path) -> dict[str, str]:
    """{name: text} of those of the two files that lie in a folder."""
    found: dict[str, str] = {}
    for name in (TIMESTAMP, SECRET):
        with suppress(OSError, ValueError):
            found[name] = read(folder / name).decode("utf-8", "replace")[:200]
    return found


def lay(folder: Path, found: Mapping[str, str]) -> None:
    """Lay both into a folder. What is known stays where nothing newer is; a page that is released again takes its own place.

    Raises:
        CourseError: a file cannot be written.
    """
    if found.get(TIMESTAMP) or files.read(folder / TIMESTAMP) is None:
        files.write(folder / TIMESTAMP, found.get(TIMESTAMP, ""))
    if secret := found.get(SECRET):
        files.write(folder / SECRET, secret)
    elif not (files.read(folder / SECRET) or ""):
        files.write(folder / SECRET, secrets.token_hex(64))

"""Runs MkDocs over the pages, with warnings as errors, and looks at the HTML: no leak, and nothing that comes from a network."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from course.authoring.release import leaks
from course.authoring.site import pages
from course.errors import CourseError

QUIET = {
    "NO_MKDOCS_2_WARNING": "1",
    "DISABLE_MKDOCS_2_WARNING": "true",
}  # what Material tells its authors about another program
# What a browser fetches by itself. A link that a reader follows may lead anywhere.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=[\"']?(https?:)?//[^\"'\s>]*", re.IGNORECASE
)


def build(folder: Path) -> Path:
    """Make the site anew in `folder`/html; returns that folder.

    Raises:
        CourseError: MkDocs is not installed, or it or one of our own looks finds something wrong.
    """
    if importlib.util.find_spec("material") is None or importlib.util.find_spec("latex2mathml") is None:
        raise CourseError(
            "The site needs MkDocs with its theme Material, and latex2mathml.",
            "Run `make docs`, or install the extra: pip install -e '.[docs]' -c constraints.txt",
        )
    config = pages.write(folder)
    target = folder / "html"
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--clean",
        "--quiet",
        "-f",
        str(config),
        "-d",
        str(target),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **QUIET})
    if done.returncode:
        raise CourseError(
            f"MkDocs does not build the site:\n{(done.stdout + done.stderr).strip()}",
            "Mend what it names, in docs/ or solutions/.",
        )
    faults = [*_leaks(folder / "pages"), *_fetched(target)]
    if faults:
        raise CourseError(
            "The site is not fit to be shown:\n" + "\n".join(faults), "Mend what is named, and build it again."
        )
    return target


def _leaks(folder: Path) -> Iterator[str]:
    """Lines of solutions anywhere; in lessons also markers, and what only authors know of the mistakes."""
    bodies = [secret for secret in leaks.secrets() if secret.what.startswith("a line of ")]
    yield from map(str, leaks.scan(folder, bodies))
    yield from map(str, leaks.scan(folder / "lessons"))


def _fetched(folder: Path) -> Iterator[str]:
    """What a page would fetch from a network when it is opened."""
    for file in sorted(folder.rglob("*.html")):
        for found in FETCHED.finditer(file.read_text("utf-8")):
            yield f"{file.relative_to(folder)}: {found[0]}"

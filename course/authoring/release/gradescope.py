"""The autograder that an instructor uploads to Gradescope: one zip for each project, with all that is needed to grade it there.

In it: setup.sh and run_autograder (templates/), the package, the project's grader, solution and release notebook. It is not for
students. What it does over there is `course.cli.gradescope`.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from course import paths
from course.authoring.release import assignments, bundle
from course.catalog import Project
from course.errors import CourseError

TEMPLATES = Path(__file__).parent / "templates"
FOLDER = "build/gradescope"
MARGIN = 60  # seconds of the assignment's time limit that are left to Gradescope itself: start, upload


def build(entries: Sequence[Project], folder: Path, *, seed: int, minutes: int = 10) -> Iterator[Path]:
    """Make the zips of these projects in `folder`, one after the other; gives the path of each.

    Args:
        seed: of the checks; 0 for the embedded data, which students have as well.
        minutes: the time limit of the assignment in Gradescope (10 unless its settings say another, 40 at most).

    Raises:
        CourseError: a notebook of release/ is stale or missing.
    """
    for entry in entries:
        known = {assignments.notebook_file(entry, kind) for kind in ("source", "release")}
        if stale := sorted(known.intersection(assignments.stale([entry]))):
            name = stale[0].relative_to(paths.ROOT)
            raise CourseError(
                f"{name} is stale.", f"`course release {entry.id}` makes it anew; submissions are read by it."
            )
        made = folder / entry.module
        bundle.place(dict(_contents(entry, seed, minutes)), made)
        yield bundle.pack(made, within="")  # Gradescope wants setup.sh at the root of the zip


def _contents(entry: Project, seed: int, minutes: int) -> Iterator[tuple[str, bytes]]:
    """(path in the zip, content)."""
    for name in ("setup.sh", "run_autograder"):
        yield name, bundle.read(TEMPLATES / name)
    yield "README.md", bundle.read(TEMPLATES / "gradescope.md")
    about = {"project": entry.id, "seed": seed, "seconds": 60 * minutes - MARGIN}
    yield "autograder.json", (json.dumps(about, indent=1) + "\n").encode()
    for name in ("pyproject.toml", "constraints.txt"):
        yield name, bundle.read(paths.ROOT / name)
    yield from bundle.package(bundle.AUTHORS)
    yield from bundle.graders([entry])
    for name in ("__init__.py", f"{entry.module}.py"):
        yield f"solutions/{name}", bundle.read(paths.ROOT / "solutions" / name)
    notebook = assignments.notebook_file(entry, "release")
    yield notebook.relative_to(paths.ROOT).as_posix(), bundle.read(notebook)

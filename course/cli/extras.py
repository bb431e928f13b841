"""Packages that only some commands need: which extra of pyproject.toml brings one that is missing."""

import re
import tomllib

from course import paths
from course.errors import CourseError


def missing(fault: ModuleNotFoundError) -> CourseError | None:
    """What to say of a package that is not installed; None where no extra brings it, so that the fault is not of that kind."""
    package = (fault.name or "").partition(".")[0]
    about = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for extra, needed in about["optional-dependencies"].items():
        if package in {re.split(r"[^\w.-]", one)[0] for one in needed}:
            return CourseError(
                f"This needs the package {package}, which is not installed.",
                f'In the folder of the course: python -m pip install -e ".[{extra}]" -c constraints.txt',
            )
    return None

"""What a project's module is run with, at its end: `from course.runs import Run`, or `PhotoRun` where the data are photos.

Importing it costs nothing; each of the two is imported when it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course.runs.photos import PhotoRun
    from course.runs.run import Run

__all__ = ["PhotoRun", "Run"]
_MODULES = {"PhotoRun": "course.runs.photos", "Run": "course.runs.run"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)

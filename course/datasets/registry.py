"""The data sets that the course knows. A module of `course/datasets/sets/` declares one of them, and is called as it is.

They are found by that folder, and finding one imports no other. What is declared is used elsewhere: `store` makes the pocket
files, `fetch` gets the full ones, `tiers` chooses between them, `inventory` says what is there.
"""

import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import paths
from course.errors import CourseError
from course.files import shown

if TYPE_CHECKING:
    from PIL.Image import Image


SETS = "course.datasets.sets"  # a package that is looked into, not imported: its modules import this one


@dataclass(frozen=True)
class Sample:
    """Some of the data for people to look at: what is to be seen, and columns of pictures, each shown `side` pixels wide."""

    says: str
    columns: Callable[[], list[list["Image"]]]
    side: int = 72  # a few of them in a row fit into a notebook's column


@dataclass(frozen=True)
class DataSet:
    """One data set in two tiers of the same layout: the real files (full), and those that the course makes (pocket).

    Args:
        name: of its folder, and of the module that declares it.
        holds: what the pocket files are, for people.
        writer: module of `write(folder, progress)`, which makes the pocket files, and of VERSION, which is raised when they
            change. An import string: who reads the full files does not import what draws the others.
        licence: of the full files, as stated where they are published.
        how_to_get: where the full files come from and where they go, for people; {folder} stands for their folder.
        absent: from the folder of the full files to what is lacking there, as a clause ("data/asl/… is not there"), or None.
            Raises CourseError where a file is damaged.
        fetch: from an empty folder and the folder of the full files; fetches into the first and moves whole files to the
            second. None where there is no download.
        altered: from the folder of the full files to what differs from the published checksums, or None; None where no
            checksum is published.
        ready: from the folder of either tier to the one that a program opens, where something must be prepared first.
        classes: the names of the class folders, where photos lie in such.
        samples: by the file name of the picture made of it; the first is for all projects that ask for no other.
    """

    name: str
    holds: str
    writer: str
    licence: str
    how_to_get: str
    absent: Callable[[Path], str | None]
    fetch: Callable[[Path, Path], None] | None = None
    altered: Callable[[Path], str | None] | None = None
    ready: Callable[[Path], Path] = lambda folder: folder
    classes: tuple[str, ...] = ()
    samples: Mapping[str, Sample] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the full files are or would be."""
        return paths.data_folder() / self.name

    @property
    def cure(self) -> str:
        """`how_to_get` with the folder in it."""
        return self.how_to_get.format(folder=shown(self.folder))

    def load_writer(self) -> Any:
        """Import the writer; CourseError where this copy of the course does not have it."""
        try:
            return import_module(self.writer)
        except ModuleNotFoundError as error:
            if error.name != self.writer:
                raise  # something that the module itself needs
            raise CourseError(
                f"The pocket data set {self.name} cannot be made: {self.writer} is not in this copy of the course.",
                "Update the course.",
            ) from None


def names() -> list[str]:
    """The names of all data sets, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(import_module(SETS).__path__))


def find(name: str) -> DataSet:
    """The data set called `name`; CourseError for a name that nobody knows."""
    module = f"{SETS}.{name}"
    if module not in sys.modules and name not in names():
        raise CourseError(f"There is no data set called {name!r}.", f"The data sets are: {', '.join(names())}.")
    return import_module(module).DATA_SET

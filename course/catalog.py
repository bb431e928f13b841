"""The registry of the projects. Everything that needs their names, functions, points or thresholds reads it here.

The facts stand in `catalog.toml`; this module only gives them types.
"""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.errors import CourseError


@dataclass(frozen=True)
class Function:
    """One function (or class) that the student writes: its points and the question that stands in its TODO.

    Args:
        mends: slips of form that cost one check and not all (`checks.slips`); None for the project's.
    """

    name: str
    points: int
    todo: str
    mends: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Project:
    """One project.

    Args:
        id: "01" … "07", as in `course watch 04a`.
        slug: "mnist", as in ex01_mnist.py.
        data: names of the data sets that it uses.
        thresholds: named bounds on the embedded data.
        picture: which sample of its data sets stands at the top of the notebook; "" for the first.
        look: the picture, of those that its run saves, that the lesson speaks of; "" where there is none.
        how_to_look: what to look for in it, as a sentence.
        mends: slips of form that cost one check of a function and not all, unless the function says otherwise.
    """

    id: str
    slug: str
    title: str
    data: tuple[str, ...]
    functions: tuple[Function, ...]
    thresholds: dict[str, float]
    picture: str = ""
    look: str = ""
    how_to_look: str = ""
    mends: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """Module name of the solution and of the stub."""
        return f"ex{self.folder}"

    @property
    def folder(self) -> str:
        """Name of its folder in graders/proofs/, as "05b_transfer"."""
        return f"{self.id}_{self.slug}"

    @property
    def grader(self) -> str:
        """File name of the grader."""
        return f"test_{self.folder}.py"

    @property
    def points(self) -> int:
        """What the whole project is worth."""
        return sum(f.points for f in self.functions)

    def mends_of(self, name: str) -> tuple[str, ...]:
        """The slips of form that are mended in one function."""
        own = next((f.mends for f in self.functions if f.name == name), None)
        return self.mends if own is None else own

    def function(self, name: str) -> Function:
        """The function of that name."""
        return next(f for f in self.functions if f.name == name)


@functools.cache
def projects() -> tuple[Project, ...]:
    """All projects in the order of the course."""
    with (Path(__file__).parent / "catalog.toml").open("rb") as file:
        entries = tomllib.load(file)["project"]
    return tuple(
        Project(
            id=entry["id"],
            slug=entry["slug"],
            title=entry["title"],
            data=tuple(entry["data"]),
            functions=tuple(Function(f["name"], f["points"], f["todo"], _mends(f)) for f in entry["functions"]),
            thresholds=dict(entry.get("thresholds", {})),
            picture=entry.get("picture", ""),
            look=entry.get("look", ""),
            how_to_look=entry.get("how_to_look", ""),
            mends=_mends(entry) or (),
        )
        for entry in entries
    )


def _mends(table: dict[str, Any]) -> tuple[str, ...] | None:
    return tuple(table["mends"]) if "mends" in table else None


def project(key: str) -> Project:
    """The project with this id ("07", "7"), slug ("fruits") or module name ("ex07_fruits").

    Raises:
        CourseError: there is none.
    """
    wanted = key.lower().removesuffix(".py").removeprefix("test_")
    for entry in projects():
        if wanted in (entry.id, entry.id.lstrip("0"), entry.slug, entry.module, entry.folder):
            return entry
    known = ", ".join(f"{p.id} {p.slug}" for p in projects())
    raise CourseError(f"There is no project called {key!r}.", f"The projects are: {known}.")

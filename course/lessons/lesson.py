"""A lesson: what a project's training must show on the embedded data, as rows of a table with bands, and how it is measured.

Each project declares its own as LESSON in `graders/proofs/<id>_<slug>/lesson.py`; they are found by that folder. How a solution is
trained is in `quiet_run`; running all of it and writing the table, in `table`.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from course import catalog, paths
from course.errors import CourseError

Found = dict[str, float]  # measured values of one seed, by key


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        what: for people.
        key: of the value in what the lesson measures.
        minus: key of a value to subtract, perhaps of an earlier lesson: bands such as "at least the MLP + 0.10".
        least, most: the band, inclusive; a row without any is only shown.
    """

    what: str
    key: str
    minus: str | None = None
    least: float | None = None
    most: float | None = None

    def value(self, found: Found) -> float | None:
        """This row's value with one seed; None where something that it needs was not measured."""
        if self.key not in found or (self.minus is not None and self.minus not in found):
            return None
        return found[self.key] - (found[self.minus] if self.minus is not None else 0.0)

    def holds(self, values: Iterable[float]) -> bool:
        """Whether every value lies in the band. Accuracies are fractions of some thousand images: 1e-9 is rounding."""
        least = -float("inf") if self.least is None else self.least - 1e-9
        most = float("inf") if self.most is None else self.most + 1e-9
        return all(least <= value <= most for value in values)

    @property
    def band(self) -> str:
        """The band for people."""
        parts = [f"≥ {self.least:.2f}"] if self.least is not None else []
        return " and ".join([*parts, f"≤ {self.most:.2f}"] if self.most is not None else parts)


@dataclass(frozen=True)
class Lesson:
    """What one project shows.

    Args:
        measure: (seed, work) -> values; run in a worker process with one thread. `work` is a folder for files that a lesson
            leaves to those that come `after` it with the same seed.
        rows: how the values are shown.
        after: id of the project whose lesson leaves files that this one reads; measured first, in the same process.
    """

    measure: Callable[[int, Path], Found]
    rows: tuple[Row, ...]
    after: str | None = None


def lessons() -> dict[str, Lesson]:
    """The lessons of all projects that have one, by project id, in the order of the course."""
    folder = paths.ROOT / "graders" / "proofs"
    known = [entry for entry in catalog.projects() if (folder / entry.folder / "lesson.py").is_file()]
    return {entry.id: lesson_module(entry.id).LESSON for entry in known}


def lesson_module(project_id: str) -> ModuleType:
    """The module that declares a project's lesson; CourseError where this copy of the course has none."""
    return _module(f"graders.proofs.{catalog.project(project_id).folder}.lesson")


def solution(project_id: str) -> ModuleType:
    """The solution module of a project; CourseError where this copy of the course has none."""
    return _module(f"solutions.{catalog.project(project_id).module}")


def _module(name: str) -> ModuleType:
    if str(paths.ROOT) not in sys.path:
        sys.path.append(str(paths.ROOT))  # the command `course` is started from its own folder
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # something that the module itself needs
        raise CourseError(f"{name} is not there.", "Measure it where the solutions and the proofs are.") from None

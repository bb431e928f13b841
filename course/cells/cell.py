"""The cells of one piece of work, as they travel to where they are loaded: plain data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from course import files


@dataclass(frozen=True)
class Cell:
    """One cell of code, or a whole module.

    Args:
        name: what a person calls it: "the cell of train_epoch", "cell 14"; empty for a module.
        source: its text, as it was typed.
        kind: "given" for one of the course's, "task" for that of a function, "own" for one that the student has made.
        tasks: the functions whose definition in this cell is the one that counts.
    """

    name: str
    source: str
    kind: str
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """What is loaded: the cells in the order in which they run.

    Args:
        tasks: the functions of the project.
        cells: those of the notebook, or one for a module.
        others: {module of another project: (the student's own work of it, or "", the reference, or "")}, for who imports it.
    """

    tasks: tuple[str, ...]
    cells: tuple[Cell, ...]
    others: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def write(self, file: Path) -> None:
        """Write it down for a worker."""
        files.write(file, self.text())

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), sort_keys=True)


def read_work(file: Path) -> Work:
    """What `Work.write` wrote."""
    fields = json.loads(file.read_text("utf-8"))
    cells = tuple(Cell(**{**cell, "tasks": tuple(cell["tasks"])}) for cell in fields["cells"])
    return Work(tuple(fields["tasks"]), cells, {name: tuple(both) for name, both in fields["others"].items()})

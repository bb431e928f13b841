"""What is known of a student's work without running it: which functions are written, and how the last run of the checks ended.

The last results are kept in `.course/progress.json`, with a digest of the file that they are about. They are for the student's own
eyes (`course status`, `course hint`); no grade is ever read from there.
"""

import ast
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import files, paths
from course.catalog import Project
from course.errors import CourseError
from course.source import definitions, unfinished

if TYPE_CHECKING:
    from course.checks.results import ProjectResult


LONG = 2.0  # seconds; less needs no bar


@dataclass(frozen=True)
class Last:
    """The last run of all checks of a project.

    Args:
        outcomes: {check: one of `results.OUTCOMES`}.
        current: the file has not changed since.
    """

    earned: int
    points: int
    outcomes: dict[str, str]
    current: bool


def record(result: "ProjectResult", file: Path) -> None:
    """Keep the outcome of a whole run over `file`; where that cannot be written, nothing is kept."""
    known = _read()
    known[str(file.resolve())] = {
        "digest": digest(file),
        "earned": result.earned,
        "points": result.points,
        "outcomes": {check.name: check.outcome for check in result.checks},
        "seconds": seconds(file) | {c.name: round(c.seconds, 1) for c in result.checks if c.seconds > LONG},
    }
    with suppress(CourseError):
        files.write(_file(), json.dumps(known, indent=1))


def last(file: Path) -> Last | None:
    """How the last run over this file ended, or None."""
    entry = _read().get(str(file.resolve()))
    try:
        return Last(entry["earned"], entry["points"], entry["outcomes"], entry["digest"] == digest(file))  # type: ignore[index]
    except (TypeError, KeyError):
        return None


def seconds(file: Path) -> dict[str, float]:
    """{check: how long it took last, where that was long}: for a bar that says how long it will take."""
    entry = _read().get(str(file.resolve()))
    found = entry.get("seconds") if isinstance(entry, dict) else None
    return {str(k): float(v) for k, v in found.items() if type(v) in (int, float)} if isinstance(found, dict) else {}


def record_cell(entry: Project, task: str, earned: int) -> None:
    """Keep what a check cell of a notebook has said about one function."""
    known = _read()
    cells = known.setdefault(f"notebook {entry.id}", {})
    if isinstance(cells, dict) and cells.get(task) != earned:
        cells[task] = earned
        with suppress(CourseError):
            files.write(_file(), json.dumps(known, indent=1))


def cells(entry: Project) -> dict[str, int]:
    """{function: points that its check cell has said last}."""
    found = _read().get(f"notebook {entry.id}")
    names = [function.name for function in entry.functions]
    return {name: n for name in names if isinstance(found, dict) and type(n := found.get(name)) is int}


def unwritten(file: Path, entry: Project) -> list[str] | None:
    """The project's functions that are missing in a file or still hold their TODO; None where it is missing or not valid Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    todo = unfinished(tree)
    written = definitions(tree).keys() - todo.keys()
    return [function.name for function in entry.functions if function.name not in written]


def folder() -> Path:
    """Where all of this is kept."""
    return _file().parent


def _file() -> Path:
    return Path(os.environ.get("COURSE_PROGRESS") or paths.ROOT / ".course" / "progress.json")


def _read() -> dict[str, Any]:
    try:
        known = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def digest(file: Path) -> str:
    """By which a later state of a file is told from this one; "" where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""

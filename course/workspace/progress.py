"""What is known of a student's work without running it: which functions are written, and how the last run of the checks ended.

The last results are kept in `.course/progress.json`, with a digest of the file that they are about. They are for the student's own
eyes (`course status`, `course hint`); no grade is ever read from there.
"""

import ast
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import paths
from course.catalog import Project

if TYPE_CHECKING:
    from course.checks.results import ProjectResult


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
        "digest": _digest(file),
        "earned": result.earned,
        "points": result.points,
        "outcomes": {check.name: check.outcome for check in result.checks},
    }
    target = _file()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(known, stream, indent=1)
        os.replace(temporary, target)
    except OSError:
        pass


def last(file: Path) -> Last | None:
    """How the last run over this file ended, or None."""
    entry = _read().get(str(file.resolve()))
    try:
        return Last(entry["earned"], entry["points"], entry["outcomes"], entry["digest"] == _digest(file))  # type: ignore[index]
    except (TypeError, KeyError):
        return None


def unwritten(file: Path, entry: Project) -> list[str] | None:
    """The project's functions that are missing in a file or still hold their TODO; None where it is missing or not valid Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    written = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not _holds_todo(node)
    }
    return [function.name for function in entry.functions if function.name not in written]


def _holds_todo(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Does a function, or any method of a class, open with its TODO? (As `grading.worker` sees it, without importing torch.)"""
    parts = node.body if isinstance(node, ast.ClassDef) else [node]
    functions = [part for part in parts if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
    bodies = [f.body[1:] if ast.get_docstring(f) is not None else f.body for f in functions]
    wanted = f"raise NotImplementedError('{node.name}')"
    return any(body and ast.unparse(body[0]) == wanted for body in bodies)


def _file() -> Path:
    return Path(os.environ.get("COURSE_PROGRESS") or paths.ROOT / ".course" / "progress.json")


def _read() -> dict[str, Any]:
    try:
        known = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""

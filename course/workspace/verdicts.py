"""The last verdicts in full, message and hint and all, for the student's own report (`course report`).

One file a project and form, in `.course/verdicts/` beside `progress.json`: `ex01_mnist.json` is of the module,
`ex01_mnist.notebook.json` of the check cells. They are for the student's eyes; no grade is ever read from there.
"""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import files
from course.catalog import Project
from course.errors import CourseError
from course.workspace import progress

if TYPE_CHECKING:
    from course.checks.results import CheckResult, ProjectResult

MOST_BYTES = 4 << 20  # of such a file; the largest of ours has about 40 kB


@dataclass(frozen=True)
class Kept:
    """Verdicts as they were given last.

    Args:
        when: seconds since 1970.
        current: the file has not changed since; True for a notebook, of which that is not known.
    """

    checks: tuple["CheckResult", ...]
    when: float
    current: bool = True


def record(result: "ProjectResult", file: Path) -> None:
    """Keep a whole run over a module: the outcomes for `course status`, and the verdicts."""
    progress.record(result, file)
    content = {"file": str(file.resolve()), "digest": progress.digest(file), "when": time.time()}
    _write(_module(file), content | {"checks": [check.plain() for check in result.checks]})


def of_module(file: Path) -> Kept | None:
    """The last verdicts over this file, or None."""
    known = _read(_module(file))
    checks = _checks(known.get("checks"))
    if known.get("file") != str(file.resolve()) or not checks:
        return None
    return Kept(checks, _number(known.get("when")), known.get("digest") == progress.digest(file))


def record_cell(entry: Project, task: str, result: "ProjectResult") -> None:
    """Keep what the check cell of one function has said."""
    progress.record_cell(entry, task, result.earned)
    known = _read(_notebook(entry))
    cells = known.get("cells")
    cells = dict(cells) if isinstance(cells, dict) else {}
    cells[task] = [check.plain() for check in result.checks]
    _write(_notebook(entry), {"cells": cells, "when": time.time()})


def of_notebook(entry: Project) -> Kept | None:
    """The last verdicts of all check cells that were run, or None."""
    known = _read(_notebook(entry))
    cells = known.get("cells")
    if not isinstance(cells, dict):
        return None
    checks = [check for function in entry.functions for check in _checks(cells.get(function.name))]
    return Kept(tuple(checks), _number(known.get("when"))) if checks else None


def outcomes_of_notebook(entry: Project) -> dict[str, dict[str, str]]:
    """{function: {check: one of `results.OUTCOMES`}} as the check cells have said last."""
    cells = _read(_notebook(entry)).get("cells")
    found: dict[str, dict[str, str]] = {}
    for task, checks in cells.items() if isinstance(cells, dict) else ():
        with suppress(KeyError, TypeError):  # of another version of the course, or spoilt
            found[task] = {str(check["name"]): str(check["outcome"]) for check in checks}
    return found


def _module(file: Path) -> Path:
    return progress.folder() / "verdicts" / f"{file.stem}.json"


def _notebook(entry: Project) -> Path:
    return progress.folder() / "verdicts" / f"{entry.module}.notebook.json"


def _write(file: Path, content: dict[str, Any]) -> None:
    with suppress(CourseError, TypeError, ValueError):  # what cannot be kept is not
        files.write(file, json.dumps(content))


def _read(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_bytes()) if file.stat().st_size <= MOST_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _checks(found: Any) -> tuple["CheckResult", ...]:
    """Those that can be read: the file may be of another version of the course, or spoilt."""
    from course.checks.results import CheckResult

    checks = []
    for fields in found if isinstance(found, Iterable) and not isinstance(found, str) else ():
        with suppress(Exception):
            check = CheckResult.from_plain(fields)
            check.message  # noqa: B018 - worded here, where a fault costs this check alone
            texts = (
                check.task,
                check.name,
                check.title,
                check.outcome,
                check.says,
                check.hint,
                check.code,
                check.place,
            )
            numbers = (check.points, check.earned)
            if all(type(text) is str for text in texts) and all(type(number) is int for number in numbers):
                checks.append(check)
    return tuple(checks)


def _number(value: Any) -> float:
    return float(value) if type(value) in (int, float) else 0.0

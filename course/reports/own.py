"""A student's own report: all projects on one page, each verdict with its hint, and what the runs have shown.

One file without scripts and without anything from elsewhere, like the pages of a class (`html`), from the same templates. It runs
nothing: it shows what the checks, `course run` and `course try` have left, and says of what is missing how to get it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course import catalog, paths
from course.catalog import Project
from course.checks.results import CheckResult
from course.files import shown
from course.reports import leavings
from course.reports.templates import PAGES
from course.reports.terminal import SYMBOLS
from course.tries import guesses
from course.workspace import exercises, notebooks, progress, verdicts

LETTERS = 2000  # of one text


@dataclass(frozen=True)
class Work:
    """One form of a project: its module or its notebook.

    Args:
        where: the file, as a person would type it.
        written: functions that are no longer at their TODO.
        earned: points by the last verdicts; None where there are none.
        note: what else is to be said of them.
        tasks: the last verdicts of each function.
    """

    where: str
    written: int
    earned: int | None
    note: str
    tasks: dict[str, list[CheckResult]]


def page() -> str:
    """The whole page as text."""
    projects = [_project(entry) for entry in catalog.projects()]
    return PAGES.get_template("report.html.j2").render(
        title="My course",
        projects=projects,
        earned=sum(one["earned"] for one in projects),
        points=sum(one["entry"].points for one in projects),
        marks=SYMBOLS,
        made=time.strftime("%d %B %Y, %H:%M"),
        letters=LETTERS,
    )


def _project(entry: Project) -> dict[str, Any]:
    works = [work for work in (_module(entry), _notebook(entry)) if work is not None]
    left = leavings.left_by(paths.runs_folder() / entry.module, entry.id)
    first = next((f for f in entry.functions if not any(_right(work, f.name) for work in works)), None)
    return {
        "entry": entry,
        "works": works,
        "earned": max((work.earned or 0 for work in works), default=0),
        "written": max((work.written for work in works), default=0),
        "left": left,
        "tried": guesses.last_of(entry),
        "ran": time.strftime("%d %B %Y, %H:%M", time.localtime(left.when)) if left and left.when else "",
        "next": first,
    }


def _right(work: Work, task: str) -> bool:
    checks = work.tasks.get(task, [])
    return bool(checks) and all(check.outcome == "passed" for check in checks)


def _module(entry: Project) -> Work | None:
    """The module; None where nothing has been done in it."""
    file = exercises.exercise_file(entry)
    missing = progress.unwritten(file, entry)
    kept = verdicts.of_module(file)
    if kept is None and (missing is None or len(missing) == len(entry.functions)):
        return None
    written = len(entry.functions) - len(missing) if missing is not None else 0
    note = ""
    if kept is None:
        note = f"Not checked yet: `course watch {entry.id}`."
    elif not kept.current:
        note = f"These verdicts are from before your last edit. For new ones: `course watch {entry.id}`."
    if missing is None and file.is_file():
        note = "The file is not valid Python at present. " + note
    return _work(shown(file), written, kept, note)


def _notebook(entry: Project) -> Work | None:
    book = notebooks.notebook(entry)
    kept = verdicts.of_notebook(entry)
    if book is None or not (book.written or kept):
        return None
    note = "" if kept else "Not checked yet: run the cell of checks below each function."
    return _work(shown(book.file), book.written, kept, note)


def _work(where: str, written: int, kept: verdicts.Kept | None, note: str) -> Work:
    tasks: dict[str, list[CheckResult]] = {}
    for check in kept.checks if kept else ():
        tasks.setdefault(check.task, []).append(check)
    earned = sum(check.earned for check in kept.checks) if kept else None
    return Work(where, written, earned, note, tasks)


def open_checks(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Those that say something: a failure once where several have the same."""
    seen: set[tuple[str, str]] = set()
    found = []
    for check in checks:
        said = check.message, check.code
        if check.outcome != "passed" and not (check.outcome == "failed" and said in seen):
            found.append(check)
        seen.add(said)
    return found


PAGES.filters["open"] = open_checks

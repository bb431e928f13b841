"""What every export is made from: for each project that was handed out, what each student has and what is to be said of it.

Points are those of `totals`: the gradebook's where there is one. A project without results is in no export.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course import catalog
from course.catalog import Project
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.errors import CourseError
from course.reports.totals import Total, Totals, number, of

SAID = 1500  # characters of what is said to a student in a cell; the page has it all


@dataclass(frozen=True)
class Mark:
    """What one student has for one project; `said` is a few sentences for the column of feedback."""

    points: float
    missing: bool
    said: str

    @property
    def shown(self) -> str:
        """The points as every platform reads them: 24, 24.5."""
        return number(self.points)


@dataclass(frozen=True)
class Column:
    """A project in a table.

    Args:
        title: what the platform calls it.
        points: what could be earned.
        marks: {student: what that one has}.
    """

    project: Project
    title: str
    points: float
    marks: Mapping[str, Mark]


def kept(folder: Path, entries: Sequence[Project] = ()) -> list[SubmissionResult]:
    """The results that `course grade` has left in its folder of reports.

    Args:
        entries: of these projects; unless given, of all that have any.

    Raises:
        CourseError: there are none, or they are not what `course grade` writes.
    """
    wanted = list(entries) or [entry for entry in catalog.projects() if (folder / f"{entry.module}.json").is_file()]
    if not wanted:
        raise CourseError(
            f"There are no results in {folder}.", "`course grade` writes them; --feedback names another folder."
        )
    return [result for entry in wanted for result in _kept(folder / f"{entry.module}.json", entry)]


def _kept(file: Path, entry: Project) -> list[SubmissionResult]:
    try:
        found = [_result(fields) for fields in json.loads(file.read_text("utf-8"))]
    except FileNotFoundError as fault:
        raise CourseError(
            f"{entry.id} has not been graded: there is no {file}.",
            f"`course grade submitted --project {entry.id}` comes first.",
        ) from fault
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise CourseError(
            f"{file} is not what `course grade` writes: {fault!r}.", "Grade the project again."
        ) from fault
    return found


def _result(fields: dict[str, object]) -> SubmissionResult:
    """From what JSON has made of `SubmissionResult.plain`."""
    whole = dict(fields)
    inner = dict(whole.pop("result"))  # type: ignore[call-overload]
    checks = tuple(CheckResult.from_plain(check) for check in inner.pop("checks"))
    result = ProjectResult(checks=checks, **{**inner, "notes": tuple(inner["notes"])})
    known = {name: value for name, value in whole.items() if name in SubmissionResult.__dataclass_fields__}
    return SubmissionResult(**{**known, "result": result, "notes": tuple(known["notes"])})  # type: ignore[arg-type]


def columns(results: Sequence[SubmissionResult], totals: Totals, titles: Mapping[str, str]) -> list[Column]:
    """A column for each project, in the order of the course.

    Args:
        titles: {id of a project: what the platform calls it}; else its module's name.
    """
    made = []
    for entry in catalog.projects():
        own = [result for result in results if result.result.project == entry.id]
        if own:
            marks = {r.student: Mark(of(r, totals).earned, r.status == "missing", _said(r, of(r, totals))) for r in own}
            made.append(Column(entry, titles.get(entry.id, entry.module), of(own[0], totals).points, marks))
    return made


def _said(result: SubmissionResult, total: Total) -> str:
    """A sentence for each function that lacks points, and what a person has written."""
    lines = [f"{number(total.earned)} of {number(total.points)} points."]
    if result.reason:
        lines.append(f"Not graded: {result.reason}.")
    for task, checks in result.result.by_task().items():
        part = total.of(task)
        failed = [check.title for check in checks if check.outcome == "failed"]
        if failed and not result.reason:
            lines.append(f"{task}: {'; '.join(failed)}.")
        if part and (part.given is not None or part.extra):
            lines.append(f"{task}: {number(part.earned)} of {number(part.points)} by hand.")
        if part and part.comment:
            lines.append(f"{task}: {part.comment}")
    if total.taken:
        lines.append(f"Late: {number(total.taken)} points less.")
    said = " ".join(" ".join(line.split()) for line in lines)
    return said if len(said) <= SAID else said[: SAID - 1] + "…"

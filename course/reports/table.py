"""Tables with a row for each submission: CSV for a spreadsheet, Markdown for a GitHub step summary, text for the terminal.

A row is there for everybody, also where nothing could be graded, with the reason.
"""

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course.catalog import projects
from course.checks.results import SubmissionResult
from course.grading.rules import Rules
from course.reports.summary import escaped, line
from course.reports.totals import Total, Totals, handed_out, number, of, of_assignment, of_term

FIELDS = ("student", "project", "earned", "points", "status", "reason", "notes", "file", "isolation", "seed", "sha256")
# How `earned` adds up: checks + by hand + extra credit - late penalty. Times are in UTC.
PARTS = ("checks", "by hand", "extra credit", "late penalty", "handed in", "due", "comments")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what makes a spreadsheet compute a cell
FIRST_POINTS = len(FIELDS)  # from this column on there are numbers, and what is negative is no formula
NO_VERDICT = ("not graded", "no answer", "ended", "not loaded")  # failures in which no check has looked at anything


def csv_text(results: Sequence[SubmissionResult], totals: Totals | None = None) -> str:
    """Quoted CSV with a column for each function; texts that a spreadsheet would compute get an apostrophe in front.

    Args:
        totals: the gradebook's; without them the checks' points are the total.
    """
    tasks = list(dict.fromkeys(task for r in results for task in r.result.by_task()))
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([*FIELDS, *PARTS, *(_cell(task) for task in tasks)])
    for r in results:
        total = of(r, totals or {})
        whole = (r.student, r.result.project, number(total.earned), number(total.points), r.status)
        row = [*whole, r.reason or "; ".join(lost(r)), " ".join(r.notes), r.file, r.isolation, str(r.seed), r.digest]
        row += _parts(total)
        parts = {part.task: part for part in total.parts}
        row += [number(parts[task].earned) if task in parts else "" for task in tasks]
        writer.writerow([_cell(value, numeric=place >= FIRST_POINTS) for place, value in enumerate(row)])
    return text.getvalue()


def _parts(total: Total) -> list[str]:
    handmade = sum(part.given - part.checks for part in total.parts if part.given is not None)
    sums = [sum(part.checks for part in total.parts), handmade, sum(part.extra for part in total.parts), total.taken]
    times = [when.isoformat(" ") if when else "" for when in (total.handed_in, total.due)]
    return [*map(number, sums), *times, " | ".join(f"{p.task}: {p.comment}" for p in total.parts if p.comment)]


def term_csv(book: Any, rules: Rules) -> str:
    """Quoted CSV of the whole term, from an open gradebook: a row a student, a column a project that was handed out, and the sum.

    A project counts what course.toml says, or its own points; the lowest are dropped where it says so, and named.
    """
    modules = handed_out(book, rules)
    by_project = {entry.id: of_assignment(book, entry.module) for entry in projects() if entry.module in modules}
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["student", "earned", "points", "dropped", *by_project])
    for student in sorted(one.id for one in book.students):
        found = of_term({id: totals.get(student) for id, totals in by_project.items()}, rules)
        row = [*map(number, found.counts), " ".join(found.dropped), *(number(found.earned[id]) for id in by_project)]
        writer.writerow([_cell(student), *row])
    return text.getvalue()


def lost(result: SubmissionResult) -> list[str]:
    """Why a function has no points, where no check could say: a cell that is no Python, a loop."""
    said: dict[str, str] = {}
    for check in result.result.of(["failed"]):
        if check.failure and (check.failure.kind in NO_VERDICT) and check.failure.kind != "not tried":
            said.setdefault(check.task, check.message.partition("\n")[0])
    return [text if text.startswith(task) else f"{task}: {text}" for task, text in said.items()]


def markdown(results: Sequence[SubmissionResult], totals: Totals | None = None) -> str:
    """A table in GitHub's Markdown, with a last row of the sums."""
    lines = ["| student | project | earned | points | |", "|---|---|---:|---:|---|"]
    whole = [of(r, totals or {}) for r in results]
    for r, total in zip(results, whole, strict=True):
        said = "; ".join(filter(None, [r.reason or " ".join(_remarks(r)), changed(total)]))
        row = (r.student, r.result.project, number(total.earned), number(total.points), said)
        lines.append(f"| {' | '.join(map(escaped, row))} |")
    earned, points = sum(t.earned for t in whole), sum(t.points for t in whole)
    lines.append(
        f"| **{len(results)} in all** | | {number(earned)} | {number(points)} | {escaped(isolation(results))} |"
    )
    return "\n".join(lines) + "\n"


def changed(total: Total) -> str:
    """What of a total is not the checks': by hand, extra credit, a penalty. Empty where it is all theirs."""
    handmade = sum(part.given - part.checks for part in total.parts if part.given is not None)
    extra = sum(part.extra for part in total.parts)
    said = [f"by hand {handmade:+.4g}"] if any(part.given is not None for part in total.parts) else []
    said += [f"extra credit {extra:+.4g}"] if extra else []
    said += [f"late -{number(total.taken)}"] if total.taken else []
    said += ["points of an earlier submission"] if total.kept else []
    return ", ".join(said)


def terminal(results: Sequence[SubmissionResult], totals: Totals | None = None) -> str:
    """A line for each submission."""
    width = max((len(line(r.student)) for r in results), default=0)
    lines = []
    for r in results:
        total = of(r, totals or {})
        said = f"   {r.status}: {r.reason}" if r.reason else "   ".join(["", *_remarks(r)])
        said += f"   ({other})" if (other := changed(total)) else ""
        points = f"{number(total.earned):>6} of {number(total.points):<4}"
        lines.append(f"  {r.result.project:<4}{line(r.student):<{width}}{points}{line(said)}".rstrip())
    return "\n".join([*lines, isolation(results)]) + "\n"


def _remarks(result: SubmissionResult) -> list[str]:
    """What is worth knowing beside the points: that nothing was written explains a 0; that there was no wall."""
    untouched = {check.outcome for check in result.result.checks} == {"not started"}
    return [*(["not started"] if untouched else []), *result.notes, *([] if result.walled else ["no wall"])]


def file_names(students: Sequence[str]) -> dict[str, str]:
    """A folder's name for each student: the student's own where any system can have it, else one made of it and a hash.

    Two that differ in case only get different ones.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for student in students:
        name = student
        plain = re.fullmatch(r"[A-Za-z0-9_@+=,-][A-Za-z0-9_@+=,. -]{0,79}", student) and not student.endswith(
            (".", " ")
        )
        if not plain or name.lower() in taken or Path(name).suffix in (".csv", ".xml", ".md", ".json"):
            stem = re.sub(r"[^A-Za-z0-9_-]+", "-", student)[:40].strip("-")
            name = f"{stem}-{hashlib.sha256(student.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
        names[student] = name
        taken.add(name.lower())
    return names


def isolation(results: Sequence[SubmissionResult]) -> str:
    """What stood between the students' code and the judge, as one phrase."""
    return "isolation: " + ", ".join(sorted({line(r.isolation) for r in results}))


def _cell(value: str, numeric: bool = False) -> str:
    if numeric and re.fullmatch(r"-?[\d.]+(?:e[+-]?\d+)?", value):
        return value
    clean = "".join(c if c.isprintable() or c in "\n\t\r" else "\ufffd" for c in value)
    return "'" + clean if clean.lstrip(" ").startswith(FORMULA) else clean

"""Tables with a row for each submission: CSV for a spreadsheet, Markdown for a GitHub step summary, text for the terminal; and
one with a row for each function, for the student's own step summary.

A row is there for everybody, also where nothing could be graded, with the reason.
"""

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.reports.terminal import SYMBOLS, render

FIELDS = ("student", "project", "earned", "points", "status", "reason", "notes", "file", "isolation", "seed", "sha256")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what makes a spreadsheet compute a cell
MOST = 50_000  # characters of a verdict; GitHub shows no step summary of more than 1 MiB


def csv_text(results: Sequence[SubmissionResult]) -> str:
    """Quoted CSV with a column for each function; texts that a spreadsheet would compute get an apostrophe in front."""
    tasks = list(dict.fromkeys(task for r in results for task in r.result.by_task()))
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([*FIELDS, *(_cell(task) for task in tasks)])
    for r in results:
        whole = (r.student, r.result.project, str(r.earned), str(r.points), r.status, r.reason, " ".join(r.notes))
        row = [*whole, r.file, r.isolation, str(r.seed), r.digest]
        points = r.earned_by_task()
        row += [str(points[task][0]) if task in points else "" for task in tasks]
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def markdown(results: Sequence[SubmissionResult]) -> str:
    """A table in GitHub's Markdown, with a last row of the sums."""
    lines = ["| student | project | earned | points | |", "|---|---|---:|---:|---|"]
    for r in results:
        said = r.reason or " ".join(_remarks(r))
        lines.append(
            f"| {_escaped(r.student)} | {_escaped(r.result.project)} | {r.earned} | {r.points} | {_escaped(said)} |"
        )
    earned, points = sum(r.earned for r in results), sum(r.points for r in results)
    lines.append(f"| **{len(results)} in all** | | {earned} | {points} | {_escaped(isolation(results))} |")
    return "\n".join(lines) + "\n"


def functions(screens: Sequence[ProjectResult]) -> str:
    """A table for each project in GitHub's Markdown, with a row for each function; below it the verdict, folded up."""
    parts = []
    for screen in screens:
        heading = f"{screen.project} {screen.title}: {screen.earned} of {screen.points} points"
        parts += [f"### {_escaped(heading)}", "", "| | function | points | |", "|---|---|---:|---|"]
        for task, checks in screen.by_task().items():
            earned, points = sum(c.earned for c in checks), sum(c.points for c in checks)
            said = _state(checks)
            parts.append(f"| {SYMBOLS[said[0]]} | {_escaped(task)} | {earned} of {points} | {_escaped(said[1])} |")
        parts.append("")
        if screen.of(["failed"]):
            whole = escape(render(screen)[:MOST].encode("utf-8", "replace").decode(), quote=False)
            parts += [f"<details><summary>What was wrong, and a question</summary>\n\n<pre>{whole}</pre></details>", ""]
    if len(screens) > 1:
        earned, points = sum(s.earned for s in screens), sum(s.points for s in screens)
        parts += [f"**{earned} of {points} points** in {len(screens)} projects", ""]
    return "\n".join(parts)


def _state(checks: Sequence[CheckResult]) -> tuple[str, str]:
    """(one of OUTCOMES, a few words) of a function's checks: what failed comes before what waits and what is not started."""
    failed = [c.title for c in checks if c.outcome == "failed"]
    if failed:
        return "failed", "; ".join(failed)
    for outcome in ("waiting", "not started"):
        if open_ := [c for c in checks if c.outcome == outcome]:
            return outcome, (open_[0].message if outcome == "waiting" else "") or outcome
    return "passed", "1 check" if len(checks) == 1 else f"all {len(checks)} checks"


def terminal(results: Sequence[SubmissionResult]) -> str:
    """A line for each submission."""
    width = max((len(line(r.student)) for r in results), default=0)
    lines = []
    for r in results:
        said = f"   {r.status}: {r.reason}" if r.reason else "   ".join(["", *_remarks(r)])
        lines.append(
            f"  {r.result.project:<4}{line(r.student):<{width}}{r.earned:>6} of {r.points:<4}{line(said)}".rstrip()
        )
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


def _cell(value: str) -> str:
    clean = "".join(c if c.isprintable() or c in "\n\t\r" else "\ufffd" for c in value)
    return "'" + clean if clean.lstrip(" ").startswith(FORMULA) else clean


def line(text: str) -> str:
    """One line of printable characters."""
    return "".join(c if c.isprintable() else " " for c in text)


def _escaped(text: str) -> str:
    """Text in a cell of a Markdown table: no tags, no links, no markup, one line."""
    kept = line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|~@" else c for c in kept)

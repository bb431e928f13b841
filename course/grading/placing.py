"""Whose is what: submissions under other names than the roster's get the roster's ids, and nobody becomes a new student by
accident.

A platform calls a student by an e-mail address, an id or a name. Whom the roster knows by one of them is placed; `names.csv` beside
the roster says the rest, a line for each name that cannot be placed, with room for the id. `times` reads when each was handed in
from a table, for a platform whose download does not say it.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from course import files
from course.errors import CourseError
from course.grading.attempts import Listed, squashed
from course.grading.rules import Rules
from course.grading.submissions import Submission

NAMES = "names.csv"
FIELDS = ("name", "id")
# Heads of columns, as platforms and nbgrader write them.
WHO = (
    *("id", "student", "student_id", "username", "user", "login", "sis login id"),
    *("email", "email address", "e-mail", "name", "full name"),
)
WHEN = (
    *("handed in", "time", "timestamp", "submitted", "submission time", "date"),
    *("last modified (submission)", "lastmodified"),
)


def with_names(roster: Sequence[Listed], file: Path) -> list[Listed]:
    """The roster with the names that `names.csv` gives its students.

    Raises:
        CourseError: the file is none of ours, or names a student whom the roster does not know.
    """
    if not file.is_file():
        return list(roster)
    more: dict[str, list[str]] = {}
    known = {one.id for one in roster}
    for number, row in enumerate(_rows(file), 2):
        name, id = ((row.get(field) or "").strip() for field in FIELDS)
        if set(FIELDS) - row.keys():
            raise CourseError(
                f"{file} is no map of names: its first line is not name,id.", "Write that as its first line."
            )
        if name and id and id not in known:
            cure = "Write an id of the roster there; `nbgrader db student add` adds a student to it."
            raise CourseError(f"{file}, line {number}: the roster knows no {id!r}.", cure)
        if name and id:
            more.setdefault(id, []).append(name)
    return [replace(one, names=(*one.names, *more.get(one.id, ()))) for one in roster]


def placed(found: Sequence[Submission], roster: Sequence[Listed]) -> tuple[list[Submission], list[str]]:
    """(the submissions under the roster's ids, the names that are nobody's), where there is a roster.

    A gradebook whose students have neither names nor addresses is none: `course grade` has made them from the submissions. A
    name that two students have, and a second submission of somebody who has one, are nobody's.
    """
    if not any(one.names for one in roster):
        return list(found), []
    ids = {one.id for one in roster}
    called: dict[str, set[str]] = {}
    for one in roster:
        for name in (one.id, *one.names):
            called.setdefault(squashed(name), set()).add(one.id)
    has = {(row.student, row.project) for row in found if row.file or row.name}
    rows: dict[tuple[str, str], Submission] = {}
    left: list[str] = []
    for row in found:
        meant = {row.student} if row.student in ids else called.get(squashed(row.student), set())
        id = next(iter(meant)) if len(meant) == 1 else ""
        if not id or (id != row.student and (id, row.project) in has):
            left.append(row.student)
        elif row.file or row.name or (id, row.project) not in rows:
            has.add((id, row.project))
            rows[id, row.project] = replace(row, student=id)
    return sorted(rows.values(), key=lambda row: (row.project, row.student)), list(dict.fromkeys(left))


def remembered(file: Path, names: Sequence[str]) -> None:
    """Add a line to `names.csv` for each of these names, with room for the id."""
    rows = _rows(file) if file.is_file() else []
    there = {row.get("name") for row in rows}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([row.get("name"), row.get("id")] for row in rows)
    writer.writerows([name, ""] for name in names if name not in there)
    files.write(file, text.getvalue())


def times(
    file: Path, found: Sequence[Submission], roster: Sequence[Listed], rules: Rules
) -> tuple[list[Submission], list[str]]:
    """(the submissions with the times of a table, a sentence for each line that is nobody's).

    Args:
        file: a CSV with a column that says who and one that says when, by any of the usual names, such as a platform exports.
        rules: a time without a zone is in the term's.

    Raises:
        CourseError: it has no such columns, or a time cannot be read for certain.
    """
    rows = _rows(file)
    heads = {head.strip().casefold(): head for head in (rows[0] if rows else {}) if head}
    who = [heads[name] for name in WHO if name in heads]
    when = next((heads[name] for name in WHEN if name in heads), None)
    if not who or when is None:
        raise CourseError(
            f"{file} does not say who and when.",
            f"It needs a column called student or email, and one called {WHEN[0]}.",
        )
    called = {squashed(row.student): row.student for row in found}
    for one in roster:
        for name in one.names:
            called.setdefault(squashed(name), one.id)
    known: dict[str, datetime] = {}
    left = []
    for number, line in enumerate(rows, 2):
        text = (line[when] or "").strip()
        names = [(line[head] or "").strip() for head in who]
        student = next((called[squashed(name)] for name in names if name and squashed(name) in called), "")
        if text and not re.fullmatch(r"-+", text) and not student:
            left.append(f"{file.name}, line {number}: {' '.join(filter(None, names))} has handed in nothing here.")
        elif text and not re.fullmatch(r"-+", text):
            known[student] = _time(text, f"{file}, line {number}", rules)
    return [replace(row, when=known.get(row.student, row.when)) for row in found], left


def _time(text: str, where: str, rules: Rules) -> datetime:
    """A time in ISO 8601, or in words with the month's name; never one whose day and month might be exchanged."""
    from dateutil import parser

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            if not re.search(r"[^\W\d_]{3,}", re.sub(r"(?i)\b(am|pm|utc|gmt)\b", "", text)):
                raise ValueError("no month's name")
            found = parser.parse(text, dayfirst=True)
        except (ValueError, OverflowError):
            cure = "Write it as 2026-11-27 23:59, with +01:00 behind it for another zone than the term's."
            raise CourseError(f"{where}: {text!r} is no time that can be read for certain.", cure) from None
    return found if found.tzinfo else found.replace(tzinfo=rules.zone)


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise CourseError(f"{file} cannot be read: {fault}.", "It is a table of CSV in UTF-8.") from fault
    dialect = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    return list(csv.DictReader(io.StringIO(text), delimiter=dialect))

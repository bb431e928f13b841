"""Blackboard: `Last Name,First Name,Username,ex01_mnist [Total Pts: 33 Score] |664617`, every cell in quotation marks.

By "Work offline with grade data" (help.blackboard.com) and "Uploading or Downloading Grade Center Items"
(library.blackboard.com): a student is found by Username, a column by the number behind `|`, which only Blackboard knows. A
column without it becomes a new one, of text and of no points. So fill in what Blackboard has exported (`--like`), and take the
fresh form to make columns. An export of a single column "with comments" has `Grading Notes,Notes Format,Feedback to
Learner,Feedback Format` behind it; with them feedback arrives. PLAIN_TEXT is the format that shows a student's words as they
are.
"""

import re
from collections.abc import Callable, Sequence

from course.grading.rosters import Index, Person
from course.grading.sheets import Sheet, computes, folded, harmless
from course.reports.exports.canvas import points
from course.reports.exports.filling import Made, fill, one_of
from course.reports.exports.marks import Column, number

INFORMATION = ("Last Name", "First Name", "Username")
FEEDBACK = ("Grading Notes", "Notes Format", "Feedback to Learner", "Feedback Format")
PLAIN = "PLAIN_TEXT"
_ITEM = re.compile(r"(?P<name>.+?) ?(?:\[Total Pts: .*)?\|\d+$")


def fresh(people: Sequence[Person], columns: Sequence[Column], missing: str) -> Made:
    """For a class whose user names are the course's ids; with feedback where it is of one project."""
    heads = [harmless(f"{column.title} [Total Pts: {number(column.points)} Score]") for column in columns]
    rows, left = [[*INFORMATION, *heads, *(FEEDBACK if len(columns) == 1 else ())]], []
    for person in people:
        if computes(person.id):
            left.append(f"{person.id}: a spreadsheet would compute this user name.")
            continue
        marks = [column.marks.get(person.id) for column in columns]
        cells = [harmless(person.last), harmless(person.first), person.id, *(points(mark, missing) for mark in marks)]
        if len(columns) == 1:
            cells += ["", PLAIN, harmless(marks[0].said) if marks[0] else "", PLAIN]
        rows.append(cells)
    return Made(Sheet(tuple(map(tuple, rows)), quoted=True), left)


def filled(like: Sheet, index: Index, columns: Sequence[Column], missing: str) -> Made:
    """Blackboard's own export with our points in it, and feedback where it was exported with comments."""

    def item(name: str) -> str:
        match = _ITEM.fullmatch(name.strip())
        return match["name"].strip() if match else ""

    header = [folded(name) for name in like.header]
    said = header.index("feedback to learner") if "feedback to learner" in header and len(columns) == 1 else None
    form = header.index("feedback format") if said is not None and "feedback format" in header else None

    def said_of(h: list[str], c: Column) -> tuple[int, Callable[[str], str]] | None:
        return None if said is None else (said, harmless)

    made = fill(like, index, columns, "Blackboard", lambda h, c: one_of(h, c, item), said_of, missing)
    if form is not None and said is not None:
        rows = [list(row) for row in made.sheet.rows]
        for old, row in zip(like.rows[1:], rows[1:], strict=True):
            if row[said] and row[said] != (old[said] if said < len(old) else ""):
                row[form] = PLAIN
        made.sheet = made.sheet.with_rows(rows)
    return made

"""Moodle, in two forms.

The gradebook's import (docs.moodle.org, "Grade import"; grade/import/csv/classes/load_data.php of github.com/moodle/moodle):
columns as its export calls them. In the form that follows the upload a person is found by "Email address" or "ID number", and
each column is mapped to an item. Points and feedback have to be mapped together, else the points of that item are lost (note 3
of that page).

An assignment's grading worksheet (mod/assign/feedback/offline/importgradeslib.php), which is filled in: it needs `Identifier`,
`Grade` and `Last modified (grade)` as Moodle wrote them. `Feedback comments` is HTML there (FORMAT_HTML in
mod/assign/feedback/comments/locallib.php), and so is a gradebook's feedback; a student's words in it are escaped.
"""

import re
from collections.abc import Callable, Sequence
from html import escape

from course.errors import CourseError
from course.grading.rosters import Index, Person
from course.grading.sheets import Sheet, computes, folded, harmless
from course.reports.exports.canvas import points
from course.reports.exports.filling import Made, fill, one_of
from course.reports.exports.marks import Column

INFORMATION = ("First name", "Last name", "ID number", "Email address")
_ITEM = re.compile(r"(?:[^:]+: ?)?(?P<name>.+?) \((?:Real|Feedback)\)$")


def fresh(people: Sequence[Person], columns: Sequence[Column], missing: str) -> Made:
    """For the gradebook: a column of points and one of feedback for each project."""
    heads = [head for c in columns for head in (f"Assignment: {c.title} (Real)", f"Assignment: {c.title} (Feedback)")]
    rows, left = [[*INFORMATION, *heads]], []
    for person in people:
        if computes(person.id) or computes(person.email):
            left.append(f"{person.id}: a spreadsheet would compute this id or address.")
            continue
        cells = [harmless(person.first), harmless(person.last), person.id, person.email]
        for column in columns:
            mark = column.marks.get(person.id)
            cells += [points(mark, missing), text(mark.said) if mark else ""]
        rows.append(cells)
    return Made(Sheet(tuple(map(tuple, rows))), left)


def text(said: str) -> str:
    """A text in a cell that Moodle shows as HTML."""
    return harmless(escape(said, quote=False))


def filled(like: Sheet, index: Index, columns: Sequence[Column], missing: str) -> Made:
    """The gradebook's export, or an assignment's worksheet, with our points and feedback."""
    header = [folded(name) for name in like.header]
    if "identifier" in header and "grade" in header:
        if len(columns) != 1:
            raise CourseError("A worksheet is of one assignment.", "Name the project: --project 01.")
        if "last modified (grade)" not in header:
            raise CourseError(
                "The worksheet lacks `Last modified (grade)`.", "Moodle refuses it without: download it anew."
            )
        return fill(like, index, columns, "Moodle", lambda h, c: header.index("grade"), _comments(header), missing)

    def item(kind: str) -> Callable[[str], str]:
        def of(name: str) -> str:
            match = _ITEM.fullmatch(name.strip())
            return match["name"] if match and name.strip().endswith(f"({kind})") else ""

        return of

    def said(h: list[str], c: Column) -> tuple[int, Callable[[str], str]] | None:
        try:
            return one_of(h, c, item("Feedback")), text
        except CourseError:
            return None

    return fill(like, index, columns, "Moodle", lambda h, c: one_of(h, c, item("Real")), said, missing)


def _comments(header: list[str]) -> Callable[[list[str], Column], tuple[int, Callable[[str], str]] | None]:
    if "feedback comments" not in header:
        return lambda h, c: None
    return lambda h, c: (header.index("feedback comments"), text)

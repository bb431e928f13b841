"""Canvas: `Student,ID,SIS User ID,SIS Login ID,Section,ex01_mnist`, and a second line `Points Possible`.

By lib/gradebook_importer.rb of github.com/instructure/canvas-lms, which is what reads it, and "How do I import grades in the
Gradebook" of Canvas's instructor guide. A student is found by ID, else by the SIS ids, else by name; an item by the number in
brackets behind its title, else by its title, else Canvas offers to make it. The importer takes no comments: feedback goes back
as files (`returned`). Semicolons, decimal commas and columns that are "(read only)" in the second line are its export's own.
"""

import re
from collections.abc import Sequence

from course.grading.rosters import Index, Person
from course.grading.sheets import Sheet, computes, harmless
from course.reports.exports.filling import Made, fill, one_of
from course.reports.exports.marks import Column, number

INFORMATION = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "    Points Possible"
_ID = re.compile(r"\s*\(\d+\)$")
_TOTALS = re.compile(r"(?:Current|Final|Override|Unposted \w+) (?:Score|Points|Grade|Status)")


def fresh(people: Sequence[Person], columns: Sequence[Column], missing: str) -> Made:
    """For a class whose SIS logins are the course's ids."""
    rows = [[*INFORMATION, *(harmless(column.title) for column in columns)]]
    rows.append([POSSIBLE, "", "", "", "", *(number(column.points) for column in columns)])
    left = []
    for person in people:
        if computes(person.id):
            left.append(f"{person.id}: a spreadsheet would compute this id.")
            continue
        name = ", ".join(filter(None, (person.last, person.first))) or person.id
        marks = [column.marks.get(person.id) for column in columns]
        rows.append([harmless(name), "", "", person.id, "", *(points(mark, missing) for mark in marks)])
    return Made(Sheet(tuple(map(tuple, rows))), left)


def points(mark: object, missing: str) -> str:
    """A cell of points: empty for whom the project does not know."""
    return "" if mark is None else missing if mark.missing else mark.shown  # type: ignore[attr-defined]


def filled(like: Sheet, index: Index, columns: Sequence[Column], missing: str) -> Made:
    """Canvas's own export with our points in it."""

    def item(name: str) -> str:
        return "" if name in INFORMATION or _TOTALS.search(name) else _ID.sub("", name)

    return fill(like, index, columns, "Canvas", lambda h, c: one_of(h, c, item), lambda h, c: None, missing)

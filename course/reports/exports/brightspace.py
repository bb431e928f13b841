"""Brightspace (D2L): `Username,ex01_mnist Points Grade,End-of-Line Indicator`, with `#` at the end of each line.

By "Importing Grades" (community.d2l.com/brightspace/kb/articles/3538-importing-grades): a user by Username or OrgDefinedId, an
item by its name and the words "Points Grade"; no other columns. Feedback is not imported. More points than an item has are
capped unless it "can exceed". Its own export writes ids with # before them and `<Numeric MaxPoints:33 …>` behind an item; they
stay as they are.
"""

import re
from collections.abc import Sequence

from course.grading.rosters import Index, Person
from course.grading.sheets import Sheet, computes, harmless
from course.reports.exports.canvas import points
from course.reports.exports.filling import Made, fill, one_of
from course.reports.exports.marks import Column

END = "End-of-Line Indicator"
_ITEM = re.compile(r"(?P<name>.+?) Points Grade(?: <.*>)?$")


def fresh(people: Sequence[Person], columns: Sequence[Column], missing: str) -> Made:
    """For a class whose user names are the course's ids."""
    rows, left = [["Username", *(harmless(f"{column.title} Points Grade") for column in columns), END]], []
    for person in people:
        if computes(person.id):
            left.append(f"{person.id}: a spreadsheet would compute this user name.")
            continue
        rows.append([person.id, *(points(column.marks.get(person.id), missing) for column in columns), "#"])
    return Made(Sheet(tuple(map(tuple, rows))), left)


def filled(like: Sheet, index: Index, columns: Sequence[Column], missing: str) -> Made:
    """Brightspace's own export with our points in it."""

    def item(name: str) -> str:
        match = _ITEM.fullmatch(name.strip())
        return match["name"] if match else ""

    return fill(like, index, columns, "Brightspace", lambda h, c: one_of(h, c, item), lambda h, c: None, missing)

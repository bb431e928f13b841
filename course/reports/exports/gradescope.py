"""Gradescope: it has no import of points. What it takes is a roster, `First Name,Last Name,Email,SID,Role`.

By "Adding Students and Staff" (guides.gradescope.com/hc/en-us/articles/21926598776333): a CSV in UTF-8 with a header and an
address of its own for each member; first and last name may be two columns; the columns are confirmed after the upload. Points
come from an autograder (`course release --gradescope`), from a rubric, or by hand; `feedback/*/*.gradescope.json` holds what an
autograder would say.
"""

from collections.abc import Sequence

from course.grading.rosters import Person
from course.grading.sheets import Sheet, computes, harmless
from course.reports.exports.filling import Made

HEADER = ("First Name", "Last Name", "Email", "SID", "Role")


def roster(people: Sequence[Person]) -> Made:
    """The class; who has no address is left out, for Gradescope needs one."""
    rows, left = [list(HEADER)], []
    for person in people:
        email = person.email or (person.id if "@" in person.id else "")
        if not email or computes(email) or computes(person.id):
            left.append(
                f"{person.id}: {'a spreadsheet would compute the id or address' if email else 'no address is known'}."
            )
            continue
        rows.append([harmless(person.first), harmless(person.last or person.id), email, person.id, "Student"])
    return Made(Sheet(tuple(map(tuple, rows))), left)

"""A table that the platform has given, filled in: whose row it is, which column is the project's, and everything else as it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from course.errors import CourseError
from course.grading.rosters import Form, Index, form_of
from course.grading.sheets import Sheet, folded
from course.reports.exports.marks import Column

Names = Callable[[dict[str, str]], list[str]]


@dataclass
class Made:
    """An export.

    Args:
        sheet: the table.
        left: a sentence for each student or row that has found no place.
    """

    sheet: Sheet
    left: list[str] = field(default_factory=list)


def fill(
    like: Sheet,
    index: Index,
    columns: Sequence[Column],
    platform: str,
    points_of: Callable[[list[str], Column], int],
    said_of: Callable[[list[str], Column], tuple[int, Callable[[str], str]] | None],
    missing: str,
) -> Made:
    """The platform's own table, with the points of these projects.

    Args:
        points_of: (header, project) -> the number of its column of points; raises CourseError where there is none.
        said_of: the same for its column of feedback, and what that column does to a text; None where it has none.
        missing: what stands for who handed in nothing.
    """
    form = form_of(like)
    if form is None or form.name != platform:
        raise CourseError(
            f"The table of --like is {'of ' + form.name if form else 'of no platform'}, not of {platform}.",
            f"Take the gradebook as {platform} exports it.",
        )
    header = list(like.header)
    places = [(column, points_of(header, column), said_of(header, column)) for column in columns]
    rows, left, found = [header], [], set()
    for number, cells in enumerate(like.rows[1:], 2):
        row = [*cells, *[""] * (len(header) - len(cells))]
        names = _names(form, header, row)
        student = index.find(names)
        rows.append(row)
        if not student:
            if names and folded(names[-1]) not in form.no_people:
                left.append(f"Line {number}, {names[-1]}: nobody of the class; left as it was.")
            continue
        found.add(student)
        for column, points, said in places:
            mark = column.marks.get(student)
            if mark is None:
                continue
            row[points] = missing if mark.missing else mark.shown
            if said:
                row[said[0]] = said[1](mark.said)
    absent = sorted({name for column in columns for name in column.marks} - found)
    left += [f"{name} has no line in the table of --like." for name in absent]
    return Made(like.with_rows(rows), left)


def _names(form: Form, header: Sequence[str], row: Sequence[str]) -> list[str]:
    """What a row calls its student, the most certain first, the readable name last."""
    cells = {folded(name): cell.strip() for name, cell in zip(header, row, strict=False)}
    keys = [cells.get(name, "").lstrip("#'") for name in (*form.ids, *form.email)]
    first, last = (next((cells[n] for n in names if cells.get(n)), "") for names in (form.first, form.last))
    whole = next((cells[n] for n in form.whole if cells.get(n)), "")
    if whole.casefold() in form.no_people:
        return [whole]
    return [name for name in (*keys, f"{first} {last}".strip(), whole) if name]


def one_of(header: Sequence[str], column: Column, fits: Callable[[str], str]) -> int:
    """The number of the one column that is this project's.

    Args:
        fits: what of a header is the item's name; "" where the column is no item's.

    Raises:
        CourseError: none is, or several.
    """
    items = {number: fits(name) for number, name in enumerate(header)}
    wanted = (column.title, column.project.module, column.project.folder, column.project.id)
    for name in wanted:
        found = [number for number, item in items.items() if item and folded(item) == folded(name)]
        if len(found) == 1:
            return found[0]
    names = ", ".join(item for item in dict.fromkeys(items.values()) if item)
    raise CourseError(
        f"The table of --like has no column, or several, for {column.project.id}: {names or 'it has no items'}.",
        f"Say which with --column {column.project.id}=NAME.",
    )

"""nbgrader by itself, on every project: its autograde must give a right notebook all points and an untouched one none.

    python -m course.authoring.rehearsal.plain_nbgrader            # all nine; about ten minutes on two cores
    python -m course.authoring.rehearsal.plain_nbgrader 04b 03

In a copy of this checkout: `course release`, two students hand in a notebook each, `nbgrader autograde`, `nbgrader export`. What
comes out wrong ends it with status 1.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from course import catalog
from course.authoring.arguments import projects_named
from course.authoring.rehearsal.mock_class import hand_in, students
from course.authoring.rehearsal.term import Rehearsal, copy_checkout
from course.errors import CourseError
from course.reports.terminal import SYMBOLS


def main(argv: Sequence[str] | None = None) -> int:
    """Show what each student has earned; 1 where that is not what it must be."""
    entries = projects_named(argv, "python -m course.authoring.rehearsal.plain_nbgrader", __doc__) or list(
        catalog.projects()
    )
    class_ = students(2, kinds=("right", "not started"))
    shown: list[str] = []
    with tempfile.TemporaryDirectory(prefix="course-nbgrader-", ignore_cleanup_errors=True) as temporary:
        term = Rehearsal(Path(temporary).resolve(), entries, class_, [], shown.append)
        try:
            copy_checkout(term.course)
            term.release()
            for entry in entries:
                hand_in(term.course / "submitted", entry, class_)
                term.type(f"nbgrader autograde {entry.module}")
                term.entries = [entry]  # the others have no scores yet
                term.export()
                earned = ", ".join(f"{s.kind} {s.points(entry)}" for s in class_)
                print(f"{entry.id}: {earned} of {entry.points}", flush=True)
        except CourseError as fault:
            print("\n".join(shown[-2:]), fault, sep="\n")
            for book in sorted((term.course / "autograded").rglob("*.ipynb")):
                print(book.relative_to(term.course), *_failures(book), sep="\n")
            return 1
    return 0


def _failures(book: Path) -> list[str]:
    """What the check cells of a graded notebook have printed, where a check failed."""
    cells = json.loads(book.read_text("utf-8"))["cells"]
    texts = ["".join(out.get("text", "")) for cell in cells for out in cell.get("outputs", [])]
    return [text for text in texts if SYMBOLS["failed"] in text]


if __name__ == "__main__":
    sys.exit(main())

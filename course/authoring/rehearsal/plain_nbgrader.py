"""nbgrader by itself, on every project: its autograde must give a right notebook all points and an untouched one none.

In a copy of this checkout: `course release`, two students hand in a notebook each, `nbgrader autograde`, `nbgrader export`. For all
nine projects about ten minutes on two cores.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from course.authoring.rehearsal.mock_class import hand_in, students
from course.authoring.rehearsal.term import Rehearsal, copy_checkout
from course.catalog import Project
from course.errors import CourseError
from course.reports.terminal import SYMBOLS


def run(entries: Sequence[Project], say: Callable[[str], None]) -> None:
    """Say what each student has earned.

    Raises:
        CourseError: that is not what it must be; the failed cells are said before.
    """
    class_ = students(2, kinds=("right", "not started"))
    shown: list[str] = []
    with tempfile.TemporaryDirectory(prefix="course-nbgrader-", ignore_cleanup_errors=True) as temporary:
        term = Rehearsal(Path(temporary).resolve(), entries, class_, [], shown.append)
        try:
            copy_checkout(term.course)
            term.release()
            for entry in tqdm(entries, unit=" projects", disable=None):
                hand_in(term.course / "submitted", entry, class_)
                term.type(f"nbgrader autograde {entry.module}")
                term.entries = [entry]  # the others have no scores yet
                term.export()
                earned = ", ".join(f"{s.kind} {s.points(entry)}" for s in class_)
                say(f"{entry.id}: {earned} of {entry.points}")
        except CourseError:
            for line in shown[-2:]:
                say(line)
            for book in sorted((term.course / "autograded").rglob("*.ipynb")):
                say("\n".join([str(book.relative_to(term.course)), *_failures(book)]))
            raise


def _failures(book: Path) -> list[str]:
    """What the check cells of a graded notebook have printed, where a check failed."""
    cells = json.loads(book.read_text("utf-8"))["cells"]
    texts = ["".join(out.get("text", "")) for cell in cells for out in cell.get("outputs", [])]
    return [text for text in texts if SYMBOLS["failed"] in text]

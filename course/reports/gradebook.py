"""Scores into nbgrader's gradebook, through nbgrader's own API, so that its export and its formgrader show them.

Points of a function go to the cell `check_<function>`, as nbgrader's autograder would set them; what was said about it, to the
comment of the function's cell. Points and comments that an instructor has given by hand stay. SQLite is what this is tested with.
"""

import json
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from course import paths
from course.catalog import Project, project
from course.errors import CourseError
from course.grading.results import SubmissionResult
from course.grading.verdict import render_task

CONFIG = "nbgrader_config.py"


def students(url: str) -> list[str]:
    """The names of all students that the gradebook knows.

    Raises:
        CourseError: the gradebook cannot be opened.
    """
    with _opened(url) as gradebook:
        return [student.id for student in gradebook.students]


def write(url: str, results: Sequence[SubmissionResult]) -> int:
    """Write the points of all results; returns how many submissions were written.

    A student who handed in nothing is made known to the gradebook, without a submission: nbgrader exports 0 for that.

    Args:
        url: as SQLAlchemy has it, such as "sqlite:///gradebook.db" (below the current folder).

    Raises:
        CourseError: the gradebook cannot be opened, or its assignment is not that of release/.
    """
    written = 0
    with _opened(url) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of the way in which nbgrader adds a submission
        for id in dict.fromkeys(r.result.project for r in results):
            _assignment(gradebook, project(id))
        for result in results:
            gradebook.update_or_create_student(result.student)
            if result.status != "missing":
                _submission(gradebook, result, project(result.result.project).module)
                written += 1
    return written


def _opened(url: str) -> Any:
    """The gradebook, under the course's id of nbgrader_config.py."""
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SQLAlchemyError
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(CONFIG, path=str(paths.ROOT)).load_config()
    try:
        return Gradebook(url, course_id=config.CourseDirectory.course_id)
    except (SQLAlchemyError, ImportError, ValueError) as fault:
        said = (str(fault).splitlines() or [type(fault).__name__])[0]
        raise CourseError(
            f"The gradebook {url.rpartition('@')[2]} cannot be opened: {said}",  # no password on the screen
            "A URL of SQLAlchemy is needed, such as sqlite:///gradebook.db.",
        ) from None


def _assignment(gradebook: Any, entry: Project) -> None:
    """Make the assignment known as generate_assignment does, or see that what is known of it still fits.

    Raises:
        CourseError: it does not.
    """
    name = entry.module
    wanted = {f"check_{f.name}": float(f.points) for f in entry.functions}
    known = [a.name for a in gradebook.assignments]
    if name in known and [n.name for n in gradebook.find_assignment(name).notebooks] == [name]:
        cells = {cell.name: float(cell.max_score) for cell in gradebook.find_notebook(name, name).grade_cells}
        if cells != wanted:
            raise CourseError(
                f"The gradebook has other cells or points for {name} than course/catalog.toml.",
                f"`course release {entry.id}` brings both together; a new term begins with a new gradebook.",
            )
        return
    gradebook.update_or_create_assignment(name)
    gradebook.update_or_create_notebook(name, name)
    for cell in _release_cells(entry):
        fields = cell["metadata"]["nbgrader"]
        id, source = fields["grade_id"], "".join(cell["source"])
        kind = {"cell_type": cell["cell_type"]}
        if fields["grade"]:
            gradebook.update_or_create_grade_cell(id, name, name, max_score=fields["points"], **kind)
        if fields["solution"]:
            gradebook.update_or_create_solution_cell(id, name, name)
        about = {**kind, "locked": fields["locked"], "source": source, "checksum": fields.get("checksum")}
        gradebook.update_or_create_source_cell(id, name, name, **about)


def _release_cells(entry: Project) -> Iterable[dict[str, Any]]:
    file = paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb"
    if not file.is_file():
        raise CourseError(f"There is no {Path(*file.parts[-3:])}.", f"`course release {entry.id}` makes it.")
    return [c for c in json.loads(file.read_text("utf-8"))["cells"] if "nbgrader" in c["metadata"]]


def _submission(gradebook: Any, result: SubmissionResult, name: str) -> None:
    """Set what the autograder sets, and nothing that a person may have set."""
    gradebook.update_or_create_submission(name, result.student)
    tasks = result.result.by_task()
    for task, (earned, _) in result.earned_by_task().items():
        grade = gradebook.find_grade(f"check_{task}", name, name, result.student)
        grade.auto_score = float(earned)
        grade.needs_manual_grade = False
        comment = gradebook.find_comment(task, name, name, result.student)
        comment.auto_comment = result.reason or render_task(tasks[task], result.result.target)
    gradebook.db.commit()

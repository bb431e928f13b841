"""`nbgrader generate_feedback` makes our page: an exporter of nbconvert's that nbgrader_config.py names in the place of its own.

nbgrader's own page shows the notebook; it has no language, contrasts that are too low, and is wider than a phone. Ours says
what is right and wrong, with what a person has written. A notebook that `course grade` has made holds its result; of one that
`nbgrader autograde` has run, the page shows what each cell of checks has printed.
"""

from typing import Any

from nbconvert.exporters import Exporter
from traitlets import default

from course.catalog import Project, project
from course.cells.notebook import fields_of
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.errors import CourseError
from course.grading import rules
from course.reports import autograded, gradebook, gradescope, html, totals

PRINTED = "what the cell of its checks printed"


class StudentPage(Exporter):
    """A notebook of autograded/ as the student's page, with the gradebook's points."""

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: Any, resources: Any = None, **_: Any) -> Any:
        """The page of one notebook.

        Args:
            resources: nbgrader's: who, which assignment, which gradebook.

        Raises:
            CourseError: the gradebook cannot be read, or the assignment is none of the course's.
        """
        about = resources["nbgrader"]
        entry = project(about["assignment"])
        with gradebook.opened(about["db_url"]) as book:
            total = totals.of_assignment(book, about["assignment"]).get(about["student"])
        result = autograded.result_in(nb) or printed(nb, entry, about["student"], total)
        resources["output_extension"] = self.file_extension
        text = gradescope.results(result, total)
        resources["outputs"] = {f"{entry.module}.gradescope.json": text.encode()}  # the folder is made anew
        return html.page(result, total, rules.current().zone), resources


def printed(notebook: Any, entry: Project, student: str, total: totals.Total | None) -> SubmissionResult:
    """A result of what stands under the cells of checks in a notebook that `nbgrader autograde` has run."""
    if total is None:
        raise CourseError(
            f"The gradebook has no submission of {student} for {entry.module}.", "`nbgrader autograde` writes it."
        )
    texts = {fields_of(cell).get("grade_id", ""): _printed(cell) for cell in notebook.cells}
    checks = []
    for function in entry.functions:
        part = total.of(function.name)
        earned = int(part.checks) if part else 0
        text = texts.get(f"{totals.CHECKS}{function.name}") or "Nothing."
        checks.append(CheckResult.of_text(entry.id, function.name, PRINTED, function.points, earned, text))
    whole = ProjectResult(entry.id, entry.title, f"{entry.module}.ipynb", tuple(checks))
    return SubmissionResult(student, f"{entry.module}.ipynb", whole, "none (nbgrader autograde)")


def _printed(cell: Any) -> str:
    outputs = cell.get("outputs", [])
    errors = [f"{one.get('ename')}: {one.get('evalue')}" for one in outputs if one.get("output_type") == "error"]
    return "".join([*(one.get("text", "") for one in outputs), *errors])

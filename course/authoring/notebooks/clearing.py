"""nbgrader's ClearSolutions, with the course's own TODO in place of "YOUR CODE HERE".

So a notebook of release/ asks the same question as the stub in exercises/, and the checks read "not started" in both.
Named in nbgrader_config.py, so that `nbgrader generate_assignment` and formgrader make the same release as `course release`.
"""

from typing import Any

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.nbgraderformat import MetadataValidator, SchemaTooNewError, SchemaTooOldError
from nbgrader.preprocessors import ClearSolutions, DeduplicateIds, NbGraderPreprocessor

from course.authoring.stubs import BEGIN, todo_text
from course.catalog import project
from course.errors import CourseError


class ClearTasks(ClearSolutions):
    """Replaces a marked body by the TODO of its function; notebooks that are none of the course's are left to nbgrader's stub."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Clear one cell, whose grade_id is the function's name, in the notebook of the project's module name."""
        before: dict[str, str] = self.code_stub  # type: ignore[has-type]
        opening = [line for line in cell.source.splitlines() if line.strip() == BEGIN]
        if opening and cell.cell_type == "code":
            indent = max(len(line) - len(line.lstrip()) for line in opening)
            try:
                entry = project(resources["nbgrader"]["notebook"])
                todo = todo_text(entry, cell.metadata.nbgrader.grade_id, indent)
                self.code_stub = {**before, resources["language"]: todo}
            except (CourseError, KeyError, AttributeError, StopIteration):
                pass  # no project, no cell or no function of ours
        try:
            return super().preprocess_cell(cell, resources, cell_index)
        finally:
            self.code_stub = before


def preprocessors() -> list[type]:
    """nbgrader's own chain from source to release, with ClearTasks in the place of ClearSolutions."""
    chain = GenerateAssignment.class_traits()["preprocessors"].default()
    return [ClearTasks if step is ClearSolutions else step for step in chain]


class WithoutWidgets(NbGraderPreprocessor):
    """Takes out what Colab notes of its progress bars: without the `state` that Jupyter expects, `generate_feedback` breaks."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Clean one notebook that was handed in."""
        nb.metadata.pop("widgets", None)
        return nb, resources


class OneOfEach(NbGraderPreprocessor):
    """Stands behind nbgrader's `DeduplicateIds`, which leaves `"nbgrader": {}` at a cell that is there twice.

    nbgrader takes that for metadata of an old version and stops the whole class there. Without the empty fields such a cell is
    one of the student's own, and metadata that are spoilt are an error of this notebook alone.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Clean one notebook that was handed in.

        Raises:
            ValueError: the metadata of a cell are none of nbgrader's; nbgrader says so and goes on with the next notebook.
        """
        for number, cell in enumerate(nb.cells, 1):
            fields = cell.metadata.get("nbgrader")
            if not fields:
                cell.metadata.pop("nbgrader", None)
                continue
            try:
                MetadataValidator().validate_cell(cell)
            except (SchemaTooOldError, SchemaTooNewError) as fault:
                raise ValueError(f"Cell {number} has metadata of another version of nbgrader: {fault}") from fault
        return nb, resources


def sanitizers() -> list[type]:
    """nbgrader's own chain from submitted/ to autograded/, with WithoutWidgets before it and OneOfEach where it is needed."""
    chain: list[type] = [WithoutWidgets]
    for step in Autograde.class_traits()["sanitize_preprocessors"].default():
        chain += [step, OneOfEach] if step is DeduplicateIds else [step]
    return chain

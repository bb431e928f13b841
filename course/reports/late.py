"""The term's rules in nbgrader's own tables: plugins for being late and for the export, which nbgrader_config.py names.

`settle` writes due dates, extensions and penalties into the gradebook; `course grade` and `course feedback` call it, so that a
penalty is of the points as they are now. `nbgrader autograde` asks the plugin itself. Without a `course.toml` nbgrader's own
setting `c.LateSubmissionPlugin.penalty_method` holds.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, timedelta
from typing import Any

from nbgrader.plugins import CsvExportPlugin, LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties

from course import paths
from course.catalog import Project, project
from course.errors import CourseError
from course.grading import rules as term
from course.grading.rules import Rules
from course.reports import gradebook, totals


class LatePenalty(LateSubmissionPlugin):
    """What being late costs by `course.toml`."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Points to take off; the assignment is that of the preprocessor that asks."""
        found = term.current()
        try:
            id = project(getattr(self.parent, "assignment_id", "")).id
        except CourseError:
            id = ""
        if not id or found.file is None:
            own: float | None = super().late_submission_penalty(student_id, score, total_seconds_late)
            return own
        return found.of(id).taken(score, timedelta(seconds=total_seconds_late)) or None


class HandedOut(CsvExportPlugin):
    """nbgrader's own CSV without what nobody has handed in and is not due yet; --assignment names projects all the same."""

    def export(self, gradebook: Any) -> None:
        """Write the file."""
        asked = list(self.assignment)  # type: ignore[has-type]
        self.assignment = asked or totals.handed_out(gradebook, term.current()) or [""]
        super().export(gradebook)


def settle(url: str, entries: Iterable[Project], found: Rules, students: Collection[str] | None = None) -> None:
    """Write due dates, extensions and penalties of these projects.

    Args:
        students: whose extensions and penalties; everybody's who has a submission, if None.

    What `course.toml` does not name stays as it is in the gradebook; an extension is taken back by one of "0 days".

    Raises:
        CourseError: the gradebook cannot be written.
    """
    known = list(entries)
    gradebook.patiently(lambda: _settle(url, known, found, students))


def _settle(url: str, entries: list[Project], found: Rules, students: Collection[str] | None) -> None:
    plugin, parent = _plugin()
    with gradebook.opened(url) as book:
        names = {assignment.name: assignment for assignment in book.assignments}
        for entry in entries:
            assignment = names.get(entry.module)
            if assignment is None:
                continue
            due = found.of(entry.id).due
            if due is not None:
                assignment.duedate = due.astimezone(UTC).replace(tzinfo=None)
            parent.assignment_id = entry.module
            for submission in assignment.submissions:
                if students is not None and submission.student_id not in students:
                    continue
                own = found.extensions.get(submission.student_id, {}).get(entry.id)
                if due is not None and own is not None:
                    submission.extension = own - due or None
                _penalise(submission, plugin)
        book.db.commit()


def _plugin() -> tuple[Any, Any]:
    """(the plugin that nbgrader_config.py names, what it takes for the preprocessor that asks)."""
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(gradebook.CONFIG, path=str(paths.ROOT)).load_config()
    asks = AssignLatePenalties(config=config)
    asks.log = logging.getLogger("course.late")  # it says who is late, and so does the gradebook
    asks.log.addHandler(logging.NullHandler())
    asks.log.propagate = False
    asks.init_plugin()
    return asks.plugin_inst, asks


def _penalise(submission: Any, plugin: Any) -> None:
    """As nbgrader's `AssignLatePenalties`: nothing below 0, and no more than was earned."""
    late = 0.0 if submission.assignment.duedate is None else submission.total_seconds_late
    for notebook in submission.notebooks:
        off = plugin.late_submission_penalty(submission.student_id, notebook.score, late) if late > 0 else None
        notebook.late_submission_penalty = None if off is None else max(0.0, min(off, notebook.score))

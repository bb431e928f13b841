"""nbgrader reads this file when it is started in this folder: `nbgrader generate_assignment ex01_mnist`, `nbgrader autograde …`."""

import os
import sys
from pathlib import Path

from course.authoring.notebooks.clearing import preprocessors, sanitizers

c = get_config()  # noqa: F821 - nbgrader defines it

# nbgrader runs `alembic` by that name to look at its gradebook. It stands beside Python, but not on the PATH of everybody.
BESIDE_PYTHON = str(Path(sys.executable).parent)
if BESIDE_PYTHON not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = BESIDE_PYTHON + os.pathsep + os.environ.get("PATH", "")

c.CourseDirectory.course_id = "deep_learning"
# The stub of a function is its TODO of course/catalog.toml, as in exercises/.
c.GenerateAssignment.preprocessors = preprocessors()
# A notebook from Colab, whose widgets have no state, would stop generate_feedback.
c.Autograde.sanitize_preprocessors = sanitizers()
# What being late costs stands in course.toml; without that file `c.LateSubmissionPlugin.penalty_method` holds.
c.AssignLatePenalties.plugin_class = "course.reports.late.LatePenalty"
# `nbgrader generate_feedback` makes the page that `course grade` makes, with the points and comments of formgrader, each time anew.
c.GenerateFeedback.exporter_class = "course.reports.nbgrader_page.StudentPage"
c.GenerateFeedback.force = True
# `nbgrader export` has no rows for projects that students have not seen; nbgrader's own CSV but for that.
c.ExportApp.plugin_class = "course.reports.late.HandedOut"
# Seconds that one cell may take. nbgrader's own 30 are too few for a check that trains, and it has to be more than the 300 after
# which `course.notebook.check` itself stops a cell that loops: then the student reads a verdict.
c.ExecutePreprocessor.timeout = 900
c.Execute.timeout = 900

# `nbgrader zip_collect ex01_mnist` reads downloads of a learning platform: what stands before the first _ is the student, as in
# ada_ex01_mnist.ipynb, or `Ada Lovelace_71_assignsubmission_file/ex01_mnist.ipynb`, or lovelaceada_71_99_ex01_mnist-1.py.
c.FileNameCollectorPlugin.named_regexp = (
    r".*[/\\](?P<student_id>[^/\\_]+)_(?:[^/\\]*[_/\\])?(?P<file_id>ex\d\d[a-z]?_[a-z]+)"
)
c.FileNameCollectorPlugin.valid_ext = [".ipynb", ".py"]

"""Only the projects of the catalog are graded: a grader that is still being written is not collected.

The plugin `course.cli.pytest_plugin` comes with the installed course.
"""

from pathlib import Path

from course.catalog import projects

collect_ignore = sorted(
    {file.name for file in Path(__file__).parent.glob("test_*.py")} - {project.grader for project in projects()}
)

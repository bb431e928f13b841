"""source/ and release/: nbgrader's two folders of an assignment, made from the solutions.

source/ is made by `notebooks`, release/ from it by nbgrader's own generate_assignment with the settings of nbgrader_config.py,
always anew. An assignment is called as its module, ex01_mnist. The student bundle is made by `bundle`, and both are scanned by
`leaks`.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course import files, paths
from course.authoring.notebooks.files import notebook_file, source_text
from course.catalog import Project, projects
from course.errors import CourseError
from course.workspace import exercises

CONFIG = "nbgrader_config.py"


def make_sources(entries: Sequence[Project], root: Path | None = None) -> list[Path]:
    """Write the source notebooks that are stale or missing; returns them."""
    changed = []
    for entry in entries:
        file, text = notebook_file(entry, "source", root), source_text(entry)
        if files.read(file) != text:
            files.write(file, text)
            changed.append(file)
    return changed


def generate(entries: Sequence[Project], root: Path | None = None) -> list[Path]:
    """Run `nbgrader generate_assignment --force --create` for each; returns the notebooks of release/.

    Args:
        root: the course folder, with source/ in it; its gradebook.db learns the assignments and their points.

    Raises:
        CourseError: nbgrader refuses.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    config = _config()
    made = []
    for entry in entries:
        course = CourseDirectory(config=config, root=str(root or paths.ROOT), assignment_id=entry.module)
        converter = GenerateAssignment(coursedir=course, config=config)
        converter.force = converter.create_assignment = True
        file = notebook_file(entry, "release", root)
        before = files.read(file)
        done = capture_log(converter)
        if not done["success"]:
            if before is not None:
                files.write(file, before)  # nbgrader has deleted it
            raise CourseError(
                f"nbgrader cannot make the release of {entry.module}: {_reason(done)}",
                f"All that it says: `nbgrader generate_assignment --force --create {entry.module}`. It refuses to add "
                "or remove cells of an assignment that has submissions in gradebook.db.",
            )
        made.append(file)
    return made


def release_text(entry: Project, source: str) -> str:
    """What nbgrader makes of a source notebook, byte for byte, without a gradebook: for telling whether release/ is fresh."""
    import nbformat
    from nbgrader.preprocessors import SaveCells

    config = _config()
    notebook, resources = nbformat.reads(source, as_version=4), {"nbgrader": {"notebook": entry.module}}
    for step in config.GenerateAssignment.preprocessors:
        if step is not SaveCells:
            notebook, resources = step(config=config).preprocess(notebook, resources)
    return nbformat.writes(notebook) + "\n"


def stale(entries: Sequence[Project]) -> list[Path]:
    """Notebooks of source/ and release/ that are missing or not what would be made now, and folders that no project has."""
    wrong = []
    for entry in entries:
        source = source_text(entry)
        for kind, text in (("source", source), ("release", release_text(entry, source))):
            file = notebook_file(entry, kind)
            if files.read(file) != text:
                wrong.append(file)
    return wrong + orphans()


def orphans() -> list[Path]:
    """Folders of source/ and release/ that belong to no project of the catalog."""
    known = {entry.module for entry in projects()}
    found = [*(paths.ROOT / "source").glob("ex*"), *(paths.ROOT / "release").glob("ex*")]
    return sorted(folder for folder in found if folder.name not in known)


def sweep() -> list[Path]:
    """Delete those; returns them."""
    found = orphans()
    for folder in found:
        shutil.rmtree(folder)
    return found


def _config() -> Any:
    """The settings of nbgrader_config.py."""
    from traitlets.config.loader import PyFileConfigLoader

    return PyFileConfigLoader(CONFIG, path=str(paths.ROOT)).load_config()


def _reason(done: dict[str, str]) -> str:
    """The line of a traceback in nbgrader's log that says what was wrong."""
    said = [line.strip() for line in (done.get("log", "") + done.get("error", "")).splitlines() if line.strip()]
    raised = [
        line for line in said if line.partition(":")[0].rpartition(".")[2].endswith(("Error", "Exception", "Entry"))
    ]
    return (raised or said or ["it does not say why"])[0]

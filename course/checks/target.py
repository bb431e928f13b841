"""What is graded: the student's file of a project, what stands in for functions it needs, and a line to a worker that has it."""

from pathlib import Path

from course import paths
from course.catalog import Project
from course.checks.cache import Cache
from course.checks.session import ChildProcess, InProcess, Session
from course.checks.uses import Uses
from course.checks.worker import Worker
from course.datasets import store
from course.errors import CourseError
from course.files import shown


def target_file(target: str | Path, entry: Project) -> Path:
    """The module file of a project in `target`, a folder or the file itself, from here or from the checkout's root.

    Raises:
        CourseError: it is not there.
    """
    path = Path(target)
    if not path.exists() and (paths.ROOT / path).exists():
        path = paths.ROOT / path
    file = path / f"{entry.module}.py" if path.is_dir() else path
    if not file.is_file():
        raise CourseError(
            f"There is nothing to grade at {shown(file)}.",
            f"Name the folder that holds {entry.module}.py after --target; `course reset {entry.id}` makes a new stub.",
        )
    return file.resolve()


def reference_file(entry: Project, target: Path) -> Path | None:
    """The solution whose functions stand in for upstream ones; none in a student's copy, nor for the solution itself."""
    file = paths.ROOT / "solutions" / f"{entry.module}.py"
    return file if file.is_file() and file.resolve() != target.resolve() else None


def open_session(
    target: Path, entry: Project, *, transport: str = "inprocess", seconds: float = 300.0, cached: bool = False
) -> Session:
    """A line to a worker that has the student's module.

    Args:
        transport: "inprocess" or "child".
        seconds: limit of one call.
        cached: keep evidence that takes training, by what it uses of the module, by the grader and the data.
    """
    upstream = reference_file(entry, target)
    session: Session
    if transport == "child":
        session = ChildProcess(target, upstream, seconds)
    else:
        session = InProcess(Worker(target, upstream), seconds)
    if cached:
        parts = [(paths.ROOT / "graders" / entry.grader).read_bytes()]
        parts += [upstream.read_bytes()] if upstream else []
        parts += [(store.ensure(name) / store.MANIFEST).read_bytes() for name in entry.data]
        session.cache = Cache(*parts, uses=_uses(target))
    return session


def _uses(target: Path) -> Uses | None:
    try:
        return Uses(target.read_bytes(), target.parent)
    except (SyntaxError, ValueError, RecursionError):
        return None

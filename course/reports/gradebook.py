"""Scores into nbgrader's gradebook, through nbgrader's own API, so that its export and its formgrader show them.

Points of a function go to the cell `check_<function>`, as nbgrader's autograder would set them; the reason why there are none, to
the comment of the function's cell. Points and comments that somebody has given by hand stay. Tested with SQLite and PostgreSQL.
"""

import json
import logging
import re
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from course import paths
from course.catalog import Project, project
from course.checks.results import CheckResult, SubmissionResult
from course.errors import CourseError
from course.grading.attempts import Listed
from course.reports.totals import Total, of_gradebook

CONFIG = "nbgrader_config.py"
T = TypeVar("T")
LOCKED_SECONDS = 60.0  # so long it is tried again while another process has the gradebook
LONGEST = 128  # characters of a student's name in nbgrader's tables; SQLite would take more, PostgreSQL does not


def students(url: str) -> list[str]:
    """The ids of all students that the gradebook knows."""
    return [one.id for one in roster(url)]


def roster(url: str) -> list[Listed]:
    """All students that the gradebook knows, by their ids, and what else they are called.

    Raises:
        CourseError: the gradebook cannot be opened.
    """
    return patiently(lambda: _roster(url))


def write(url: str, results: Sequence[SubmissionResult]) -> int:
    """Write the points of all results; returns how many submissions were written.

    A student who handed in nothing is made known to the gradebook, without a submission: nbgrader exports 0 for that.

    Args:
        url: as SQLAlchemy has it, such as "sqlite:///gradebook.db" (below the current folder).

    Raises:
        CourseError: the gradebook cannot be opened, or its assignment is not that of release/; or, once all others are written,
            a student's name is longer than the gradebook can hold.
    """
    written = patiently(lambda: _written(url, results))
    if long := sorted({r.student for r in results if len(r.student) > LONGEST}):
        raise CourseError(
            f"Not in the gradebook: {', '.join(f'{name[:40]}…' for name in long)}, for it holds names of {LONGEST} characters.",
            "All others are written. Give the file or folder a shorter name and grade it again.",
        )
    return written


def totals(url: str, results: Sequence[SubmissionResult]) -> dict[tuple[str, str], Total]:
    """What each submission counts by the gradebook: {(student, id of the project): total}.

    Raises:
        CourseError: the gradebook cannot be read.
    """

    def read() -> dict[tuple[str, str], Total]:
        with opened(url) as book:
            return of_gradebook(book, results, {id: project(id).module for id in {r.result.project for r in results}})

    return patiently(read)


def require(url: str) -> None:
    """See that the gradebook can be written, before a class is graded for nothing; nothing in it changes.

    Raises:
        CourseError: it cannot.
    """
    patiently(lambda: _try(url))


def _try(url: str) -> None:
    from nbgrader.api import Student

    with opened(url) as gradebook:
        gradebook.db.add(Student(id=f"trial-{uuid.uuid4().hex}"))
        gradebook.db.flush()
        gradebook.db.rollback()


def patiently(action: Callable[[], T]) -> T:
    """Do it again, for a time, while another process has the gradebook locked. The action must bear being done twice.

    Raises:
        Locked: it was locked all the time.
    """
    end = time.monotonic() + LOCKED_SECONDS
    while True:
        try:
            return action()
        except Locked:
            if time.monotonic() >= end:
                raise
            time.sleep(min(1.0, LOCKED_SECONDS))


class Locked(CourseError):
    """Another process is writing into the gradebook."""


def _roster(url: str) -> list[Listed]:
    with opened(url) as gradebook:
        return [_listed(student) for student in gradebook.students]


def _listed(student: Any) -> Listed:
    """A student by full name in both orders, and by address."""
    first, last, email = (getattr(student, name) or "" for name in ("first_name", "last_name", "email"))
    names = (f"{first} {last}", f"{last} {first}") if first and last else ()
    return Listed(student.id, (*names, *filter(None, (email, email.partition("@")[0]))))


def _written(url: str, results: Sequence[SubmissionResult]) -> int:
    written = 0
    with opened(url) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of the way in which nbgrader adds a submission
        for id in dict.fromkeys(r.result.project for r in results):
            _assignment(gradebook, project(id))
        for result in results:
            if len(result.student) > LONGEST:
                continue
            gradebook.update_or_create_student(result.student)
            if result.status != "missing":
                _submission(gradebook, result, project(result.result.project).module)
                written += 1
    return written


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """The gradebook, under the course's id of nbgrader_config.py.

    Raises:
        CourseError: it cannot be opened, or the database fails later on. No password is in the message.
        Locked: another process has it.
    """
    from nbgrader.api import Gradebook, InvalidEntry
    from sqlalchemy.exc import SQLAlchemyError
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(CONFIG, path=str(paths.ROOT)).load_config()
    with _silenced():
        try:
            gradebook = Gradebook(url, course_id=config.CourseDirectory.course_id)
        except (SQLAlchemyError, ImportError, ValueError) as fault:
            raise _refused(url, fault, "cannot be opened") from None
        with gradebook:
            try:
                yield gradebook
            except (SQLAlchemyError, InvalidEntry) as fault:  # nbgrader makes the one into the other
                raise _refused(url, fault, "failed while it was used") from None


@contextmanager
def _silenced() -> Iterator[None]:
    """nbgrader logs a traceback of each error that it raises as well."""
    log = logging.getLogger("tornado.application")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


LOCKED = r"database (?:table )?is locked|could not obtain lock|lock timeout|deadlock detected"
# What SQLite, PostgreSQL and its driver say, and what to do about it. The first that is found counts.
CURES = (
    (
        r"cannot be told apart|password authentication failed|no password supplied"
        r"|role .* does not exist|Peer authentication failed",
        "Look at user and password. In a URL, @ in a password is written %40, / is %2F and : is %3A; or leave it out there and "
        "give it in the environment variable PGPASSWORD or in ~/.pgpass.",
    ),
    (
        r"database .* does not exist",
        "Make the database first, owned by the user of the URL: `createdb --owner USER NAME`. nbgrader makes the tables in it.",
    ),
    (
        r"permission denied|InsufficientPrivilege",
        "The user of the URL may not make tables there: `ALTER DATABASE name OWNER TO user`, or a database of its own.",
    ),
    (
        r"onnection refused|No such file or directory|could not translate host name|[Ff]ailed to resolve host|timeout expired"
        r"|Name or service not known|terminating connection|server closed the connection|connection is closed",
        "Is the server running, and are host and port right? `psql` with the same URL must get in.",
    ),
    (
        LOCKED,
        "Another program is writing into it, such as formgrader or nbgrader. When it is done, give the same command again: it "
        "completes what is missing.",
    ),
    (
        r"readonly database|read-only",
        "You may not write the file or its folder. Change that and give the same command again: it completes what is missing.",
    ),
    (
        r"disk is full|disk I/O error|No space left",
        "Make room on the disk and give the same command again: it completes what is missing.",
    ),
    (
        r"unable to open database file",
        "SQLite makes the file, but not its folder; sqlite:///gradebook.db is a file in the current folder.",
    ),
    (
        r"sqlalchemy.dialects:postgres$",
        "Write postgresql://user:password@host/name; SQLAlchemy does not know postgres://.",
    ),
)


def _refused(url: str, fault: Exception, what: str) -> CourseError:
    """What SQLAlchemy or the driver says, with a cure, and without the password of the URL."""
    said = " ".join(str(getattr(fault, "orig", None) or fault).split()) or type(fault).__name__
    shown, secrets = _shown(url)
    said = re.sub(r"^\(\S+\) | \[SQL: .*", "", said)  # SQLAlchemy's own words around the driver's
    if type(fault) is ValueError or any("@" in secret for secret in secrets):
        said = "password, host and port cannot be told apart"  # what was said may hold a part of the password
    for secret in secrets:
        said = said.replace(secret, "***")
    cure = "A URL of SQLAlchemy is needed, such as sqlite:///gradebook.db or postgresql://user:password@host/name."
    if isinstance(fault, ImportError) and fault.name in ("psycopg", "psycopg2"):
        cure = "`python -m pip install -e '.[postgres]' -c constraints.txt` installs psycopg, the driver that postgresql:// means."
    kind = Locked if re.search(LOCKED, said) else CourseError
    return kind(
        f"The gradebook {shown} {what}: {said}",
        next((other for pattern, other in CURES if re.search(pattern, said)), cure),
    )


def _shown(url: str) -> tuple[str, list[str]]:
    """(the URL without a password, what of it must not be shown), also for what is no right URL.

    A password stands between the user and the last @, or in the query (`?password=`).
    """
    secrets = []
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    if "@" in rest and not scheme.startswith("sqlite"):
        credentials, _, place = rest.rpartition("@")
        user, colon, password = credentials.partition(":")
        secrets += [password] if password else []
        rest = f"{user}{colon}{'***' if password else ''}@{place}"
    elif typed := re.match(r"([^:/?]+):(?!\d*(?:[/?]|$))", rest):  # no @, and what follows the colon is no port
        rest = f"{typed[1]}:***"
    query = r"([?&][^=&]*pass[^=&]*=)([^&]+)"
    secrets += [value for _, value in re.findall(query, url, re.IGNORECASE)]
    shown = re.sub(query, r"\1***", f"{scheme}{mark}{rest}", flags=re.IGNORECASE)
    return shown, [text for secret in secrets for text in {secret, unquote(secret)}]


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
        if gradebook.find_notebook(name, name).kernelspec is None:
            gradebook.update_or_create_notebook(name, name, kernelspec=_kernel(entry))
        return
    gradebook.update_or_create_assignment(name)
    gradebook.update_or_create_notebook(name, name, kernelspec=_kernel(entry))
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


def _kernel(entry: Project) -> str:
    """The kernel of our release, as generate_assignment notes it: autograde then asks for no kernel of a student's machine."""
    return json.dumps(_release(entry)["metadata"]["kernelspec"])


def _release_cells(entry: Project) -> Iterable[dict[str, Any]]:
    return [c for c in _release(entry)["cells"] if "nbgrader" in c["metadata"]]


def _release(entry: Project) -> dict[str, Any]:
    file = paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb"
    if not file.is_file():
        raise CourseError(f"There is no {Path(*file.parts[-3:])}.", f"`course release {entry.id}` makes it.")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _submission(gradebook: Any, result: SubmissionResult, name: str) -> None:
    """Set what the autograder sets, and nothing that a person may have set."""
    gradebook.update_or_create_submission(name, result.student)
    tasks = result.result.by_task()
    for task, (earned, _) in result.earned_by_task().items():
        grade = gradebook.find_grade(f"check_{task}", name, name, result.student)
        grade.auto_score = float(earned)
        grade.needs_manual_grade = False
        comment = gradebook.find_comment(task, name, name, result.student)
        comment.auto_comment = _remark(result, tasks[task])
    gradebook.db.commit()


def _remark(result: SubmissionResult, checks: Sequence[CheckResult]) -> str | None:
    """The comment of a cell before a person writes one: nbgrader's own for an empty cell, the reason why nothing was graded,
    or that there was no wall.

    The verdict stands under the cell (`autograded`). A comment is shown as Markdown, HTML included, so the reason is escaped.
    """
    if result.reason:
        return _storable(escape(result.reason, quote=False))
    if {check.outcome for check in checks} == {"not started"}:
        return "No response."
    return None if result.walled else _storable(escape(f"isolation: {result.isolation}", quote=False))


def _storable(text: str) -> str:
    """Text that every database can hold: no NUL, which PostgreSQL refuses, and no lone half of a UTF-16 pair."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()

"""The journal of a class: every verdict as it comes, in one SQLite file beside the reports.

A run that is killed at any moment has lost nothing but what was under way: the next one finds each verdict by its basis, and each
student's row. Two tables: `verdict` is a cache by content, `row` is what stands for a student now. A row is never lowered behind
anybody's back (`settle`).
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading.basis import Basis
from course.grading.packed import bare, pack, unpack
from course.grading.submissions import Submission

NAME = "journal.db"
SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS student (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS verdict (key TEXT PRIMARY KEY, result BLOB NOT NULL, seconds REAL NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS row (student TEXT NOT NULL, project TEXT NOT NULL, key TEXT NOT NULL, result BLOB NOT NULL,
    basis BLOB, seconds REAL NOT NULL, at TEXT NOT NULL, PRIMARY KEY (student, project));
"""
VERSION = "1"
LOCKED_SECONDS = 60.0
KEPT_DAYS = 30  # of a verdict on which no row stands, such as one of a change of checks that was not taken
HELD = "lower"  # what `settle` says where it has kept the row that was there


@dataclass(frozen=True)
class Row:
    """What stands for one student and project.

    Args:
        key: of the verdict; empty where there was nothing to grade.
        result: without attachments.
        basis: what the verdict rests on; None where there was nothing to grade.
        seconds: how long the grading took.
        at: when that was, in ISO 8601.
    """

    student: str
    project: str
    key: str
    result: SubmissionResult
    basis: Basis | None
    seconds: float
    at: str


class Journal:
    """An open journal; one process may have several, and several processes one.

    Args:
        file: made if it is not there, and the folders above it.

    Raises:
        CourseError: it cannot be made, written or read.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        with self._faults():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(file, timeout=LOCKED_SECONDS, isolation_level=None)
            self._base.execute(
                "PRAGMA journal_mode=WAL"
            )  # a network's file system may refuse; then it is a rollback journal
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.executescript(SCHEMA)
            if self.about("version", VERSION) != VERSION:
                raise CourseError(f"{file} is of another version of the course.", "Name another folder with --out.")
            oldest = datetime.now(UTC).timestamp() - KEPT_DAYS * 86400
            self._base.execute(
                "DELETE FROM verdict WHERE at < ? AND key NOT IN (SELECT key FROM row)",
                (datetime.fromtimestamp(oldest, UTC).isoformat(),),
            )

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; what was kept is in the file."""
        with suppress(sqlite3.Error):
            self._base.close()

    def about(self, name: str, value: str) -> str:
        """What the journal says of itself under a name; `value` from now on, where it says nothing."""
        with self._faults():
            self._base.execute("INSERT OR IGNORE INTO about VALUES (?, ?)", (name, value))
            return str(self._base.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()[0])

    def seed(self, given: int | None, fresh: int) -> int:
        """The seed of the class: what is given now, else what was used the last time, else `fresh`."""
        with self._faults():
            if given is not None:
                self._base.execute("INSERT OR REPLACE INTO about VALUES ('seed', ?)", (str(given),))
        return int(self.about("seed", str(fresh)))

    def students(self, others: Iterable[str] = ()) -> list[str]:
        """Every student whom the journal has seen, in the order in which it has, `others` with them: what is made of that order,
        such as folders' names, stays as it is when more come."""
        with self._faults(), self._at_once():
            self._base.executemany("INSERT OR IGNORE INTO student (name) VALUES (?)", [(name,) for name in others])
            return [name for (name,) in self._base.execute("SELECT name FROM student ORDER BY number")]

    def verdict(self, key: str) -> tuple[SubmissionResult, float] | None:
        """(the result that was kept under a key, the seconds that it took), or None."""
        with self._faults():
            found = self._base.execute("SELECT result, seconds FROM verdict WHERE key = ?", (key,)).fetchone()
        with suppress(ValueError):
            return (unpack(found[0]), float(found[1])) if found else None
        return None

    def has(self, key: str) -> bool:
        """Is a verdict kept under this key?"""
        with self._faults():
            return self._base.execute("SELECT 1 FROM verdict WHERE key = ?", (key,)).fetchone() is not None

    def forget(self, key: str) -> None:
        """The verdict under this key is to be made anew."""
        with self._faults():
            self._base.execute("DELETE FROM verdict WHERE key = ?", (key,))

    def keep(self, key: str, result: SubmissionResult, seconds: float) -> None:
        """Keep a verdict. It is in the file when this returns."""
        with self._faults():
            values = (key, pack(result), seconds, _now())
            self._base.execute("INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?)", values)

    def row(self, student: str, project: str) -> Row | None:
        """What stands for a student and project."""
        found = self._rows("WHERE student = ? AND project = ?", (student, project))
        return next(found, None)

    def rows(self, project: str | None = None) -> list[Row]:
        """What stands for everybody, by project and student."""
        where, values = ("WHERE project = ?", (project,)) if project else ("", ())
        return list(self._rows(f"{where} ORDER BY project, student", values))

    def settle(
        self, result: SubmissionResult, basis: Basis | None, seconds: float = 0.0, lower: bool = False, at: str = ""
    ) -> str:
        """Let a result stand for its student.

        It does not where that would take from somebody: nothing handed in never replaces something that was graded, and a lower
        result of the same file only with `lower`.

        Returns:
            "" where it stands now, "missing" or HELD where the old row stays.
        """
        with self._faults(), self._at_once():
            old = self.row(result.student, result.result.project)
            if old is not None and held(old, result, lower):
                return held(old, result, lower)
            packed = pack(bare(result))
            about = zlib.compress(json.dumps(basis.plain()).encode()) if basis else None
            key = basis.key if basis else ""
            values = (result.student, result.result.project, key, packed, about, seconds, at or _now())
            self._base.execute("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return ""

    def whole(self, row: Row) -> SubmissionResult:
        """A row's result with its attachments, as far as they are kept."""
        found = self.verdict(row.key) if row.key else None
        return as_of(found[0], row.result) if found else row.result

    def _rows(self, where: str, values: Sequence[str]) -> Iterator[Row]:
        with self._faults():
            query = f"SELECT student, project, key, result, basis, seconds, at FROM row {where}"
            for student, project, key, packed, about, seconds, at in self._base.execute(query, values).fetchall():
                with suppress(ValueError, KeyError, TypeError, zlib.error):
                    basis = Basis.from_plain(json.loads(zlib.decompress(about))) if about else None
                    yield Row(student, project, key, unpack(packed), basis, seconds, at)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Nobody else writes meanwhile."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as fault:
            said = getattr(fault, "strerror", None) or str(fault)
            cure = "Look at the folder's permissions and at the disk, or name another one with --out."
            if "not a database" in said or "malformed" in said:
                cure = "The file is damaged. Delete it, and the class is graded anew."
            raise CourseError(f"{self.file} cannot be written: {said}.", cure) from fault


def held(old: Row, new: SubmissionResult, lower: bool = False) -> str:
    """Why a new result does not take the place of the old one; empty where it does."""
    if new.status == "missing" and old.result.status != "missing":
        return "missing"
    same = new.digest == old.result.digest and old.result.digest
    return HELD if same and new.earned < old.result.earned and not lower else ""


def as_of(kept: SubmissionResult, submission: "Submission | SubmissionResult") -> SubmissionResult:
    """A verdict that was made of somebody's submission, as that of another one of the same basis."""
    name = submission.name if isinstance(submission, Submission) else submission.file
    return replace(kept, student=submission.student, file=name)


def merged(journal: Journal, other: Journal) -> Iterator[tuple[Row, str]]:
    """Take over the rows of another journal: the later grading counts, and nobody loses points of the same file.

    Yields:
        (row of the other journal, "" where it stands here now, else why the row stays that was here).
    """
    for row in other.rows():
        here = journal.row(row.student, row.project)
        if here is not None and (here.at, here.key) == (row.at, row.key):
            continue
        if here is not None and here.at > row.at and held(row, here.result) != "missing":
            yield row, "" if here.key == row.key else "later"
            continue
        if row.key and not journal.has(row.key) and (found := other.verdict(row.key)):
            journal.keep(row.key, *found)
        yield row, journal.settle(row.result, row.basis, row.seconds, at=row.at)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

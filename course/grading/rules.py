"""The rules of a term: `course.toml`, beside the class's roster. When each project is due, what being late costs, who has longer.

    timezone = "Europe/Berlin"
    grace = "15 minutes"              # so late costs nothing
    penalty = "10 %"                  # of what was earned, for each day begun; or "2 points"
    at_most = "50 %"                  # never more than that
    drop_lowest = 1                   # of the term's projects

    [projects.04b]
    due = 2026-11-27T23:59:00         # in that time zone
    points = 20                       # what it counts in the term; else its own points

    [extensions.ada]
    04b = "3 days"                    # or when it is due for ada: 2026-11-30T23:59:00

`grace`, `penalty` and `at_most` may stand at a project too. Everything is optional. A file that says something else is refused,
with the name of the key; nothing is guessed.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from course import catalog, paths
from course.errors import CourseError

NAME = "course.toml"
LATE = ("grace", "penalty", "at_most")
WHOLE = ("timezone", "drop_lowest", "projects", "extensions", *LATE)
OF_PROJECT = ("due", "points", *LATE)
UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


@dataclass(frozen=True)
class Share:
    """An amount of points: so many percent of what was earned, or so many points."""

    amount: float
    percent: bool

    def of(self, earned: float) -> float:
        """In points."""
        return earned * self.amount / 100 if self.percent else self.amount

    def __str__(self) -> str:
        return f"{self.amount:g} %" if self.percent else f"{self.amount:g} point{'' if self.amount == 1 else 's'}"


@dataclass(frozen=True)
class ProjectRules:
    """Of one project.

    Args:
        due: with a time zone; None where there is no due date.
        penalty: for each day begun after it.
        points: what the project counts in the term; None for its own points.
    """

    due: datetime | None = None
    grace: timedelta = timedelta(0)
    penalty: Share | None = None
    at_most: Share | None = None
    points: float | None = None

    def taken(self, earned: float, late: timedelta) -> float:
        """Points that are taken off what was earned, in hundredths, for so much time after the due date."""
        if self.penalty is None or late <= self.grace or late <= timedelta(0) or earned <= 0:
            return 0.0
        days = -(-late // timedelta(days=1))
        off = days * self.penalty.of(earned)
        most = earned if self.at_most is None else min(earned, self.at_most.of(earned))
        return round(min(off, most), 2)

    def said(self) -> str:
        """What being late costs, in a few words; empty where it costs nothing."""
        if self.penalty is None:
            return ""
        most = f", at most {self.at_most}" if self.at_most else ""
        return f"{self.penalty} for each day begun{most}"


@dataclass(frozen=True)
class Rules:
    """Of a term.

    Args:
        zone: in which times are written and shown.
        projects: by id; one that is not here has the term's own rules and no due date.
        extensions: {student: {id of a project: when it is due for that student}}.
        drop_lowest: so many projects of a student do not count.
        file: where that stands; None where there is no such file.
    """

    zone: tzinfo = UTC
    projects: Mapping[str, ProjectRules] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    drop_lowest: int = 0
    file: Path | None = None
    others: ProjectRules = ProjectRules()

    def of(self, id: str) -> ProjectRules:
        """The rules of one project."""
        return self.projects.get(id, self.others)


def current() -> Rules:
    """The rules of `course.toml` in the current folder, else of the one in the course's folder; without either there are none.

    Raises:
        CourseError: the file says something that it cannot.
    """
    for folder in (Path.cwd(), paths.ROOT):
        if (folder / NAME).is_file():
            return load(folder / NAME)
    return Rules()


def load(file: Path) -> Rules:
    """Read a file of rules.

    Raises:
        CourseError: it cannot be read, or says something that it cannot; the key is named.
    """
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise CourseError(f"{file} cannot be read: {fault}.", "It is a text file in UTF-8.") from fault
    except tomllib.TOMLDecodeError as fault:
        raise CourseError(f"{file} is no TOML: {fault}.", 'Texts stand in quotes: `grace = "15 minutes"`.') from fault
    return _Reader(file.name).rules(found, file)


class _Reader:
    """Reads values and says of a wrong one where it stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.zone: tzinfo = UTC

    def rules(self, found: dict[str, Any], file: Path) -> Rules:
        self.known(found, "", WHOLE)
        self.zone = self.timezone(found.get("timezone", "UTC"))
        late = self.late(found, "")
        projects: dict[str, ProjectRules] = {}
        for key, table in self.table(found, "projects").items():
            where = f"projects.{key}"
            id = self.project(key, where)
            if id in projects:
                raise self.fault(where, f"project {id} is there twice", "Put both into one table.")
            self.known(self.is_table(table, where), where, OF_PROJECT)
            own = {**late, **self.late(table, where)}
            if "due" in table:
                own["due"] = self.moment(table["due"], f"{where}.due")
            if "points" in table:
                own["points"] = self.number(table["points"], f"{where}.points")
            projects[id] = ProjectRules(**own)
        extensions: dict[str, dict[str, datetime]] = {}
        for student, table in self.table(found, "extensions").items():
            for key, value in self.is_table(table, f"extensions.{student}").items():
                where = f"extensions.{student}.{key}"
                id = self.project(key, where)
                due = projects[id].due if id in projects else None
                if due is None:
                    raise self.fault(where, f"project {id} has no due date", f"Give it one: `due` in [projects.{id}].")
                extensions.setdefault(student, {})[id] = self.longer(value, due, where)
        drop = found.get("drop_lowest", 0)
        if type(drop) is not int or drop < 0:
            raise self.fault(
                "drop_lowest", f"{drop!r} is no number of projects", "Write a whole number: `drop_lowest = 1`."
            )
        return Rules(self.zone, projects, extensions, drop, file, ProjectRules(**late))

    def late(self, table: dict[str, Any], where: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in LATE:
            place = f"{where}.{key}" if where else key
            if key in table:
                found[key] = self.length(table[key], place) if key == "grace" else self.share(table[key], place)
        return found

    def longer(self, value: Any, due: datetime, where: str) -> datetime:
        new = due + self.length(value, where) if isinstance(value, str) else self.moment(value, where)
        if new < due:
            raise self.fault(where, "it ends before the due date of all", "An extension gives more time, not less.")
        return new

    def moment(self, value: Any, where: str) -> datetime:
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(23, 59, 59))  # a due date without a time is the end of that day
        if not isinstance(value, datetime):
            cure = "Write a date and a time without quotes: 2026-11-27T23:59:00."
            raise self.fault(where, f"{value!r} is no date", cure)
        if value.tzinfo:
            return value
        there = value.replace(tzinfo=self.zone)
        if there.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != value:
            raise self.fault(where, f"{value} is a time that the clocks leave out on that day", "Take another hour.")
        return there

    def length(self, value: Any, where: str) -> timedelta:
        read = (
            re.fullmatch(r"(\d+(?:\.\d+)?) *(minute|hour|day|week)s?", value.strip())
            if isinstance(value, str)
            else None
        )
        if not read:
            raise self.fault(
                where, f"{value!r} is no length of time", 'Write "15 minutes", "2 hours", "3 days" or "1 week".'
            )
        return float(read[1]) * UNITS[read[2]]

    def share(self, value: Any, where: str) -> Share:
        read = (
            re.fullmatch(r"(\d+(?:\.\d+)?) *(%|points?)(?: a day)?", value.strip()) if isinstance(value, str) else None
        )
        if not read or (read[2] == "%" and float(read[1]) > 100):
            raise self.fault(where, f"{value!r} is no share of the points", 'Write "10 %" or "2 points".')
        return Share(float(read[1]), read[2] == "%")

    def number(self, value: Any, where: str) -> float:
        if type(value) not in (int, float) or not 0 <= value < float("inf"):
            raise self.fault(where, f"{value!r} is no number of points", "Write a number such as 20.")
        return float(value)

    def timezone(self, value: Any) -> tzinfo:
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, TypeError, OSError):
            cure = 'Write the name of a zone, such as "Europe/Berlin" or "America/New_York".'
            raise self.fault("timezone", f"{value!r} is no time zone", cure) from None

    def project(self, key: str, where: str) -> str:
        try:
            return catalog.project(key).id
        except CourseError as fault:
            raise self.fault(where, "there is no such project", fault.cure) from None

    def known(self, table: dict[str, Any], where: str, names: tuple[str, ...]) -> None:
        for key in table:
            if key not in names:
                raise self.fault(
                    f"{where}.{key}".lstrip("."), "nobody knows this key", f"Known are {', '.join(names)}."
                )

    def table(self, found: dict[str, Any], key: str) -> dict[str, Any]:
        return self.is_table(found.get(key, {}), key)

    def is_table(self, value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.fault(where, "it is no table", f"Write [{where}] in a line of its own and its keys below.")
        return value

    def fault(self, key: str, problem: str, cure: str) -> CourseError:
        return CourseError(f"{self.name}: {key}: {problem}.", cure)

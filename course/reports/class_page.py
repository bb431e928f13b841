"""The instructor's page about a class: one file, no script, readable without a server, with a keyboard, on paper, on a phone.

`page` is of one project, `term` of several. With `names=False` the page holds no name, no time of one person and no word of a
student's code: it can stand on a projector. Filters are radio buttons and CSS. Everything that comes from students is data:
jinja2 escapes it, and a policy in the page forbids it to load or run anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from course.grading.rules import Rules
from course.reports.class_facts import Facts, Handed, Named
from course.reports.templates import PAGES
from course.reports.totals import number, of_term

# Which students are shown, and what the button is called.
FILTERS = (
    ("all", "everybody"),
    ("missing", "missing"),
    ("late", "late"),
    ("unreadable", "not readable"),
    ("not-started", "not started"),
    ("low", "less than half the points"),
    ("by-hand", "points or words by hand"),
)
WIDTH, HEIGHT, SIDE, FLOOR = 640, 132, 14, 104  # of the time line, in its own units
STACK = 11  # units between two marks that stand one above the other


@dataclass(frozen=True)
class Row:
    """A student in a term's table: points a project, None where there is no result."""

    student: str
    points: tuple[float | None, ...]
    late: tuple[bool, ...]
    missing: tuple[bool, ...]
    sum: float
    whole: float


def page(facts: Facts, zone: tzinfo, names: bool = True) -> str:
    """One project's page."""
    counts = {kind: sum(kind in one.kinds for one in facts.handed) for kind, _ in FILTERS}
    counts["all"] = len(facts.handed)
    most = max((len(one.students) for one in facts.bins), default=0)
    tasks: dict[str, list[Any]] = {}
    for check in facts.checks:
        tasks.setdefault(check.task, []).append(check)
    mean, median = facts.middle
    return PAGES.get_template("class.html.j2").render(
        title=f"{facts.project} {facts.title}",
        facts=facts,
        names=names,
        number=number,
        mean=f"{mean:.1f}",
        median=number(median),
        most=max(most, 1),
        tasks=tasks,
        filters=[(kind, called, counts[kind]) for kind, called in FILTERS if counts[kind] or kind == "all"],
        line=_line(facts, zone) if names else None,
        late=counts["late"],
        hard=_hard(facts),
        said=_said,
        when=lambda time: _when(time, zone),
        tidy=_tidy,
    )


def term(projects: Sequence[Facts], rules: Rules, names: bool = True) -> str:
    """The page of a term, by its rules: what each project counts, and how many of a student's lowest do not."""
    rows = _rows(projects, rules)
    spread = _spread([row.sum / row.whole if row.whole else 0.0 for row in rows])
    weights = [one.points if (own := rules.of(one.project).points) is None else own for one in projects]
    return PAGES.get_template("term.html.j2").render(
        title="The term",
        projects=[
            (one, number(weight), f"{one.middle[0]:.1f}", one.middle[1])
            for one, weight in zip(projects, weights, strict=True)
        ],
        rows=rows,
        spread=spread,
        most=max([count for _, count in spread] or [0]) or 1,
        names=names,
        number=number,
        drop=rules.drop_lowest,
        said=_said,
        tidy=_tidy,
        when=lambda time: _when(time, rules.zone),
    )


def _rows(projects: Sequence[Facts], rules: Rules) -> list[Row]:
    """A row a student, by `totals.of_term`; a project that does not count is still shown."""
    by_student: dict[str, dict[str, Handed]] = {}
    for facts in projects:
        for one in facts.handed:
            by_student.setdefault(one.student, {})[facts.project] = one
    rows = []
    for student, own in sorted(by_student.items()):
        found = [own.get(facts.project) for facts in projects]
        totals = {
            facts.project: one.total if (one and one.result.status != "missing") or (one and one.total.kept) else None
            for facts, one in zip(projects, found, strict=True)
        }
        earned, whole = of_term(totals, rules).counts
        rows.append(
            Row(
                student,
                tuple(one.total.earned if one else None for one in found),
                tuple(bool(one and one.late) for one in found),
                tuple(bool(one and one.result.status == "missing") for one in found),
                earned,
                whole,
            )
        )
    return rows


def _spread(shares: Sequence[float]) -> list[tuple[str, int]]:
    """How many students have how much of the term's points, in tenths."""
    found = [0] * 10
    for share in shares:
        found[min(max(int(10 * share), 0), 9)] += 1
    return [(f"{10 * k} to {10 * k + 10} %", count) for k, count in enumerate(found)]


def _said(one: Named) -> list[str]:
    """A mistake as its sentences: the first is the heading, those after it are one of several."""
    lines = [line.strip().lstrip("- ").strip() for line in one.said.splitlines()]
    return [line for line in lines if line] or ["It failed."]


def _tidy(students: Sequence[str]) -> str:
    """Names as one text."""
    return ", ".join(sorted(students, key=str.casefold))


def _when(time: datetime | None, zone: tzinfo) -> str:
    if time is None:
        return ""
    there = time.astimezone(zone)
    return f"{there.day} {there:%b %Y, %H:%M}"


def _hard(facts: Facts) -> list[tuple[str, str, int]]:
    """(function, check, how many fail) of the checks that most students fail, at most five."""
    found = [(check.task, check.title, len(check.failed)) for check in facts.checks if check.failed]
    return sorted(found, key=lambda item: -item[2])[:5]


def _line(facts: Facts, zone: tzinfo) -> dict[str, Any] | None:
    """The time line: a mark for each submission, stacked where they come close together, and the due date."""
    timed = sorted((one for one in facts.handed if one.when), key=lambda one: (one.when, one.student))
    if not timed:
        return None
    ends = [one.when for one in timed if one.when] + ([facts.due] if facts.due else [])
    first, last = min(ends), max(ends)
    span = max((last - first).total_seconds(), timedelta(hours=1).total_seconds())

    def x(time: datetime) -> float:
        return SIDE + (WIDTH - 2 * SIDE) * (time - first).total_seconds() / span

    columns: dict[int, int] = {}
    marks = []
    for one in timed:
        assert one.when is not None
        column = round(x(one.when) / STACK)
        columns[column] = columns.get(column, 0) + 1
        marks.append((one, column * STACK, columns[column]))
    step = min(STACK, (FLOOR - 18) / max(max(columns.values()), 1))
    drawn = [{"x": place, "y": FLOOR - 8 - (height - 1) * step, "late": one.late} for one, place, height in marks]
    late = sum(one.late for one in timed)
    due = f"; due {_when(facts.due, zone)}" if facts.due else "; no due date is known"
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "floor": FLOOR,
        "side": SIDE,
        "right": WIDTH - SIDE,
        "marks": drawn,
        "due": x(facts.due) if facts.due else None,
        "first": _when(first, zone),
        "last": _when(last, zone),
        "said": f"{len(timed)} submissions from {_when(first, zone)} to {_when(last, zone)}{due}; {late} late",
    }

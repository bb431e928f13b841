"""A page for one student: what is right, what is not, where, and a question that leads on.

One file without scripts and without anything from elsewhere: it can be mailed, and read in ten years. The templates escape every
text, and a policy in the page forbids it to load or run anything. What the checks measured is drawn by `charts`. No page is larger
than `limits.PAGE_BYTES`, whatever was handed in.
"""

from datetime import UTC, datetime, timedelta, tzinfo

from markupsafe import Markup

from course import limits
from course.checks.results import CheckResult, SubmissionResult
from course.reports import charts
from course.reports.templates import PAGES
from course.reports.terminal import SYMBOLS
from course.reports.totals import Total, number, of_checks

MINUS = "\N{MINUS SIGN}"
# Letters of a text, bytes of all attachments; the second pair where the first is too much. Pages of right solutions have about
# 30 to 80 kB (02, 04b, 07).
ROOM = ((4000, 200_000), (1000, 150_000))
LAST_ROOM = 30_000  # letters of all texts together, where that is too much as well: escaped, 150 kB


def page(result: SubmissionResult, total: Total | None = None, zone: tzinfo = UTC) -> str:
    """The whole page as text, at most `limits.PAGE_BYTES` long in UTF-8 (for up to 150 checks).

    Args:
        total: what it counts, by the gradebook; without it the checks' points.
        zone: in which times are shown.
    """
    total = total or of_checks(result)
    texts = 10 + 8 * len(result.result.checks) + len(result.notes) + len(total.parts)
    for letters, room in (*ROOM, (LAST_ROOM // texts + 1, 0)):
        made = _page(result, total, zone, letters, room)
        if len(made.encode()) <= limits.PAGE_BYTES:
            break
    return made


def _page(result: SubmissionResult, total: Total, zone: tzinfo, letters: int, room: int) -> str:
    """A page whose texts have so many letters each, and whose attachments so many bytes in all."""

    def figures(check: CheckResult) -> list[Markup]:
        nonlocal room
        drawn = []
        for figure in map(charts.drawn, check.attachments):
            if (size := len(figure.encode())) <= room:
                room -= size
                drawn.append(figure)
        return drawn

    # not the seed: whoever grades what is handed in later with the same one wants it unknown
    about = [f"isolation: {result.isolation}"]
    about += [f"file {result.file}"] if result.file else []
    about += [f"SHA-256 {result.digest}"] if result.digest else []
    return PAGES.get_template("page.html.j2").render(
        title=f"{result.result.project} {result.result.title}",
        result=result,
        total=total,
        sum=_sum(total, zone),
        number=number,
        marks=SYMBOLS,
        figures=figures,
        about=" · ".join(about),
        letters=letters,
    )


def _sum(total: Total, zone: tzinfo) -> list[tuple[str, str]]:
    """(what, points) of how the total adds up; empty where it is the checks' points and there is nothing to say of the time."""
    parts = total.parts
    handmade = sum(part.given - part.checks for part in parts if part.given is not None)
    extra = sum(part.extra for part in parts)
    lines = [("the checks", number(sum(part.checks for part in parts)))]
    lines += [("given by hand in their place", _signed(handmade))] if any(p.given is not None for p in parts) else []
    lines += [("extra credit", _signed(extra))] if extra else []
    if total.taken:
        least = " (no total is below 0)" if total.taken > total.raw else ""
        lines.append((f"late{least}", _signed(-total.taken)))
    if total.kept:
        lines.append(("These are the points of an earlier submission; this time there was none.", ""))
    if total.due or total.extension:
        lines.append((_times(total, zone), ""))
    return lines if len(lines) > 1 else []


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else MINUS}{number(abs(value))}"


def _times(total: Total, zone: tzinfo) -> str:
    """When it was handed in and due, in a sentence."""

    def said(when: datetime) -> str:
        there = when.astimezone(zone)
        return f"{there.day} {there:%B %Y, %H:%M} {there.tzname()}"

    longer = f", {_span(total.extension)} more than for the others" if total.extension else ""
    due = f"due {said(total.due)}{longer}" if total.due else ""
    handed = f"handed in {said(total.handed_in)}" if total.handed_in else ""
    late = f"{_span(total.late)} late" if total.late else ""
    text = "; ".join(filter(None, [due, handed, late]))
    return f"{text[:1].upper()}{text[1:]}."


def _span(time: timedelta) -> str:
    """A length of time in its two largest units."""
    minutes = max(1, round(time.total_seconds() / 60))
    units = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
    said = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in units if count]
    return " ".join(said[:2])

"""A page for one student: what is right, what is not, where, and a question that leads on.

One file without scripts and without anything from elsewhere: it can be mailed, and read in ten years. The templates escape every
text, and a policy in the page forbids it to load or run anything. What the checks measured is drawn by `charts`. No page is larger
than `limits.PAGE_BYTES`, whatever was handed in.
"""

from markupsafe import Markup

from course import limits
from course.checks.results import CheckResult, SubmissionResult
from course.reports import charts
from course.reports.templates import PAGES
from course.reports.terminal import SYMBOLS

# Letters of a text, bytes of all attachments; the second pair where the first is too much. Pages of right solutions have about
# 30 to 80 kB (02, 04b, 07).
ROOM = ((4000, 200_000), (1000, 150_000))
LAST_ROOM = 30_000  # letters of all texts together, where that is too much as well: escaped, 150 kB


def page(result: SubmissionResult) -> str:
    """The whole page as text, at most `limits.PAGE_BYTES` long in UTF-8 (for up to 150 checks)."""
    texts = 10 + 8 * len(result.result.checks) + len(result.notes)
    for letters, room in (*ROOM, (LAST_ROOM // texts + 1, 0)):
        made = _page(result, letters, room)
        if len(made.encode()) <= limits.PAGE_BYTES:
            break
    return made


def _page(result: SubmissionResult, letters: int, room: int) -> str:
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
        marks=SYMBOLS,
        figures=figures,
        about=" · ".join(about),
        letters=letters,
    )

"""A page for one student: what is right, what is not, where, and a question that leads on.

One file without scripts and without anything from elsewhere: it can be mailed, and read in ten years. Every text is escaped, and a
policy in the page forbids it to load or run anything. What the checks measured is drawn by `charts`. No page is larger than
`MOST_BYTES`, whatever was handed in.
"""

from html import escape

from course.checks.results import CheckResult, SubmissionResult
from course.reports import charts
from course.reports.style import STYLE
from course.reports.terminal import SYMBOLS

MOST_BYTES = 300_000  # a page can be mailed, and thousands of them fit on a disk
# Letters of a text, bytes of all attachments; the second pair where the first is too much. Pages of right solutions have about
# 30 to 80 kB (02, 04b, 07).
ROOM = ((4000, 200_000), (1000, 150_000))
LAST_ROOM = 30_000  # letters of all texts together, where that is too much as well: escaped, 180 kB
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(result: SubmissionResult) -> str:
    """The whole page as text, at most `MOST_BYTES` long in UTF-8 (for up to 150 checks)."""
    for letters, pictures in ROOM:
        made = _page(result, _Room(letters, pictures))
        if len(made.encode()) <= MOST_BYTES:
            return made
    texts = 10 + 8 * len(result.result.checks) + len(result.notes)
    return _page(result, _Room(LAST_ROOM // texts + 1, 0))


class _Room:
    """What a page has room for.

    Args:
        letters: of one text.
        left: bytes of attachments.
    """

    def __init__(self, letters: int, left: int) -> None:
        self.letters, self.left = letters, left

    def text(self, words: str) -> str:
        return charts.text(words, self.letters)

    def shown(self, check: CheckResult) -> str:
        """The attachments of a check, as far as there is room for them."""
        figures = []
        for attachment in check.attachments:
            figure = charts.drawn(attachment)
            if len(figure.encode()) <= self.left:
                self.left -= len(figure.encode())
                figures.append(figure)
        return f'<div class="shown">{"".join(figures)}</div>' if figures else ""


def _page(result: SubmissionResult, room: _Room) -> str:
    title = f"{result.result.project} {result.result.title}"
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{room.text(title)}: {room.text(result.student)}</title>",
        f"<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
        f'<header><div><h1>{room.text(title)}</h1><p class="soft">{room.text(result.student)}</p></div>',
        f'<p class="total"><strong id="earned">{result.earned}</strong> of <span id="points">{result.points}</span> '
        "points</p></header>",
        f'<meter min="0" max="{max(result.points, 1)}" value="{result.earned}" aria-label="points"></meter>',
    ]
    if result.reason:
        parts.append(f'<section class="reason"><strong>Not graded.</strong> {room.text(result.reason)}</section>')
    parts += [f'<section class="note">{room.text(note)}</section>' for note in result.notes]
    if not result.reason:
        parts += [_task(task, checks, result, room) for task, checks in result.result.by_task().items()]
    about = [f"isolation: {result.isolation}", f"seed {result.seed}"]
    about += [f"file {result.file}"] if result.file else []
    about += [f"SHA-256 {result.digest}"] if result.digest else []
    parts.append(f"<footer>{room.text(' · '.join(about))}</footer>\n</main>\n</body>\n</html>\n")
    return "\n".join(parts)


def _task(task: str, checks: list[CheckResult], result: SubmissionResult, room: _Room) -> str:
    earned, points = result.earned_by_task()[task]
    head = f'<div class="head"><h2>{room.text(task)}</h2><span class="task">{earned} of {points}</span></div>'
    if {c.outcome for c in checks} == {"not started"}:
        return f'<section>{head}<p class="soft">· not started</p></section>'
    lines = "\n".join(_check(check, result.result.target, room) for check in checks)
    return f'<section>{head}<ul class="checks">\n{lines}\n</ul></section>'


def _check(check: CheckResult, target: str, room: _Room) -> str:
    kind = check.outcome if check.outcome in ("passed", "failed") else "open"
    points = str(check.points) if check.outcome == "passed" else f"{check.earned} of {check.points}"
    lines = [
        f'<li class="{kind}"><b class="mark">{SYMBOLS[check.outcome]}</b><span class="points">{points}</span>'
        f"{room.text(check.title)}"
    ]
    if check.outcome != "passed" and check.outcome != "failed":
        lines.append(f'<p class="soft">{room.text(check.message or check.outcome)}</p>')
    if check.outcome == "failed":
        if check.line:
            where = f"{check.place or target}, line {check.line}"
            lines.append(
                f'<p class="soft">{room.text(where)}{": " if check.code else ""}<code>{room.text(check.code)}</code></p>'
            )
        said = "\n".join(words for words in (check.message, check.says) if words)
        lines.append(f"<pre>{room.text(said)}</pre>" if said else "")
        lines.append(f"<p><strong>Hint:</strong> {room.text(check.hint)}</p>" if check.hint else "")
    lines.append(room.shown(check))
    return "\n".join(line for line in lines if line) + "</li>"

"""A page for one student: what is right, what is not, where, and a question that leads on.

One file without scripts and without anything from elsewhere: it can be mailed, and read in ten years. Every text is escaped, and a
policy in the page forbids it to load or run anything. Pictures (curves, a confusion matrix) are not in it yet.
"""

from html import escape

from course.grading.results import CheckResult, SubmissionResult
from course.grading.verdict import MARKS

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """\
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6775; --line: #d9dfe6; --paper: #fff; --back: #f4f6f8;
  --right: #1a7f4b; --wrong: #b3382c; --open: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa7b4; --line: #36424e; --paper: #1c242c; --back: #12181e;
  --right: #5cc98f; --wrong: #f08a7e; --open: #dcb04f; } }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; justify-content: space-between; align-items: end; gap: 1rem; margin-bottom: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0; } h2 { font-size: 1.05rem; margin: 0; font-family: ui-monospace, monospace; }
p { margin: .4rem 0; } .soft { color: var(--soft); } .total { font-size: 1.5rem; white-space: nowrap; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; margin: .8rem 0; }
section > div { display: flex; justify-content: space-between; gap: 1rem; }
meter { width: 100%; height: .6rem; } ul { list-style: none; padding: 0; margin: .4rem 0 0; }
li { padding: .35rem 0 .35rem 1.6rem; border-top: 1px solid var(--line); position: relative; overflow-wrap: anywhere; }
li > b { position: absolute; left: 0; width: 1.3rem; text-align: center; } .points { float: right; padding-left: 1rem; }
.passed > b { color: var(--right); } .failed > b { color: var(--wrong); } .open > b { color: var(--open); }
pre { white-space: pre-wrap; margin: .4rem 0; padding: .5rem .7rem; background: var(--back); border-radius: 6px; font-size: .9em; }
.note { border-left: 4px solid var(--open); } .reason { border-left: 4px solid var(--wrong); }
footer { color: var(--soft); font-size: .8rem; margin: 1.5rem 0; overflow-wrap: anywhere; }
"""


def page(result: SubmissionResult) -> str:
    """The whole page as text."""
    title = f"{result.result.project} {result.result.title}"
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}: {_text(result.student)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
        f'<header><div><h1>{_text(title)}</h1><p class="soft">{_text(result.student)}</p></div>',
        f'<p class="total"><strong id="earned">{result.earned}</strong> of <span id="points">{result.points}</span> '
        "points</p></header>",
        f'<meter min="0" max="{max(result.points, 1)}" value="{result.earned}"></meter>',
    ]
    if result.reason:
        parts.append(f'<section class="reason"><strong>Not graded.</strong> {_text(result.reason)}</section>')
    parts += [f'<section class="note">{_text(note)}</section>' for note in result.notes]
    if not result.reason:
        parts += [_task(task, checks, result) for task, checks in result.result.by_task().items()]
    about = [f"isolation: {result.isolation}", f"seed {result.seed}"]
    about += [f"file {result.file}"] if result.file else []
    about += [f"SHA-256 {result.digest}"] if result.digest else []
    parts.append(f"<footer>{_text(' · '.join(about))}</footer>\n</main>\n</body>\n</html>\n")
    return "\n".join(parts)


def _task(task: str, checks: list[CheckResult], result: SubmissionResult) -> str:
    earned, points = result.earned_by_task()[task]
    head = f'<div><h2>{_text(task)}</h2><span class="task">{earned} of {points}</span></div>'
    if {c.outcome for c in checks} == {"not started"}:
        return f'<section>{head}<p class="soft">· not started</p></section>'
    return f"<section>{head}<ul>\n" + "\n".join(_check(c, result.result.target) for c in checks) + "\n</ul></section>"


def _check(check: CheckResult, target: str) -> str:
    kind = check.outcome if check.outcome in ("passed", "failed") else "open"
    points = str(check.points) if check.outcome == "passed" else f"{check.earned} of {check.points}"
    lines = [
        f'<li class="{kind}"><b>{MARKS[check.outcome]}</b><span class="points">{points}</span>{_text(check.title)}'
    ]
    if check.outcome != "passed" and check.outcome != "failed":
        lines.append(f'<p class="soft">{_text(check.message or check.outcome)}</p>')
    if check.outcome == "failed":
        if check.line:
            where = f"{check.place or target}, line {check.line}"
            lines.append(
                f'<p class="soft">{_text(where)}{": " if check.code else ""}<code>{_text(check.code)}</code></p>'
            )
        said = "\n".join(text for text in (check.message, check.says) if text)
        lines.append(f"<pre>{_text(said)}</pre>" if said else "")
        lines.append(f"<p><strong>Hint:</strong> {_text(check.hint)}</p>" if check.hint else "")
    return "\n".join(line for line in lines if line) + "</li>"


def _text(text: str) -> str:
    """Text of a page: escaped, and without characters that no page may hold."""
    return escape("".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text))

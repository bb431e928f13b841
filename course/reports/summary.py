"""The step summary of a run on GitHub: a table for each project with a row for each function, and the verdict folded up below it.

`table` has the tables of a class, which a student's copy has not; texts are escaped here for both.
"""

from collections.abc import Sequence
from html import escape

from course.checks.results import CheckResult, ProjectResult
from course.reports.terminal import SYMBOLS, render

MOST = 50_000  # characters of a verdict; GitHub shows no step summary of more than 1 MiB


def functions(screens: Sequence[ProjectResult]) -> str:
    """A table for each project in GitHub's Markdown, with a row for each function; below it the verdict, folded up."""
    parts = []
    for screen in screens:
        heading = f"{screen.project} {screen.title}: {screen.earned} of {screen.points} points"
        parts += [f"### {escaped(heading)}", "", "| | function | points | |", "|---|---|---:|---|"]
        for task, checks in screen.by_task().items():
            earned, points = sum(c.earned for c in checks), sum(c.points for c in checks)
            said = _state(checks)
            parts.append(f"| {SYMBOLS[said[0]]} | {escaped(task)} | {earned} of {points} | {escaped(said[1])} |")
            for bonus in screen.bonuses_of(task):
                parts.append(f"| {SYMBOLS[bonus.outcome]} | {escaped(task)} | | {escaped(bonus.readiness)} |")
        parts.append("")
        if screen.of(["failed"]):
            whole = escape(render(screen)[:MOST].encode("utf-8", "replace").decode(), quote=False)
            parts += [f"<details><summary>What was wrong, and a question</summary>\n\n<pre>{whole}</pre></details>", ""]
    if len(screens) > 1:
        earned, points = sum(s.earned for s in screens), sum(s.points for s in screens)
        parts += [f"**{earned} of {points} points** in {len(screens)} projects", ""]
    return "\n".join(parts)


def _state(checks: Sequence[CheckResult]) -> tuple[str, str]:
    """(one of OUTCOMES, a few words) of a function's checks: what failed comes before what waits and what is not started."""
    failed = [c.title for c in checks if c.outcome == "failed"]
    if failed:
        return "failed", "; ".join(failed)
    for outcome in ("waiting", "not started"):
        if open_ := [c for c in checks if c.outcome == outcome]:
            return outcome, (open_[0].message if outcome == "waiting" else "") or outcome
    return "passed", "1 check" if len(checks) == 1 else f"all {len(checks)} checks"


def line(text: str) -> str:
    """One line of printable characters."""
    return "".join(c if c.isprintable() else " " for c in text)


def escaped(text: str) -> str:
    """Text in a cell of a Markdown table: no tags, no links, no markup, one line."""
    kept = line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|~@" else c for c in kept)

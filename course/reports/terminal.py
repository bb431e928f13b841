"""A project's result as one screen of text: what is right, what is wrong, where, and a question that leads on.

It reads well without colour; colour is added where the terminal has it.
"""

import textwrap
from collections.abc import Callable

from course.checks.results import CheckResult, ProjectResult

WIDTH = 100
SYMBOLS = {"passed": "✓", "failed": "✗", "not started": "·", "waiting": "…"}
COLOURS = {"passed": "green", "failed": "red", "not started": "yellow", "waiting": "yellow"}
Paint = Callable[..., str]


def plain(text: str, **style: bool) -> str:
    """No colour at all."""
    return text


def render(result: ProjectResult, paint: Paint = plain, verbose: bool = False) -> str:
    """The screen of one project.

    Args:
        paint: like `TerminalWriter.markup(text, red=True)`.
        verbose: a line for each check that passed, instead of one for each function.
    """
    points = f"{result.earned} of {result.points} points"
    heading = f"{result.project} {result.title}"
    lines = [paint(f"{heading}{points:>{max(WIDTH - len(heading), len(points) + 2)}}", bold=True)]
    width = max((len(task) for task in result.by_task()), default=0) + 2
    for task, checks in result.by_task().items():
        outcomes = {c.outcome for c in checks}
        if outcomes == {"passed"} and not verbose:
            titles = "1 check" if len(checks) == 1 else f"all {len(checks)} checks"
            lines.append(_line("passed", task, width, titles, str(sum(c.points for c in checks)), paint))
        elif outcomes == {"not started"}:
            lines.append(
                _line("not started", task, width, "not started", f"0 of {sum(c.points for c in checks)}", paint)
            )
        else:
            shown: set[tuple[str, str]] = set()
            for check in checks:
                lines += _check(check, width, result.target, paint, again=(check.message, check.code) in shown)
                shown |= {(check.message, check.code)} if check.outcome == "failed" else set()
    for note in result.notes:
        lines += textwrap.wrap(
            f"Note: {note}", WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False
        )
    return "\n".join(lines)


def plain_text(result: CheckResult, target: str) -> str:
    """One result as plain text, for pytest's own reporters and JUnit files. `target` is how the reader calls the file."""
    lines = [f"{result.task}: {result.title}: {result.outcome}"]
    if result.line:
        lines.append(f"{result.place or target}:{result.line}" + (f"  {result.code}" if result.code else ""))
    lines += [text for text in (result.message, result.says) if text]
    if result.question:
        lines.append(f"Hint: {result.question}")
    return "\n".join(lines)


def summary(results: list[ProjectResult], paint: Paint = plain) -> str:
    """The last line: points over all projects, and how many checks ended how."""
    earned, points = sum(r.earned for r in results), sum(r.points for r in results)
    counts = {o: sum(len(r.of([o])) for r in results) for o in SYMBOLS}
    parts = [paint(f"{n} {o}", **{COLOURS[o]: True}) for o, n in counts.items() if n]
    return f"{earned} of {points} points: " + ", ".join(parts)


def _check(check: CheckResult, width: int, target: str, paint: Paint, again: bool) -> list[str]:
    """The lines of a check; `again`: the same failure has been shown in full above."""
    got = str(check.points) if check.outcome == "passed" else f"0 of {check.points}"
    title = check.title if check.outcome in ("passed", "failed") else f"{check.title}: {check.message or check.outcome}"
    lines = [_line(check.outcome, check.task, width, title, got, paint)]
    if check.outcome != "failed":
        return lines
    if again:
        return [*lines, "      the same as above"]
    if check.line:
        lines.append(
            paint(f"      {check.place or target}:{check.line}", cyan=True) + (f"   {check.code}" if check.code else "")
        )
    for text in (check.message, check.says):
        for paragraph in text.splitlines():
            lines += textwrap.wrap(
                paragraph, WIDTH, initial_indent="      ", subsequent_indent="      ", break_long_words=False
            )
    if check.question:
        lines += textwrap.wrap(f"Hint: {check.question}", WIDTH, initial_indent="      ", subsequent_indent="      ")
    return lines


def _line(outcome: str, task: str, width: int, title: str, points: str, paint: Paint) -> str:
    text = f"{task:<{width}}{title}"
    return f"  {paint(SYMBOLS[outcome], **{COLOURS[outcome]: True})} {text:<{WIDTH - 4 - 8}}{points:>8}"

"""A project's result as one screen of text: what is right, what is wrong, where, and a question that leads on.

It reads well without colour; colour is added where the terminal has it. It is laid out for the width that it is given.
"""

import shutil
import textwrap
from collections.abc import Callable

from course.checks.results import CheckResult, ProjectResult

WIDTH = 100  # where nobody says how wide the reader's window is
NARROWEST = 40
SYMBOLS = {"passed": "✓", "failed": "✗", "not started": "·", "waiting": "…", "advice": "+"}
COLOURS = {"passed": "green", "failed": "red", "not started": "yellow", "waiting": "yellow", "advice": "cyan"}
INDENT = " " * 6
Paint = Callable[..., str]


def plain(text: str, **style: bool) -> str:
    """No colour at all."""
    return text


def window() -> int:
    """The columns of the reader's window that lines are laid out for: none is longer than reads well."""
    return max(NARROWEST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def render(result: ProjectResult, paint: Paint = plain, verbose: bool = False, width: int = WIDTH) -> str:
    """The screen of one project.

    Args:
        paint: like `TerminalWriter.markup(text, red=True)`.
        verbose: a line for each check that passed, instead of one for each function.
        width: characters of a line.
    """
    lines = heading(result, paint, width)
    column = column_of(result, width)
    for task, checks in result.by_task().items():
        outcomes = {c.outcome for c in checks}
        if outcomes == {"passed"} and not verbose:
            titles = "1 check" if len(checks) == 1 else f"all {len(checks)} checks"
            lines += line("passed", task, column, titles, str(sum(c.points for c in checks)), paint, width)
            lines += printed_of_all(checks, width)
        elif outcomes == {"not started"}:
            points = f"0 of {sum(c.points for c in checks)}"
            lines += line("not started", task, column, "not started", points, paint, width)
        else:
            shown: set[tuple[str, str]] = set()
            for check in checks:
                lines += one(check, column, result.target, paint, (check.message, check.code) in shown, width)
                shown |= {(check.message, check.code)} if check.outcome == "failed" else set()
        lines += bonuses(result, task, column, paint, width)
    for task in dict.fromkeys(bonus.task for bonus in result.bonuses if bonus.task not in result.by_task()):
        lines += bonuses(result, task, column, paint, width)  # where it ran alone
    for note in result.notes:
        lines += filled_lines(f"Note: {note}", "  ", width)
    return "\n".join(lines)


def plain_text(result: CheckResult, target: str) -> str:
    """One result as plain text, for pytest's own reporters and JUnit files. `target` is how the reader calls the file."""
    ended = result.readiness if result.bonus and result.outcome in ("passed", "advice") else result.outcome
    lines = [f"{result.task}: {result.title}: {ended}"]
    if where := place(result, target):
        lines.append(where + (f"  {result.code}" if result.code else ""))
    lines += [text for text in (result.message, result.says) if text]
    if result.question:
        lines.append(f"Hint: {result.question}")
    if result.printed:
        lines += ["Printed:", result.printed]
    return "\n".join(lines)


def summary(results: list[ProjectResult], paint: Paint = plain) -> str:
    """The last line: points over all projects, and how many checks ended how."""
    earned, points = sum(r.earned for r in results), sum(r.points for r in results)
    counts = {o: sum(len(r.of([o])) for r in results) for o in SYMBOLS}
    parts = [paint(f"{n} {o}", **{COLOURS[o]: True}) for o, n in counts.items() if n]
    return f"{earned} of {points} points: " + ", ".join(parts)


# -- parts, for other screens too ---------------------------------------------------------------------------------------


def heading(result: ProjectResult, paint: Paint, width: int) -> list[str]:
    """The project and its points; in a narrow window one below the other."""
    points, name = f"{result.earned} of {result.points} points", f"{result.project} {result.title}"
    if len(name) + 2 + len(points) > width:
        return [paint(part, bold=True) for part in [*filled_lines(name, "", width), f"{points:>{width}}"]]
    return [paint(f"{name}{points:>{width - len(name)}}", bold=True)]


def column_of(result: ProjectResult, width: int) -> int:
    """Characters for the names of the functions: the longest, but not more than a third of a narrow window."""
    longest = max((len(c.task) for c in result.results), default=0) + 2
    return longest if longest <= width // 3 or width >= WIDTH else max(width // 3, 12)


def line(outcome: str, task: str, column: int, title: str, points: str, paint: Paint, width: int) -> list[str]:
    """What ended how: a symbol, the function, a phrase that breaks between words, and the points in their column."""
    symbol = f"  {paint(SYMBOLS[outcome], **{COLOURS[outcome]: True})} "
    room = width - 4 - len(points) - 2
    start = f"{task:<{column}}" if len(task) < column else f"{task}  "
    rest = " " * min(column, 4 if len(start) > column else column)
    text = start + title if title else task
    first, *more = textwrap.wrap(
        text, room, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    ) or [""]
    first = start + first[len(start) :] if first.startswith(task) else first
    return [f"{symbol}{first:<{room}}  {points}".rstrip(), *(f"    {text}" for text in more)]


def one(check: CheckResult, column: int, target: str, paint: Paint, again: bool, width: int) -> list[str]:
    """The lines of a check; `again`: the same failure has been shown in full above."""
    got = str(check.points) if check.outcome == "passed" else f"0 of {check.points}"
    title = check.title if check.outcome in ("passed", "failed") else f"{check.title}: {check.message or check.outcome}"
    lines = line(check.outcome, check.task, column, title, got, paint, width)
    if check.outcome == "failed" and again:
        lines.append(f"{INDENT}the same as above")
    elif check.outcome == "failed":
        lines += failure(check, target, paint, width)
    return [*lines, *printed(check.printed, "Printed:", width)]


def bonuses(result: ProjectResult, task: str, column: int, paint: Paint, width: int) -> list[str]:
    """What there is to say of a function's bonuses: a line for one that holds, advice for one that does not yet."""
    lines = []
    for bonus in result.bonuses_of(task):
        lines += line(bonus.outcome, task, column, bonus.readiness, "", paint, width)
        if bonus.outcome == "advice":
            lines += failure(bonus, result.target, paint, width) + printed(bonus.printed, "Printed:", width)
    return lines


def failure(check: CheckResult, target: str, paint: Paint, width: int) -> list[str]:
    """Where it failed, why, and the question."""
    lines = []
    if where := place(check, target):
        code = f"   {check.code}" if check.code else ""
        room = width - len(INDENT) - len(where)
        lines.append(f"{INDENT}{paint(where, cyan=True)}{code if len(code) <= room else ''}")
        if len(code) > room:
            lines.append(f"{INDENT}{code}"[:width])
    for text in (check.message, check.says):
        for paragraph in text.splitlines():
            lines += filled_lines(paragraph, INDENT, width)
    if check.question:
        lines += filled_lines(f"Hint: {check.question}", INDENT, width)
    return lines


def place(check: CheckResult, target: str) -> str:
    """Where to look: a line that raised an error, or on which a function of a module begins; of a cell its name."""
    if not check.line:
        return ""
    if check.place and not check.code:
        return check.place
    return f"{check.place or target}:{check.line}"


def filled_lines(text: str, indent: str, width: int) -> list[str]:
    """A paragraph in lines; no word is broken, and a command in backticks is kept on one line where it fits."""
    kept, below = _held_together(text), indent + ("  " if text.startswith("- ") else "")
    lines = textwrap.wrap(
        kept, width, initial_indent=indent, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in lines]


def _held_together(text: str) -> str:
    parts = text.split("`")
    quoted = [
        part.replace(" ", "\N{NO-BREAK SPACE}") if k % 2 and len(part) < 40 else part for k, part in enumerate(parts)
    ]
    return "`".join(quoted)


def printed(text: str, head: str, width: int) -> list[str]:
    """What was printed, each line cut to the window."""
    if not text:
        return []
    room = width - len(INDENT) - 2
    cut = [row if len(row) <= room else f"{row[: room - 2]} …" for row in text.expandtabs(4).splitlines()]
    return [f"{INDENT}{head}", *(f"{INDENT}| {_visible(row)}" for row in cut)]


def last_printed(text: str, most: int, width: int) -> list[str]:
    """The last lines of what was printed, at most so many."""
    rows = text.splitlines()
    if not most:
        return (
            filled_lines(f"{len(rows)} lines were printed: see them in a taller window.", INDENT, width) if rows else []
        )
    head = "Printed:" if len(rows) <= most else f"Printed, the last {most} lines:"
    return printed("\n".join(rows[-most:]), head, width)


def _visible(text: str) -> str:
    """Without what would move the cursor or change colours."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def printed_of_all(checks: list[CheckResult], width: int) -> list[str]:
    """What the checks of a function that is right have printed: that of the first, and how many more there were."""
    texts = [check for check in checks if check.printed]
    if not texts:
        return []
    more = f", and something in {len(texts) - 1} more" if len(texts) > 1 else ""
    return printed(texts[0].printed, f"Printed in “{texts[0].title}”{more}:", width)

"""A project's result for a screen that is looked at again and again: a line for each function, then the first failure in full.

It fits into the window: the failure stands at the bottom, where the eye is, and lines above it give way.
"""

from dataclasses import dataclass

from course.checks.results import CheckResult, ProjectResult
from course.reports.terminal import Paint, column_of, failure, filled_lines, heading, last_printed, line, printed_of_all


def board(result: ProjectResult, paint: Paint, width: int, height: int) -> str:
    """The screen.

    Args:
        paint: as for `terminal.render`.
        height: lines that it may have; there are more only where the first failure alone is longer.
    """
    lines: list[str] = []
    for most in FIT:
        lines = _lines(result, paint, width, most)
        if len(lines) <= height:
            break
    return "\n".join(lines)


def first_failure(result: ProjectResult) -> CheckResult | None:
    """The failure to mend first; where its words only point to another check of the function, that one."""
    failed = [check for check in result.checks if check.outcome == "failed"]
    if not failed:
        return None
    others = [check for check in failed if check.task == failed[0].task]
    return next((check for check in others if f"“{check.title}”" in failed[0].says), failed[0])


@dataclass(frozen=True)
class _Most:
    """How much is shown.

    Args:
        printed: lines of what the first failure has printed.
        others: whether other failures have a line each.
        prints: whether what other checks have printed is shown.
        right: whether functions that are right have a line each.
        untouched: whether those that are not started have.
    """

    printed: int = 12
    others: bool = True
    prints: bool = True
    right: bool = True
    untouched: bool = True


FIT = (  # the first that fits the window is taken; what else fails in the function matters more than what is right
    _Most(),
    _Most(prints=False),
    _Most(6, prints=False),
    _Most(6, prints=False, right=False),
    _Most(6, prints=False, right=False, untouched=False),
    *(_Most(printed, others=False, prints=False, right=False, untouched=False) for printed in (6, 3, 1, 0)),
)


def _lines(result: ProjectResult, paint: Paint, width: int, most: _Most) -> list[str]:
    first = first_failure(result)
    lines, column, right, untouched = heading(result, paint, width), column_of(result, width), 0, 0
    for task, checks in result.by_task().items():
        outcomes = {check.outcome for check in checks}
        if outcomes == {"passed"} and not most.right:
            right += 1
        elif outcomes == {"not started"} and not most.untouched:
            untouched += 1
        else:
            lines += _function(task, checks, column, paint, width, first, most)
            if most.right:
                for bonus in result.bonuses_of(task):
                    lines += line(bonus.outcome, task, column, bonus.readiness, "", paint, width)
    if right:
        lines.insert(1, f"  {paint('✓', green=True)} {right} function{'s are' if right > 1 else ' is'} right")
    if untouched:
        lines.append(f"  · {untouched} function{'s are' if untouched > 1 else ' is'} not started")
    if first:
        lines += [
            "",
            *line("failed", first.task, len(first.task) + 2, first.title, f"0 of {first.points}", paint, width),
        ]
        lines += failure(first, result.target, paint, width)
        lines += last_printed(first.printed, most.printed, width)
    elif told := result.advice():
        lines += ["", *line("advice", told[0].task, len(told[0].task) + 2, told[0].readiness, "", paint, width)]
        lines += failure(told[0], result.target, paint, width)
    for note in result.notes:
        lines += filled_lines(f"Note: {note}", "  ", width)
    return lines


def _function(
    task: str, checks: list[CheckResult], column: int, paint: Paint, width: int, first: CheckResult | None, most: _Most
) -> list[str]:
    """A line for a function, and one for each of its failures beside `first`."""
    outcomes = [check.outcome for check in checks]
    earned, points = sum(c.earned for c in checks), sum(c.points for c in checks)
    failed = outcomes.count("failed")
    score = str(points) if earned == points else f"{earned} of {points}"
    if set(outcomes) == {"passed"}:
        titles = "1 check" if len(checks) == 1 else f"all {len(checks)} checks"
        lines = line("passed", task, column, titles, score, paint, width)
        return lines + (printed_of_all(checks, width) if most.prints else [])
    if failed:
        lines = line("failed", task, column, f"{failed} of {len(checks)} checks fail", score, paint, width)
        others = [check for check in checks if check.outcome == "failed" and check is not first]
        return lines + [f"    {'':<{column}}- {check.title}"[:width] for check in others if most.others]
    if set(outcomes) == {"not started"}:
        return line("not started", task, column, "not started", score, paint, width)
    waiting = next(check for check in checks if check.outcome != "passed")
    text = f"{waiting.title}: {waiting.message or waiting.outcome}"
    return line(waiting.outcome, task, column, text, score, paint, width)

"""Gradescope's results.json: one test for each check, the score their sum.

The fields are those of Gradescope's autograder specification. The zip that an instructor uploads is made by
`course.authoring.release.gradescope`.
"""

import json
from typing import Any

from course.checks.results import SubmissionResult
from course.reports.table import changed
from course.reports.terminal import plain_text
from course.reports.totals import Total, number, of_checks


def results(result: SubmissionResult, total: Total | None = None) -> str:
    """The text of results.json. Its score is the total; where a person has changed it, that is said above the tests."""
    total = total or of_checks(result)
    tests: list[dict[str, Any]] = []
    for place, check in enumerate(result.result.checks, 1):
        tests.append(
            {
                "name": f"{check.task}: {check.title}",
                "number": str(place),
                "score": check.earned,
                "max_score": check.points,
                "status": "passed" if check.outcome == "passed" else "failed",
                "output": "" if check.outcome == "passed" else plain_text(check, result.result.target),
                "output_format": "text",
                "visibility": "visible",
            }
        )
    for bonus in (b for task in result.result.by_task() for b in result.result.bonuses_of(task)):
        # with neither score nor status: it is shown, and it is no failure
        text = "" if bonus.outcome == "passed" else plain_text(bonus, result.result.target)
        name = f"{bonus.task}: {bonus.readiness}"
        tests.append({"name": name, "output": text, "output_format": "text", "visibility": "visible"})
    said = [f"{number(total.earned)} of {number(total.points)} points", *filter(None, [changed(total)])]
    said += [f"Not graded: {result.reason}"] if result.reason else []
    said += [*result.notes, f"isolation: {result.isolation}"]
    whole = {
        "score": int(total.earned) if total.earned == int(total.earned) else round(total.earned, 4),
        "output": "\n".join(said),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"isolation": result.isolation, "sha256": result.digest, "seed": result.seed},
    }
    return json.dumps(whole, indent=1) + "\n"  # ASCII: also a lone half of a UTF-16 pair can be written


def not_graded(reason: str) -> str:
    """The text of results.json where there is not even a list of checks."""
    return json.dumps({"score": 0, "output": f"Not graded: {reason}", "output_format": "text", "tests": []}) + "\n"

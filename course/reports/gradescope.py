"""Gradescope's results.json: one test for each check, the score their sum.

The fields are those of Gradescope's autograder specification. The zip that an instructor uploads is made by
`course.authoring.release.gradescope`.
"""

import json
from typing import Any

from course.checks.results import SubmissionResult
from course.reports.terminal import plain_text


def results(result: SubmissionResult) -> str:
    """The text of results.json."""
    tests: list[dict[str, Any]] = []
    for number, check in enumerate(result.result.checks, 1):
        tests.append(
            {
                "name": f"{check.task}: {check.title}",
                "number": str(number),
                "score": check.earned,
                "max_score": check.points,
                "status": "passed" if check.outcome == "passed" else "failed",
                "output": "" if check.outcome == "passed" else plain_text(check, result.result.target),
                "output_format": "text",
                "visibility": "visible",
            }
        )
    said = [f"{result.earned} of {result.points} points", *([f"Not graded: {result.reason}"] if result.reason else [])]
    said += [*result.notes, f"isolation: {result.isolation}"]
    whole = {
        "score": result.earned,
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

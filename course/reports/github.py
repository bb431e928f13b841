"""What GitHub Actions shows of a run: a table on the run's page, and the points in the two lines that GitHub Classroom read.

GitHub Classroom is retired since August 2026; its reporter printed these two notices and nothing else, so they are printed here
without it, for what still reads them. What runs in a student's own repository is advisory.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from course.checks.results import ProjectResult
from course.reports import summary


def report(screens: Sequence[ProjectResult], line: Callable[[str], object]) -> None:
    """Add the tables to the step summary and print the points, where the environment is that of GitHub Actions.

    Args:
        line: prints a line to stdout, where the runner looks for commands.
    """
    step_summary(summary.functions(screens))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for text in notices(screens):
            line(text)


def step_summary(text: str, environment: Mapping[str, str] = os.environ) -> None:
    """Add Markdown to the page of the run: GITHUB_STEP_SUMMARY names its file; elsewhere nothing happens."""
    if file := environment.get("GITHUB_STEP_SUMMARY"):
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(text)


def notices(screens: Sequence[ProjectResult]) -> tuple[str, str]:
    """The points as two commands of a workflow, word for word those of classroom-resources/autograding-grading-reporter."""
    earned, points = sum(s.earned for s in screens), sum(s.points for s in screens)
    whole = json.dumps({"totalPoints": earned, "maxPoints": points}, separators=(",", ":"))
    return (
        f"::notice title=Autograding complete::Points {earned}/{points}",
        f"::notice title=Autograding report::{whole}",
    )

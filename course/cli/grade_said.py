"""What `course grade` says at the end of whom: who needs a look, and whose row is not what this run has found."""

from collections.abc import Iterator, Sequence

import click

from course.checks.results import SubmissionResult
from course.cli.grade_part import trouble
from course.cli.grade_writing import Graded
from course.reports.table import line

ONE_EACH = 60  # a larger class has a line for those who need a look only; everybody is in the CSV


def troubles(results: Sequence[SubmissionResult]) -> None:
    """Who needs a look, by name: nothing could be graded, or a check broke off."""
    troubled = [(r, trouble(r)) for r in results if trouble(r) and r.status != "missing"]
    missing = [r.student for r in results if r.status == "missing"]
    if troubled and (len(results) > ONE_EACH or any(not r.reason for r, _ in troubled)):
        click.echo(f"{len(troubled)} to look at:")
        for r, said in troubled:
            click.echo(line(f"  {r.result.project:<4}{r.student}   {said}"))
    if missing and len(results) > ONE_EACH:
        click.echo(line(f"Nothing from {len(missing)}: {', '.join(missing)}"))


def stays(done: Sequence[Graded]) -> Iterator[str]:
    """Whose row is not what this run has found, and whose new file is worth less than the one before."""
    for one in done:
        name, project = one.place
        if one.held == "missing":
            yield f"{project} {name}: there is nothing now; what was graded before stays."
        elif one.held == "lower":
            yield (
                f"{project} {name}: the same file would have {one.result.earned} points now and keeps its {one.before}. "
                "--again shows why, and writes it if you say so."
            )
        elif one.lost:
            yield f"{project} {name}: what was handed in now has fewer points than the file before."

"""`course grade --again`: who gains and who loses by a change of the checks, and a question before it is written."""

import sys
from collections.abc import Sequence

import click

from course.checks.results import SubmissionResult
from course.cli.grade_batch import ASKED, Batch, counted
from course.cli.grade_writing import Graded
from course.grading.basis import changes
from course.reports.table import line

SHOWN = 3  # checks of one student
CHOICES = {"a": "all", "g": "gains", "n": "nothing"}


def decided(batch: Batch, write: str | None) -> bool:
    """Show what would change, ask unless `write` says it, and write that; returns whether it was left undecided."""
    waits = [one for one in batch.done if one.held == ASKED]
    if not waits:
        click.echo("No submission is graded otherwise than before.")
        return False
    gain, lose, same = _sorted(waits)
    _show(batch, waits, gain, lose, same)
    undecided = False
    if write is None and not (gain or lose):
        write = "all"
    elif write is None and sys.stdin.isatty():
        answer = click.prompt(
            "Write [a]ll, [g]ains only, or [n]othing?", type=click.Choice(list(CHOICES)), show_choices=False
        )
        write = CHOICES[answer]
    elif write is None:
        undecided = True
        click.echo(
            "Nothing is written yet. The same command with --write all or --write gains does it, and grades nothing again."
        )
    taken = {"all": waits, "gains": [*gain, *same]}.get(write or "", [])
    for one in taken:
        batch.accept(one)
    batch.writing.flush()
    if not undecided:
        click.echo(f"{counted(len(taken))} written, {len(waits) - len(taken)} as before.")
    return undecided


def _sorted(waits: Sequence[Graded]) -> tuple[list[Graded], list[Graded], list[Graded]]:
    """(those who gain, those who lose, those with the same points)."""
    before = [(one, one.before or 0) for one in waits]
    return (
        [one for one, old in before if one.result.earned > old],
        [one for one, old in before if one.result.earned < old],
        [one for one, old in before if one.result.earned == old],
    )


def _show(
    batch: Batch, waits: Sequence[Graded], gain: Sequence[Graded], lose: Sequence[Graded], same: Sequence[Graded]
) -> None:
    for what in _changed(batch, waits):
        click.echo(f"Changed since: {line(what)}")
    click.echo(f"{len(gain)} gain, {len(lose)} lose, {len(same)} keep their points.")
    for said, group in (("gains", gain), ("loses", lose)):
        for one in group:
            click.echo(line(f"  {one.place[1]:<4}{one.place[0]}  {one.before} to {one.result.earned}  {said}"))
            old = batch.journal.row(*one.place)
            for what in _checks(old.result, one.result)[:SHOWN] if old else []:
                click.echo(line(f"      {what}"))


def _changed(batch: Batch, waits: Sequence[Graded]) -> list[str]:
    """What the verdicts rest on now and did not before, over all of them."""
    found: dict[str, None] = {}
    for one in waits:
        old = batch.journal.row(*one.place)
        if old and old.basis and one.basis:
            found.update(dict.fromkeys(changes(old.basis, one.basis)))
    return list(found)


def _checks(before: SubmissionResult, now: SubmissionResult) -> list[str]:
    """The checks whose points are others now."""
    old = {check.name: check for check in before.result.checks}
    said = []
    for check in now.result.checks:
        was = old.pop(check.name, None)
        if was is None or was.earned != check.earned:
            told = f"was {was.earned}, is {check.earned}" if was else f"is new, {check.earned}"
            said.append(f"{check.task}, {check.title}: {told} of {check.points}")
    said += [f"{check.task}, {check.title}: is no more, had {check.earned}" for check in old.values()]
    return said

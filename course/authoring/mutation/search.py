"""The search: mutants are chosen and tried, and what survives is said. See the package's first lines."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from tqdm import tqdm

from course.authoring.mutation import page, records, trials
from course.authoring.mutation.ledger import Ledger
from course.authoring.mutation.mutants import Mutant, mutants_of, sample
from course.authoring.mutation.runner import judged
from course.authoring.mutation.trials import Verdict
from course.catalog import Project
from course.errors import CourseError


def every(entries: Sequence[Project]) -> list[Mutant]:
    """All mutants of these projects."""
    return [mutant for entry in entries for mutant in mutants_of(entry)]


def chosen(mutants: Sequence[Mutant], task: str | None, number: int | None, seed: int) -> list[Mutant]:
    """Those of one function, if `task` is named; of them a sample of `number`."""
    found = [mutant for mutant in mutants if task in (None, mutant.task)]
    return sample(found, number, seed) if number else found


def search(
    mutants: Sequence[Mutant],
    *,
    jobs: int = 1,
    train: bool = True,
    thorough: bool = False,
    anew: bool = False,
    keep: bool = False,
) -> None:
    """Try mutants; the ledger gets the verdicts.

    Args:
        jobs: processes, of one thread each.
        train: ask the checks that train about those that the fast ones let live.
        thorough: and about recorded mutants too.
        anew: ask again what is known already.
        keep: take old verdicts as they are, though checks have changed.
    """
    with suppress(OSError, AttributeError):
        os.nice(max(0, 10 - os.nice(0)))  # it runs for long beside other work
    ledger, why = Ledger(), records.reasons(records.read_all(), mutants)
    known = trials.of_this_mutant if keep else trials.fresh
    due = [m for m in mutants if anew or not known(ledger.verdicts.get(m.id), m)]
    _ask(due, ledger, "fast checks", train=False, jobs=jobs)
    if train:
        alive = [m for m in mutants if not ledger.verdicts[m.id].killed and not ledger.verdicts[m.id].trained]
        alive = [m for m in alive if thorough or m.id not in why]
        _ask(alive, ledger, "checks that train", train=True, jobs=jobs)


def report(
    entries: Sequence[Project], mutants: Sequence[Mutant], all_of_them: Sequence[Mutant], say: Callable[[str], None]
) -> bool:
    """Say what the ledger has of these mutants: a table, what survives, records that do not hold.

    Args:
        all_of_them: all mutants of these projects.

    Returns:
        Whether nothing survives without a reason and every record holds.
    """
    verdicts, recorded = _verdicts(mutants), records.read_all()
    why = records.reasons(recorded, mutants)
    say(table(entries, mutants, verdicts, why))
    left = [m for m in mutants if m.id not in why and (v := verdicts.get(m.id)) and not v.killed]
    for mutant in left:
        unsure = "" if verdicts[mutant.id].trained else " (the checks that train were not asked)"
        say(f"\n{mutant.project} {mutant.task}, line {mutant.line}, {mutant.operator}{unsure}\n  {mutant.change}")
    wrong = records.faults(recorded, all_of_them, verdicts, [e.id for e in entries])
    for fault in wrong:
        say(f"\n{fault}")
    say(f"\n{len(left)} survive without a reason" if left else "\nNothing survives without a reason.")
    return not left and not wrong


def write(entries: Sequence[Project], mutants: Sequence[Mutant], say: Callable[[str], None]) -> None:
    """Write docs/mutation.md from what the ledger has of all mutants, and say how old that is.

    Raises:
        CourseError: not all are tried.
    """
    verdicts = _verdicts(mutants)
    if len(verdicts) < len(mutants):
        raise CourseError(
            "The page is about all mutants, and not all are tried.",
            "Run `course author mutation` without --write first.",
        )
    say(f"written to {page.write(entries, mutants, verdicts, records.read_all())}")
    if old := sum(not trials.fresh(verdicts[m.id], m) for m in mutants):
        say(f"{old} verdicts are older than the checks or their tools; without --write they are asked for anew.")


def _verdicts(mutants: Sequence[Mutant]) -> dict[str, Verdict]:
    known = Ledger().verdicts
    return {m.id: known[m.id] for m in mutants if m.id in known}


def _ask(mutants: Sequence[Mutant], ledger: Ledger, what: str, *, train: bool, jobs: int) -> None:
    """Try the mutants and keep the verdicts, with a bar where somebody watches."""
    with tqdm(total=len(mutants), unit=" mutants", desc=what, disable=not sys.stderr.isatty()) as bar:
        for verdict in judged(mutants, dict(ledger.verdicts), train=train, jobs=jobs):
            ledger.add(verdict)
            bar.update()


def table(
    entries: Sequence[Project], mutants: Sequence[Mutant], verdicts: dict[str, Verdict], why: dict[str, str]
) -> str:
    """Function by function: how many mutants, killed, hung, recorded, alive."""
    lines = [f"{'':30}{'mutants':>9}{'killed':>9}{'of them hung':>14}{'recorded':>10}{'alive':>7}"]
    for entry in entries:
        for task in [f.name for f in entry.functions]:
            own = [m for m in mutants if (m.project, m.task) == (entry.id, task)]
            tried = [verdicts[m.id] for m in own if m.id in verdicts]
            alive = [v for v in tried if not v.killed]
            row = (len(own), len(tried) - len(alive), sum(v.how != "failed" for v in tried if v.killed))
            reasons = sum(v.id in why for v in alive)
            if own:
                name = f"{entry.id:4}{task}"
                lines.append(f"{name:30}{row[0]:9}{row[1]:9}{row[2]:14}{reasons:10}{len(alive) - reasons:7}")
    return "\n".join(lines)

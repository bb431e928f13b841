"""The command: mutants, trials, what survives. See the package's first lines."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from tqdm import tqdm

from course.authoring.mutation import page, records, trials
from course.authoring.mutation.ledger import Ledger
from course.authoring.mutation.mutants import Mutant, mutants_of, sample
from course.authoring.mutation.runner import judged
from course.authoring.mutation.trials import Verdict
from course.authoring.proofs import variants
from course.catalog import Project, project
from course.errors import CourseError


def main(argv: Sequence[str] | None = None) -> int:
    """Try the mutants and print what survives.

    Returns:
        The exit status: 0 where nothing survives without a reason and every record holds, else 1; 2 where a request makes no sense.
    """
    parser = argparse.ArgumentParser(
        prog="python -m course.authoring.mutation", description="Mutation of the solutions."
    )
    parser.add_argument("projects", nargs="*", metavar="ID", help="such as 01 04a; all, if none is named")
    parser.add_argument("--task", help="only this function")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, spread over the functions")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes, of one thread each (1)")
    parser.add_argument("--fast", action="store_true", help="leave out the checks that train")
    parser.add_argument("--thorough", action="store_true", help="ask the checks that train about recorded mutants too")
    parser.add_argument("--anew", action="store_true", help="ask again what is known already")
    parser.add_argument("--keep", action="store_true", help="take old verdicts as they are, though checks have changed")
    parser.add_argument("--list", action="store_true", help="print the mutants and try none")
    parser.add_argument("--page", action="store_true", help="write docs/mutation.md from what is known")
    said = parser.parse_args(argv)
    try:
        return _run(said)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2


def _run(said: argparse.Namespace) -> int:
    entries = [project(key) for key in said.projects] or variants.graded()
    every = [mutant for entry in entries for mutant in mutants_of(entry)]
    chosen = [m for m in every if said.task in (None, m.task)]
    chosen = sample(chosen, said.sample, said.seed) if said.sample else chosen
    if said.list:
        print("\n".join(f"{m.id}  {m.operator}: {m.change}" for m in chosen))
        return 0
    ledger, recorded = Ledger(), records.read_all()
    why = records.reasons(recorded, every)
    known = trials.of_this_mutant if said.keep else trials.fresh
    if not said.page:
        with suppress(OSError, AttributeError):
            os.nice(max(0, 10 - os.nice(0)))  # it runs for long beside other work
        due = [m for m in chosen if said.anew or not known(ledger.verdicts.get(m.id), m)]
        _ask(due, ledger, "fast checks", train=False, jobs=said.jobs)
        alive = [m for m in chosen if not ledger.verdicts[m.id].killed and not ledger.verdicts[m.id].trained]
        alive = [] if said.fast else [m for m in alive if said.thorough or m.id not in why]
        _ask(alive, ledger, "checks that train", train=True, jobs=said.jobs)
    verdicts = {m.id: ledger.verdicts[m.id] for m in chosen if m.id in ledger.verdicts}
    print(table(entries, chosen, verdicts, why))
    left = [m for m in chosen if m.id not in why and (v := verdicts.get(m.id)) and not v.killed]
    for mutant in left:
        unsure = "" if verdicts[mutant.id].trained else " (the checks that train were not asked)"
        print(f"\n{mutant.project} {mutant.task}, line {mutant.line}, {mutant.operator}{unsure}\n  {mutant.change}")
    wrong = records.faults(recorded, every, verdicts, [e.id for e in entries])
    print("".join(f"\n{fault}" for fault in wrong), end="\n" if wrong else "")
    if said.page:
        if said.projects or len(verdicts) < len(every):
            raise CourseError(
                "The page is about all mutants, and not all are tried.", "Run the command without --page first."
            )
        print(f"written to {page.write(entries, chosen, verdicts, recorded)}")
        old = sum(not trials.fresh(verdicts[m.id], m) for m in chosen)
        print(
            f"{old} verdicts are older than the checks or their tools; without --page they are asked for anew."
            if old
            else ""
        )
    print(f"\n{len(left)} survive without a reason" if left else "\nNothing survives without a reason.")
    return 1 if left or wrong else 0


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

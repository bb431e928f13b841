"""docs/mutation.md: how many mutants, what killed them, and why the others may live."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from course import paths
from course.authoring.mutation.mutants import Mutant
from course.authoring.mutation.records import Record
from course.authoring.mutation.trials import Verdict
from course.catalog import Project
from course.checks.check import checks_of

FILE = Path("docs", "mutation.md")

HEAD = """\
# Mutation: do the checks notice small changes?

Made by `course author mutation --write` from the last run; do not edit.

A *mutant* is a solution with one small change in one body that students write: a comparison turned, a statement left out or
moved, an argument dropped, `eval` for `train`, the validation data for the training data. The checks of its function are run on
it, the fast ones first, those that train on what the fast ones let live. If one fails, the mutant is *killed*. One that survives
shows that a check is missing or too dull, or that the contract does not forbid the change; then
the `equivalents.toml` of its project in `graders/proofs/` says why no student could be said to be wrong.

```
course author mutation              # all; the second time only what has changed since
course author mutation 04a --task make_transforms
course author mutation --sample 40 --seed 1 --only fast
course author mutation 01 --list    # the mutants themselves
```

CI tries a sample with the fast checks (`tests/authoring/test_mutation.py`). Docstrings, annotations, the words of errors and
warnings, and names that are only names are not changed. About recorded mutants the checks that train are asked only with
`--thorough`.

## What it has found

Holes that no known mistake had shown, each closed by a sharper check and a mistake that names it: a backbone frozen while it was in
train mode stayed in train mode and drifted (05b, 07); fine-tuning that compared each epoch with the one before passed for one that
keeps the best of all (05b, 07); a hand could be moved half a picture aside, or doubled in size (04a); an optimizer could lack one
parameter (02, 04a); the door could open at exactly one half (05a).

"""


def write(
    entries: Sequence[Project], mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict], records: Iterable[Record]
) -> Path:
    """Write the page about these mutants; returns the file."""
    file = paths.ROOT / FILE
    file.write_text(text(entries, mutants, verdicts, records), encoding="utf-8")
    return FILE


def text(
    entries: Sequence[Project], mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict], records: Iterable[Record]
) -> str:
    """The whole page."""
    recorded = list(records)
    parts = [HEAD, *_functions(entries, mutants, verdicts), "\n", *_operators(mutants, verdicts), "\n"]
    return "".join([*parts, *_survivors(entries, mutants, verdicts, recorded)]).rstrip("\n") + "\n"


def _functions(entries: Sequence[Project], mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict]) -> list[str]:
    lines = [
        "## By function\n\n",
        "| project | function | mutants | killed by a fast check | by a slow one | hung or crashed | alive, with a reason |\n",
        "|---|---|--:|--:|--:|--:|--:|\n",
    ]
    total: Counter[str] = Counter()
    for entry in entries:
        slow = {check.name for check in checks_of(entry) if check.slow}
        for task in [f.name for f in entry.functions]:
            own = [verdicts[m.id] for m in mutants if (m.project, m.task) == (entry.id, task)]
            row = Counter(_fate(verdict, slow) for verdict in own)
            total += row
            lines.append(_row(entry.id, f"`{task}`", row))
    return [*lines, _row("all", "", total)]


def _fate(verdict: Verdict, slow: set[str]) -> str:
    if verdict.how in ("hung", "crashed"):
        return "ended"
    if not verdict.killed:
        return "alive"
    return "trained" if verdict.killer in slow else "fast"


def _row(project: str, task: str, row: Counter[str]) -> str:
    numbers = (row.total(), row["fast"], row["trained"], row["ended"], row["alive"])
    return f"| {project} | {task} | {' | '.join(f'{n:,}' for n in numbers)} |\n"


def _operators(mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict]) -> list[str]:
    made = Counter(m.operator for m in mutants)
    alive = Counter(m.operator for m in mutants if not verdicts[m.id].killed)
    lines = [
        "## By kind of change\n\n",
        "The general ones named mutmut are those of [mutmut](https://github.com/boxed/mutmut); the others are written here, in "
        "`course/authoring/mutation/operators_*.py`.\n\n",
        "| change | mutants | alive, with a reason |\n|---|--:|--:|\n",
    ]
    return [*lines, *(f"| {name} | {number:,} | {alive[name]:,} |\n" for name, number in made.most_common())]


def _survivors(
    entries: Sequence[Project], mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict], records: list[Record]
) -> list[str]:
    lines = ["## Those that may live\n\nWhy, and below it the lines as they were, an arrow, the lines as they are.\n"]
    unasked = sum(not v.trained for m in mutants if not (v := verdicts[m.id]).killed)
    if unasked:
        lines.append(f"Of {unasked} of them the checks that train were not asked: they are recorded.\n")
    alive = {(m.project, m.task, m.change) for m in mutants if not verdicts[m.id].killed}
    for entry in entries:
        for task in [f.name for f in entry.functions]:
            own = [
                r for r in records if (r.project, r.task) == (entry.id, task) and (r.project, r.task, r.change) in alive
            ]
            reasons = list(dict.fromkeys(record.why for record in own))
            if own:
                lines.append(f"\n### {entry.id} `{task}`\n\n")
            for why in reasons:
                lines.append(f"{why}\n\n```\n")
                lines += [f"{record.change}\n" for record in own if record.why == why]
                lines.append("```\n\n")
    return lines

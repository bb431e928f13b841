"""docs/pairs.md: what is said of two mistakes at once, and of three; a row for each project, which `pairs --write` exchanges."""

from collections import Counter
from pathlib import Path

from course import files, paths
from course.authoring.proofs.pairs import OUTCOMES
from course.catalog import Project, projects

FILE = Path("docs", "pairs.md")
HEAD = """\
<!-- Made by `course author pairs --write`; do not edit. -->
# Two mistakes at once

A beginner seldom makes one mistake alone. So mistakes of one function from [mistakes.md](mistakes.md) are made together, in twos
and threes, wherever each still changes the function after the others have, and the checks that train nothing judge the result.
What does the feedback say then?

- *true*: a name is given as a fact, and it is that of one of the mistakes;
- *perhaps*: a true name stands behind "Perhaps:", alone or among others that look alike;
- *silent*: no true name; the checks' own messages and hints stand alone;
- *left to training*: all checks that train nothing pass, as they do with one of the mistakes alone;
- *untrue*: a name is given as a fact that is none of theirs. Each of these stands below the table, with what was found.

`course author pairs 01 --sample 0` tries all pairs of a project, about a quarter of a second of a processor each; a sample is
drawn with a seed, and a larger one holds the smaller one. A row may be older than the checks are now, and shorter than its sample
where a run was stopped: the column *tried* says how many there were.
"""
KINDS = {False: "pairs", True: "triples"}
# Looked at by a person: what is said of these is a third mistake's sentence, and it holds, for the two together make the third.
THIRDS = {
    ("01", "pairs"): {
        "make_loaders nothing_shuffled + validation_shuffled_too": "the loaders have changed places, and so it says",
        "validate eval_not_called + thawed_afterwards": "the code of eval_taken_for_no_grad, and named so",
        "validate eval_mode_forgotten + thawed_afterwards": "the code of eval_taken_for_no_grad, and named so",
    },
}


def in_words(total: Counter[str]) -> str:
    """The counts in a line."""
    return ", ".join(f"{total[name]} {name}" for name in OUTCOMES)


def row(entry: Project, total: Counter[str], triples: bool) -> str:
    """The row of one project."""
    numbers = [total.total(), *(total[name] for name in OUTCOMES)]
    return f"| {entry.id} | {KINDS[triples]} | " + " | ".join(map(str, numbers)) + " |"


def write(entry: Project, total: Counter[str], triples: bool, root: Path | None = None) -> None:
    """Write the page with this row in the place of the one that it had."""
    file = (root or paths.ROOT) / FILE
    rows = rows_of(files.read(file) or "") | {(entry.id, KINDS[triples]): row(entry, total, triples)}
    files.write(file, page(rows))


def rows_of(text: str) -> dict[tuple[str, str], str]:
    """{(project, "pairs" or "triples"): its row} of a page."""
    ids = {entry.id for entry in projects()}
    cells = {line: [cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("| ")}
    return {(found[1], found[2]): line for line, found in cells.items() if found[1] in ids}


def page(rows: dict[tuple[str, str], str]) -> str:
    """The whole page."""
    lines = ["", "| project | mistakes | tried | " + " | ".join(OUTCOMES) + " |"]
    lines.append("|---|---|" + "---:|" * (1 + len(OUTCOMES)))
    for kind in KINDS.values():
        of_kind = [rows[entry.id, kind] for entry in projects() if (entry.id, kind) in rows]
        lines += of_kind
        if of_kind:
            numbers = [[int(cell) for cell in line.split("|")[3:-1]] for line in of_kind]
            sums = " | ".join(str(sum(column)) for column in zip(*numbers, strict=True))
            lines.append(f"| **all** | {kind} | {sums} |")
    told = [
        f"- {id}, {pair}: {why}."
        for (id, kind), pairs in THIRDS.items()
        if (id, kind) in rows
        for pair, why in pairs.items()
    ]
    if told:
        lines += [
            "",
            "Called by a third mistake's name, whose sentence holds, for the two together make the third:",
            "",
            *told,
        ]
    return HEAD + "\n".join(lines) + "\n"

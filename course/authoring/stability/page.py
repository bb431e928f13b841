"""docs/stability.md: what `course author stability` has found, for people."""

import importlib.metadata
import platform
from collections.abc import Sequence
from pathlib import Path

from course.authoring.stability import report
from course.authoring.stability.ledger import HASH_SEEDS, Record, Subject

FILE = Path("docs", "stability.md")
COMMAND = "course author stability --runs 0 --write"
INTRODUCTION = """\
A grader that fails a right solution once in a while is worse than none. So each check of each grader is run on the solution many
times, each time with another seed of the checks (hidden data, weights, order of batches, augmentation), with one thread or two,
with one of {hash_seeds} hash seeds of Python, in another order, and with the generators of `random`, `numpy` and `torch` in another
state when it begins. Everything is trained anew; nothing comes from a cache. Alternative solutions
(`graders/proofs/`) are run on the checks of the function that they replace.

    course author stability --runs 200 --only fast       # checks that train nothing
    course author stability --only slow --jobs 2         # checks that train, one seed of all, then the next: hours
    course author stability --runs 0 --alternatives 3

Runs are kept in `.course/stability/`, each with one digest of the code that it ran: of the grader, graders/kit/, the solution, of
what computes in course/, of the data, the weights and the library versions; comments and docstrings do not count
(`course/authoring/stability/code.py` has the rule). This page counts only runs of the code as it was when the page was made. A
test compares the checks and bounds on it with the code."""


def text(subjects: Sequence[Subject], records: Sequence[Record]) -> str:
    """The whole page."""
    failures = report.paragraphs(subjects, records)
    margins = report.margins(subjects, records)
    thin = [one for one in margins if one.is_thin]
    parts = [
        f"<!-- Made by `{COMMAND}`; do not edit. -->\n# Right solutions under many seeds",
        INTRODUCTION.format(hash_seeds=HASH_SEEDS),
        f"On {_surroundings()}:",
        report.markdown(report.count_table(subjects, records)),
        "Where checks of a project have different numbers of runs, the least and the greatest are given.",
        f"## Failures: {len(failures)}",
        "\n\n".join("```\n" + paragraph + "\n```" for paragraph in failures)
        or "No run of a right solution failed. By the rule of three, a check that passed n of n runs fails less often than 3 in n, "
        "with 95 % confidence.",
        "## Measured values and their bounds",
        "Over the runs on the solutions: mean, standard deviation, the worst value, and the margin, which is the distance from the "
        "mean to the bound in standard deviations. It is no probability: an accuracy near 1 is not normally distributed, and the "
        "deviation of few runs is itself uncertain; so the worst value stands beside it. *exact*: every run gave the same value. "
        "*not reached*: the comparison stands in code that the check shares with others, and this one does not come by.",
        report.markdown(report.margin_table(margins)),
        f"Margins below {report.LEAST_MARGIN:.0f} standard deviations: "
        + (", ".join(f"{one.project} {one.name} ({one.deviations:.1f})" for one in thin) or "none")
        + ".",
        "## Alternative solutions",
        "What the checks that train a network measured on them. The runs are few: it is the worst value that counts.",
        report.markdown(report.alternative_table(report.alternative_margins(records))),
    ]
    return "\n\n".join(parts) + "\n"


def _surroundings() -> str:
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", "torchvision", "numpy")]
    return f"Python {platform.python_version()}, {', '.join(versions)}, {platform.machine()}"

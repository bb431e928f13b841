"""What the ledger of `course author stability` says: failures, and how far measured values stay from their bounds.

The margin is the distance of the mean from the bound in standard deviations over seeds. It is no promise: an accuracy near 1 is
not normally distributed, and of few runs the deviation itself is uncertain; so the worst value stands beside it.
"""

import math
import shlex
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course.authoring.stability import code
from course.authoring.stability.ledger import Record, Subject, room
from course.authoring.stability.run import checks_on, grader_of
from course.checks.expect import Measured

LEAST_MARGIN = 4.0  # standard deviations: below, one run in 30,000 of a normal distribution would fail a right solution


@dataclass(frozen=True)
class Margin:
    """A check, one of its bounds, and the values that came.

    Args:
        what: the words of the comparison in the last run; empty where there was none yet.
        values: one of each run.
        reached: some run of the check came by, or it has not been run; False where runs passed without this comparison.
    """

    project: str
    check: str
    sense: str
    bound: float
    what: str
    values: tuple[float, ...]
    reached: bool

    @property
    def name(self) -> str:
        """The check in words."""
        return self.check.removeprefix("test_").replace("_", " ")

    @property
    def limit(self) -> str:
        """The bound in a sign and a number."""
        return f"{'≥' if self.sense == 'at least' else '≤'} {self.bound:g}"

    @property
    def mean(self) -> float:
        """Of the values."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """Standard deviation over the runs."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def worst(self) -> float:
        """The value with the least room."""
        return min(self.values) if self.sense == "at least" else max(self.values)

    @property
    def deviations(self) -> float:
        """The margin in standard deviations; infinite where every run gave the same value."""
        distance = room(Measured("", self.mean, self.bound, self.sense))
        return distance / self.deviation if self.deviation > 1e-12 else math.copysign(math.inf, distance)

    @property
    def is_thin(self) -> bool:
        """Is there chance in it, and too little room for it?"""
        return len(self.values) > 1 and self.deviations < LEAST_MARGIN


def margins(subjects: Sequence[Subject], records: Iterable[Record]) -> list[Margin]:
    """Every comparison with a bound in the graders of these solutions, with the values of the runs.

    What the code compares and no run has reached yet stands there without values.
    """
    values: dict[tuple[str, str, str, float], list[tuple[str, float]]] = {}
    run = {
        (record.project, record.check) for record in records if record.outcome == "passed" and not record.alternative
    }
    for record in records:
        if not record.alternative:
            for one in record.measured:
                key = record.project, record.check, one.sense, round(one.bound, 9)
                values.setdefault(key, []).append((one.what, one.value))
    found = []
    for subject in subjects:
        if subject.alternative:
            continue
        for check in (entry.name for entry in checks_on(subject)):
            keys = {(subject.key, check, sense, bound) for sense, bound in current_bounds(subject, check)}
            keys |= {key for key in values if key[:2] == (subject.key, check)}
            for key in sorted(keys):
                by_words: dict[str, list[float]] = {}
                for words, value in values.get(key, []):
                    by_words.setdefault(words, []).append(value)
                for words, some in (by_words or {"": []}).items():
                    reached = bool(some) or key[:2] not in run
                    found.append(Margin(*key, what=words, values=tuple(some), reached=reached))
    return found


def alternative_margins(records: Iterable[Record]) -> dict[str, list[Margin]]:
    """For each alternative solution, by its name: what the checks that train a network measured, against the bounds."""
    values: dict[tuple[str, str, str, str, float, str], list[float]] = {}
    for record in records:
        if record.alternative and record.slow:
            for one in record.measured:
                key = record.alternative, record.project, record.check, one.sense, round(one.bound, 9), one.what
                values.setdefault(key, []).append(one.value)
    found: dict[str, list[Margin]] = {}
    for (alternative, project, check, sense, bound, what), some in sorted(values.items()):
        found.setdefault(alternative, []).append(Margin(project, check, sense, bound, what, tuple(some), True))
    return found


def current_bounds(subject: Subject, check: str) -> list[tuple[str, float]]:
    """(sense, bound) of the comparisons that a check makes, as the code is now."""
    return code.bounds(grader_of(subject), check)


def repeat(record: Record, subject: Subject) -> str:
    """The command that runs this check once more, under the same circumstances."""
    parts = ["course", "author", "stability"]
    if subject.entry is None:
        parts += ["--grader", str(subject.grader), "--target", str(subject.target)]
    else:
        parts += [record.project]
    parts += ["--check", record.check]
    parts += ["--alternative", record.alternative] if record.alternative else []
    parts += ["--seed", str(record.seed), "--threads", str(record.threads), "--hash-seed", str(record.hash_seed)]
    return shlex.join(parts)


def failures(records: Iterable[Record]) -> list[Record]:
    """The runs in which a right solution did not pass."""
    return [record for record in records if record.outcome != "passed"]


Row = tuple[str, str, list[int], list[int], int]


def counts(subjects: Sequence[Subject], records: Sequence[Record]) -> list[Row]:
    """A row for each project: (project, "solution" or "alternatives", runs of each fast check, of each slow one, failures)."""
    number: dict[tuple[str, str, str], int] = {}
    failed: dict[tuple[str, str, str], int] = {}
    for record in records:
        key = record.project, record.alternative, record.check
        number[key] = number.get(key, 0) + 1
        failed[key] = failed.get(key, 0) + (record.outcome != "passed")
    rows = []
    for kind in ("solution", "alternatives"):
        for project in dict.fromkeys(s.key for s in subjects):
            speeds: dict[bool, list[tuple[str, str, str]]] = {False: [], True: []}
            for subject in subjects:
                if subject.key == project and bool(subject.alternative) == (kind == "alternatives"):
                    for check in checks_on(subject):
                        speeds[check.slow].append((project, subject.alternative, check.name))
            both = speeds[False] + speeds[True]
            if both:
                runs = {slow: [number.get(key, 0) for key in keys] for slow, keys in speeds.items()}
                rows.append((project, kind, runs[False], runs[True], sum(failed.get(key, 0) for key in both)))
    return rows


# -- tables -------------------------------------------------------------------------------------------------------------

Table = list[list[str]]


def count_table(subjects: Sequence[Subject], records: Sequence[Record]) -> Table:
    """`counts` in words."""
    head = ["project", "graded", "fast checks", "runs of each", "slow checks", "runs of each", "in all", "failures"]
    rows = []
    for project, kind, fast, slow, bad in counts(subjects, records):
        each = [text for runs in (fast, slow) for text in (str(len(runs)), _span(runs))]
        rows.append([project, kind, *each, str(sum(fast) + sum(slow)), str(bad)])
    return [head, *rows]


def margin_table(found: Sequence[Margin]) -> Table:
    """Each comparison in a row. A value that no chance has moved has no margin in deviations: "exact"."""
    head = ["project", "check", "what", "bound", "mean", "deviation", "worst", "margin", "runs"]
    rows = []
    for one in found:
        row = [one.project, one.name, one.what, one.limit]
        if one.values:
            far = one.deviations > 1000  # nothing but rounding moved it
            margin = "exact" if math.isinf(one.deviations) else "over 1000" if far else f"{one.deviations:.1f}"
            margin = "one run" if len(one.values) == 1 else margin
            thin = " (thin)" if one.is_thin else ""
            row += [_number(one.mean), _number(one.deviation), _number(one.worst), margin + thin, str(len(one.values))]
        else:
            row += ["", "", "", "not run" if one.reached else "not reached", "0" if one.reached else ""]
        rows.append(row)
    return [head, *rows]


def alternative_table(found: Mapping[str, Sequence[Margin]]) -> Table:
    """`alternative_margins`, by project and check; the runs are few, so the worst value says more than a deviation."""
    rows = [
        [one.project, one.name, alternative, one.limit, _number(one.mean), _number(one.worst), str(len(one.values))]
        for alternative, some in found.items()
        for one in some
    ]
    return [["project", "check", "alternative", "bound", "mean", "worst", "runs"], *sorted(rows)]


def markdown(table: Table) -> str:
    """A table for a page."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in table]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def aligned(table: Table) -> str:
    """A table for a terminal."""
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    )


def _span(numbers: Sequence[int]) -> str:
    least, most = min(numbers, default=0), max(numbers, default=0)
    return "" if not numbers else str(least) if least == most else f"{least} to {most}"


def _number(value: float) -> str:
    return f"{value:.4f}" if 1e-3 <= abs(value) < 10 else f"{value:.4g}"


def text(subjects: Sequence[Subject], records: Sequence[Record]) -> str:
    """Both tables and the failures, for a terminal."""
    parts = [aligned(count_table(subjects, records)), aligned(margin_table(margins(subjects, records)))]
    return "\n\n".join([*parts, *(paragraphs(subjects, records) or ["no failures"])])


def paragraphs(subjects: Sequence[Subject], records: Sequence[Record]) -> list[str]:
    """Each failure in words, with the command that repeats it."""
    by_name = {(s.key, s.alternative): s for s in subjects}
    return [
        f"{r.project} {r.alternative or 'solution'}: {r.check}: {r.outcome} with seed {r.seed}, {r.threads} threads, "
        f"hash seed {r.hash_seed}\n    {r.message or 'no message'}\n    {repeat(r, by_name[r.project, r.alternative])}"
        for r in failures(records)
    ]

"""The ledger of `course author stability`: what is run under which circumstances, and one line of JSON for each check that ran.

It only grows. A line holds the digest of the code that was run (`code`), so a run that was cut off goes on where it
was, and runs of other code are not mixed in.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from course import paths
from course.catalog import Project
from course.checks.expect import Measured

HASH_SEEDS = 20


@dataclass(frozen=True)
class Subject:
    """One grader and what it grades.

    Args:
        key: the project's id; for a grader of one's own the name of its file.
        grader: its file.
        target: the file that is graded; for an alternative that of the solution, which it is made from.
        alternative: the name of a alternative solution; empty for the solution itself.
        task: of an alternative, the function that is written another way: only its checks are run.
        entry: the project of the catalog; None for a grader of one's own.
    """

    key: str
    grader: Path
    target: Path
    alternative: str = ""
    task: str = ""
    entry: Project | None = None


@dataclass(frozen=True)
class Circumstances:
    """Under what a check is run.

    Args:
        seed: seed of the checks: of the hidden data, of weights, of the order of batches, of augmentation. The state of the
            generators of random, numpy and torch when the check begins, and the order of the checks, are drawn from it too.
        threads: of torch.
        hash_seed: PYTHONHASHSEED: the order of sets of strings.
    """

    seed: int
    threads: int
    hash_seed: int

    @classmethod
    def number(cls, k: int, slow: bool = False) -> "Circumstances":
        """The k-th run: a seed of its own; one thread and two by turns; one of twenty hash seeds.

        Of the slow ones, which train, every eighth has two threads: those of a convolution wait for each other without sleep, and
        on one processor they cost nearly two runs.
        """
        if slow:
            return cls(k, 2 if k % 8 == 1 else 1, k // 8 % HASH_SEEDS)
        return cls(k, 1 + k % 2, k // 2 % HASH_SEEDS)


@dataclass(frozen=True)
class Record:
    """One check, run once.

    Args:
        alternative: as in `Subject`.
        slow: the check trains something.
        outcome: "passed", "failed", or another end of `course.checks.results`; "crashed" where the process ended.
        measured: its comparisons with bounds; of several with the same words the one nearest to its bound, or furthest beyond.
        seconds: that it took, for planning.
    """

    project: str
    alternative: str
    check: str
    slow: bool
    seed: int
    threads: int
    hash_seed: int
    outcome: str
    message: str
    measured: tuple[Measured, ...]
    seconds: float
    digest: str

    @property
    def key(self) -> tuple[str, str, str, int, str]:
        """What is not run a second time."""
        return self.project, self.alternative, self.check, self.seed, self.digest


class Ledger:
    """The file."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or paths.ROOT / ".course" / "stability" / "runs.jsonl"

    def add(self, record: Record) -> None:
        """Append a line in one write, whoever else appends."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            torn = (
                os.lseek(handle, 0, os.SEEK_END) and os.lseek(handle, -1, os.SEEK_END) and os.read(handle, 1) != b"\n"
            )
            os.write(handle, ("\n" * torn + json.dumps(asdict(record)) + "\n").encode())
        finally:
            os.close(handle)

    def records(self) -> Iterator[Record]:
        """All lines, the oldest first; a line that was cut off is left out."""
        if not self.file.is_file():
            return
        with self.file.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    fields = json.loads(line)
                    measured = tuple(Measured(**one) for one in fields.pop("measured"))
                    yield Record(**fields, measured=measured)
                except (ValueError, TypeError, KeyError):
                    continue

    def of(self, digests: dict[tuple[str, str], str]) -> list[Record]:
        """The runs of the code as it is now.

        Args:
            digests: {(project, alternative): digest}.
        """
        found = {r.key: r for r in self.records() if digests.get((r.project, r.alternative)) == r.digest}
        return list(found.values())


def worst(measured: Sequence[Measured]) -> tuple[Measured, ...]:
    """Of the comparisons with the same words and the same bound, the one with the least room."""
    found: dict[tuple[str, str, float], Measured] = {}
    for one in measured:
        key = one.what, one.sense, one.bound
        if key not in found or room(one) < room(found[key]):
            found[key] = one
    return tuple(found.values())


def room(one: Measured) -> float:
    """How far a value is on the right side of its bound."""
    return one.value - one.bound if one.sense == "at least" else one.bound - one.value


def plain(subjects: Iterable[Subject]) -> list[dict[str, str]]:
    """Subjects as data for another process."""
    return [
        {
            "key": s.key,
            "grader": str(s.grader),
            "target": str(s.target),
            "alternative": s.alternative,
            "task": s.task,
            "catalogued": "yes" if s.entry else "",
        }
        for s in subjects
    ]

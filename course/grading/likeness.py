"""Which two works are more alike than two that were written apart? Said with how much, and where; what it means is for a person.

The words of `wording_of_code` are compared by runs of K of them (winnowing, by the library copydetect: Schleimer, Wilkerson and
Aiken, "Winnowing: Local Algorithms for Document Fingerprinting", SIGMOD 2003). What says nothing is taken out before: runs of
the stub and of our own forms, and runs that many of the class have, since a short function has one natural form. So what is
left is rare, and what two have in common of it counts. A work is compared as a whole: a function moved elsewhere is found.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from course.grading.wording_of_code import Part

K = 9  # words of a run: `for v in v :` is five of them, a call with three arguments nine
WINDOW = 1  # every run counts: a function has a hundred words, and time is no matter
NATURAL = 3  # a run that more works than this have, or this share of them, is the natural form of something
NATURAL_SHARE = 0.06
LEAST_WORDS = 45  # in common, of what is rare
# of the smaller work's rare words: works written apart had up to 0.53, disguised copies from 0.97 (benchmarks/likeness.py)
LEAST_SHARE = 0.6
PART_WORDS, PART_SHARE = (
    160,
    0.95,
)  # of one function, where only that is alike; with 60 and 0.85 ten of 617 pairs were named in vain


@dataclass(frozen=True)
class Work:
    """What one student handed in for one project.

    Args:
        term: "" for the class that is looked at; else what the earlier one is called.
    """

    owner: str
    term: str
    parts: tuple[Part, ...]

    @property
    def called(self) -> str:
        """For a person."""
        return f"{self.owner} ({self.term})" if self.term else self.owner


@dataclass(frozen=True)
class Pair:
    """Two works.

    Args:
        words: how many rare words they have in common.
        share: of the smaller one's rare words.
        marked: for each of the two {number of the part: lines that are in both}.
        functions: those of the first that are all but alike; where they are all there is, the rest may be its own.
    """

    one: Work
    other: Work
    words: int
    share: float
    marked: tuple[dict[int, set[int]], dict[int, set[int]]]
    functions: tuple[str, ...] = ()


@dataclass
class _Prints:
    """The runs of one work: {run: its places, (number of the part, of the word)}."""

    places: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))


class Alphabet:
    """A letter for each word, since copydetect compares texts."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def text(self, words: Iterable[str]) -> str:
        """So many letters as words."""
        return "".join(self._letters.setdefault(word, chr(0xE000 + len(self._letters) % 6000)) for word in words)


def pairs(works: Sequence[Work], known: Sequence[Sequence[Part]] = ()) -> list[Pair]:
    """The pairs that are alike beyond what is natural, the most alike first; two works of earlier terms are no pair.

    Args:
        known: parts of the stub and of our own forms.
    """
    alphabet = Alphabet()
    prints = [_prints(work.parts, alphabet) for work in works]
    ours = {run for parts in known for run in _prints(parts, alphabet).places}
    spread = Counter(run for one in prints for run in one.places)
    most = natural(len(works))
    rare = [{run for run in one.places if run not in ours and spread[run] <= most} for one in prints]
    owners: dict[int, list[int]] = defaultdict(list)
    for number, runs in enumerate(rare):
        for run in runs:
            owners[run].append(number)
    common: Counter[tuple[int, int]] = Counter()
    for who in owners.values():
        common.update(combinations(who, 2))
    sizes = [len(_covered(one, runs)) for one, runs in zip(prints, rare, strict=True)]
    found = []
    for (a, b), shared in common.items():
        if shared + K - 1 < LEAST_WORDS / 2 or (works[a].term and works[b].term):
            continue
        both = rare[a] & rare[b]
        covered = _covered(prints[a], both), _covered(prints[b], both)
        words = min(map(len, covered))
        share = words / max(min(sizes[a], sizes[b]), 1)
        functions = _functions(works[a], prints[a], rare[a], covered[0])
        if (words >= LEAST_WORDS and share >= LEAST_SHARE) or functions:
            marked = _lines(works[a], covered[0]), _lines(works[b], covered[1])
            found.append(Pair(works[a], works[b], words, share, marked, functions))
    return sorted(found, key=lambda pair: (-pair.words * pair.share, pair.one.called, pair.other.called))


def _prints(parts: Sequence[Part], alphabet: Alphabet) -> _Prints:
    from copydetect.utils import get_document_fingerprints

    made = _Prints()
    for number, part in enumerate(parts):
        text = alphabet.text(part.words)
        if len(text) < K:
            continue
        # copydetect's own list of boilerplate is not used: it takes a run that comes twice in a text for one of the list
        _, places = get_document_fingerprints(text, K, WINDOW)
        for run, starts in places.items():
            made.places[int(run)] += [(number, int(start)) for start in starts]
    return made


def _covered(prints: _Prints, runs: Iterable[int]) -> set[tuple[int, int]]:
    """The words, (number of the part, of the word), that are in one of these runs."""
    return {(part, start + k) for run in runs for part, start in prints.places[run] for k in range(K)}


def _functions(work: Work, prints: _Prints, rare: set[int], covered: set[tuple[int, int]]) -> tuple[str, ...]:
    """The functions of which nearly all rare words are in the other work too."""
    own = Counter(part for part, _ in _covered(prints, rare))
    both = Counter(part for part, _ in covered)
    found = [part for part, words in own.items() if words >= PART_WORDS and both[part] >= PART_SHARE * words]
    return tuple(work.parts[part].name for part in sorted(found))


def natural(works: int) -> int:
    """A run that more works than this have is natural."""
    return max(NATURAL, math.floor(NATURAL_SHARE * works))


def _lines(work: Work, covered: set[tuple[int, int]]) -> dict[int, set[int]]:
    lines: dict[int, set[int]] = defaultdict(set)
    for part, word in covered:
        lines[part].add(work.parts[part].lines[word])
    return dict(lines)

"""Held-out text: fresh questions for a language model from a secret seed, none of them ever seen in training.

Masked words that a reader of the corpus could know, and pairs of sentences with the answer "is next" or "is not". Does not
judge answers, and knows no model.
"""

from dataclasses import dataclass

import numpy as np

from course.corpus.grammar import choose, groups, people, pick, story, tables, tell


@dataclass(frozen=True)
class MaskedWord:
    """A text with exactly one [MASK], and the word that stood there (lower case, one piece of the vocabulary)."""

    text: str
    answer: str


@dataclass(frozen=True)
class SentencePair:
    """Two sentences and whether the second continues the first. `kind`: "next", "random" (another subject) or "hard" (the same
    subject and wording, about another thing)."""

    first: str
    second: str
    is_next: bool
    kind: str


@dataclass(frozen=True)
class Exam:
    """`count` questions of each sort."""

    masked: tuple[MaskedWord, ...]
    pairs: tuple[SentencePair, ...]


def masked_word(rng: np.random.Generator) -> MaskedWord:
    """One question: a held-out sentence, alone or in its story, one of its knowable words masked."""
    while True:
        here = choose(rng)
        group, row, persons = groups()[here.group], tables()[groups()[here.group].table][here.row], people(rng)
        if rng.random() < 0.5 and here.kept_openers:
            first = tell(group.openers[pick(rng, here.kept_openers)], row, persons)
            if first.asked:
                place = pick(rng, first.asked)
                text = first.text(place)
                if rng.random() < 0.5:
                    text += " " + tell(group.followers[pick(rng, here.followers)], row, persons).text()
                return MaskedWord(text, first.words[place].lower())
        elif here.kept_followers:
            first = tell(group.openers[pick(rng, here.openers)], row, persons)
            second = tell(group.followers[pick(rng, here.kept_followers)], row, persons)
            if second.asked:
                place = pick(rng, second.asked)
                return MaskedWord(first.text() + " " + second.text(place), second.words[place].lower())


def heldout(seed: int, count: int) -> Exam:
    """A fresh exam: `count` masked words and `count` sentence pairs; the same seed gives the same exam, and question k does
    not depend on `count`."""
    masked = tuple(masked_word(np.random.default_rng([seed, k, 0])) for k in range(count))
    pairs = []
    for k in range(count):
        told = story(np.random.default_rng([seed, k, 1]), kept=True)
        pairs.append(SentencePair(told.first.text(), told.second.text(), told.is_next, told.kind))
    return Exam(masked, tuple(pairs))

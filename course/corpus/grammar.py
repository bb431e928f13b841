"""The language of the pocket BERT: sentences and two-sentence stories told from facts.txt with templates.txt.

A story is an opener and a follower of one group of templates, about one row of facts and the same people, so the second
sentence continues the first by content. Some (template, row) pairs are *held out*: never told in training, though
every fact in them is told there in other words. Does not mask, tokenize or train. The idea of two tasks, masked words and
next sentence, is that of Devlin et al., "BERT" (2018), section 3.1.
"""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import numpy as np

from course.corpus.facts import NAMES, RELATED, plural, sections, tables, third_person

T = TypeVar("T")
HELD_OUT = 10  # one (template, row) pair in ten is kept from training
HARD_NEGATIVES = 0.3  # of the false continuations, those from the same templates about another row
SLOT = re.compile(r"\{(\w+)(?:\.(\w))?(!?)\}$")
AN = re.compile(r"(?!eu|one|uni|use)[aeiou]|hour", re.IGNORECASE)  # "a" is "an" before these
PEOPLE = {"name", "friend", "she", "her", "him", "She", "Her"}
PRONOUNS = {"she": ("she", "her", "her"), "he": ("he", "his", "him")}


@dataclass(frozen=True)
class Template:
    """One sentence with slots: `parts` is one (literal word or column, form, is a slot, a reader could know it) a word."""

    text: str
    parts: tuple[tuple[str, str, bool, bool], ...]
    columns: frozenset[str]  # columns of the row that it needs
    asked: frozenset[str]  # columns that a reader could be asked for

    @property
    def wording(self) -> str:
        """The text without its marks of what is asked: what a sentence is held out by."""
        return self.text.replace("!", "")


@dataclass
class Group:
    """Openers and followers over one table; any opener may be followed by any follower about the same row."""

    table: str
    openers: list[Template] = field(default_factory=list)
    followers: list[Template] = field(default_factory=list)


@dataclass(frozen=True)
class Sentence:
    """One told sentence: `words` with punctuation apart ("the", "dog", "."), and the places of words that could be asked for."""

    words: tuple[str, ...]
    asked: tuple[int, ...]

    def text(self, masked: int | None = None) -> str:
        """As written: "The dog barks.", with [MASK] in place of word number `masked` if one is given."""
        words = ["[MASK]" if k == masked else word for k, word in enumerate(self.words)]
        return re.sub(r" ([.,?:])", r"\1", " ".join(words))


def parse(text: str) -> Template:
    """A line of templates.txt, without its > or <."""
    parts = []
    for word in text.split():
        slot = SLOT.match(word)
        parts.append((slot[1], slot[2] or "", True, bool(slot[3])) if slot else (word, "", False, False))
    row = [part for part in parts if part[2] and part[0] not in PEOPLE]
    return Template(text, tuple(parts), frozenset(p[0] for p in row), frozenset(p[0] for p in row if p[3]))


@cache
def groups() -> tuple[Group, ...]:
    """All groups of templates.txt, in order."""
    result = []
    for table, lines in sections("templates.txt"):
        group = Group(table)
        for line in lines:
            (group.openers if line[0] == ">" else group.followers).append(parse(line[1:].strip()))
        result.append(group)
    return tuple(result)


@cache
def held_out() -> frozenset[tuple[str, str, int]]:
    """The (table, wording of a template, row number) triples that training never tells.

    Chosen by a hash, so that a new line of facts or templates does not move the others, and only where each asked word of
    the row is still told by three other templates: a reader of the training text could know it.
    """
    chosen = set()
    for table, rows in tables().items():
        told_by = {
            t.wording: t for g in groups() if g.table == table for t in g.openers + g.followers
        }  # a text may be in two groups
        templates = list(told_by.values())
        for number, row in enumerate(rows):
            usable = [t for t in templates if t.columns <= row.keys()]
            told = Counter(column for t in usable for column in t.columns)
            for template in usable:
                drawn = zlib.crc32(f"{template.wording}|{' '.join(row.values())}".encode()) % HELD_OUT == 0
                if drawn and all(told[column] > 3 for column in template.columns):
                    chosen.add((table, template.wording, number))
                    told.subtract(template.columns)
    return frozenset(chosen)


@dataclass(frozen=True)
class Choices:
    """What can be told about one row by one group: numbers of openers and of followers, told in training and held out."""

    group: int
    row: int
    openers: tuple[int, ...]
    followers: tuple[int, ...]
    kept_openers: tuple[int, ...]
    kept_followers: tuple[int, ...]


@cache
def choices() -> tuple[tuple[Choices, ...], ...]:
    """For each group, the rows that it can tell."""
    kept = held_out()
    result = []
    for g, group in enumerate(groups()):
        found = []
        for r, row in enumerate(tables()[group.table]):
            split: list[tuple[int, ...]] = []
            for hidden in (False, True):
                for templates in (group.openers, group.followers):
                    usable = (k for k, t in enumerate(templates) if t.columns <= row.keys())
                    split.append(tuple(k for k in usable if ((group.table, templates[k].wording, r) in kept) == hidden))
            if split[0] and split[1]:
                found.append(Choices(g, r, *split))
        result.append(tuple(found))
    return tuple(result)


@cache
def group_weights() -> np.ndarray:
    """How often each group speaks, float64 (groups,), sum 1: by its rows, at least 12 (small tables are not starved) and
    at most 50 (the product of toys and colours does not drown the rest)."""
    weights = np.array([min(max(len(rows), 12), 50) for rows in choices()], dtype=np.float64)
    return weights / weights.sum()


@cache
def _cumulative_weights() -> np.ndarray:
    return np.cumsum(group_weights())


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of `options`, each as likely."""
    return options[int(rng.random() * len(options))]


def people(rng: np.random.Generator) -> dict[str, str]:
    """A person and a friend: the words of the slots name, friend, she, her, him, She, Her."""
    kind = "she" if rng.random() < 0.5 else "he"
    name = pick(rng, NAMES[kind])
    friend = name
    while friend == name:
        friend = pick(rng, NAMES["she" if rng.random() < 0.5 else "he"])
    she, her, him = PRONOUNS[kind]
    return {
        "name": name,
        "friend": friend,
        "she": she,
        "her": her,
        "him": him,
        "She": she.capitalize(),
        "Her": her.capitalize(),
    }


def tell(template: Template, row: dict[str, str], persons: dict[str, str]) -> Sentence:
    """A template with its slots filled; "a" becomes "an" before a vowel, and the first letter of a sentence a capital."""
    words: list[str] = []
    asked = []
    for place, (word, form, slot, known) in enumerate(template.parts):
        if slot:
            word = persons[word] if word in persons else row[word]
            word = plural(word) if form == "s" else third_person(word) if form == "3" else word
        if words and words[-1] in ("a", "A") and AN.match(word):
            words[-1] += "n"
        words.append(word[0].upper() + word[1:] if not words or words[-1] in ".?" else word)
        if known:
            asked.append(place)
    return Sentence(tuple(words), tuple(asked))


@cache
def every_word() -> list[str]:
    """All words that the grammar can tell, lower case, sorted: the whole words of a vocabulary."""
    found = set()
    for kind, names in NAMES.items():
        she, her, him = PRONOUNS[kind]
        who = {"name": names[0], "friend": names[1], "she": she, "her": her, "him": him, "She": she, "Her": her}
        found |= {name.lower() for name in names}
        for group in groups():
            for template in group.openers + group.followers:
                usable = (row for row in tables()[group.table] if template.columns <= row.keys())
                found |= {word.lower() for row in usable for word in tell(template, row, who).words}
    return sorted(found)


@dataclass(frozen=True)
class Story:
    """Two sentences; `is_next` says whether the second continues the first, `kind` how it was made:
    "next", "hard" (the same templates, another thing) or "random" (another subject)."""

    first: Sentence
    second: Sentence
    is_next: bool
    kind: str


def choose(rng: np.random.Generator) -> Choices:
    """A group by its weight, then one of its rows."""
    g = min(int(np.searchsorted(_cumulative_weights(), rng.random())), len(groups()) - 1)
    return pick(rng, choices()[g])


def related(first: str, second: str) -> bool:
    """Whether a sentence of one table could continue one of the other by accident."""
    return first == second or any(first in tables and second in tables for tables in RELATED)


def other_follower(
    rng: np.random.Generator, here: Choices, persons: dict[str, str], kept: bool
) -> tuple[Sentence, str]:
    """A second sentence that does not continue a story about `here`, often with the same people in it, and its kind.

    Args:
        kept: take a held-out sentence where the row drawn has one.
    """
    group = groups()[here.group]
    mine = tables()[group.table][here.row]
    hard = rng.random() < HARD_NEGATIVES and len(choices()[here.group]) > 1
    for _ in range(1000):
        there = pick(rng, choices()[here.group]) if hard else choose(rng)
        other = groups()[there.group]
        if not hard and related(other.table, group.table):
            continue
        row = tables()[other.table][there.row]
        template = other.followers[pick(rng, (kept and there.kept_followers) or there.followers)]
        who = persons if hard or rng.random() < 0.5 else people(rng)
        sentence = tell(template, row, who)
        if not hard:
            return sentence, "random"
        # The same templates about another thing must not say what is true of this one too.
        if all(mine.get(column) != row[column] for column in template.columns) and template.columns:
            return sentence, "hard"
        hard = rng.random() < 0.9  # a row like all others in every asked column: give up in the end
    raise AssertionError("no sentence of another subject: templates.txt has too few groups")


def story(rng: np.random.Generator, kept: bool = False) -> Story:
    """One story, true or false with even chance.

    Args:
        kept: False tells only what training may see. True: at least one of the two sentences is held out.
    """
    here = choose(rng)
    while kept and not (here.kept_openers or here.kept_followers):
        here = choose(rng)
    group, row, persons = groups()[here.group], tables()[groups()[here.group].table][here.row], people(rng)
    openers, followers = here.openers, here.followers
    if kept:
        use_opener = bool(here.kept_openers) and (not here.kept_followers or rng.random() < 0.5)
        openers = here.kept_openers if use_opener else here.openers + here.kept_openers
        followers = here.followers + here.kept_followers if use_opener else here.kept_followers
    first = tell(group.openers[pick(rng, openers)], row, persons)
    if rng.random() < 0.5:
        return Story(first, tell(group.followers[pick(rng, followers)], row, persons), True, "next")
    second, kind = other_follower(rng, here, persons, kept)
    return Story(first, second, False, kind)

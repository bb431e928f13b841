"""What the pocket BERT can know: opens facts.txt, tables of plain facts (one row a thing, one column a property).

Common knowledge of a school child, written for this course; no text of anyone else is copied. Does not make sentences:
templates.txt says how a row is told, grammar.py tells it.
"""

import hashlib
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent

# People of the stories: a pronoun is a fact about the name.
NAMES = {
    kind: tuple(names.split())
    for kind, names in {
        "she": "Anna Maria Sarah Lucy Emma Julia Laura Nina Clara Sophie Helen Rosa Alice Eva Mary Kate",
        "he": "Tom Peter John Paul David Max Oscar Leo Ben Jack Martin Daniel Felix Sam Henry George",
    }.items()
}

# Tables whose stories could follow one another by accident ("Dogs bark." "It has four legs."): never each other's random sentence.
RELATED = (
    {"animal", "legs", "pet", "part", "plural"},
    {"country", "geography"},
    {"month", "season", "weather", "festival", "day", "wear"},
    {"kitchen", "household", "made", "crafted", "need", "meal", "shop", "food"},
    {"job", "shop", "place"},
    {"family", "relative"},
    {"body", "wear", "past"},
    {"number", "shape", "legs", "measure", "hundred"},
    {"toy", "colour", "mixture"},
    {"opposite", "season"},
    {"toy", "past", "need", "household"},
)

# Plurals that are not the rule.
PLURALS = {"mouse": "mice", "goose": "geese", "wolf": "wolves", "child": "children", "mosquito": "mosquitoes"}
PLURALS |= {noun: noun for noun in ("sheep", "deer", "fish", "salmon", "trout")}


def sections(file: str) -> list[tuple[str, list[str]]]:
    """The `[name]` sections of a text file of this folder, in order, with their lines; blank lines and # comments left out."""
    found: list[tuple[str, list[str]]] = []
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            found.append((line.strip("[] "), []))
        elif line.strip() and not line.startswith("#"):
            found[-1][1].append(line)
    return found


def fingerprint() -> str:
    """SHA-256 (16 hex digits) of what the corpus tells: a model trained on other text is stale."""
    told = b"".join((HERE / file).read_bytes() for file in ("facts.txt", "templates.txt"))
    return hashlib.sha256(told).hexdigest()[:16]


@cache
def tables() -> dict[str, tuple[dict[str, str], ...]]:
    """Every table: its rows as `{column: word}`, in the order of the file; an unknown property is left out of its row."""
    result = {}
    for name, (header, *lines) in sections("facts.txt"):
        columns = header.split()
        cells = [dict(zip(columns, line.split(), strict=True)) for line in lines]
        result[name] = tuple({column: word for column, word in row.items() if word != "-"} for row in cells)
    return result


def plural(noun: str) -> str:
    """The plural of a noun: mouse mice, fox foxes, butterfly butterflies, dog dogs."""
    if noun in PLURALS:
        return PLURALS[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def third_person(verb: str) -> str:
    """What he, she or it does: bark barks, hiss hisses, buzz buzzes."""
    return verb + ("es" if verb.endswith(("s", "x", "z", "ch", "sh")) else "s")

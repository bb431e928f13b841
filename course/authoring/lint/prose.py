"""The linter of English: what reads badly in lessons, hints, sentences about mistakes, and pages.

Two lists. `OURS` holds phrases that crept into this course and that a reader had to read twice; proselint's checks are the public
ones, without those about typography (source text has straight quotes) and about rank names that code must have.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course.authoring.lint.lessons import cells
from course.authoring.lint.reader import Finding, Sources

OURS = {
    r"\b(the|a|another) bend\b": "say activation or non-linearity",
    r"\b(its|their|the|keep|your) papers\b": "say metadata, or what the weights describe",
    r"\bat wish\b": "say as you like",
    r"\bof another hand\b": "say somebody else's",
    r"\bwhoever never\b": "say who or what does it: a model that never …",
    r"\b(it|this|which|that|but|and) is none\b": "say is not, or is no such thing",
    r"\bare no (words|cosines|parameters|photos)\b": "say are not",
    r"\bis nobody to\b": "say nobody should",
    r"\b(tokenizer|optimizer|caller|network)'s (own )?affair\b": "say is up to",
    r"\bnobody (hears|learns) (of|that)\b": "say silently, or without a word",
    r"\bwritten (down|in); ": "say hard-coded",
    r"(?<!standard)\sdeviation\b": "say standard deviation",
    r"\bquestions? that leads? on\b": "say that points the way, or hint",
    r"\bknows? nothing of it\b": "say what stays as it is",
    r"\bare (others|another) afterwards\b": "say are different afterwards",
    r"\btaken off (it|them|each of them)\b": "say subtracted from",
    r"\['": "never a Python list in a sentence: join the names",
}

PROSELINT = {
    "archaism": True,
    "cliches": True,
    "hedging": True,
    "lexical_illusions": True,
    "malapropisms": True,
    "misc": True,
    "mixed_metaphors": True,
    "mondegreens": True,
    "needless_variants": True,
    "nonwords": True,
    "oxymorons": True,
    "redundancy": True,
    "spelling": True,
    "uncomparables": True,
    "weasel_words": True,
}
# British spelling is ours, and saliency the field's word; "very" is sometimes right; "for ever" is how British English writes it.
ALLOWED = (
    "for ever",
    "very",
    "Days of the week",
    "salience",
    "a strange one",
    "start with a 'But'",
    "Inconsistent spelling of 'colour'",
    "Inconsistent spelling of 'center'",
)


@dataclass(frozen=True)
class Text:
    """Prose, and where it stands.

    Args:
        file: below the root of the checkout.
        line: of its first line, from 1.
    """

    file: str
    line: int
    prose: str


def prose(text: Text, *, public: bool = True) -> Iterator[Finding]:
    """What reads badly in a text.

    Args:
        public: also ask proselint, which is slow and of little use for a single sentence.
    """
    plain = _without_code(text.prose)
    for pattern, cure in OURS.items():
        for found in re.finditer(pattern, plain):
            line = text.line + plain.count("\n", 0, found.start())
            yield Finding(text.file, line, f'"{found[0].strip()}" reads badly', f"{cure[0].upper()}{cure[1:]}.")
    for line, said in _proselint(plain) if public else ():
        if not any(word in said for word in ALLOWED):
            yield Finding(text.file, text.line + line - 1, said.rstrip("."), "Say it otherwise.")


def lesson(found: Sources) -> Iterator[Finding]:
    """The text of a lesson, the hints of its checks, and the sentences about mistakes."""
    for _, line, text in cells((found.root / found.solution).read_text("utf-8")):
        yield from prose(Text(found.solution, line, text))
    for check in found.checks:
        yield from prose(Text(found.grader, check.line, check.hint), public=False)
    for mistake in found.mistakes:
        yield from prose(Text(mistake.file, mistake.line, mistake.says), public=False)


def pages(root: Path) -> Iterator[Finding]:
    """The pages that people write; those that a command makes say so in their first line and are read where they are made."""
    for file in sorted([*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("data/*.md")]):
        text = file.read_text("utf-8")
        if "Made by `course author" not in text[:300]:
            yield from prose(Text(file.relative_to(root).as_posix(), 1, text))


def _without_code(text: str) -> str:
    """The text with blanks in the place of code, tables' bars and addresses, so that lines and columns stay."""
    for pattern in (r"(?ms)^```.*?^```", r"`[^`\n]*`", r"\$[^$\n]+\$", r"https?://\S+", r"\(figure:[^)]*\)"):
        text = re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    return text


def _proselint(text: str) -> list[tuple[int, str]]:
    from proselint.checks import __register__
    from proselint.registry import CheckRegistry
    from proselint.tools import LintFile

    registry = CheckRegistry()
    if not registry.checks:
        registry.register_many(__register__)
    results = LintFile("text", text).lint({"max_errors": 1000, "checks": PROSELINT}) if text.strip() else []
    said = [(found.pos[0], found.check_result.message) for found in results]
    return [
        (line, text) for line, text in said if "illusion" not in text or not re.search(r"\d|\n", text)
    ]  # "0 0" in a table

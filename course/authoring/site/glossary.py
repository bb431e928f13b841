"""The terms of docs/glossary.md, and links to them at their first use in a lesson.

A term is a heading; its text ends with the project that introduces it: `(06)`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from course import paths
from course.errors import CourseError

NAME = "docs/glossary.md"
ENTRY = re.compile(r"^### (.+)\n(.+?) \((\w+)\)$", re.MULTILINE)
# What no link may stand in: fenced blocks, headings, code, formulas, links and pictures, tags, summaries of folded answers, tables.
CLOSED = re.compile(
    r"^```[\s\S]*?^```$|^#.*$|^\|.*$|^\*Difficulty.*$|`[^`]*`|\$\$[^$]*\$\$|\$[^$]*\$|!?\[[^\]]*\]\([^)]*\)"
    r"|<summary>[\s\S]*?</summary>|<[^>]*>",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Term:
    """A term of the glossary.

    Args:
        name: its heading; "batch normalisation, BatchNorm" is two words of one entry.
        meaning: one or two sentences.
        project: the id of the project that introduces it.
    """

    name: str
    meaning: str
    project: str

    @property
    def anchor(self) -> str:
        """The id of its heading, on the site and on GitHub."""
        return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", self.name.lower()))

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds a use of it: any of its words, in the plural too, whatever the capitals."""
        words = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in self.name.split(", "))
        return re.compile(rf"(?<![\w-])(?:{words})(?:s|es)?(?![\w-])", re.IGNORECASE)


def terms(file: Path | None = None) -> list[Term]:
    """All terms, in the order of the page.

    Raises:
        CourseError: a heading is not followed by one paragraph that ends with a project in brackets.
    """
    text = (file or paths.ROOT / NAME).read_text("utf-8")
    found = [Term(*match.groups()) for match in ENTRY.finditer(text)]
    for heading in re.findall(r"^### (.+)$", text, re.MULTILINE):
        if heading not in {term.name for term in found}:
            raise CourseError(
                f"{NAME}: the entry {heading!r} is not in the common form.",
                "Write the heading, and in the next line one paragraph that ends with its project: (06)",
            )
    return found


class Links:
    """Links each term where it stands first in a page.

    Args:
        page: the glossary, as seen from the page with the links.
    """

    def __init__(self, known: list[Term], page: str) -> None:
        self.left = sorted(known, key=lambda term: -len(term.name))  # "attention mask" before "attention"
        self.page = page

    def within(self, text: str) -> str:
        """The text with links in it; terms that an earlier call has linked stay as they are."""
        closed = [part.span() for part in CLOSED.finditer(text)]
        uses: list[tuple[int, int, Term]] = []
        for term in self.left:
            for use in term.pattern.finditer(text):
                first, last = use.span()
                if not any(a < last and first < b for a, b in closed):
                    closed.append((first, last))  # no link within a link
                    uses.append((first, last, term))
                    break
        for first, last, term in sorted(uses, key=lambda use: use[0], reverse=True):
            link = f'[{text[first:last]}]({self.page}#{term.anchor}){{ .term title="{_plain(term.meaning)}" }}'
            text = text[:first] + link + text[last:]
            self.left.remove(term)
        return text


def _plain(meaning: str) -> str:
    """A meaning as the text that appears when a mouse rests on the link."""
    return meaning.replace("`", "").replace('"', "'")

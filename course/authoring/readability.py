"""What the lessons hold, counted, and how hard they are to read: docs/readability.md, by `course author readability`.

Prose is what a reader reads in sentences: without tables, code, formulas, texts of figures and addresses. The grade is that of
Flesch and Kincaid: the years of an American school after which a text is easy, 0.39 words a sentence + 11.8 syllables a word -
15.59 (Kincaid et al., 1975). Syllables are counted by the American hyphenation of `pyphen`, one more than the places where a word
may be divided, as textstat did until it began to fetch a dictionary from a network.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from course import catalog, files, paths
from course.authoring.lint.lessons import cells
from course.errors import CourseError

PAGE = paths.ROOT / "docs" / "readability.md"
BEFORE = Path(__file__).with_name(
    "readability_before.json"
)  # of the lessons as they were once; `--before COMMIT` writes it
BESIDE = Path(__file__).with_name(
    "readability_beside.json"
)  # by hand: what an index of public files says of d2l's chapters
AIM = range(1000, 2201)  # words of a lesson
HEAD = "| project | words | formulas | figures | worked | questions | experiments | links | grade |"

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
DISPLAY = re.compile(r"\$\$.+?\$\$", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$[^$]+?\$")
FIGURE = re.compile(r"!\[[^\]]*\]\((?:figure:|attachment:|[^)]*\.png)[^)]*\)")
LINK = re.compile(r"https?://[^\s<>)\]]+")
CALCULATION = re.compile(
    r"\d\)?\s*(?:[-+−·*/×^]|\\cdot|\\times)\s*[-−(]*\d[^=\n]{0,60}=\s*\$?[-−]?\d|^>>> ", re.MULTILINE
)
TRY = re.compile(r"^#{2,4} Try.*?(?=^#{1,4} (?!Try)|\Z)", re.MULTILINE | re.DOTALL)
NOT_PROSE = re.compile(r"^\s*(\||#|\*Difficulty |<!--)")
SENTENCE = re.compile(r"(?<=[.!?:])[\"')*_”]*\s+(?=[\"'(*_“`A-Z0-9])")


@dataclass(frozen=True)
class Counts:
    """Of one lesson.

    Args:
        words: of prose.
        formulas: those that are set as mathematics.
        figures: pictures with a text of their own.
        worked: paragraphs, tables and blocks that work something out with numbers, or run Python.
        questions: with a folded answer.
        experiments: things to try.
        links: different addresses to read on.
        grade: of the prose.
    """

    words: int
    formulas: int
    figures: int
    worked: int
    questions: int
    experiments: int
    links: int
    grade: float


def counts(solution: str) -> Counts:
    """Of the lesson in the text of a percent file."""
    return of_text("\n\n".join(text for _, _, text in cells(solution)))


def of_chapter(text: str) -> Counts:
    """Of a chapter of *Dive into Deep Learning*, from its source without the code.

    Its exercises count as experiments, its references as links. Figures are those that the text shows, not what its code draws.
    """
    for pattern, instead in (
        (r"^:label:`[^`]*`$", ""),
        (r":(?:num|eq)ref:`[^`]*`", "1"),
        (r"\s*:cite:`([^`]*)`", r" <https://cited/\1>"),
        (r"\]\(\.\./img/qr[^)]*\)", "]()"),
        (r"\.svg\)", ".png)"),
    ):
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    exercises = re.search(r"^## Exercises$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    asked = len(re.findall(r"^(?:\d+\.|\*) ", exercises[1], re.MULTILINE)) if exercises else 0
    return replace(of_text(text), experiments=asked)


def of_text(whole: str) -> Counts:
    """Of a text in Markdown."""
    plain = FENCE.sub("", whole)
    sentences = list(_sentences(prose(whole)))
    words = [word for sentence in sentences for word in _words(sentence)]
    return Counts(
        words=len(words),
        formulas=len(DISPLAY.findall(plain)) + len(INLINE.findall(DISPLAY.sub("", plain))),
        figures=len(FIGURE.findall(whole)),
        worked=sum(bool(CALCULATION.search(block)) for block in _blocks(whole)),
        questions=whole.count("<details>"),
        experiments=sum(
            len(re.findall(r"^\d+\. ", part, re.MULTILINE))
            for part in TRY.findall(re.sub(r"<details>.*?</details>", "", whole, flags=re.DOTALL))
        ),
        links=len(set(LINK.findall(whole))),
        grade=round(grade(sentences, words), 1) if words else 0.0,
    )


def prose(markdown: str) -> str:
    """What is read in sentences: no headings, tables, code blocks, formulas, figures, addresses or marks of Markdown."""
    text = FENCE.sub("\n\n", markdown)
    text = DISPLAY.sub(" x", FIGURE.sub("", text))
    text = re.sub(r"\{(?:measured|kept):[^}]*\}", "0.5", INLINE.sub("x", text))
    text = re.sub(r"<summary>(.*?)</summary>", r"\n\n\1\n\n", text, flags=re.DOTALL)
    text = re.sub(r"</?(?:details|code|sub|sup|b|i)>|<https?://[^>]*>", " ", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", LINK.sub("", text))
    return "\n".join("" if NOT_PROSE.match(line) else line for line in text.splitlines())


def grade(sentences: list[str], words: list[str]) -> float:
    """Flesch and Kincaid's."""
    syllables = sum(_syllables(word.lower()) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _blocks(markdown: str) -> Iterator[str]:
    """Paragraphs, tables and fenced blocks, each whole."""
    for part in re.split(r"(^```.*?^```)", markdown, flags=re.MULTILINE | re.DOTALL):
        yield from [part] if part.startswith("```") else re.split(r"\n\s*\n", part)


def _sentences(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n|\n\s*(?=(?:[-*]|\d+\.) )", text):
        for sentence in SENTENCE.split(re.sub(r"^\s*(?:[-*]|\d+\.) ", "", paragraph)):
            if _words(sentence):
                yield sentence


def _words(sentence: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9]+(?:['’.,_-][A-Za-z0-9]+)*", sentence)


@cache
def _syllables(word: str) -> int:
    """Of a word; a number or a name with digits counts as one."""
    return _dictionary().inserted(word).count("-") - word.count("-") + 1 if word.isalpha() else 1


@cache
def _dictionary() -> Any:
    try:
        import pyphen
    except ModuleNotFoundError:
        raise CourseError("pyphen is not installed.", "pip install -e '.[dev]' has it.") from None
    return pyphen.Pyphen(lang="en_US")


# -- the page -----------------------------------------------------------------------------------------------------------


def now() -> dict[str, Counts]:
    """{project id: counts} of the lessons as they are."""
    return {e.id: counts(files.read(paths.ROOT / "solutions" / f"{e.module}.py") or "") for e in catalog.projects()}


def keep_before(commit: str) -> None:
    """Count the lessons as they were at a commit, and keep that.

    Raises:
        CourseError: git doesn't know the commit.
    """
    found = {}
    for entry in catalog.projects():
        command = ["git", "show", f"{commit}:solutions/{entry.module}.py"]
        done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)
        if done.returncode:
            raise CourseError(f"git cannot show {command[-1]}.", "Name a commit of this repository.")
        found[entry.id] = asdict(counts(done.stdout))
    files.write(BEFORE, json.dumps({"commit": commit, "lessons": found}, indent=1) + "\n")


def page(found: Mapping[str, Counts]) -> str:
    """The page of documentation."""
    kept = json.loads(files.read(BEFORE) or "{}")
    before = {name: Counts(**values) for name, values in kept.get("lessons", {}).items()}
    lines = [
        "<!-- Made by `course author readability`; do not edit. -->",
        "# What the lessons hold, and how hard they are to read",
        "",
        "Words are those of the prose: no tables, code, formulas, texts of figures or addresses. Worked: paragraphs, tables and",
        "blocks that work something out with numbers or run Python. Questions have a folded answer. Grade: that of Flesch and",
        "Kincaid, the school year after which a text is easy to read; syllables are counted by the hyphenation of pyphen. A lesson",
        "should have 1,000 to 2,200 words.",
        "",
        "## Now",
        "",
        HEAD,
        f"|{'---|' * 9}",
        *rows(found),
    ]
    if before:
        lines += ["", f"## Before: commit {kept['commit']}", "", HEAD, f"|{'---|' * 9}", *rows(before)]
    return "\n".join([*lines, *beside()]) + "\n"


def beside() -> list[str]:
    """The section on *Dive into Deep Learning*; none where nothing is known of it."""
    known = json.loads(files.read(BESIDE) or "{}")
    if not known:
        return []
    lengths, counted = [], []
    for name, one in known.items():
        solution = files.read(paths.ROOT / "solutions" / f"{catalog.project(name).module}.py") or ""
        own = sum(len(text) for _, _, text in cells(solution))
        chapter = f"{one['chapter']} at {one['commit'][:7]}"
        lengths.append(f"| {name} | {chapter} | {one['characters']:,} | {own:,} |")
        if values := one.get("counts"):
            counted += [_row(f"{name}, d2l", Counts(**values)), _row(f"{name}, ours", counts(solution))]
    return [
        "",
        "## Beside Dive into Deep Learning",
        "",
        "Three of its chapters on the same topics, in the versions that a search index of public files holds (repository",
        "d2l-ai/d2l-en, one stored version of each, not the newest). Their text without its code was copied by hand from the",
        "index's replies and counted by `course author readability --chapter FILE`; the text itself is not kept here. Figures are",
        "those that the text shows, not what its code draws; experiments are its exercises; links hold its references too.",
        "",
        HEAD,
        f"|{'---|' * 9}",
        *counted,
        "",
        "Of all chapters that were found: the length of the source with its code, mostly for several frameworks, beside the length",
        "of our lesson's text without the functions. No chapter is on deployment (04b) or on using a network as it comes (05a).",
        "",
        "| project | d2l's chapter | its characters | ours |",
        "|---|---|---|---|",
        *lengths,
    ]


def rows(found: Mapping[str, Counts]) -> list[str]:
    """A line a lesson, and one of sums; its grade is the mean over all words."""
    lines = [_row(name, one) for name, one in found.items()]
    sums = {name: sum(getattr(one, name) for one in found.values()) for name in asdict(next(iter(found.values())))}
    mean = sum(one.grade * one.words for one in found.values()) / max(sums["words"], 1)
    return [*lines, _row("all", Counts(**sums | {"grade": round(mean, 1)}))]


def _row(name: str, one: Counts) -> str:
    values = [f"{value:,}" if isinstance(value, int) else f"{value:.1f}" for value in asdict(one).values()]
    return f"| {name} | {' | '.join(values)} |"

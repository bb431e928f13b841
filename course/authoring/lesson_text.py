"""The markup of a lesson's Markdown cells, and what becomes of it in the notebook and in the module.

A lesson may hold, beside Markdown:

    ![what is to be seen, in at least forty characters](figure:learning-curves)

    {measured: 02 MLP, unseen signers}          the mean of docs/lessons.md; `, least` or `, greatest` behind it for those

    {kept: width.accuracy.0}                    a number of the data of this project's figure `width`

    <details><summary>A question?</summary>

    Its answer, folded away.

    </details>

    *Difficulty 2 of 5 · matters 5 of 5 · about 15 minutes for someone new (a guess) · 4 points*

A notebook gets the figure as an attachment, and shows the rest as it is. In a module nothing can be folded and no picture shown: a
sentence says where the picture lies, and the answers stand together at the end. Numbers are filled in in both.
"""

import base64
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from course import files, paths
from course.authoring.figures.figure import figures_of
from course.authoring.figures.keeping import kept, picture_file, picture_name
from course.catalog import Project
from course.errors import CourseError

FIGURE = re.compile(r"!\[([^\]]*)\]\(figure:([^)\s]*)\)")
KEPT = re.compile(r"\{kept:\s*([\w.\s-]+?)\s*\}")
MEASURED = re.compile(r"\{measured:\s*([^{}]*?)\s*\}")
FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>\n(.*?)\n</details>", re.DOTALL)
EFFORT = re.compile(
    r"^\*Difficulty ([1-5]) of 5 · matters ([1-5]) of 5 · about (\d+) minutes for someone new \(a guess\) · (\d+) points?\*$",
    re.MULTILINE,
)
WIDTH = 94  # of a line of a stub's text, behind "# ": solutions/ruff.toml has the reason
SPREAD = ("mean", "least", "greatest")


@dataclass(frozen=True)
class Shown:
    """A figure as a lesson shows it."""

    slug: str
    alt: str


def figures_in(text: str) -> list[Shown]:
    """The figures that a cell shows, in order."""
    return [Shown(slug, " ".join(alt.split())) for alt, slug in FIGURE.findall(text)]


def filled(text: str, entry: Project, name: str) -> str:
    """The text with the measured numbers in it.

    Raises:
        CourseError: docs/lessons.md has no such row, or no figure such data; the file `name` is named.
    """

    def number(found: re.Match[str], look: Callable[[str], str]) -> str:
        try:
            return look(" ".join(found[1].split()))
        except CourseError as fault:
            raise CourseError(f"{name}: {fault.problem}", fault.cure) from None

    text = MEASURED.sub(lambda found: number(found, measured), text)
    return KEPT.sub(lambda found: number(found, lambda key: kept_number(entry, key)), text)


def kept_number(entry: Project, key: str) -> str:
    """A number that a figure of the project was drawn from, by its way through the data: "width.accuracy.0".

    A fraction has two digits, for the reason above; a whole number is given whole.

    Raises:
        CourseError: there is no such figure or number.
    """
    slug, *way = key.split(".")
    known = figures_of(entry)
    if slug not in known:
        raise CourseError(f"project {entry.id} has no figure {slug!r}.", f"It has: {', '.join(known) or 'none'}.")
    value: Any = kept(known[slug])
    try:
        for step in way:
            value = value[int(step) if isinstance(value, list | np.ndarray) else step]
        return f"{value:,}" if isinstance(value, int) else f"{float(value):.2f}"
    except (KeyError, IndexError, TypeError, ValueError):
        raise CourseError(
            f"the data of the figure {slug!r} have no number at {'.'.join(way) or 'their top'}.",
            f"Look into course/authoring/figures/kept/{entry.id}/.",
        ) from None


def measured(key: str) -> str:
    """A number of docs/lessons.md with two digits: "02 MLP, unseen signers" is the mean, "…, least" the least of all seeds.

    Two digits, because the third is another one on another processor.

    Raises:
        CourseError: there is no such row.
    """
    what, _, column = key.rpartition(", ")
    if column not in SPREAD:
        what, column = key, "mean"
    rows = _rows()
    if what not in rows:
        project = what.partition(" ")[0]
        there = "; ".join(row for row in rows if row.startswith(f"{project} ")) or "; ".join(rows)
        raise CourseError(f"docs/lessons.md has no row {what!r}.", f"It has: {there}.")
    return f"{rows[what][SPREAD.index(column)]:.2f}"


def _rows() -> dict[str, tuple[float, float, float]]:
    """{"02 MLP, unseen signers": (mean, least, greatest)} of the table in docs/lessons.md."""
    return _table(files.read(paths.ROOT / "docs" / "lessons.md") or "")


@cache
def _table(page: str) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) >= 5 and all(re.fullmatch(r"-?\d+\.\d+", cell) for cell in cells[2:5]):
            mean, least, greatest = (float(cell) for cell in cells[2:5])
            found[f"{cells[0]} {cells[1]}"] = mean, least, greatest
    return found


def for_notebook(text: str, entry: Project, name: str) -> tuple[str, dict[str, Any]]:
    """A Markdown cell of a notebook, and its attachments.

    Raises:
        CourseError: a figure or a number is not there.
    """
    attachments: dict[str, Any] = {}

    def attached(found: re.Match[str]) -> str:
        alt, slug = " ".join(found[1].split()), found[2]
        file = picture_file(entry.id, slug)
        try:
            content = file.read_bytes()
        except OSError:
            raise CourseError(
                f"{name} shows the figure {slug!r}, and there is no {files.shown(file)}.",
                f"Write it in course/authoring/figures/p{entry.id}.py, and run `course author figures {entry.id}`.",
            ) from None
        attachments[f"{slug}.png"] = {"image/png": base64.b64encode(content).decode()}
        return f"![{alt}](attachment:{slug}.png)"

    return FIGURE.sub(attached, filled(text, entry, name)), attachments


class ModuleText:
    """The Markdown cells of a module, one after another; the folded answers are kept for its end.

    Raises:
        CourseError: a number is not there.
    """

    def __init__(self, entry: Project, name: str) -> None:
        self.entry, self.name = entry, name
        self.answers: list[str] = []

    def cell(self, text: str) -> str:
        """One cell."""
        numbers = filled(text, self.entry, self.name)
        if numbers != text:
            before, after = text.split("\n\n"), numbers.split("\n\n")
            after = [new if new == old else _wrapped_anew(new) for old, new in zip(before, after, strict=True)]
            numbers = "\n\n".join(after)
        text = FIGURE.sub(self._sentence, numbers)
        return FOLDED.sub(self._question, text)

    def last_cell(self) -> str | None:
        """The answers; None where nothing was asked."""
        return "## Answers\n\n" + "\n\n".join(self.answers) if self.answers else None

    def _sentence(self, found: re.Match[str]) -> str:
        alt = " ".join(found[1].split()).rstrip(".")
        return _wrapped(f"Figure: {alt} ({picture_name(self.entry.id, found[2])}).")

    def _question(self, found: re.Match[str]) -> str:
        question, number = " ".join(re.sub("</?code>", "`", found[1]).split()), len(self.answers) + 1
        self.answers.append(f"{_wrapped(f'**{number}. {question}**')}\n\n{found[2].strip()}")
        return _wrapped(f"**Question {number}: {question}** (Answer {number} stands at the end of this file.)")


def _wrapped_anew(paragraph: str) -> str:
    """A paragraph with a number that is shorter or longer than its place; tables, code and lists stay as they are."""
    heading, lines = [], paragraph.splitlines()
    while lines and lines[0].startswith("#"):
        heading.append(lines.pop(0))
    prose = not any(re.match(r"[|<#!]|```|    |- |\d+\. |\$\$", line) for line in lines)
    return "\n".join([*heading, _wrapped(" ".join(lines))]) if prose and lines else paragraph


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))

"""Rules of the author's linter about lessons: figures, folded answers, measured numbers, and what each function's heading says."""

import re
from collections.abc import Iterator

from course.authoring.figures.figure import figures_of
from course.authoring.figures.keeping import picture_file, picture_name
from course.authoring.lesson_text import EFFORT, FIGURE, FOLDED, figures_in, filled
from course.authoring.lint.reader import Finding, Sources
from course.errors import CourseError

ALT = 40  # characters; a shorter text names a figure and does not say what is to be seen


def lessons(found: Sources) -> Iterator[Finding]:
    """All rules about the text of a lesson."""
    text = (found.root / found.solution).read_text("utf-8")
    found_cells = list(cells(text))
    yield from _figures(found, found_cells)
    yield from _efforts(found, found_cells)
    for _, line, prose in found_cells:
        if prose.count("<details>") != len(FOLDED.findall(prose)) or "\n</details>" in FOLDED.sub("", prose):
            cure = "Write `<details><summary>A question?</summary>`, an empty line, the answer, an empty line, `</details>`."
            yield Finding(found.solution, line, "a folded answer of this cell is not whole", cure)
        for question, _ in FOLDED.findall(prose):
            if not question.strip().endswith("?"):
                said = f"the folded answer {question.strip()!r} asks no question"
                yield Finding(found.solution, line, said, "End its summary with a question mark.")
        try:
            filled(prose, found.entry, found.solution)
        except CourseError as fault:
            yield Finding(found.solution, line, fault.problem.partition(": ")[2].rstrip("."), fault.cure)


def _figures(found: Sources, cells: list[tuple[str, int, str]]) -> Iterator[Finding]:
    known = figures_of(found.entry)
    module = f"course/authoring/figures/p{found.entry.id}.py"
    used: set[str] = set()
    for _, line, prose in cells:
        if prose.count("(figure:") != len(FIGURE.findall(prose)):
            cure = "Write it as `![what is to be seen](figure:its-name)`; no square bracket within."
            yield Finding(found.solution, line, "a figure of this cell has no text", cure)
        for shown in figures_in(prose):
            used.add(shown.slug)
            if shown.slug not in known:
                yield Finding(found.solution, line, f"there is no figure {shown.slug!r}", f"Write it in {module}.")
            elif not picture_file(found.entry.id, shown.slug).is_file():
                said = f"{picture_name(found.entry.id, shown.slug)} is missing"
                yield Finding(found.solution, line, said, f"Run `course author figures {found.entry.id}`.")
            if len(shown.alt) < ALT:
                said = f"the text of the figure {shown.slug!r} has {len(shown.alt)} characters"
                yield Finding(found.solution, line, said, f"Say what is to be seen, in {ALT} at least.")
    text = "\n".join(prose for _, _, prose in cells)
    used |= {slug for slug, one in known.items() if one.draw is None and re.search(rf"\{{kept:\s*{slug}\.", text)}
    for slug in known:
        if slug not in used:
            said = f"no lesson shows the figure {slug!r}"
            yield Finding(module, 1, said, f"Show it in {found.solution}, or delete it.")


def _efforts(found: Sources, cells: list[tuple[str, int, str]]) -> Iterator[Finding]:
    """The line below a function's heading: every function has one or none has, and the points are those of the catalog."""
    said: dict[str, tuple[int, str]] = {}
    for task, line, prose in cells:
        for effort in EFFORT.finditer(prose):
            said[task] = line, effort[4]
        for spoilt in re.findall(r"^\*Difficulty.*$", EFFORT.sub("", prose), re.MULTILINE):
            cure = "*Difficulty 2 of 5 · matters 5 of 5 · about 15 minutes for someone new (a guess) · 4 points*"
            yield Finding(found.solution, line, f"{spoilt!r} is not in the common form", f"Write {cure}.")
    for function in found.entry.functions if said else ():
        if function.name not in said:
            line = found.functions[function.name].lineno if function.name in found.functions else 1
            cure = "Say it in the text above, as the other functions do: *Difficulty 2 of 5 · matters …*"
            yield Finding(found.solution, line, f"nothing says how hard {function.name} is", cure)
        elif int(said[function.name][1]) != function.points:
            line, points = said[function.name]
            what = f"the text says that {function.name} is worth {points}, the catalog {function.points}"
            yield Finding(found.solution, line, what, "Correct the text.")


def cells(text: str) -> Iterator[tuple[str, int, str]]:
    """(the function or class that comes next, line, text) of each Markdown cell of a percent file."""
    lines = text.splitlines()
    heads = [k for k, line in enumerate(lines) if line.startswith("# %%")]
    waiting: list[tuple[int, str]] = []
    for first, after in zip(heads, [*heads[1:], len(lines)], strict=True):
        body = lines[first + 1 : after]
        if "[markdown]" in lines[first]:
            waiting.append((first + 1, "\n".join(line.removeprefix("#").removeprefix(" ") for line in body)))
            continue
        opened = next((m for line in body if (m := re.match(r"(?:def|class) (\w+)", line))), None)
        yield from ((opened[1] if opened else "", line, prose) for line, prose in waiting)
        waiting = []
    yield from (("", line, prose) for line, prose in waiting)

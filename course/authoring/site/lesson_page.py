"""From a solution to the page of its lesson: the text with its figures and folded answers, and each function as the stub has it."""

import re

from course import paths
from course.authoring.figures.keeping import picture_name
from course.authoring.lesson_text import FIGURE, filled
from course.authoring.notebooks.pictures import picture_of
from course.authoring.site.glossary import Links, Term
from course.authoring.stubs import BEGIN, stub_text
from course.catalog import Project, projects

FORMAT = {"extension": ".py", "format_name": "percent"}


def lesson_page(entry: Project, known: list[Term]) -> str:
    """The page as Markdown, to lie in a folder beside `figures/`, `pictures/` and the glossary.

    No body of a solution comes near it: the code is read from the stub's text.

    Raises:
        CourseError: a marker, a figure or a measured number does not fit.
    """
    import jupytext

    name = f"solutions/{entry.module}.py"
    solution = (paths.ROOT / name).read_text("utf-8")
    cells = jupytext.reads(solution, fmt=FORMAT).cells
    stub = stub_text(solution, entry, name).partition("\n")[2]  # the first line says where it comes from
    cleared = [cell.source for cell in jupytext.reads(stub, fmt=FORMAT).cells if cell.cell_type == "code"]
    order = [one.id for one in projects()]
    introduced = [term for term in known if order.index(term.project) <= order.index(entry.id)]
    links = Links(
        introduced, "../glossary.md"
    )  # a word that a later project makes a term of still means what it always does
    parts: list[str] = []
    for cell in cells:
        if cell.cell_type == "markdown":
            parts.append(links.within(_text(cell.source, entry, name)))
            if len(parts) == 1 and (picture := picture_of(entry)):
                parts.append(f"![{picture.says}](../pictures/{picture.file})\n\n*{picture.says}*")
        elif cell.cell_type == "code":  # what is for the module alone is raw text to jupytext
            yours = cleared.pop(0)
            if BEGIN in cell.source:
                parts.append(f"```python\n{yours.strip()}\n```")
    return "\n\n".join(parts) + "\n"


def _text(text: str, entry: Project, name: str) -> str:
    """A Markdown cell as MkDocs reads it."""
    text = filled(text, entry, name)
    text = FIGURE.sub(lambda found: f"![{' '.join(found[1].split())}](../{_figure(entry, found[2])})", text)
    return re.sub(r"<details>\s*<summary>", '<details class="question" markdown="1"><summary>', text)


def _figure(entry: Project, slug: str) -> str:
    return picture_name(entry.id, slug).removeprefix("docs/")

"""Which pages the site has, and writing them: a folder of Markdown, with a mkdocs.yml beside it.

Pages come from docs/, from the solutions (`lesson_page`), the catalog (the map) and the docstrings of the package. What the site
leaves out says why in `LEFT_OUT`. Links between pages are kept; a link to another file of the repository becomes its path.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from course import files, paths
from course.authoring.notebooks import pictures
from course.authoring.site.glossary import terms
from course.authoring.site.lesson_page import lesson_page
from course.catalog import projects

TEMPLATE = Path(__file__).parent / "template"
# Section: pages of docs/, in the order of the menu.
SECTIONS = {
    "For students": ("for-students.md", "running.md", "glossary.md"),
    "For instructors": (
        "instructor.md",
        "grading-a-class.md",
        "exports.md",
        "nbgrader.md",
        "gradescope.md",
        "github.md",
        "grading.md",
        "wall.md",
    ),
    "For authors": (
        "authoring.md",
        "walks.md",
        "lessons.md",
        "readability.md",
        "data.md",
        "pocket-backbone.md",
        "stability.md",
        "speed.md",
        "dependencies.md",
    ),
}
LEFT_OUT = {
    "mistakes.md": "every mistake with its check: half of a solution, and students read the site",
    "mutation.md": "quotes lines of the solutions",
    "attacks.md": "hostile submissions, one by one",
    "pairs.md": "what is said of two mistakes at once, counted",
    "pytest-options.md": "what each option of pytest shows, before and now",
    "evidence.md": "what a cheat would have to claim, check by check",
}
LINK = re.compile(r"(?<!\!)\[([^\]]*)\]\((?!https?://|#|mailto:)([^)\s]+)\)")


def write(folder: Path) -> Path:
    """Write all pages into `folder`/pages, which is made anew, and mkdocs.yml beside it; returns the path of mkdocs.yml.

    Raises:
        CourseError: a lesson is not fit to be made into a page.
    """
    target = folder / "pages"
    shutil.rmtree(target, ignore_errors=True)
    for name, text in pages().items():
        files.write(target / name, text)
    for source, wanted in (
        (paths.ROOT / "docs" / "figures", "figures"),
        (paths.ROOT / "docs" / "pictures", "pictures"),
    ):
        shutil.copytree(source, target / wanted)
    for picture in pictures.pictures().values():
        shutil.copy(pictures.FOLDER / picture.file, target / "pictures" / picture.file)
    for asset in ("site.css", "site.js", "iframe-worker.js"):
        shutil.copy(TEMPLATE / asset, target / asset)
    config = folder / "mkdocs.yml"
    files.write(config, configuration())
    return config


def pages() -> dict[str, str]:
    """{name: Markdown} of every page."""
    known = terms()
    made = {"index.md": _home(), "api.md": "\n".join(_api()) + "\n"}
    for entry in projects():
        if (paths.ROOT / "solutions" / f"{entry.module}.py").is_file():
            made[f"lessons/{entry.id}.md"] = lesson_page(entry, known)
    for names in SECTIONS.values():
        for name in names:
            made[name] = (paths.ROOT / "docs" / name).read_text("utf-8")
    made["changes.md"] = (paths.ROOT / "CHANGELOG.md").read_text("utf-8")
    return {name: _linked(text, name, made) for name, text in made.items()}


def configuration() -> str:
    """mkdocs.yml: the template with the menu."""
    import yaml

    menu: list[dict] = [{"Home": "index.md"}]
    lessons = [{f"{e.id} {e.title}": f"lessons/{e.id}.md"} for e in projects()]
    for section, names in SECTIONS.items():
        entries: list[dict] = [{_title(name): name} for name in names]
        if section == "For students":
            entries.insert(1, {"Lessons": lessons})
        if section == "For authors":
            entries += [{"The package": "api.md"}, {"Changes": "changes.md"}]
        menu.append({section: entries})
    text = (TEMPLATE / "mkdocs.yml").read_text("utf-8").replace("HOOKS", str(TEMPLATE / "hooks.py"))
    return text + yaml.safe_dump({"nav": menu}, allow_unicode=True, sort_keys=False)


def _title(name: str) -> str:
    """The first heading of a page of docs/."""
    text = (paths.ROOT / "docs" / name).read_text("utf-8")
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else name


def _home() -> str:
    """What the course is, three doors, and the map of its projects."""
    readme = (paths.ROOT / "README.md").read_text("utf-8")
    introduction = readme.partition("\n## ")[0]
    table = re.search(r"^\| \| project .*?(?=\n\n)", readme, re.MULTILINE | re.DOTALL)
    doors = (
        ("You take the course", "for-students.md", "set up, work, look things up"),
        ("You teach it", "instructor.md", "from a clone to the first graded class"),
        ("You write for it", "authoring.md", "from an idea to a proven check"),
    )
    lines = [
        introduction.strip(),
        "",
        "## Where to begin",
        "",
        *(f"- **[{who}]({page})**: {what}" for who, page, what in doors),
    ]
    lines += ["", "## The projects", ""]
    for row in table[0].splitlines() if table else []:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        known = {entry.id: entry for entry in projects()}
        if cells[0] in known:
            cells[1] = f"[{cells[1]}](lessons/{cells[0]}.md)"
        lines.append("| " + " | ".join([*cells[:2], cells[3]]) + " |")
    return "\n".join(lines) + "\n"


def _api() -> Iterator[str]:
    """The package, module by module: what each is for, and its public functions and classes in a line each."""
    yield "# The package\n\nThe modules of `course/`, and what each is for. `help(course.training.fit)` says more.\n"
    for file in sorted((paths.ROOT / "course").rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        name = ".".join(file.relative_to(paths.ROOT).with_suffix("").parts).removesuffix(".__init__")
        said = _first(ast.get_docstring(tree))
        if not said:
            continue
        yield f"## `{name}`\n\n{said}\n"
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            if line := _first(ast.get_docstring(node)):
                yield f"- `{node.name}`: {line}"
        yield ""


def _first(docstring: str | None) -> str:
    """The first paragraph in one line, without what Markdown would take for a tag."""
    return " ".join((docstring or "").partition("\n\n")[0].split()).replace("<", "&lt;")


def _linked(text: str, name: str, made: dict[str, str]) -> str:
    """The text with links that lead somewhere on the site; others become the path of the file that they name."""
    up = "../" if name.startswith("lessons/") else ""

    def kept(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        page, _, anchor = target.partition("#")
        flat = page.removeprefix("../").removeprefix("docs/")
        if flat in made:
            return f"[{words}]({up}{flat}{'#' + anchor if anchor else ''})"
        return words if words.strip("`").endswith(page.rpartition("/")[2]) else f"{words} (`{page}`)"

    return LINK.sub(kept, text)

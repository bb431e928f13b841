"""What the checks of a project ask, read from the text of its grader: nothing is imported, so it is there at once.

`course.checks.check.checks_of` has the same and more, for who runs them, and takes seconds. A test compares the two.
"""

import ast
from dataclasses import dataclass
from typing import Any

from course import paths
from course.catalog import Project


@dataclass(frozen=True)
class Question:
    """A check, as far as it speaks to a student: see `course.checks.check.Check`."""

    task: str
    name: str
    title: str
    why: str
    hint: str
    points: int
    slow: bool


def questions(entry: Project) -> list[Question]:
    """Those of a project, in the order of its grader."""
    tree = ast.parse((paths.ROOT / "graders" / entry.grader).read_bytes())
    return [found for node in tree.body if isinstance(node, ast.FunctionDef) and (found := _question(node))]


def _question(node: ast.FunctionDef) -> Question | None:
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check":
            said = {keyword.arg: _said(keyword.value) for keyword in call.keywords}
            return Question(
                task=str(_said(call.args[0])),
                name=node.name,
                title=said.get("title") or node.name.removeprefix("test_").replace("_", " "),
                why=ast.get_docstring(node) or "",
                hint=said["hint"],
                points=said["points"],
                slow=bool(said.get("slow")),
            )
    return None


def _said(node: ast.expr) -> Any:
    """A constant; of a phrase that is put together when the grader runs, the parts that stand there, with "…" for the rest."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return "…"

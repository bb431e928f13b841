"""The text of a lesson, for tests that prove what it says."""

import re

import jupytext

from course import paths
from course.catalog import project


def cells(id: str) -> list[str]:
    """The Markdown cells of a project's solution."""
    text = (paths.ROOT / "solutions" / f"{project(id).module}.py").read_text("utf-8")
    notebook = jupytext.reads(text, fmt={"extension": ".py", "format_name": "percent"})
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def words(id: str) -> str:
    """All of it in one line, as a reader reads it."""
    return " ".join("\n".join(cells(id)).split())


def sessions(id: str) -> str:
    """Its fenced blocks that show a session with Python (`>>> …`), one below the other."""
    blocks = re.findall(r"^```python\n(.*?)^```", "\n".join(cells(id)), re.MULTILINE | re.DOTALL)
    return "\n".join(block for block in blocks if ">>>" in block)

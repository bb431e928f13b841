"""Notebooks beside that a cell runs by `%run setup.ipynb`: their code travels with the work, as a module."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from course import limits
from course.cells.notebook import cells_of, source_of
from course.cells.python import statements

RUN = re.compile(r"%run\s+(?:-\S+\s+)*[\"'\\]*(?:[^\s\"']*/)?([^\s/\"'\\]+\.ipynb)")


def run_by(text: str) -> list[str]:
    """Names of the notebooks that a text runs."""
    return list(dict.fromkeys(RUN.findall(text)[: limits.BESIDE]))


def carried(folder: Path, text: str, read: Callable[[Path], bytes] = Path.read_bytes) -> dict[str, bytes]:
    """{"setup.ipynb.py": its code} of those that lie in `folder`; what cannot be read is left out.

    Args:
        read: reads a file, or raises OSError or ValueError.
    """
    found = {}
    for name in run_by(text):
        made = folder / f"{name}.py"  # it has travelled already
        with suppress(OSError, ValueError, SyntaxError, RecursionError, MemoryError):
            if made.is_file():
                found[made.name] = read(made)
                continue
            cells = [cell for cell in cells_of(read(folder / name)) if cell.get("cell_type") == "code"]
            code = [statement.text for cell in cells for statement in statements(source_of(cell))]
            found[f"{name}.py"] = "\n".join(code).encode()
    return found

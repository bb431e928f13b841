"""The upstream functions that a check stands on, as source: they, and what they use, cut out of the solution. Nothing is run.

A worker that had the whole solution would have the answer one line away. So it gets the text of those functions alone, and never
that of the function which is judged.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

from course.cells.python import Statement, statements


def upstream(reference: Path, needs: Sequence[str], task: str) -> str:
    """The source of functions of a solution, with the imports and everything else that they use.

    Args:
        reference: the solution.
        needs: the functions; with none the text is empty.
        task: the function that is judged.

    Raises:
        ValueError: one of them uses the function that is judged.
    """
    return _cut(reference, reference.stat().st_mtime_ns, tuple(needs), task) if needs else ""


@functools.lru_cache(maxsize=256)
def _cut(reference: Path, _: int, needs: tuple[str, ...], task: str) -> str:
    read = [s for s in statements(reference.read_text("utf-8")) if not s.is_guard and not s.does_nothing]
    wanted, kept = set(needs), list[Statement]()
    while new := [s for s in read if s not in kept and (s.binds & wanted or _imports(s))]:
        kept += new
        wanted |= {name for statement in new for name in statement.uses}
    if any(task in statement.binds for statement in kept):
        raise ValueError(f"{', '.join(needs)} of {reference.name} cannot be had without {task}, which is judged")
    return "\n\n".join(s.text for s in read if s in kept)


def _imports(statement: Statement) -> bool:
    return statement.text.startswith(("import ", "from "))

"""Where `pytest --pdb` stands when a check has failed: in the student's code, or else in the check, and never in our engine."""

from __future__ import annotations

import ast
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from course.source import definitions

if TYPE_CHECKING:
    from course.checks.session import Session


def where_it_failed(session: Session, file: Path) -> TracebackType | None:
    """The student's innermost frame; where nothing was raised there, that of the check that compared."""
    for fault, inside in (
        (getattr(getattr(session, "worker", None), "fault", None), str(file)),
        (session.fault, "graders"),
    ):
        frames = []
        entry = fault.__traceback__ if fault is not None else None
        while entry is not None:
            frames.append(entry)
            entry = entry.tb_next
        named = [k for k, each in enumerate(frames) if inside in (each.tb_frame.f_code.co_filename, *_folders(each))]
        found: TracebackType | None = None
        for each in reversed(frames[named[0] : named[-1] + 1] if named else []):
            found = TracebackType(found, each.tb_frame, each.tb_lasti, each.tb_lineno)
        if found is not None:
            return found
    return None


def at_the_function(file: Path, task: str) -> TracebackType | None:
    """A frame at the last line of a function that has not run: its TODO. None where there is no such function."""
    try:
        node = definitions(ast.parse(file.read_bytes())).get(task)
        line = node.body[-1].lineno if isinstance(node, ast.FunctionDef | ast.ClassDef) else 1
        exec(compile("\n" * (line - 1) + "raise LookupError", str(file), "exec"), {"__name__": file.stem})
    except (SyntaxError, ValueError):
        return None
    except LookupError as fault:
        return fault.__traceback__.tb_next if fault.__traceback__ else None
    return None


def _folders(entry: TracebackType) -> tuple[str, ...]:
    return Path(entry.tb_frame.f_code.co_filename).parts[:-1]

"""What the author's linter knows of a project: its checks, mistakes and alternatives, and the functions of its solution.

Grader, mistakes and alternatives are imported, so what is judged is what would run; of the solution the source is enough.
"""

import ast
import functools
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from course.authoring.proofs.variants import Variant, alternatives_of, mistakes_of
from course.catalog import Project
from course.checks.check import Check, bonuses_of, checks_of
from course.source import Definition, definitions


@dataclass(frozen=True)
class Finding:
    """Something that does not hold.

    Args:
        file: below the root of the checkout.
        line: from 1.
        what: what is wrong, without a full stop.
        cure: what to do about it.
    """

    file: str
    line: int
    what: str
    cure: str


@dataclass
class Sources:
    """One project as its author wrote it.

    Args:
        checks: bonuses too.
        tests: (name, line) of every test in the grader, those that are no checks too.
        functions: what stands at the top of the solution, by name.
        unread: files that are missing, do not parse or cannot be imported.
    """

    entry: Project
    root: Path
    checks: list[Check] = field(default_factory=list)
    tests: list[tuple[str, int]] = field(default_factory=list)
    mistakes: list[Variant] = field(default_factory=list)
    alternatives: list[Variant] = field(default_factory=list)
    functions: dict[str, Definition] = field(default_factory=dict)
    unread: list[Finding] = field(default_factory=list)

    @property
    def solution(self) -> str:
        """The solution's file, below the root."""
        return f"solutions/{self.entry.module}.py"

    @property
    def grader(self) -> str:
        """The grader's file."""
        return f"graders/{self.entry.grader}"

    @property
    def mistakes_file(self) -> str:
        """The file of its mistakes."""
        return f"graders/proofs/{self.entry.folder}/mistakes.py"

    @property
    def alternatives_file(self) -> str:
        """The file of its alternatives."""
        return f"graders/proofs/{self.entry.folder}/alternatives.py"

    @property
    def contract_file(self) -> str:
        """The file that says which check proves which sentence."""
        return f"graders/proofs/{self.entry.folder}/contract.toml"

    def written(self) -> list[Definition]:
        """The functions of the catalog, as the solution has them."""
        return [self.functions[f.name] for f in self.entry.functions if f.name in self.functions]

    def catalog_line(self, task: str = "") -> int:
        """The line of course/catalog.toml where the project, or one of its functions, stands."""
        return _catalog_lines(self.root).get((self.entry.id, task), 1)


def read(entry: Project, root: Path) -> Sources:
    """All that is written about a project."""
    found = Sources(entry, root)
    found.functions = _loaded(found, found.solution, lambda: definitions(_parsed(root / found.solution))) or {}
    found.checks = _loaded(found, found.grader, lambda: [*checks_of(entry), *bonuses_of(entry)]) or []
    if found.checks:
        top = _parsed(root / found.grader).body
        found.tests = [(n.name, n.lineno) for n in top if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    found.mistakes = _loaded(found, found.mistakes_file, lambda: _placed(mistakes_of(entry), root)) or []
    found.alternatives = _loaded(found, found.alternatives_file, lambda: _placed(alternatives_of(entry), root)) or []
    return found


def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"), str(file))


def _placed(variants: list[Variant], root: Path) -> list[Variant]:
    """The variants with their files as seen from the root."""
    return [replace(one, file=Path(os.path.relpath(one.file, root)).as_posix()) for one in variants]


def _loaded(found: Sources, name: str, load: Callable[[], Any]) -> Any:
    """What `load` makes of a file; None, and a finding, where that cannot be."""
    if not (found.root / name).is_file():
        found.unread.append(
            Finding(name, 1, "this file is missing", "Write it; docs/authoring.md says what stands in it.")
        )
        return None
    try:
        return load()
    except Exception as fault:  # whatever an author's file does while it is imported
        where = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(fault.__traceback__)]
        said = f"this cannot be imported: {type(fault).__name__}: {fault}"
        if isinstance(fault, SyntaxError):
            where, said = [(fault.filename or "", fault.lineno)], fault.msg
        file, line = next(
            ((file, line) for file, line in reversed(where) if Path(file).is_relative_to(found.root / "graders")),
            (str(found.root / name), where[-1][1] if isinstance(fault, SyntaxError) else 1),
        )
        cure = "Mend it, and look again: the rest of the project is not judged before."
        found.unread.append(Finding(Path(file).relative_to(found.root).as_posix(), line or 1, said.rstrip("."), cure))
    return None


@functools.cache
def _catalog_lines(root: Path) -> dict[tuple[str, str], int]:
    lines: dict[tuple[str, str], int] = {}
    file, id = root / "course" / "catalog.toml", ""
    for number, line in enumerate(file.read_text("utf-8").splitlines() if file.is_file() else [], 1):
        if line.startswith("id = "):
            id = line.split('"')[1]
            lines[id, ""] = number
        elif 'name = "' in line:
            lines[id, line.split('name = "')[1].split('"')[0]] = number
    return lines

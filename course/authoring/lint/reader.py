"""What the author's linter knows of a project: checks, mistakes, alternatives and contracts, read from the files and never run.

So it needs no torch and answers in a second, and it can say in which line a thing stands. A module of mistakes may put names for
strings at its top and write several registrations as one loop over a literal; that much is worked out here (`Constants`), and what
is more than that cannot be read.
"""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.authoring.stubs import DEFINITIONS
from course.catalog import Project


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


@dataclass(frozen=True)
class CheckText:
    """A check as it is written: `course.checks.check.Check`, and where it stands."""

    task: str
    name: str
    points: int
    hint: str
    why: str
    needs: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True)
class VariantText:
    """A mistake, or an alternative (`caught_by` is None), as it is written."""

    task: str
    name: str
    says: str
    caught_by: str | None
    file: str
    line: int


@dataclass
class Sources:
    """One project as its author wrote it.

    Args:
        stray: (name, line) of tests in the grader that are no checks.
        functions: what stands at the top of the solution, by name.
        unread: registrations that cannot be read without running the file.
    """

    entry: Project
    root: Path
    checks: list[CheckText] = field(default_factory=list)
    stray: list[tuple[str, int]] = field(default_factory=list)
    mistakes: list[VariantText] = field(default_factory=list)
    alternatives: list[VariantText] = field(default_factory=list)
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = field(default_factory=dict)
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

    def written(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
        """The functions of the catalog, as the solution has them."""
        return [self.functions[f.name] for f in self.entry.functions if f.name in self.functions]

    def catalog_line(self, task: str = "") -> int:
        """The line of course/catalog.toml where the project, or one of its functions, stands."""
        return _catalog_lines(self.root).get((self.entry.id, task), 1)


def read(entry: Project, root: Path) -> Sources:
    """All that is written about a project; a file that is missing or does not parse is among `unread`."""
    found = Sources(entry, root)
    if (tree := _parsed(found, found.solution)) is not None:
        found.functions = {node.name: node for node in tree.body if isinstance(node, DEFINITIONS)}
    if (tree := _parsed(found, found.grader)) is not None:
        _read_checks(found, tree)
    if (tree := _parsed(found, found.mistakes_file)) is not None:
        _read_variants(found, tree, found.mistakes_file, found.mistakes)
    if (tree := _parsed(found, found.alternatives_file)) is not None:
        _read_variants(found, tree, found.alternatives_file, found.alternatives)
    return found


def _parsed(found: Sources, name: str) -> ast.Module | None:
    try:
        return ast.parse((found.root / name).read_text("utf-8"))
    except FileNotFoundError:
        found.unread.append(
            Finding(name, 1, "this file is missing", "Write it; docs/authoring.md says what stands in it.")
        )
    except SyntaxError as fault:
        found.unread.append(Finding(name, fault.lineno or 1, f"{fault.msg}", "Mend it; it has to be valid Python."))
    return None


METHODS = {"lower", "upper", "split", "replace", "strip"}  # of a string, as a loop over layers uses them for its names


class Unreadable(Exception):
    """An expression that only running the file would tell."""


class Constants(dict[str, Any]):
    """The names at the top of a module that stand for strings, numbers and tuples of them."""

    def value(self, node: ast.expr) -> Any:
        """What an expression of literals and known names is.

        Raises:
            Unreadable: it is more than that.
        """
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name) and node.id in self:
            return self[node.id]
        if isinstance(node, ast.Tuple | ast.List):
            return tuple(self.value(part) for part in node.elts)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.value(node.left) + self.value(node.right)
        if isinstance(node, ast.JoinedStr):
            return "".join(str(self.value(part)) for part in node.values)
        if isinstance(node, ast.FormattedValue) and node.format_spec is None and node.conversion == -1:
            return self.value(node.value)
        if isinstance(node, ast.Subscript):
            return self.value(node.value)[self.value(node.slice)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            return getattr(str(self.value(node.func.value)), node.func.attr)(*map(self.value, node.args))
        raise Unreadable(ast.unparse(node))

    def assign(self, target: ast.expr, value: Any) -> None:
        """Bind a name, or a tuple of names."""
        if isinstance(target, ast.Name):
            self[target.id] = value
        elif isinstance(target, ast.Tuple) and isinstance(value, tuple):
            for one, part in zip(target.elts, value, strict=True):
                self.assign(one, part)

    def statements(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        """The statements of a module's top, loops over literals unrolled; names are known when their statement comes."""
        for node in body:
            if isinstance(node, ast.Assign):
                try:
                    value = self.value(node.value)
                except Unreadable:
                    continue
                for target in node.targets:
                    self.assign(target, value)
            elif isinstance(node, ast.For):
                try:
                    values = self.value(node.iter)
                except Unreadable:
                    yield node
                    continue
                for value in values:
                    self.assign(node.target, value)
                    yield from self.statements(node.body)
            else:
                yield node


def _read_checks(found: Sources, tree: ast.Module) -> None:
    known = Constants()
    for node in known.statements(tree.body):
        if not isinstance(node, ast.FunctionDef):
            continue
        call = _call_of(node.decorator_list, "check")
        if call is None:
            if node.name.startswith("test_"):
                found.stray.append((node.name, node.lineno))
            continue
        given = _given(found, found.grader, call, known, {"points": 0, "hint": "", "needs": ()})
        if given is not None:
            points, hint, needs = given["points"], given["hint"], tuple(given["needs"])
            why = ast.get_docstring(node) or ""
            found.checks.append(
                CheckText(given["task"], node.name, points, hint, why, needs, found.grader, node.lineno)
            )


def _read_variants(found: Sources, tree: ast.Module, file: str, into: list[VariantText]) -> None:
    """Decorated functions and classes, and calls of `patch`."""
    known = Constants()
    for node in known.statements(tree.body):
        if isinstance(node, DEFINITIONS):
            call = _call_of(node.decorator_list, "mistake", "alternative")
        else:
            call = _call_of([node.value], "patch") if isinstance(node, ast.Expr) else None
        if call is None:
            continue
        given = _given(
            found, file, call, known, {"name": getattr(node, "name", ""), "caught_by": None, "says": "", "how": ""}
        )
        if given is not None:
            says = given["says"] or given["how"]
            into.append(VariantText(given["task"], given["name"], says, given["caught_by"], file, node.lineno))


def _call_of(expressions: list[ast.expr], *names: str) -> ast.Call | None:
    calls = (e for e in expressions if isinstance(e, ast.Call) and isinstance(e.func, ast.Name))
    return next((call for call in calls if call.func.id in names), None)  # type: ignore[attr-defined]


def _given(
    found: Sources, file: str, call: ast.Call, known: Constants, fields: dict[str, Any]
) -> dict[str, Any] | None:
    """The first argument as "task", and those of `fields` that are given."""
    try:
        values = {k.arg: known.value(k.value) for k in call.keywords if k.arg in fields}
        return {**fields, **values, "task": known.value(call.args[0])}
    except (Unreadable, IndexError) as fault:
        what = f"`{fault}` cannot be read without running the file" if str(fault) else "this names no function"
        found.unread.append(Finding(file, call.lineno, what, "Write it as a string, or as a name for one above."))
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

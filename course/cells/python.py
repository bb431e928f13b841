"""The text of a cell as Python: its statements, and for each the names that it binds and uses. Nothing is run.

What is no Python, such as `%time fit()` or `!pip install x`, is read as IPython reads it, by its own transformer. A command becomes
a call of `get_ipython()`; what `%time` and `%%time` measure becomes a part of the cell.
"""

import ast
import re
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from course import limits
from course.source import DEFINITIONS

MEASURING = ("time", "capture", "prun", "debug")  # magics that run what follows them as if it stood there alone
OURS = "course.notebook"  # what the check cells import
Node = TypeVar("Node", bound=ast.AST)
STAR = "*"  # bound by `from x import *`, `globals()[name] = …`, `%run setup.ipynb`: nobody knows what


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a cell.

    Args:
        text: it, without comments and layout: two that are equal do the same.
        binds: names of the module that it binds or deletes.
        uses: names of the module that it or a function in it looks up. A file that it writes or imports is "file:helpers".
        sets: names that a function in it declares global.
    """

    node: ast.stmt
    text: str
    binds: frozenset[str]
    uses: frozenset[str]
    sets: frozenset[str] = frozenset()

    @property
    def defines(self) -> bool:
        """Is it a definition or an import, or a choice between some?"""
        kinds = (*DEFINITIONS, ast.Import, ast.ImportFrom)
        if isinstance(self.node, ast.If | ast.Try | ast.TryStar | ast.With) and not self.is_guard:
            return any(isinstance(inner, kinds) for inner in ast.walk(self.node))
        return isinstance(self.node, kinds)

    @property
    def is_guard(self) -> bool:
        """Is it `if __name__ == "__main__"`?"""
        return isinstance(self.node, ast.If) and "__name__" in ast.unparse(self.node.test)

    @property
    def is_future(self) -> bool:
        """Is it `from __future__ import …`?"""
        return isinstance(self.node, ast.ImportFrom) and self.node.module == "__future__"

    @property
    def decorators(self) -> frozenset[str]:
        """The names that the decorators of a function or a class begin with."""
        found = getattr(self.node, "decorator_list", [])
        return frozenset(n.id for one in found for n in ast.walk(one) if isinstance(n, ast.Name))

    @property
    def checks(self) -> bool:
        """Is it a check cell's import, which is nothing of the student's?"""
        return isinstance(self.node, ast.ImportFrom) and self.node.module == OURS

    @property
    def does_nothing(self) -> bool:
        """A docstring, a number, `pass`."""
        node = self.node
        return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def statements(source: str) -> list[Statement]:
    """The statements of a cell, with the line numbers of the cell.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it cannot be read.
    """
    return [_statement(node) for node in parse(source).body]


def parse(source: str) -> ast.Module:
    """The syntax tree of a cell.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it cannot be read.
    """
    if len(source) > limits.CELL_CHARACTERS:
        raise ValueError(f"it has {len(source)} characters, and {limits.CELL_CHARACTERS} is the most that is read")
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    try:
        tree = _tree(source)
    except SyntaxError:
        plain = _without_commands(source)
        if plain == source:
            raise
        tree = _tree(plain)
    return ast.fix_missing_locations(_Measured().visit(tree)) if "%" in source or "get_ipython" in source else tree


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of "\d" in a string: Python says it to whoever runs the cell
        return ast.parse(source)


def _without_commands(source: str) -> str:
    """The cell as IPython hands it to Python; the same text where there is no IPython."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return source
    lines = source.split("\n")
    first = 0
    while first < len(lines):
        measuring = re.match(r"\s*%%(\w+)", lines[first])
        if lines[first].strip() and not (measuring and measuring[1] in MEASURING):
            break
        lines[first] = ""
        first += 1
    try:
        return "\n" * first + TransformerManager().transform_cell("\n".join(lines[first:]))
    except (SyntaxError, RuntimeError):
        return "\n".join(lines)


class _Measured(ast.NodeTransformer):
    """Puts the code that a magic measures in the place of the magic."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        code = _measured(node.value)
        if code is not None:
            try:
                return [_at(node, statement) for statement in _tree(code).body]
            except SyntaxError:
                return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        code = _measured(node)
        if code is not None:
            try:
                return _at(node, ast.parse(code, mode="eval").body)
            except SyntaxError:
                return node
        return self.generic_visit(node)


def _measured(node: ast.expr) -> str | None:
    match node:
        case (
            ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr="run_line_magic"),
                args=[ast.Constant(value=name), ast.Constant(value=str(code))],
            )
            | ast.Call(  # as `jupyter nbconvert --to script` writes `%%time`
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr="run_cell_magic"),
                args=[ast.Constant(value=name), _, ast.Constant(value=str(code))],
            )
        ) if name in MEASURING:
            return code
    return None


def _at(place: ast.AST, node: Node) -> Node:
    for inner in ast.walk(node):
        ast.copy_location(inner, place)
    return node


def _statement(node: ast.stmt) -> Statement:
    text = ast.unparse(node)
    binds = frozenset({*_bound(node), *_files_written(node), *_bound_by_chance(node)})
    uses, sets = set(_files_imported(node)), set[str]()
    try:
        table = symtable.symtable(text, "cell", "exec")
    except (SyntaxError, ValueError):  # Python refuses it, or it awaits something; names are known all the same
        read = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)}
        return Statement(node, text, binds, frozenset(uses | read))
    for symbol in table.get_symbols():
        inlined = symbol.is_assigned() and symbol.get_name() not in binds  # the variable of a comprehension, since 3.12
        if symbol.is_referenced() and not inlined:
            uses.add(symbol.get_name())
    for inner in _below(table):
        for symbol in inner.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                uses.add(symbol.get_name())
            if symbol.is_declared_global():
                sets.add(symbol.get_name())
                uses.add(symbol.get_name())  # `COUNT += 1` reads it too, and symtable does not say so
    return Statement(node, text, binds, frozenset(uses), frozenset(sets))


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that running a statement binds in its own scope."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            return
        case ast.Lambda():
            return
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            walruses = [inner.target for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
            yield from (target.id for target in walruses)
            return
        case ast.Name(ctx=ast.Store() | ast.Del()):
            yield node.id
        case ast.alias():
            yield node.asname or node.name.split(".")[0]  # STAR among them
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def _bound_by_chance(node: ast.AST) -> Iterator[str]:
    """STAR where a statement binds names that stand in no text: by `globals()`, `exec` or `%run`, outside of functions."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
            return
        case ast.Call(func=ast.Name(id="globals" | "exec")) | ast.Call(func=ast.Name(id="vars" | "locals"), args=[]):
            yield STAR
        case ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[ast.Constant(value="run"), *_]):
            yield STAR
    for child in ast.iter_child_nodes(node):
        yield from _bound_by_chance(child)


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)


def _files_written(node: ast.stmt) -> Iterator[str]:
    """`%%writefile helpers.py` makes a module that a later cell can import."""
    match node:
        case ast.Expr(
            ast.Call(
                func=ast.Attribute(attr="run_cell_magic"),
                args=[ast.Constant("writefile" | "file"), ast.Constant(str(name)), *_],
            )
        ):
            yield f"file:{name.split()[-1].removesuffix('.py')}" if name.split() else "file:"


def _files_imported(node: ast.stmt) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (f"file:{alias.name.split('.')[0]}" for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom) and inner.module and not inner.level:
            yield f"file:{inner.module.split('.')[0]}"

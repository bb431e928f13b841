"""Rules of the author's linter about numbers: no verdict by a clock, and no tolerance and no threshold without a reason.

A reason is a comment in the statement, on the line above it, or further up in the same function if it names the number
(`# 1e-6: float32 division is right to about 1e-7`); or a docstring that names it.
"""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.authoring.lint.reader import Finding

CLOCKS = {
    "time",
    "time_ns",
    "perf_counter",
    "perf_counter_ns",
    "monotonic",
    "monotonic_ns",
    "process_time",
    "thread_time",
}
EXACT = (0.0, 1.0)  # the ends of a share or a probability, and no tolerance at all: they need no reason
FEW = 2  # "at least one", "more than two": a whole number that is compared speaks for itself up to here
BOUNDS = {"expect_at_least": 1, "expect_at_most": 1, "expect_close": 3, "expect_float": 2, "expect_tensor": 2}
TOLERANT = {"allclose", "isclose", "assert_close", "approx"}  # with tolerances of their own where none is given
ORDERED = ast.Lt | ast.LtE | ast.Gt | ast.GtE
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """A parsed file with its comments by line."""

    name: str
    tree: ast.Module
    comments: dict[int, str]
    lines: list[str]


def load(file: Path, root: Path) -> Module | None:
    """The file; None if it is no Python (said elsewhere)."""
    text = file.read_text("utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    return Module(file.relative_to(root).as_posix(), tree, comments, text.splitlines())


# -- clocks -------------------------------------------------------------------------------------------------------------


def clocks(module: Module) -> Iterator[Finding]:
    """Assertions, and calls of `expect…`, that compare a time; time limits of a test; hypothesis' deadlines."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "timeit")
        for alias in node.names
    }
    cure = "Take it out: a busy machine is nobody's mistake. Speed is measured in benchmarks/, as a ratio in one run."
    for scope in (n for n in ast.walk(module.tree) if isinstance(n, Function)):
        timed = _timed_names(scope, imported)
        for node in (n for n in ast.walk(scope) if isinstance(n, ast.Assert | ast.Call)):
            judged = node.test if isinstance(node, ast.Assert) else node
            if (isinstance(node, ast.Assert) or _is_expect(node)) and any(
                _is_timed(part, timed, imported) for part in _compared(judged)
            ):
                yield Finding(module.name, node.lineno, "this asserts a time", cure)
    for part in ast.walk(module.tree):
        if isinstance(part, ast.Attribute) and part.attr == "timeout" and _dotted(part.value).endswith("mark"):
            yield Finding(module.name, part.lineno, "a mark limits the time of a test", cure)
        if isinstance(part, ast.Call) and _dotted(part.func).rpartition(".")[2] == "settings":
            for keyword in part.keywords:
                given = keyword.value
                if keyword.arg == "deadline" and not (isinstance(given, ast.Constant) and given.value is None):
                    said = "a deadline limits the time of an example"
                    yield Finding(module.name, given.lineno, said, "Write deadline=None.")


def _timed_names(scope: ast.AST, imported: set[str]) -> set[str]:
    """Names that are computed from a clock in this function."""
    assigned = [
        (target.id, node.value)
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None
        for outer in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for target in ast.walk(outer)
        if isinstance(target, ast.Name)
    ]
    names: set[str] = set()
    while new := {name for name, value in assigned if name not in names and _is_timed(value, names, imported)}:
        names |= new
    return names


def _is_timed(node: ast.AST, names: set[str], imported: set[str]) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and (part.id in names or part.id in imported & CLOCKS):
            return True
        if isinstance(part, ast.Attribute) and part.attr in CLOCKS and _dotted(part.value) in ("time", "timeit"):
            return True
    return False


def _compared(judged: ast.AST) -> Iterator[ast.AST]:
    """The operands of comparisons of size, and what is given to `expect…` as it is."""
    for node in ast.walk(judged):
        if isinstance(node, ast.Compare) and any(isinstance(op, ORDERED) for op in node.ops):
            yield from [node.left, *node.comparators]
    if isinstance(judged, ast.Call):
        yield from judged.args


def _is_expect(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("expect")


def _dotted(node: ast.AST) -> str:
    try:
        return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    except ValueError:
        return ""


# -- tolerances and thresholds ------------------------------------------------------------------------------------------


def reasons(module: Module) -> Iterator[Finding]:
    """Tolerances, bounds and compared floats that no comment and no docstring explains."""
    for function in (node for node in ast.walk(module.tree) if isinstance(node, Function)):
        for statement in _statements(function):
            for node in _own(statement):
                for number in _numbers(node):
                    if not _explained(module, function, statement, number):
                        said = f"{function.name}: nothing says why {_written(module, number)}"
                        cure = "Say it in a comment there: what right code reaches, and what wrong code does."
                        yield Finding(module.name, number.lineno, said, cure)


def _statements(function: Function) -> Iterator[ast.stmt]:
    """The statements of a function, inner blocks included, inner functions not."""
    todo: list[ast.AST] = [*function.body]
    while todo:
        node = todo.pop(0)
        if isinstance(node, Function | ast.ClassDef):
            continue
        if isinstance(node, ast.stmt):
            yield node
        todo += [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt | ast.ExceptHandler)]


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement, without those of the statements within it."""
    todo = [n for n in ast.iter_child_nodes(statement) if not isinstance(n, ast.stmt | ast.ExceptHandler)]
    while todo:
        node = todo.pop()
        yield node
        todo += list(ast.iter_child_nodes(node))


def _numbers(node: ast.AST) -> Iterator[ast.expr]:
    """The literals in this node that decide whether something is near enough, or large enough."""
    if isinstance(node, ast.Call):
        name = _dotted(node.func).rpartition(".")[2]
        given = [k.value for k in node.keywords if k.arg in ("rtol", "atol", "low", "high", "bound", "abs", "rel")]
        known = [k.arg for k in node.keywords]
        if name in BOUNDS:
            given += node.args[BOUNDS[name] :]
        elif name not in TOLERANT:
            return
        elif not {"atol", "rtol", "abs", "rel"} & set(known):
            yield node  # torch's own tolerances
        for value in given:
            yield from _floats(value, counts=name in ("expect_at_least", "expect_at_most"))
    elif isinstance(node, ast.Compare) and any(isinstance(op, ORDERED) for op in node.ops):
        for part in [node.left, *node.comparators]:
            yield from _floats(part, counts=True)


def _floats(value: ast.expr, counts: bool = False) -> Iterator[ast.expr]:
    """Float literals of an expression but 0 and 1, with `counts` whole numbers above FEW too; of calls and lists none: inputs."""
    if isinstance(value, ast.Constant):
        number: Any = value.value
        kind = type(number)
        if (kind is float and number not in EXACT) or (kind is int and counts and number > FEW):
            yield value
    elif isinstance(value, ast.UnaryOp):
        yield from _floats(value.operand, counts)
    elif isinstance(value, ast.BinOp):
        yield from _floats(value.left, counts)
        yield from _floats(value.right, counts)


def _explained(module: Module, function: Function, statement: ast.stmt, number: ast.expr) -> bool:
    last = statement.end_lineno or statement.lineno
    if any(isinstance(n, ast.stmt) for n in ast.iter_child_nodes(statement)):
        last = number.end_lineno or number.lineno  # of a compound statement its head
    if any(_says(module.comments.get(line, "")) for line in range(statement.lineno, last + 1)):
        return True
    above = statement.lineno - 1
    if _is_comment(module, above) and _says(module.comments[above]):
        return True
    written = _written(module, number)
    said = [text for line, text in module.comments.items() if function.lineno <= line < statement.lineno]
    return any(_names(text, written) for text in [*said, ast.get_docstring(function) or ""])


def _written(module: Module, number: ast.expr) -> str:
    """As it stands in the file: 1e-4, not 0.0001."""
    return (
        ast.unparse(number)
        if isinstance(number, ast.Call)
        else module.lines[number.lineno - 1][number.col_offset : number.end_col_offset]
    )


def _is_comment(module: Module, line: int) -> bool:
    return line in module.comments and module.lines[line - 1].lstrip().startswith("#")


def _says(comment: str) -> bool:
    return bool(comment) and not comment.startswith(("# noqa", "# type:"))


@functools.cache
def _pattern(written: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\d.]){re.escape(written)}(?![\d.]*\d)")


def _names(text: str, written: str) -> bool:
    return _pattern(written).search(text) is not None

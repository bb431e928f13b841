"""A student's code as what likeness compares: for each function its words, without what a disguise changes.

Comments, docstrings, blanks, quotation marks and annotations go; names that the student has chosen become one word; strings become
another. What torch calls its things stays: `zero_grad` says more than any name of a variable. Each word knows its line.
"""

import ast
import copy
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from course.catalog import Project
from course.cells.notebook import cells_of, given_of, source_of
from course.source import lines_of

NAME, TEXT = "v", '""'
REST = "own code"  # what stands outside the functions


@dataclass(frozen=True)
class Part:
    """A function, or what stands outside of all.

    Args:
        text: as the student wrote it.
        words: of the code; `lines[i]` is the line of words[i], from 0, in `text`.
    """

    name: str
    text: str
    words: tuple[str, ...]
    lines: tuple[int, ...]


def parts_of(content: bytes, file: str, entry: Project) -> list[Part]:
    """The functions of a notebook or module, and one part for what else the student wrote; what is no Python is left out."""
    found: list[Part] = []
    rest: list[Part] = []
    for text in _texts(content, file, entry):
        lines = text.split("\n")
        try:
            body = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            first, last = lines_of(node)
            own = "\n".join(lines[first - 1 : last])
            part = _part(getattr(node, "name", REST), own, node, first)
            (rest if part.name == REST else found).append(part)
    if rest:
        found.append(_joined(rest))
    return found


def _texts(content: bytes, file: str, entry: Project) -> Iterator[str]:
    """The module, or the code of each cell that is not the release's own; magics of a notebook are left out."""
    if not file.lower().endswith(".ipynb"):
        yield content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
        return
    given = set(given_of(entry.id).values())
    try:
        cells = cells_of(content)
    except ValueError:
        return
    for cell in cells:
        text = source_of(cell)
        if cell.get("cell_type") == "code" and text not in given:
            yield "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in text.split("\n"))


def _joined(parts: list[Part]) -> Part:
    words: list[str] = []
    lines: list[int] = []
    texts: list[str] = []
    for part in parts:
        start = sum(text.count("\n") + 1 for text in texts)
        words += part.words
        lines += [start + line for line in part.lines]
        texts.append(part.text)
    return Part(REST, "\n".join(texts), tuple(words), tuple(lines))


def _part(name: str, text: str, node: ast.stmt, first: int) -> Part:
    chosen = _chosen(node)
    words: list[str] = []
    lines: list[int] = []
    for line, said in _statements(_Plain(chosen).visit(copy.deepcopy(node))):
        new = _split(said)
        words += new
        lines += [line - first] * len(new)
    return Part(name, text, tuple(words), tuple(lines))


def _chosen(node: ast.AST) -> set[str]:
    """The names that are bound somewhere in it: those that whoever copies may change."""
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store | ast.Del):
            found.add(one.id)
        elif isinstance(one, ast.arg):
            found.add(one.arg)
        elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler) and one.name:
            found.add(one.name)
    return found


class _Plain(ast.NodeTransformer):
    """Takes out of a function what a disguise changes."""

    def __init__(self, chosen: set[str]) -> None:
        self.chosen = chosen

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = NAME if node.id in self.chosen else node.id
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = NAME, None
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str | bytes) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant("")

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._named(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._named(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        node.name = NAME if node.name else None
        return node

    def _named(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.name = NAME
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        said = node.body[0]
        if isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant) and len(node.body) > 1:
            del node.body[0]
        return node


def _statements(node: ast.stmt) -> Iterator[tuple[int, str]]:
    """(line, text) of each simple statement, and of the head of each compound one."""
    bodies = [name for name in ("body", "orelse", "finalbody", "handlers", "cases") if getattr(node, name, None)]
    if not bodies or not isinstance(getattr(node, "body", None), list):
        yield node.lineno, _unparsed(node)
        return
    head = copy.copy(node)
    for name in bodies:
        setattr(head, name, [ast.Pass()] if name == "body" else [])
    if isinstance(head, ast.Try):
        yield node.lineno, "try:"
    elif isinstance(head, ast.ExceptHandler | ast.Match) or hasattr(head, "cases"):
        yield node.lineno, type(head).__name__.lower()
    else:
        yield node.lineno, _unparsed(head).removesuffix("pass").rstrip()
    for name in bodies:
        if name in ("orelse", "finalbody"):
            yield node.lineno, "else:" if name == "orelse" else "finally:"
        for one in getattr(node, name):
            if isinstance(one, ast.match_case):
                for inner in one.body:
                    yield from _statements(inner)
            else:
                yield from _statements(one)


def _unparsed(node: ast.AST) -> str:
    try:
        return ast.unparse(ast.fix_missing_locations(node))
    except (ValueError, RecursionError, AttributeError, TypeError):
        return ""


def _split(said: str) -> list[str]:
    """The words of a statement, as Python's tokenizer has them."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(said).readline):
            if token.string.strip():
                found.append(token.string)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return found
    return [TEXT if word[:1] in "'\"" else word for word in found]

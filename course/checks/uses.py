"""What each function of a module uses, and a digest of that: comments, docstrings and layout do not count, all else does.

So training is done anew only where something has changed that it has to do with, and a save is judged first by what it touched.
Where a module looks at itself in ways that cannot be read from its text, all of it counts for everything.
"""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

from course.source import DEFINITIONS

HIDDEN_NAMES = {"globals", "locals", "vars", "eval", "exec", "getattr", "setattr", "__import__", "sys", "importlib"}
HIDDEN_ATTRIBUTES = {"__dict__", "__doc__", "__code__", "__globals__"}


class Uses:
    """A module, read and not run.

    Args:
        text: of the module.
        folder: where modules that it imports may lie beside it.

    Raises:
        SyntaxError: it is not valid Python (ValueError for null bytes).
    """

    def __init__(self, text: bytes, folder: Path) -> None:
        tree = ast.parse(text)
        self._whole = any(map(_is_hidden, ast.walk(tree)))
        if "__doc__" not in text.decode("utf-8", "replace"):
            _without_docstrings(tree)
        parts: dict[str, list[ast.stmt]] = {}
        for node in tree.body:
            parts.setdefault(node.name if isinstance(node, DEFINITIONS) else "", []).append(node)
        self._said = {name: "\n".join(map(ast.dump, nodes)) for name, nodes in parts.items()}
        self._rest = self._said.pop("", "") + _beside(tree, folder, set())
        self._used = {
            name: {found for node in parts[name] for inner in ast.walk(node) if (found := _name(inner))}
            & self._said.keys()
            for name in self._said
        }

    def of(self, names: Iterable[str]) -> set[str]:
        """These functions and classes, and all of the module that they use, directly or through others."""
        if self._whole:
            return set(self._said)
        found, new = set(), set(names) & self._said.keys()
        while new:
            found |= new
            new = {used for name in new for used in self._used[name]} - found
        return found

    def digest(self, names: Iterable[str]) -> str:
        """Of these functions, all that they use, and all that is outside of any function."""
        wanted = sorted(set(names))
        text = "\n".join([*wanted, *(f"{name}: {self._said[name]}" for name in sorted(self.of(wanted))), self._rest])
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def digests(file: Path, names: Iterable[str]) -> dict[str, str]:
    """The digest of each of these functions; of a file that cannot be read or is not valid Python none."""
    try:
        uses = Uses(file.read_bytes(), file.parent)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    return {name: uses.digest([name]) for name in names}


def _is_hidden(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in HIDDEN_ATTRIBUTES
    return isinstance(node, ast.Global) or (isinstance(node, ast.Name) and node.id in HIDDEN_NAMES)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _without_docstrings(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, *DEFINITIONS)) and node.body and _is_text(node.body[0]):
            node.body[0] = ast.Pass()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _beside(tree: ast.Module, folder: Path, seen: set[Path]) -> str:
    """The text of the student's own modules that are imported, and of those that they import."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module or ''}.{alias.name}" for alias in node.names)}
    found = ""
    for name in sorted(names):
        file = folder / f"{name.removeprefix(folder.name + '.').strip('.').replace('.', '/')}.py"
        if file not in seen and file.is_file():
            seen.add(file)
            try:
                inner = ast.parse(file.read_bytes())
            except (OSError, SyntaxError, ValueError):
                continue
            found += f"\n{file.name}: {ast.dump(inner)}{_beside(inner, folder, seen)}"
    return found

"""What the outcome of a check depends on, read from the code and not by running it: its digest, and its bounds.

A run of hours is worth keeping for as long as the check that was run is still the same check. So the digest of a check covers

- the check's own function and all that it reaches by name in graders/ and course/, function by function (another check in the
  same file, or another function in the same module, is no part of it);
- the functions of the project in the graded file, and all that they reach in the same way;
- the files of the project's data sets, of the pocket weights and of the corpus, by content; the project's thresholds;
- the versions of Python, torch, torchvision and numpy.

Left out: comments, docstrings, hints, points and messages; what is shown on the student's page (`student.show`, `show_…`); and the
machinery that carries calls, which decides nothing. Whoever changes how that seeds a run deletes the ledger.
"""

import ast
import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import paths
from course.catalog import Project
from course.datasets import store

# course.checks.<these> compute evidence or compare it; the rest of course.checks only carries it
COMPUTING = ("expect", "probes", "builders")
CARRYING = (
    "course.catalog",
    "course.datasets.store",
    "course.errors",
    "course.paths",
    "course.workspace.progress",
    "course.runs.figures",
)
PICTURES = "graders.kit.pages"  # what stands on the student's page; its functions are called show_…
# of the helpers of `expect`: how many arguments come before the words for the student
WORDS = {"fail": 0, "expect": 1, "expect_tensor": 1, "expect_float": 1, "expect_int": 1}
WORDS |= dict.fromkeys(("expect_equal", "expect_close", "expect_same", "expect_changed"), 2)
WORDS |= dict.fromkeys(("expect_at_least", "expect_at_most"), 2)
BOUNDED = {"expect_at_least": "at least", "expect_at_most": "at most"}

IMPORTS = ast.Import | ast.ImportFrom
Place = tuple[Path, str]  # a module's file and a name at its top


@dataclass(frozen=True)
class Bound:
    """A comparison with a bound as it stands in the code.

    Args:
        sense: "at least" or "at most".
        text: the bound as it is written.
        file: where.
        function: the function in which it stands.
    """

    sense: str
    text: str
    file: Path
    function: str


def digest(grader: Path, check: str, target: Path, entry: Project | None) -> str:
    """Of all that decides how `check` ends on `target`; 16 hexadecimal digits.

    Args:
        entry: the project of the catalog; None for a grader of one's own, of which the whole target counts.
    """
    found = hashlib.sha256(_surroundings().encode())
    functions = [f.name for f in entry.functions] if entry else list(_Module.of(target).names)
    for part in (*_reached((grader, check)), *_reached(*((target, name) for name in functions))):
        found.update(part[1].encode())
    if entry:
        found.update(repr(sorted(entry.thresholds.items())).encode())
        for name in entry.data:
            found.update((store.ensure(name) / store.MANIFEST).read_bytes())
    return found.hexdigest()[:16]


def bounds(grader: Path, check: str) -> list[Bound]:
    """The comparisons with a bound that a check makes, itself or by the functions of graders/ that it calls."""
    found = []
    for (file, name), _ in _reached((grader, check)):
        if file.parent == grader.parent:
            for node in _Module.of(file).names[name]:
                calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
                found += [
                    Bound(BOUNDED[call.func.id], ast.unparse(call.args[1]), file, name)  # type: ignore[attr-defined]
                    for call in calls
                    if call.func.id in BOUNDED  # type: ignore[attr-defined]
                ]
    return found


def value_of(bound: Bound, module: Any) -> float:
    """The number that a bound is now, with the names of `module`, in which it stands."""
    return float(eval(bound.text, vars(module)))  # text from our own grader


def module_name(file: Path) -> str:
    """ "graders.kit.general" for the file of that module; the bare name of a file that stands elsewhere."""
    try:
        return ".".join(file.resolve().relative_to(paths.ROOT).with_suffix("").parts)
    except ValueError:
        return file.stem


# -- following names ----------------------------------------------------------------------------------------------------


class _Module:
    """A module's text: its top-level names, and the statements that bind each of them."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.names: dict[str, list[ast.stmt]] = {}
        for node in _statements(ast.parse(file.read_bytes()).body):
            for name in _bound_by(node):
                self.names.setdefault(name, []).append(node)
        self._found: dict[str, tuple[str, tuple[Place, ...]]] = {}

    @classmethod
    def of(cls, file: Path) -> "_Module":
        """The module of a file, read again when the file has changed."""
        return _read(file, file.stat().st_mtime_ns)

    def look(self, name: str) -> tuple[str, tuple[Place, ...]]:
        """The text that binds a name (empty where that is an import), and the places that it mentions."""
        if name not in self._found:
            nodes = [node if isinstance(node, IMPORTS) else _bare(node) for node in self.names.get(name, [])]
            places = {place for node in nodes for place in self._mentions(node, name)}
            text = "\n".join(ast.dump(node) for node in nodes if not isinstance(node, IMPORTS))
            self._found[name] = text, tuple(sorted(places, key=str))
        return self._found[name]

    def _mentions(self, node: ast.stmt, name: str) -> Iterator[Place]:
        if isinstance(node, ast.ImportFrom):
            yield from _imported(node, name)
            return
        within = dict(self.names)  # and what is imported in a function's body
        for part in ast.walk(node):
            if isinstance(part, ast.Import | ast.ImportFrom):
                within |= {name: [*within.get(name, []), part] for name in _bound_by(part)}
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id in self.names:
                yield self.file, part.id
            elif isinstance(part, ast.ImportFrom):
                for alias in part.names:
                    yield from _imported(part, alias.asname or alias.name)
            elif isinstance(part, ast.Attribute):
                yield from _member(part, within)


@functools.cache
def _read(file: Path, changed: int) -> _Module:
    return _Module(file)


def _reached(*starts: Place) -> Iterator[tuple[Place, str]]:
    """Every name that is reached from these, each once and in a fixed order, with the text that binds it."""
    waiting, seen = list(starts), set(starts)
    while waiting:
        file, name = waiting.pop()
        text, places = _Module.of(file).look(name)
        if text:
            yield (file, name), text
        for place in places:
            if place not in seen:
                seen.add(place)
                waiting.append(place)


def _member(part: ast.Attribute, within: dict[str, list[ast.stmt]]) -> Iterator[Place]:
    """`pocket.SIZE` or `course.models.pocket.SIZE`, where the words before the last dot are a module of ours."""
    words = ast.unparse(part).split(".")
    for node in within.get(words[0], []):
        home = None
        if isinstance(node, ast.Import):
            home = _file_of(".".join(words[:-1]))
        elif isinstance(node, ast.ImportFrom) and len(words) == 2:
            home = _file_of(f"{node.module}.{_original(node, words[0])}")
        if home is not None and words[-1] in _Module.of(home).names:
            yield home, words[-1]


def _original(node: ast.ImportFrom, name: str) -> str:
    """What `name` is called in the module that it is imported from."""
    return next(alias.name for alias in node.names if (alias.asname or alias.name) == name)


def _imported(node: ast.ImportFrom, name: str) -> Iterator[Place]:
    home, original = _file_of(node.module or ""), _original(node, name)
    if home is not None and original in _Module.of(home).names:
        yield home, original


def _file_of(module: str) -> Path | None:
    """The file of a module of ours that counts; None for any other."""
    parts = module.split(".")
    if parts[0] not in ("course", "graders") or module in (*CARRYING, PICTURES):
        return None
    if parts[:2] == ["course", "checks"] and (len(parts) < 3 or not parts[2].startswith(COMPUTING)):
        return None
    path = paths.ROOT.joinpath(*parts)
    found = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return found if found.is_file() else None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements at the top of a module, those under `if` and `try` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _statements([*node.body, *node.orelse])


def _bound_by(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [part.id for target in targets if target for part in ast.walk(target) if isinstance(part, ast.Name)]


def _bare(node: ast.stmt) -> ast.stmt:
    """A statement without what decides nothing: docstrings, pictures, messages, hints, points; comments go by parsing."""
    stripped = _Stripped().visit(ast.parse(ast.unparse(node)).body[0])
    assert isinstance(stripped, ast.stmt)
    return stripped


class _Stripped(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [part for part in node.body if not _is_text(part) and not _is_picture(part)] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) == "CheckFailure":
            node.exc = node.exc.func
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "check":
            node.keywords = [keyword for keyword in node.keywords if keyword.arg == "needs"]
        if name in WORDS:
            node.args = node.args[: WORDS[name]]
            node.keywords = [keyword for keyword in node.keywords if keyword.arg not in ("what", "message")]
        return self.generic_visit(node)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_picture(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    called = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
    return called == "student.show" or called.startswith("show_")


@functools.cache
def _surroundings() -> str:
    """Versions, and the files that no name leads to: weights, corpus, baselines, and networks found by a registry."""
    parts = [platform.python_version(), platform.machine()]
    parts += [importlib.metadata.version(name) for name in ("torch", "torchvision", "numpy")]
    models, corpus = paths.ROOT / "course" / "models", paths.ROOT / "course" / "corpus"
    for file in sorted([*models.rglob("*"), *corpus.glob("*.txt")]):
        if file.suffix in (".toml", ".safetensors", ".txt", ".json") or file.name == "pocket.py":
            parts.append(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}")
    return "\n".join(parts)

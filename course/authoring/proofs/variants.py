"""Proof that the checks work: known mistakes, each caught by the check that it names, and right solutions of another hand.

A mistake or an alternative is the solution with one function exchanged (`Catalogue.mistake`, `.alternative`) or a few words of
it changed (`Catalogue.patch`). Each becomes a whole module file, so it can be graded over any transport.
The idea is that of mutation testing, with mutants that students really write: Simpson et al. 2015, "Thinking like a novice", and
Humbatova et al. 2020, "Taxonomy of Real Faults in Deep Learning Systems", say which.

    python -m course.authoring.proofs.variants 01        the table: mistake, check, message; and what else fails
"""

import ast
import importlib
import inspect
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from course import paths
from course.catalog import Project, project, projects
from course.checks.check import Check, checks_of
from course.checks.results import CheckResult
from course.checks.run import run
from course.checks.target import open_session

Replacement = tuple[str, str]
CRASHES = {"raised", "not loaded", "no answer", "no function", "unreadable"}  # kinds of failure


class ProofError(Exception):
    """A mistake or an alternative that does not fit the solution: a fault of ours."""


@dataclass(frozen=True)
class Variant:
    """The solution with one function exchanged.

    Args:
        task: the function that is exchanged.
        name: unique within the project.
        says: of a mistake, one sentence of what is misunderstood, to the student; of an alternative, how it is written.
        caught_by: the check that must fail; empty for an alternative.
        crashes: the mistake ends in an exception of the student's code, and is meant to.
        source: where students really write it.
        edit: from the solution's text to the wrong (or other) module's text.
    """

    project: str
    task: str
    name: str
    says: str
    edit: Callable[[str], str] = field(repr=False)
    caught_by: str = ""
    crashes: bool = False
    source: str = ""

    def text(self) -> str:
        """The whole module."""
        return self.edit(solution_text(self.project))


class Catalogue(list[Variant]):
    """The mistakes, or the alternatives, of one project.

    Used as `mistake, patch = MISTAKES.mistake, MISTAKES.patch` at the top of a module of mistakes in `graders/proofs/`.
    """

    def __init__(self, key: str) -> None:
        super().__init__()
        self.project = project(key).id

    def mistake(
        self, task: str, *, caught_by: str, says: str, uses: Iterable[Any] = (), crashes: bool = False, source: str = ""
    ) -> Callable[[Any], Any]:
        """Register the function or class below as a wrong `task`; `uses` are helpers above it that it needs."""

        def register(thing: Any) -> Any:
            edit = _exchange(thing, task, uses)
            self._add(Variant(self.project, task, thing.__name__, says, edit, caught_by, crashes, source))
            return thing

        return register

    def patch(
        self,
        task: str,
        *replace: Replacement,
        name: str,
        caught_by: str,
        says: str,
        within: str = "",
        crashes: bool = False,
        source: str = "",
    ) -> None:
        """Register the solution's `task` with these words changed; each must occur exactly once in `within` (the task)."""

        def edit(text: str) -> str:
            return _replaced(text, within or task, replace, name)

        self._add(Variant(self.project, task, name, says, edit, caught_by, crashes, source))

    def rewritten(self, task: str, same_as: str, *, uses: Iterable[Any] = ()) -> Callable[[Any], Any]:
        """Register the function or class below as the known mistake `same_as`, made by somebody else in other code."""
        known = next((v for v in mistakes_of(project(self.project)) if (v.task, v.name) == (task, same_as)), None)
        if known is None:
            raise ProofError(f"project {self.project} knows no mistake {same_as} of {task}")

        def register(thing: Any) -> Any:
            edit, name = _exchange(thing, task, uses), thing.__name__
            self._add(replace(known, name=name, edit=edit))
            return thing

        return register

    def alternative(self, task: str, *, how: str, uses: Iterable[Any] = ()) -> Callable[[Any], Any]:
        """Register the function or class below as a right `task`, written another way."""

        def register(thing: Any) -> Any:
            self._add(Variant(self.project, task, thing.__name__, how, _exchange(thing, task, uses)))
            return thing

        return register

    def _add(self, variant: Variant) -> None:
        if any(variant.name == other.name for other in self):
            raise ProofError(f"two variants of project {self.project} are called {variant.name}")
        self.append(variant)


@dataclass(frozen=True)
class Proof:
    """What the checks of the task say about a variant.

    Args:
        failed: names of the checks that failed, in the order of the grader.
        message: that of the named check, or of the first that failed.
        crashed: the named check failed because the student's code raised.
        results: of every check that ran.
    """

    variant: Variant
    failed: tuple[str, ...]
    message: str
    crashed: bool
    results: tuple[CheckResult, ...]

    @property
    def caught_by_named(self) -> bool:
        """Did the check fail that the mistake names, with a message, and by an exception only if one is meant?"""
        return self.variant.caught_by in self.failed and bool(self.message) and self.crashed == self.variant.crashes

    @property
    def caught_by_any(self) -> bool:
        """Did any check of the task fail?"""
        return bool(self.failed)

    @property
    def passed(self) -> bool:
        """Did every check that ran pass?"""
        return all(result.outcome == "passed" for result in self.results)


def mistakes_of(entry: Project) -> list[Variant]:
    """The known mistakes of a project; none where nobody has written any."""
    return _catalogue(f"graders.proofs.{entry.folder}.mistakes", "MISTAKES")


def rewritten_of(entry: Project) -> list[Variant]:
    """Known mistakes of a project in somebody else's code: the diagnosis must recognise them by what they do."""
    return _catalogue(f"graders.proofs.{entry.folder}.rewritten", "REWRITTEN")


def alternatives_of(entry: Project) -> list[Variant]:
    """The alternatives of a project."""
    return _catalogue(f"graders.proofs.{entry.folder}.alternatives", "ALTERNATIVES")


def solution_text(key: str) -> str:
    """The text of a project's solution."""
    return (paths.ROOT / "solutions" / f"{project(key).module}.py").read_text()


@contextmanager
def module_file(variant: Variant) -> Iterator[Path]:
    """The variant as a file of the solution's name, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="course-proof-") as folder:
        file = Path(folder, f"{project(variant.project).module}.py")
        file.write_text(variant.text())
        yield file


def prove(variant: Variant, *, seed: int = 0, slow: bool = False, transport: str = "inprocess") -> Proof:
    """Run the checks of the variant's task on it.

    Args:
        slow: the checks that train run too; without it only if the mistake names one of them.
    """
    entry = project(variant.project)
    checks = [c for c in checks_of(entry) if c.task == variant.task]
    asked = [c for c in checks if slow or not c.slow or c.name == variant.caught_by]
    with module_file(variant) as file:
        session = open_session(file, entry, transport=transport)
        try:
            results = run(entry, session, asked, seed=seed).checks
        finally:
            session.close()
    failed = [result for result in results if result.outcome == "failed"]
    told = next((r for r in failed if r.name == variant.caught_by), failed[0] if failed else None)
    crashed = told is not None and told.failure is not None and told.failure.kind in CRASHES
    return Proof(variant, tuple(r.name for r in failed), told.message if told else "", crashed, results)


def unproven(entry: Project) -> list[Check]:
    """Checks of a project that no mistake names."""
    named = {variant.caught_by for variant in mistakes_of(entry)}
    return [check for check in checks_of(entry) if check.name not in named]


def graded() -> list[Project]:
    """The projects that have a solution and a grader already."""
    folders = paths.ROOT / "solutions", paths.ROOT / "graders"
    return [p for p in projects() if (folders[0] / f"{p.module}.py").is_file() and (folders[1] / p.grader).is_file()]


def _catalogue(name: str, attribute: str) -> list[Variant]:
    if str(paths.ROOT) not in sys.path:
        sys.path.insert(0, str(paths.ROOT))
    try:
        module: ModuleType = importlib.import_module(name)
    except ModuleNotFoundError as fault:
        if fault.name and (name + ".").startswith(fault.name + "."):
            return []
        raise
    return list(getattr(module, attribute))


def _span(text: str, name: str) -> tuple[int, int]:
    """First and last line (from 0, the last one excluded) of the function or class `name` in a module's text."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            return first - 1, node.end_lineno or node.lineno
    raise ProofError(f"the solution has no function called {name}")


def _replaced(text: str, task: str, pairs: Iterable[Replacement], name: str) -> str:
    lines = text.splitlines(keepends=True)
    first, last = _span(text, task)
    part = "".join(lines[first:last])
    for old, new in pairs:
        if part.count(old) != 1:
            raise ProofError(f"{name}: {old!r} occurs {part.count(old)} times in {task}, not once")
        part = part.replace(old, new)
    return "".join(lines[:first]) + part + "".join(lines[last:])


def _exchange(thing: Any, task: str, uses: Iterable[Any]) -> Callable[[str], str]:
    """An edit that puts the source of `thing`, named `task`, in the place of the solution's."""
    module, helpers = sys.modules[thing.__module__], list(uses)

    def edit(text: str) -> str:
        parts = [
            _imports(module),
            *(_bare_source(helper, helper.__name__) for helper in helpers),
            _bare_source(thing, task),
        ]
        lines = text.splitlines(keepends=True)
        first, last = _span(text, task)
        return "".join(lines[:first]) + "\n\n".join(parts) + "".join(lines[last:])

    return edit


def _imports(module: ModuleType) -> str:
    """The imports at the top of a module of mistakes, without those of the machinery of proofs."""
    text = inspect.getsource(module)
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    kept = [n for n in nodes if not (isinstance(n, ast.ImportFrom) and (n.module or "").startswith("course.authoring"))]
    return "\n".join(ast.get_source_segment(text, node) or "" for node in kept) + "\n"


def _bare_source(thing: Any, name: str) -> str:
    """The source of a function or class without our decorator, under another name."""
    text = textwrap.dedent(inspect.getsource(thing))
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    lines = text.splitlines()
    ours = {k for d in node.decorator_list if _is_ours(d) for k in range(d.lineno - 1, d.end_lineno or d.lineno)}
    keyword = "class" if isinstance(node, ast.ClassDef) else "def"
    head = lines[node.lineno - 1].replace(f"{keyword} {node.name}", f"{keyword} {name}", 1)
    body = [head if k == node.lineno - 1 else line for k, line in enumerate(lines) if k not in ours]
    return "\n".join(body) + "\n"


def _is_ours(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") in (
        "mistake",
        "rewritten",
        "alternative",
    )


def main(keys: list[str]) -> int:
    """Print the table of the projects named (all that are graded, if none is); 1 if anything is unproven."""
    bad = 0
    for entry in [project(key) for key in keys] or graded():
        for variant in mistakes_of(entry):
            proof = prove(variant)
            bad += not proof.caught_by_named
            others = [name for name in proof.failed if name != variant.caught_by]
            print(
                f"{'✓' if proof.caught_by_named else '✗'} {entry.id} {variant.task}: {variant.name}  ->  {variant.caught_by}"
            )
            print(
                textwrap.indent(
                    "\n".join([variant.says, *(proof.message.splitlines() or ["(nothing failed)"])]), "      "
                )
            )
            if others:
                print(f"      also: {', '.join(others)}")
        for variant in alternatives_of(entry):
            proof = prove(variant, slow=True)
            bad += not proof.passed
            print(f"{'✓' if proof.passed else '✗'} {entry.id} {variant.task}: {variant.name}  ({variant.says})")
            for result in proof.results:
                if result.outcome != "passed":
                    print(f"      {result.name}: {result.outcome}: {result.message}")
        for check in unproven(entry):
            bad += 1
            print(f"✗ {entry.id} {check.task}: no mistake names {check.name}")
    print(f"{bad} faults" if bad else "all proven")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""All mutants of a solution: one small change each, only between the markers, that is in what students write.

Not changed: docstrings, annotations, what an error or a warning says, and names that are only names. A change that is no Python,
that changes nothing, or that another operator has made already is left out.
"""

import ast
import difflib
import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from course.authoring.mutation.operators_general import GENERAL, Operator, Operators
from course.authoring.mutation.operators_learning import LEARNING
from course.authoring.proofs.variants import Variant, solution_text
from course.catalog import Project

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
ARROW = "  ->  "
NOTHING = "(nothing)"


@dataclass(frozen=True)
class Mutant:
    """A solution with one change.

    Args:
        project, task: where it is.
        operator: which kind of change; mutmut's begin with "mutmut".
        change: "lines as they were  ->  lines as they are", with " #2" where the same lines occur a second time.
        line: of the solution, from 1.
        text: the whole module.
        digest: of the code of the module, comments and docstrings aside.
    """

    project: str
    task: str
    operator: str
    change: str
    line: int
    text: str = field(repr=False)
    digest: str = ""

    @property
    def id(self) -> str:
        """Project, function and a digest of the change: the same as long as those lines are."""
        return f"{self.project}.{self.task}.{hashlib.sha1(self.change.encode()).hexdigest()[:7]}"

    def variant(self) -> Variant:
        """As `course.authoring.proofs.variants` knows a solution with one function exchanged."""
        return Variant(self.project, self.task, self.id, self.change, lambda _: self.text)


def unchanged(project: str, task: str) -> Mutant:
    """No mutant: the solution as it is, which every check must let live."""
    return Mutant(project, task, "none", "(unchanged)", 0, solution_text(project))


def mutants_of(entry: Project) -> list[Mutant]:
    """All mutants of a project's solution, function by function."""
    return list(mutants_in(solution_text(entry.id), entry.id, [f.name for f in entry.functions]))


def mutants_in(text: str, project: str, tasks: Iterable[str]) -> Iterator[Mutant]:
    """The mutants of the functions and classes `tasks` in a module's text."""
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    positions, spans = wrapper.resolve(PositionProvider), wrapper.resolve(ByteSpanPositionProvider)
    marked, wanted, content = _marked(text), set(tasks), text.encode()
    for node in wrapper.module.body:
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.name.value in wanted:
            walk = _Walk(positions, marked)
            node.visit(walk)
            span = spans[node]
            before, own, after = _cut(content, span.start, span.start + span.length)
            rest = hashlib.sha256((_meaning(before + after) or "").encode())
            seen, times = {_meaning(own)}, dict[str, int]()
            for change in walk.found:
                code = _changed(wrapper.module, node, change, own, spans, span.start)
                meaning = _meaning(code)
                if meaning is None or meaning in seen:
                    continue
                seen.add(meaning)
                said = _difference(own, code, change.operator)
                times[said] = times.get(said, 0) + 1
                said += f" #{times[said]}" if times[said] > 1 else ""
                digest = rest.copy()
                digest.update(meaning.encode())
                where = project, node.name.value, change.operator, said, change.line
                yield Mutant(*where, before + code + after, digest.hexdigest()[:16])


def sample(mutants: Sequence[Mutant], number: int, seed: int) -> list[Mutant]:
    """Some of them, the same for the same seed, spread over the functions; in the order in which they are written."""
    generator = random.Random(seed)
    by_task: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in mutants:
        by_task.setdefault((mutant.project, mutant.task), []).append(mutant)
    heaps = [generator.sample(heap, len(heap)) for heap in by_task.values()]
    generator.shuffle(heaps)
    chosen: list[Mutant] = []
    while len(chosen) < min(number, len(mutants)):
        for heap in heaps:
            if heap and len(chosen) < number:
                chosen.append(heap.pop())
    order = {mutant.id: k for k, mutant in enumerate(mutants)}
    return sorted(chosen, key=lambda mutant: order[mutant.id])


def _cut(content: bytes, start: int, end: int) -> tuple[str, str, str]:
    return content[:start].decode(), content[start:end].decode(), content[end:].decode()


def _changed(module: cst.Module, task: cst.CSTNode, change: "_Change", own: str, spans: Any, offset: int) -> str:
    """The code of the task with the change.

    An expression is put into the text in the place of another, which takes a twentieth of the time of libcst's own way through
    the whole tree; that remains for blocks, whose indentation it knows.
    """
    span = spans.get(change.node)
    if span is None or isinstance(change.node, cst.BaseSuite | cst.BaseCompoundStatement) or not _bounded(change.node):
        return module.code_for_node(task.deep_replace(change.node, change.instead))  # type: ignore[arg-type]
    start = span.start - offset
    before, _, after = _cut(own.encode(), start, start + span.length)
    return before + module.code_for_node(change.instead) + after


def _bounded(node: cst.CSTNode) -> bool:
    """Does the node's span hold all of its code? Parentheses and commas stand outside of it."""
    return isinstance(node, cst.BaseExpression | cst.BaseSmallStatement) and not getattr(node, "lpar", ())


def _meaning(code: str) -> str | None:
    """What Python makes of it, docstrings aside; None where that is nothing."""
    try:
        tree = ast.parse(code)
        compile(tree, "mutant", "exec")
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


def _difference(old: str, new: str, operator: str) -> str:
    """The lines that are gone and those that have come; of a statement that stands elsewhere, how it was moved."""
    before, after = (_bare(code) for code in (old, new))
    if before == after:  # another indentation
        before, after = (_bare(code, indented=True) for code in (old, new))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    gone: list[str] = []
    come: list[str] = []
    for kind, i, j, k, n in matcher.get_opcodes():
        if kind != "equal":
            gone += before[i:j]
            come += after[k:n]
    gone, come = ([line.strip() for line in lines] for lines in (gone, come))
    if sorted(gone) == sorted(come):
        if gone[-1].endswith(":"):  # a loop that has passed a statement: it is the statement that was moved
            gone = [
                line for k, line in enumerate(before) if not line.endswith(":") and _without(after, line, before, k)
            ][:1] or gone
        return f"{_short(gone)}{ARROW}({operator})"
    return f"{_short(gone)}{ARROW}{_short(come)}"


def _without(after: list[str], line: str, before: list[str], place: int) -> bool:
    """Are the two the same, but for this line?"""
    rest = [*before[:place], *before[place + 1 :]]
    return any(other == line and [*after[:k], *after[k + 1 :]] == rest for k, other in enumerate(after))


def _short(lines: list[str]) -> str:
    return " / ".join(lines if len(lines) <= 3 else [*lines[:2], "…"]) or NOTHING


def _bare(code: str, indented: bool = False) -> list[str]:
    """The lines without comments and empty ones."""
    lines = [line.split("  #")[0].rstrip() for line in code.splitlines()]
    return [line if indented else line.strip() for line in lines if line and not line.lstrip().startswith("#")]


def _marked(text: str) -> set[int]:
    """The numbers of the lines between the markers, from 1."""
    found, inside = set(), False
    for number, line in enumerate(text.splitlines(), 1):
        if BEGIN in line:
            inside = True
        elif END in line:
            inside = False
        elif inside:
            found.add(number)
    return found


@dataclass(frozen=True)
class _Change:
    node: cst.CSTNode
    instead: cst.CSTNode
    operator: str
    line: int


def _of_mutmut(operator: Callable[[Any], Iterable[cst.CSTNode]]) -> Operator:
    """mutmut's operators look at no context."""
    return lambda node, inside: operator(node)


_MUTMUT: Operators = [
    ("mutmut " + operator.__name__.removeprefix("operator_").replace("_", " "), kind, _of_mutmut(operator))
    for kind, operator in mutation_operators
]
OPERATORS: Operators = [*LEARNING, *GENERAL, *_MUTMUT]


class _Walk(cst.CSTVisitor):
    """Collects the changes of every node that lies between markers."""

    def __init__(self, positions: object, marked: set[int]) -> None:
        super().__init__()
        self._positions, self._marked = positions, marked
        self.found: list[_Change] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation) or m.matches(node, m.Expr(value=m.SimpleString())):
            return False
        if m.matches(node, m.Raise() | m.Call(func=m.Attribute(value=m.Name("warnings"), attr=m.Name("warn")))):
            return False  # what an error says; the statement as a whole is its block's affair
        block = isinstance(node, cst.IndentedBlock)
        if block or self._inside(node):
            for operator, kind, change in OPERATORS:
                if isinstance(node, kind):
                    for instead in change(node, self._inside):
                        self.found.append(_Change(node, instead, operator, self._line(node)))
        return True

    def _inside(self, node: cst.CSTNode) -> bool:
        place = self._positions.get(node)  # type: ignore[attr-defined]
        return place is not None and place.start.line in self._marked and place.end.line in self._marked

    def _line(self, node: cst.CSTNode) -> int:
        place = self._positions.get(node)  # type: ignore[attr-defined]
        return place.start.line if place else 0

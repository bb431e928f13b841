"""Which statements of a student's cells are run: what the graded functions need, and what may change it. Nothing is run here.

Of the cell of a function every definition and import counts; of all other statements, and of cells of the student's own, those
that bind a name which a graded function uses, directly or through others, or that act on such a thing (`TABLE.update(…)`,
`torch.manual_seed(3)`). A trial call below a function binds nothing that is needed, so it costs neither time nor points.
"""

import ast
import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course.cells.cell import Cell
from course.cells.python import STAR, Statement, statements

OURS = frozenset({"check", "run", "predict"})  # of course.notebook: what check cells call
SETTINGS = ("sys.path", "os.environ", "os.chdir", "chdir(")  # what decides which files an import finds


@dataclass(frozen=True)
class Step:
    """A statement in its cell: `cell` and `number` are their places, from 0."""

    cell: int
    number: int
    statement: Statement


class Plan:
    """What is run of some cells.

    Args:
        cells: in the order in which they run.
        tasks: the functions that are graded.
    """

    def __init__(self, cells: Sequence[Cell], tasks: Sequence[str]) -> None:
        self.cells, self.tasks = cells, frozenset(tasks)
        self.steps: list[Step] = []
        self.unreadable: dict[int, Exception | MemoryError] = {}
        for place, cell in enumerate(cells):
            try:
                read = statements(cell.source)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
                self.unreadable[place] = fault
                continue
            self.steps += [Step(place, number, statement) for number, statement in enumerate(read)]
        self._data = self._bound(by_definition=False) - self.tasks
        self._modules = self._bound(by_definition=True, kinds=(ast.Import, ast.ImportFrom)) - self._data
        self._own = self._bound(by_definition=True, kinds=(ast.FunctionDef, ast.ClassDef)) - self.tasks
        checks = any(step.statement.checks for step in self.steps)
        self._ours = OURS - self._own - self._data if checks else frozenset()
        self._nowhere = self.tasks - {name for step in self.steps for name in step.statement.binds}
        self._admissible = [step for step in self.steps if self._may_run(step)]
        self.run = self.closure(step for step in self._admissible if self._always(step))

    def of(self, task: str) -> set[Step]:
        """What one function needs, its own definition among it; what it needs of other graded functions is theirs."""
        homes = {place for place, cell in enumerate(self.cells) if task in cell.tasks}
        given = {place for place, cell in enumerate(self.cells) if cell.kind == "given"}
        start = [s for s in self._admissible if s.cell in given or (s.cell in homes and self._binds(s, task))]
        return self.closure(start, self.tasks - {task}) & self.run

    def closure(self, start: Iterable[Step], without: frozenset[str] = frozenset()) -> set[Step]:
        """These steps, and all that they need.

        Args:
            without: names that are taken as given.
        """
        marked: set[Step] = set()
        needed: set[str] = set()
        new = list(start)
        while new:
            marked.update(new)
            for step in new:
                needed |= step.statement.uses - without
            new = [step for step in self._admissible if step not in marked and self._needed(step, needed)]
        return marked

    def is_check(self, step: Step) -> bool:
        """Is it a part of a check cell, wherever it stands now?"""
        match step.statement.node:
            case ast.Expr(ast.Call(func=ast.Name(name))) if name in self._ours:
                return True
        return step.statement.checks

    def _binds(self, step: Step, task: str) -> bool:
        """Does it bind a function: by its name, or, where nothing else does, perhaps in a way that no text shows?"""
        return task in step.statement.binds or (task in self._nowhere and STAR in step.statement.binds)

    def _may_run(self, step: Step) -> bool:
        """A definition of a graded function counts only where it is the one that counts."""
        if self.is_check(step):
            return False
        graded = step.statement.binds & self.tasks
        return not graded or bool(graded & set(self.cells[step.cell].tasks))

    def _always(self, step: Step) -> bool:
        cell, statement = self.cells[step.cell], step.statement
        return (
            cell.kind == "given"
            or statement.is_future
            or any(self._binds(step, task) for task in cell.tasks)
            or (cell.kind == "task" and statement.defines)
        )

    def _needed(self, step: Step, needed: set[str]) -> bool:
        statement = step.statement
        if statement.binds & needed:
            return True
        if STAR in statement.binds:
            return bool(needed - self._known())
        if any(setting in statement.text for setting in SETTINGS):
            return True
        if statement.decorators & self._own:
            return True  # `@step(3)`, `@patch`: a decorator of the student's own may put it wherever it likes
        if statement.defines:
            return False
        changed, told, handed = _touched(statement.node)
        if self.cells[step.cell].kind != "task":
            told -= self._modules  # `datasets.MNIST(download=True)` on its own is somebody's trial
        return bool(((changed | told) & needed - self.tasks) | (handed & needed & self._data))

    def _bound(self, by_definition: bool, kinds: tuple[type, ...] = (ast.stmt,)) -> frozenset[str]:
        found = [s.statement for s in self.steps if s.statement.defines is by_definition]
        return frozenset(n for s in found if any(isinstance(i, kinds) for i in ast.walk(s.node)) for n in s.binds)

    def _known(self) -> set[str]:
        """Names that something binds, or Python."""
        return {name for step in self._admissible for name in step.statement.binds} | set(vars(builtins))


def _touched(node: ast.stmt) -> tuple[set[str], set[str], set[str]]:
    """Names of what a statement changes (`x.y = 1`), of what it tells something (`x.y()`), of what it hands to others (`f(x)`)."""
    changed: set[str] = set()
    told: set[str] = set()
    handed: set[str] = set()
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        told |= _root(node.value.func, plain=False)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Store | ast.Del):
            changed |= _root(inner)
        elif isinstance(inner, ast.Call):
            if isinstance(inner.func, ast.Name) and inner.func.id in ("setattr", "delattr") and inner.args:
                changed |= _root(inner.args[0])
            handed |= _root(inner.func, plain=False)
            for value in [*inner.args, *(keyword.value for keyword in inner.keywords)]:
                handed |= _root(value)
    return changed, told, handed


def _root(node: ast.expr, plain: bool = True) -> set[str]:
    """The name that `x.y[0].z` begins with; of a mere name nothing, unless it counts."""
    inner = node
    while isinstance(inner, ast.Attribute | ast.Subscript | ast.Starred):
        inner = inner.value
    return {inner.id} if isinstance(inner, ast.Name) and (plain or inner is not node) else set()

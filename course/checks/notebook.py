"""The functions of a notebook under the checks: a worker that takes them from where the notebook has defined them.

It differs from `Worker` in where the module comes from (the kernel's own `__main__`), in what a line number means (a line of the
function's cell) and in what it leaves behind: the notebook's own functions, where reference ones stood in for them.
"""

import ast
import inspect
import linecache
import tempfile
import time
import traceback
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from hypothesis.configuration import set_hypothesis_home_dir

from course import limits, paths
from course.catalog import Project
from course.checks.cache import Once
from course.checks.check import checks_of
from course.checks.results import ProjectResult
from course.checks.run import run
from course.checks.session import InProcess, WorkerLost
from course.checks.time_limit import TimeLimit, threads
from course.checks.worker import Worker
from course.source import DEFINITIONS


def grade_task(entry: Project, task: str, module: ModuleType, seconds: float, seed: int = 0) -> ProjectResult:
    """Run the checks of one function, as `module` defines it now.

    Args:
        module: what holds the notebook's definitions; the same ones after the call as before it. A function that it does not
            define is "not started".
        seconds: limit of all checks together (`TimeLimit`); a call that lasts longer than `limits.CALL_SECONDS` is stopped before.
    """
    set_hypothesis_home_dir(paths.ROOT / ".course" / "hypothesis")  # else it is made beside the notebook
    solution = paths.ROOT / "solutions" / f"{entry.module}.py"
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        worker = NotebookWorker(entry, task, module, Path(folder), solution if solution.is_file() else None)
        session = NotebookSession(worker, seconds)
        try:
            checks = [check for check in checks_of(entry) if check.task == task]
            with threads(1):
                return run(entry, session, checks, seed=seed, target=f"the cell of {task}")
        finally:
            session.close()


class NotebookWorker(Worker):
    """A worker for what a notebook defines.

    Args:
        task: the function that is graded; lines are those of its cell.
        folder: an empty folder, for the text of the functions.
    """

    def __init__(
        self, entry: Project, task: str, module: ModuleType, folder: Path, reference: Path | None = None
    ) -> None:
        text, self.lines, self.cell = _written(entry, task, module)
        file = folder / f"{entry.module}.py"
        file.write_text(text, "utf-8")
        super().__init__(file, reference)
        self._module = module

    @property
    def module_name(self) -> str:
        assert self._module is not None
        return self._module.__name__

    def close(self) -> None:
        """Put the notebook's own functions back, and forget every object."""
        for name, own in self._own.items():
            if own is not None:
                setattr(self._module, name, own)
            elif hasattr(self._module, name):
                delattr(self._module, name)
        self._own.clear()
        self._clear()

    def _do_call(self, name: str, args: list[Any], kwargs: dict[str, Any], seed: int | None) -> dict[str, Any]:
        """Call a function of the notebook's. One that stands further down and is not defined yet is the reference's, or missing."""
        if getattr(self._module, name, None) is None:
            if self.reference_path is None:
                raise NotImplementedError(name)  # read as "waiting for" it
            self._own.setdefault(name, None)
            setattr(self._module, name, getattr(self._load_reference(), name))
        return super()._do_call(name, args, kwargs, seed)

    def _do_begin(self, needs: list[str], seed: int, task: str = "") -> dict[str, Any]:
        """A function whose cell has not run is not started."""
        begun = super()._do_begin(needs, seed, task)
        return begun | {"line": self.lines.get(task), "todo": begun["todo"] or begun["missing"], "missing": False}

    def _describe(self, fault: BaseException) -> dict[str, Any]:
        frames = [f for f in traceback.extract_tb(fault.__traceback__) if self.cell and f.filename == self.cell]
        error = super()._describe(fault)
        if frames:
            error |= {"line": frames[-1].lineno, "code": (frames[-1].line or "")[:200]}
        return error


class NotebookSession(InProcess):
    """A line to the worker with a limit for all requests together, beside that of each (`TimeLimit` for both)."""

    def __init__(self, worker: Worker, seconds: float) -> None:
        super().__init__(worker)
        self.limit = seconds
        self.patience = TimeLimit(seconds, time.process_time)
        self.used = time.process_time()
        self.cache = Once()  # not on disk: a notebook's function may use any variable

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        left = self.limit - (time.process_time() - self.used)
        if self.patience.ended() or left <= 0:
            raise WorkerLost(f"the {self.limit:.0f} s of this cell are over")
        self.seconds = min(left, limits.CALL_SECONDS)
        return super()._exchange(message)


def _written(entry: Project, task: str, module: ModuleType) -> tuple[str, dict[str, int], str]:
    """The text of the project's functions as the notebook has defined them.

    Returns:
        (module text, {function: its line in its cell}, the file name that Python knows the task's cell by, or "").
    """
    texts, lines, cell = [], dict[str, int](), ""
    for name in [f.name for f in entry.functions]:
        if not hasattr(module, name):
            continue
        thing = getattr(module, name)
        lines[name] = 0
        code = _code_of(thing)
        if code is None:
            continue
        try:
            body = ast.parse("".join(linecache.getlines(code.co_filename))).body
        except (SyntaxError, ValueError):
            continue
        nodes = [node for node in body if isinstance(node, DEFINITIONS) and node.name == name]
        if nodes:
            texts.append(ast.unparse(nodes[-1]))
            lines[name] = nodes[-1].lineno
            cell = code.co_filename if name == task else cell
    return "\n\n\n".join(texts) + "\n", lines, cell


def _code_of(thing: Any) -> Any:
    """The code of a function, under its decorators, or of a class's first method; None where there is none."""
    if isinstance(thing, type):
        methods = [value for value in vars(thing).values() if isinstance(value, FunctionType)]
        thing = methods[0] if methods else None
    try:
        return getattr(inspect.unwrap(thing), "__code__", None)
    except ValueError:
        return None

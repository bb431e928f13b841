"""The functions of a notebook that is open under the checks.

The cells are loaded anew for each check cell, by the code that loads what is handed in: what else the kernel holds does not count
here either. It differs in where the cells come from (`course.cells.kernel`), and in that functions further down may be missing yet.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hypothesis.configuration import set_hypothesis_home_dir

from course import catalog, limits, paths
from course.catalog import Project
from course.cells import surroundings
from course.cells.carried import carried
from course.cells.cell import Work
from course.cells.kernel import Opened
from course.cells.loading import Loaded
from course.checks import no_answer
from course.checks.cache import Once
from course.checks.check import Check, bonuses_of, checks_of
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult
from course.checks.run import run
from course.checks.session import InProcess, WorkerLost
from course.checks.time_limit import TimeLimit, threads
from course.checks.worker import WORK, Worker


def grade_task(
    entry: Project,
    task: str,
    notebook: Opened,
    seconds: float,
    seed: int = 0,
    begins: Callable[[Check], object] = lambda check: None,
    says: Callable[[str], object] = lambda text: None,
    stuck: Callable[[str], object] | None = None,
    known: Mapping[str, CheckResult] = MappingProxyType({}),
) -> ProjectResult:
    """Run the checks of one function, as `notebook` would hand it in.

    Args:
        begins: called with each check before it runs.
        says: called with a sentence, from another thread, where a check that trains nothing gives no answer.
        stuck: called where the code swallows all that should end it.
        known: results that stand, of checks that are not run.
        seconds: limit of all checks together (`TimeLimit`); a call that lasts longer than `limits.CALL_SECONDS` is stopped before.
    """
    surroundings.cures["breakpoint"] = (
        "call the function in a cell of its own; there it does, and `%debug` shows the last error"
    )
    set_hypothesis_home_dir(paths.ROOT / ".course" / "hypothesis")  # else it is made beside the notebook
    book = notebook.book(entry, task)
    solutions = {p.module: paths.ROOT / "solutions" / f"{p.module}.py" for p in catalog.projects()}
    there = {name: file for name, file in solutions.items() if file.is_file()}
    others = {name: ("", str(file)) for name, file in there.items() if name != entry.module}
    work = Work(tuple(function.name for function in entry.functions), book.cells, others)

    def without_a_run(check: Check) -> CheckResult | None:
        if check.name in known:
            return known[check.name]
        begins(check)
        fault = book.faults.get(check.task)
        return CheckResult.of(check, "failed", Failure("not graded", fault)) if fault else None

    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        file = Path(folder) / f"{entry.module}{WORK}"
        work.write(file)
        for name, content in carried(Path.cwd(), "\n".join(cell.source for cell in book.cells)).items():
            (Path(folder) / name).write_bytes(content)
        session = NotebookSession(NotebookWorker(file, there.get(entry.module)), seconds)
        try:
            checks = [check for check in (*checks_of(entry), *bonuses_of(entry)) if check.task == task]
            session.stuck = stuck
            training = any(check.slow for check in checks)
            with (
                threads(1),
                no_answer.told(
                    task,
                    lambda name: name.startswith("<the cell"),
                    says,
                    no_answer.TRAINING if training else no_answer.FIRST,
                ),
            ):
                whole = run(
                    entry, session, checks, seed=seed, before=without_a_run, target=f"the cell of {task}", mend=True
                )
        finally:
            session.close()
    absent = not book.faults.get(task) and not any(task in cell.tasks for cell in book.cells)
    first = (
        (f"There is no {task} yet: run its cell first (a cell with an error in it may define nothing).",)
        if absent
        else ()
    )
    return replace(whole, notes=(*first, *book.notes, *whole.notes))


class NotebookWorker(Worker):
    """A worker for a notebook of which only a part may have been run."""

    def _do_call(self, name: str, args: list[Any], kwargs: dict[str, Any], seed: int | None) -> dict[str, Any]:
        """Call a function of the notebook's. One that stands further down and is not there yet is the reference's, or missing."""
        loaded = self._load()
        if getattr(loaded.module, name, None) is None and name not in loaded.faults:
            if self.reference_path is None:
                raise NotImplementedError(name)  # read as "waiting for" it
            self._own.setdefault(name, None)
            setattr(loaded.module, name, getattr(self._load_reference(), name))
        return super()._do_call(name, args, kwargs, seed)

    def idle(self, loaded: Loaded) -> list[tuple[str, frozenset[str]]]:
        """Nothing: in the notebook they have just run."""
        return []

    def _do_begin(self, needs: list[str], seed: int, task: str = "", upstream: str = "") -> dict[str, Any]:
        """A function whose cell has not run is not started."""
        begun = super()._do_begin(needs, seed, task, upstream)
        return begun | {"todo": begun["todo"] or (begun["missing"] and not begun["fault"]), "missing": False}


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

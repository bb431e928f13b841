"""The checks in a notebook: `check("01", "train_epoch")` grades the function as the notebook would hand it in now.

Written for nbgrader, which takes the value of the cell's last expression for the points, and gives nothing at all to a cell that
has written to stderr (`nbgrader.utils.determine_grade`). So a verdict is printed, the points are returned, and what libraries say
on stderr meanwhile is dropped. It is as advisory as `pytest graders`: the student's code runs in the same process.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from course.catalog import Project
from course.catalog import project as project_of
from course.checks import beside
from course.checks.beside_process import place
from course.errors import CourseError

if TYPE_CHECKING:
    from course.cells.kernel import Opened
    from course.checks.results import ProjectResult

SECONDS = 300.0  # for all checks of one cell; nbgrader_config.py gives a cell 900, so that a loop ends in a verdict


def check(project: str, task: str, *, seconds: float = SECONDS, notebook: "Opened | None" = None) -> int:
    """Run the checks of one function, print the verdict, and return the points earned.

    Args:
        project: "01", as in the catalog.
        task: the function's (or class's) name.
        seconds: a loop is stopped by then and fails its check.
        notebook: what holds the functions; the one in whose kernel this runs, unless given.

    Returns:
        Points from 0 to those of the function; 0 for one that is still at its TODO.

    Raises:
        CourseError: there is no such function, or data of the course are missing.
    """
    entry = project_of(project)
    names = [function.name for function in entry.functions]
    if task not in names:
        raise CourseError(f"Project {entry.id} has no function {task!r}.", f"Its functions are: {', '.join(names)}.")
    say = _Saying()
    with quiet():
        # imported here, because importing torch may warn as well
        from course.cells.kernel import opened
        from course.reports.terminal import render
        from course.workspace import verdicts

        try:
            result = _graded(entry, task, notebook or opened(), seconds, say)
        except KeyboardInterrupt as stopped:
            say.end()
            print(f"Interrupted{say.where(stopped)}: nothing is judged. Run this cell again for a verdict.")
            return 0
        say.end()
        if notebook is None and not os.environ.get("NBGRADER_EXECUTION"):  # not when a class is graded
            verdicts.record_cell(entry, task, result)
    print(render(result))
    return result.earned


def _graded(entry: Project, task: str, notebook: "Opened", seconds: float, say: "_Saying") -> "ProjectResult":
    if say.watched:
        with suppress(beside.Absent):
            return beside.grade_task(entry, task, notebook, seconds, begins=say.begins, says=say.no_answer)
    from course.checks.notebook import grade_task

    return grade_task(
        entry,
        task,
        notebook,
        seconds,
        begins=lambda check: say.begins(check.title, check.slow),
        says=say.no_answer,
        stuck=say.stuck,
    )


def run(project: str, *options: str) -> None:
    """Train and use the functions of this notebook as `course run` does those of the module, and show the pictures.

    Args:
        options: as on the command line: `run("01", "--epochs", "2")`.

    It does nothing while a class is graded.
    """
    if os.environ.get("NBGRADER_EXECUTION"):
        return
    entry = project_of(project)
    from course.runs.here import run_here
    from course.workspace import pristine_text

    shell, names = _shell_and_names()
    try:
        pictures = run_here(entry, pristine_text(entry), names, options)
    except CourseError as fault:
        print(fault)
        return
    except KeyboardInterrupt:
        print("Stopped.")
        return
    if shell:
        from IPython.display import Image, display

        for picture in pictures:
            display(Image(filename=str(picture)))


def predict(project: str, option: str, value: float | None = None, *, guess: float | str | None = None) -> None:
    """An experiment of the lesson with the functions of this notebook, as `course try` does it with those of the module.

    Args:
        option: as `course try` lists it, without its dashes: `predict("02", "hidden", 16, guess=0.4)`.
        value: its number; the lesson's unless given.
        guess: what you expect: a share from 0 to 1, or an answer in words. Without one it only says what is asked.

    It does nothing while a class is graded.
    """
    if os.environ.get("NBGRADER_EXECUTION"):
        return
    from course.tries import guesses, trying
    from course.tries.bench import Bench
    from course.tries.experiment import experiment

    entry = project_of(project)
    _, names = _shell_and_names()
    try:
        one = experiment(entry, option)
        number = one.number(value)
        if guess is None:
            print(trying.question(entry, one, number))
            how = guesses.listed(one.choices) if one.choices else "a share from 0 to 1"
            print(f"Write your guess ({how}) into the cell, guess=…, and run it again.")
            return
        made = guesses.read(str(guess), one.choices)
        trying.predict(entry, one, number, Bench(entry, names), None, made)
    except CourseError as fault:
        print(fault)
    except KeyboardInterrupt:
        print("Stopped.")


def _shell_and_names() -> tuple[Any, dict[str, Any]]:
    """IPython's shell, if there is one, and what the notebook has defined."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return shell, shell.user_ns if shell else vars(sys.modules["__main__"])


class _Saying:
    """Which check runs, above the place of the verdict, where a person looks on; gone when the verdict comes."""

    def __init__(self) -> None:
        self._title, self._handle, self._number = "", None, 0
        shell, _ = _shell_and_names()
        self.watched = bool(getattr(shell, "kernel", None)) and not os.environ.get("NBGRADER_EXECUTION")

    def begins(self, title: str, slow: bool) -> None:
        """Say what is done now."""
        self._title, self._number = title, self._number + 1
        trains = " (it trains a network: up to a minute)" if slow else ""
        self._show(f"{self._number}: {title}{trains} ...")

    def no_answer(self, text: str) -> None:
        """Where the code stands that gives no answer; or, before the first check, what is waited for."""
        self._show(f"{self._number}: {self._title}\n{text}. The square (■) above stops it." if self._title else text)

    def _show(self, text: str) -> None:
        if not self.watched:
            return
        if self._handle is None:
            from IPython.display import display

            self._handle = display({"text/plain": text}, raw=True, display_id=True)
        else:
            self._handle.update({"text/plain": text}, raw=True)

    def stuck(self, why: str) -> NoReturn:
        """End the kernel: nothing else helps. Jupyter starts a new one."""
        self.no_answer(
            f"The code {why}, so the kernel ends; Jupyter starts a new one. Change the cell, then run all cells above"
        )
        time.sleep(1)  # what was said is sent by another thread
        os._exit(1)

    def end(self) -> None:
        """Make room for the verdict."""
        if self._handle is not None:
            from IPython.display import clear_output

            clear_output(wait=True)

    def where(self, fault: BaseException) -> str:
        """At which check, and in which line of the student's cell."""
        at = fault.place if isinstance(fault, beside.Interrupted) else place(fault)
        return f" at “{self._title}”{at}" if self._title else at


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing reaches stderr: not by `sys.stderr`, not by a handler that keeps it from before, not by file descriptor 2."""
    stream = sys.stderr
    with suppress(AttributeError, ValueError):
        stream.flush()  # what came earlier still belongs to whoever wrote it
    kept = vars(stream).get("write") if hasattr(stream, "__dict__") else None
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stderr(nowhere), _descriptor(nowhere.fileno()):
        shadowed = False
        with suppress(AttributeError, TypeError):
            stream.write = nowhere.write  # type: ignore[method-assign, union-attr]
            shadowed = True
        try:
            yield
        finally:
            if shadowed and kept is None:
                del stream.write  # type: ignore[union-attr]
            elif shadowed:
                stream.write = kept  # type: ignore[method-assign, union-attr]


@contextmanager
def _descriptor(nowhere: int) -> Iterator[None]:
    """File descriptor 2 leads to `nowhere`: what compiled libraries write."""
    try:
        before = os.dup(2)
    except OSError:
        yield
        return
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


if _Saying().watched:
    beside.prepare()

"""A student's functions, and a run of a project's `main` with some of them changed: quiet, on the embedded data, without files."""

import contextlib
import importlib.util
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import course.runs
from course import training
from course.catalog import Project
from course.errors import CourseError
from course.files import shown
from course.runs.here import run_here
from course.training import History
from course.workspace import pristine_text

Change = Callable[[Any], Any]  # from a function of the student's to what stands in its place
Fewer = Callable[
    [Sequence[int]], list[int]
]  # from the classes of the training photos to the places of those that are kept


@dataclass
class Ran:
    """What a training left.

    Args:
        stages: the history of each; fine-tuning is the second.
        model: the network at the end.
        valid_loader: gives (images, labels).
    """

    stages: list[History]
    model: Any
    valid_loader: Any

    @property
    def train(self) -> float:
        """Training accuracy after the last epoch of the first stage."""
        return self.stages[0].train_accuracy[-1]

    @property
    def valid(self) -> float:
        """Validation accuracy after the last epoch of the first stage."""
        return self.stages[0].valid_accuracy[-1]


class Bench:
    """The functions of one project, of a module or of a notebook.

    Args:
        names: where they are; `main` is taken from the unedited stub.
    """

    def __init__(self, entry: Project, names: MutableMapping[str, Any]) -> None:
        self.entry, self.names = entry, names

    def __getattr__(self, name: str) -> Any:
        """A function of the student's, by its name: `bench.classify(…)`; one at its TODO is said in words."""
        if name not in {function.name for function in self.entry.functions}:
            raise AttributeError(name)
        if name not in self.names:
            raise CourseError(f"There is no {name} yet.", "Run its cell first, and those of all other functions.")
        function = self.names[name]

        def called(*arguments: Any, **named: Any) -> Any:
            with _todo(self.entry):
                return function(*arguments, **named)

        return called

    def train(self, *options: str, fewer: Fewer | None = None, **changes: Change) -> Ran:
        """Run `main` as `course run` does, with options of its command line and with functions changed.

        Raises:
            CourseError: a function is missing or still at its TODO.
        """
        missing = [name for name in changes if name not in self.names]
        if missing:
            raise CourseError(f"There is no {missing[0]} yet.", "Run its cell first, and those of all other functions.")
        changed = {name: change(self.names[name]) for name, change in changes.items()}
        runs: list[Any] = []
        with (
            tempfile.TemporaryDirectory() as out,
            mock.patch.multiple(
                course.runs, Run=_quiet(course.runs.Run, runs), PhotoRun=_quiet(course.runs.PhotoRun, runs, fewer)
            ),
            _counted(),
            _put(self.names, changed),  # there, and not in a copy: one function of the student's calls another
            contextlib.redirect_stdout(io.StringIO()),
        ):
            run_here(
                self.entry,
                pristine_text(self.entry),
                self.names,
                ("--data", "pocket", "--out", out, *options),
            )
        return runs[0].left


def of_module(entry: Project, file: Path) -> Bench:
    """The functions in a file.

    Raises:
        CourseError: it is not there.
    """
    if not file.is_file():
        raise CourseError(f"{shown(file)} is not there.", f"`course reset {entry.id}` puts the stub there.")
    spec = importlib.util.spec_from_file_location(f"tried_{entry.module}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # classes ask for it
    spec.loader.exec_module(module)
    return Bench(entry, vars(module))


def no_fine_tuning(fine_tune: Any) -> Any:
    """In place of `fine_tune`, for an experiment that ends before it."""
    return lambda *_, **__: History()


@contextlib.contextmanager
def _put(names: MutableMapping[str, Any], changed: Mapping[str, Any]) -> Iterator[None]:
    """These in place of what the names stand for, and those again afterwards."""
    before = {name: names[name] for name in changed}
    names.update(changed)
    try:
        yield
    finally:
        names.update(before)


@contextlib.contextmanager
def _todo(entry: Project) -> Iterator[None]:
    try:
        yield
    except NotImplementedError as fault:
        if str(fault) not in {function.name for function in entry.functions}:
            raise
        raise CourseError(f"{fault} is not written yet.", f"`course hint {entry.id} {fault}` helps.") from None


def _quiet(kind: type, runs: list[Any], fewer: Fewer | None = None) -> type:
    """A run that draws and saves nothing."""

    class Quiet(kind):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.left = Ran([], None, None)
            runs.append(self)

        def photo_loaders(self, *arguments: Any) -> Any:
            from torch.utils.data import DataLoader, Subset

            train, valid, names = super().photo_loaders(*arguments)
            if fewer is not None:
                kept = fewer(train.dataset.targets)
                train = DataLoader(Subset(train.dataset, kept), self.batch_size, shuffle=True)
            return train, valid, names

        def take(self, history: History) -> History:
            self.left.stages.append(history)
            return super().take(history)  # type: ignore[no-any-return]

        def assess(self, *_: Any, **__: Any) -> None:
            pass

        def finish(self, model: Any, valid_loader: Any, *_: Any, **__: Any) -> None:
            self.left.stages = self.left.stages or [self.history]
            self.left.model, self.left.valid_loader = model, valid_loader
            self.training.end()

        finish_photos = finish

    return Quiet


@contextlib.contextmanager
def _counted() -> Iterator[None]:
    """A line that says which epoch has ended, where a person is watching."""
    watched, said = sys.stderr.isatty(), 0

    def ended(history: History) -> None:
        nonlocal said
        said += 1
        if watched:
            print(f"\r{said} epoch{'s' if said > 1 else ''} done", end="", file=sys.stderr, flush=True)

    training.WATCHERS.append(ended)
    try:
        yield
    finally:
        training.WATCHERS.remove(ended)
        if watched and said:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

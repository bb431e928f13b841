"""What a student's code finds around it while it runs: a stream to print to, nobody to answer, and modules that lie beside it."""

import builtins
import contextlib
import importlib.util
import io
import pdb
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from course.cells.cell import read_work
from course.cells.loading import load

DEBUGGERS = (
    "debugpy",
    "pydevd",
    "_pydevd_bundle",
    "_pydev_bundle",
)  # an editor's, which need neither keyboard nor screen
cures = {"breakpoint": ""}  # what to do instead of stopping there, where that is known


class Printed(io.TextIOWrapper):
    """A text stream like `sys.stdout`, with `reconfigure` and `buffer`, that keeps the beginning of what is printed.

    Args:
        most: bytes that are kept; the rest is counted as written and gone.
    """

    def __init__(self, most: int) -> None:
        self._kept = _Beginning(4 * most)
        self._most = most
        super().__init__(self._kept, encoding="utf-8", errors="backslashreplace", write_through=True)  # type: ignore[arg-type]

    def text(self) -> str:
        """What is kept of it."""
        return bytes(self._kept.content).decode(self.encoding, "replace")[: self._most]


class _Beginning(io.BufferedIOBase):
    def __init__(self, most: int) -> None:
        self.content, self.most = bytearray(), most

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.content += view[: max(self.most - len(self.content), 0)]
        return len(view)


class Surroundings:
    """What one student's code finds.

    Args:
        folder: modules are found here first, or None.
        others: {module of another project: (the student's own work or module, or "", the reference, or "")}. It is found as
            `exercises.ex01_mnist` and as `ex01_mnist`; the reference stands in for functions that the student has not written.
    """

    def __init__(self, folder: Path | None = None, others: Mapping[str, Sequence[str]] | None = None) -> None:
        self.folder = [str(folder)] if folder else []
        self.others = {name: files for name, files in (others or {}).items() if any(files)}
        names = [f"{package}{name}" for name in self.others for package in ("", "exercises.")]
        self._modules: dict[str, ModuleType | None] = dict.fromkeys(names)

    @contextlib.contextmanager
    def around(self, printed: Printed) -> Iterator[None]:
        """Run code with these around it; `printed` takes what it prints."""
        answer, builtins.input = builtins.input, _nobody
        stops = sys.breakpointhook, pdb.set_trace
        if not stops[0].__module__.startswith(DEBUGGERS):
            sys.breakpointhook, pdb.set_trace = _no_stop, _no_stop
        sys.path[:0] = self.folder
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]
        hidden = _swap(self._modules)  # such as the instructor's own stubs, imported before
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                yield
        finally:
            self._modules = _swap(hidden)
            sys.meta_path.remove(self)  # type: ignore[arg-type]
            for path in self.folder:
                with contextlib.suppress(ValueError):
                    sys.path.remove(path)
            builtins.input = answer
            sys.breakpointhook, pdb.set_trace = stops

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """As the import system asks for it."""
        files = self.others.get(name.removeprefix("exercises."))
        if not files:
            return None
        own, reference = map(str, files)
        if own.endswith(".py") or not own:
            return importlib.util.spec_from_file_location(name, own or reference)
        return importlib.util.spec_from_loader(name, _OtherWork(Path(own), reference))


class _OtherWork(Loader):
    """Loads what the student has handed in for another project."""

    def __init__(self, file: Path, reference: str) -> None:
        self.file, self.reference = file, reference

    def exec_module(self, module: ModuleType) -> None:
        """Load the student's functions; those that are missing or at their TODO are the reference's."""
        work = read_work(self.file)
        loaded = load(work, module, self.file)
        missing = [task for task in work.tasks if not hasattr(module, task) or task in loaded.todo]
        if missing and self.reference:
            spec = importlib.util.spec_from_file_location(f"reference_{self.file.stem}", self.reference)
            assert spec and spec.loader  # noqa: PT018 - a file of Python has both
            reference = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(reference)
            for task in missing:
                setattr(module, task, getattr(reference, task))


def _nobody(*_: object) -> str:
    """In place of `input`: it does not wait."""
    raise EOFError("checks can't type: input() gets no answer here")


def _no_stop(*_: object, **__: object) -> NoReturn:
    """In place of `breakpoint` and `pdb.set_trace`: nobody sees the prompt."""
    cure = cures["breakpoint"]
    raise RuntimeError("checks can't stop at a breakpoint" + (f": {cure}" if cure else ""))


def _swap(modules: Mapping[str, ModuleType | None]) -> dict[str, ModuleType | None]:
    """Set these in `sys.modules`, or take them out where they are None; what was there before."""
    before = {name: sys.modules.get(name) for name in modules}
    for name, module in modules.items():
        if module is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = module
    return before

"""The side on which the student's code runs: load a module, call its functions, apply probes, answer in plain data.

It holds no expected value, no label of hidden data and no check. What it says about itself is a claim; the judge compares
(`checks`). The same class answers in the student's own process and in a child process (`python -m course.checks.worker`).
"""

import ast
import contextlib
import difflib
import importlib.util
import io
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from PIL import Image
from torch import nn
from torchvision import tv_tensors

from course import limits
from course.cells.cell import read_work
from course.cells.loading import Loaded, load
from course.cells.surroundings import Printed, Surroundings
from course.checks import builders, left_behind, probes, seeding, wire
from course.checks.changes import changed, looks, parameter_names
from course.checks.kits import load_kits
from course.pretend_gpu.surroundings import pretended, want
from course.source import definitions, unfinished

WORK = ".json"  # a file of `course.cells.cell.Work`, in place of a module


def prepare() -> None:
    """What every worker needs, whoever's module it has: the kits, cheap seeds, and the libraries' classes as they are."""
    load_kits()
    seeding.without_stacks()
    left_behind.remember_classes()


class Worker:
    """One student's module, loaded and ready to be called.

    Args:
        target: the student's module file.
        reference: a module whose functions stand in for upstream ones (`begin`), or None in a student's own copy.
        prepared: this process has called `prepare`, and nothing has been imported since.
    """

    def __init__(self, target: Path, reference: Path | None = None, prepared: bool = False) -> None:
        if not prepared:
            prepare()  # before any line of the student's has run
        self.target = Path(target)
        self.reference_path = reference
        self._reference: ModuleType | None = None
        self._upstream: dict[str, ModuleType] = {}
        self._loaded: Loaded | None = None
        self._own: dict[str, Any] = {}
        self._objects: dict[int, Any] = {}
        self._next, self._calls = 0, left_behind.Calls()
        self._folder: str | None = None
        self.printed = Printed(limits.TEXT)  # of the last request
        self.fault: BaseException | None = None  # of the last one that failed, for a debugger in this process
        self._work = read_work(self.target) if self.target.suffix == WORK else None
        self._around = Surroundings(self.target.parent, self._work.others) if self._work else Surroundings()

    # -- requests -------------------------------------------------------------------------------------------------

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request: {"value": ...} or {"error": {...}}, never an exception of the student's."""
        printed = self.printed = Printed(limits.TEXT)
        try:
            with self._around.around(printed), pretended():
                value = getattr(self, "_do_" + request["op"])(**{k: v for k, v in request.items() if k != "op"})
            return {"value": value, "printed": printed.text()}
        except Exception as fault:
            self.fault = fault
            return {"error": self._describe(fault), "printed": printed.text()}
        except SystemExit as fault:
            left = RuntimeError(f"the code called exit({fault.code})").with_traceback(fault.__traceback__)
            return {"error": self._describe(left), "printed": printed.text()}

    def stand_in(self, value: Any) -> Any:
        """What crosses for an object that is not plain: the tensor in a parameter or in a torchvision image, else a handle."""
        if type(value) in (nn.Parameter, tv_tensors.Image):
            return value.detach().as_subclass(torch.Tensor)
        return self.keep(value)

    def keep(self, value: Any) -> wire.Handle:
        """Keep an object here and return the handle that stands for it."""
        self._next += 1
        self._objects[self._next] = value
        kind = type(value)
        module = "" if kind.__module__ in ("builtins", self.module_name) else kind.__module__ + "."
        return wire.Handle(self._next, module + kind.__qualname__)

    def close(self) -> None:
        """Forget every object and delete the worker's own folder."""
        self._clear()
        sys.modules.pop(self.module_name, None)

    @property
    def module_name(self) -> str:
        return "student_" + self.target.stem

    def _do_begin(self, needs: list[str], seed: int, task: str = "", upstream: str = "") -> dict[str, Any]:
        """Start a check: a clean table of objects, one seed, and reference functions for what the check needs upstream,
        `upstream` being their source where this worker may not see the whole reference.

        Says whether the task is missing (and which function has nearly its name) or still at its TODO, where it stands, which
        upstream functions are missing or are the student's own, and what of the student's text did not run.
        """
        self._clear()
        self.fault = None
        want(False)
        loaded = self._load()
        module, todo = loaded.module, loaded.todo
        for name, own in self._own.items():
            setattr(module, name, own)
        missing = bool(task) and getattr(module, task, None) is None
        waiting = []
        for name in needs:
            if upstream or self.reference_path is not None:
                self._own.setdefault(name, getattr(module, name, None))
                given = self._given(upstream) if upstream else self._load_reference()
                setattr(module, name, getattr(given, name))
            elif name in todo or not hasattr(module, name):
                waiting.append(name)
        self._calls.begin()
        seeding.everything(seed)
        file, line = loaded.lines.get(task, ("", None))
        own = [name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]
        like = difflib.get_close_matches(task, own, 1) if missing else []
        return {
            "missing": missing,
            "fault": self._describe(loaded.faults[task]) if missing and task in loaded.faults else None,
            "like": like[0] if like else "",
            "todo": todo.get(task, False),
            "line": line,
            "place": loaded.files.get(file, ""),
            "waiting": waiting,
            "own": [] if upstream or self.reference_path else [name for name in needs if name not in waiting],
            "notes": [note for note, tasks in [*loaded.notes, *self.idle(loaded)] if task in tasks or not task],
        }

    def idle(self, loaded: Loaded) -> list[tuple[str, frozenset[str]]]:
        """What is to be said of trial calls."""
        return loaded.idle

    def _do_call(self, name: str, args: list[Any], kwargs: dict[str, Any], seed: int | None) -> dict[str, Any]:
        """Call a function of the student's."""
        loaded = self._load()
        function = getattr(loaded.module, name, None)
        if function is None:
            raise loaded.faults.get(name) or LookupError(f"there is no function called {name}")
        real_args, real_kwargs = self._real(args), self._real(kwargs)
        before, named = looks(args, real_args), looks(kwargs, real_kwargs)
        if seed is not None:
            seeding.everything(seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = function(*real_args, **real_kwargs)
        other = changed(before, args, real_args) + changed(named, kwargs, real_kwargs)
        parameters = list(parameter_names(function, len(args))) if other else []
        names = [str(parameters[key] if isinstance(key, int) else key) for key in other]
        return {"result": value, "changed": names, "left": self._calls.ended(name), "warned": _said(caught)}

    def _do_build(self, blueprint: wire.Blueprint) -> dict[str, Any]:
        """Build a thing of ours here and keep it."""
        return {"result": self.keep(self._real(blueprint))}

    _do_gpu = staticmethod(want)  # until the next check begins

    def _do_stand_in(self, name: str, blueprint: wire.Blueprint) -> None:
        """Let a thing of ours stand in for one of the module's functions until the next check begins."""
        module = self._load().module
        self._own.setdefault(name, getattr(module, name, None))
        setattr(module, name, self._real(blueprint))

    def _do_probe(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Look at an object that is kept here; the result is plain data."""
        return probes.PROBES[name](*self._real(args), **self._real(kwargs))

    def _do_file(self, name: str, content: bytes | None) -> str:
        """Write a file into the worker's own folder (or only name a path in it, when `content` is None)."""
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="course-")
        path = Path(self._folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content)
        return str(path)

    def _do_read(self, path: str) -> bytes:
        """The content of a file in the worker's own folder."""
        real = os.path.realpath(path)
        if self._folder is None or not real.startswith(os.path.realpath(self._folder) + os.sep):
            raise LookupError("that file is not in the worker's folder")
        return Path(real).read_bytes()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        self._objects.clear()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _real(self, value: Any) -> Any:
        """Plain data with handles, blueprints and photos replaced by the things themselves."""
        kind = type(value)
        if kind is wire.Handle:
            return self._objects[value.id]
        if kind is wire.Blueprint:
            return builders.BUILDERS[value.name](**self._real(value.arguments))
        if kind is wire.Photo:
            image = Image.open(io.BytesIO(value.content))
            image.load()
            return image
        if kind is list or kind is tuple:
            return kind(self._real(item) for item in value)
        if kind is dict:
            return {key: self._real(item) for key, item in value.items()}
        return value

    def _load(self) -> Loaded:
        """What the student has written, loaded once."""
        if self._loaded is None:
            if self._work is None:
                self._loaded = _whole(self.target, self.module_name)
            else:
                with _registered(ModuleType(self.module_name)) as module:
                    self._loaded = load(self._work, module, self.target)
        return self._loaded

    def _load_reference(self) -> ModuleType:
        if self._reference is None:
            assert self.reference_path is not None
            self._reference = _import(self.reference_path, "reference_" + self.reference_path.stem)
        return self._reference

    def _given(self, upstream: str) -> ModuleType:
        """The functions of a piece of source, made once."""
        if upstream not in self._upstream:
            with _registered(ModuleType(f"upstream_{len(self._upstream)}_{self.target.stem}")) as module:
                exec(compile(upstream, "<the reference>", "exec", dont_inherit=True), vars(module))
            self._upstream[upstream] = module
        return self._upstream[upstream]

    def _describe(self, fault: BaseException) -> dict[str, Any]:
        """An exception as plain data: its kind, its text, and the student's own line in which it arose."""
        files = self._loaded.files if self._loaded else {str(self.target): ""}
        place, line, code = "", None, ""
        for frame in traceback.extract_tb(fault.__traceback__):
            name = frame.filename if frame.filename in files else os.path.realpath(frame.filename)
            if name in files or (self._work and os.path.dirname(name) == os.path.realpath(self.target.parent)):
                place, line, code = files.get(name, os.path.basename(name)), frame.lineno, frame.line or ""
        if isinstance(fault, SyntaxError) and fault.filename in files:
            place, line, code = files[fault.filename], fault.lineno, (fault.text or "").strip()
        text = fault.msg if isinstance(fault, SyntaxError) else str(fault)
        lost = self._loaded.lost.get(str(fault.name)) if self._loaded and isinstance(fault, NameError) else None
        todo = str(fault) if isinstance(fault, NotImplementedError) and str(fault).isidentifier() else None
        return {
            "type": type(fault).__name__,
            "text": (f"{text}. {lost}" if lost else text)[: limits.TEXT],
            "place": place,
            "line": line,
            "code": code[:200],
            "todo": todo,
            "loading": self._loaded is None or fault in self._loaded.faults.values(),
        }


def _whole(file: Path, name: str) -> Loaded:
    """A module loaded as Python imports it: all or nothing."""
    module = _import(file, name)
    tree = ast.parse(file.read_bytes())
    lines = {name: (str(file), node.lineno) for name, node in definitions(tree).items()}
    return Loaded(module, {os.path.realpath(file): "", str(file): ""}, lines, unfinished(tree))


def _import(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    with _registered(importlib.util.module_from_spec(spec)) as module:
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _registered(module: ModuleType) -> Iterator[ModuleType]:
    """`module` in `sys.modules`, where dataclasses and torch.compile look a function's module up; out of it if the block fails."""
    sys.modules[module.__name__] = module
    try:
        yield module
    except BaseException:
        sys.modules.pop(module.__name__, None)
        raise


def _said(caught: list[warnings.WarningMessage]) -> list[str]:
    """The texts of warnings, without those that torch gives of itself."""
    own = os.path.dirname(torch.__file__)
    return [str(w.message)[: limits.TEXT] for w in caught if not w.filename.startswith(own)][:20]


def serve(stream_in: Any, stream_out: Any, folder: Path | None = None, prepared: bool = False) -> None:
    """Answer requests from one pipe on another until it closes. The first request says which module to load.

    Args:
        folder: where the files go that the first request brings along, the module among them.
        prepared: as `Worker` has it.
    """
    hello = wire.unpack(stream_in)
    torch.set_num_threads(hello["threads"])
    if folder:
        for name, content in hello["files"].items():
            Path(folder, name).write_bytes(content)
    worker = Worker(Path(folder or "", hello["target"]), prepared=prepared)
    try:
        while True:
            try:
                request = wire.unpack(stream_in)
            except EOFError:
                return
            answer = worker.reply(request)
            try:
                frame = wire.pack(answer, worker.stand_in)
            except wire.WireError as fault:
                frame = wire.pack({"error": worker._describe(fault)})
            stream_out.write(frame)
            stream_out.flush()
    finally:
        worker.close()


if __name__ == "__main__":
    # The pipe is moved away from 0 and 1 first, so that whatever the student prints or reads cannot touch it.
    pipe_in, pipe_out = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    with os.fdopen(pipe_in, "rb") as incoming, os.fdopen(pipe_out, "wb") as outgoing:
        serve(incoming, outgoing)

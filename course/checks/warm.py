"""What checks have had to work out and no line of the student's decides: the process that is forked for the next ones does it
while nothing is to be done (`course watch`, and what stands ready beside a notebook's kernel).

A fork begins with all that its parent has. So the parent imports what a round has imported, calls again what the graders' kits
keep (`functools.cache`: their own networks, pairs of sentences, photos), and lets hypothesis make its tables.
"""

import contextlib
import functools
import gc
import importlib
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from course import paths

LONGEST = 1.5  # seconds of the processor: while one of them runs, the watcher does not notice a save
Call = tuple[str, str, tuple[Any, ...], dict[str, Any]]  # module, function, arguments
_CACHED = type(functools.cache(len))


def prepare(modules: Iterable[str] = (), calls: Iterable[bytes] = ()) -> None:
    """Import what any check needs. One thread: their tensors are tiny, and a process that has started others can't be forked."""
    import torch

    from course.checks.kits import load_kits

    importlib.import_module("course.checks.target")
    torch.set_num_threads(1)
    load_kits()
    hypothesis_tables()
    for name in modules:
        bring(name)
    for call in calls:
        work_out(call)


def bring(name: str) -> None:
    """Import a module that another process has imported; one that fails is none of our business."""
    with contextlib.suppress(Exception):
        importlib.import_module(name)


def hypothesis_tables() -> None:
    """What hypothesis makes when it draws its first text, integer and float in a process: 0.3 s."""
    import hypothesis
    from hypothesis import strategies as st

    @hypothesis.settings(database=None, max_examples=2, derandomize=True, deadline=None)
    @hypothesis.given(st.text(max_size=1), st.integers(), st.floats())
    def nothing(text: str, whole: int, number: float) -> None:
        pass

    with contextlib.suppress(hypothesis.errors.HypothesisException, hypothesis.errors.HypothesisWarning):
        nothing()


class Recorder:
    """Writes down the calls of what the graders keep, in a process that is about to run checks."""

    def __init__(self) -> None:
        self._calls: dict[bytes, None] = {}
        named: dict[int, Callable[..., Any]] = {}
        for module in _graders():
            for name, value in list(vars(module).items()):
                if isinstance(value, _CACHED) and value.cache_parameters()["maxsize"] is None:
                    if id(value) not in named:
                        named[id(value)] = self._recording(value)
                    setattr(module, name, named[id(value)])

    def calls(self) -> tuple[bytes, ...]:
        """Each call that was worked out and not remembered, in the order in which they ended."""
        return tuple(self._calls)

    def _recording(self, kept: Any) -> Callable[..., Any]:
        @functools.wraps(kept)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            before, began = kept.cache_info().misses, time.process_time()
            value = kept(*args, **kwargs)
            if kept.cache_info().misses > before and time.process_time() - began < LONGEST:
                with contextlib.suppress(Exception):  # an argument that has no name elsewhere
                    self._calls[pickle.dumps((kept.__module__, kept.__qualname__, args, kwargs))] = None
            return value

        return recorded


def work_out(call: bytes) -> None:
    """Call it, so that it is kept here too."""
    with contextlib.suppress(Exception):
        module, name, args, kwargs = pickle.loads(call)
        getattr(importlib.import_module(module), name)(*args, **kwargs)


def imported_since(before: set[str], own: Path) -> tuple[str, ...]:
    """Modules that were imported since, without the student's, who works in the folder `own`."""
    found = []
    for name in set(sys.modules) - before:
        origin = getattr(sys.modules[name], "__file__", None) or ""
        here = Path(origin)
        theirs = here.is_relative_to(own) or (
            here.is_relative_to(paths.ROOT)
            and name.partition(".")[0] not in ("course", "graders")
            and ".venv" not in origin
        )
        if origin and not theirs:
            found.append(name)
    return tuple(sorted(found))


def settle() -> None:
    """Let the collector leave alone all that there is: a fork that looked through it would have to copy it first."""
    gc.collect()
    if hasattr(gc, "freeze") and hasattr(os, "fork"):
        gc.freeze()


def unsettle() -> None:
    """Before the process ends: libraries that count their objects would complain of those that nobody has collected."""
    if hasattr(gc, "unfreeze"):
        gc.unfreeze()


def _graders() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "graders" and isinstance(module, ModuleType):
            yield module

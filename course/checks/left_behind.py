"""What a student's code has changed in the whole process and not restored: noticed, named and undone.

Settings of torch, hooks on every network, methods of the libraries' own classes: `nn.BatchNorm2d.train = …` reaches every network
that is built later, other checks' too. A class of the student's own is theirs to change, and a method under a name that no class
of the library has (`nn.Module.where = …`) does nothing to anybody.

A call is looked at when it has ended. To look at the classes takes 0.04 to 0.15 ms, as memory is near or far, so not every call is
followed by that (`Calls`); whatever is found later is undone all the same, before the next check at the latest.
"""

import inspect
import itertools
import operator
import sys
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
import torchvision

from course import paths
from course.pretend_gpu import PretendGpu

_ROOTS = (
    torch.nn.Module,
    torch.optim.Optimizer,
    torch.utils.data.Dataset,
    torch.utils.data.DataLoader,
    torch.utils.data.Sampler,
)
_PACKAGES = ("torch.nn.modules.", "torch.optim.", "torch.utils.data.", "torchvision.")
_METHODS = (types.FunctionType, staticmethod, classmethod, property)
_TORCH, _VISION = (Path(inspect.getfile(library)).parent for library in (torch, torchvision))
_OURS = (paths.ROOT / "course", paths.ROOT / "graders" / "kit")  # whose methods there are no slip
_INSTALLED = _TORCH.parent  # where the libraries lie
_ABSENT = object()
_kept: dict[type, dict[str, Any]] = {}
_now: dict[type, Iterable[Any]] = {}  # their values: views, which follow the classes
_then: dict[type, tuple[Any, ...]] = {}  # and what those held when the class was last looked at
_all: list[Any] = []  # what those of all classes held, in one list: to compare that takes a third of class by class


def remember_classes() -> None:
    """Keep the libraries' classes as they are now; those that are known already, as they were then."""
    for kind in _family(_ROOTS):
        if kind not in _kept and f"{kind.__module__}.".startswith(_PACKAGES):
            _keep(kind)
    _look()


class Calls:
    """The calls of a check, by the function."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}

    def begin(self) -> None:
        """A new check: all is as it should be."""
        self._number.clear()
        undo()

    def ended(self, name: str) -> list[str]:
        """What a call of the function of this name has left behind (`undo`).

        Whoever puts something into a class does so the first time: classes are looked at after the 1st, 2nd, 4th, 8th … call.
        """
        number = self._number[name] = self._number.get(name, 0) + 1
        return undo(classes=number & (number - 1) == 0)


def undo(classes: bool = True) -> list[str]:
    """Restore what has been changed; a few words about each change, to follow "leaves the whole process with".

    Args:
        classes: look at the libraries' classes too.
    """
    left = []
    if not torch.is_grad_enabled():
        torch.set_grad_enabled(True)
        left.append("gradients switched off (torch.set_grad_enabled)")
    if torch.get_default_dtype() != torch.float32:
        torch.set_default_dtype(torch.float32)
        left.append("another default dtype (torch.set_default_dtype)")
    # importing it takes a second; who has not compiled has not set it
    compiling: Any = sys.modules.get("torch._dynamo.config")
    if compiling is not None and compiling.suppress_errors:
        compiling.suppress_errors = False
        left.append("compiling that fails in silence (torch._dynamo.config.suppress_errors)")
    of_all = torch.nn.modules.module
    for hooks in (of_all._global_forward_hooks, of_all._global_forward_pre_hooks):
        if hooks:
            hooks.clear()
            left.append("a hook on every network (register_module_forward_hook or register_module_forward_pre_hook)")
    # (a pretend GPU exchanges a method of every network as long as it is there: those classes are looked at later)
    seen = classes and not PretendGpu.is_there() and not _is_as_it_was()
    moved = [kind for kind, now in _now.items() if not _same(tuple(now), _then[kind])] if seen else []
    changed = [f"{kind.__name__}.{name}" for kind in moved for name in _restored(kind)]
    if moved:
        _look()
    if changed:
        left.append(f"another {' and '.join(changed[:2])} for everybody (a method put into the class itself)")
    return left


def _restored(kind: type) -> Iterator[str]:
    """The methods of a class that a student's code has changed, each put back."""
    was, now = _kept[kind], dict(vars(kind))
    for name in {**was, **now}:
        old, new = was.get(name, _ABSENT), now.get(name, _ABSENT)
        if old is new or not isinstance(new if old is _ABSENT else old, _METHODS) or _is_meant(kind, name, new, old):
            continue
        if old is _ABSENT and _is_new(kind, name, new):
            continue
        if old is _ABSENT:
            delattr(kind, name)
        else:
            setattr(kind, name, old)
        yield name
    _keep(kind)


def _is_as_it_was() -> bool:
    """Has every class the same methods as when it was last looked at?"""
    try:
        return list(itertools.chain.from_iterable(_now.values())) == _all
    except Exception:  # some things, such as tensors, cannot be compared in this way
        return False


def _same(now: tuple[Any, ...], then: tuple[Any, ...]) -> bool:
    return len(now) == len(then) and all(map(operator.is_, now, then))


def _look() -> None:
    _all[:] = itertools.chain.from_iterable(_then.values())


def _is_new(kind: type, name: str, method: Any) -> bool:
    """Is it a method under a name that nothing of the library looks for? A property hides what an object has of that name."""
    return not (isinstance(method, property) or name.startswith("__") or hasattr(super(kind, kind), name))


def _keep(kind: type) -> None:
    _kept[kind] = dict(vars(kind))
    _now[kind] = vars(kind).values()
    _then[kind] = tuple(_kept[kind].values())


def _is_meant(kind: type, name: str, new: Any, old: Any) -> bool:
    """Is a method of `kind` a library's own affair?

    torch wraps the methods of an optimizer's class when the first one of it is built, inherited ones too (AdamW's `step`), and
    what is compiled; transformers gives every network one more with its first model; probes of ours put one there for a while.
    """
    code = getattr(new, "__code__", None)
    if code is None:
        return False
    file = Path(code.co_filename)
    if file.is_relative_to(_TORCH) or file.is_relative_to(_VISION):
        inherited = old if old is not _ABSENT else getattr(super(kind, kind), name, _ABSENT)
        return file.is_relative_to(_TORCH / "_dynamo") or inspect.unwrap(new) is inspect.unwrap(inherited)
    again = old is _ABSENT or getattr(old, "__code__", None) is code  # the first, or the same once more
    return (again and _INSTALLED in file.parents) or any(file.is_relative_to(one) for one in _OURS)


def _family(kinds: tuple[type, ...]) -> Iterator[type]:
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting += kind.__subclasses__()

"""What a student's code has changed in the whole process and not restored: noticed, named and undone.

Settings of torch, hooks on every network, methods of the libraries' own classes: `nn.BatchNorm2d.train = …` reaches every network
that is built later, other checks' too. A class of the student's own is theirs to change, and a method under a name that no class
of the library has (`nn.Module.where = …`) does nothing to anybody.
"""

import ctypes
import inspect
import operator
import sys
import types
from collections.abc import Iterator
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
_quick: dict[type, tuple[Any, ...]] = {}  # their values alone, which are compared fastest
_marks: dict[type, ctypes.c_uint] = {}  # where the interpreter keeps the version of a class, and
_VALUE = operator.attrgetter("value")
_versions: dict[type, int] = {}  # what it was when the class was last looked at


def _version_at() -> int | None:
    """Where in a class CPython keeps its version, a number that is another one after each change; None where that is not found.

    To read 600 numbers takes 0.03 ms; to compare the classes themselves 0.4 ms, after each call of a student's function, and in a
    process that was forked it copies the memory of everything that is compared.
    """

    class Tried:
        pass

    def numbers() -> list[int]:
        getattr(Tried, "number", None)  # a look at an attribute gives a class that was changed its new version
        return [ctypes.c_uint.from_address(id(Tried) + place).value for place in places]

    if sys.implementation.name != "cpython":
        return None
    places = range(ctypes.sizeof(ctypes.c_void_p), int(type.__basicsize__), ctypes.sizeof(ctypes.c_uint))  # type: ignore[call-overload]
    seen = []
    for number in range(3):
        Tried.number = number  # type: ignore[attr-defined]
        seen.append((numbers(), numbers()))
    found = [
        place
        for at, place in enumerate(places)
        if all(first[at] == again[at] != 0 for first, again in seen) and len({first[at] for first, _ in seen}) == 3
    ]
    return found[0] if len(found) == 1 else None


_VERSION = _version_at()


def remember_classes() -> None:
    """Keep the libraries' classes as they are now; those that are known already, as they were then."""
    for kind in _family(_ROOTS):
        if kind not in _kept and f"{kind.__module__}.".startswith(_PACKAGES):
            _keep(kind)


def undo() -> list[str]:
    """Restore what has been changed; a few words about each change, to follow "leaves the whole process with"."""
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
    moved = [] if PretendGpu.is_there() else [kind for kind in _perhaps() if tuple(vars(kind).values()) != _quick[kind]]
    changed = [f"{kind.__name__}.{name}" for kind in moved for name in _restored(kind)]
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


def _perhaps() -> list[type]:
    """The classes that may have been changed since they were last looked at: by their versions, or all of them."""
    if _VERSION is None:
        return list(_quick)
    now = list(map(_VALUE, _marks.values()))
    if all(now) and now == list(_versions.values()):
        return []
    found = [kind for kind, version in zip(_marks, now, strict=True) if not version or version != _versions[kind]]
    for kind in found:
        _note_version(kind)
    return found


def _is_new(kind: type, name: str, method: Any) -> bool:
    """Is it a method under a name that nothing of the library looks for? A property hides what an object has of that name."""
    return not (isinstance(method, property) or name.startswith("__") or hasattr(super(kind, kind), name))


def _keep(kind: type) -> None:
    _kept[kind] = dict(vars(kind))
    _quick[kind] = tuple(_kept[kind].values())
    _note_version(kind)


def _note_version(kind: type) -> None:
    if _VERSION is not None:
        getattr(kind, "number", None)  # see `_version_at`
        _marks[kind] = ctypes.c_uint.from_address(id(kind) + _VERSION)
        _versions[kind] = _marks[kind].value


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
    for kind in kinds:
        yield kind
        yield from _family(tuple(kind.__subclasses__()))

"""The call on which a check fails, as a program: what the check hands over, the call, and what it looks at then.

The messages of a check are kept as they go to the worker, and those on which the last call of the function depends become lines of
Python. Nothing in the program checks anything: it is there to be run, printed in and stepped through.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from course.checks import builders, probes
from course.checks.session import Session
from course.checks.wire import Blueprint, Handle, Photo

SMALL = 12  # numbers of a tensor that are written out; a larger one lies in a file beside the program


@dataclass
class Step:
    """A message and what came back; `made` are the handles in that."""

    message: dict[str, Any]
    made: dict[int, str] = field(default_factory=dict)  # handle: where in the answer it stands, as "[0]"


class Recorder:
    """Keeps the messages of the check that runs.

    Args:
        session: whose messages are kept from now on.
    """

    def __init__(self, session: Session) -> None:
        self.steps: list[Step] = []
        session.shares = False  # each check makes its calls itself
        exchange = session._exchange

        def kept(message: dict[str, Any]) -> dict[str, Any]:
            if message["op"] == "begin":
                self.steps.clear()
            step = Step(message)
            self.steps.append(step)
            answer = exchange(message)
            value = answer.get("value")
            step.made = dict(_handles(value["result"] if message["op"] in ("call", "build") and value else value))
            return answer

        session._exchange = kept  # type: ignore[method-assign]


def program(
    steps: list[Step], task: str, module: str, title: str, folder: Path, parameters: Sequence[str] = ()
) -> str | None:
    """The program that makes the last call of `task`; None where there was none.

    Args:
        steps: of a check.
        module: of the student's functions, as it is imported.
        title: of the check.
        folder: where the program will lie, and data that are too large to be written out; it is there.
        parameters: of the function, by which what it is given is called.
    """
    calls = [k for k, step in enumerate(steps) if step.message["op"] == "call" and step.message["name"] == task]
    if not calls:
        return None
    return _Writer(steps, module, folder).text(calls[-1], task, title, parameters)


class _Writer:
    def __init__(self, steps: list[Step], module: str, folder: Path) -> None:
        self.steps, self.module, self.folder = steps, module, folder
        self.names: dict[int, str] = {}  # of handles
        self.imports: dict[str, set[str]] = {}
        self.taken = {"result", "torch", "sys", "HERE", "builders", "probes"}
        self.called: dict[int, str] = {}  # what the function calls them
        self.number = 0

    def text(self, last: int, task: str, title: str, parameters: Sequence[str]) -> str:
        """The whole program."""
        message = self.steps[last].message
        given = [*zip(parameters, message["args"]), *message["kwargs"].items()]
        self.called = {value.id: name for name, value in given if isinstance(value, Handle)}
        lines: list[str] = []
        for k in self._needed(last):
            lines += self._line(self.steps[k], last=k == last)
        lines.append("print(result)")
        touched = _ids(self.steps[last].message) | set(self.steps[last].made)
        after = [s for s in self.steps[last + 1 :] if s.message["op"] == "probe" and _ids(s.message) & touched]
        for step in after[-1:]:
            if _ids(step.message) <= set(self.names):
                lines.append(f"print({self._call(step.message)})")
        functions = sorted({task, *(s.message["name"] for s in self.steps if s.message["op"] == "call")})
        used = [name for name in functions if any(re.search(rf"\b{name}\(", line) for line in lines)]
        head = [f"from {home} import {', '.join(sorted(names))}" for home, names in sorted(self.imports.items())]
        head = ["import torch", "", *head, f"from {self.module} import {', '.join(used)}", ""]
        said = f'"""{task}, as the check “{title}” calls it. Change and print what you like: nothing here is graded."""'
        return "\n".join([said, "", *head, *lines, ""])

    def _needed(self, last: int) -> list[int]:
        """The messages on which the last one depends: that made what it is given, or did something with that before."""
        wanted, found = _ids(self.steps[last].message), {last}
        for k in range(last - 1, -1, -1):
            step = self.steps[k]
            acts = step.message["op"] == "call" and _ids(step.message) & wanted
            if set(step.made) & wanted or acts or step.message["op"] == "stand_in":
                found.add(k)
                wanted |= _ids(step.message)
        return sorted(found)

    def _line(self, step: Step, last: bool) -> list[str]:
        message = step.message
        if message["op"] == "stand_in":
            return [
                f"# {message['name']}: here the check puts one of the course's own in its place; this program takes yours."
            ]
        lines = []
        if message["op"] == "call" and message["seed"] is not None:
            lines.append(f"torch.manual_seed({message['seed']})")
        if last:
            return [*lines, f"result = {self._call(message)}", *self._named(step, "result")]
        base = message["blueprint"].name if message["op"] == "build" else message["name"]
        name = self._new(next((self.called[h] for h, path in step.made.items() if h in self.called and not path), base))
        return [*lines, f"{name} = {self._call(message)}", *self._named(step, name)]

    def _named(self, step: Step, name: str) -> list[str]:
        for handle, path in step.made.items():
            self.names[handle] = f"{name}{path}"
        return []

    def _call(self, message: dict[str, Any]) -> str:
        if message["op"] == "build":
            return self._expression(message["blueprint"])
        if message["op"] == "probe":
            home = self._home(probes.PROBES[message["name"]].__module__)
            return f"{home}.{message['name']}({self._arguments(message)})"
        return f"{message['name']}({self._arguments(message)})"

    def _arguments(self, message: dict[str, Any]) -> str:
        parts = [self._expression(value) for value in message["args"]]
        return ", ".join([*parts, *(f"{key}={self._expression(value)}" for key, value in message["kwargs"].items())])

    def _expression(self, value: Any) -> str:
        match value:
            case Handle():
                return self.names.get(value.id, f"...  # {value.type}")
            case Blueprint():
                home = self._home(builders.BUILDERS[value.name].__module__)
                parts = ", ".join(f"{key}={self._expression(part)}" for key, part in value.arguments.items())
                return f"{home}.{value.name}.build({parts})"
            case Photo():
                self._import("PIL", "Image")
                return f"Image.open({self._file('.png', value.content)})"
            case torch.Tensor():
                return self._tensor(value)
            case list() | tuple():
                inner = ", ".join(map(self._expression, value))
                return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
            case dict():
                return "{" + ", ".join(f"{key!r}: {self._expression(part)}" for key, part in value.items()) + "}"
            case _ if type(value).__module__ == "numpy":
                return f"{self._tensor(torch.from_numpy(value))}.numpy()"
            case float() if value != value or value in (float("inf"), float("-inf")):
                return f"float({str(value)!r})"
        return repr(value)

    def _tensor(self, value: torch.Tensor) -> str:
        if value.numel() <= SMALL:
            return f"torch.tensor({value.tolist()!r}, dtype={value.dtype})"
        stream = io.BytesIO()
        torch.save(value.clone(), stream)
        return f"torch.load({self._file('.pt', stream.getvalue())})"

    def _file(self, suffix: str, content: bytes) -> str:
        self.number += 1
        name = f"data{self.number}{suffix}"
        (self.folder / name).write_bytes(content)
        return f'HERE / "{name}"'

    def _import(self, module: str, name: str) -> None:
        self.imports.setdefault(module, set()).add(name)

    def _home(self, module: str) -> str:
        """A module of the course, as the program calls it."""
        package, _, name = module.rpartition(".")
        self._import(package, name)
        return name

    def _new(self, base: str) -> str:
        """A name of its own: what a builder or function of that name has made."""
        short = base if base in self.called.values() else "made_" + re.sub(r"^(build|make|load)_", "", base)
        name = next(n for n in [short, *(f"{short}{k}" for k in range(2, 1000))] if n not in self.taken)
        self.taken.add(name)
        return name


def _handles(value: Any, path: str = "") -> Iterator[tuple[int, str]]:
    match value:
        case Handle():
            yield value.id, path
        case list() | tuple():
            for k, part in enumerate(value):
                yield from _handles(part, f"{path}[{k}]")
        case dict():
            for key, part in value.items():
                yield from _handles(part, f"{path}[{key!r}]")


def _ids(value: Any) -> set[int]:
    """Of all handles in a message."""
    match value:
        case Handle():
            return {value.id}
        case Blueprint():
            return _ids(value.arguments)
        case list() | tuple():
            return {n for part in value for n in _ids(part)}
        case dict():
            return {n for part in value.values() for n in _ids(part)}
    return set()

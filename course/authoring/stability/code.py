"""What the outcome of a check depends on: the digest by which a run is known again, and the bounds that a check compares with.

A run of hours is worth keeping for as long as the code that was run is the same. The rule is plain and errs on the side of running
again: one digest for all checks of a project on one target, over

- the grader and graders/kit/, the target, and what of course/ computes evidence, data and networks: as Python reads them, without
  comments and docstrings, so that a sentence may be mended;
- the manifests of the project's data sets, the pocket weights and the corpus, by content; the project's thresholds;
- the versions of Python, torch, torchvision and numpy.

Left out: what is shown on the student's page (graders/kit/pages.py), and the machinery that carries calls, which decides nothing.
Whoever changes how that seeds a run deletes the ledger.
"""

import ast
import functools
import hashlib
import importlib.metadata
import inspect
import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from course import paths
from course.authoring.stability.ledger import Subject
from course.datasets import store
from course.source import DEFINITIONS, definitions

COMPUTING = (
    "graders/kit/**/*.py",
    "course/checks/builders*.py",
    "course/checks/expect*.py",
    "course/checks/probes*.py",
    "course/corpus/*",
    "course/datasets/**/*.py",
    "course/models/**/*",
    "course/networks.py",
    "course/pictures/**/*.py",
    "course/training.py",
)
SHOWING = "pages.py"
SUFFIXES = (".py", ".toml", ".txt", ".json", ".safetensors")
BOUNDED = {"expect_at_least": "at least", "expect_at_most": "at most"}


def digest(subject: Subject, target: Path) -> str:
    """Of all that decides how the checks of a subject's grader end on `target`; 16 hexadecimal digits."""
    found = hashlib.sha256(_surroundings().encode())
    for file in (subject.grader, target):
        found.update(_content(file))
    if subject.entry:
        found.update(repr(sorted(subject.entry.thresholds.items())).encode())
        for name in subject.entry.data:
            found.update((store.ensure(name) / store.MANIFEST).read_bytes())
    return found.hexdigest()[:16]


def bounds(grader: ModuleType, check: str) -> list[tuple[str, float]]:
    """("at least" or "at most", bound) of the comparisons that a check makes, itself or by functions of graders/ that it calls."""
    found, waiting, seen = [], [(grader, check)], set()
    while waiting:
        place = waiting.pop()
        module, name = place
        if place in seen or name not in (known := _definitions(module)):
            continue
        seen.add(place)
        for part in ast.walk(known[name]):
            if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Name):
                continue
            if part.func.id in BOUNDED:
                with suppress(
                    NameError
                ):  # a bound that hangs on the call, as a learning rate does, is none of the check's own
                    bound = float(eval(ast.unparse(part.args[1]), vars(module)))  # text from our own grader
                    found.append((BOUNDED[part.func.id], round(bound, 9)))
        names = {part.id for part in ast.walk(known[name]) if isinstance(part, ast.Name)}
        things = [thing for word in names if inspect.isfunction(thing := vars(module).get(word))]
        homes = [(sys.modules[thing.__module__], thing.__name__) for thing in things]
        waiting += [home for home in homes if home[0] is grader or home[0].__name__.startswith("graders.")]
    return found


@functools.cache
def _definitions(module: ModuleType) -> dict[str, ast.stmt]:
    return dict(definitions(ast.parse(inspect.getsource(module))))


@functools.cache
def _surroundings() -> str:
    """Versions, and the files that compute."""
    parts = [platform.python_version(), platform.machine()]
    parts += [importlib.metadata.version(name) for name in ("torch", "torchvision", "numpy")]
    return "\n".join([*parts, *(f"{file.name} {hashlib.sha256(_content(file)).hexdigest()}" for file in _computing())])


def _computing() -> Iterator[Path]:
    for pattern in COMPUTING:
        for file in sorted(paths.ROOT.glob(pattern)):
            if file.suffix in SUFFIXES and file.name != SHOWING:
                yield file


def _content(file: Path) -> bytes:
    """A file's bytes; of Python what it does, without comments and docstrings."""
    if file.suffix != ".py":
        return file.read_bytes()
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, *DEFINITIONS)) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(tree).encode()

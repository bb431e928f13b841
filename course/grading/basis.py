"""What a verdict rests on: the submission, the checks, the course's own code, the data, the versions, the seed, the limits.

Two submissions with one `Basis.key` get one verdict, so a verdict that is kept under it need not be made again; where two bases
differ, `changes` says in words by what.
"""

import ast
import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from course import paths
from course.catalog import project
from course.datasets import store
from course.grading.handed_in import beside, read
from course.grading.judge import ISOLATION, Job

# Of the package: what stands above the judging of one submission (.importlinter) changes no verdict.
NO_VERDICT: tuple[str, ...] = (
    "__main__.py",
    "cli/",
    "notebook.py",
    "running.py",
    "run_photos.py",
    "authoring/",
    "reports/",
    "lessons/",
)
NO_VERDICT += ("runs/", "workspace/", "grading/", "catalog.toml", "checks/fingerprints/")
VERDICT = ("grading/judge.py", "grading/handed_in.py")
PACKAGES = ("torch", "torchvision", "numpy", "pillow", "transformers", "tokenizers", "safetensors", "hypothesis")


@dataclass(frozen=True)
class Basis:
    """Everything that decides a verdict, each part by its SHA-256 or in plain words.

    Args:
        submission: {file: SHA-256} of what was handed in, with modules beside it and other projects' files that it mentions.
        note: what was said about it before it was opened.
        graders: {file: SHA-256} of the project's checks, the kits that they import, its solution and its known mistakes.
        course: {file: SHA-256} of the course's own code.
        points: digest of the project's entry in the catalog.
        data: {data set: digest of its files}.
        versions: {"python", "machine", packages: version}.
        isolation: what stood between the student's code and the judge.
        seed: of the hidden data.
        show_exam: whether pages may show pictures of the hidden data.
        seconds: limits of one call and of all calls.
    """

    submission: Mapping[str, str]
    note: str
    graders: Mapping[str, str]
    course: Mapping[str, str]
    points: str
    data: Mapping[str, str]
    versions: Mapping[str, str]
    isolation: str
    seed: int
    show_exam: bool
    seconds: tuple[float, float]

    @functools.cached_property
    def key(self) -> str:
        """One digest of it all."""
        return hashlib.sha256(json.dumps(self.plain(), sort_keys=True).encode()).hexdigest()

    def plain(self) -> dict[str, Any]:
        """As a dict for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, found: Mapping[str, Any]) -> "Basis":
        """From what JSON has made of `plain`."""
        kept = {field.name: found[field.name] for field in fields(cls)}
        return cls(**{**kept, "seconds": tuple(kept["seconds"])})


def basis(job: Job) -> Basis | None:
    """What the verdict on a submission would rest on now; None where there is no file, or it cannot be read."""
    submission, entry = job.submission, project(job.submission.project)
    if submission.file is None:
        return None
    try:
        content = read(submission.file)
    except (OSError, ValueError):
        return None
    return Basis(
        submission=_handed_in(job, content),
        note=submission.note,
        graders=graders(entry.id),
        course=course_files(),
        points=_digest(repr(entry).encode()),
        data={name: _data(name) for name in entry.data},
        versions=versions(),
        isolation=ISOLATION[job.isolation],
        seed=job.seed,
        show_exam=job.show_exam or job.seed == 0,
        seconds=(job.call_seconds, job.seconds),
    )


def changes(before: Basis, now: Basis) -> list[str]:
    """What differs, each in a few words; empty where nothing does."""
    found = []
    if before.submission != now.submission:
        found.append(f"the submission ({_names(before.submission, now.submission)})")
    if before.note != now.note:
        found.append("which of several files counts")
    if before.graders != now.graders:
        found.append(f"the checks ({_names(before.graders, now.graders)})")
    if before.points != now.points:
        found.append("the project's entry in course/catalog.toml")
    if before.course != now.course:
        found.append(f"the course ({_names(before.course, now.course)})")
    found += [f"the data set {name}" for name in _differ(before.data, now.data)]
    for name in _differ(before.versions, now.versions):
        found.append(f"{name} (was {before.versions.get(name, 'not there')}, is {now.versions.get(name, 'not there')})")
    for name in ("isolation", "seed", "show_exam", "seconds"):
        if getattr(before, name) != getattr(now, name):
            shown = "limits in seconds" if name == "seconds" else name
            found.append(f"{shown} (was {getattr(before, name)}, is {getattr(now, name)})")
    return found


def _differ(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]


def _names(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    names = _differ(before, now)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _handed_in(job: Job, content: bytes) -> dict[str, str]:
    submission = job.submission
    assert submission.file is not None
    found = {Path(submission.name).name: _digest(content)}
    for name, other in beside(submission.file, submission.folder, content).items():
        found[name] = _digest(other)
    hidden = b"\\u" in content  # an escape may spell a module's name
    for module, file in submission.others.items():
        if hidden or module.encode() in content:
            try:
                found[f"{module}{file.suffix}"] = _digest(read(file))
            except (OSError, ValueError):
                found[f"{module}{file.suffix}"] = "cannot be read"
    return found


@functools.cache
def graders(id: str) -> Mapping[str, str]:
    """{file: SHA-256} of all that is a project's own: its checks and what they import of graders/, its solution, its mistakes."""
    entry = project(id)
    files = {paths.ROOT / "graders" / entry.grader, paths.ROOT / "solutions" / f"{entry.module}.py"}
    files |= set((paths.ROOT / "course" / "checks" / "fingerprints").glob(f"{entry.id}.json"))
    files |= {paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb"}
    todo = [paths.ROOT / "graders" / entry.grader]
    while todo:
        for file in _imported(todo.pop()):
            if file not in files:
                files.add(file)
                todo.append(file)
    return _digests(files)


def _imported(file: Path) -> Iterator[Path]:
    """Modules of graders/ that a module imports."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.startswith("graders."):
                found = paths.ROOT.joinpath(*name.split(".")).with_suffix(".py")
                if found.is_file():
                    yield found


@functools.cache
def course_files() -> Mapping[str, str]:
    """{file: SHA-256} of what of the package a verdict rests on."""
    root = paths.ROOT / "course"
    found = []
    for file in root.rglob("*"):
        name = file.relative_to(root).as_posix()
        if name in VERDICT or (file.is_file() and "__pycache__" not in name and not name.startswith(NO_VERDICT)):
            found.append(file)
    return _digests(found)


@functools.cache
def versions() -> Mapping[str, str]:
    """{"python", "machine", package: version}."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@functools.cache
def _data(name: str) -> str:
    manifest = store.read_manifest(store.ensure(name))
    return _digest(json.dumps((manifest or {}).get("files"), sort_keys=True).encode())


def _digests(files: Iterable[Path]) -> dict[str, str]:
    return {
        file.relative_to(paths.ROOT).as_posix(): _digest(file.read_bytes()) for file in sorted(files) if file.is_file()
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

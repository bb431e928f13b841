"""Rules of the author's linter about names, points, hints, mistakes and alternatives: what belongs to what, and what is missing."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from course.authoring.lint.reader import Finding, Sources
from course.authoring.proofs.edits import ProofError
from course.authoring.proofs.variants import Variant
from course.authoring.stubs import find_regions
from course.catalog import projects
from course.errors import CourseError

WORDS = 20  # characters; a docstring that is shorter says what a check does, not why


def strangers(root: Path) -> Iterator[Finding]:
    """Folders of proofs that belong to no project of the catalog."""
    known = {entry.folder for entry in projects()} | {"shared", "__pycache__"}
    for folder in sorted((root / "graders" / "proofs").iterdir()):
        if folder.is_dir() and folder.name not in known:
            name = f"graders/proofs/{folder.name}"
            yield Finding(name, 1, f"the catalog has no project {folder.name}", "Enter it, or delete the folder.")


def names(found: Sources) -> Iterator[Finding]:
    """Everything has one name, and the parts of a project know each other by it."""
    entry, known = found.entry, {function.name for function in found.entry.functions}
    first: dict[str, int] = {}
    for name, line in found.tests:
        if name in first:
            said = f"{name} is the name of a check already, in line {first[name]}"
            yield Finding(found.grader, line, said, "pytest runs only the last of two tests with one name: rename one.")
        elif name not in {check.name for check in found.checks}:
            cure = "Put `@check(…)` on it, or call it by another name."
            yield Finding(found.grader, line, f"{name} is no check", cure)
        first.setdefault(name, line)
    for check in found.checks:
        if check.task not in known:
            cure = "Add the function to course/catalog.toml, or correct the name in `@check`."
            yield Finding(
                found.grader, check.line, f"{check.name} judges {check.task}, which project {entry.id} has not", cure
            )
        for name in check.needs:
            if name not in known or name == check.task:
                cure = "`needs` lists other functions of the same project that the task calls."
                yield Finding(found.grader, check.line, f"{check.name} needs {name}, which is none of the others", cure)
    named: dict[str, Variant] = {}
    for one in (*found.mistakes, *found.alternatives):
        if one.task not in known:
            said = f"{one.name} is a variant of {one.task}, which project {entry.id} has not"
            yield Finding(one.file, one.line, said, "Correct the name.")
        other = named.setdefault(one.name, one)
        if other is not one:
            said = f"{one.name} is the name of a mistake already, at {other.file}:{other.line}"
            yield Finding(one.file, one.line, said, "Rename one: proofs and feedback know them by name.")
    yield from _functions(found, known)
    yield from _notebook(found)


def _functions(found: Sources, known: set[str]) -> Iterator[Finding]:
    """Catalog against solution: each function once, with a marked body and a docstring."""
    file = found.root / found.solution
    if not file.is_file():
        return  # said by `read`
    try:
        marked = {region.task for region in find_regions(file.read_text("utf-8"), found.solution)}
    except CourseError as fault:
        where, _, said = fault.problem.removeprefix(f"{found.solution}:").partition(": ")
        yield Finding(found.solution, int(where) if where.isdigit() else 1, said.rstrip("."), fault.cure)
        return
    listed = [function.name for function in found.entry.functions]
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield Finding("course/catalog.toml", found.catalog_line(name), f"{name} is listed twice", "Keep one of them.")
    for name in sorted(known - marked):
        said = f"{found.solution} has no function {name} with a marked body"
        yield Finding("course/catalog.toml", found.catalog_line(name), said, "Write it, or take it out of the catalog.")
    for name in sorted(marked - known):
        node = found.functions[name]
        yield Finding(
            found.solution,
            node.lineno,
            f"{name} has a marked body, but the catalog has no such function",
            "Add it to course/catalog.toml.",
        )
    for name in sorted(known & marked):
        node = found.functions[name]
        if not ast.get_docstring(node):
            yield Finding(
                found.solution, node.lineno, f"{name} has no docstring", "Say what it takes, gives and must not do."
            )


def _notebook(found: Sources) -> Iterator[Finding]:
    """The cells of the source notebook: ids of their own, one graded cell for each function, the points of the catalog."""
    name = f"source/{found.entry.module}/{found.entry.module}.ipynb"
    file = found.root / name
    if not file.is_file():
        yield Finding(name, 1, "this notebook is missing", "Run `course release`, and commit what it writes.")
        return
    text = file.read_text("utf-8")
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError):
        yield Finding(name, 1, "this is no notebook", "Run `course release`, and commit what it writes.")
        return
    for kind, ids in (
        ("cell id", [cell.get("id", "") for cell in cells]),
        ("grade_id", [cell["metadata"]["nbgrader"]["grade_id"] for cell in cells if "nbgrader" in cell["metadata"]]),
    ):
        for id in sorted({id for id in ids if ids.count(id) > 1}):
            yield Finding(name, _line_of(text, f'"{id}"'), f"the {kind} {id!r} stands twice", "Run `course release`.")
    graded = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"].get("points")
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    wanted = {f"check_{function.name}": function.points for function in found.entry.functions}
    for id in sorted(wanted.keys() | graded.keys()):
        if graded.get(id) != wanted.get(id):
            said = f"{id} is worth {graded.get(id, 'nothing')}, in the catalog {wanted.get(id, 'nothing')}"
            yield Finding(name, _line_of(text, f'"{id}"'), said, "Run `course release`, and commit what it writes.")


def _line_of(text: str, words: str) -> int:
    return text[: max(text.find(words), 0)].count("\n") + 1


def points(found: Sources) -> Iterator[Finding]:
    """The points of a function are the sum of those of its checks."""
    for function in found.entry.functions:
        have = sum(check.points for check in found.checks if check.task == function.name)
        if have != function.points:
            said = f"{function.name} is worth {function.points} points, its checks {have}"
            yield Finding(
                "course/catalog.toml",
                found.catalog_line(function.name),
                said,
                f"Write `points = {have}`, or change the checks.",
            )
    for check in found.checks:
        if not check.points > 0 and not check.bonus:
            yield Finding(found.grader, check.line, f"{check.name} is worth nothing", "Give it a point.")


def words(found: Sources) -> Iterator[Finding]:
    """What leads a student on: the question of the TODO, the hint, the reason."""
    for function in found.entry.functions:
        if not function.todo.endswith("?") or "\n" in function.todo:
            cure = "Write one line that ends in a question mark."
            yield Finding(
                "course/catalog.toml",
                found.catalog_line(function.name),
                f"the TODO of {function.name} asks no question",
                cure,
            )
    for check in found.checks:
        if not check.hint.rstrip().endswith("?"):
            said = f"the hint of {check.name} asks no question" if check.hint.strip() else f"{check.name} has no hint"
            yield Finding(
                found.grader, check.line, said, "Ask what leads on, without the answer; end with a question mark."
            )
        if len(check.why) < WORDS:
            yield Finding(
                found.grader, check.line, f"{check.name} does not say why it matters", "Write it as its docstring."
            )


def proofs(found: Sources) -> Iterator[Finding]:
    """A mistake for each check, an alternative for each function; each mistake knows its check and fits the solution."""
    task_of = {check.name: check.task for check in found.checks}
    file = found.root / found.solution
    for variant in [*found.mistakes, *found.alternatives] if file.is_file() else ():
        yield from _fits(variant, file.read_text("utf-8"))
    for mistake in found.mistakes:
        yield from _mistake(mistake, task_of)
    named = {mistake.caught_by for mistake in found.mistakes}
    for check in found.checks:
        if check.name not in named:
            cure = f"Write a wrong {check.task} that it catches, in {found.mistakes_file}."
            yield Finding(found.grader, check.line, f"no mistake names {check.name}", cure)
    written = {variant.task for variant in found.alternatives}
    for function in found.entry.functions:
        if function.name not in written:
            cure = f"Write an alternative, in {found.alternatives_file}."
            yield Finding(
                "course/catalog.toml", found.catalog_line(function.name), f"{function.name} has no alternative", cure
            )


def _fits(variant: Variant, solution: str) -> Iterator[Finding]:
    """The words that it changes are there, once: a line that was broken anew is not found any more."""
    try:
        variant.edit(solution)
    except ProofError as fault:
        yield Finding(variant.file, variant.line, str(fault), "Quote the solution as it is now.")


def _mistake(mistake: Variant, task_of: dict[str, str]) -> Iterator[Finding]:
    task = task_of.get(mistake.caught_by)
    if task is None:
        said = f"{mistake.name} is to be caught by {mistake.caught_by or 'no check'}, which does not exist"
        yield Finding(mistake.file, mistake.line, said, "Name a check of the grader in `caught_by(…)`.")
    elif task != mistake.task:
        said = f"{mistake.name} is a wrong {mistake.task}, but {mistake.caught_by} judges {task}"
        yield Finding(mistake.file, mistake.line, said, f"Name a check of {mistake.task}.")
    if not mistake.says.endswith((".", "?")):
        said = f"{mistake.name} does not say in a sentence what is misunderstood"
        yield Finding(mistake.file, mistake.line, said, "Write one to the student, with a full stop.")

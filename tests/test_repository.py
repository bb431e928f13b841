"""What holds for the repository as a whole: no address, no machine's path, modules of a size to read, made files fresh."""

import ast
import re
import subprocess

import pytest

from course import paths

LINES = 350  # the design says about 300; beyond this a module holds two ideas
# Addresses of package indexes and paths of somebody's machine. Written in pieces, so that this file does not hold them itself.
PLACES = {
    "a package index": r"py" r"pi\.org|python" r"hosted\.org|index-" r"url|find-" r"links|file:/" r"//",
    "a path of a machine": r"(?<![\w.])/(?:ho" r"me|ro" r"ot|wo" r"rk|Us" r"ers)/\w|/o" r"pt/\w|/t" r"mp/w\b",
}
BINARY = {".png", ".jpg", ".safetensors", ".gz", ".npz", ".ico"}


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=paths.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.splitlines() if (paths.ROOT / name).is_file()]


@pytest.mark.parametrize("what", PLACES)
def test_no_tracked_file_names(what):
    found = []
    for name in tracked():
        if paths.ROOT.joinpath(name).suffix not in BINARY:
            text = (paths.ROOT / name).read_text("utf-8", errors="replace")
            found += [f"{name}: {match.group()}" for match in re.finditer(PLACES[what], text)]
    assert found == []


def test_modules_are_of_a_size_to_read():
    """One idea each. Graders, solutions and tests are lists of like things and may be longer."""
    long = {}
    for name in tracked():
        if name.endswith(".py") and name.startswith("course/"):
            number = len((paths.ROOT / name).read_text("utf-8").splitlines())
            if number > LINES:
                long[name] = number
    assert long == {}


def test_modules_say_what_they_are_for():
    for name in tracked():
        if name.endswith(".py") and name.startswith("course/") and (paths.ROOT / name).stat().st_size:
            assert ast.get_docstring(ast.parse((paths.ROOT / name).read_text("utf-8"))), f"{name} has no docstring"


# Who may import whom: a module only from its own level or from one further down.
LEVELS = (
    ("course.errors", "course.paths"),
    (
        "course.catalog",
        "course.datasets",
        "course.pictures",
        "course.models",
        "course.corpus",
        "course.training",
        "course.networks",
    ),
    (
        "course.grading",
        "course.authoring",
        "course.judging",
        "course.reports",
        "course.workspace",
        "course.workspace.progress",
        "course.runs.run",
        "course.runs.figures",
        "course.lessons.table",
    ),
    ("course.cli", "course.notebook"),
)


def level(module: str) -> int | None:
    for number, names in enumerate(LEVELS):
        if any(module == name or module.startswith(name + ".") for name in names):
            return number
    return None


def test_no_module_imports_upward():
    wrong = []
    for name in tracked():
        if not (name.endswith(".py") and name.startswith("course/")):
            continue
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for node in ast.walk(ast.parse((paths.ROOT / name).read_text("utf-8"))):
            targets = []
            if isinstance(node, ast.ImportFrom) and node.module:
                targets = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            for target in targets:
                mine, theirs = level(module), level(target)
                if mine is not None and theirs is not None and theirs > mine:
                    wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_the_package_needs_neither_solutions_nor_graders():
    """A student has no solutions; the proofs and the graders' own loader find them by path."""
    for name in tracked():
        if name.endswith(".py") and name.startswith("course/"):
            for node in ast.walk(ast.parse((paths.ROOT / name).read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module:
                    assert node.module.partition(".")[0] not in ("solutions", "exercises"), name


def test_every_dependency_is_locked_and_explained():
    import tomllib

    needed = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split(r"[<>=\[;~! ]", line)[0] for line in needed["dependencies"]]
    names += [re.split(r"[<>=\[;~! ]", line)[0] for extra in needed["optional-dependencies"].values() for line in extra]
    locked = (paths.ROOT / "constraints.txt").read_text("utf-8").lower()
    explained = (paths.ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    for name in set(names) - {needed["name"]}:  # an extra may hold another one of ours
        assert f"\n{name}==" in locked, f"{name} is not in constraints.txt: run `make lock`"
        assert f"`{name}`" in explained, f"{name} is not in docs/dependencies.md"


def test_constraints_are_exact_versions_and_say_how_they_were_made():
    lines = (paths.ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert "`make lock`" in lines[0]
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line), line


def test_the_readme_names_every_project_and_command():
    from course.catalog import projects
    from course.cli import main

    text = (paths.ROOT / "README.md").read_text("utf-8")
    for entry in projects():
        assert entry.grader in text, entry.id
    for name in main.commands:
        assert f"course {name}" in text, name


def test_no_two_test_modules_have_one_name():
    """pytest imports them by their bare names, and takes the second for the first."""
    names = [file.name for file in (paths.ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))

"""What holds for the repository as a whole: no address, no machine's path, modules of a size to read, made files fresh."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

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


LINT_IMPORTS = (
    sys.executable,
    "-c",
    "from importlinter.cli import lint_imports_command as run; run()",
    "--no-cache",
    "--no-logo",
)


def lint_imports(folder) -> subprocess.CompletedProcess:
    """The contracts of .importlinter on the packages of `folder`."""
    found = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(LINT_IMPORTS, cwd=folder, env=found, capture_output=True, text=True, check=False)


def test_imports_go_downward_and_in_no_circle():
    done = lint_imports(paths.ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "says"),
    [
        ("course/errors.py", "import course.cli", "course.errors -> course.cli"),
        (
            "course/catalog.py",
            "def later():\n    from course.checks import check",
            "course.catalog -> course.checks.check",
        ),
        ("course/datasets/registry.py", "from course.datasets import store", "at any depth BROKEN"),
        ("course/lonely.py", '"""A module without a layer."""', "course.lonely"),
        ("course/catalog.py", "import solutions.ex01_mnist", "course.catalog -> solutions.ex01_mnist"),
        (
            "graders/kit/general.py",
            "from course.authoring import stubs",
            "graders.kit.general -> course.authoring.stubs",
        ),
        ("solutions/ex01_mnist.py", "from course.checks import expect", "solutions.ex01_mnist -> course.checks.expect"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path, file, line, says):
    """Each contract can fail, also where an import stands inside a function."""
    for name in tracked():
        if name.endswith(".py") and name.startswith(("course/", "graders/", "solutions/", "exercises/")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.ROOT / name, tmp_path / name)
    shutil.copy(paths.ROOT / ".importlinter", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as stream:
        stream.write(f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert says in done.stdout, done.stdout + done.stderr


def test_every_dependency_is_locked_and_explained():
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
        assert f"course {name}" in text or f"course author {name}" in text, name


WALKS = re.findall(r"`([\w./]+/[\w./]*\w\.\w+)(?:::([\w.]+))?`", (paths.ROOT / "docs" / "walks.md").read_text("utf-8"))


@pytest.mark.parametrize(("file", "name"), dict.fromkeys(WALKS))
def test_the_walks_name_what_is_there(file, name):
    assert (paths.ROOT / file).is_file()
    body = ast.parse((paths.ROOT / file).read_text("utf-8")).body if name else []
    for part in name.split(".") if name else ():
        found = [node for node in body if getattr(node, "name", None) == part]
        assert found, f"{file} defines no {name}"
        body = found[0].body


def test_the_workflow_runs_what_ci_runs_on_every_python_of_the_course():
    needed = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    jobs = yaml.safe_load((paths.ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    assert needed == f">={jobs['test']['strategy']['matrix']['python'][0]}"
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert runs == {"test": ["bash .ci/run"], "docs": ["make docs"], "older-processor": ["bash .ci/run"]}


def test_ci_proves_the_mistakes_with_the_code_of_an_older_processor_too():
    """A sample of it: tests/test_processors.py."""
    jobs = yaml.safe_load((paths.ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    (around,) = (step["env"] for step in jobs["older-processor"]["steps"] if "run" in step)
    assert around["ATEN_CPU_CAPABILITY"] == "default"
    assert all((paths.ROOT / name).exists() for name in around["PYTEST"].split())


def test_pre_commit_downloads_nothing():
    config = yaml.safe_load((paths.ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [source["repo"] for source in config["repos"]] == ["local"]
    assert {hook["language"] for hook in config["repos"][0]["hooks"]} == {"system"}


@pytest.mark.parametrize("form", ["wrong-verdict.yml", "bug.yml"])
def test_an_issue_tells_versions(form):
    parts = yaml.safe_load((paths.ROOT / ".github/ISSUE_TEMPLATE" / form).read_text("utf-8"))["body"]
    asked = [part["id"] for part in parts if part.get("validations", {}).get("required")]
    assert "versions" in asked
    if form == "wrong-verdict.yml":
        assert {"code", "verdict", "expected"} <= set(asked)


def test_no_two_test_modules_have_one_name():
    """pytest imports them by their bare names, and takes the second for the first."""
    names = [file.name for file in (paths.ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_the_engine_knows_no_project():
    """What a project needs is declared with the project. A message of the other folders may name one as an example."""
    from course.catalog import projects

    names = "|".join(rf"{entry.id}|(?:ex|test_)?{entry.folder}" for entry in projects())
    for folder in ("checks", "grading", "lessons", "reports", "runs"):
        for file in sorted((paths.ROOT / "course" / folder).rglob("*.py")):
            text = file.read_text("utf-8")
            said = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
            found = [value for value in said if isinstance(value, str) and re.fullmatch(names, value)]
            if folder in ("checks", "lessons", "runs"):
                found += re.findall(rf"(?<![\w.])(?:{names})(?![\w.])", text)
            assert found == [], file


def found_in(pattern: str, *folders: str) -> set[str]:
    """The Python files below these folders in which a pattern occurs, comments aside."""
    names = [name for name in tracked() if name.endswith(".py") and name.startswith(tuple(f"{f}/" for f in folders))]
    return {
        name for name in names if re.search(pattern, ast.unparse(ast.parse((paths.ROOT / name).read_text("utf-8"))))
    }


ONCE = {
    "runs a check": (r"\bcheck\.function\(\*\*", {"course/checks/run.py"}),
    "makes the result of a check": (r"\bCheckResult\(|\bcls\(project=check", {"course/checks/results.py"}),
    "knows a TODO": (r"id='NotImplementedError'|raise NotImplementedError\('\{", {"course/source.py"}),
    "finds where a definition begins": (r"\.decorator_list for|min\(\[node\.lineno", {"course/source.py"}),
    "writes a file whole or not at all": (r"\bmkstemp\(|NamedTemporaryFile|\.chmod\(new,", {"course/files.py"}),
    "shows a path to a person": (r"def _?shown\(path", {"course/files.py"}),
    "reads processor time": (r"cpu_times|/proc/\{", {"course/checks/time_limit.py"}),
}


@pytest.mark.parametrize("what", ONCE)
def test_one_place(what):
    pattern, places = ONCE[what]
    assert found_in(pattern, "course", "graders") == places


def test_every_view_runs_checks_by_the_one_loop():
    users = found_in(r"from course\.checks\.run import .*\brun\b", "course")
    assert users >= {
        "course/cli/pytest_plugin.py",
        "course/cli/student.py",  # hint
        "course/cli/watch_child.py",
        "course/checks/notebook.py",
        "course/grading/judge.py",
        "course/authoring/proofs/variants.py",
        "course/authoring/mutation/trials.py",
        "course/authoring/stability/run.py",
    }

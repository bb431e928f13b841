"""What students get: the release as nbgrader's own commands make and grade it, and the bundle; nothing of a solution in either."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile

import nbformat
import pytest
from click.testing import CliRunner

from course import paths
from course.authoring import generated
from course.authoring.release import assignments, bundle, leaks
from course.catalog import project, projects
from course.cli import main
from course.errors import CourseError

MNIST = project("01")
pytestmark = pytest.mark.skipif(
    not (paths.ROOT / "solutions" / "ex01_mnist.py").is_file(), reason="this copy of the course has no solutions/"
)


@pytest.fixture(scope="module")
def secrets():
    return leaks.secrets()


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    folder = tmp_path_factory.mktemp("build") / "student"
    bundle.build(folder)
    return folder


# -- the scan ---------------------------------------------------------------------------------------------------------


def test_nothing_of_a_solution_is_in_release_or_in_the_bundle(secrets, student):
    assert [str(leak) for leak in leaks.scan(paths.ROOT / "release", secrets)] == []
    assert [str(leak) for leak in leaks.scan(student, secrets)] == []


def test_something_of_every_function_is_looked_for(secrets):
    """Also of the shortest: a body of one line that is no idiom, or its mistakes."""
    found = {secret.what for secret in secrets}
    for entry in projects():
        assert f"a mistake of {entry.id}" in found
        for function in entry.functions:
            assert any(f"{entry.id} {function.name}" in what for what in found), f"{entry.id} {function.name}"


def test_the_scan_finds_the_solutions_themselves(secrets):
    """All nine source notebooks hold their bodies, so the scan must find each function there."""
    for entry in projects():
        found = " ".join(leak.secret.what for leak in leaks.scan(paths.ROOT / "source" / entry.module, secrets))
        assert [f.name for f in entry.functions if f"{entry.id} {f.name}" not in found] == []


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("exercises/ex01_mnist.py", "\tacc = (logits.argmax(dim=1)  == labels).float().mean().item()", ""),
        (
            "exercises/ex01_mnist.py",
            "\t\treturn (logits.argmax(dim=1) == labels).float().mean().item()  # so",
            "a line of 01",
        ),
        ("notes.md", "see ### BEGIN SOLUTION", "a marker"),
        ("graders/test_01_mnist.py", "# caught: channel_last", "a mistake of 01"),
        ("course/hints.py", "def channel_last():\n    pass", "a mistake of 01"),
        ("course/hints.py", "# caught too: counter_inside_the_loop", "a mistake in other code of 01"),
    ],
)
def test_a_planted_leak_is_found(name, text, what, tmp_path, secrets):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"# harmless\n{text}\n", "utf-8")
    found = leaks.scan(tmp_path, secrets)
    assert bool(found) == bool(what)  # what was rewritten is not noticed, and the module says so
    for leak in found:
        assert leak.secret.what.startswith(what)
        assert (leak.file, leak.line) == (file, 2)


def test_a_leak_in_a_notebook_is_found_in_cells_outputs_and_metadata(tmp_path, secrets):
    line = next(s.text for s in secrets if s.what == "a line of 01 train_epoch" and len(s.text) > 24)
    cell = nbformat.v4.new_code_cell("x = 1")
    for place in ("source", "outputs", "metadata"):
        leaky = nbformat.v4.new_notebook(cells=[nbformat.from_dict(json.loads(json.dumps(cell)))])
        if place == "source":
            leaky.cells[0].source = f"for a in b:\n    {line}"
        elif place == "outputs":
            leaky.cells[0].outputs = [nbformat.v4.new_output("stream", text=f"{line}\n")]
        else:
            leaky.metadata["old"] = {"cell": [line]}
        nbformat.write(leaky, tmp_path / "ex01_mnist.ipynb")
        assert [leak.secret.text for leak in leaks.scan(tmp_path, secrets)] == [line], place


def test_a_leak_stops_the_command(monkeypatch):
    planted = leaks.Leak(
        paths.ROOT / "release" / "ex01_mnist" / "x.ipynb", 3, leaks.Secret("a marker", "BEGIN SOLUTION")
    )
    monkeypatch.setattr(leaks, "secrets", list)
    monkeypatch.setattr(leaks, "scan", lambda folder, wanted: [planted])
    done = CliRunner().invoke(main, ["release", "--check", "01"])
    assert done.exit_code == 1
    assert "x.ipynb:3 holds a marker: BEGIN SOLUTION" in done.output


# -- the bundle -------------------------------------------------------------------------------------------------------


def test_the_bundle_holds_what_a_student_needs_and_nothing_of_an_author(student):
    names = {file.relative_to(student).as_posix() for file in student.rglob("*") if file.is_file()}
    for entry in projects():
        assert {f"exercises/{entry.module}.py", f"graders/{entry.grader}", f"notebooks/{entry.module}.ipynb"} <= names
        assert (student / "exercises" / f"{entry.module}.py").read_text("utf-8").startswith("# Made from ")
    assert {"README.md", "pyproject.toml", "constraints.txt", "data/README.md", "course/notebook.py"} <= names
    for word in (
        "solutions",
        "mistakes",
        "rewritten",
        "alternatives",
        "authoring",
        "proofs",
        "pretrain.py",
        "tests/",
        "source/",
        ".pyc",
    ):
        assert not [name for name in names if word in name], word


def source_of(module, root):
    """The file of a module or a package below `root`, or None."""
    path = root.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imported(file):
    """The course's modules that a file imports, with the packages above them."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            whole = [".".join(parts[:k]) for k in range(1, len(parts) + 1)]
            yield from (module for module in whole if source_of(module, paths.ROOT))


def test_what_the_bundle_imports_is_in_it(student):
    """But for what `author.is_here` stands before: this copy has no author's and no instructor's commands."""
    files = [file for folder in ("course", "graders", "exercises") for file in (student / folder).rglob("*.py")]
    missing = {module for file in files for module in imported(file) if not source_of(module, student)}
    assert missing - {"course.authoring"} == {
        "course.authoring.commands",
        *(f"course.cli.{name}" for name in (*bundle.COMMANDS, "grade_kept")),
    }


def test_what_is_in_the_bundle_is_imported_by_a_students_commands(student):
    begin = ["course.cli", "course.__main__", "course.cli.pytest_plugin", "course.notebook", "course.checks.worker"]
    begin += ["course.running", "course.run_photos"]  # what exercises from older stubs import
    left = [source_of(module, student) for module in begin]
    for found_by_their_folder in ("datasets/sets", "tries"):
        left += (student / "course" / found_by_their_folder).glob("*.py")
    left += [*(student / "exercises").glob("*.py"), *(student / "graders").rglob("*.py")]
    reached = set(left)
    while left:
        found = {source_of(module, student) for module in imported(left.pop())} - {None} - reached
        reached |= found
        left += found
    package = (student / "course").rglob("*.py")
    assert {file.relative_to(student).as_posix() for file in package if file not in reached} == set()


def test_a_student_needs_no_package_of_an_extra(student):
    """But for kagglehub, and `course data fetch` says so."""
    about = tomllib.loads((student / "pyproject.toml").read_text("utf-8"))["project"]
    known = {
        *about["dependencies"],
        "kagglehub",
        "IPython",  # these two come with every notebook, and only there are they imported
        "nbformat",
        *sys.stdlib_module_names,
        "course",
        "graders",
        "exercises",
        "solutions",
    }
    used = set()
    for file in student.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            used |= {name.partition(".")[0] for name in names}
    other = {
        "PIL": "pillow",
        "_pytest": "pytest",
        "markupsafe": "jinja2",
    }  # modules that are called otherwise than their package
    assert {other.get(name, name) for name in used} - known == set()


def test_the_zip_holds_the_folder_and_has_the_same_bytes_each_time(student):
    packed = student.with_name("student.zip")
    with zipfile.ZipFile(packed) as archive:
        names = {name.removeprefix("student/") for name in archive.namelist()}
    assert names == {file.relative_to(student).as_posix() for file in student.rglob("*") if file.is_file()}
    before = packed.read_bytes()
    assert bundle.pack(student).read_bytes() == before


def test_a_stale_stub_stops_the_bundle(tmp_path, monkeypatch):
    real = generated.stub_files()
    monkeypatch.setattr(generated, "stub_files", lambda: {file: text + "#" for file, text in real.items()})
    with pytest.raises(CourseError, match="course author make"):
        bundle.build(tmp_path / "student")
    assert not (tmp_path / "student").exists()


# `python -m`, but without the finder by which an editable installation finds this checkout's `course` from anywhere.
ALONE = """
import runpy, sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "Editable" not in repr(finder)]
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@pytest.mark.slow
def test_the_bundle_grades_its_stub_by_itself(student):
    """In a process that knows no other copy of the course: the checks run, and say that nothing is written yet."""

    def run(*command: str) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": str(student)}
        whole = [sys.executable, "-P", "-c", ALONE, *command]
        return subprocess.run(whole, cwd=student, env=environment, capture_output=True, text=True, check=False)

    done = run("pytest", "-p", "no:cacheprovider", "graders/test_01_mnist.py")
    assert "make_transforms  not started" in done.stdout, done.stdout + done.stderr
    assert f"0 of {MNIST.points} points" in done.stdout
    for command in (["author"], ["author", "--help"], ["author", "make", "--check"], ["release", "01"], ["grade", "x"]):
        done = run("course", *command)
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("This copy of the course has no author's code: it is a student's copy.\n")
    said = run("course", "--help").stdout
    assert "Students:" in said
    assert "Instructors:" not in said
    assert "Authors:" not in said


# -- nbgrader ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A course folder of nbgrader's with the release of project 01, made by nbgrader, and its gradebook."""
    folder = tmp_path_factory.mktemp("classroom")
    shutil.copy(paths.ROOT / assignments.CONFIG, folder)
    assignments.make_sources([MNIST], folder)
    assignments.generate([MNIST], folder)
    return folder


@pytest.mark.slow
def test_nbgrader_makes_just_what_is_committed_as_often_as_it_is_asked(classroom):
    assignments.generate([MNIST], classroom)
    for kind in ("source", "release"):
        made = assignments.notebook_file(MNIST, kind, classroom).read_bytes()
        assert made == assignments.notebook_file(MNIST, kind).read_bytes()


@pytest.mark.slow
def test_what_nbgrader_refuses_is_said_and_the_release_stays(classroom):
    source, kept = (assignments.notebook_file(MNIST, kind, classroom) for kind in ("source", "release"))
    good, before = source.read_text("utf-8"), kept.read_bytes()
    source.write_text(good.replace('"schema_version": 3', '"schema_version": 99'), "utf-8")
    try:
        with pytest.raises(CourseError, match="cannot make the release of ex01_mnist"):
            assignments.generate([MNIST], classroom)
    finally:
        source.write_text(good, "utf-8")
    assert kept.read_bytes() == before


@pytest.mark.slow
def test_the_gradebook_knows_the_points_of_the_catalog(classroom):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{classroom / 'gradebook.db'}") as gradebook:
        notebook = gradebook.find_notebook(MNIST.module, MNIST.module)
        points = {cell.name.removeprefix("check_"): cell.max_score for cell in notebook.grade_cells}
    assert points == {function.name: function.points for function in MNIST.functions}


def solve(classroom, edits):
    """A student's notebook: of the release, with these functions solved and edited."""
    solution = nbformat.read(assignments.notebook_file(MNIST, "source", classroom), as_version=4)
    bodies = {cell.id: cell.source for cell in solution.cells}
    notebook = nbformat.read(assignments.notebook_file(MNIST, "release", classroom), as_version=4)
    for cell in notebook.cells:
        if cell.id in edits:
            cell.source = edits[cell.id](bodies[cell.id])
    return notebook


@pytest.mark.slow
def test_validate_says_what_fails_on_a_release(classroom):
    from nbgrader.validator import Validator

    failed = Validator().validate(str(assignments.notebook_file(MNIST, "release", classroom)))["failed"]
    assert len(failed) == len(MNIST.functions)
    assert 'check("01", "make_transforms")' in failed[0]["source"]


NOISE = """    ### BEGIN SOLUTION
    import logging, os, sys, warnings
    warnings.warn("careful"); print("said", file=sys.stderr); os.write(2, b"raw\\n"); logging.warning("logged")
    os.system("echo from a child >&2")
"""


@pytest.mark.slow
def test_autograde_gives_full_points_nothing_and_part_of_them(classroom):
    """The solution, with noise on stderr; the stub; a function with a mistake, one with a syntax error, one over time."""
    from nbgrader.api import Gradebook

    right = {f.name: (lambda body: body) for f in MNIST.functions}
    right["make_transforms"] = lambda body: body.replace("    ### BEGIN SOLUTION\n", NOISE)
    part = {
        "train_epoch": lambda body: body.replace("model.train()", "pass").replace("in loader", "in tqdm(loader)"),
        "batch_accuracy": lambda body: body.replace("return", "retrun"),
        "imports": lambda body: "raise SystemExit",  # a given cell: autograde puts its own back
    }
    right["train_epoch"] = lambda body: "from tqdm import tqdm\n\n\n" + body.replace("in loader", "in tqdm(loader)")
    part["make_transforms"] = lambda body: body.replace("### BEGIN SOLUTION", "return 3")
    notebooks = {"right": solve(classroom, right), "stub": solve(classroom, {}), "part": solve(classroom, part)}
    tqdm = nbformat.v4.new_code_cell("import sys\nfrom tqdm import tqdm\nprint('outside', file=sys.stderr)")
    notebooks["part"].cells.insert(3, tqdm)
    for name, notebook in notebooks.items():
        file = classroom / "submitted" / name / MNIST.module / f"{MNIST.module}.ipynb"
        file.parent.mkdir(parents=True)
        nbformat.write(notebook, file)
    command = [sys.executable, "-m", "nbgrader", "autograde", MNIST.module]
    done = subprocess.run(command, cwd=classroom, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{classroom / 'gradebook.db'}") as gradebook:
        scores = {s.student.id: s for s in gradebook.assignment_submissions(MNIST.module)}
        grades = {g.name: g.auto_score for n in scores["part"].notebooks for g in n.grades}
        assert scores["right"].score == MNIST.points
        assert scores["stub"].score == 0
        assert grades.pop("check_train_epoch") == MNIST.function("train_epoch").points - 1
        assert set(grades.values()) == {0}
        assert not any(g.needs_manual_grade for s in scores.values() for n in s.notebooks for g in n.grades)
    assert not list(classroom.rglob(".hypothesis"))

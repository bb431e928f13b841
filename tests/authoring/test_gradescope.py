"""The autograder for Gradescope: what is in the zip, what its scripts do when something goes wrong, and that it grades."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from click.testing import CliRunner

from course import paths
from course.authoring.release import assignments, bundle, gradescope
from course.catalog import project
from course.cli import gradescope as container
from course.cli import main
from course.errors import CourseError
from course.wall import line

ENTRY = project("04b")  # it trains nothing
pytestmark = pytest.mark.skipif(
    not (paths.ROOT / "solutions" / f"{ENTRY.module}.py").is_file(), reason="this copy of the course has no solutions/"
)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    (made,) = gradescope.build([ENTRY], tmp_path_factory.mktemp("build"), seed=7)
    return made


@pytest.fixture
def there(packed, tmp_path):
    """A folder as Gradescope has it: the zip in source/, its run_autograder beside, and an empty submission/."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "source")
    shutil.copy(tmp_path / "source" / "run_autograder", tmp_path)
    (tmp_path / "submission").mkdir()
    return tmp_path


def graded(there, python=sys.executable):
    """Run the script as Gradescope does; returns results.json."""
    environment = {**os.environ, "COURSE_AUTOGRADER": str(there), "COURSE_PYTHON": str(python)}
    environment["COURSE_DATA"] = str(paths.data_folder())
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        ["bash", str(there / "run_autograder")], cwd=there, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((there / "results" / "results.json").read_text("utf-8"))


# -- the zip ----------------------------------------------------------------------------------------------------------


def test_the_zip_holds_what_grades_this_project_and_nothing_of_the_others(packed):
    with zipfile.ZipFile(packed) as archive:
        names = set(archive.namelist())
        about = json.loads(archive.read("autograder.json"))
        modes = {name: archive.getinfo(name).external_attr >> 16 for name in names}
    assert {"setup.sh", "run_autograder", "pyproject.toml", "constraints.txt", "README.md"} <= names
    assert f"release/{ENTRY.module}/{ENTRY.module}.ipynb" in names
    assert {n for n in names if n.startswith("solutions/")} == {"solutions/__init__.py", f"solutions/{ENTRY.module}.py"}
    assert {n for n in names if n.startswith("graders/test_")} == {f"graders/{ENTRY.grader}"}
    assert not [n for n in names if "mistakes" in n or "alternatives" in n or "authoring" in n or n.endswith(".pyc")]
    assert about == {"project": "04b", "seed": 7, "seconds": 540}
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert modes["README.md"] == 0o644


def test_the_same_course_gives_the_same_bytes(packed, tmp_path):
    (again,) = gradescope.build([ENTRY], tmp_path, seed=7)
    assert again.read_bytes() == packed.read_bytes()


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_the_scripts_are_bash_and_name_no_machine(name):
    file = gradescope.TEMPLATES / name
    subprocess.run(["bash", "-n", str(file)], check=True)
    text = file.read_text("utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\r" not in text
    assert "http" not in text


def test_a_stale_notebook_is_not_packed(tmp_path, monkeypatch):
    monkeypatch.setattr(assignments, "stale", lambda entries: [assignments.notebook_file(ENTRY, "release")])
    with pytest.raises(CourseError, match="stale") as caught:
        list(gradescope.build([ENTRY], tmp_path, seed=7))
    assert "course release 04b" in caught.value.cure
    assert not list(tmp_path.iterdir())


def test_course_release_gradescope_says_what_it_made_and_for_whom(tmp_path, monkeypatch):
    monkeypatch.setattr(gradescope, "FOLDER", str(tmp_path))
    done = CliRunner().invoke(main, ["release", "--gradescope", "04b", "--minutes", "20"])
    assert done.exit_code == 0, done.output
    assert re.search(rf"{ENTRY.module}\.zip   \d\.\d MB, seed \d{{15}}, 20 minutes", done.output)
    assert "Not for students" in done.output
    assert json.loads((tmp_path / ENTRY.module / "autograder.json").read_text())["seconds"] == 1140
    assert CliRunner().invoke(main, ["release", "--gradescope", "--check"]).exit_code == 2
    done = CliRunner().invoke(main, ["release", "--gradescope", "04b", "--seed", "0"])
    assert "which students have as well" in done.output


def test_an_older_zip_is_replaced_as_a_whole(tmp_path):
    bundle.place({"a/b.txt": b"1", "c.txt": b"2"}, tmp_path / "x")
    bundle.place({"c.txt": b"3"}, tmp_path / "x")
    assert [f.name for f in (tmp_path / "x").rglob("*")] == ["c.txt"]
    assert sorted(f.name for f in tmp_path.iterdir()) == ["x"]


# -- setup.sh, with stand-ins for apt-get and Python --------------------------------------------------------------------

APT = """#!/bin/sh
echo "apt-get $*" >> {log}
case "$*" in
*python{version}-venv*) /bin/cp {log}.python {bin}/python{version} ;;
*install*) exit 100 ;;
esac
"""
PYTHON = """#!/bin/sh
echo "python $*" >> {log}
case "$*" in *"-m venv .venv") /bin/mkdir -p .venv/bin; /bin/cp {log}.python .venv/bin/python ;; esac
"""


def set_up(there, version):
    """Run setup.sh on a machine without Python, where apt-get has only this version; returns (status, stderr, what was run)."""
    tools, log = there / "bin", there / "log"
    tools.mkdir()
    for file, text in ((tools / "apt-get", APT), (there / "log.python", PYTHON)):
        file.write_text(text.format(log=log, bin=tools, version=version))
        file.chmod(0o755)
    command = [shutil.which("bash"), str(there / "source" / "setup.sh")]
    environment = {"PATH": str(tools), "COURSE_AUTOGRADER": str(there)}
    done = subprocess.run(command, cwd=there, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, log.read_text().splitlines()


def test_setup_installs_a_python_the_course_and_tries_itself(there):
    """As on Ubuntu 22.04, whose newest is 3.11."""
    status, said, ran = set_up(there, "3.11")
    assert status == 0, said
    assert [line.split()[-1] for line in ran if "install -qq" in line] == [
        "python3.12-venv",
        "python3.13-venv",
        "python3.11-venv",
        "bubblewrap",
    ]
    venv, pip, prepare = [line for line in ran if line.startswith("python -m")]
    assert venv == "python -m venv .venv"
    assert "-e .[gradescope] -c constraints.txt" in pip
    assert prepare == "python -m course.cli.gradescope --prepare"


def test_setup_without_any_python_says_what_to_choose(there):
    status, said, _ = set_up(there, "2.7")
    assert status == 1
    assert "choose a newer Ubuntu" in said


# -- whatever goes wrong, a results.json --------------------------------------------------------------------------------


def script(folder, text):
    """A stand-in for Python."""
    file = folder / "python"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def test_a_grader_that_cannot_run_still_gives_a_reason(there):
    found = graded(there, there / "no" / "python")
    assert found["score"] == 0
    assert found["tests"] == []
    assert "setup.sh" in found["output"]
    assert "exit status 3" in graded(there, script(there, "exit 3"))["output"]
    assert "want of memory" in graded(there, script(there, "kill -9 $$"))["output"]
    (there / "source" / "autograder.json").write_text('{"project": "04b", "seconds": 1}')
    assert "after 1 seconds" in graded(there, script(there, "exec sleep 20"))["output"]
    shutil.rmtree(there / "source")
    assert "missing" in graded(there)["output"]


def test_a_result_that_is_there_stays_when_python_dies_at_its_end(there):
    done = script(there, f"echo '{{\"score\": 5}}' > {there}/results/results.json; exit 139")
    assert graded(there, done) == {"score": 5}


def judged_here(there, monkeypatch):
    """What the container runs, in this process; returns results.json."""
    monkeypatch.setenv("COURSE_AUTOGRADER", str(there))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # so that what main() sets is undone
    monkeypatch.setattr(paths, "ROOT", there / "source")
    monkeypatch.setattr("course.grading.judge.start", lambda threads: None)  # it silences the whole process
    assert container.main([]) == 0
    return json.loads((there / "results" / "results.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, f"there is no {ENTRY.module}.ipynb and no {ENTRY.module}.py"),
        ({"x.txt": "x"}, "only x.txt"),
        ({"x.ipynb": '{"cells": ['}, "it is not a notebook, for it is not JSON"),
        ({"x.ipynb": ""}, "the file is empty"),
        ({"a.py": "x", "b.py": "y"}, "there are 2 files to choose from"),
    ],
)
def test_what_cannot_be_graded_has_every_check_and_a_reason(there, monkeypatch, files, reason):
    for name, text in files.items():
        (there / "submission" / name).write_text(text)
    found = judged_here(there, monkeypatch)
    assert reason in found["output"]
    assert found["score"] == 0
    assert sum(test.get("max_score", 0) for test in found["tests"]) == ENTRY.points
    assert f"isolation: {container.ISOLATION[line.best()]}" in found["output"]


def test_out_of_a_whole_repository_the_module_in_exercises_counts(there):
    for name in (
        "README.md",
        f"exercises/{ENTRY.module}.py",
        "exercises/ex01_mnist.py",
        f"notebooks/{ENTRY.module}.ipynb",
    ):
        file = there / "submission" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    assert container._submission(there / "submission", ENTRY).name == f"exercises/{ENTRY.module}.py"


def test_a_fault_of_the_grader_is_a_result_too(there, monkeypatch):
    shutil.rmtree(there / "submission")
    found = judged_here(there, monkeypatch)
    assert found["score"] == 0
    assert "not of yours: CourseError: There is no folder" in found["output"]


def test_the_share_of_the_processors_that_a_container_has(monkeypatch):
    read = container.Path.read_text
    for text, wanted in (("50000 100000\n", 1), ("max 100000\n", 4), ("250000 100000\n", 3), ("900000 100000\n", 4)):
        monkeypatch.setattr(container.os, "sched_getaffinity", lambda pid: range(4), raising=False)
        monkeypatch.setattr(
            container.Path, "read_text", lambda p, *a, t=text: t if p.name == "cpu.max" else read(p, *a)
        )
        assert container.processors() == wanted


# -- and it grades ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_it_grades_a_notebook_in_the_existing_environment(there):
    """Two of the four functions written, on data of another seed; by the copy in the zip, not by this checkout."""
    source, book = (
        json.loads(assignments.notebook_file(ENTRY, kind).read_text("utf-8")) for kind in ("source", "release")
    )
    bodies = {cell["id"]: cell["source"] for cell in source["cells"]}
    for cell in book["cells"]:
        if cell["id"] in ("load_model", "predict_letter"):
            cell["source"] = bodies[cell["id"]]
    (there / "submission" / "mine.ipynb").write_text(json.dumps(book), "utf-8")
    catalog = there / "source" / "course" / "catalog.toml"
    catalog.write_text(
        catalog.read_text("utf-8").replace('title = "Deployment', 'title = "A copy. Deployment'), "utf-8"
    )
    found = graded(there)
    wanted = sum(ENTRY.function(name).points for name in ("load_model", "predict_letter"))
    assert found["score"] == sum(test.get("score", 0) for test in found["tests"]) == wanted, found["output"]
    assert sum(test.get("max_score", 0) for test in found["tests"]) == ENTRY.points
    assert f"isolation: {container.ISOLATION[line.best()]}" in found["output"]
    assert found["extra_data"]["seed"] == 7
    assert list((there / "source" / "graders" / "__pycache__").iterdir())  # so the copy's own graders were imported

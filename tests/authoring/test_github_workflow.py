"""The workflow for GitHub that a student bundle carries: it can be read, and what it runs gives the right points in that bundle."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from course import paths
from course.authoring.release import bundle
from course.authoring.stubs import find_regions
from course.catalog import project, projects

ENTRY = project("04b")  # it trains nothing
pytestmark = pytest.mark.skipif(
    not (paths.ROOT / "solutions" / f"{ENTRY.module}.py").is_file(), reason="this copy of the course has no solutions/"
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("build") / "student"
    bundle.build(folder)
    return folder


@pytest.fixture(scope="module")
def workflow(repository):
    return yaml.safe_load((repository / ".github" / "workflows" / "grade.yml").read_text("utf-8"))


def test_it_runs_at_each_push_and_may_only_read(workflow):
    assert "push" in workflow[True]  # YAML 1.1 reads `on` as a truth value
    assert workflow["permissions"] == {"contents": "read"}


def test_what_it_names_is_in_the_bundle(repository, workflow):
    (job,) = workflow["jobs"].values()
    commands = " ".join(step["run"] for step in job["steps"] if "run" in step)
    assert "-e . -c constraints.txt" in commands
    assert (repository / "pyproject.toml").is_file()
    assert (repository / "constraints.txt").is_file()
    assert (repository / workflow["env"]["GRADERS"]).is_dir()
    text = (repository / ".github" / "workflows" / "grade.yml").read_text("utf-8")
    named = [word.rstrip(",;") for line in text.splitlines() for word in line.split() if word.startswith("graders/")]
    assert named == [f"graders/{projects()[0].grader}"]
    assert (repository / named[0]).is_file()
    assert all(step["uses"].startswith("actions/") for step in job["steps"] if "uses" in step)


def test_a_repository_of_it_keeps_out_what_running_leaves(repository):
    ignored = (repository / ".gitignore").read_text("utf-8").split()
    assert {".venv/", "/data/*", ".course/", "__pycache__/"} <= set(ignored)


def half_written(solution: str, stub: str, names: tuple[str, ...]) -> str:
    """The stub with the bodies of these functions taken from the solution."""
    regions = {region.task: region for region in find_regions(solution, "solution")}
    lines = solution.splitlines()
    todo = {}
    for name in names:
        region = regions[name]
        todo[name] = [line for line in lines[region.first - 1 : region.last] if "### " not in line]
    made, skip = [], False
    for line in stub.splitlines():
        started = next((name for name in names if f"# TODO {name}:" in line), None)
        if started:
            made += todo[started]
            skip = True
        elif skip and "raise NotImplementedError" in line:
            skip = False
        elif not skip:
            made.append(line)
    return "\n".join(made) + "\n"


@pytest.mark.slow
def test_its_command_gives_points_and_summary_in_the_bundle(repository, workflow, tmp_path):
    """Two of four functions written, the others not: no solutions are there to stand in, so what needs them waits."""
    exercise = repository / "exercises" / f"{ENTRY.module}.py"
    solution = (paths.ROOT / "solutions" / f"{ENTRY.module}.py").read_text("utf-8")
    names = ("load_model", "preprocess")
    exercise.write_text(half_written(solution, exercise.read_text("utf-8"), names), "utf-8")
    (job,) = workflow["jobs"].values()
    command = next(step["run"] for step in job["steps"] if step.get("name") == "Grade")
    summary = tmp_path / "summary.md"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COURSE_DATA": str(paths.data_folder()),
        "GRADERS": f"graders/{ENTRY.grader}",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    done = subprocess.run(
        ["bash", "-e", "-c", command], cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    earned, points = sum(ENTRY.function(name).points for name in names), ENTRY.points
    assert done.returncode == 1, done.stdout + done.stderr  # not all points: the run is shown as failed
    lines = done.stdout.splitlines()
    assert f"::notice title=Autograding complete::Points {earned}/{points}" in lines, done.stdout
    report = next(line for line in lines if line.startswith("::notice title=Autograding report::"))
    assert json.loads(report.split("::")[-1]) == {"totalPoints": earned, "maxPoints": points}
    text = summary.read_text("utf-8")
    assert f"{earned} of {points} points" in text.splitlines()[0]
    for function in ENTRY.functions:
        mark, got = ("✓", function.points) if function.name in names else ("·", 0)
        row = f"| {mark} | {function.name.replace('_', chr(92) + '_')} | {got} of {function.points} |"
        assert row in text, text
    assert (repository / ".course").is_dir()  # by the bundle's own package, not by this checkout's

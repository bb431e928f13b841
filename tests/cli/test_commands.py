"""The command line: what it says, and how it ends."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from course import files
from course.catalog import project, projects
from course.cli import extras, main
from course.workspace import exercises, pristine_text, progress
from course.workspace.questions import questions

FIRST = projects()[0]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Run a command over a desk of its own; returns the result, with `output` of both streams."""
    monkeypatch.setenv("COURSE_EXERCISES", str(tmp_path / "exercises"))
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return lambda *arguments: CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def write_solution(entry=FIRST):
    files.write(
        exercises.exercise_file(entry), (exercises.paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    )


def test_a_fault_is_two_lines_and_status_2(course):
    result = course("watch", "99")
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        "There is no project called '99'.",
        "The projects are: " + ", ".join(f"{p.id} {p.slug}" for p in projects()) + ".",
    ]


def test_without_a_command_it_says_what_to_do_next(course):
    assert "Next: `course update`" in course().output
    course("update")
    assert f"type `course watch {FIRST.id}`" in course().output


@pytest.mark.parametrize("name", sorted(set(main.commands) - {"lessons"}))  # that one explains itself
def test_every_command_explains_itself(course, name):
    result = course(name, "--help")
    assert result.exit_code == 0
    assert main.commands[name].get_short_help_str(limit=58).endswith((".", "?")), "the first line of help is cut off"


def test_update_makes_missing_stubs_and_status_counts_functions(course):
    assert course("update").exit_code == 0
    assert exercises.exercise_file(FIRST).read_text("utf-8") == pristine_text(FIRST)
    number = len(FIRST.functions)
    assert f"0 of {number} functions" in course("status").output
    write_solution()
    assert f"{number} of {number} functions   not checked yet" in course("status").output


def test_status_shows_the_last_points_and_notices_an_edit(course):
    write_solution()
    file = exercises.exercise_file(FIRST)
    progress.record(SimpleNamespace(earned=7, points=33, checks=()), file)
    assert "7 of 33 points\n" in course("status").output
    file.write_text(file.read_text() + "\n")
    assert "7 of 33 points before your last edit" in course("status").output


def test_status_survives_a_spoilt_file_of_progress(course, tmp_path):
    write_solution()
    (tmp_path / "progress.json").write_text("[1, 2")
    assert course("status").exit_code == 0


def test_status_names_a_file_that_is_no_python(course):
    files.write(exercises.exercise_file(FIRST), "def f(:\n")
    assert "not valid Python" in course("status").output


def test_hint_of_a_function_shows_its_questions(course):
    task = FIRST.functions[0]
    result = course("hint", FIRST.id, task.name)
    assert task.todo in result.output
    assert result.output.count("?") >= 3


def test_hint_of_an_unknown_function_names_the_known_ones(course):
    result = course("hint", FIRST.id, "nonsense")
    assert result.exit_code == 2
    assert FIRST.functions[0].name in result.output


def test_hint_without_a_function_finds_the_first_unfinished_one(course):
    course("update")
    assert f"{FIRST.id} {FIRST.functions[0].name}" in course("hint", FIRST.id).output


def test_run_passes_arguments_and_exit_status_on(course):
    file = exercises.exercise_file(FIRST)
    files.write(file.parent / "__init__.py", "")
    files.write(file, "import sys\nopen('said', 'w').write(' '.join(sys.argv[1:]))\nsys.exit(3)\n")
    assert course("run", FIRST.id, "--", "--epochs", "2").exit_code == 3
    assert (file.parent.parent / "said").read_text() == "--epochs 2"


def test_run_without_a_stub_says_how_to_get_one(course):
    result = course("run", FIRST.id)
    assert result.exit_code == 2
    assert f"`course reset {FIRST.id}`" in result.output


def test_reset_says_where_the_old_file_is(course):
    write_solution()
    result = course("reset", FIRST.id)
    assert "exercises/backup/" in result.output
    assert exercises.exercise_file(FIRST).read_text("utf-8") == pristine_text(FIRST)


def test_make_check_is_content_with_fresh_files(course):
    result = course("author", "make", "--check")
    assert (result.exit_code, result.output) == (0, "All made files are fresh.\n")


def test_data_lists_both_tiers(course):
    text = course("data").output
    assert "pocket" in text
    assert "full" in text


def test_data_fetch_of_nothing_known_is_a_fault(course):
    result = course("data", "fetch", "nonsense")
    assert result.exit_code == 2
    assert "mnist" in result.output


def test_data_verify_finds_a_damaged_file(course, tmp_path):
    from course.datasets import store

    held = tmp_path / "data" / "pocket" / "mnist"
    folder = store.ensure("mnist", quiet=True)
    assert folder == held
    assert course("data", "verify", "mnist").exit_code == 0
    victim = max(held.rglob("*.gz"), key=lambda f: f.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(bytes(content))
    result = course("data", "verify", "mnist")
    assert result.exit_code == 1
    assert "course data fetch" in result.output


def test_help_imports_nothing_heavy():
    code = "import sys; from course.cli import main; sys.exit('torch' in sys.modules or 'nbgrader' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_project_can_be_named_in_several_ways():
    assert project("1") == project("mnist") == project("ex01_mnist") == FIRST


def test_a_missing_package_is_two_lines_with_its_extra(course, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    result = course("grade", ".", "--isolation", "process", "--gradebook", "sqlite://")
    assert result.exit_code == 2
    said = result.output.splitlines()
    assert said[0] == "This needs the package nbgrader, which is not installed."
    assert said[1].endswith('pip install -e ".[instructor]" -c constraints.txt')
    assert len(said) == 2


def test_a_fault_of_our_own_imports_is_not_hidden():
    assert extras.missing(ModuleNotFoundError(name="course.nonsense")) is None


@pytest.mark.parametrize(
    "words", ["", "status", "list", "list 01", "start", f"hint {FIRST.id} {FIRST.functions[0].name}", "hint"]
)
def test_what_only_tells_imports_no_torch(words, tmp_path):
    """They answer within half a second; torch alone takes several."""
    code = "\n".join(
        [
            "import sys",
            "from course.cli import main",
            "main(sys.argv[1:], standalone_mode=False)",
            "heavy = {'torch', 'numpy', 'hypothesis', 'nbformat', 'pytest'} & set(sys.modules)",
            "assert not heavy, heavy",
        ]
    )
    environment = os.environ | {
        "COURSE_EXERCISES": str(tmp_path / "exercises"),
        "COURSE_PROGRESS": str(tmp_path / "progress.json"),
    }
    for command in (["update"], words.split()):
        done = subprocess.run(
            [sys.executable, "-c", code, *command], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert FIRST.id in done.stdout


def test_the_questions_are_those_of_the_checks():
    from course.checks.check import checks_of

    for entry in projects():
        fields = ("task", "name", "title", "why", "hint", "points", "slow")
        said = [[getattr(each, field) for field in fields] for each in questions(entry)]
        assert said == [[getattr(check, field) for field in fields] for check in checks_of(entry)]


def test_list_names_projects_functions_and_checks(course):
    course("update")
    assert f"{FIRST.module}.py" in course("list").output
    text = course("list", FIRST.id).output
    for function in FIRST.functions:
        assert f"\n{function.name}, {function.points} points: not started" in text
    assert "(trains a network)" in text


def test_start_says_what_to_open_and_what_to_type(course):
    text = course("start").output
    file = exercises.exercise_file(FIRST)
    line = int(text.partition("is in line ")[2].partition(":")[0])
    assert f"TODO {FIRST.functions[0].name}" in file.read_text("utf-8").splitlines()[line - 1]
    assert f"`course watch {FIRST.id}`" in text
    assert max(map(len, text.replace(str(file.parent), "exercises").splitlines())) < 80


def test_hint_without_a_project_takes_the_next_one(course):
    course("update")
    write_solution()
    points = SimpleNamespace(earned=FIRST.points, points=FIRST.points, checks=())
    progress.record(points, exercises.exercise_file(FIRST))
    second = projects()[1]
    assert f"{second.id} {second.functions[0].name}" in course("hint").output


@pytest.mark.parametrize(
    "words", ["run", "reset", "data fetch", "hint 01 trainepoch", "hint 99", "wach", "data fetch mnst"]
)
def test_every_error_says_what_to_do(course, words):
    result = course(*words.split())
    assert result.exit_code == 2
    assert any(cure in result.output for cure in ("Say it like this", "Do you mean", "Did you mean", "are:"))


def test_a_shell_completes_projects_and_functions():
    from click.shell_completion import ShellComplete

    def offered(*words: str) -> list[str]:
        shell = ShellComplete(main, {}, "course", "_COURSE_COMPLETE")
        return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]

    assert offered("hint", "04") == ["04a", "04b"]
    assert offered("hint", "01", "train") == ["train_epoch"]
    assert offered("hint", "99", "") == []
    assert {"status", "start"} <= set(offered("st"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_the_shell_reads(course, shell, tmp_path):
    text = course("completion", shell).output
    assert f"_COURSE_COMPLETE={shell}_complete" in text
    if where := shutil.which(shell):
        (tmp_path / "script").write_text(text)
        done = subprocess.run([where, "-n", str(tmp_path / "script")], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_notebooks_count_as_well(course, tmp_path, monkeypatch):
    from course import paths

    (tmp_path / "graders").symlink_to(paths.ROOT / "graders")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    course("update")
    stub = pristine_text(FIRST)
    cells = [stub, "%matplotlib inline", f"def {FIRST.functions[1].name}():\n    return 1"]
    book = {"cells": [{"cell_type": "code", "source": [text]} for text in cells]}
    (folder / f"{FIRST.module}.ipynb").write_text(json.dumps(book))
    assert f"1 of {len(FIRST.functions)} functions   not checked yet   (notebooks/" in course("status").output
    progress.record_cell(FIRST, FIRST.functions[1].name, FIRST.functions[1].points)
    assert f"{FIRST.functions[1].points} of {FIRST.points} points   (notebooks/" in course("status").output
    assert f"`jupyter lab notebooks/{FIRST.module}.ipynb`" in course().output
    task = FIRST.functions[1].name
    check = next(question for question in questions(FIRST) if question.task == task)
    (progress.folder() / "verdicts").mkdir(exist_ok=True)
    kept = {"cells": {task: [{"name": check.name, "outcome": "passed"}], "spoilt": 7}}
    (progress.folder() / "verdicts" / f"{FIRST.module}.notebook.json").write_text(json.dumps(kept))
    listed = course("list", FIRST.id).output
    assert (
        f"{task}, {FIRST.functions[1].points} points, in notebooks/{FIRST.module}.ipynb\n  ✓ {check.title}\n" in listed
    )
    assert f"{FIRST.functions[0].name}, {FIRST.functions[0].points} points: not started" in listed
    for function in FIRST.functions:
        progress.record_cell(FIRST, function.name, function.points)
    assert f"Next: project {projects()[1].id}" in course().output
    (folder / f"{FIRST.module}.ipynb").write_text("{")
    assert course("status").exit_code == 0

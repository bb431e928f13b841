"""pytest graders, run as students run it: targets, exit codes, screens, JUnit, beside tests that are no checks."""

import os
import pty
import re
import select
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from pathlib import Path

import pytest

from course import paths
from course.catalog import project, projects
from course.workspace import pristine_text

GRADER = "graders/test_01_mnist.py"
FEW = ["-k", "batch_accuracy or fraction or python_float or highest_score"]
SOLUTION = (paths.ROOT / "solutions" / "ex01_mnist.py").read_text()


def pytest_run(*arguments: object, folder: Path = paths.ROOT, typed: str = "") -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        input=typed,
    )


@pytest.fixture(scope="module")
def wrong(tmp_path_factory) -> Path:
    """A solution that counts where a fraction is wanted, and prints."""
    file = tmp_path_factory.mktemp("student") / "ex01_mnist.py"
    one = "return (logits.argmax(dim=1) == labels).float().mean().item()"
    file.write_text(
        SOLUTION.replace(one, "print('hello')\n    return (logits.argmax(dim=1) == labels).float().sum().item()")
    )
    return file


def test_a_folder_is_graded_and_all_is_well():
    run = pytest_run(GRADER, *FEW, "--target", "solutions")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "✓ batch_accuracy" in run.stdout
    assert "4 of 4 points: 4 passed" in run.stdout
    assert "collected" not in run.stdout
    assert "\x1b" not in run.stdout


def test_a_file_is_graded_and_what_is_wrong_is_said(wrong: Path, tmp_path: Path):
    junit = tmp_path / "junit.xml"
    run = pytest_run(GRADER, *FEW, "--target", wrong, f"--junitxml={junit}")
    assert run.returncode == 1
    assert "✗ batch_accuracy  it is the fraction of right answers" in run.stdout
    assert "three right answers of four: expected 0.75, got 3" in run.stdout
    assert "Hint: Three right answers out of four" in run.stdout
    assert f"{wrong.name}:" in run.stdout
    assert "      | hello" in run.stdout
    for noise in ("Traceback", "course/checks", "def test_", "FAILURES"):
        assert noise not in run.stdout + run.stderr
    cases = {case.get("name"): case for case in ElementTree.parse(junit).iter("testcase")}
    assert len(cases) == 4
    assert "hypothesis" not in junit.read_text("utf-8")
    properties = {p.get("name"): p.get("value") for p in next(iter(cases.values())).iter("property")}
    assert properties == {"function": "batch_accuracy", "earned": "0", "points": "1"}
    failure = cases["test_it_is_the_fraction_of_right_answers[batch_accuracy]"].find("failure")
    assert failure is not None
    assert "expected 0.75, got 3" in (failure.text or "")
    assert "Hint:" in (failure.text or "")


def test_the_child_transport_says_the_same(wrong: Path):
    run = pytest_run(GRADER, *FEW, "--target", wrong, "--transport", "child")
    assert run.returncode == 1
    assert "three right answers of four: expected 0.75, got 3" in run.stdout
    assert "Traceback" not in run.stdout


def test_verbose_names_every_check():
    run = pytest_run(GRADER, *FEW, "--target", "solutions", "-v")
    assert "it is a Python float" in run.stdout


def test_colour_where_it_is_asked_for():
    run = pytest_run(GRADER, *FEW, "--target", "solutions", "--color=yes")
    assert "\x1b[32m✓\x1b[0m" in run.stdout


def test_a_target_that_is_not_there_is_said_at_once(tmp_path: Path):
    run = pytest_run(GRADER, "--target", tmp_path)
    assert run.returncode == 4
    assert "There is nothing to grade" in run.stderr + run.stdout
    assert "ex01_mnist.py" in run.stderr + run.stdout
    assert "Traceback" not in run.stderr + run.stdout


def test_tests_that_are_no_checks_are_shown_as_ever(wrong: Path, tmp_path: Path):
    other = tmp_path / "test_other.py"
    other.write_text(
        "def test_fine():\n    pass\n\n\ndef test_bad():\n    assert 1 == 2\n\n\ndef test_asks(student):\n    pass\n"
    )
    run = pytest_run(GRADER, other, "-k", "fraction or fine or bad or asks", "--target", wrong)
    assert run.returncode == 1
    assert "✗ batch_accuracy" in run.stdout
    assert "assert 1 == 2" in run.stdout
    assert "the fixture student belongs to checks" in run.stdout
    assert "0 of 1 points: 1 failed" in run.stdout


def test_ordinary_tests_alone_are_untouched(tmp_path: Path):
    (tmp_path / "test_other.py").write_text("def test_fine():\n    pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    run = pytest_run(tmp_path, folder=tmp_path)
    assert run.returncode == 0
    assert "1 passed" in run.stdout
    assert "points" not in run.stdout


def test_a_module_that_does_not_load_is_a_verdict(tmp_path: Path):
    (tmp_path / "ex01_mnist.py").write_text(
        SOLUTION.replace("import torch\n", "import torch\nimport no_such_module\n", 1)
    )
    run = pytest_run(GRADER, *FEW, "--target", tmp_path)
    assert run.returncode == 1
    assert "batch_accuracy cannot be loaded: ModuleNotFoundError" in run.stdout
    assert "import no_such_module" in run.stdout
    assert "Traceback" not in run.stdout


def test_ids_name_the_function():
    """An editor's tree is made of them: file, check, and in brackets the function."""
    run = pytest_run("graders", "--collect-only", "-q", "--target", "solutions")
    found = re.findall(r"^graders/(\w+\.py)::test_(\w+)(?:\[(\w+)\])?$", run.stdout, re.MULTILINE)
    assert len(found) == int(re.search(r"(\d+) tests collected", run.stdout)[1]) > 150
    for entry in projects():
        tasks = {task for file, _, task in found if file == entry.grader}
        assert tasks == {function.name for function in entry.functions}
    assert f"{GRADER}::test_it_is_a_python_float[batch_accuracy]" in run.stdout
    one = f"{GRADER}::test_it_is_a_python_float[batch_accuracy]"
    assert "1 of 1 points" in pytest_run(one, "--target", "solutions").stdout


def test_what_was_not_run_is_said(wrong: Path):
    run = pytest_run(GRADER, *FEW, "-x", "--target", wrong)
    assert "✗ batch_accuracy" in run.stdout
    assert "3 more checks were not run." in run.stdout


def test_pdb_stands_in_the_students_frame(tmp_path: Path):
    file = tmp_path / "ex01_mnist.py"
    one = "    return (logits.argmax(dim=1) == labels).float().mean().item()"
    assert one in SOLUTION
    file.write_text(SOLUTION.replace(one, "    rate = 7\n    return labels[99]"))
    run = pytest_run(GRADER, "-k", "fraction", "-x", "--pdb", "--target", file, typed="p rate + 1\nq\n")
    assert "-> return labels[99]" in run.stdout
    assert "(Pdb) 8" in run.stdout


def test_pdb_at_a_function_that_is_not_written_stands_in_its_line(tmp_path: Path):
    file = tmp_path / "ex01_mnist.py"
    file.write_text(pristine_text(project("01")))
    run = pytest_run(GRADER, "-k", "fraction", "-x", "--pdb", "--target", file, typed="q\n")
    assert '-> raise NotImplementedError("batch_accuracy")' in run.stdout


def test_where_nothing_is_selected_the_functions_are_named():
    run = pytest_run(GRADER, "-k", "nosuch", "--target", "solutions")
    assert run.returncode == 5
    assert "No check is selected" in run.stdout
    assert "train_epoch" in run.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a fork")
def test_what_ends_or_blocks_the_process_leaves_a_verdict(tmp_path: Path):
    one = "    return (logits.argmax(dim=1) == labels).float().mean().item()"
    says = {
        "import ctypes; ctypes.string_at(0)": "pytest itself has crashed",
        "import threading, time; threading.Thread(target=lambda: time.sleep(900)).start()": "it ends here",
    }
    file = tmp_path / "ex01_mnist.py"
    for code, sentence in says.items():
        file.write_text(SOLUTION.replace(one, f"    {code}\n{one}"))
        run = pytest_run(GRADER, "-k", "batch_accuracy", "--target", file)
        assert sentence in run.stdout, code
        assert run.stdout.count("01 Handwritten") == 1, code
        if "ctypes" in code:
            assert f"   {code}" in run.stdout  # the line that crashed
            assert "3 more checks were not run." in run.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a fork")
def test_ctrl_c_ends_a_loop_in_c_that_holds_the_interpreter(tmp_path: Path):
    """No handler of Python's runs there, and no thread: a process that stands by shows the verdicts so far and ends pytest."""
    one, code = "    return (logits.argmax(dim=1) == labels).float().mean().item()", "sum(itertools.repeat(1))"
    file, called = tmp_path / "ex01_mnist.py", tmp_path / "called"
    file.write_text(
        SOLUTION.replace(one, f"    import itertools; open({str(called)!r}, 'w').close()\n    {code}\n{one}")
    )
    command = [
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        GRADER,
        "-k",
        "build_model and scores or batch_accuracy",
        "--target",
        str(file),
    ]
    process, terminal = pty.fork()
    if not process:
        os.chdir(paths.ROOT)
        os.execv(sys.executable, [sys.executable, *command])
    shown, ended, until = "", 0, time.monotonic() + 120
    while not ended and time.monotonic() < until:
        if called.exists():
            called.unlink()
            os.write(terminal, b"\x03")
        if select.select([terminal], [], [], 0.1)[0]:
            with suppress(OSError):
                shown += os.read(terminal, 1 << 16).decode("utf-8", "replace")
        ended = os.waitpid(process, os.WNOHANG)[0]
    os.close(terminal)
    said = " ".join(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown).split())
    assert ended, said
    assert "✓ build_model" in said
    assert f"{code} batch_accuracy did not come back: Ctrl-C came, and it did not stop" in said
    assert "3 more checks were not run." in said

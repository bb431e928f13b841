"""The failing call as a program: it runs, it makes the same call, and breakpoint() works in it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from course import paths
from course.catalog import project
from course.cli import main

MNIST = project("01")
SOLUTION = paths.ROOT / "solutions" / "ex01_mnist.py"
pytestmark = pytest.mark.skipif(not SOLUTION.is_file(), reason="this copy of the course has no solutions/")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch) -> Path:
    """A student's file with two mistakes and a print, and folders of its own."""
    file = tmp_path / "exercises" / "ex01_mnist.py"
    file.parent.mkdir()
    text = SOLUTION.read_text("utf-8")
    for old, new in (
        ("        optimizer.zero_grad()\n", "        print('a batch of', len(images))\n"),
        (".float().mean().item()", ".float().sum().item()"),
    ):
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    for name in ("EXERCISES", "PROGRESS", "RUNS", "CACHE"):
        monkeypatch.setenv(f"COURSE_{name}", str(tmp_path / name.lower()))
    return tmp_path


def program_of(desk: Path, task: str) -> Path:
    result = CliRunner().invoke(main, ["debug", "01", task], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "python -m pdb -c" in result.output
    return desk / "runs" / "debug" / "ex01_mnist" / task / "call.py"


def python(*arguments: object, typed: str = "") -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        input=typed,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_makes_the_failing_call(desk):
    file = program_of(desk, "train_epoch")
    text = file.read_text("utf-8")
    assert "result = train_epoch(model, loader, loss_function, optimizer)" in text
    assert "gradients do not pile up over batches" in text
    done = python(file)
    assert done.returncode == 0, done.stderr
    assert "a batch of" in done.stdout
    assert "Metrics(loss=" in done.stdout


def test_small_things_are_written_out_and_breakpoints_stop(desk):
    file = program_of(desk, "batch_accuracy")
    assert "batch_accuracy(torch.tensor([[" in file.read_text("utf-8")
    student = desk / "exercises" / "ex01_mnist.py"
    text = student.read_text("utf-8")
    student.write_text(
        text.replace("    return (logits.argmax", "    breakpoint()\n    return (logits.argmax"), "utf-8"
    )
    done = python(file, typed="p logits.shape\nc\n")
    assert "torch.Size([4, 3])" in done.stdout, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("3.0")


def test_the_debugger_begins_in_the_students_function(desk):
    result = CliRunner().invoke(main, ["debug", "01", "batch_accuracy"], catch_exceptions=False)
    step = next(line for line in result.output.splitlines() if line.startswith("Step through it: python "))
    done = python(*shlex.split(step.removeprefix("Step through it: python ")), typed="p logits.shape\nq\n")
    assert "-> def batch_accuracy(" in done.stdout, done.stdout + done.stderr
    assert "torch.Size([4, 3])" in done.stdout


def test_what_never_came_to_the_call_is_said(desk):
    student = desk / "exercises" / "ex01_mnist.py"
    student.write_text("def batch_accuracy(logits, labels):\n    return 1\n")
    result = CliRunner().invoke(main, ["debug", "01", "validate"])
    assert result.exit_code == 2
    assert "never came to call validate: there is no function called validate" in result.output

"""`course watch`, driven as a student drives it: a real process, a file that is saved, verdicts that change."""

import os
import queue
import signal
import subprocess
import sys
import threading

import pytest

from course import paths
from course.catalog import projects
from course.workspace import pristine_text

FIRST = projects()[0]
PATIENCE = 240  # seconds without a line: only a hang takes so long, on any machine
SOLUTION = paths.ROOT / "solutions" / f"{FIRST.module}.py"
pytestmark = pytest.mark.skipif(not SOLUTION.is_file(), reason="this copy of the course has no solutions/")


class Watch:
    """A running `course watch` over a folder of its own."""

    def __init__(self, folder, *options: str) -> None:
        self.file = folder / "exercises" / f"{FIRST.module}.py"
        self.file.parent.mkdir()
        self.file.write_text(pristine_text(FIRST), "utf-8")
        environment = {
            "COURSE_EXERCISES": str(self.file.parent),
            "COURSE_PROGRESS": str(folder / "progress.json"),
            "PYTHONIOENCODING": "utf-8",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "course", "watch", FIRST.id, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env=os.environ | environment,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)

    def save(self, *changes: tuple[str, str]) -> None:
        """Save the solution with some words changed, the way editors do: a new file in the old one's place."""
        text = SOLUTION.read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        new_file = self.file.with_suffix(".new")
        new_file.write_text(text, "utf-8")
        os.replace(new_file, self.file)

    def until(self, words: str) -> str:
        """Read up to the line that holds `words`; returns what was read."""
        seen = ""
        while words not in seen:
            try:
                seen += self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                pytest.fail(f"{words!r} did not come after:\n{seen}")
        return seen

    def screen(self) -> str:
        """The next whole screen."""
        return self.until("Ctrl-C leaves.")


@pytest.fixture
def watch(tmp_path):
    running = []

    def start(*options: str) -> Watch:
        running.append(Watch(tmp_path, *options))
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        each.process.wait()
        each.process.stdout.close()


def test_verdicts_follow_the_file(watch):
    student = watch("--fast")
    screen = student.screen()
    assert f"0 of {FIRST.points} points" in screen
    assert f"Next: write {FIRST.functions[0].name}. " in screen

    student.save()
    screen = student.screen()
    assert "it learns digits: trains a network; left out" in screen
    assert "✗" not in screen

    student.save(("optimizer.zero_grad()", "pass"))
    screen = student.screen()
    assert "✗ train_epoch" in screen
    assert "gradients do not pile up over batches" in screen
    assert "Next: train_epoch" in screen
    assert "✓ validate" in screen

    student.save(("def validate(", "def validate(("))
    screen = student.screen()
    assert f"{FIRST.module}.py:" in screen
    assert "the module cannot be loaded: SyntaxError" in screen
    assert "✓" not in screen

    student.save(("import torch\n", "import torch\n\n1 / 0\n"))
    assert "ZeroDivisionError" in student.screen()

    student.save()
    assert "✓ train_epoch" in student.screen()

    student.process.send_signal(signal.SIGINT)
    assert f"`course watch {FIRST.id}` goes on from here" in student.until("goes on from here")
    assert student.process.wait(PATIENCE) == 0


@pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="needs a timer of CPU time")
def test_a_save_ends_an_endless_loop(watch):
    student = watch("--fast")
    student.screen()
    student.save(("    model.train()\n", "    print('LOOPING', file=__import__('sys').stderr)\n    while True: pass\n"))
    student.until("LOOPING")
    student.save()
    screen = student.screen()
    assert "✓ train_epoch" in screen
    assert "Exception ignored" not in screen


def test_a_save_during_training_starts_over(watch):
    """The solution's network is trained after the fast checks; the next save does not wait for it."""
    student = watch()
    student.screen()
    student.save()
    assert "it learns digits: still to run" in student.screen()
    student.save(
        ("nn.Flatten(),", "nn.Flatten(), nn.Softmax(dim=1),"),
        ("nn.Linear(512, n_classes),", "nn.Linear(512, n_classes), nn.Softmax(dim=1),"),
    )
    screen = student.until("Hint: ")
    assert "✗ build_model" in screen


def test_a_target_that_is_not_there_is_a_fault(tmp_path):
    command = [
        sys.executable,
        "-m",
        "course",
        "watch",
        FIRST.id,
        "--target",
        str(tmp_path / "none"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "There is nothing to grade at" in done.stderr
    assert "Traceback" not in done.stderr

"""`course watch`, driven as a student drives it: a real process, a file that is saved, verdicts that change."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import psutil
import pytest

from course import paths
from course.catalog import projects
from course.checks.run import standing
from course.checks.variables import variables
from course.cli.watch_round import Now
from course.cli.watch_screen import Screen
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


HAZARDS = {
    "os._exit(3)": "the process left with exit status 3 before it answered",
    "import ctypes; ctypes.string_at(0)": "ended by SIGSEGV: a crash",
    "exit()": "the code called exit(None)",
    "raise KeyboardInterrupt": "the code raised KeyboardInterrupt",
    "print('shown'); input()": "checks can't type: input() gets no answer here",
    "breakpoint()": f"checks can't stop at a breakpoint: `course debug {FIRST.id}`",
    "os.fork() or os._exit(0); raise ValueError('parent')": "ValueError: parent",
}
ENDLESS = (
    "time.sleep(600)",
    "torch.linalg.svd(torch.rand(6000, 6000))",
)  # asleep; at work where no signal comes through


def hazard(code: str) -> tuple[str, str]:
    """A change of the solution: `code` at the beginning of a pass over the data."""
    return "    model.train()\n", f"    import os, threading, time\n    {code}\n    model.train()\n"


def line_of(student: Watch, code: str) -> int:
    """The line on which it stands."""
    return student.file.read_text("utf-8").splitlines().index(f"    {code}") + 1


def test_whatever_the_code_does_the_watch_lives_on(watch):
    student = watch("--fast")
    student.screen()
    for code, says in HAZARDS.items():
        student.save(hazard(code))
        screen = " ".join(student.screen().split())
        assert says in screen, code
        line = line_of(student, code)
        assert f"{FIRST.module}.py:{line} " in screen or code.startswith("os."), code
        assert "✗ train_epoch" in screen, code
        assert "✓ validate" in screen, code
    student.save()
    assert "✗" not in student.screen()


def test_a_save_breaks_off_whatever_blocks(watch):
    student = watch("--fast")
    student.screen()
    for code in ENDLESS:
        student.save(hazard(code))
        line = line_of(student, code)
        assert f"in line {line} (train_epoch). A save breaks it off." in student.until("breaks it off"), code
    student.save()
    assert "✓ train_epoch" in student.screen()
    # nor does it go on when the watch is killed, or its terminal closed
    student.save(hazard("while True: pass"))
    student.until("breaks it off")
    assert "optimizer: " in student.lines.get(timeout=PATIENCE)  # what its variables are like
    running = psutil.Process(student.process.pid).children(recursive=True)
    student.process.kill()
    assert running
    assert psutil.wait_procs(running, timeout=60)[1] == []


def test_a_crash_while_the_module_is_loaded(watch):
    student = watch("--fast")
    student.screen()
    student.save(("import torch\n", "import torch\nimport os\nos._exit(5)\n"))
    assert "exit status 5 before it answered while it was loaded" in " ".join(student.screen().split())
    student.file.unlink()
    assert f"is not there any more.\n      Put it back, or type `course reset {FIRST.id}`" in student.screen()
    student.save(hazard("torch.argmax = torch.Tensor.argmax = None"))  # a poisoned global goes with its process
    assert "✗" in student.screen()
    student.save()
    assert "✗" not in student.screen()


def test_a_process_in_reserve_where_none_can_be_forked(watch, monkeypatch):
    monkeypatch.setenv("COURSE_SPARE_PROCESS", "1")
    student = watch("--fast")
    student.screen()
    student.save(hazard("os._exit(3)"))
    screen = student.screen()
    assert "exit status 3" in screen
    assert "✓ validate" in screen
    student.save(hazard("while True: pass"))
    student.until("breaks it off")
    student.save()
    assert "✓ train_epoch" in student.screen()


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


def test_variables_are_told_in_few_words():
    import torch

    x, broken, k, words, name = torch.zeros(2, 3), torch.tensor([float("nan")]), 3, ["a"] * 9, "n" * 99
    said = variables(sys._getframe())
    assert said.startswith(
        "x: float32 (2, 3) from 0 to 0, broken: float32 (1,) holds nan, k = 3, words: list of 9, name = 'nnn"
    )
    assert len(said) < 130
    del x, broken, k, words, name


def test_a_key_draws_the_same_screen_again(capsys, monkeypatch):
    screen = Screen(FIRST, paths.ROOT / "no.py")
    result = standing(FIRST, [])
    screen.show(result)
    first = capsys.readouterr().out
    clock = time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + 50)
    screen.redraw()
    assert capsys.readouterr().out == first  # "Checked in 50.3 s" would not be true


def test_a_training_says_how_far_it_is():
    check = SimpleNamespace(task="fit", title="it learns", slow=True, name="test_it_learns")
    now = Now(check, time.perf_counter() - 12, epoch=(3, 8, 0.8125))
    screen = Screen(FIRST, paths.ROOT / "no.py")
    assert screen._busy(now) == "fit: it learns, 12 s so far, epoch 3 of 8, accuracy 0.812"
    screen.took[check.name] = 40.0
    assert screen._busy(now).endswith("28 s left: fit: it learns, epoch 3 of 8, accuracy 0.812")
    screen.took[check.name] = 5.0
    assert "12 s, soon done: " in screen._busy(now)


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

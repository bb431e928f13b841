"""What blocks or breaks a process, in `course watch`, in pytest and in a notebook: writes its table of docs/speed.md.

    python benchmarks/blockers.py                       # the whole table, about five minutes
    python benchmarks/blockers.py --where pytest        # one column of it
    python benchmarks/blockers.py --only segfault       # one row, not written
    python benchmarks/blockers.py --only sleep --show   # and what stood on the screens

Project 01, solved but for one function that does it. One watch and one kernel see all of it, one after the other; pytest is run
anew each time. Watch and pytest have a terminal of 80 x 24. A function writes down when it was called; from then on the clock
runs until the sentence that names it stands there. What does not end by itself is ended as a person would: by Ctrl-C, by the
square, or in watch by the next save. Then the function is mended, and the clock runs until its verdict is right again; for
pytest that is a new run, from its start.
"""

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from watch import import_floor

from course import catalog, files, paths

ENTRY = catalog.project("01")
TASK = "batch_accuracy"
RIGHT = "    return (logits.argmax(dim=1) == labels).float().mean().item()"
ALL_RIGHT = rf"✓ {TASK} +all 4 checks"
PAGE, BEGIN, END = paths.ROOT / "docs" / "speed.md", "<!-- blockers -->\n", "<!-- end of blockers -->\n"
CHECK, DEFINITION = f'check("{ENTRY.id}", "{TASK}")', f"def {TASK}(logits, labels):\n"
SHELL = 'trap : INT; "$@"; echo "left with $?"; sleep 2'  # one that lives on, as a person's does
PATIENCE = 60.0  # seconds; what takes longer is not there


@dataclass(frozen=True)
class Kind:
    """Something that a function does before its answer.

    Args:
        says: what names it, in any of the three; or of each alone.
        ends: does it come to an end by itself?
    """

    name: str
    label: str
    code: str
    says: str
    ends: bool = True


NO_ANSWER = r"[Nn]o answer for \d+ s, in line \d+"
KINDS = (
    Kind("input", "`input()`", "input()", "checks can't type"),
    Kind("breakpoint", "`breakpoint()`", "breakpoint()", "can't stop at a breakpoint"),
    Kind("sleep", "`time.sleep(3600)`", "time.sleep(3600)", NO_ANSWER, ends=False),
    Kind("loop", "an endless loop", "while True: pass", NO_ANSWER, ends=False),
    Kind(
        "c-loop",
        "a loop in C: the SVD of 8,000 × 8,000",
        "torch.linalg.svd(torch.rand(8000, 8000))",
        NO_ANSWER,
        ends=False,
    ),
    Kind(
        "held",
        "one that holds on to Python: `sum(itertools.repeat(1))`",
        "sum(itertools.repeat(1))",
        NO_ANSWER,
        ends=False,
    ),
    Kind(
        "swallow",
        "a loop that swallows every exception, Ctrl-C too",
        "while True:\n        try:\n            while True: time.sleep(0.01)\n        except BaseException: pass",
        NO_ANSWER,
        ends=False,
    ),
    Kind("exit", "`os._exit(3)`", "os._exit(3)", r"os\._exit\(3\), which ends|exit status 3"),
    Kind("segfault", "a segmentation fault", "ctypes.string_at(0)", "SIGSEGV|pytest itself has crashed"),
    Kind("thread", "a thread that never ends", "threading.Thread(target=time.sleep, args=(3600,)).start()", ALL_RIGHT),
    Kind("fork", "`os.fork()`, and both go on", "os.fork()", ALL_RIGHT),
)


@dataclass(frozen=True)
class Found:
    """Seconds, or None where it did not come.

    Args:
        said: from the call until the sentence.
        ended: from Ctrl-C until the verdicts so far, or the word that it is over, stood there; it has ended then, or soon after.
        next: from the next save, run or check cell until its right verdict.
        left: processes that are left over.
    """

    said: float | None
    ended: float | None = None
    next: float | None = None
    left: int = 0

    def told(self, kind: Kind, by: str) -> str:
        """As a cell of the table."""
        parts = [f"{self.said:.1f} s" if self.said is not None else "**no sentence**"]
        if not kind.ends and by:
            parts.append(f"{by} {self.ended:.1f} s" if self.ended is not None else f"**{by} does not end it**")
        parts.append(f"next {self.next:.1f} s" if self.next is not None else "**next does not work**")
        return ", ".join(parts) + (f", **{self.left} processes left**" if self.left else "")


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.text = ""
        self.status: int | None = None
        self.process, self.end = pty.fork()
        if not self.process:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell ignores it for what runs in the background
            os.chdir(paths.ROOT)
            os.execve("/bin/sh", ["sh", "-c", SHELL, "sh", sys.executable, *command], environment)
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def until(self, says: str, seconds: float = PATIENCE) -> float | None:
        """The time at which this stands there, or None; what stood there before does not count."""
        until = time.time() + seconds
        while time.time() < until:
            if re.search(says, self.plain()):
                return time.time()
            if select.select([self.end], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.end, 1 << 16).decode("utf-8", "replace")
                except OSError:  # nobody writes there any more
                    return time.time() if re.search(says, self.plain()) else None
        return None

    def plain(self) -> str:
        """What has been written, without colours and in one line."""
        return " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text).split())

    def type(self, keys: str) -> None:
        """As on a keyboard."""
        os.write(self.end, keys.encode())

    def ended(self, seconds: float = PATIENCE) -> float | None:
        """The time at which it had ended, or None."""
        until = time.time() + seconds
        while time.time() < until:
            self.until("(?!)", 0.05)
            found, status = os.waitpid(self.process, os.WNOHANG)
            if found:
                self.status = os.waitstatus_to_exitcode(status)
                return time.time()
        return None

    def close(self) -> None:
        """End it."""
        if self.status is None:
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self.end)


class Student:
    """A student's file, and what runs over it."""

    def __init__(self, folder: Path, show: bool) -> None:
        self.folder, self.show = folder, show
        self.stamp, self.saves = folder / "called", 0
        exercises = folder / "exercises"
        exercises.mkdir()
        self.file = exercises / f"{ENTRY.module}.py"
        self.solution = (paths.ROOT / "solutions" / f"{ENTRY.module}.py").read_text("utf-8")
        assert RIGHT in self.solution
        self.environment = os.environ | {
            "COURSE_EXERCISES": str(exercises),
            "COURSE_PROGRESS": str(folder / "progress.json"),
            "COURSE_DATA": str(paths.data_folder()),
            "PYTHONIOENCODING": "utf-8",
            "TERM": "xterm",
        }

    def function(self, kind: Kind | None) -> str:
        """The body of the function."""
        if kind is None:
            return RIGHT
        stamp = f"pathlib.Path({str(self.stamp)!r}).open('a').write(f'{{time.time()}}\\n')"
        return f"    import ctypes, itertools, os, pathlib, threading, time\n    {stamp}\n    {kind.code}\n{RIGHT}"

    def save(self, kind: Kind | None) -> None:
        """The solution with the function so."""
        self.saves += 1
        self.stamp.unlink(missing_ok=True)
        new = self.file.with_suffix(".new")
        new.write_text(f"{self.solution.replace(RIGHT, self.function(kind))}\n# save {self.saves}\n", "utf-8")
        os.replace(new, self.file)

    def since_call(self, when: float | None) -> float | None:
        """Seconds since the function was called first."""
        called = self.stamp.read_text("utf-8").splitlines() if self.stamp.is_file() else []
        return when - float(called[0]) if when is not None and called else None

    def look(self, where: str, text: str) -> None:
        """Show a screen, where that is wanted."""
        if self.show:
            print(f"--- {where}\n{text[-3000:]}\n", flush=True)


class InWatch:
    """In `course watch --fast`, which goes on."""

    by = ""

    def __init__(self, student: Student) -> None:
        self.student = student
        student.save(None)
        self.watch = Terminal(["-m", "course", "watch", ENTRY.id, "--fast"], student.environment)
        self.watch.until("Checked in", 4 * PATIENCE)

    def measure(self, kind: Kind) -> Found:
        """One cell."""
        self.watch.text = ""
        self.student.save(kind)
        said = self.student.since_call(self.watch.until(kind.says))
        if kind.ends:
            self.watch.until("Checked in")
        self.student.look("watch", self.watch.plain())
        self.watch.text = ""
        began = time.time()
        self.student.save(None)
        after = self.watch.until(f"{ALL_RIGHT}.*Checked in")
        return Found(said, None, after - began if after else None)

    def close(self) -> None:
        """End it."""
        self.watch.close()


class InPytest:
    """In `pytest graders/…`."""

    by = "Ctrl-C"

    def __init__(self, student: Student) -> None:
        self.student = student

    def measure(self, kind: Kind) -> Found:
        """One cell."""
        student = self.student
        command = [
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            f"graders/{ENTRY.grader}",
            "-m",
            "not slow",
            "--target",
            str(student.file),
        ]
        student.save(kind)
        run = Terminal(command, student.environment)
        ended = None
        try:
            said = student.since_call(run.until(kind.says, 2 * PATIENCE))
            began = time.time()
            if not kind.ends:
                run.type("\x03")
            shown = None if kind.ends else run.until("✓ make_transforms.*were not run")
            if run.until(r"left with \d+") is not None and shown is not None:
                ended = shown - began
            run.ended()
            student.look("pytest", run.text)
            left = len(of_session(run.process))
        finally:
            run.close()
        student.save(None)
        began = time.time()
        again = Terminal(command, student.environment)
        try:
            after = again.until(ALL_RIGHT, 2 * PATIENCE)
        finally:
            again.close()
        return Found(said, ended, after - began if after else None, left)

    def close(self) -> None:
        """Nothing is left."""


def of_session(leader: int) -> list[int]:
    """Processes of a terminal that still live, a moment later."""
    time.sleep(0.5)
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


class InNotebook:
    """In check cells; the kernel keeps a variable."""

    by = "■"

    def __init__(self, student: Student) -> None:
        from jupyter_client.manager import KernelManager

        self.student = student
        environment = student.environment | {"PYTHONPATH": str(paths.ROOT)}
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(student.folder), env=environment, stderr=subprocess.DEVNULL)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(4 * PATIENCE)
        self.cell = Cell(self.manager, self.client)
        self.cell.run(f"import torch\nfrom course.notebook import check\nkept = 7\n{DEFINITION}{RIGHT}")
        self.cell.run(CHECK)  # what it has to import is imported

    def measure(self, kind: Kind) -> Found:
        """One cell of the table."""
        cell, ended = self.cell, None
        self.student.stamp.unlink(missing_ok=True)
        cell.run(DEFINITION + self.student.function(kind))
        cell.begin(CHECK)
        said = self.student.since_call(cell.until(kind.says))
        began = time.time()
        if not kind.ends:
            self.manager.interrupt_kernel()
        if (when := cell.ended()) is not None:
            ended = when - began
        self.student.look("notebook", cell.text)
        began = time.time()
        cell.run(DEFINITION + RIGHT)
        cell.begin(f"{CHECK}\nassert kept == 7")
        after = cell.until(ALL_RIGHT)
        cell.ended()
        works = after is not None and "Error" not in cell.text
        return Found(said, ended, after - began if works and after else None)

    def close(self) -> None:
        """End it."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Cell:
    """A cell that runs in a kernel."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager, self.client = manager, client

    def run(self, code: str) -> None:
        """Run it to its end."""
        self.begin(code)
        self.ended()

    def begin(self, code: str) -> None:
        """Run it."""
        self.id, self.text, self.idle = self.client.execute(code), "", False

    def until(self, says: str, seconds: float = PATIENCE) -> float | None:
        """The time at which this stands in it, or None."""
        return self._wait(lambda: bool(re.search(says, " ".join(self.text.split()))), seconds)

    def ended(self, seconds: float = PATIENCE) -> float | None:
        """The time at which it has ended, or None; the end of the kernel is none."""
        return self._wait(lambda: self.idle, seconds)

    def _wait(self, there: Callable[[], bool], seconds: float) -> float | None:
        from queue import Empty

        until = time.time() + seconds
        while time.time() < until:
            if there():
                return time.time()
            if not self.manager.is_alive() or self.idle:
                return None
            with suppress(Empty):
                message = self.client.get_iopub_msg(timeout=0.1)
                if message["parent_header"].get("msg_id") == self.id:
                    self._take(message["msg_type"], message["content"])
        return None

    def _take(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "stream":
            self.text += content["text"]
        elif kind in ("display_data", "update_display_data"):
            self.text += content["data"].get("text/plain", "") + "\n"
        elif kind == "error":
            self.text += f"Error: {content['ename']}: {content['evalue']}\n"
        elif kind == "status" and content["execution_state"] == "idle":
            self.idle = True


PLACES: dict[str, Any] = {"pytest": InPytest, "watch": InWatch, "notebook": InNotebook}


def main() -> None:
    """Measure, print, and write what was measured into the table, unless only a row was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=[kind.name for kind in KINDS], help="one row, not written")
    parser.add_argument("--where", choices=PLACES, help="in one of the three; the other columns stay as they are")
    parser.add_argument("--show", action="store_true", help="show what stood on the screens")
    said = parser.parse_args()
    kinds = [kind for kind in KINDS if said.only in (None, kind.name)]
    for where, place in PLACES.items():
        if said.where in (None, where):
            cells, floor, loads = {}, import_floor(), [os.getloadavg()[0]]
            with tempfile.TemporaryDirectory() as name:
                student = place(Student(Path(name), said.show))
                try:
                    for kind in kinds:
                        cells[kind.label] = student.measure(kind).told(kind, place.by)
                        print(f"{where:<9} {kind.name:<11} {cells[kind.label]}", flush=True)
                        loads.append(os.getloadavg()[0])
                finally:
                    student.close()
            print(
                f"{where:<9} load {min(loads):.0f} to {max(loads):.0f}, import of torch and torchvision {floor:.1f} s"
            )
            if said.only is None:
                write(list(PLACES).index(where), cells)


def write(column: int, cells: dict[str, str]) -> None:
    """Put a column into the table."""
    page = PAGE.read_text("utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    rows = {}
    for line in page.split(BEGIN)[1].split(END)[0].splitlines():
        label, *known = [part.strip() for part in line.split("|")[1:-1]]
        if label in cells and len(known) == len(PLACES):
            rows[label] = known
    lines = [f"| the function | {' | '.join(PLACES)} |", "|---" * (1 + len(PLACES)) + "|"]
    for label, cell in cells.items():
        known = rows.get(label, [""] * len(PLACES))
        known[column] = cell
        lines.append(f"| {label} | {' | '.join(known)} |")
    text = "\n".join(lines)
    files.write(PAGE, f"{before}{BEGIN}{text}\n{END}{after}")


if __name__ == "__main__":
    main()

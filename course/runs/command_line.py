"""The command line of a run: its options, who started it, and how a fault is shown to the person who typed it.

It opens no data and knows no model; `course.runs.run` does.
"""

import argparse
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from course import catalog, paths
from course.errors import CourseError
from course.files import shown
from course.runs import device


def explain(fault: BaseException, trace: TracebackType | None, file: Path | None, project_id: str) -> int | None:
    """Print a fault for people to stderr and return the exit status; None for one whose traceback should be shown.

    Args:
        file: the module that runs, to tell its TODO from a NotImplementedError elsewhere.
    """
    if isinstance(fault, CourseError):
        print(fault, file=sys.stderr)
        return 2
    if isinstance(fault, KeyboardInterrupt):
        print("\nStopped at once. What an earlier run has saved is as it was.", file=sys.stderr)
        return 130
    if isinstance(fault, NotImplementedError) and str(fault).isidentifier() and file is not None:
        where = traceback.extract_tb(trace)[-1]
        if Path(where.filename).resolve().parent == file.parent:
            place = f"{shown(Path(where.filename))}:{where.lineno}"
            print(f"{fault} is not written yet ({place}). `course hint {project_id}` helps.", file=sys.stderr)
            return 1
    return None


def parser(
    project: catalog.Project, package: str, epochs: int | None, batch_size: int, lr: float, compile: bool | None
) -> argparse.ArgumentParser:
    """The options of any run, with these defaults. A project without training (`epochs` None or 0) hides those of training."""
    options = argparse.ArgumentParser(
        prog=f"python -m {package}.{project.module}",
        description=f"Project {project.id}: {project.title}. Runs it, prints a table, saves the model and its pictures.",
    )
    options.add_argument(
        "--data",
        choices=["full", "pocket"],
        help="the real data or the embedded ones (default: COURSE_TIER, else the real ones if they are in data/)",
    )
    hidden = None if epochs else argparse.SUPPRESS  # a project without training has no such options
    number, positive = at_least(1, int), at_least(0.0, float)
    options.add_argument("--epochs", type=number, default=None, help=hidden or f"passes over the data ({epochs})")
    options.add_argument("--batch-size", type=number, default=batch_size, help=hidden or f"({batch_size})")
    options.add_argument(
        "--lr",
        type=positive,
        default=lr,
        help=hidden or f"learning rate of the first epoch; it falls to nearly 0 ({lr:g})",
    )
    options.add_argument("--quick", action="store_true", help=hidden or "one epoch, to see whether all of it runs")
    compiles = "compile the model first (about half a minute)" if compile is not None else argparse.SUPPRESS
    options.add_argument("--compile", action="store_true", default=bool(compile), help=compiles)
    going = "go on with the training that Ctrl-C has stopped"
    options.add_argument("--resume", action="store_true", help=hidden or going)
    where = "where the network is: auto takes a GPU if there is one (cpu)"
    options.add_argument("--device", choices=device.NAMES, default="cpu", help=where)
    options.add_argument("--seed", type=int, default=0, help="of weights, order and augmentation (0)")
    folder = paths.runs_folder() / project.module
    options.add_argument("--out", type=Path, default=folder, help=f"where model and pictures go ({shown(folder)})")
    return options


@contextmanager
def stop_asked() -> Iterator[Callable[[], bool]]:
    """Has Ctrl-C been pressed once? A second time it stops at once, as ever. (In the main thread; elsewhere never.)"""
    pressed: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        print("\nThis epoch is the last; Ctrl-C again stops at once.", file=sys.stderr, flush=True)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def threads_for(load: float, cores: int, asked: str | None) -> int | None:
    """How many threads a training should have, or None to leave it to torch.

    Beside other programs two threads wait for each other, and burn the processor while they do: a frozen network took twelve
    times the processor and seven times as long with two as with one (docs/speed.md).

    Args:
        load: of the last minute.
        asked: the environment variable OMP_NUM_THREADS.
    """
    return None if asked or load < cores - 0.5 else 1


def at_least(least: Any, kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """The `type` of an option: a number of this kind that is no less than `least`."""

    def number(text: str) -> Any:
        value = kind(text)
        if not value >= least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return value

    number.__name__ = kind.__name__  # argparse shows it: "invalid int value"
    return number


def caller() -> tuple[str, Path | None]:
    """The package ("solutions" or "exercises") and the file that was started; ("exercises", None) in tests and notebooks."""
    started = getattr(sys.modules["__main__"], "__file__", None)
    file = Path(started).resolve() if started else None
    if file is None or not re.match(r"ex\d\d", file.stem):
        return "exercises", None
    return file.parent.name, file

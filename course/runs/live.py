"""Curves in the terminal while a network trains, drawn by plotext over their last state; elsewhere nothing."""

import importlib
import os
import shutil
import sys
from types import ModuleType
from typing import Any

from course.training import History

WIDEST, HEIGHT = 90, 13
SMALLEST = 24  # lines of a window, and 60 columns: in a smaller one there are only the lines of the table


class Curves:
    """The curves of one run.

    They are wiped before the next state only where nothing else was written below them: a student's own prints stay.
    """

    def __init__(self) -> None:
        self._plot = _plotext() if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" else None
        self._drawn = 0
        self._disturbed = False
        if self._plot:
            sys.stdout = _Noticing(sys.stdout, self)  # type: ignore[assignment]

    def wipe(self) -> None:
        """Make room for the next line of the table."""
        if self._plot is None:
            return
        up = f"\x1b[{self._drawn}A" if self._drawn and not self._disturbed else ""
        print(f"\r{up}\x1b[J", end="", flush=True)  # a progress bar may stand where the cursor is
        self._drawn, self._disturbed = 0, False

    def draw(self, history: History, epochs: int) -> None:
        """Draw the accuracy so far.

        Args:
            epochs: how many there will be.
        """
        window = shutil.get_terminal_size()
        if self._plot is None or not history.train_accuracy or window.lines < SMALLEST or window.columns < 60:
            return
        text = drawn(self._plot, history, epochs, min(window.columns - 1, WIDEST))
        print(text, flush=True)
        self._drawn, self._disturbed = text.count("\n") + 1, False

    def disturbed(self) -> None:
        """Something else was written."""
        self._disturbed = True


class _Noticing:
    """Standard output that tells when somebody writes."""

    def __init__(self, stream: Any, curves: Curves) -> None:
        self._stream, self._curves = stream, curves

    def write(self, text: str) -> int:
        """As the stream's own."""
        self._curves.disturbed()
        return self._stream.write(text)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def drawn(plot: Any, history: History, epochs: int, width: int) -> str:
    """Accuracy of training and validation as lines of text, for a screen of so many columns."""
    plot.clear_figure()
    plot.theme("clear")
    plot.plotsize(width, HEIGHT)
    for name, values, marker in (
        ("training", history.train_accuracy, "•"),
        ("validation", history.valid_accuracy, "×"),
    ):
        if values:
            plot.plot(list(range(1, len(values) + 1)), values, label=f"{name} {values[-1]:.3f}", marker=marker)
    low = min([*history.train_accuracy, *history.valid_accuracy])
    last = max(epochs, len(history.train_accuracy), 2)
    plot.xlim(1, last)
    plot.ylim(int(low * 5) / 5, 1)
    plot.xticks(sorted({1, *range(max(last // 5, 1), last + 1, max(last // 5, 1))}))
    plot.title("accuracy after each epoch")
    return "\n".join(line.rstrip() for line in plot.build().replace("\x1b[0m", "").splitlines())


def _plotext() -> ModuleType | None:
    try:
        return importlib.import_module("plotext")
    except ImportError:  # an environment of before
        return None

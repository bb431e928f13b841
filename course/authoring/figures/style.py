"""How the figures look: colours, sizes of letters, and how a drawing becomes a small PNG file.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with any colour vision tell apart; no meaning
rests on colour alone, so lines differ in dash or mark too. The background is white in a dark notebook as well.
"""

import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing
from PIL import Image

BLUE, ORANGE, GREEN, SKY, PURPLE, YELLOW = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#CC79A7", "#F0E442"
BLACK, GREY, PALE = "#222222", "#666666", "#EEEEEE"
DPI = 120  # 6.4 inches are 768 pixels: the width of a notebook's column
COLOURS = 128  # of the PNG's palette; with more, a file is twice as large and looks the same
LOOK: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # it comes with matplotlib, so it is the same everywhere
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "text.color": BLACK,
    "axes.labelcolor": BLACK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.alpha": 0.3,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "image.cmap": "gray",
}


@contextmanager
def applied() -> Iterator[None]:
    """The course's look while something is drawn and saved, whatever matplotlibrc the author has."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(LOOK)
        yield


def sheet(width: float = 6.4, height: float = 2.8) -> Drawing:
    """An empty matplotlib figure, in inches; it needs no display and no pyplot."""
    drawing = Drawing(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(drawing)
    return drawing


def curves(axes: Any, train: list[float], valid: list[float], name: str, where: str = "best") -> None:
    """A training curve (blue, round marks) and a validation curve (orange, dashed, square marks) over the epochs 1, 2, …"""
    for values, label, colour, dash, mark in (
        (train, "training", BLUE, "-", "o"),
        (valid, "validation", ORANGE, "--", "s"),
    ):
        axes.plot(range(1, len(values) + 1), values, dash, marker=mark, color=colour, label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel(name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(True)
    axes.legend(loc=where)


def grid_of_numbers(
    axes: Any, rows: Sequence[Sequence[float]], marked: Collection[tuple[int, int]] = (), form: str = "{:g}"
) -> None:
    """A table of numbers as squares, such as a patch of pixels or a kernel; `marked` cells (row, column) are shaded."""
    high, wide = len(rows), len(rows[0])
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            colour = "#CDE5F5" if (r, c) in marked else "white"
            axes.add_patch(matplotlib.patches.Rectangle((c, r), 1, 1, facecolor=colour, edgecolor=GREY, linewidth=1))
            axes.text(c + 0.5, r + 0.5, form.format(value), ha="center", va="center", fontsize=11)
    axes.set_xlim(-0.05, wide + 0.05)
    axes.set_ylim(high + 0.05, -0.05)
    axes.set_aspect("equal")
    axes.axis("off")


def png(drawing: Any) -> bytes:
    """A matplotlib figure or a PIL image as a PNG file: grey as it is, colours by a palette and without dithering.

    Dithering would make the pixels of a whole picture depend on a single one; the tests compare pixels.
    """
    if isinstance(drawing, Drawing):
        stream = io.BytesIO()
        drawing.savefig(stream, format="png", dpi=DPI)
        drawing = Image.open(stream)
    if drawing.mode not in ("L", "1"):
        drawing = drawing.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    drawing.save(stream, "PNG", optimize=True)
    return stream.getvalue()

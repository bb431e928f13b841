"""Attachments of a check as HTML: curves as inline SVG, a confusion matrix and words as tables, pictures as data: files.

Here stands what is worked out of an attachment: places of points, shares, sentences; what it looks like stands in
`templates/figures.html.j2`. No script, nothing from elsewhere, no class or colour that a student's text could choose. Drawn with a
few lines of our own, not by matplotlib: its SVG of the same two curves has 33 kB, ours 4; it does not follow a dark page, and its
letters are outlines. Nothing rests on colour alone: lines differ in dash and mark, answers have ✓ or ✗, cells have numbers.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from course.checks.results import Attachment, Confusion, Curves, Gallery, Picture, Table
from course.reports.templates import PAGES

WIDTH, HEIGHT = 340, 205  # of a chart, in units that are CSS pixels where there is room
LEFT, RIGHT, TOP, BOTTOM = 36, WIDTH - 10, 10, HEIGHT - 32  # of its axes
NAMED = 3  # confusions that are said in words below the matrix
Place = Callable[[float], float]
URI = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/]+={0,2}")  # nothing in it needs to be escaped


def drawn(attachment: Attachment) -> Markup:
    """One figure."""
    figures: Any = PAGES.get_template("figures.html.j2").module
    match attachment:
        case Curves():
            return figures.curves(_curves(attachment))
        case Confusion():
            return figures.matrix(_matrix(attachment))
        case Gallery():
            return figures.gallery(_gallery(attachment))
        case Table():
            return figures.table(attachment)


# -- curves -------------------------------------------------------------------------------------------------------------


def _curves(shown: Curves) -> dict[str, Any]:
    bar = shown.bar
    band = shown.band
    values = [v for _, line in shown.lines for v in line if v is not None] + ([bar[1]] if bar else [])
    values += [*band[1], *band[2]] if band else []
    low, high, ticks = _scale(min(values), max(values))
    epochs = max(len(line) for line in [*(line for _, line in shown.lines), band[1] if band else ()])
    x = lambda k: LEFT + (RIGHT - LEFT) * (k / (epochs - 1) if epochs > 1 else 0.5)  # noqa: E731
    y = lambda v: TOP + (BOTTOM - TOP) * (high - v) / (high - low)  # noqa: E731
    points = [[(x(k), y(v)) for k, v in enumerate(line) if v is not None] for _, line in shown.lines]
    said = [f"{name} from {_first(line)} to {_first(line[::-1])}" for name, line in shown.lines]
    said += [f"{bar[0]}: {bar[1]:.2f}"] if bar else []
    said += [f"{band[0]}: at the end {band[1][-1]:.2f} to {band[2][-1]:.2f}"] if band else []
    two = not bar and not band and len(points) == 2 and len(points[0]) == len(points[1]) == epochs > 1
    return {
        "title": shown.title,
        "said": f"Curves over {epochs} epochs: {'; '.join(said)}",
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "bottom": BOTTOM,
        "ticks": [(y(tick), tick) for tick in ticks],
        "epochs": [(x(k), k + 1) for k in _epochs(epochs)],
        "band": {"name": band[0], "path": _path(_around(band[1], band[2], x, y))} if band else None,
        "between": _path(points[0] + points[1][::-1]) if two else "",
        "bar": {"name": bar[0], "value": f"{bar[1]:.2f}", "y": y(bar[1])} if bar else None,
        "lines": [
            {
                "number": number,
                "name": name,
                "last": _first(line[::-1]),
                "path": _path(places),
                "marks": places if len(places) <= 30 else places[-1:],
            }
            for number, ((name, line), places) in enumerate(zip(shown.lines, points, strict=True))
        ],
    }


def _around(low: tuple[float, ...], high: tuple[float, ...], x: Place, y: Place) -> list[tuple[float, float]]:
    """The outline of a band; one of a single epoch is a narrow one."""
    wide = 3.0 if len(low) == 1 else 0.0
    over = [(x(k) - wide, y(v)) for k, v in enumerate(high)] + [(x(0) + wide, y(high[0]))] * bool(wide)
    under = [(x(k) + wide, y(v)) for k, v in enumerate(low)] + [(x(0) - wide, y(low[0]))] * bool(wide)
    return over + under[::-1] if not wide else over + under


def _scale(low: float, high: float) -> tuple[float, float, list[float]]:
    """Lowest and highest value of an axis, and where its lines are: shares between fifths, others by 1, 2 or 5."""
    if low >= 0 and high <= 1:
        first = min(math.floor(low * 5), 4)
        return first / 5, 1.0, [k / 5 for k in range(first, 6)]
    spread = max(high - low, abs(high) * 1e-3, 1e-9)
    power = 10 ** math.floor(math.log10(spread / 4))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= spread / 4)
    first = math.floor(low / step)
    ticks = [k * step for k in range(first, max(math.ceil(high / step), first + 1) + 1)]
    return ticks[0], ticks[-1], ticks


def _epochs(count: int) -> list[int]:
    """Epochs, from 0, that get a number: the first, the last and some between them, evenly."""
    step = max(math.ceil((count - 1) / 8), 1)
    between = [k for k in range(step - 1 if step > 1 else step, count - 1, step) if count - 1 - k >= step / 2 and k]
    return sorted({0, count - 1, *between})


def _path(points: list[tuple[float, float]]) -> Markup:
    """Made of numbers alone, so it is neither escaped nor cut."""
    return Markup("L".join(f"{a:.1f} {b:.1f}" for a, b in points))


def _first(line: tuple[float | None, ...]) -> str:
    return f"{next(v for v in line if v is not None):.2f}"


# -- tables and pictures ------------------------------------------------------------------------------------------------


def _matrix(shown: Confusion) -> dict[str, Any]:
    names = shown.classes
    rows, worst = [], []
    for t, row in enumerate(shown.counts):
        total = max(sum(row), 1)
        cells = []
        for p, count in enumerate(row):
            share = round(12 + 40 * count / total) if t == p else round(25 + 60 * count / total)
            said = f"{names[t]} taken for {names[p]}: {count} of {total}"
            cells.append({"count": count, "kind": "hit" if t == p else "miss", "share": share, "said": said})
            if count and t != p:
                worst.append((-count / total, -count, f"{names[t]} for {names[p]} ({count} of {total})"))
        rows.append((names[t], cells))
    worst.sort(key=lambda one: one[:2])
    confused = ", ".join(said for _, _, said in worst[:NAMED])
    below = f"Taken for another most often: {confused}." if worst else "Nothing was taken for anything else."
    right, whole = sum(row[k] for k, row in enumerate(shown.counts)), sum(map(sum, shown.counts))
    wide = max(map(len, names)) > 3
    return {
        "title": shown.title,
        "kind": " wide" if wide else " few" if len(names) <= 12 else "",
        "classes": names,
        "rows": rows,
        "said": f"{right} of {whole} right. {below} Rows: what it is; columns: what it was taken for.",
    }


def _gallery(shown: Gallery) -> dict[str, Any]:
    return {"title": shown.title, "pictures": [_picture(one) for one in shown.pictures if URI.fullmatch(one.uri)]}


def _picture(one: Picture) -> dict[str, Any]:
    tiny = max(one.width, one.height) < 48
    return {"uri": Markup(one.uri), "tiny": tiny, "right": one.right, "lines": one.caption.split("\n")}

"""Attachments of a check as HTML: curves as inline SVG, a confusion matrix and words as tables, pictures as data: files.

No script, nothing from elsewhere, no class or colour that a student's text could choose. Drawn with a few lines of our own, not by
matplotlib: its SVG of the same two curves has 33 kB, ours 4; it does not follow a dark page, and its letters are outlines.
Nothing rests on colour alone: lines differ in dash and mark, answers have ✓ or ✗, cells have numbers.
"""

import math
import re
from html import escape

from course.checks.results import Attachment, Confusion, Curves, Gallery, Picture, Table

WIDTH, HEIGHT = 340, 205  # of a chart, in units that are CSS pixels where there is room
LEFT, RIGHT, TOP, BOTTOM = 36, 10, 10, 32
NAMED = 3  # confusions that are said in words below the matrix
URI = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/]+={0,2}")


def drawn(attachment: Attachment) -> str:
    """One figure."""
    match attachment:
        case Curves():
            return _curves(attachment)
        case Confusion():
            return _matrix(attachment)
        case Gallery():
            return _gallery(attachment)
        case Table():
            return _table(attachment)


def text(words: str, most: int = 4000) -> str:
    """Text of a page: escaped, cut, and without characters that no page may hold."""
    kept = words if len(words) <= most else words[: most - 1] + "…"
    return escape("".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in kept))


# -- curves -------------------------------------------------------------------------------------------------------------


def _curves(shown: Curves) -> str:
    values = [v for _, line in shown.lines for v in line if v is not None] + ([shown.bar[1]] if shown.bar else [])
    low, high, ticks = _scale(min(values), max(values))
    epochs = max(len(line) for _, line in shown.lines)
    x = lambda k: LEFT + (WIDTH - LEFT - RIGHT) * (k / (epochs - 1) if epochs > 1 else 0.5)  # noqa: E731
    y = lambda v: TOP + (HEIGHT - TOP - BOTTOM) * (high - v) / (high - low)  # noqa: E731
    parts = []
    for tick in ticks:
        parts.append(f'<path class="grid" d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for k in _epochs(epochs):
        parts.append(f'<text x="{x(k):.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{k + 1}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 3}" text-anchor="middle">epoch</text>')
    points = [[(x(k), y(v)) for k, v in enumerate(line) if v is not None] for _, line in shown.lines]
    if not shown.bar and len(points) == 2 and len(points[0]) == len(points[1]) == epochs > 1:
        parts.append(f'<path class="between" d="M{_path(points[0] + points[1][::-1])}Z"/>')
    if shown.bar:
        parts.append(f'<path class="bar" d="M{LEFT} {y(shown.bar[1]):.1f}H{WIDTH - RIGHT}"/>')
    for number, line in reversed(list(enumerate(points))):
        parts.append(f'<path class="l{number}" d="M{_path(line)}"/>')
        parts += [_mark(number, *point) for point in (line if len(line) <= 30 else line[-1:])]
    said = [f"{name} from {_first(line):.2f} to {_first(line[::-1]):.2f}" for name, line in shown.lines]
    said += [f"{shown.bar[0]}: {shown.bar[1]:.2f}"] if shown.bar else []
    key = [
        f'<span><svg viewBox="0 0 30 10" aria-hidden="true"><path class="l{n}" d="M1 5H29"/>{_mark(n, 15, 5)}</svg>'
        f"{text(name)} <b>{_first(line[::-1]):.2f}</b></span>"
        for n, (name, line) in enumerate(shown.lines)
    ]
    if shown.bar:
        swatch = '<svg viewBox="0 0 30 10" aria-hidden="true"><path class="bar" d="M2 5H29"/></svg>'
        key.append(f"<span>{swatch}{text(shown.bar[0])} <b>{shown.bar[1]:.2f}</b></span>")
    label = text(f"Curves over {epochs} epochs: {'; '.join(said)}")
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    return _figure(shown.title, f'{svg}<p class="key">{"".join(key)}</p>', "chart")


def _scale(low: float, high: float) -> tuple[float, float, list[float]]:
    """Lowest and highest value of an axis, and where its lines are: shares between fifths, others by 1, 2 or 5."""
    if low >= 0 and high <= 1:
        first = min(math.floor(low * 5), 4)
        return first / 5, 1.0, [k / 5 for k in range(first, 6)]
    spread = max(high - low, abs(high) * 1e-3, 1e-9)
    power = 10 ** math.floor(math.log10(spread / 4))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= spread / 4)
    ticks = [k * step for k in range(math.floor(low / step), math.ceil(high / step) + 1)]
    return ticks[0], max(ticks[-1], ticks[0] + step), ticks


def _epochs(count: int) -> list[int]:
    """Epochs, from 0, that get a number: the first, the last and some between them, evenly."""
    step = max(math.ceil((count - 1) / 8), 1)
    between = [k for k in range(step - 1 if step > 1 else step, count - 1, step) if count - 1 - k >= step / 2 and k]
    return sorted({0, count - 1, *between})


def _path(points: list[tuple[float, float]]) -> str:
    return "L".join(f"{a:.1f} {b:.1f}" for a, b in points)


def _mark(number: int, a: float, b: float) -> str:
    if number % 2:
        return f'<path class="m{number}" d="M{a - 2.5:.1f} {b - 2.5:.1f}h5v5h-5z"/>'
    return f'<circle class="m{number}" cx="{a:.1f}" cy="{b:.1f}" r="2.7"/>'


def _first(line: tuple[float | None, ...]) -> float:
    return next(v for v in line if v is not None)


# -- tables and pictures ------------------------------------------------------------------------------------------------


def _matrix(shown: Confusion) -> str:
    wide = max(len(name) for name in shown.classes) > 3
    heads = "".join(f'<th scope="col">{text(name)}</th>' for name in shown.classes)
    rows = [f'<tr><td class="corner"></td>{heads}</tr>']
    worst = []
    for t, row in enumerate(shown.counts):
        total = max(sum(row), 1)
        cells = []
        for p, count in enumerate(row):
            if not count:
                cells.append("<td></td>")
                continue
            share = round(25 + 60 * count / total) if t != p else round(12 + 40 * count / total)
            words = text(f"{shown.classes[t]} taken for {shown.classes[p]}: {count} of {total}")
            kind = "hit" if t == p else "miss"
            cells.append(f'<td class="{kind}" style="--s:{share}%" title="{words}">{count}</td>')
            if t != p:
                worst.append((count / total, count, t, p, total))
        rows.append(f'<tr><th scope="row">{text(shown.classes[t])}</th>{"".join(cells)}</tr>')
    worst.sort(key=lambda one: (-one[0], -one[1]))
    said = [
        f"{shown.classes[t]} for {shown.classes[p]} ({count} of {total})" for _, count, t, p, total in worst[:NAMED]
    ]
    below = f"Taken for another most often: {', '.join(said)}." if said else "Nothing was taken for anything else."
    right = sum(row[k] for k, row in enumerate(shown.counts))
    below = f"{right} of {sum(map(sum, shown.counts))} right. {below} Rows: what it is; columns: what it was taken for."
    kind = "matrix" + (" wide" if wide else " few" if len(shown.classes) <= 12 else "")
    box = f'<div class="scroll" role="region" tabindex="0" aria-label="{text(shown.title)}"><table class="{kind}">'
    return _figure(shown.title, f'{box}{"".join(rows)}</table></div><p class="small">{text(below)}</p>')


def _gallery(shown: Gallery) -> str:
    return _figure(shown.title, f'<ul class="gallery">{"".join(map(_picture, shown.pictures))}</ul>')


def _picture(one: Picture) -> str:
    if not URI.fullmatch(one.uri):
        return ""
    kind = {True: "good", False: "bad", None: ""}[one.right]
    size = ' class="tiny"' if max(one.width, one.height) < 48 else ""
    lines = one.caption.split("\n")
    said = _verdict(one.right) + "<br>".join(map(text, lines))
    return f'<li class="{kind}"><img{size} src="{one.uri}" alt="{text(", ".join(lines))}">{said}</li>'


def _table(shown: Table) -> str:
    head = "".join(f'<th scope="col">{text(cell)}</th>' for cell in ("", *shown.head))
    rows = []
    for right, cells in zip(shown.right, shown.rows, strict=True):
        kind = {True: "good", False: "bad", None: ""}[right]
        rows.append(
            f'<tr class="{kind}"><td>{_verdict(right)}</td>{"".join(f"<td>{text(c)}</td>" for c in cells)}</tr>'
        )
    body = f'<table class="words"><tr>{head}</tr>{"".join(rows)}</table>'
    return _figure(
        shown.title,
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(shown.title)}">{body}</div>',
    )


def _verdict(right: bool | None) -> str:
    return {True: "<b>✓</b> ", False: "<b>✗</b> ", None: ""}[right]


def _figure(title: str, body: str, kind: str = "") -> str:
    about = f' class="{kind}"' if kind else ""
    return f"<figure{about}><figcaption>{text(title)}</figcaption>{body}</figure>"

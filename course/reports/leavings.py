"""What the runs of a student have left (`run.json` in each folder of runs/), as figures of a page.

The file lies on the student's disk and may be of another version, spoilt or somebody else's: a figure that it gives no sound data
for is left out, and every text is escaped by the templates.
"""

import functools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from course.checks.results import Confusion, Curves, Gallery, Picture, Table
from course.reports import charts, words

BANDS = Path(__file__).with_name("bands.json")  # made by `course author bands`
MOST_BYTES = 8 << 20
EPOCHS, CLASSES, PICTURES, ROWS, LETTERS = 300, 40, 16, 30, 60
LATEST = 1 << 33  # seconds since 1970; what is beyond is no time
OURS = "three runs of ours"


@dataclass(frozen=True)
class Left:
    """What one run has left.

    Args:
        when: seconds since 1970, or 0.
        settings: as the run was started: (name, value).
        accuracy: (right, total) on the validation data, or None.
    """

    when: float = 0.0
    settings: tuple[tuple[str, str], ...] = ()
    accuracy: tuple[int, int] | None = None
    figures: tuple[Markup, ...] = field(default=(), repr=False)


def left_by(folder: Path, project: str) -> Left | None:
    """What the last run of a project has left in its folder, or None."""
    file = folder / "run.json"
    try:
        found = json.loads(file.read_bytes()) if file.stat().st_size <= MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    settings = found.get("settings")
    settings = settings if isinstance(settings, dict) else {}
    band = _bands().get(project, {}) if settings.get("data") == "pocket" else {}
    makers: list[Callable[[], Sequence[Markup]]] = [
        lambda: _curves(found["history"], band),
        lambda: [charts.drawn(_confusion(found["confusion"]))],
        lambda: [charts.drawn(_gallery("The images, surest mistakes first", found["pictures"]))],
        lambda: [
            charts.drawn(_gallery("What augmentation did", [one for row in found["augmented"] for one in row], 18))
        ],
        lambda: [words.word_map(found["words"]["places"])],
        lambda: [charts.drawn(_near(found["words"]["near"]))],
        lambda: [words.attention(found["attention"])],
    ]
    figures: list[Markup] = []
    for make in makers:
        with suppress(Exception):  # whatever is wrong in the file, the rest is shown
            figures += make()
    when: Any = found.get("when")
    sound = type(when) in (int, float) and 0 < when < LATEST
    said = tuple((str(k)[:LETTERS], str(v)[:LETTERS]) for k, v in settings.items())[:8]
    return Left(float(when) if sound else 0.0, said, _accuracy(found), tuple(figures))


@functools.cache
def _bands() -> dict[str, Any]:
    return json.loads(BANDS.read_text("utf-8")) if BANDS.is_file() else {}  # type: ignore[no-any-return]


def _curves(history: Mapping[str, Any], band: Mapping[str, Any]) -> list[Markup]:
    stages = [n for n in history.get("stages", []) if type(n) is int]
    later = f"; fine-tuning from epoch {stages[0] + 1}" if len(stages) > 1 else ""
    drawn = []
    for name in ("accuracy", "loss"):
        lines = []
        for part, said in (("train", "training"), ("valid", "validation")):
            values = tuple(_finite(v) for v in history[f"{part}_{name}"][:EPOCHS])
            if any(v is not None for v in values):
                lines.append((said, values))
        around = band.get(f"valid_{name}") if len(lines) == 2 else None
        ours = (f"validation, {OURS}", *(tuple(part) for part in zip(*around, strict=True))) if around else None
        title = f"{name.capitalize()} after each epoch{later}"
        drawn.append(charts.drawn(Curves(title, tuple(lines), band=ours)))  # type: ignore[arg-type]
    return drawn


def _finite(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e12 else None


def _confusion(found: Mapping[str, Any]) -> Confusion:
    names, counts = tuple(str(name)[:LETTERS] for name in found["classes"]), found["counts"]
    if not 0 < len(names) <= CLASSES or len(counts) != len(names):
        raise ValueError("classes and counts do not fit together")
    rows = tuple(tuple(_count(n) for n in row) for row in counts)
    if any(len(row) != len(names) for row in rows):
        raise ValueError("classes and counts do not fit together")
    return Confusion("What was taken for what", names, rows)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise ValueError(f"{value!r} is no count")
    return value


def _accuracy(found: Mapping[str, Any]) -> tuple[int, int] | None:
    with suppress(Exception):
        counts = _confusion(found["confusion"]).counts
        return sum(row[k] for k, row in enumerate(counts)), sum(map(sum, counts))
    return None


def _gallery(title: str, pictures: Sequence[Mapping[str, Any]], most: int = PICTURES) -> Gallery:
    shown = []
    for one in pictures[:most]:
        right = one.get("right")
        caption = str(one["caption"])[: 2 * LETTERS]
        sides = _count(one["width"]), _count(one["height"])
        shown.append(Picture(str(one["uri"]), *sides, caption, right if isinstance(right, bool) else None))
    if not shown:
        raise ValueError("there is no picture")
    return Gallery(title, tuple(shown))


def _near(found: Mapping[str, Any]) -> Table:
    rows = tuple((str(word)[:LETTERS], ", ".join(map(str, near))[:200]) for word, near in list(found.items())[:ROWS])
    return Table("The nearest words", ("word", "nearest first"), rows, (None,) * len(rows))

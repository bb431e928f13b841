"""What a run leaves for the student's report, as plain data in `run.json` beside its pictures.

Written whole or not at all, in the standard library's JSON. It draws nothing: `course.reports` does, from this. A run that trains
writes curves, counts and pictures; one that only uses a network writes what it has shown.
"""

import base64
import io
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from course.files import replacing
from course.runs.figures import picture
from course.training import History

NAME = "run.json"
SIDE = 96  # pixels of the longer side of a picture
PHOTO_FROM = 48  # from this side on a picture is kept as JPEG, a third of the size
PICTURES, VIEWS, ORIGINALS = 16, 5, 3  # at most, so that a report of nine projects can still be mailed
WORDS, TOKENS = 60, 32


class Record:
    """The data of one run, put together step by step."""

    def __init__(self, project: str, settings: Mapping[str, Any]) -> None:
        self.data: dict[str, Any] = {"project": project, "settings": dict(settings)}

    def trained(self, history: History, stages: Sequence[int]) -> None:
        """The metrics of each epoch; `stages` are the epochs of each stage, where there were several."""
        if history.train_loss:
            curves = {name: [_number(value) for value in values] for name, values in asdict(history).items()}
            self.data["history"] = curves | {"stages": list(stages)}

    def measured(self, counts: np.ndarray, names: Sequence[str]) -> None:
        """counts[truth, prediction], int (K, K), and K names."""
        self.data["confusion"] = {"classes": [str(name) for name in names], "counts": counts.tolist()}

    def answered(
        self,
        images: Sequence[Any],
        truth: Sequence[int],
        predicted: Sequence[int],
        names: Sequence[str],
        confidence: Sequence[float] | None = None,
    ) -> None:
        """Pictures with what was said of each, in the given order; images as `figures.picture` takes them."""
        shown = []
        for k, (image, true, said) in enumerate(zip(images, truth, predicted)):
            if k == PICTURES:
                break
            sure = "" if confidence is None else f" {confidence[k]:.2f}"
            caption = f"{names[said]}{sure}" + ("" if true == said else f"\nis {names[true]}")
            shown.append(_picture(image, caption, true == said))
        self.data["pictures"] = shown

    def augmented(self, originals: Sequence[Any], transform: Callable[[Any], Any]) -> None:
        """Some images, each with what a random transform makes of it."""
        rows = []
        for original in originals[:ORIGINALS]:
            views = [_picture(transform(original), f"view {k + 1}") for k in range(VIEWS)]
            rows.append([_picture(original, "original"), *views])
        self.data["augmented"] = rows

    def words(self, near: Mapping[str, Sequence[str]], places: Sequence[Sequence[Any]]) -> None:
        """The nearest words of some, and a map: (word, the word that it is near to, x, y from 0 to 1, side of its name)."""
        self.data["words"] = {
            "near": {str(word): [str(one) for one in found] for word, found in near.items()},
            "places": [list(place) for place in places[:WORDS]],
        }

    def attention(self, tokens: Sequence[str], weights: np.ndarray, head: str) -> None:
        """Where each token (row) of a sentence looks (columns); float (T, T), each row sums to 1."""
        rows = [[_number(value) for value in row[:TOKENS]] for row in weights[:TOKENS].tolist()]
        self.data["attention"] = {"tokens": list(tokens[:TOKENS]), "weights": rows, "head": head}

    def save(self, folder: Path) -> Path:
        """Write it; returns the file."""
        file = folder / NAME
        with replacing(file) as new:
            new.write_text(json.dumps(self.data | {"when": time.time()}), "utf-8")
        return file


def _number(value: Any) -> float | None:
    """JSON has neither infinity nor NaN."""
    found = float(value)
    return round(found, 6) if math.isfinite(found) else None


def _picture(image: Any, caption: str, right: bool | None = None) -> dict[str, Any]:
    shown = Image.fromarray((picture(image) * 255).round().astype(np.uint8))
    shown.thumbnail((SIDE, SIDE))
    buffer, photo = io.BytesIO(), max(shown.size) >= PHOTO_FROM
    if photo:
        shown.save(buffer, "JPEG", quality=88)
    else:
        shown.save(buffer, "PNG", optimize=True)
    code = base64.b64encode(buffer.getvalue()).decode()
    uri = f"data:image/{'jpeg' if photo else 'png'};base64,{code}"
    return {"uri": uri, "width": shown.width, "height": shown.height, "caption": caption, "right": right}

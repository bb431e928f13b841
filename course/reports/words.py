"""What a run of a language model has left, as figures: a map of words, and where the tokens of a sentence look.

The numbers come from a file on the student's disk, so each is looked at; what does not fit together is a ValueError.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from course.reports.templates import PAGES

WIDTH, HEIGHT, EDGE = 720, 420, 60
MOST = 60  # words of a map
TOKENS = 32
SIDES = {"right": (8, 4, "start"), "left": (-8, 4, "end"), "above": (0, -8, "middle"), "below": (0, 15, "middle")}


def word_map(places: Sequence[Sequence[Any]]) -> Markup:
    """A map of words.

    Args:
        places: (word, the word that it is near to, x, y from 0 to 1, side of its name or "").
    """
    groups = list(dict.fromkeys(str(group) for _, group, *_ in places))
    shown = []
    for word, group, x, y, side in places[:MOST]:
        across, up = EDGE + (WIDTH - 2 * EDGE) * number(x), 24 + (HEIGHT - 48) * (1 - number(y))
        right, down, anchor = SIDES.get(side, (0, 0, ""))
        shown.append(
            {
                "word": str(word),
                "number": groups.index(str(group)) % 10,
                "kind": "own" if word == group else "near",
                "x": across,
                "y": up,
                "across": across + right,
                "up": up + down,
                "anchor": anchor,
                "side": anchor,
            }
        )
    near = [[str(word) for word, other, *_ in places if str(other) == group and str(word) != group] for group in groups]
    said = "; ".join(f"{group} beside {', '.join(found)}" for group, found in zip(groups, near) if found)
    figures: Any = PAGES.get_template("figures.html.j2").module
    return figures.word_map(  # type: ignore[no-any-return]
        {
            "title": "Words that lie near each other",
            "width": WIDTH,
            "height": HEIGHT,
            "places": shown,
            "said": f"A map of words. {said}.",
            "below": "The two directions in which the embeddings of these words differ most. Those asked for are bold.",
        }
    )


def attention(found: Mapping[str, Any]) -> Markup:
    """Where each token looks: {"tokens": T words, "weights": T rows of T shares, "head": its name}."""
    tokens, weights = [str(token) for token in found["tokens"]][:TOKENS], found["weights"]
    if len(weights) != len(tokens) or any(len(row) != len(tokens) for row in weights):
        raise ValueError("tokens and weights do not fit together")
    rows, most = [], (0.0, "")
    for token, row in zip(tokens, weights, strict=True):
        cells = []
        for other, value in zip(tokens, row, strict=True):
            share = number(value)
            said = f"{token} looks at {other}: {share:.2f}"
            cells.append({"share": round(70 * share), "text": f"{share:.1f}" if share >= 0.1 else "", "said": said})
            if "[MASK]" in token and share > most[0]:
                most = share, other
        rows.append((token, cells))
    mask = f" The covered word looks most at {most[1]} ({most[0]:.2f})." if most[1] else ""
    figures: Any = PAGES.get_template("figures.html.j2").module
    return figures.attention(  # type: ignore[no-any-return]
        {
            "title": f"BERT's attention, {found['head']}",
            "tokens": tokens,
            "rows": rows,
            "said": f"Rows: the token that looks; columns: what it looks at. Each row sums to 1.{mask}",
        }
    )


def number(value: Any) -> float:
    """A share, from 0 to 1.

    Raises:
        ValueError: it is none.
    """
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return min(max(float(value), 0.0), 1.0)

"""The page of pairs that are alike: both texts side by side, with the lines that are in both. Students' texts are data on it."""

from collections.abc import Sequence
from typing import Any

from course.grading.likeness import Pair, Work, natural
from course.reports.templates import PAGES

MOST = 60  # pairs with their texts; more is a bound that is too low, or a class that worked together


def page(title: str, pairs: Sequence[Pair], works: Sequence[Work], left: Sequence[str] = ()) -> str:
    """One file, no script.

    Args:
        works: all that were compared.
        left: a sentence for each that was not.
    """
    earlier = sum(bool(work.term) for work in works)
    number = len(works)
    compared = (number * (number - 1) - earlier * (earlier - 1)) // 2
    cut = [*left, *([f"{len(pairs) - MOST} more pairs are not shown."] if len(pairs) > MOST else [])]
    return PAGES.get_template("likeness.html.j2").render(
        title=title,
        pairs=[_shown(pair) for pair in pairs[:MOST]],
        works=number,
        compared=compared,
        most=natural(number),
        left=cut,
    )


def _shown(pair: Pair) -> dict[str, Any]:
    sides: list[tuple[str, list[Any]]] = []
    for work, marked in zip((pair.one, pair.other), pair.marked, strict=True):
        parts = [
            (part.name, [(text, line in marked[k]) for line, text in enumerate(part.text.split("\n"))])
            for k, part in enumerate(work.parts)
            if k in marked
        ]
        order = [name for name, _ in sides[0][1]] if sides else []  # what has one name stands side by side
        parts.sort(key=lambda part: order.index(part[0]) if part[0] in order else len(order))
        sides.append((work.called, parts))
    return {
        "one": pair.one,
        "other": pair.other,
        "words": pair.words,
        "percent": round(100 * pair.share),
        "functions": pair.functions,
        "sides": sides,
    }

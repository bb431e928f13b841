"""Training in two sittings: a network that is clearly over the bar after a third of the epochs has passed; any other has them all.

The first sitting is a training of its own: its learning rate falls over its own epochs, so that it ends as steadily as a long one.
It can only let a network pass: what stays below the bar and some more is trained anew and to the end, and judged as ever.
"""

from collections.abc import Callable
from typing import Any

from course.checks.check_failure import CheckFailure

PART = 3


def in_two_sittings(
    train: Callable[[int], dict[str, Any]], epochs: int, measure: Callable[[dict[str, Any]], float], clear: float
) -> dict[str, Any]:
    """The evidence of a training of so many epochs, or of a third of them where that is enough.

    Args:
        train: trains a fresh network for so many epochs.
        measure: what is judged; a `CheckFailure` of it says that the evidence has no form that could be judged.
        clear: a value of `measure` that no network below the bar reaches.
    """
    first = train(round(epochs / PART))
    try:
        return first if measure(first) >= clear else train(epochs)
    except CheckFailure:
        return train(epochs)

"""Two sittings: who is clearly over the bar early has passed, nobody fails early; evidence of a wrong form is judged in the end."""

import pytest

from course.checks.check_failure import CheckFailure
from graders.kit.sittings import in_two_sittings


def measure(found):
    if not isinstance(found["right"], float):
        raise CheckFailure("not a float", "right", "str", got="x")
    return found["right"]


@pytest.mark.parametrize(
    ("early", "sat", "judged"),
    [(0.9, [3], 0.9), (0.8, [3], 0.8), (0.79, [3, 9], 0.5), (0.0, [3, 9], 0.5), ("x", [3, 9], 0.5)],
)
def test_only_who_is_clearly_over_the_bar_is_done_early(early, sat, judged):
    seen = []

    def train(epochs):
        seen.append(epochs)
        return {"right": early if epochs == 3 else 0.5}

    assert in_two_sittings(train, 9, measure, 0.8) == {"right": judged}
    assert seen == sat

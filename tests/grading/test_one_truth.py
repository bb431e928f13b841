"""One truth: the checks in a notebook, nbgrader's autograde and `course grade` agree, or the notebook has said that they will not.

ONE_TRUTH=500 ONE_TRUTH_RUN=100 pytest tests/grading/test_one_truth.py        # half an hour; CI runs a sample
"""

import os

import random_notebooks as notebooks
from hypothesis import HealthCheck, given, seed, settings

NUMBER = int(os.environ.get("ONE_TRUTH", "60"))
RUN = int(os.environ.get("ONE_TRUTH_RUN", "3"))  # so many are run by all three, cell by cell and check by check
SLOW = [HealthCheck.nested_given, HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@seed(1)
@settings(max_examples=NUMBER, deadline=None, database=None, suppress_health_check=SLOW)
@given(notebooks.cases())
def test_the_notebook_judges_what_will_be_graded_or_says_so(case):
    wrong = notebooks.unlike(case)
    assert not wrong, f"{wrong}\n{notebooks.shown(case)}"


@seed(2)
@settings(max_examples=RUN, deadline=None, database=None, suppress_health_check=SLOW)
@given(notebooks.cases())
def test_the_notebook_gives_the_points_of_hand_in_or_says_so(case):
    wrong = notebooks.disagreement(case)
    assert not wrong, f"{wrong}\n{notebooks.shown(case)}"


def test_a_difference_would_be_seen(monkeypatch):
    """The property can fail: a judge who takes nothing from own cells disagrees, and nothing has announced it."""
    cells = notebooks.mock_class.notebook(notebooks.ENTRY, None)["cells"]
    home = next(cell for cell in cells if notebooks.fields(cell).get("grade_id") == "batch_accuracy")
    home["source"] = "def batch_accuracy(logits, labels):\n    return right(logits, labels) / len(labels)"
    cells.insert(cells.index(home), notebooks._own(notebooks.HELPERS[0]))
    texts = [notebooks.source_of(cell) for cell in cells if cell["cell_type"] == "code"]
    case = notebooks.Case(tuple(cells), tuple(texts), True)
    assert notebooks.disagreement(case) == notebooks.unlike(case) == ""
    only = tuple(cell for cell in cells if cell.get("metadata"))
    final = notebooks.at_hand_in(notebooks.Case(only, case.ran, True))
    monkeypatch.setattr(notebooks, "at_hand_in", lambda _: final)
    assert "batch_accuracy: in the notebook 4, autograded 4, at hand-in 0" in notebooks.disagreement(case)
    without = notebooks.book_of(notebooks._file(only), notebooks.ENTRY)
    monkeypatch.setattr(notebooks, "book_of", lambda *_: without)
    assert "batch_accuracy: in the notebook 4, autograded 4, at hand-in 0" in notebooks.unlike(case)

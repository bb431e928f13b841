"""One truth: the checks in a notebook, nbgrader's autograde and `course grade` agree, or the notebook has said that they will not.

ONE_TRUTH=500 pytest tests/grading/test_one_truth.py        # minutes; CI runs a sample
"""

import os

import random_notebooks as notebooks
from hypothesis import HealthCheck, given, seed, settings

NUMBER = int(os.environ.get("ONE_TRUTH", "60"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@seed(1)
@settings(max_examples=NUMBER, deadline=None, database=None, suppress_health_check=SLOW)
@given(notebooks.cases())
def test_the_notebook_judges_what_will_be_graded_or_says_so(case):
    wrong = notebooks.unlike(case)
    assert not wrong, f"{wrong}\n{notebooks.shown(case)}"

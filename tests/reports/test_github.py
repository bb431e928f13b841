"""The views for GitHub: a table of functions on the page of a run, and the two notices that GitHub Classroom's reporter prints."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult
from course.reports import github, summary


def check(task, outcome, points=2, title="a title", message="", hint=""):
    earned = points if outcome == "passed" else 0
    return CheckResult("04b", task, "test_x", title, points, earned, outcome, Failure("not graded", message), hint)


SCREEN = ProjectResult(
    "04b",
    "Deployment",
    "exercises/ex04b_deployment.py",
    (
        check("load_model", "passed"),
        check("load_model", "passed", 3),
        check("preprocess", "passed", 1),
        check("preprocess", "failed", 4, "it keeps the shape", "<b>|`x` got (28, 28)", "Where do the channels stand?"),
        check("predict_letter", "waiting", message="waiting for preprocess"),
        check("evaluate_folder", "not started"),
    ),
)
TABLE = """\
### 04b Deployment: 6 of 14 points

| | function | points | |
|---|---|---:|---|
| ✓ | load\\_model | 5 of 5 | all 2 checks |
| ✗ | preprocess | 1 of 5 | it keeps the shape |
| … | predict\\_letter | 0 of 2 | waiting for preprocess |
| · | evaluate\\_folder | 0 of 2 | not started |
"""


def test_a_row_for_each_function_and_the_verdict_folded_up():
    text = summary.functions([SCREEN])
    assert text.startswith(TABLE)
    assert "&lt;b&gt;|`x` got (28, 28)" in text
    assert "Where do the channels stand?" in text
    assert text.count("<details>") == text.count("</pre></details>") == 1
    assert "<details>" not in summary.functions([ProjectResult("04b", "x", "x", SCREEN.checks[:2])])


def test_the_sum_of_several_projects_stands_below():
    assert summary.functions([SCREEN, SCREEN]).endswith("**12 of 28 points** in 2 projects\n")


outcomes = st.sampled_from(["passed", "failed", "waiting", "not started"])
anything = st.text(max_size=12) | st.sampled_from(["</pre>", "a|b\n|x", "\ud800", "\0", "::error::x", "</details>"])
any_check = st.builds(check, st.sampled_from(["a", "b"]) | anything, outcomes, st.integers(0, 9), anything, anything)


@given(st.lists(any_check, max_size=6).map(tuple), anything)
def test_totals_agree_and_no_text_leaves_its_place(checks, title):
    screen = ProjectResult("04b", title, "x", checks)
    text = summary.functions([screen])
    text.encode("utf-8")
    rows = [re.split(r"(?<!\\)\|", line) for line in text.splitlines() if line.startswith("| ")][1:]
    earned, points = (sum(int(row[3].split(" of ")[k]) for row in rows) for k in (0, 1))
    assert (earned, points) == (screen.earned, screen.points)
    assert f"{screen.earned} of {screen.points} points".replace(" ", "") in text.splitlines()[0].replace(" ", "")
    assert set(re.findall(r"<(/?\w+)", text)) <= {"details", "summary", "/summary", "pre", "/pre", "/details"}
    for count, tag in ((1, "<pre>"), (1, "</pre></details>")):
        assert text.count(tag) == (count if screen.of(["failed"]) else 0)
    report = json.loads(github.notices([screen])[1].partition("::notice title=Autograding report::")[2])
    assert report == {"totalPoints": screen.earned, "maxPoints": screen.points}


def test_notices_word_for_word():
    """As autograding-grading-reporter prints them through @actions/core's notice()."""
    assert github.notices([SCREEN]) == (
        "::notice title=Autograding complete::Points 6/14",
        '::notice title=Autograding report::{"totalPoints":6,"maxPoints":14}',
    )


def test_outside_of_actions_nothing_is_written(tmp_path, monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    lines = []
    github.report([SCREEN], lines.append)
    assert lines == []
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    github.report([SCREEN], lines.append)
    github.report([SCREEN], lines.append)
    assert lines == [*github.notices([SCREEN])] * 2
    assert (tmp_path / "summary.md").read_text("utf-8") == summary.functions([SCREEN]) * 2


@pytest.mark.parametrize("length", [60_000])
def test_a_verdict_of_any_length_is_cut(length):
    long = ProjectResult("04b", "x", "x", (check("a", "failed", message="y" * length),))
    assert len(summary.functions([long])) < summary.MOST + 2000

"""A student's request for a regrade is found wherever it may be written, and shown as text with the checks that it is about."""

import json
from pathlib import Path

import pytest

from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.grading import requests
from course.grading.submissions import Submission

TEXT = "preprocess turns my photo, but the check says it does not.\nPlease look."


def handed_in(folder, kind, content):
    file = folder / f"ex04b_deployment.{kind}"
    file.write_text(content, "utf-8")
    return Submission("ada", "04b", file)


def book(*cells):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)})


@pytest.mark.parametrize("form", ["markdown", "comment", "module", "file"])
def test_where_it_may_be_written(tmp_path, form):
    comment = f"x = 1\n# Regrade: {TEXT.replace(chr(10), chr(10) + '# ')}\ny = 2"
    if form == "markdown":
        one = handed_in(tmp_path, "ipynb", book({"cell_type": "markdown", "source": f"**Regrade:** {TEXT}"}))
    elif form == "comment":
        one = handed_in(tmp_path, "ipynb", book({"cell_type": "code", "source": comment.splitlines(True)}))
    elif form == "module":
        one = handed_in(tmp_path, "py", comment)
    else:
        one = handed_in(tmp_path, "py", "x = 1")
        (tmp_path / "regrade.txt").write_text(TEXT)
    (found,) = requests.of_class([one])
    assert (found.task, found.text) == ("preprocess", TEXT)
    assert (
        found.where
        == {"markdown": "cell 1", "comment": "cell 1, line 2", "module": "line 2", "file": "regrade.txt"}[form]
    )


def test_what_is_none_is_none(tmp_path):
    assert requests.of_submission(handed_in(tmp_path, "py", 'print("Regrade: me")\n# regraded: no\n')) == []
    assert requests.of_submission(handed_in(tmp_path, "ipynb", "{")) == []
    assert requests.of_submission(Submission("ada", "04b", None)) == []
    (tmp_path / "regrade.md").symlink_to(Path(__file__))  # a link is not followed
    assert requests.of_submission(handed_in(tmp_path, "py", "")) == []


def test_the_checks_stand_below_it(tmp_path):
    one = handed_in(tmp_path, "py", "# Regrade: \x1b[31m preprocess, please")
    checks = (
        CheckResult("04b", "preprocess", "a", "it is turned", 2, 0, "failed", Failure("condition", "not turned")),
        CheckResult("04b", "load_model", "b", "it loads", 2, 0, "failed", Failure("condition", "not loaded")),
    )
    result = SubmissionResult("ada", "x.py", ProjectResult("04b", "t", "x.py", checks), "none")
    text = requests.shown(requests.of_class([one]), [result])
    assert "it is turned, 0 of 2\n      not turned" in text
    assert "it loads" not in text
    assert "\x1b" not in text
    assert "not graded yet" in requests.shown(requests.of_class([one]), [])

"""`course grade` from the folder to the reports and the gradebook, on submissions that need no child process."""

import csv
import json

import pytest
from click.testing import CliRunner

from course.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["grade", "--isolation", "process", *map(str, arguments)])


@pytest.mark.slow
def test_everybody_has_a_row_and_a_page(tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    submitted, out, url = tmp_path / "submitted", tmp_path / "out", f"sqlite:///{tmp_path}/gradebook.db"
    (submitted / "finn").mkdir(parents=True)
    (submitted / "dan.ipynb").write_text('{"cells": [')
    book = ("--gradebook", url, "--autograded", tmp_path / "autograded")
    done = run(submitted, "--project", "04b", "--jobs", "1", "--out", out, *book)
    assert done.exit_code == 0, done.output
    assert "not JSON" in done.output
    assert "isolation: none (a plain child process)" in done.output
    assert "1 submission written to the gradebook" in done.output
    assert "0 notebooks for formgrader" in done.output
    with (out / "ex04b_deployment.csv").open() as file:
        assert {row["student"]: row["status"] for row in csv.DictReader(file)} == {
            "dan": "not readable",
            "finn": "missing",
        }
    assert "Not graded" in (out / "dan" / "ex04b_deployment" / "ex04b_deployment.html").read_text("utf-8")
    assert (
        json.loads((out / "finn" / "ex04b_deployment" / "ex04b_deployment.gradescope.json").read_text())["score"] == 0
    )
    assert "**2 in all**" in summary.read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_found_before_anything_is_graded(tmp_path, monkeypatch):
    (tmp_path / "ada.ipynb").write_text("x")
    (tmp_path / "out").write_text("a file where the folder should be")
    monkeypatch.setattr("course.grading.classroom.grade_class", lambda *_, **__: pytest.fail("it was graded"))
    assert "cannot be written" in run(tmp_path, "--project", "04b", "--out", tmp_path / "out").output


def test_what_cannot_be_graded_is_said_with_a_cure(tmp_path):
    (tmp_path / "ada.ipynb").write_text("x")
    assert "Add --project" in run(tmp_path).output
    assert "no folder" in run(tmp_path / "no").output
    assert "cannot be opened" in run(tmp_path, "--project", "01", "--gradebook", "nonsense").output
    assert run(tmp_path).exit_code == 2

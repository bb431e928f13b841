"""Scores in nbgrader's own gradebook, read back by nbgrader's own export."""

import csv

import pytest

from course.catalog import project
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.errors import CourseError
from course.reports import gradebook

ENTRY = project("04b")


def result(student, right, reason="", file="x.ipynb"):
    rows = [
        CheckResult(
            "04b",
            f.name,
            f"test_{f.name}",
            f.name,
            f.points,
            f.points * (k < right),
            "passed" if k < right else "failed",
        )
        for k, f in enumerate(ENTRY.functions)
    ]
    return SubmissionResult(student, file, ProjectResult("04b", ENTRY.title, "x", tuple(rows)), "none", reason)


def exported(url, folder):
    from nbgrader.api import Gradebook
    from nbgrader.plugins import CsvExportPlugin

    plugin = CsvExportPlugin()
    plugin.to = str(folder / "grades.csv")
    with Gradebook(url) as book:
        plugin.export(book)
    with (folder / "grades.csv").open() as file:
        return {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}


def test_points_arrive_and_can_be_written_again(tmp_path):
    url = f"sqlite:///{tmp_path}/gradebook.db"
    rows = [result("ada", 4), result("ben", 2), result("dan", 0, "broken"), result("finn", 0, "missing", file="")]
    assert gradebook.write(url, rows) == 3
    whole, two = float(ENTRY.points), float(sum(f.points for f in ENTRY.functions[:2]))
    assert exported(url, tmp_path) == {
        "ada": (whole, whole),
        "ben": (two, whole),
        "dan": (0.0, whole),
        "finn": (0.0, whole),
    }
    assert gradebook.write(url, [result("ben", 4)]) == 1
    assert exported(url, tmp_path)["ben"] == (whole, whole)
    assert sorted(gradebook.students(url)) == ["ada", "ben", "dan", "finn"]


def test_points_given_by_hand_stay(tmp_path):
    from nbgrader.api import Gradebook

    url = f"sqlite:///{tmp_path}/gradebook.db"
    gradebook.write(url, [result("ben", 0)])
    with Gradebook(url) as book:
        grade = book.find_grade("check_preprocess", ENTRY.module, ENTRY.module, "ben")
        grade.manual_score = 3.0
        book.db.commit()
    gradebook.write(url, [result("ben", 1)])
    assert exported(url, tmp_path)["ben"][0] == ENTRY.functions[0].points + 3.0


def test_another_release_in_the_gradebook_is_refused(tmp_path):
    from nbgrader.api import Gradebook

    url = f"sqlite:///{tmp_path}/gradebook.db"
    with Gradebook(url) as book:
        book.add_assignment(ENTRY.module)
        book.add_notebook(ENTRY.module, ENTRY.module)
        book.add_grade_cell("check_old", ENTRY.module, ENTRY.module, max_score=7, cell_type="code")
    with pytest.raises(CourseError, match="other cells"):
        gradebook.write(url, [result("ada", 4)])


def test_a_gradebook_that_cannot_be_opened(tmp_path):
    for url in ("not a url", f"sqlite:///{tmp_path}/no/such/gradebook.db"):
        with pytest.raises(CourseError, match="cannot be opened"):
            gradebook.students(url)

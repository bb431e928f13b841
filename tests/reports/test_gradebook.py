"""Scores in nbgrader's own gradebook, read back by nbgrader's own export."""

import csv
import sqlite3
import threading

import nbformat
import pytest

from course import paths
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


def test_autograde_finds_the_kernel_of_the_release_and_not_that_of_a_students_machine(tmp_path):
    from nbgrader.api import Gradebook
    from nbgrader.preprocessors import OverwriteKernelspec

    url = f"sqlite:///{tmp_path}/gradebook.db"
    about = {"notebook": ENTRY.module, "assignment": ENTRY.module, "db_url": url}
    gradebook.write(url, [result("ada", 4)])
    for _ in range(2):
        theirs = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "conda-env-dl-py", "display_name": "x"}})
        OverwriteKernelspec().preprocess(theirs, {"nbgrader": about})
        assert theirs.metadata.kernelspec.name == "python3"
        with Gradebook(url) as book:
            book.find_notebook(ENTRY.module, ENTRY.module).kernelspec = None  # as one of ours had it before
            book.db.commit()
        gradebook.write(url, [result("ada", 4)])


def test_widgets_of_colab_are_taken_out_before_autograde():
    from course.authoring.notebooks.clearing import sanitizers

    theirs = nbformat.v4.new_notebook(metadata={"widgets": {"application/vnd.jupyter.widget-state+json": {"x": {}}}})
    cleaned, _ = sanitizers()[0]().preprocess(theirs, {})
    assert "widgets" not in cleaned.metadata
    assert "sanitizers()" in (paths.ROOT / "nbgrader_config.py").read_text("utf-8")


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


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """(URL of a gradebook, a function that lets it go): another process is writing into it."""
    url = f"sqlite:///{tmp_path}/gradebook.db?timeout=0.1"
    gradebook.write(url, [result("ada", 1)])
    other = sqlite3.connect(tmp_path / "gradebook.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    yield url, lambda: other.execute("COMMIT")
    other.close()


def test_a_locked_gradebook_is_said_in_two_lines_and_the_next_run_completes_it(locked, monkeypatch, caplog):
    url, let_go = locked
    monkeypatch.setattr(gradebook, "LOCKED_SECONDS", 0.2)
    with pytest.raises(CourseError, match="database is locked") as caught:
        gradebook.write(url, [result("ada", 4), result("ben", 4)])
    assert len(str(caught.value).splitlines()) == 2
    assert "give the same command again" in caught.value.cure
    assert "SQL" not in str(caught.value)
    assert caplog.text == ""
    let_go()
    assert gradebook.write(url, [result("ada", 4), result("ben", 4)]) == 2


def test_a_gradebook_that_is_let_go_in_time_is_written(locked):
    url, let_go = locked
    threading.Timer(0.5, let_go).start()
    assert gradebook.write(url, [result("ada", 4), result("ben", 4)]) == 2
    assert sorted(gradebook.students(url)) == ["ada", "ben"]


def test_a_file_that_cannot_be_written_is_said_in_two_lines(tmp_path):
    gradebook.write(f"sqlite:///{tmp_path}/gradebook.db", [result("ada", 1)])
    with pytest.raises(CourseError, match="readonly database") as caught:
        gradebook.write(f"sqlite:///file:{tmp_path}/gradebook.db?mode=ro&uri=true", [result("ben", 4)])
    assert len(str(caught.value).splitlines()) == 2
    assert "may not write" in caught.value.cure


def test_a_full_disk_is_said_in_two_lines(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/gradebook.db"
    gradebook.write(url, [result("ada", 1)])
    connect = sqlite3.connect

    def small(*args, **more):
        connection = connect(*args, **more)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    monkeypatch.setattr("sqlite3.dbapi2.connect", small)
    with pytest.raises(CourseError, match="disk is full") as caught:
        gradebook.write(url, [result(f"student {k}" + "x" * 100, 4) for k in range(200)])
    assert len(str(caught.value).splitlines()) == 2
    assert "Make room" in caught.value.cure

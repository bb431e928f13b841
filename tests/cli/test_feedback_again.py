"""`course feedback`: pages and tables anew from the journal and the gradebook; nothing is graded."""

import csv

import pytest
from click.testing import CliRunner

from course.cli import main
from course.grading.journal import NAME as JOURNAL
from course.grading.journal import Journal
from course.reports import gradebook
from tests.reports.test_autograded import NAME, by_hand
from tests.reports.test_gradebook import result


def feedback(*arguments):
    return CliRunner().invoke(main, ["feedback", *map(str, arguments)])


@pytest.fixture
def term(tmp_path, monkeypatch):
    """(URL, folder of reports) of a class of two, one of whom is not in the gradebook."""
    monkeypatch.chdir(tmp_path)
    url, out = f"sqlite:///{tmp_path}/gradebook.db", tmp_path / "out"
    with Journal(out / JOURNAL) as journal:
        journal.students(["ada", "ben"])
        for one in (result("ada", 4), result("ben", 2)):
            journal.settle(one, None)
    gradebook.write(url, [result("ada", 4)])
    return url, out


def test_what_a_person_has_given_comes_onto_the_page_and_into_the_tables(term):
    url, out = term
    by_hand(url, "ada", "preprocess", 2.5, 1.0, "Look <here>.")
    done = feedback("--gradebook", url, "--out", out)
    assert done.exit_code == 0, done.output
    assert "ada   17.5 of 23   (by hand -6.5, extra credit +1)" in done.output
    assert "2 pages, 1 with points that are not the checks' alone" in done.output
    assert "Not in the gradebook: ben." in done.output
    page = (out / "ada" / NAME / f"{NAME}.html").read_text("utf-8")
    assert 'id="earned">17.5<' in page
    assert "Look &lt;here&gt;." in page
    with (out / f"{NAME}.csv").open() as file:
        assert {row["student"]: row["earned"] for row in csv.DictReader(file)} == {"ada": "17.5", "ben": "14"}
    with (out / "term.csv").open() as file:
        assert [(row["student"], row["04b"]) for row in csv.DictReader(file)] == [("ada", "17.5")]


def test_what_it_needs_is_said(term, tmp_path):
    url, out = term
    assert "There is no journal.db" in feedback("--gradebook", url, "--out", tmp_path).output
    assert "Nothing of that has been graded" in feedback("01", "--gradebook", url, "--out", out).output
    (tmp_path / "course.toml").write_text("[projects.04b]\ndue = 'soon'\n")
    done = feedback("--gradebook", url, "--out", out)
    assert done.exit_code == 2
    assert "course.toml: projects.04b.due: 'soon' is no date" in done.output

"""A part of a class, gradings of two machines brought together, receipts, and what a change of the checks would take or give."""

import csv
import json
import zipfile

import pytest
from cheap_class import ENTRY, NAME, command, grade, hand_in

from course.checks.check import checks_of
from course.errors import CourseError
from course.grading import basis as resting
from course.grading import receipts
from course.grading.journal import NAME as JOURNAL
from course.grading.journal import Journal

POINTS = [check.points for check in checks_of(ENTRY)]


def points(right):
    return float(sum(POINTS[:right]))


def rows(folder):
    with (folder / f"{NAME}.csv").open() as file:
        return {row["student"]: (float(row["earned"]), row["status"]) for row in csv.DictReader(file)}


def booked(url):
    from nbgrader.api import Gradebook

    with Gradebook(url) as book:
        return {s.student.id: s.score for s in book.assignment_submissions(NAME)}


def untouched(folder, *students):
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for name in students for p in (folder / name).rglob("*.*")}


def test_one_student_is_graded_and_nobody_else_is_touched(cheap, tmp_path):
    hand_in(tmp_path / "submitted", ada=3, ben=1, cleo=2)
    url = f"sqlite:///{tmp_path}/gradebook.db"
    book = ("--gradebook", url, "--autograded", tmp_path / "autograded")
    grade(tmp_path, *book)
    hand_in(tmp_path / "submitted", ada=0, ben=4, cleo=5)
    before = untouched(tmp_path / "out", "ada", "cleo")
    done = grade(tmp_path, "--student", "ben", *book)
    assert done.exit_code == 0
    assert cheap.done.count("ben") == 2
    assert len(cheap.done) == 4
    assert untouched(tmp_path / "out", "ada", "cleo") == before
    assert rows(tmp_path / "out") == {
        "ada": (points(3), "graded"),
        "ben": (points(4), "graded"),
        "cleo": (points(2), "graded"),
    }
    assert booked(url) == {"ada": points(3), "ben": points(4), "cleo": points(2)}
    grade(tmp_path, "--student", "ada", "--student", "cleo", *book)
    assert booked(url) == {"ada": points(0), "ben": points(4), "cleo": points(5)}
    assert "There is no student 'bem'." in (done := grade(tmp_path, "--student", "bem")).output
    assert "ben" in done.output.splitlines()[1]


def test_a_folder_with_a_part_of_the_class_leaves_the_others_alone(cheap, tmp_path):
    hand_in(tmp_path / "submitted", ada=3, ben=1, cleo=2)
    url = f"sqlite:///{tmp_path}/gradebook.db"
    book = ("--gradebook", url, "--autograded", tmp_path / "autograded")
    grade(tmp_path, *book)
    before = untouched(tmp_path / "out", "ben", "cleo")
    hand_in(tmp_path / "late", ada=5)
    done = command("grade", tmp_path / "late", "--out", tmp_path / "out", "--isolation", "process", *book)
    assert "04b ben: there is nothing now; what was graded before stays." in done.output
    assert untouched(tmp_path / "out", "ben", "cleo") == before
    wanted = {"ada": points(5), "ben": points(1), "cleo": points(2)}
    assert {name: earned for name, (earned, _) in rows(tmp_path / "out").items()} == wanted
    assert booked(url) == wanted


def test_only_changed_failed_and_late(cheap, tmp_path):
    hand_in(tmp_path / "submitted", ada=3, ben=1, cleo=2)
    (tmp_path / "submitted" / "ben" / NAME / f"{NAME}.py").write_text("1 loop\n")
    url = f"sqlite:///{tmp_path}/gradebook.db"
    book = ("--gradebook", url, "--autograded", tmp_path / "autograded")
    grade(tmp_path, *book)
    cheap.done.clear()
    assert "Nobody is to be graded: no submission is changed." in grade(tmp_path, "--only", "changed").output
    hand_in(tmp_path / "submitted", cleo=4)
    grade(tmp_path, "--only", "changed")
    assert cheap.done == ["cleo"]
    grade(tmp_path, "--only", "failed")
    assert cheap.done == ["cleo", "ben"]  # the same file once more: what broke off may have been the machine
    done = grade(tmp_path, "--only", "late", *book)
    assert done.exit_code == 2
    assert "Nothing tells who was late." in done.output
    for student, day in {"ada": 20, "ben": 22, "cleo": 24}.items():
        stamp = tmp_path / "submitted" / student / NAME / "timestamp.txt"
        stamp.write_text(f"2026-11-{day} 12:00:00 UTC")
    from nbgrader.api import Gradebook

    with Gradebook(url) as open_:
        open_.update_or_create_assignment(NAME, duedate="2026-11-23 00:00:00 UTC")
    hand_in(tmp_path / "submitted", ada=0, ben=0, cleo=1)
    grade(tmp_path, "--only", "late", *book)
    assert cheap.done == ["cleo", "ben", "cleo"]


def test_late_by_a_platforms_mark(cheap, tmp_path):
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        archive.writestr("leea_LATE_72_9002_ex04b_deployment-1.py", "2\n")
        archive.writestr("kimjo_74_9004_ex04b_deployment.py", "3\n")
    arguments = ("--project", "04b", "--out", tmp_path / "out", "--isolation", "process", "--only", "late")
    assert command("grade", tmp_path / "download.zip", *arguments).exit_code == 0
    assert rows(tmp_path / "out") == {"leea": (points(2), "graded")}


def test_two_assistants_results_become_one_class(cheap, tmp_path):
    hand_in(tmp_path / "a" / "submitted", ada=3, ben=1)
    hand_in(tmp_path / "b" / "submitted", cleo=2, ben=4)
    (tmp_path / "a" / "submitted" / "cleo").mkdir()
    for one in ("a", "b"):
        grade(tmp_path / one, "--project", "04b")
    url = f"sqlite:///{tmp_path}/gradebook.db"
    whole = ("merge", tmp_path / "a" / "out", tmp_path / "b" / "out", "--out", tmp_path / "out", "--gradebook", url)
    done = command(*whole)
    assert done.exit_code == 0, done.output
    wanted = {"ada": (points(3), "graded"), "ben": (points(4), "graded"), "cleo": (points(2), "graded")}
    assert rows(tmp_path / "out") == wanted
    assert booked(url) == {name: earned for name, (earned, _) in wanted.items()}
    page = tmp_path / "out" / "cleo" / NAME / f"{NAME}.html"
    assert page.read_bytes() == (tmp_path / "b" / "out" / "cleo" / NAME / f"{NAME}.html").read_bytes()
    assert (tmp_path / "out" / "receipts" / f"ada.{NAME}.json").is_file()
    beside = [tmp_path / one / "cleo" / NAME / "submission_secret.txt" for one in ("out", "b/out")]
    assert beside[0].read_text() == beside[1].read_text()  # so the page finds its way by the exchange
    assert command(*whole).exit_code == 0  # a second time changes nothing
    assert rows(tmp_path / "out") == wanted
    back = command("merge", tmp_path / "b" / "out", tmp_path / "a" / "out", "--out", tmp_path / "other")
    assert back.exit_code == 0
    assert rows(tmp_path / "other") == wanted
    assert "There is no journal.db" in command("merge", tmp_path, "--out", tmp_path / "x").output


def test_a_receipt_repeats_a_grading_byte_for_byte_or_says_what_has_changed(cheap, tmp_path, monkeypatch):
    monkeypatch.setattr(receipts, "judge", cheap)
    hand_in(tmp_path / "submitted", ada=3)
    grade(tmp_path, "--seed", "5")
    file = tmp_path / "out" / "receipts" / f"ada.{NAME}.json"
    kept = receipts.read(file)
    assert (kept.basis.seed, kept.verdict["seed"]) == (5, 5)
    assert kept.durations["seconds"] >= 0
    assert not [p for p in (tmp_path / "out" / "ada").rglob("*") if "receipt" in p.name]  # it holds the seed
    done = command("regrade", file)
    assert done.exit_code == 0, done.output
    assert "the same verdict, byte for byte" in done.output
    cheap.more = 1
    now = {**resting.graders("04b"), "graders/test_04b_deployment.py": "another"}
    monkeypatch.setattr(resting, "graders", lambda id: now)
    done = command("regrade", file)
    assert done.exit_code == 1
    assert "Changed since: the checks (graders/test_04b_deployment.py)" in done.output
    assert "was failed (0), is passed" in done.output
    text = file.read_text()
    for wrong, said in (
        (text.replace('"passed"', '"failed"', 1), "has been changed"),
        ("{}", "not a receipt"),
        ("x", "not a receipt"),
    ):
        file.write_text(wrong)
        with pytest.raises(CourseError, match=said):
            receipts.read(file)


@pytest.fixture
def another_check(cheap, tmp_path, monkeypatch):
    """A class that has been graded, and then a change of the checks: everybody's file is as it was."""
    hand_in(tmp_path / "submitted", ada=3, ben=0, cleo=2)
    assert grade(tmp_path).exit_code == 0
    cheap.done.clear()
    now = {**resting.graders("04b"), "graders/test_04b_deployment.py": "another"}
    monkeypatch.setattr(resting, "graders", lambda id: now)
    return cheap


def test_again_shows_who_gains_before_it_writes(another_check, tmp_path):
    another_check.more = 1
    before = rows(tmp_path / "out")
    done = grade(tmp_path, "--again")
    assert done.exit_code == 1
    assert "Changed since: the checks (graders/test_04b_deployment.py)" in done.output
    assert "3 gain, 0 lose, 0 keep" in done.output
    assert "Nothing is written yet." in done.output
    assert rows(tmp_path / "out") == before
    assert len(another_check.done) == 3
    assert grade(tmp_path, "--again", "--write", "all").exit_code == 0
    assert len(another_check.done) == 3  # nothing is graded again for the answer
    assert rows(tmp_path / "out") == {n: (points(k), "graded") for n, k in {"ada": 4, "ben": 1, "cleo": 3}.items()}
    assert "No submission is graded otherwise than before." in grade(tmp_path, "--again").output


def test_nobody_is_lowered_unless_somebody_says_so(another_check, tmp_path):
    another_check.more = -1
    done = grade(tmp_path)
    assert done.exit_code == 0
    assert rows(tmp_path / "out")["ada"] == (points(3), "graded")
    assert f"the same file would have {points(2):.0f} points now and keeps its {points(3):.0f}" in done.output
    assert "2 lose" in grade(tmp_path, "--again", "--write", "gains").output
    assert rows(tmp_path / "out")["ada"] == (points(3), "graded")
    assert grade(tmp_path, "--again", "--write", "all").exit_code == 0
    assert rows(tmp_path / "out")["ada"] == (points(2), "graded")


def test_another_file_with_fewer_points_stands_and_is_said(cheap, tmp_path):
    hand_in(tmp_path / "submitted", ada=3)
    grade(tmp_path)
    hand_in(tmp_path / "submitted", ada=1)
    assert "has fewer points than the file before" in grade(tmp_path).output
    assert rows(tmp_path / "out")["ada"] == (points(1), "graded")


def test_the_class_keeps_its_seed_until_another_is_given(cheap, tmp_path):
    hand_in(tmp_path / "submitted", ada=3)

    def seed():
        grade(tmp_path)
        with Journal(tmp_path / "out" / JOURNAL) as journal:
            return journal.row("ada", "04b").result.seed

    first = seed()
    assert first > 1000
    assert seed() == first
    grade(tmp_path, "--seed", "7")
    assert seed() == 7
    assert json.loads((tmp_path / "out" / f"{NAME}.json").read_text())[0]["seed"] == 7

"""autograded/ as nbgrader's own formgrader and feedback read it, and what is never written over."""

import hashlib
import json
import os
import re
import sys
from datetime import datetime
from html import unescape

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course import paths
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.grading.rules import Rules
from course.grading.submissions import find
from course.reports import autograded, gradebook, late

sys.path.insert(0, str(paths.ROOT / "tests" / "grading"))  # not a package; the submissions of 04b are there
from class04b import ENTRY, NAME, cell, content, notebook


def by_hand(url, student, task, manual, extra=None, comment=None):
    """What formgrader writes when somebody types points and a comment there."""
    with Gradebook(url) as book:
        grade = book.find_grade(f"check_{task}", NAME, NAME, student)
        grade.manual_score, grade.extra_credit = manual, extra
        grade.needs_manual_grade = manual is None and grade.auto_score is None
        book.find_comment(task, NAME, NAME, student).manual_comment = comment
        book.db.commit()


class Class:
    """A course folder with submissions and a gradebook."""

    def __init__(self, root):
        self.root, self.url, self.folder = root, f"sqlite:///{root}/gradebook.db", root / "autograded"
        self.rules = Rules()

    def hand_in(self, student, data, kind="ipynb", stamp=None):
        file = self.root / "submitted" / student / NAME / f"{NAME}.{kind}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        if stamp:
            file.with_name("timestamp.txt").write_text(stamp)

    def grade(self, reasons=None, right=2):
        found = find(self.root / "submitted", [ENTRY])
        results = [graded(s, (reasons or {}).get(s.student, ""), right) for s in found]
        gradebook.write(self.url, results)
        wrong = autograded.set_times(self.url, found, results)
        late.settle(self.url, [ENTRY], self.rules)
        done = autograded.write(self.folder, found, results)
        return done.number, [*wrong, *done.kept]

    def file(self, student):
        return self.folder / student / NAME / f"{NAME}.ipynb"


def graded(submission, reason, right):
    rows = [
        CheckResult(
            "04b",
            f.name,
            "t",
            "it works",
            f.points,
            f.points * (k < right),
            "passed" if k < right else "failed",
            Failure("not graded", "<b>no</b>"),
        )
        for k, f in enumerate(ENTRY.functions)
    ]
    whole = ProjectResult("04b", ENTRY.title, f"{NAME}.ipynb", tuple(rows))
    digest = hashlib.sha256(submission.file.read_bytes()).hexdigest() if submission.file else ""
    reason = reason or submission.problem
    return SubmissionResult(submission.student, submission.name, whole, "wall (bubblewrap)", reason, digest=digest)


@pytest.fixture
def klass(tmp_path):
    made = Class(tmp_path)
    made.hand_in("ada", content(notebook()), stamp="2026-11-20 10:00:00.000000 UTC")
    made.hand_in("ben", (paths.ROOT / "exercises" / f"{NAME}.py").read_bytes(), "py")
    made.hand_in("dan", b'{"cells": [')
    (tmp_path / "submitted" / "finn" / NAME).mkdir(parents=True)
    (tmp_path / "source" / NAME).mkdir(parents=True)
    return made


BROKEN = {"dan": "it is not a notebook"}


def test_nbgraders_own_api_has_everybody_autograded_who_was_graded(klass):
    assert klass.grade(BROKEN) == (2, [])
    config = Config()
    config.CourseDirectory.root = str(klass.root)
    api = NbGraderAPI(CourseDirectory(config=config))
    assert api.get_autograded_students(NAME) == {"ada", "ben"}
    rows = {row["student"]: row for row in api.get_submissions(NAME)}
    points = sum(f.points for f in ENTRY.functions[:2])
    assert {s: (r["autograded"], r["score"]) for s, r in rows.items() if s in ("ada", "dan")} == {
        "ada": (True, points),
        "dan": (False, 0),
    }
    shown = api.get_notebook_submissions(NAME, NAME)
    assert {(r["student"], r["score"], r["failed_tests"]) for r in shown} == {
        ("ada", points, True),
        ("ben", points, True),
    }
    assert not klass.file("dan").exists()


def test_generate_feedback_makes_a_page_of_it(klass):
    klass.grade(BROKEN)
    config = Config()
    config.CourseDirectory.root = str(klass.root)
    config.CourseDirectory.assignment_id = NAME
    converter = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
    converter.start()
    page = (klass.root / "feedback" / "ada" / NAME / f"{NAME}.html").read_text("utf-8")
    assert "weights_only=True" in unescape(re.sub(r"<[^>]+>", "", page))
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "<b>no</b>" not in page
    assert f"{float(sum(f.points for f in ENTRY.functions[:2]))} / {float(ENTRY.points)}" in page
    assert not (klass.root / "feedback" / "dan").exists()


def test_when_it_was_handed_in_is_known_and_a_penalty_is_the_courses_own(klass, monkeypatch):
    klass.hand_in("gus", content(notebook()), stamp="yesterday, more or less")
    _, said = klass.grade(BROKEN)
    assert said == ["gus: timestamp.txt holds no time: 'yesterday, more or less'"]
    with Gradebook(klass.url) as book:
        assert book.find_submission(NAME, "ada").timestamp == datetime(2026, 11, 20, 10)
        assert book.find_submission(NAME, "ben").timestamp is None
        book.update_or_create_assignment(NAME, duedate="2026-11-20 09:00:00 UTC")
    assert (klass.file("ada").parent / "timestamp.txt").read_text().startswith("2026-11-20 10")

    late = Config()
    late.LateSubmissionPlugin.penalty_method = "zero"
    monkeypatch.setattr("traitlets.config.loader.PyFileConfigLoader.load_config", lambda self: late)
    late.CourseDirectory.course_id = "deep_learning"
    klass.grade(BROKEN)
    with Gradebook(klass.url) as book:
        submission = book.find_submission(NAME, "ada")
        assert submission.late_submission_penalty == submission.score > 0


def test_ours_is_renewed(klass):
    klass.grade(BROKEN)
    before = klass.file("ada").read_text()
    book = notebook()
    cell(book, "preprocess")["source"] = "def preprocess(photo):\n    return 'another day'"
    klass.hand_in("ada", content(book))
    assert klass.grade(BROKEN, right=1) == (2, [])
    after = klass.file("ada").read_text()
    assert before != after
    assert "another day" in after
    klass.hand_in("ada", b"broken")
    assert klass.grade(BROKEN | {"ada": "broken"}) == (1, [])
    assert not klass.file("ada").exists()


def test_as_jupyter_saves_it_it_is_still_ours(klass):
    """Another indentation, and notebook metadata that the editor keeps."""
    klass.grade(BROKEN)
    book = json.loads(klass.file("ada").read_text())
    book["metadata"]["language_info"] = {"name": "python", "version": "3.14"}
    klass.file("ada").write_text(json.dumps(book, indent=3))
    assert klass.grade(BROKEN) == (2, [])


@pytest.mark.parametrize("whose", ["nbgrader's", "a person's", "nobody's"])
def test_what_others_made_stays_and_is_named(klass, whose):
    if whose == "nobody's":
        klass.file("ada").parent.mkdir(parents=True)
        klass.file("ada").write_text("half a noteb")
    else:
        klass.grade(BROKEN)
        book = json.loads(klass.file("ada").read_text())
        if whose == "nbgrader's":
            book["metadata"].pop(autograded.MARK)
        else:
            book["cells"][3]["source"] = ["# why not x.T here?"]
        klass.file("ada").write_text(json.dumps(book))
    before = klass.file("ada").read_bytes()
    for reasons in (BROKEN, BROKEN | {"ada": "broken"}):
        number, said = klass.grade(reasons)
        assert number == 1
        assert len(said) == 1
        assert "stays as it is" in said[0]
        assert "Move its folder away" in said[0]
        assert klass.file("ada").read_bytes() == before


def test_what_is_graded_and_what_is_shown_are_one_file(klass):
    found = find(klass.root / "submitted", [ENTRY])
    results = [graded(s, BROKEN.get(s.student, ""), 2) for s in found]
    klass.hand_in("ada", content(notebook("release")))
    done = autograded.write(klass.folder, found, results)
    assert done.number == 1
    assert "has changed since it was graded" in done.kept[0]
    assert not klass.file("ada").exists()


@pytest.mark.skipif(os.name == "nt", reason="no folder can have such a name there")
def test_names_that_are_no_folder_stop_nobody(klass):
    found = find(klass.root / "submitted", [ENTRY])
    rows = [graded(s, BROKEN.get(s.student, ""), 2) for s in found]
    for name in ("..", "a/b", ".", "x" * 300, "a\0b", ""):
        odd = [SubmissionResult(name, r.file, r.result, r.isolation, r.reason, digest=r.digest) for r in rows]
        done = autograded.write(klass.folder, found[:1], odd[:1])
        assert done.number == 0
        assert len(done.kept) == 1
    assert list(klass.folder.rglob("*")) == []
    assert not list(klass.root.glob(f"{NAME}*"))
    assert autograded.write(klass.folder, found, rows).number == 2


def test_two_names_that_differ_in_case_only_do_not_share_a_notebook(klass):
    """As on a disk that takes Ada and ada for one folder."""
    klass.grade(BROKEN)
    book = json.loads(klass.file("ada").read_text())
    book["metadata"][autograded.MARK]["student"] = "Ada"
    klass.file("ada").write_text(json.dumps(book))
    assert "differs in case only" in klass.grade(BROKEN)[1][0]


def test_a_person_finds_an_empty_box_for_a_comment(klass):
    klass.grade({"dan": "a <b>file</b> cut in half"})
    with Gradebook(klass.url) as book:
        said = {s: book.find_comment("preprocess", NAME, NAME, s).comment for s in ("ada", "dan")}
    assert said == {"ada": None, "dan": "a &lt;b&gt;file&lt;/b&gt; cut in half"}

"""A bonus: it is worth nothing, its advice fails nothing, and every view shows it beside a verdict that is right all the same."""

import json
import textwrap
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from course import catalog
from course.checks import diagnosis
from course.checks.check import Check, bonus, check, check_of
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.checks.run import run, standing
from course.checks.session import InProcess
from course.checks.worker import Worker
from course.reports import gradescope, html, junit, table
from course.reports import summary as step_summary
from course.reports.board import board
from course.reports.terminal import plain, render, summary

ENTRY = catalog.project("01")


@check("batch_accuracy", points=4, hint="Is it right?")
def it_counts(student):
    """It counts."""
    assert_plain = student.batch_accuracy([1, 2], [1, 2])
    if assert_plain != 1.0:
        raise AssertionError


@bonus("batch_accuracy", ready_for="a GPU", hint="Where are the two?")
def it_goes_there(student, lab):
    """It goes where the network is."""
    from course.checks.expect import expect

    lab.pretend_gpu()
    expect(student.batch_accuracy([1], [2]) == 0.0, "it says nothing on a GPU")


CHECK, BONUS = check_of(it_counts), check_of(it_goes_there)
READY = "def batch_accuracy(a, b):\n    return float(sum(x == y for x, y in zip(a, b))) / len(a)\n"
NOT_YET = """
    import torch

    def batch_accuracy(a, b):
        if torch.cuda.is_available():
            raise RuntimeError("two devices")
        return 1.0
    """
WRONG = "def batch_accuracy(a, b):\n    return 0.5\n"
TODO = 'def batch_accuracy(a, b):\n    raise NotImplementedError("batch_accuracy")\n'


def graded(folder, text, checks=(CHECK, BONUS)) -> ProjectResult:
    file = folder / "ex01_mnist.py"
    file.write_text(textwrap.dedent(text))
    session = InProcess(Worker(file))
    try:
        return run(ENTRY, session, checks, target="exercises/ex01_mnist.py")
    finally:
        session.close()


@pytest.fixture
def advised(tmp_path):
    return graded(tmp_path, NOT_YET)


def test_a_bonus_is_worth_nothing():
    assert isinstance(BONUS, Check)
    assert BONUS.points == 0
    assert BONUS.bonus == "a GPU"
    assert not CHECK.bonus


def test_one_that_does_not_hold_is_advice_and_costs_nothing(advised):
    assert [c.outcome for c in advised.checks] == ["passed"]
    assert [b.outcome for b in advised.bonuses] == ["advice"]
    assert (advised.earned, advised.points) == (4, 4)
    assert not advised.of(["failed"])
    told = advised.advice()[0]
    assert "two devices" in told.message
    assert told.line == 6
    assert told.readiness == "bonus: not yet ready for a GPU"


def test_one_that_holds_passes(tmp_path):
    found = graded(tmp_path, READY)
    assert [b.outcome for b in found.bonuses] == ["passed"]
    assert found.bonuses_of("batch_accuracy")[0].readiness == "bonus: ready for a GPU"
    assert not found.advice()


@pytest.mark.parametrize("text", [WRONG, TODO])
def test_a_function_that_is_not_right_yet_hears_nothing_of_it(tmp_path, text):
    found = graded(tmp_path, text)
    assert not found.bonuses  # it was not even run
    alone = graded(tmp_path, text, [BONUS])
    assert not replace(alone, checks=graded(tmp_path, text, [CHECK]).checks).advice()


def test_the_checks_that_come_after_it_see_nothing_of_its_gpu(tmp_path):
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder, text in zip(folders, (READY, NOT_YET, READY), strict=True):
        folder.mkdir()
        found = graded(folder, text, [BONUS, CHECK])
        assert [c.outcome for c in found.checks] == ["passed"], found.checks


def test_an_answer_that_never_comes_is_no_advice(tmp_path):
    found = graded(tmp_path, "import os\n\ndef batch_accuracy(a, b):\n    return 1.0\n", [CHECK])
    lost = CheckResult.of(BONUS, "waiting", Failure("not here", "pretend GPU"))
    assert not standing(ENTRY, [*found.checks, lost]).advice()
    assert lost.message == "this machine has no pretend GPU"


def test_its_mistakes_are_recognised_apart_from_those_of_the_checks(advised, monkeypatch):
    signature = diagnosis.Signature(*advised.bonuses[0].signature)
    known = diagnosis.Known("The batch stays on the CPU.", BONUS.name, (signature,))
    monkeypatch.setattr(diagnosis, "known", lambda project: {"batch_accuracy": (known,)})
    again = standing(ENTRY, advised.results)
    assert again.bonuses[0].says == "The batch stays on the CPU."
    assert not again.checks[0].says


def test_it_survives_json(advised):
    told = advised.bonuses[0]
    back = CheckResult.from_plain(json.loads(json.dumps(told.plain())))
    assert (back.outcome, back.bonus, back.message) == ("advice", "a GPU", told.message)


def _submitted(result: ProjectResult) -> SubmissionResult:
    return SubmissionResult("ada", "ada/ex01_mnist.ipynb", result, "wall")


def test_the_screen_shows_it_beside_the_verdict(advised, tmp_path):
    text = render(advised)
    assert "✓ batch_accuracy" in text
    assert "+ batch_accuracy" in text
    assert "bonus: not yet ready for a GPU" in text
    assert "two devices" in text
    assert "Hint: Which line raised it?" in text
    assert "✗" not in text
    assert summary([advised]) == "4 of 4 points: 1 passed"
    ready = render(graded(tmp_path, READY))
    assert "bonus: ready for a GPU" in ready
    assert all(len(row) <= 40 for row in render(advised, width=40).splitlines())


def test_the_board_of_watch_shows_it(advised):
    text = board(advised, plain, 80, 24)
    assert text.count("bonus: not yet ready for a GPU") == 2  # its line, and in full below
    assert "two devices" in text
    assert len(board(advised, plain, 80, 8).splitlines()) <= 12


def test_the_page_shows_it(advised):
    page = html.page(_submitted(advised))
    assert '<li class="advice">' in page
    assert "bonus: not yet ready for a GPU" in page
    assert 'id="earned">4<' in page
    assert 'class="failed"' not in page


def test_junit_has_it_as_skipped(advised):
    root = ElementTree.fromstring(junit.xml([_submitted(advised)]))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "0", "1")
    (skipped,) = suite.findall("testcase/skipped")
    assert skipped.get("message") == "bonus: not yet ready for a GPU"


def test_gradescope_shows_it_without_a_score(advised):
    found = json.loads(gradescope.results(_submitted(advised)))
    assert found["score"] == 4
    told = found["tests"][-1]
    assert told["name"] == "batch_accuracy: bonus: not yet ready for a GPU"
    assert "score" not in told
    assert "status" not in told


def test_github_shows_it(advised):
    text = step_summary.functions([advised])
    assert "| + | batch\\_accuracy | | bonus: not yet ready for a GPU |" in text
    assert "What was wrong" not in text


def test_the_rows_of_a_class_say_nothing_of_it(advised):
    with_it, without = (_submitted(result) for result in (advised, replace(advised, bonuses=())))
    assert table.csv_text([with_it]) == table.csv_text([without])
    assert with_it.plain()["result"]["bonuses"][0]["outcome"] == "advice"


GRADER = """
    from course.checks.check import bonus, check


    @check("batch_accuracy", points=4, hint="Is it right?")
    def test_it_counts(student):
        \"\"\"It counts.\"\"\"
        student.batch_accuracy([1], [1])


    @bonus("batch_accuracy", ready_for="a GPU", hint="Where are the two?")
    def test_it_goes_there(student, lab):
        \"\"\"It goes where the network is.\"\"\"
        lab.pretend_gpu()
        student.batch_accuracy([1], [2])
    """
pytest_plugins = ["pytester"]


@pytest.mark.parametrize(("text", "status", "counts"), [(NOT_YET, 0, 1), (READY, 0, 0), (WRONG, 0, 0), (TODO, 1, 1)])
def test_pytest_ends_as_if_it_were_not_there(pytester, monkeypatch, text, status, counts):
    monkeypatch.setenv("COURSE_TEST", "1")
    graders = pytester.mkdir("graders")
    (graders / "test_01_mnist.py").write_text(textwrap.dedent(GRADER))
    folder = pytester.mkdir("mine")
    (folder / "ex01_mnist.py").write_text(textwrap.dedent(text))
    done = pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", str(graders / "test_01_mnist.py"), "--target", str(folder), "--junitxml=out.xml"
    )
    assert done.ret == status
    suite = ElementTree.parse(pytester.path / "out.xml").getroot()[0]
    assert suite.get("skipped") == str(counts)
    if text == NOT_YET:
        done.stdout.fnmatch_lines(["*+ batch_accuracy*bonus: not yet ready for a GPU*"])

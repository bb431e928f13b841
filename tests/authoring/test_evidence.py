"""What a check rests on is measured: by the answers of one honest run, given in another."""

import pytest

from course.authoring import evidence
from course.catalog import Function, Project
from course.checks.check import check
from course.checks.expect import expect_equal
from course.checks.seeds import drawn

TOY = Project("08", "toy", "A toy", (Function("double", 3, "?"),), (), {})


@check("double", points=1, hint="?")
def of_its_run(student):
    expect_equal(student.double(drawn(1)), 2 * drawn(1), "twice a number of this run")


@check("double", points=1, hint="?")
def known(student):
    expect_equal(student.double(2), 4, "twice two")


@check("double", points=1, hint="?")
def by_the_exam(student, lab):
    lab.exam(lambda seed: seed)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    solution = tmp_path / "ex08_toy.py"
    solution.write_text("def double(x):\n    return 2 * x\n", "utf-8")
    checks = [one.__check__ for one in (of_its_run, known, by_the_exam)]
    monkeypatch.setattr(evidence, "checks_of", lambda entry: checks)
    return solution


def test_a_cheat_who_has_seen_an_honest_run_gets_what_can_be_known(toy):
    rows = list(evidence.rows(TOY, toy))
    assert [row.rests for row in rows] == [evidence.RUN, evidence.KNOWN, evidence.EXAM]
    assert rows[1].asked == ("double",)
    text = evidence.page([(TOY, rows)])
    assert "| the exam | 1 | 1 | 33% |" in text
    assert "| 08 | `double` | known | 1 | `double` |" in text


def test_a_solution_that_fails_is_no_measure(toy):
    toy.write_text("def double(x):\n    return x\n", "utf-8")
    with pytest.raises(ValueError, match="of_its_run"):
        list(evidence.rows(TOY, toy))

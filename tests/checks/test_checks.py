"""How a check ends, and the words that it ends with."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.catalog import project, projects
from course.checks.check import bonuses_of, check, check_of, checks_in, checks_of
from course.checks.expect import expect, expect_equal
from course.checks.run import by_needs
from course.checks.run import run as run_checks
from course.checks.session import InProcess
from course.checks.worker import Worker
from course.errors import CourseError

CODE = """import random


def right(x):
    return x


def wrong(x):
    return x + 1


def todo(x):
    raise NotImplementedError("todo")


def uses_todo(x):
    return todo(x)


def boom(x):
    raise ValueError("so it is")


def changes(x):
    x.append(1)
    return x


def over_six(x):
    return x if x <= 6 else 0


def unsteady(x):
    return x + random.choice([0, 0, 0, 1])


def loop(x):
    while True:
        pass


def nothing(x):
    pass
"""


def _is_identity(student, task, value):
    expect_equal(getattr(student, task)(value), value, "the value")


def one(session, function):
    (result,) = run_checks(project("01"), session, [check_of(function)]).checks
    return result


@pytest.fixture
def ended(tmp_path: Path):
    file = tmp_path / "ex01_mnist.py"
    file.write_text(CODE)
    session = InProcess(Worker(file), 20)

    def run(task: str, body=None, seconds=None, **options):
        session.seconds = seconds or 20
        function = body or (lambda student: _is_identity(student, task, [3]))
        function.__name__ = "test_it_is_so"
        return one(session, check(task, points=2, hint="Is it?", **options)(function))

    yield run
    session.close()


def test_passed_earns_its_points(ended):
    result = ended("right")
    assert (result.outcome, result.earned, result.points, result.message) == ("passed", 2, 2, "")
    assert result.title == "it is so"


def test_failed_has_a_message_a_hint_and_the_line_of_the_function(ended):
    result = ended("wrong", lambda student: _is_identity(student, "wrong", 3))
    assert (result.outcome, result.earned, result.line) == ("failed", 0, 8)
    assert result.message == "the value: expected 3, got 4"
    assert result.hint == "Is it?"


def test_a_todo_is_not_started_before_anything_runs(ended):
    ran = []
    assert ended("todo", lambda student: ran.append(1)).outcome == "not started"
    assert not ran


def test_a_todo_upstream_is_waited_for(ended):
    assert ended("right", needs=("todo",)).message == "waiting for todo"
    result = ended("uses_todo")
    assert (result.outcome, result.message) == ("waiting", "waiting for todo")


def test_an_exception_is_told_with_its_own_line(ended):
    result = ended("boom")
    assert result.message == "boom raised an error: ValueError: so it is"
    assert (result.line, result.code) == (21, 'raise ValueError("so it is")')


def test_a_function_that_is_not_there(ended):
    assert ended("gone").message == "there is no function called gone"


def test_a_changed_argument_fails(ended):
    result = ended("changes", lambda student: student.changes([1, 2]))
    assert "changes changed its argument x in place" in result.message


def test_a_missing_return_is_guessed(ended):
    assert "is the return missing?" in ended("nothing", expect_float_of).message


def expect_float_of(student):
    from course.checks.expect import expect_float

    expect_float(student.nothing(1), "it")


def test_the_example_is_shrunk_and_told(ended):
    @given(x=st.integers(0, 1000))
    def body(student, x):
        expect_equal(student.over_six(x), x, "the value")

    assert ended("over_six", body).message == "the value: expected 7, got 0\nfor example with x=7"


def test_chance_in_the_students_code_is_a_failure_and_no_error_of_ours(ended):
    @given(x=st.integers(0, 1000))
    def body(student, x):
        expect_equal(student.unsteady(x), x, "the value")

    result = ended("unsteady", body)
    assert result.outcome == "failed"
    assert result.message.startswith("the value: expected")


def test_an_endless_loop_under_hypothesis_is_waited_for_once(ended):
    tries = []

    @given(x=st.integers(0, 1000))
    def body(student, x):
        tries.append(x)
        student.loop(x)

    result = ended("loop", body, seconds=0.3)
    assert result.message == "loop did not come back: no answer within 0 s: an endless loop?"
    assert len(tries) == 1


def test_evidence_of_an_unexpected_form_is_a_failure(ended):
    result = ended("right", lambda student: student.right([])[0])
    assert result.outcome == "failed"
    assert result.message.startswith("the check could not read what came: IndexError")


def test_missing_data_of_the_course_are_nobodys_mistake(ended):
    def body(student):
        raise CourseError("The weights are missing.", "Update the course.")

    with pytest.raises(CourseError):
        ended("right", body)


def test_a_seed_is_set_right_before_the_call(tmp_path):
    file = tmp_path / "ex01_mnist.py"
    file.write_text("import torch\n\n\ndef draw():\n    return torch.rand(1).item()\n")
    session, drawn = InProcess(Worker(file)), []

    def body(lab):
        for seed in (1, 1, 2):
            drawn.append(lab.seeded(seed).draw())

    assert one(session, check("draw", points=1, hint="?")(body)).outcome == "passed"
    assert drawn[0] == drawn[1] != drawn[2]


def test_checks_come_in_the_order_in_which_they_are_written():
    class Module:
        @staticmethod
        @check("a", points=1, hint="?")
        def test_z(student):
            expect(True, "")

        @staticmethod
        @check("a", points=1, hint="?", slow=True)
        def test_a(student):
            """Why."""

    module = type("M", (), {"test_a": Module.test_a, "test_z": Module.test_z, "other": 1})
    found = checks_in(module)
    assert [c.name for c in found] == ["test_z", "test_a"]
    assert found[1].why == "Why."
    assert found[1].slow


@pytest.mark.parametrize("entry", projects(), ids=lambda entry: entry.id)
def test_checks_on_the_same_upstream_functions_come_together_and_bonuses_last(entry):
    asked = [*checks_of(entry), *bonuses_of(entry)]
    ordered = by_needs(asked)
    assert sorted(c.name for c in ordered) == sorted(c.name for c in asked)
    judged = [c.needs for c in ordered if not c.bonus]
    changes = sum(a != b for a, b in itertools.pairwise(judged))
    assert changes == len(set(judged)) - 1
    for place, one in enumerate(ordered):
        assert not one.bonus or not [c for c in ordered[place:] if c.task == one.task and not c.bonus]


def test_results_stand_in_the_order_of_the_checks_whatever_the_order_of_running(tmp_path):
    file = tmp_path / "ex01_mnist.py"
    file.write_text(CODE)
    session = InProcess(Worker(file), 20)

    def of(name, *needs):
        function = lambda student: _is_identity(student, "right", 1)  # noqa: E731
        function.__name__ = name
        return check_of(check("right", points=1, hint="Is it?", needs=needs)(function))

    seen = []
    asked = [of("test_a"), of("test_b", "wrong"), of("test_c")]
    whole = run_checks(project("01"), session, asked, each=lambda r: seen.append(r.name) or False, together=True)
    assert [r.name for r in whole.checks] == ["test_a", "test_b", "test_c"]
    assert seen == ["test_a", "test_c", "test_b"]
    session.close()

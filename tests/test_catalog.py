"""The catalog against what stands in solutions/ and graders/."""

import ast
import sys
from dataclasses import replace

import pytest

from course import paths
from course.catalog import project, projects
from course.checks.check import bonuses_of, checks_of
from course.errors import CourseError

ALL = pytest.mark.parametrize("entry", projects(), ids=lambda entry: entry.id)


@ALL
def test_points_of_a_function_are_those_of_its_checks(entry):
    found: dict[str, int] = {}
    for check in checks_of(entry):
        found[check.task] = found.get(check.task, 0) + check.points
    assert found == {function.name: function.points for function in entry.functions}


@ALL
def test_checks_come_in_the_order_of_the_functions(entry):
    order = [function.name for function in entry.functions]
    tasks = [check.task for check in checks_of(entry)]
    assert tasks == sorted(tasks, key=order.index)


@ALL
def test_every_check_says_why_and_asks_a_question(entry):
    for check in checks_of(entry):
        assert len(check.why) > 20, check.name
        assert check.hint.rstrip().endswith("?"), f"the hint of {check.name} is no question: {check.hint}"
        assert check.points > 0, check.name
        assert check.tools, check.name


def test_a_check_that_names_a_function_that_there_is_not_is_refused(monkeypatch):
    entry = projects()[0]
    fewer = replace(entry, functions=entry.functions[1:])
    with pytest.raises(CourseError, match=f"names {entry.functions[0].name}, which project 01 does not have"):
        checks_of(fewer)


@ALL
def test_no_check_is_written_over_by_another_of_its_name(entry):
    tree = ast.parse((paths.ROOT / "graders" / entry.grader).read_text("utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert len(names) == len(set(names))


@ALL
def test_every_test_of_a_grader_is_a_check(entry):
    module = sys.modules[checks_of(entry)[0].function.__module__]
    assert {name for name in vars(module) if name.startswith("test_")} == {
        check.name for check in (*checks_of(entry), *bonuses_of(entry))
    }


@ALL
def test_the_question_of_a_todo_is_a_question(entry):
    for function in entry.functions:
        assert function.todo.endswith("?"), function.name
        assert "\n" not in function.todo


@ALL
def test_the_solution_defines_every_function_with_a_contract(entry):
    file = paths.ROOT / "solutions" / f"{entry.module}.py"
    if not file.is_file():
        pytest.skip("this copy of the course has no solutions/")
    tree = ast.parse(file.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    found = {node.name: ast.get_docstring(node) for node in tree.body if isinstance(node, kinds)}
    for function in entry.functions:
        assert function.name in found
        assert found[function.name], f"{function.name} has no docstring"


def test_names_are_unique():
    assert len({entry.id for entry in projects()}) == len(projects())
    assert len({entry.slug for entry in projects()}) == len(projects())
    for entry in projects():
        names = [function.name for function in entry.functions]
        assert len(names) == len(set(names)), entry.id


def test_projects_come_in_the_order_of_the_course():
    assert [entry.id for entry in projects()] == sorted(entry.id for entry in projects())


@pytest.mark.parametrize("key", ["01", "1", "mnist", "MNIST", "ex01_mnist", "ex01_mnist.py", "test_01_mnist"])
def test_a_project_answers_to_its_names(key):
    assert project(key) is projects()[0]


def test_an_unknown_project_is_a_fault_that_names_the_known_ones():
    with pytest.raises(CourseError) as fault:
        project("99")
    assert "01 mnist" in fault.value.cure

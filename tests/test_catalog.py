"""The catalog against what stands in solutions/ and graders/."""

import ast
import inspect

import pytest

from course import paths
from course.catalog import project, projects
from course.checks.check import checks_of
from course.checks.run import grader_module
from course.errors import CourseError

ALL = pytest.mark.parametrize("entry", projects(), ids=lambda entry: entry.id)


def checks_in(entry):
    return checks_of(grader_module(entry))


@ALL
def test_points_of_a_function_are_those_of_its_checks(entry):
    found: dict[str, int] = {}
    for check in checks_in(entry).values():
        found[check.task] = found.get(check.task, 0) + check.points
    assert found == {function.name: function.points for function in entry.functions}


@ALL
def test_checks_come_in_the_order_of_the_functions(entry):
    order = [function.name for function in entry.functions]
    tasks = [check.task for check in checks_in(entry).values()]
    assert tasks == sorted(tasks, key=order.index)


@ALL
def test_every_check_says_why_and_asks_a_question(entry):
    for function, check in checks_in(entry).items():
        assert len(check.why) > 20, check.name
        assert check.hint.rstrip().endswith("?"), f"the hint of {check.name} is no question: {check.hint}"
        assert check.points > 0, check.name
        assert "student" in inspect.signature(function).parameters, check.name


@ALL
def test_checks_need_functions_that_the_project_has(entry):
    names = {function.name for function in entry.functions}
    for check in checks_in(entry).values():
        assert set(check.needs) <= names - {check.task}, check.name


@ALL
def test_no_check_is_written_over_by_another_of_its_name(entry):
    tree = ast.parse((paths.ROOT / "graders" / entry.grader).read_text("utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert len(names) == len(set(names))


@ALL
def test_every_test_of_a_grader_is_a_check(entry):
    tests = {name for name in vars(grader_module(entry)) if name.startswith("test_")}
    assert tests == {check.name for check in checks_in(entry).values()}


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

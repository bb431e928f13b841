"""Source notebooks: the lesson, the functions and their checks, points from the catalog, the same bytes each time."""

import ast
import re

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import is_grade, is_locked, is_solution

from course import paths
from course.authoring.notebooks.source import notebook_text
from course.authoring.release import assignments
from course.authoring.stubs import BEGIN, END, todo_text
from course.catalog import Function, Project, projects

SOLUTIONS = [entry for entry in projects() if (paths.ROOT / "solutions" / f"{entry.module}.py").is_file()]
each = pytest.mark.parametrize("entry", SOLUTIONS, ids=lambda entry: entry.module)


def toy(text: str, *names: str):
    entry = Project("99", "toy", "A toy", (), tuple(Function(name, 3, f"What is {name}?") for name in names), {})
    return nbformat.reads(notebook_text(text, entry, "solutions/ex99_toy.py"), as_version=4)


def grade_ids(notebook) -> list[str]:
    return [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]


AREA = f'''# %% [markdown]
# # A lesson
# About circles.

# %%
import math


# %%
def area(r: float) -> float:
    """Of a circle."""
    {BEGIN}
    return math.pi * r**2
    {END}


# %% tags=["active-py"]
if __name__ == "__main__":
    print(area(1.0))
'''


@each
def test_source_and_release_are_fresh(entry):
    """Run `course release` after every change of a solution or of the catalog."""
    assert [str(file.relative_to(paths.ROOT)) for file in assignments.stale([entry])] == []


@each
def test_a_notebook_is_valid_for_jupyter_and_for_nbgrader(entry):
    for kind in ("source", "release"):
        notebook = nbformat.read(assignments.notebook_file(entry, kind), as_version=4)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
        assert len(set(grade_ids(notebook))) == len(grade_ids(notebook))
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@each
def test_each_function_has_its_cell_and_then_its_check_with_the_points_of_the_catalog(entry):
    notebook = nbformat.read(assignments.notebook_file(entry, "source"), as_version=4)
    cells = [cell for cell in notebook.cells if is_solution(cell) or is_grade(cell)]
    expected = [name for function in entry.functions for name in (function.name, f"check_{function.name}")]
    assert sorted(cell.metadata.nbgrader.grade_id for cell in cells) == sorted(expected)
    for solution, check in zip(cells[::2], cells[1::2], strict=True):
        task = solution.metadata.nbgrader.grade_id
        assert is_solution(solution)
        assert not is_grade(solution)
        assert not is_locked(solution)
        assert is_grade(check)
        assert is_locked(check)
        assert check.metadata.nbgrader.grade_id == f"check_{task}"
        assert check.metadata.nbgrader.points == entry.function(task).points
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in cells) == entry.points


@each
def test_no_code_of_a_grader_is_in_a_notebook_only_the_call(entry):
    notebook = nbformat.read(assignments.notebook_file(entry, "release"), as_version=4)
    for cell in filter(is_grade, notebook.cells):
        task = cell.metadata.nbgrader.grade_id.removeprefix("check_")
        loaded, call = ast.parse(cell.source).body
        assert ast.unparse(loaded) == "from course.notebook import check"
        assert ast.unparse(call) == f"check('{entry.id}', '{task}')"


@each
def test_the_release_asks_what_the_stub_asks_and_its_cells_can_run(entry):
    notebook = nbformat.read(assignments.notebook_file(entry, "release"), as_version=4)
    for cell in notebook.cells:
        assert "SOLUTION" not in cell.source
        if cell.cell_type == "code":
            ast.parse(cell.source)
        if is_solution(cell):
            task = cell.metadata.nbgrader.grade_id
            width = max(len(re.match(r" *", line).group()) for line in cell.source.splitlines() if "raise Not" in line)
            assert todo_text(entry, task, width).splitlines()[0] in cell.source
            assert f'raise NotImplementedError("{task}")' in cell.source


def test_lesson_cells_stay_as_they_are_and_given_code_is_locked():
    notebook = toy(AREA, "area")
    assert [cell.id for cell in notebook.cells] == [
        "a-lesson",
        "how-it-works",
        "imports",
        "area",
        "check_area",
        "running",
        "run",
    ]
    assert notebook.cells[-1].metadata == {}  # no grading runs it
    assert notebook.cells[0].source == "# A lesson\nAbout circles."
    assert notebook.cells[0].metadata == {}
    assert is_locked(notebook.cells[2])
    assert notebook.cells[3].source.endswith(f"    {BEGIN}\n    return math.pi * r**2\n    {END}")


def test_what_runs_the_module_is_left_out():
    assert not any("__main__" in cell.source for cell in toy(AREA, "area").cells)
    assert "running" not in [cell.id for cell in toy(AREA.partition("\n\n\n# %% tags")[0] + "\n", "area").cells]


def test_a_new_cell_changes_no_other_id():
    more = AREA.replace("# %%\nimport math\n", "# %% [markdown]\n# ## More\n\n# %%\nimport math\n\n# %%\nHALF = 0.5\n")
    before, after = ([cell.id for cell in toy(text, "area").cells] for text in (AREA, more))
    assert [id for id in after if id in before] == before
    assert len(after) == len(before) + 2


def test_two_headings_of_one_name_and_one_of_none_get_ids_of_their_own():
    text = AREA.replace("# %%\nimport", "# %% [markdown]\n# # A lesson\n\n# %% [markdown]\n# $x^2$…\n\n# %%\nimport")
    assert [cell.id for cell in toy(text, "area").cells][:4] == ["a-lesson", "how-it-works", "a-lesson-2", "x-2"]


def test_a_heading_never_takes_the_id_of_a_function():
    """By its id a function's cell is cleared and graded: "## Area" above `area` must not make it area-2."""
    notebook = toy(AREA.replace("# # A lesson", "# # Area"), "area")
    assert notebook.cells[0].id == "text-area"
    assert "area" in grade_ids(notebook)


def test_a_class_with_several_bodies_has_one_cell_and_one_check():
    method = f"\n    def {{}}(self) -> int:\n        {BEGIN}\n        return 1\n        {END}\n"
    text = "# %%\nclass Signs:\n" + method.format("a").lstrip("\n") + method.format("b")
    assert [cell.id for cell in toy(text, "Signs").cells] == ["Signs", "check_Signs"]


def test_the_same_solution_gives_the_same_bytes():
    entry = SOLUTIONS[0]
    assert assignments.source_text(entry) == assignments.source_text(entry)

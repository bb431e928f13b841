"""The class that does not exist: what each student of it hands in is what the kind says, in both forms, for every project."""

import ast
import json

import pytest

from course import catalog
from course.authoring.rehearsal import mock_class
from course.authoring.rehearsal.mock_class import FORMS, KINDS, Student
from course.authoring.release import leaks
from course.cells.notebook import Unreadable, book_of

PROJECTS = [entry.id for entry in catalog.projects()]


def bodies(text):
    return {node.name: ast.unparse(node) for node in ast.parse(text).body if hasattr(node, "name")}


@pytest.mark.parametrize("id", PROJECTS)
def test_both_forms_hold_the_same_functions(id):
    entry = catalog.project(id)
    tasks = [f.name for f in entry.functions]
    for kind, written in (("right", tasks), ("half", mock_class.half(entry)), ("not started", [])):
        made = book_of(Student("ada", kind).work(entry).encode(), entry)
        assert made.faults == {}
        assert made.notes == ()
        text = "\n".join(cell.source for cell in made.cells)
        module = Student("ada", kind, "module").work(entry)
        for task in tasks:
            assert bodies(text)[task] == bodies(module)[task]
            assert (f"NotImplementedError('{task}')" in bodies(module)[task]) == (task not in written)
        assert not any(marker in text + module for marker in leaks.MARKERS)
        assert Student("ada", kind).points(entry) == sum(entry.function(task).points for task in written)


@pytest.mark.parametrize("id", PROJECTS)
def test_broken_files_are_broken(id):
    entry = catalog.project(id)
    with pytest.raises(Unreadable, match="not JSON"):
        book_of(Student("dan", "broken").work(entry).encode(), entry)
    with pytest.raises(SyntaxError):
        ast.parse(Student("dan", "broken", "module").work(entry))


def test_a_class_has_all_kinds_in_all_forms_and_no_two_with_the_same_work():
    entry = catalog.project("04b")
    everybody = mock_class.students(60, forms=FORMS)
    assert len({s.name for s in everybody}) == 60
    assert {(s.kind, s.form) for s in everybody} == {(k, f) for k in KINDS for f in FORMS}
    written = [s.work(entry) for s in everybody if s.kind in ("right", "half")]
    assert len(set(written)) == len(written)


def test_nobody_writes_more_than_the_release_when_nothing_is_written():
    entry = catalog.project("04b")
    assert mock_class.notebook(entry, []) == mock_class.notebook(entry, (), "# ada")
    assert json.loads(Student("cleo", "not started").work(entry)) == mock_class.notebook(entry, [])


def test_the_layout_is_nbgraders(tmp_path):
    entry = catalog.project("04b")
    files = mock_class.hand_in(tmp_path, entry, [Student("ada", "right"), Student("eve", "half", "module")])
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "ada/ex04b_deployment/ex04b_deployment.ipynb",
        "eve/ex04b_deployment/ex04b_deployment.py",
    ]

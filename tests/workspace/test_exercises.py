"""Reset and update: nothing of the student's is lost."""

import ast

import pytest

from course.catalog import Function, Project
from course.errors import CourseError
from course.workspace import exercises, first_line, merge

TOY = Project("99", "toy", "A toy", (), (Function("area", 1, "?"), Function("volume", 1, "?")), {})


def stub_of(body: str) -> str:
    return first_line("solutions/ex99_toy.py", body) + body


OLD = stub_of('''import math


def area(r):
    """Old words."""
    # TODO area: ?
    raise NotImplementedError("area")


def volume(r):
    # TODO volume: ?
    raise NotImplementedError("volume")


def main(run):
    print("old")
''')
NEW = stub_of('''"""A lesson."""

import math
import random


# %% a new cell
def area(r):
    """New words."""
    # TODO area: a new question?
    raise NotImplementedError("area")


def volume(r):
    # TODO volume: a new question?
    raise NotImplementedError("volume")


def main(run):
    print("new")
''')
WRITTEN = OLD.replace(
    '    # TODO area: ?\n    raise NotImplementedError("area")', "    return helper(r) * math.pi"
).replace(
    "import math\n",
    "import math\nfrom functools import cache\n\n\n@cache\ndef helper(r):\n    return r * r\n\n\nK = 3\n",
)


@pytest.fixture
def at_the_desk(tmp_path, monkeypatch):
    """A desk with the given stub as the course's present one; returns the student's file."""
    monkeypatch.setenv("COURSE_EXERCISES", str(tmp_path))

    def prepare(pristine: str, mine: str | None):
        monkeypatch.setattr(exercises, "pristine_text", lambda entry: pristine)
        file = tmp_path / "ex99_toy.py"
        if mine is not None:
            file.write_text(mine)
        return file

    return prepare


def test_reset_saves_an_edited_file_first(at_the_desk):
    file = at_the_desk(OLD, WRITTEN)
    change = exercises.reset(TOY)
    assert file.read_text() == OLD
    assert change.backup.read_text() == WRITTEN
    assert change.backup.parent.name == "backup"


def test_two_resets_within_a_second_keep_both_files(at_the_desk):
    file = at_the_desk(OLD, WRITTEN)
    first = exercises.reset(TOY).backup
    file.write_text("another = 1\n")
    second = exercises.reset(TOY).backup
    assert (first.read_text(), second.read_text()) == (WRITTEN, "another = 1\n")


@pytest.mark.parametrize(("mine", "did"), [(None, "made"), (OLD, "current"), (NEW, "renewed")])
def test_reset_of_an_unedited_file_needs_no_backup(at_the_desk, mine, did):
    file = at_the_desk(OLD, mine)
    change = exercises.reset(TOY)
    assert (change.did, change.backup, file.read_text()) == (did, None, OLD)


@pytest.mark.parametrize(("mine", "did"), [(None, "made"), (OLD, "renewed"), (NEW, "current")])
def test_update_replaces_what_nobody_has_edited(at_the_desk, mine, did):
    file = at_the_desk(NEW, mine)
    change = exercises.update(TOY)
    assert (change.did, change.backup, file.read_text()) == (did, None, NEW)


def test_update_leaves_an_edited_file_of_the_present_version_alone(at_the_desk):
    file = at_the_desk(OLD, WRITTEN)
    assert exercises.update(TOY).did == "kept"
    assert file.read_text() == WRITTEN


def test_update_carries_the_students_work_into_the_new_stub(at_the_desk):
    file = at_the_desk(NEW, WRITTEN)
    change = exercises.update(TOY)
    text = file.read_text()
    assert (change.did, change.carried) == ("merged", ("area",))
    assert change.backup.read_text() == WRITTEN
    assert text.splitlines()[0] == NEW.splitlines()[0]
    assert "return helper(r) * math.pi" in text
    assert "@cache\ndef helper(r):\n" in text
    assert "K = 3" in text
    assert text.count("import math") == 1
    assert "# TODO volume: a new question?" in text
    assert 'print("new")' in text
    assert 'print("old")' not in text
    scope: dict = {}
    exec(compile(ast.parse(text), "merged", "exec"), scope)
    assert scope["area"](1) == pytest.approx(3.14159, abs=1e-5)
    assert exercises.update(TOY).did == "kept"


def test_update_leaves_a_file_that_is_no_python_alone(at_the_desk):
    file = at_the_desk(NEW, "def area(:\n")
    change = exercises.update(TOY)
    assert change.did == "kept"
    assert "line 1" in change.note
    assert file.read_text() == "def area(:\n"


def test_an_unfinished_body_is_carried_over_too():
    mine = OLD.replace("    # TODO area: ?\n", "    x = r * r  # so far\n")
    text, carried = merge.carry_over(mine, NEW, ["area", "volume"])
    assert carried == ["area"]
    assert "x = r * r  # so far" in text


def test_an_untouched_function_gets_its_new_words():
    text, carried = merge.carry_over(OLD, NEW, ["area", "volume"])
    assert (text, carried) == (NEW, [])


def test_a_backup_that_cannot_be_written_stops_the_reset(at_the_desk):
    file = at_the_desk(OLD, WRITTEN)
    (file.parent / "backup").write_text("in the way")
    with pytest.raises(CourseError, match="cannot be written"):
        exercises.reset(TOY)
    assert file.read_text() == WRITTEN

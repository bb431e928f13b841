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
SIDES = 3


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
    merged = merge.carry_over(mine, NEW, ["area", "volume"])
    text, carried = merged.text, list(merged.carried)
    assert carried == ["area"]
    assert "x = r * r  # so far" in text


def test_an_untouched_function_gets_its_new_words():
    merged = merge.carry_over(OLD, NEW, ["area", "volume"])
    text, carried = merged.text, list(merged.carried)
    assert (text, carried) == (NEW, [])


def test_a_backup_that_cannot_be_written_stops_the_reset(at_the_desk):
    file = at_the_desk(OLD, WRITTEN)
    (file.parent / "backup").write_text("in the way")
    with pytest.raises(CourseError, match="cannot be written"):
        exercises.reset(TOY)
    assert file.read_text() == WRITTEN


# -- twenty ways to edit a stub ------------------------------------------------------------------------------------------

TODO = '    # TODO area: ?\n    raise NotImplementedError("area")\n'
BODY = "    return 3 * r * r\n"


def written(*changes: tuple[str, str]) -> str:
    """The old stub with `area` written, and more changed."""
    text = OLD.replace(TODO, BODY)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def before(definition: str, text: str) -> tuple[str, str]:
    return definition, f"{text}\n\n\n{definition}"


END = '    print("old")\n'
# what was done, the file, and what must hold of the merged module (`m`: its names)
WAYS = {
    "a body is written": (written(), "m['area'](1) == 3"),
    "a body is half written": (OLD.replace("    # TODO area: ?\n", "    r = r * 7\n"), "'r = r * 7' in text"),
    "a helper above": (written(before("def area(r)", "def twice(x):\n    return 2 * x")), "m['twice'](2) == 4"),
    "a helper below": (written(before("def volume(r)", "def twice(x):\n    return 2 * x")), "m['twice'](2) == 4"),
    "a helper at the end": (written((END, END + "\n\ndef twice(x):\n    return 2 * x\n")), "m['twice'](2) == 4"),
    "a class": (written(before("def area(r)", "class Circle:\n    sides = 0")), "m['Circle'].sides == 0"),
    "a constant": (written(("import math\n", "import math\nK = 3\n")), "m['K'] == 3"),
    "a constant between functions": (written(before("def volume(r)", "K = 3")), "m['K'] == 3"),
    "an import": (written(("import math\n", "import math\nimport string\n")), "m['string'].digits"),
    "an import between functions": (written(before("def volume(r)", "import string")), "m['string'].digits"),
    "an import of the future": (
        written(("import math", "from __future__ import annotations\nimport math")),
        "m['annotations']",
    ),
    "an import that may fail": (
        written(before("def area(r)", "try:\n    import nosuch\nexcept ImportError:\n    nosuch = None")),
        "m['nosuch'] is None",
    ),
    "a condition": (written(before("def area(r)", "if math.pi > 3:\n    BIG = True")), "m['BIG']"),
    "a decorator": (written(("def area(r)", "@staticmethod\ndef area(r)")), "'@staticmethod\\ndef area' in text"),
    "an argument more": (written(("def area(r)", "def area(r, unit=1)")), "m['area'](1, unit=2) == 3"),
    "a function within": (
        written((BODY, "    def inner(x):\n        return x\n    return inner(r)\n")),
        "m['area'](5) == 5",
    ),
    "a lambda in its place": (
        OLD.replace('def area(r):\n    """Old words."""\n' + TODO, "area = lambda r: 3 * r * r\n"),
        "m['area'](1) == 3",
    ),
    "defined twice": (written((END, END + "\n\ndef area(r):\n    return 5\n")), "m['area'](1) == 5"),
    "a call of it": (written((END, END + "\n\nTABLE = [area(k) for k in range(3)]\n")), "m['TABLE'] == [0, 3, 12]"),
    "a comment above it": (written(("def area(r)", "# my idea: three is enough\ndef area(r)")), "'# my idea' in text"),
    "comments within": (written((BODY, "    # why three?\n" + BODY)), "'# why three?' in text"),
    "a string with code": (
        written(before("def area(r)", 'TEXT = """\ndef area(r):\n    pass\n"""')),
        "'def area' in m['TEXT']",
    ),
    "an umlaut": (written((BODY, '    "größer"\n' + BODY)), "'größer' in text"),
    "main is changed": (written(('print("old")', 'print("mine")')), "'main' in change.note"),
    "a constant of the stub's is changed": (
        written(("import math\n", "import math\n\nSIDES = 4\n")),
        "'SIDES' in change.note",
    ),
    "all of it deleted but one": ("def area(r):\n    return 3 * r * r\n", "m['area'](1) == 3"),
    "Windows' line ends": (written().replace("\n", "\r\n"), "m['area'](1) == 3"),
}


@pytest.mark.parametrize("way", WAYS)
def test_update_loses_nothing(at_the_desk, way):
    mine, holds = WAYS[way]
    file = at_the_desk(NEW, mine)
    content = mine.encode()
    file.write_bytes(content)
    change = exercises.update(TOY)
    assert change.did == "merged", change.note
    assert change.backup.read_bytes() == content
    text = file.read_text("utf-8")
    assert "New words." in text or "area" in change.carried
    assert "a new question?" in text  # of the function that was not touched
    m: dict = {"__name__": "merged"}
    exec(compile(text, "merged", "exec"), m)
    assert eval(holds, {"m": m, "text": text, "change": change}), text
    file.write_text(text, "utf-8")
    assert exercises.update(TOY).did == "kept"  # nothing happens the second time


def test_update_reads_a_file_as_python_does(at_the_desk):
    file = at_the_desk(NEW, OLD)
    head, _, rest = written((BODY, '    "gr\u00f6\u00dfer"\n' + BODY)).partition("\n")
    file.write_bytes(f"{head}\n# -*- coding: latin-1 -*-\n{rest}".encode("latin-1"))
    change = exercises.update(TOY)
    assert change.did == "merged"
    assert "gr\u00f6\u00dfer" in file.read_text("utf-8")
    file.write_bytes(written().encode() + b"\n# \xff\n")
    before = file.read_bytes()
    assert exercises.update(TOY).did == "kept"
    assert file.read_bytes() == before

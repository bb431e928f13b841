"""Which submissions a folder holds: both layouts, and everything that students hand in instead."""

import os

import pytest

from course.catalog import project
from course.errors import CourseError
from course.grading.handed_in import read
from course.grading.submissions import find
from course.limits import SUBMISSION_BYTES

FIRST = project("01")


def put(root, *names):
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    return root


def rows(root, **more):
    return {s.student: s for s in find(root, [FIRST], **more)}


def test_both_layouts_and_mixed(tmp_path):
    put(tmp_path, "ada/ex01_mnist/ex01_mnist.ipynb", "ben/ex01_mnist/ex01_mnist.py", "cleo.ipynb", "dan.py")
    put(tmp_path, "eve/ex01_mnist.py", "finn/my homework.ipynb", "gus/ex01_mnist/renamed.ipynb")
    found = rows(tmp_path)
    assert {name: s.name for name, s in found.items()} == {
        "ada": "ada/ex01_mnist/ex01_mnist.ipynb",
        "ben": "ben/ex01_mnist/ex01_mnist.py",
        "cleo": "cleo.ipynb",
        "dan": "dan.py",
        "eve": "eve/ex01_mnist.py",
        "finn": "finn/my homework.ipynb",
        "gus": "gus/ex01_mnist/renamed.ipynb",
    }
    assert not any(s.problem for s in found.values())


def test_nobody_is_absent(tmp_path):
    put(tmp_path, "ada.ipynb", "ben/ex02_asl/ex02_asl.ipynb", "cleo.pdf", "dan.py", "dan.ipynb", "eve/a.py", "eve/b.py")
    (tmp_path / "finn").mkdir()
    found = rows(tmp_path, students=["gus", "ada"])
    assert list(found) == ["ada", "ben", "cleo", "dan", "eve", "finn", "gus"]
    assert [name for name, s in found.items() if s.file] == ["ada"]
    assert all(s.problem for name, s in found.items() if name != "ada")
    assert "cleo.pdf" in found["cleo"].problem
    assert "2 files" in found["dan"].problem


def test_what_systems_leave_behind_is_no_student(tmp_path):
    put(tmp_path, ".DS_Store", "__MACOSX/x", "ada/.ipynb_checkpoints/ex01_mnist.ipynb", "ada/ex01_mnist.ipynb")
    assert list(rows(tmp_path)) == ["ada"]
    assert rows(tmp_path)["ada"].file


def test_the_projects_are_known_by_their_folders_or_must_be_named(tmp_path):
    put(tmp_path, "ada/ex01_mnist/ex01_mnist.ipynb", "ben/ex02_asl/ex02_asl.ipynb")
    assert [(s.project, s.student, bool(s.file)) for s in find(tmp_path)] == [
        ("01", "ada", True),
        ("01", "ben", False),
        ("02", "ada", False),
        ("02", "ben", True),
    ]
    put(tmp_path / "flat", "ada.ipynb")
    with pytest.raises(CourseError, match="--project"):
        find(tmp_path / "flat")
    for wrong in (tmp_path / "no", tmp_path / "flat" / "ada.ipynb"):
        with pytest.raises(CourseError, match="no folder"):
            find(wrong, [FIRST])


@pytest.mark.skipif(os.name == "nt", reason="names that only other systems allow")
def test_names_that_cannot_be_written_are_shown(tmp_path):
    put(tmp_path, "a\nb.ipynb", "=1+1.py", "<b>.py")
    (tmp_path / os.fsdecode(b"\xff.py")).write_text("x")
    assert set(rows(tmp_path)) == {"a\\nb", "=1+1", "<b>", "\\xff"}
    for name, row in rows(tmp_path).items():
        (name + row.name).encode("utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_only_a_plain_file_of_a_sane_size_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(ValueError, match="plain"):
        read(tmp_path / "pipe.py")
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link.py").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        read(tmp_path / "link.py")
    with (tmp_path / "huge.py").open("wb") as stream:
        stream.truncate(SUBMISSION_BYTES + 1)
    with pytest.raises(ValueError, match="MB"):
        read(tmp_path / "huge.py")


def test_a_file_that_lies_further_down_is_found_within_bounds(tmp_path, monkeypatch):
    put(
        tmp_path, "ada/homework/week 1/ex01_mnist.ipynb", "ben/saved/ex01_mnist.ipynb.txt", "cleo/1/2/3/4/ex01_mnist.py"
    )
    put(tmp_path, "dan/1/2/3/4/5/ex01_mnist.py", "eve/__MACOSX/1/ex01_mnist.ipynb", "finn/a/ex01_mnist.py")
    put(tmp_path, "finn/b/ex01_mnist.ipynb", "elsewhere/ex01_mnist.py")
    (tmp_path / "gus" / "link").mkdir(parents=True)
    (tmp_path / "gus" / "link" / "to").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    found = {name: (s.name, bool(s.problem)) for name, s in rows(tmp_path).items() if name != "elsewhere"}
    assert found == {
        "ada": ("ada/homework/week 1/ex01_mnist.ipynb", False),
        "ben": ("ben/saved/ex01_mnist.ipynb.txt", False),
        "cleo": ("cleo/1/2/3/4/ex01_mnist.py", False),
        "dan": ("", True),  # a folder deeper than is looked into
        "eve": ("", True),  # a system's copy
        "finn": ("finn/a/ex01_mnist.py", True),  # two: the first one stands in the row, both in what it says
        "gus": ("", True),  # a link leads out of the student's folder
    }
    assert "ex01_mnist.ipynb" in rows(tmp_path)["finn"].problem
    monkeypatch.setattr("course.grading.submissions.ENTRIES", 3)
    put(tmp_path, "hal/a/1.png", "hal/a/2.png", "hal/a/3.png", "hal/a/4.png", "hal/b/ex01_mnist.py")
    assert rows(tmp_path)["hal"].problem  # so many files that the search has ended

"""The rehearsed term: a small one comes out as it should, and what does not is noticed."""

import subprocess
import sys

import pytest

from course import catalog, paths
from course.authoring.rehearsal.mock_class import Student
from course.authoring.rehearsal.term import ABSENT, Rehearsal, copy_checkout
from course.errors import CourseError

ENTRY = catalog.project("04b")
CLASS = [
    Student("ada", "right"),
    Student("ben", "half", "module"),
    Student("cleo", "not started"),
    Student("dan", "broken"),
]


@pytest.fixture(scope="module", autouse=True)
def _checkout():
    if subprocess.run(["git", "ls-files"], cwd=paths.ROOT, capture_output=True, check=False).returncode:
        pytest.skip("not a git checkout")


@pytest.mark.slow
def test_a_small_term(tmp_path):
    """Without the exchange and without those whose code has to run: tests/authoring/test_instructor_page.py has them."""
    said = []
    Rehearsal(tmp_path / "term", [ENTRY], [], CLASS[2:], said.append).run()
    shown = "\n".join(said)
    typed = [line[2:].split()[:2] for line in said if line.startswith("$ ")]
    assert [" ".join(words) for words in typed] == [
        "course release",
        "nbgrader db",
        "nbgrader zip_collect",
        "course grade",
        "nbgrader export",
    ]
    assert f"04b {ABSENT}      0 of 23     missing" in shown
    assert f"dan,Example,Dan,dan@example.org,0.0,0.0,0.0,{ENTRY.points}.0" in shown


def test_a_copy_is_what_a_clone_would_be(tmp_path):
    copy_checkout(tmp_path)
    assert (tmp_path / "solutions" / f"{ENTRY.module}.py").is_file()
    assert not (tmp_path / ".git").exists()
    assert not (tmp_path / "data" / "pocket").exists()


def test_what_comes_out_wrong_ends_it(tmp_path):
    term = Rehearsal(tmp_path, [ENTRY], [], CLASS, lambda _: None)
    term.course.mkdir()
    assert term.points(ENTRY) == {"ada": 23.0, "ben": 14.0, "cleo": 0.0, "dan": 0.0, ABSENT: 0.0}
    with pytest.raises(CourseError, match="points: 1, and 2 was expected"):
        term.same("points", 1, 2)
    with pytest.raises(CourseError, match="left with status 3"):
        term.type(f'{sys.executable} -c "raise SystemExit(3)"')
    assert term.type(f"{sys.executable} -c \"import os; print(os.environ['PYTHONPATH'])\"").strip() == "course"

"""Names of a platform become the roster's ids, and nobody becomes a student by accident."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from course.errors import CourseError
from course.grading import placing
from course.grading.attempts import Listed
from course.grading.rules import Rules
from course.grading.submissions import Submission

ROSTER = [
    Listed("s1", ("Ada Lovelace", "Lovelace Ada", "ada@example.org", "ada")),
    Listed("s2", ("Ben Ode", "Ode Ben", "ben@example.org", "ben")),
    Listed("s3", ("Ben Ode", "Ode Ben", "b.ode@example.org", "b.ode")),
]


def row(student, file="x.ipynb"):
    return Submission(student, "01", Path(file) if file else None, file)


def test_by_id_by_address_and_by_name():
    found, left = placing.placed([row("Lovelace, Ada"), row("B.ODE@example.org"), row("s2"), row("s1", "")], ROSTER)
    assert [(one.student, one.name) for one in found] == [("s1", "x.ipynb"), ("s2", "x.ipynb"), ("s3", "x.ipynb")]
    assert left == []


def test_who_cannot_be_placed_is_named_and_is_nobodys_row():
    found, left = placing.placed([row("Ben Ode"), row("Zoe"), row("s1"), row("ada")], ROSTER)
    assert [one.student for one in found] == ["s1"]
    assert left == ["Ben Ode", "Zoe", "ada"]  # two are called so; nobody; and s1 has a submission already


def test_without_a_roster_everybody_is_taken():
    assert placing.placed([row("zoe")], []) == ([row("zoe")], [])
    before = [Listed("ada")]  # as `course grade` writes somebody into an empty gradebook
    assert placing.placed([row("zoe")], before) == ([row("zoe")], [])


def test_the_map_of_names_has_a_line_for_each_and_keeps_what_is_written(tmp_path):
    file = tmp_path / "names.csv"
    placing.remembered(file, ["Ben Ode", "=zoe, the"])
    assert file.read_text() == 'name,id\nBen Ode,\n"=zoe, the",\n'
    file.write_text('name,id\nBen Ode,s3\n"=zoe, the",\n')
    placing.remembered(file, ["Ben Ode", "Finn"])
    assert file.read_text() == 'name,id\nBen Ode,s3\n"=zoe, the",\nFinn,\n'
    known = placing.with_names([*ROSTER[:1], Listed("s3")], file)
    assert placing.placed([row("ben ode")], known)[0][0].student == "s3"


def test_a_map_that_names_nobody_is_refused(tmp_path):
    file = tmp_path / "names.csv"
    file.write_text("name,id\nBen,s9\n")
    with pytest.raises(CourseError, match=r"line 2: the roster knows no 's9'"):
        placing.with_names(ROSTER, file)
    file.write_text("who,what\nBen,s9\n")
    with pytest.raises(CourseError, match="its first line is not name,id"):
        placing.with_names(ROSTER, file)


RULES = Rules(ZoneInfo("Europe/Berlin"))


def timed(tmp_path, text):
    file = tmp_path / "times.csv"
    file.write_text(text, "utf-8")
    return placing.times(file, [row("s1"), row("s2")], ROSTER, RULES)


@pytest.mark.parametrize(
    "text",
    [
        "student,handed in\ns1,2026-11-28 15:04",
        'Email address,Last modified (submission)\nada@example.org,"Saturday, 28 November 2026, 3:04 PM"\nben@example.org,-',
        "ID;Name;Time\nx9;Ada Lovelace;2026-11-28T14:04:00+00:00",
    ],
)
def test_when_each_was_handed_in(tmp_path, text):
    found, left = timed(tmp_path, text)
    assert [one.when and one.when.astimezone(UTC) for one in found] == [datetime(2026, 11, 28, 14, 4, tzinfo=UTC), None]
    assert left == []


def test_a_time_that_may_be_read_in_two_ways_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"line 2: '03/04/2026 10:00' is no time"):
        timed(tmp_path, "student,time\ns1,03/04/2026 10:00")
    with pytest.raises(CourseError, match="does not say who and when"):
        timed(tmp_path, "a,b\n1,2")
    assert "line 2: zoe has handed in nothing" in timed(tmp_path, "student,time\nzoe,2026-11-28")[1][0]

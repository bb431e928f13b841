"""course.toml: what it says is taken as it says it, and what it cannot say is refused with the key's name."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import CourseError
from course.grading import rules
from course.grading.rules import ProjectRules, Rules, Share

WHOLE = """
timezone = "Europe/Berlin"
grace = "15 minutes"
penalty = "10 %"
at_most = "50 %"
drop_lowest = 1

[projects.04b]
due = 2026-11-27T23:59:00
points = 20

[projects.mnist]
due = 2026-07-03
penalty = "2 points a day"

[extensions.ada]
04b = "3 days"

[extensions."ben@example.org"]
01 = 2026-07-10T12:00:00Z
"""


def read(tmp_path, text):
    file = tmp_path / "course.toml"
    file.write_text(text, "utf-8")
    return rules.load(file)


def test_a_term(tmp_path):
    found = read(tmp_path, WHOLE)
    due = datetime(2026, 11, 27, 22, 59, tzinfo=UTC)  # Berlin is an hour ahead in winter
    assert found.of("04b").due == due
    assert found.of("01").due == datetime(2026, 7, 3, 21, 59, 59, tzinfo=UTC)  # and two in summer; a date is its end
    assert (found.of("04b").points, found.of("01").points) == (20, None)
    assert found.extensions == {
        "ada": {"04b": due + timedelta(days=3)},
        "ben@example.org": {"01": datetime(2026, 7, 10, 12, tzinfo=UTC)},
    }
    assert found.drop_lowest == 1
    assert found.of("04b").said() == "10 % for each day begun, at most 50 %"
    assert found.of("01").said() == "2 points for each day begun, at most 50 %"
    assert found.of("07") == ProjectRules(grace=timedelta(minutes=15), penalty=Share(10, True), at_most=Share(50, True))


@pytest.mark.parametrize(
    ("late", "taken"),
    [
        ("0:00", 0),
        ("0:15", 0),  # the grace
        ("0:16", 2),  # a day is begun
        ("24:00", 2),
        ("24:01", 4),
        ("100:00", 10),
        ("999:00", 10),  # at most half
    ],
)
def test_what_being_late_costs(tmp_path, late, taken):
    hours, minutes = map(int, late.split(":"))
    assert read(tmp_path, WHOLE).of("04b").taken(20, timedelta(hours=hours, minutes=minutes)) == taken


@given(st.floats(0, 1000), st.integers(-9999, 99999), st.booleans(), st.floats(0, 100), st.none() | st.floats(0, 100))
def test_a_penalty_is_never_below_nothing_nor_more_than_was_earned_nor_less_for_a_later_one(
    earned, minutes, percent, amount, most
):
    own = ProjectRules(penalty=Share(amount, percent), at_most=None if most is None else Share(most, percent))
    sooner, later = (own.taken(earned, timedelta(minutes=minutes + more)) for more in (0, 600))
    assert 0 <= sooner <= earned + 0.005
    assert sooner <= later


WRONG = {
    'timezone = "Berlin"': "course.toml: timezone: 'Berlin' is no time zone",
    'zone = "UTC"': "course.toml: zone: nobody knows this key",
    'penalty = "ten percent"': "penalty: 'ten percent' is no share of the points",
    'penalty = "110 %"': "no share of the points",
    "penalty = 10": "penalty: 10 is no share of the points",
    'grace = "a while"': "grace: 'a while' is no length of time",
    "drop_lowest = -1": "drop_lowest: -1 is no number of projects",
    "drop_lowest = true": "drop_lowest: True is no number",
    "[projects.99]": "projects.99: there is no such project",
    "[projects.01]\ndue = 'Friday'": "projects.01.due: 'Friday' is no date",
    "[projects.01]\ndue = 2026-02-30": "course.toml is no TOML",
    "[projects.01]\npoint = 3": "projects.01.point: nobody knows this key",
    "[projects.01]\npoints = 'many'": "projects.01.points: 'many' is no number of points",
    "[projects.01]\n[projects.mnist]": "projects.mnist: project 01 is there twice",
    "projects = 3": "projects: it is no table",
    "[extensions.ada]\n01 = '3 days'": "extensions.ada.01: project 01 has no due date",
    "[projects.01]\ndue = 2026-07-03\n[extensions.ada]\n01 = 2026-07-01": "extensions.ada.01: it ends before the due date of all",
    "timezone = 'Europe/Berlin'\n[projects.01]\ndue = 2026-03-29T02:30:00": "a time that the clocks leave out",
    "grace = ": "course.toml is no TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_it_cannot_say(tmp_path, text):
    with pytest.raises(CourseError) as caught:
        read(tmp_path, text)
    assert WRONG[text] in caught.value.problem.replace(str(tmp_path) + "/", "")
    assert caught.value.cure


def test_where_there_is_no_file_there_are_no_rules(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("course.paths.ROOT", tmp_path)
    assert rules.current() == Rules()
    assert rules.current().of("01").taken(9, timedelta(days=3)) == 0
    Path("course.toml").write_text("drop_lowest = 2")
    assert rules.current().drop_lowest == 2

"""Rosters of the platforms, in the forms of their documents: who is in the class, who is nobody, who could not be placed."""

import unicodedata

import pytest
from click.testing import CliRunner

from course.cli import main
from course.errors import CourseError
from course.grading import rosters
from course.grading.rosters import Index, Person, merge, read

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Digits (9134)
    Points Possible,,,,,33
"Lovelace, Ada",71,s71,ada,A,12
"Müller, Jörg",72,s72,jo,"A and B",
"Student, Test",99,,f00,A,
"Kim, Jo",73,,,B,
"""
MOODLE = (
    "\ufeffFirst name,Last name,ID number,Email address\nAda,Lovelace,,ada@example.org\nJörg,Müller,72,jo@example.org\n"
)
WORKSHEET = "Identifier,Full name,Email address,Grade\nParticipant 71,Ada Lovelace,ada@example.org,\n"
GERMAN = "Vorname;Nachname;ID-Nummer;E-Mail-Adresse\nAda;Lovelace;71;ada@example.org\n"
BLACKBOARD = '"Last Name"\t"First Name"\t"Username"\t"Student ID"\n"Lovelace"\t"Ada"\t"ada"\t"71"\n'
BLACKBOARD += '"P"\t"P"\t"ada_previewuser"\t""\n'
BRIGHTSPACE = """\
OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator
#71,#ada,Lovelace,Ada,ada@example.org,#
"""
GRADESCOPE = """\
First Name,Last Name,SID,Email,Role
Ada,Lovelace,71,ada@example.org,Student
Tess,Teacher,1,tess@example.org,Instructor
"""


@pytest.mark.parametrize(
    ("text", "form", "ids"),
    [
        (CANVAS, "Canvas", ["ada", "jo", "73"]),
        (MOODLE, "Moodle", ["ada@example.org", "72"]),
        (WORKSHEET, "Moodle", ["ada@example.org"]),
        (GERMAN, "Moodle", ["71"]),
        (BLACKBOARD, "Blackboard", ["ada"]),
        (BRIGHTSPACE, "Brightspace", ["ada"]),
        (GRADESCOPE, "Gradescope", ["ada@example.org"]),
        ("id,first_name,last_name,email\nada,Ada,Lovelace,a@b\n", "nbgrader", ["ada"]),
    ],
)
def test_each_platforms_roster(tmp_path, text, form, ids):
    file = tmp_path / "roster.csv"
    file.write_text(text, "utf-8")
    found = read(file)
    assert found.form == form
    assert [person.id for person in found.people] == ids
    assert (found.people[0].first, found.people[0].last) == ("Ada", "Lovelace")
    assert found.left == ()


def test_utf_16_and_excels_own_letters_are_read(tmp_path):
    file = tmp_path / "gc.xls"
    file.write_bytes(b"\xff\xfe" + BLACKBOARD.encode("utf-16-le"))
    assert [person.id for person in read(file).people] == ["ada"]
    file.write_bytes(MOODLE.lstrip("\ufeff").encode("cp1252"))
    assert read(file).people[1].last == "Müller"


def test_who_cannot_be_placed_is_said(tmp_path):
    file = tmp_path / "canvas.csv"
    lines = [
        '"No, Id",,,,A,',
        '"Two, First",1,,same,A,',
        '"Two, Second",2,,same,A,',
        '"Twice, Tim",3,,tim,A,',
        '"Twice, Tim",3,,tim,B,',
    ]
    file.write_text("\n".join([CANVAS.rstrip("\n"), *lines, '"Evil, E",,,=1+1,A,', ""]), "utf-8")
    found = read(file)
    assert [person.id for person in found.people] == ["ada", "jo", "73", "tim"]
    assert found.left == (
        "Line 7, Id No: there is no sis login id and no sis user id and no id.",
        "Line 12: a spreadsheet would compute the id =1+1.",
        "Lines 8 and 9: First Two and Second Two have one id, same.",
    )


def test_other_columns_and_other_files_are_refused_with_their_names(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("colour,size\nred,3\n")
    with pytest.raises(CourseError, match="columns of no platform: colour, size"):
        read(file)
    file.write_bytes(b"PK\x03\x04")
    with pytest.raises(CourseError, match="is a workbook"):
        read(file)
    with pytest.raises(CourseError, match="cannot be read"):
        read(tmp_path / "none.csv")
    file.write_text(CANVAS, "utf-8")
    with pytest.raises(CourseError, match="no column 'Matrikel'"):
        read(file, "Matrikel")
    assert [person.id for person in read(file, "sis user id").people] == ["s71", "s72"]


def test_one_is_found_by_id_address_and_name_in_both_forms_of_unicode():
    people = [
        Person("jo", "Jörg", "Müller", "joerg.m@example.org"),
        Person("s1", "Ann", "Lee"),
        Person("s2", "Ann", "Lee"),
    ]
    index = Index(people)
    for name in ("jo", "Müller, Jörg", "JÖRG MÜLLER", "müllerjörg", "joerg.m@EXAMPLE.org", "joerg.m"):
        for form in ("NFC", "NFD"):
            assert index.find([unicodedata.normalize(form, name)]) == "jo", name
    assert index.find(["Ann Lee"]) == ""
    assert index.find(["Ann Lee", "s2"]) == "s2"
    assert index.find(["", "—"]) == ""


def test_a_merge_adds_nobody_unless_asked():
    known = [Person("ada", "Ada", "Lovelace")]
    found = [
        Person("71", "Ada", "Lovelace", "ada@example.org"),
        Person("ben", "Ben", "B"),
        Person("72", "Lovelace", "Ada"),
    ]
    merged = merge(known, found, add=False)
    assert [(p.id, p.email) for p in merged.people] == [("ada", "ada@example.org")]
    assert merged.left == (
        "Ben B (ben) is nobody in the class.",
        "Lovelace Ada (72) and Ada Lovelace (71) would both be ada.",
    )
    assert merge(known, found, add=True).added == ("ben",)


def test_the_command_makes_fills_and_lists(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "canvas.csv").write_text(CANVAS, "utf-8")
    (tmp_path / "moodle.csv").write_text(MOODLE + "New,Person,9,new@example.org\n", "utf-8")
    done = CliRunner().invoke(main, ["roster", "canvas.csv"])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(main, ["roster", "moodle.csv", "--gradebook", "sqlite:///gradebook.db"])
    assert done.exit_code == 1
    assert "New Person (9) is nobody in the class." in done.output
    people = {p.id: p for p in rosters.read(tmp_path / "students.csv").people}
    assert people["ada"].email == "ada@example.org"
    assert sorted(people) == ["73", "ada", "jo"]
    done = CliRunner().invoke(main, ["roster", "moodle.csv", "--add", "--gradebook", "sqlite:///gradebook.db"])
    assert done.exit_code == 0, done.output
    from course.reports.class_list import of_gradebook

    assert {p.id: p.email for p in of_gradebook("sqlite:///gradebook.db")} == {
        "73": "", "9": "new@example.org", "ada": "ada@example.org", "jo": "jo@example.org",
    }  # fmt: skip

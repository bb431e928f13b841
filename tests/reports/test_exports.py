"""What goes to the platforms: each table byte for byte as its golden file, the platforms' own tables filled in, feedback as a
zip.

A golden file is written anew by `COURSE_GOLDEN=1 pytest tests/reports/test_exports.py`; look at the difference before you
commit.
"""

import csv
import io
import json
import os
import re
import unicodedata
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from course import catalog
from course.cli import main
from course.errors import CourseError
from course.grading import rosters, sheets
from course.grading.rosters import Index, Person
from course.grading.sheets import Sheet
from course.reports.exports import blackboard, brightspace, canvas, gradescope, moodle
from course.reports.exports.marks import columns, kept
from course.reports.totals import Part, Total
from tests.reports.small_class import EVIL, PEOPLE, TAG, results

GOLDEN = Path(__file__).parent / "golden"
FIRST = catalog.project("01")
MODULES = {"canvas": canvas, "moodle": moodle, "blackboard": blackboard, "brightspace": brightspace}


def made_columns(titles=None, projects=("01",)):
    found = [one for project in projects for one in results(project)]
    tasks = found[1].earned_by_task()
    by_hand = tuple(
        Part(
            task,
            *points,
            given=1.5 if n == 2 else None,
            extra=0.25 if n == 3 else 0,
            comment="See me. <b>" if n == 2 else "",
        )
        for n, (task, points) in enumerate(tasks.items())
    )
    return columns(found, {("jo", "01"): Total(by_hand, taken=2.0)}, titles or {})


def same_as_golden(name, data):
    file = GOLDEN / name
    if os.environ.get("COURSE_GOLDEN"):
        file.write_bytes(data)
    assert data.decode() == file.read_bytes().decode()


@pytest.mark.parametrize("name", MODULES)
def test_fresh_tables(name):
    made = MODULES[name].fresh(PEOPLE, made_columns(projects=("01", "02") if name != "blackboard" else ("01",)), "0")
    same_as_golden(f"{name}.csv", made.sheet.bytes())
    assert made.left == []


def test_the_roster_for_gradescope():
    made = gradescope.roster([*PEOPLE, Person("nix", "No", "Address")])
    same_as_golden("gradescope.csv", made.sheet.bytes())
    assert made.left == ["nix: no address is known."]


def test_points_are_those_of_the_gradebook():
    jo = made_columns()[0].marks["jo"]
    points = [f.points for f in FIRST.functions]
    assert jo.points == points[0] + points[1] + 1.5 + 0.25 - 2.0
    assert "See me. <b>" in jo.said
    assert "Late: 2 points less." in jo.said


def rows_of(made):
    return [dict(zip(made.sheet.header, row, strict=True)) for row in made.sheet.rows[1:]]


def test_canvas_is_found_by_its_numbers_and_filled_in():
    like = Sheet(
        (
            ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Digits (9134)", "Essay (9135)", "Final Score"),
            ("    Points Possible", "", "", "", "", "100", "10", "(read only)"),
            ("Lovelace, Ada", "71", "s1", "ada@example.org", "A", "", "7", "80"),
            (unicodedata.normalize("NFD", "Müller, Jörg"), "72", "s2", "", "A", "3", "", ""),
            ("Student, Test", "99", "", "abc", "A", "", "", ""),
            ("Guest, Gus", "73", "", "gus", "A", "5", "", ""),
        ),
        delimiter=";",
    )
    made = canvas.filled(like, Index(PEOPLE), made_columns({"01": "Digits"}), "0")
    rows = rows_of(made)
    ada, jo = made_columns()[0].marks["ada"], made_columns()[0].marks["jo"]
    assert [row["Digits (9134)"] for row in rows] == ["100", ada.shown, jo.shown, "", "5"]
    assert [row["Essay (9135)"] for row in rows] == ["10", "7", "", "", ""]
    assert made.sheet.delimiter == ";"
    assert made.left == [
        "Line 6, Guest, Gus: nobody of the class; left as it was.",
        "mal has no line in the table of --like.",
        "zoe has no line in the table of --like.",
    ]


def test_a_column_that_is_not_there_is_named():
    like = Sheet((("Student", "ID", "SIS Login ID", "Section", "Essay (1)"), ("A, B", "1", "ada", "S", "")))
    with pytest.raises(CourseError) as told:
        canvas.filled(like, Index(PEOPLE), made_columns(), "0")
    assert "Essay" in told.value.problem
    assert "--column 01=NAME" in told.value.cure


def test_moodles_worksheet_keeps_what_moodle_needs_and_escapes_what_it_shows():
    header = (
        "Identifier",
        "Full name",
        "Email address",
        "Status",
        "Grade",
        "Maximum Grade",
        "Last modified (grade)",
        "Feedback comments",
    )
    like = Sheet(
        (
            header,
            ("Participant 71", "Ada Lovelace", "ada@example.org", "Submitted", "", "33.00", "-", ""),
            ("Participant 72", "Mal", "mal@example.org", "Submitted", "", "33.00", "-", ""),
            ("Participant 73", "Zoë Nobody", "zoe@example.org", "No submission", "", "33.00", "-", ""),
        )
    )
    made = moodle.filled(like, Index(PEOPLE), made_columns(), "")
    rows = rows_of(made)
    assert [row["Grade"] for row in rows] == [made_columns()[0].marks["ada"].shown, "0", ""]
    assert [row["Identifier"] for row in rows] == ["Participant 71", "Participant 72", "Participant 73"]
    with pytest.raises(CourseError):
        moodle.filled(like, Index(PEOPLE), made_columns(projects=("01", "02")), "")


def test_blackboard_as_it_comes_in_utf_16_with_tabs(tmp_path):
    lines = [
        ["Last Name", "First Name", "Username", "ex01_mnist [Total Pts: 33 Score] |664617", "Grading Notes", "Notes Format",
         "Feedback to Learner", "Feedback Format"],
        ["Lovelace", "Ada", "ada", "", "", "", "", ""],
        ["Müller", "Jörg", "jo", "2", "", "", "<p>old</p>", "HTML"],
    ]  # fmt: skip
    text = "".join("\t".join(f'"{cell}"' for cell in line) + "\r\n" for line in lines)
    file = tmp_path / "gc.xls"
    file.write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    made = blackboard.filled(sheets.read(file), Index(PEOPLE), made_columns(), "0")
    data = made.sheet.bytes()
    assert data.startswith(b"\xff\xfe")
    back = [line.split("\t") for line in data[2:].decode("utf-16-le").split("\r\n") if line]
    assert back[0][3] == '"ex01_mnist [Total Pts: 33 Score] |664617"'
    assert back[2][7] == '"PLAIN_TEXT"'
    assert "See me" in back[2][6]
    assert made.left == ["mal has no line in the table of --like.", "zoe has no line in the table of --like."]


def test_brightspace_keeps_its_signs():
    like = Sheet(
        (
            (
                "OrgDefinedId",
                "Username",
                "Digits Points Grade <Numeric MaxPoints:33 Weight:10>",
                "End-of-Line Indicator",
            ),
            ("#20067930", "#ada", "", "#"),
        )
    )
    made = brightspace.filled(like, Index(PEOPLE), made_columns({"01": "Digits"}), "0")
    assert made.sheet.rows[1] == ("#20067930", "#ada", made_columns()[0].marks["ada"].shown, "#")


hostile = st.sampled_from(
    [EVIL, TAG, "@sum(1)", "＝1+1", "-2", "\tx", 'a"b', "a,b\nc", "\x00", "é", "\ud800"]
) | st.text(max_size=9)


@given(
    st.lists(
        st.builds(Person, st.text(min_size=1, max_size=9), hostile, hostile, hostile),
        max_size=4,
        unique_by=lambda p: p.id,
    )
)
def test_nothing_is_computed_and_nothing_is_lost(people):
    for name, module in MODULES.items():
        made = module.fresh(people, made_columns(), "0")
        text = made.sheet.bytes().decode()
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert {len(row) for row in rows} == {len(rows[0])}, name
        for row in rows:
            for cell in row:
                assert not sheets.computes(cell), (name, cell)
        assert len(rows) - 1 - (name == "canvas") + len(made.left) == len(people), name


def written(folder, found):
    for module in {catalog.project(r.result.project).module for r in found}:
        own = [r.plain() for r in found if catalog.project(r.result.project).module == module]
        (folder / f"{module}.json").write_text(json.dumps(own), "utf-8")
    for r in found:
        module = catalog.project(r.result.project).module
        page = folder / r.student / module / f"{module}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"the page of {r.student}", "utf-8")


def test_results_come_back_as_they_were_written(tmp_path):
    written(tmp_path, [*results("01"), *results("04b")])
    assert [r.plain() for r in kept(tmp_path)] == [r.plain() for r in [*results("01"), *results("04b")]]
    with pytest.raises(CourseError, match="02 has not been graded"):
        kept(tmp_path, [catalog.project("02")])
    (tmp_path / "ex02_asl.json").write_text('[{"student": 3}]')
    with pytest.raises(CourseError, match="is not what"):
        kept(tmp_path, [catalog.project("02")])


def type_(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_the_command_leaves_out_what_was_not_handed_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "feedback" if (tmp_path / "feedback").mkdir() is None else tmp_path, results("01"))
    (tmp_path / "students.csv").write_bytes(rosters.csv_bytes(PEOPLE))
    done = type_("export", "--to", "canvas")
    assert done.exit_code == 0, done.output
    rows = list(csv.reader((tmp_path / "exports" / "canvas.csv").open(encoding="utf-8")))
    assert rows[0][5:] == ["ex01_mnist"]
    assert type_("export", "--to", "canvas", "--assignment", "02").exit_code == 2
    assert "takes no zip" in type_("export", "--to", "brightspace", "--pages", "x.zip").output


NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def graded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feedback").mkdir()
    written(tmp_path / "feedback", results("01"))
    (tmp_path / "students.csv").write_bytes(rosters.csv_bytes(PEOPLE))

    def pack(names):
        with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
            for name, content in names.items():
                archive.writestr(name, content)

    return pack


def read_zip(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_feedback_goes_back_to_moodle_below_the_names_it_came_with(graded):
    graded({
        "Ada Lovelace_71_assignsubmission_file/ex01_mnist.ipynb": NOTEBOOK,
        "Jörg Müller_72_assignsubmission_file/my work/mine.py": "x = 1\n",
        "Some Guest_79_assignsubmission_file/ex01_mnist.ipynb": NOTEBOOK,
    })  # fmt: skip
    done = type_("export", "--to", "moodle", "--project", "01", "--pages", "download.zip")
    assert done.exit_code == 0, done.output
    assert read_zip("exports/ex01_mnist-moodle-feedback.zip") == {
        "Ada Lovelace_71_assignsubmission_file/ex01_mnist.html": "the page of ada",
        "Jörg Müller_72_assignsubmission_file/ex01_mnist.html": "the page of jo",
    }
    assert "Some Guest is in download.zip and has no result" in done.output
    assert (
        "is not a download of Canvas but Moodle" in type_("export", "--to", "canvas", "--pages", "download.zip").output
    )


def test_feedback_goes_back_to_canvas_in_files_of_the_same_name_and_kind(graded):
    names = {
        "lovelaceada_71_9001_ex01_mnist.ipynb": NOTEBOOK,
        "müllerjörg_LATE_72_9002_my_work-1.py": "x = 1\n",
        "nobodyzoë_73_9003_report.pdf": "%PDF",
    }
    graded(names)
    done = type_("export", "--to", "canvas", "--project", "01", "--pages", "download.zip")
    assert done.exit_code == 0, done.output
    made = read_zip("exports/ex01_mnist-canvas-feedback.zip")
    assert list(made) == list(names)[:2]
    cells = json.loads(made["lovelaceada_71_9001_ex01_mnist.ipynb"])["cells"]
    assert "33 of 33 points" in "".join(cells[0]["source"])
    assert made["müllerjörg_LATE_72_9002_my_work-1.py"].endswith("\nx = 1\n")
    assert all(
        line.startswith("#") or not line for line in made["müllerjörg_LATE_72_9002_my_work-1.py"].split("\n")[:-2]
    )
    assert "zoe gets no file: nobodyzoë_73_9003_report.pdf" in done.output


# -- each platform's documented form, by readers that know nothing of our code ------------------------------------------


def canvas_takes(rows):
    """Student, ID or SIS ids, then Section; the second line names the points; scores are numbers or empty."""
    head = rows[0]
    assert head[0] == "Student"
    assert {"ID", "SIS Login ID"} <= set(head[: head.index("Section")])
    assert rows[1][0].strip() == "Points Possible"
    items = range(head.index("Section") + 1, len(head))
    return [(row[head.index("SIS Login ID")], [row[k] for k in items]) for row in rows[2:]]


def moodle_takes(rows):
    """Somebody by ID number or address; a column of numbers and one of feedback for each item, which are mapped by hand."""
    head = rows[0]
    assert {"ID number", "Email address"} <= set(head)
    real = [k for k, name in enumerate(head) if name.endswith("(Real)")]
    said = [k for k, name in enumerate(head) if name.endswith("(Feedback)")]
    assert [head[k].replace("(Real)", "(Feedback)") for k in real] == [head[k] for k in said]
    return [(row[head.index("ID number")], [row[k] for k in real]) for row in rows[1:]]


def worksheet_takes(rows):
    """Moodle's grading worksheet: Identifier, Grade and Last modified (grade) have to be there."""
    head = rows[0]
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(head)
    assert all(re.fullmatch(r"Participant \d+", row[head.index("Identifier")]) for row in rows[1:])
    return [(row[head.index("Email address")].partition("@")[0], [row[head.index("Grade")]]) for row in rows[1:]]


def blackboard_takes(rows):
    """Username finds the student; an item is a column behind it with its points in brackets."""
    head = rows[0]
    items = [k for k, name in enumerate(head) if re.search(r"\[Total Pts: [\d.]+ Score\]", name)]
    return [(row[head.index("Username")], [row[k] for k in items]) for row in rows[1:]]


def brightspace_takes(rows):
    """A user by Username or OrgDefinedId, items called "… Points Grade", # at the end of each line and no other column."""
    head = rows[0]
    keys = [k for k, name in enumerate(head) if name in ("Username", "OrgDefinedId")]
    items = [k for k, name in enumerate(head) if re.search(r" Points Grade( <.*>)?$", name)]
    assert sorted([*keys, *items]) == list(range(len(head) - 1))
    assert head[-1] == "End-of-Line Indicator"
    assert all(row[-1] == "#" for row in rows[1:])
    return [(row[head.index("Username")].lstrip("#"), [row[k] for k in items]) for row in rows[1:]]


LIKE = {
    "canvas": (("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "ex01_mnist (9134)"),
               ("    Points Possible", "", "", "", "", "33"), ("Lovelace, Ada", "71", "", "ada", "A", "")),
    "moodle": (("First name", "Last name", "ID number", "Email address", "Assignment: ex01_mnist (Real)",
                "Assignment: ex01_mnist (Feedback)"), ("Ada", "Lovelace", "ada", "ada@example.org", "-", "")),
    "worksheet": (("Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Last modified (grade)",
                   "Feedback comments"),
                  ("Participant 71", "Ada Lovelace", "ada@example.org", "", "33.00", "-", "")),
    "blackboard": (("Last Name", "First Name", "Username", "ex01_mnist [Total Pts: 33 Score] |664617"),
                   ("Lovelace", "Ada", "ada", "")),
    "brightspace": (("OrgDefinedId", "Username", "ex01_mnist Points Grade <Numeric MaxPoints:33>", "End-of-Line Indicator"),
                    ("#2006", "#ada", "", "#")),
}  # fmt: skip
TAKES = {
    "canvas": canvas_takes,
    "moodle": moodle_takes,
    "worksheet": worksheet_takes,
    "blackboard": blackboard_takes,
    "brightspace": brightspace_takes,
}


@pytest.mark.parametrize("name", LIKE)
@pytest.mark.parametrize("made", ["fresh", "filled"])
def test_a_table_has_the_form_that_the_platform_documents(name, made):
    if (name, made) == ("worksheet", "fresh"):
        pytest.skip("Moodle makes it")
    module = MODULES.get(name, moodle)
    whole = (
        module.fresh(PEOPLE, made_columns(), "0")
        if made == "fresh"
        else module.filled(Sheet(LIKE[name]), Index(PEOPLE), made_columns(), "0")
    )
    rows = list(csv.reader(io.StringIO(whole.sheet.bytes().decode(), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    read = dict(TAKES[name](rows))
    marks = made_columns()[0].marks
    assert read.keys() == ({person.id for person in PEOPLE} if made == "fresh" else {"ada"})
    for student, cells in read.items():
        assert [float(cell) for cell in cells] == [0.0 if marks[student].missing else marks[student].points]

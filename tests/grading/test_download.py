"""A learning platform's zip: who handed in what and when, for each of five forms, and nothing passed over in silence."""

import stat
import unicodedata
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from click.testing import CliRunner

from course import limits
from course.catalog import project
from course.cli import main
from course.errors import CourseError
from course.grading.attempts import Listed
from course.grading.download import read

FIRST = project("01")
NAME = FIRST.module
BOOK = f"{NAME}.ipynb"


def packed(file, *names, **contents):
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, contents.get(name, "x"))
    return file


def table(tmp_path, names, entries=(FIRST,), roster=(), contents=None, form=""):
    file = tmp_path / "download.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, (contents or {}).get(name, "x"))
    held = read(file, tmp_path / "unpacked", entries, roster)
    assert not form or held.form == form
    return held, {row.student: row for row in held.rows}


def whose(rows):
    return {student: row.name if row.file else row.problem for student, row in rows.items()}


def test_canvas(tmp_path):
    names = [
        f"lovelaceada_71_9001_{BOOK}",
        f"leea_b_LATE_72_9002_{NAME}-2.ipynb",
        "müllerjörg_73_9003_my work_final_2.ipynb",
        "kimjo_74_9004_report.pdf",
        "parkmin_75_text.html",
        f"anon_x7Tq2_9006_{NAME}.py",
        f"baimei_76_9007_{BOOK}",
        f"baimei_76_9009_{NAME}-1.ipynb",
    ]
    held, rows = table(tmp_path, names, form="Canvas")
    assert whose(rows) == {
        "lovelaceada": names[0],
        "leea_b": names[1],
        "müllerjörg": names[2],
        "kimjo": f"there is no {NAME}.ipynb and no {NAME}.py, only report.pdf",
        "parkmin": f"there is no {NAME}.ipynb and no {NAME}.py, only text.html",
        "anon_x7Tq2": names[5],
        "baimei": names[7],
    }
    assert "late" in rows["leea_b"].note
    assert "came last" in rows["baimei"].note
    assert not rows["lovelaceada"].note
    assert held.left == ()


@pytest.mark.parametrize("between", ["/", "_/", "_"])
def test_moodle(tmp_path, between):
    names = [
        f"Ada Lovelace_71_assignsubmission_file{between}{BOOK}",
        f"A_B Lee_72_assignsubmission_file{between}work_of_week_1.ipynb",
        "Jo Kim_73_assignsubmission_onlinetext/onlinetext.html",
        f"Participant_74_assignsubmission_file{between}{NAME}.py",
        f"Anna Schmidt_75_assignsubmission_file{between}{BOOK}",
        f"Anna Schmidt_76_assignsubmission_file{between}{BOOK}",
    ]
    held, rows = table(tmp_path, [*names, "moodle-grades.csv", "desktop.ini", "README.txt"], form="Moodle")
    assert whose(rows) == {
        "Ada Lovelace": names[0],
        "A_B Lee": names[1],
        "Jo Kim": f"there is no {NAME}.ipynb and no {NAME}.py, only onlinetext.html",
        "Participant 74": names[3],
        "Anna Schmidt (75)": names[4],
        "Anna Schmidt (76)": names[5],
    }
    assert held.left == ()


def receipt(user, name):
    return f"Name: {name} ({user})\nAssignment: Digits week 1\nDate Submitted: Friday, 27 November 2026 10:22:33 o'clock CET\n"


def test_blackboard(tmp_path):
    front = "Digits_week_1"
    one, two = f"{front}_alovelace_attempt_2026-11-27-10-22-33", f"{front}_a_b_lee_attempt_2026-11-20-09-00-00"
    three, four = f"{front}_a_b_lee_attempt_2026-11-28-23-59-59", f"{front}_jkim_attempt_2026-11-27-10-00-00"
    five, six = f"{front}_mpark_Versuch_2026-11-27-10-00-00", f"{front}_mpark_Versuch_2026-11-29-10-00-00"
    names = [f"{one}.txt", f"{one}_{BOOK}", f"{two}.txt", f"{two}_{BOOK}", f"{three}.txt", f"{three}_my_work.ipynb"]
    names += [f"{four}.txt", f"{five}_{BOOK}", f"{six}_notes.pdf"]
    told = {
        names[0]: receipt("alovelace", "Ada Lovelace"),
        names[2]: receipt("a_b_lee", "A B Lee"),
        names[4]: receipt("a_b_lee", "A B Lee"),
        names[6]: receipt("jkim", "Jo Kim"),
    }
    held, rows = table(tmp_path, names, contents=told, form="Blackboard")
    assert whose(rows) == {
        "alovelace": names[1],
        "a_b_lee": names[5],
        "jkim": f"there is no {NAME}.ipynb and no {NAME}.py, only {four}.txt",
        "mpark": names[7],
    }
    by_name = {one.student: one for one in held.table}
    assert by_name["a_b_lee"].when == datetime(2026, 11, 28, 23, 59, 59)
    assert rows["a_b_lee"].note == "Of 2 attempts that of 2026-11-28 23:59 counts, the last one."
    assert "the last one, of 2026-11-29 10:00, holds only notes.pdf" in rows["mpark"].note
    assert rows["alovelace"].file.with_name("timestamp.txt").read_text().startswith("2026-11-27 10:22:33")
    assert held.left == ()


def test_blackboard_without_receipts_takes_what_the_roster_or_the_others_say(tmp_path):
    names = [f"Digits_1_{user}_attempt_2026-11-27-10-00-00_{BOOK}" for user in ("a_b_lee", "kim")]
    _, rows = table(tmp_path, names, roster=[Listed("a_b_lee"), Listed("kim")])
    assert whose(rows) == {"a_b_lee": names[0], "kim": names[1]}
    _, rows = table(tmp_path / "2", names) if (tmp_path / "2").mkdir() is None else (None, {})
    assert whose(rows) == {"lee": names[0], "kim": names[1]}
    assert "receipt is missing" in rows["lee"].note


@pytest.mark.parametrize("between", ["/", " - "])
def test_brightspace(tmp_path, between):
    names = [
        f"39786-640693 - Ada Lovelace - Nov 27, 2026 1022 AM{between}{BOOK}",
        f"39787-640694 - Ada Lovelace - Nov 27, 2026 1101 PM{between}{BOOK}",
        f"39788-640695 - Anna - Lena Lee - 27 November, 2026 9:05 AM{between}my work.ipynb",
        f"39789-640696 - Jo Kim - Nov 27, 2026 1022 AM{between}report.docx",
    ]
    root = "Digits Download Nov 30, 2026 100 PM/" if between == "/" else ""
    held, rows = table(tmp_path, [root + name for name in names] + [f"{root}index.html"], form="Brightspace")
    assert whose(rows) == {
        "Ada Lovelace": root + names[1],
        "Anna - Lena Lee": root + names[2],
        "Jo Kim": f"there is no {NAME}.ipynb and no {NAME}.py, only report.docx",
    }
    when = {one.student: one.when for one in held.table}
    assert when["Ada Lovelace"] == datetime(2026, 11, 27, 23, 1)
    assert when["Anna - Lena Lee"] == datetime(2026, 11, 27, 9, 5)
    assert "Of 2 attempts" in rows["Ada Lovelace"].note
    assert held.left == ()


METADATA = """
submission_1:
  :submitters:
  - {":name": Ada Lovelace, ":sid": '71', ":email": ada@example.org}
  - {":name": A_B Lee, ":sid": '72', ":email": lee@example.org}
  :created_at: 2026-11-27 10:22:33.363823000 Z
  :history:
  - {":id": 99, ":created_at": 2026-11-20 10:22:33.363823000 Z}
submission_2:
  :submitters:
  - :name: Jo Kim
  :created_at: 2026-11-28 10:22:33.363823000 Z
"""


def test_gradescope(tmp_path):
    root = "assignment_9_export/"
    names = [f"{root}submission_1/exercises/{NAME}.py", f"{root}submission_1/exercises/helpers.py"]
    names += [
        f"{root}submission_1/graders/test_01_mnist.py",
        f"{root}submission_2/{BOOK}",
        f"{root}submission_3/{BOOK}",
    ]
    own = f"{root}submission_metadata.yml"
    held, rows = table(tmp_path, [*names, own], contents={own: METADATA}, form="Gradescope")
    assert whose(rows) == {
        "Ada Lovelace": names[0],
        "A_B Lee": names[0],
        "Jo Kim": names[3],
        "submission_3": names[4],
    }
    assert (rows["Ada Lovelace"].folder / NAME / "helpers.py").is_file()
    assert "does not say whose submission_3 is" in rows["submission_3"].note
    assert rows["Jo Kim"].file.with_name("timestamp.txt").read_text() == "2026-11-28 10:22:33.363823+00:00"
    assert held.left == ()


@pytest.mark.parametrize("root", ["", "submitted/", "download/"])
def test_a_folder_of_submissions_in_a_zip(tmp_path, root):
    names = [f"{root}ada/{NAME}/{BOOK}", f"{root}ada/{NAME}/timestamp.txt", f"{root}ben.py", f"{root}cleo/any.ipynb"]
    _, rows = table(tmp_path, [*names, f"{root}desktop.ini"], contents={names[1]: "2026-11-27 10:00:00 UTC"})
    assert whose(rows) == {"ada": names[0], "ben": names[2], "cleo": names[3]}
    assert rows["ada"].file.with_name("timestamp.txt").read_text() == "2026-11-27 10:00:00 UTC"


def test_the_projects_are_known_by_the_files_or_must_be_named(tmp_path):
    names = [f"lovelaceada_71_9001_{BOOK}", "leeb_72_9002_ex02_asl.py", "leeb_72_9003_ex01_mnist.py"]
    held, _ = table(tmp_path, names, entries=())
    assert [(row.project, row.student, row.name) for row in held.rows] == [
        ("01", "leeb", names[2]),
        ("01", "lovelaceada", names[0]),
        ("02", "leeb", names[1]),
        ("02", "lovelaceada", ""),
    ]
    with pytest.raises(CourseError, match="--project"):
        table(tmp_path, ["lovelaceada_71_9001_work.ipynb"], entries=())


def test_whom_the_roster_knows_gets_the_rosters_id(tmp_path):
    roster = [
        Listed("s1", ("Ada Lovelace", "Lovelace Ada", "ada@example.org", "ada")),
        Listed("s2", ("Jörg Müller", "Müller Jörg")),
        Listed("s3", ("Bo Li", "Li Bo")),
        Listed("s4", ("Bo Li", "Li Bo")),
        Listed("s5", ("Zoe Ng", "Ng Zoe")),
    ]
    nfd = unicodedata.normalize("NFD", "müllerjörg")
    names = [f"lovelaceada_71_1_{BOOK}", f"{nfd}_72_2_{BOOK}", f"libo_73_3_{BOOK}", f"foxkit_74_4_{BOOK}"]
    _, rows = table(tmp_path, names, roster=roster)
    assert {student for student, row in rows.items() if row.file} == {"s1", "s2", "libo", "foxkit"}
    assert {student for student, row in rows.items() if not row.file} == {"s3", "s4", "s5"}
    assert "knows nobody, or several" in rows["libo"].note
    assert "knows nobody" in rows["foxkit"].note


def test_what_is_nobodys_is_said(tmp_path):
    names = [f"lovelaceada_71_1_{BOOK}", f"leeb_72_2_{BOOK}", f"{NAME}_of_whom.ipynb"]
    held, _ = table(tmp_path, [*names, "__MACOSX/._x", ".DS_Store"])
    assert held.left == (f"{names[2]} is nobody's: its name has not the form of Canvas.",)


def test_a_students_own_zip_is_opened(tmp_path):
    inner, bad = tmp_path / "inner.zip", b"PK not a zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(f"my project/{BOOK}", "x")
        archive.writestr("my project/helpers.py", "y = 1")
        archive.writestr("../../evil.py", "x")
        archive.writestr("__MACOSX/my project/._x.ipynb", "x")
    names = ["lovelaceada_71_1_work.zip", "leeb_72_2_work.zip", "kim_73_3_work.rar"]
    _, rows = table(tmp_path, names, contents={names[0]: inner.read_bytes(), names[1]: bad})
    row = rows["lovelaceada"]
    assert row.name == f"work.zip: my project/{BOOK}"
    assert row.file.with_name("helpers.py").read_text() == "y = 1"
    assert "Unpacked from work.zip" in row.note
    assert "no whole zip" in rows["leeb"].problem
    assert "only work.rar" in rows["kim"].problem
    assert not list(tmp_path.rglob("evil.py"))


def member(name, mode=0, flag=0, system=3):
    info = zipfile.ZipInfo(name)
    info.external_attr, info.create_system = mode << 16, system
    info.flag_bits |= flag
    return info


def test_what_could_do_harm_is_not_unpacked_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "OUTPUT_BYTES", 10_000)
    file = tmp_path / "download.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member(f"a_1_1_{BOOK}", stat.S_IFLNK | 0o777), "/etc/passwd")
        archive.writestr(f"b_2_2_{BOOK}", b"0" * 1_000_000)
        archive.writestr("../../outside.py", "x")
        archive.writestr("/etc/cron.py", "x")
        archive.writestr("C:\\x.py", "x")
        archive.writestr(f"c_3_3_{BOOK}", "right")
        archive.writestr(f"d_4_4_{BOOK}", "damaged " * 50)
    content = file.read_bytes()
    at = content.index(f"d_4_4_{BOOK}".encode()) + len(f"d_4_4_{BOOK}")
    file.write_bytes(content[: at + 3] + b"\xff\xff" + content[at + 5 :])
    held = read(file, tmp_path / "unpacked", [FIRST])
    rows = {row.student: row for row in held.rows}
    assert rows["c"].file.read_text() == "right"
    assert "it is a link" in rows["a"].problem
    assert "1 MB" in rows["b"].problem
    assert "damaged" in rows["d"].problem
    assert len(held.left) == 3
    assert all("is nobody's" in sentence for sentence in held.left)
    inside = [path for path in (tmp_path / "unpacked").rglob("*") if path.is_file()]
    assert {path.suffix for path in inside} <= {".ipynb", ".ipynb (not unpacked)"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["download.zip", "unpacked"]


def test_a_zip_that_lies_about_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "OUTPUT_BYTES", 1_000)
    file = packed(tmp_path / "download.zip")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"a_1_1_{BOOK}", b"0" * 100_000)
    content = bytearray(file.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(signature) + offset
        content[at : at + 4] = (500).to_bytes(4, "little")
    file.write_bytes(content)
    (row,) = read(file, tmp_path / "unpacked", [FIRST]).rows
    assert row.file is None
    assert "not unpacked" in row.problem


def test_too_much_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", 100)
    with pytest.raises(CourseError, match="more than the"):
        table(tmp_path, [f"a_1_1_{BOOK}"], contents={f"a_1_1_{BOOK}": "x" * 101})
    monkeypatch.setattr(limits, "ARCHIVE_FILES", 1)
    with pytest.raises(CourseError, match="holds 2 files"):
        table(tmp_path, [f"a_1_1_{BOOK}", f"b_2_1_{BOOK}"])


def test_a_password(tmp_path):
    file = packed(tmp_path / "download.zip", f"a_1_1_{BOOK}")
    content = bytearray(file.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    file.write_bytes(content)
    (row,) = read(file, tmp_path / "unpacked", [FIRST]).rows
    assert "it needs a password" in row.problem


@pytest.mark.parametrize("written", ["utf-8 without saying so", "cp437", "decomposed"])
def test_names_in_any_encoding_are_one_student(tmp_path, written):
    name = "Jörg Müller_71_assignsubmission_file"
    file = tmp_path / "download.zip"
    shown = unicodedata.normalize("NFD", name) if written == "decomposed" else name
    raw = f"{shown}/{BOOK}".encode("cp437" if written == "cp437" else "utf-8")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("_" * len(raw) if written != "decomposed" else f"{shown}/{BOOK}", "x")
    file.write_bytes(file.read_bytes().replace(b"_" * len(raw), raw))
    held = read(file, tmp_path / "unpacked", [FIRST], [Listed("Jörg Müller")])
    assert [(row.student, bool(row.file)) for row in held.rows] == [("Jörg Müller", True)]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off"])
def test_no_zip(tmp_path, content):
    (tmp_path / "download.zip").write_bytes(content)
    with pytest.raises(CourseError, match="no whole zip"):
        read(tmp_path / "download.zip", tmp_path / "unpacked", [FIRST])


def test_an_empty_zip(tmp_path):
    with pytest.raises(CourseError, match=r"nothing in download\.zip"):
        table(tmp_path, [])


def test_the_table_is_for_a_spreadsheet(tmp_path):
    held, _ = table(tmp_path, ["=1+1_LATE_71_1_ex01_mnist.ipynb", "=1+1_LATE_71_2_notes.txt", f"b_2_2_{BOOK}"])
    lines = held.csv_text().splitlines()
    assert lines[0].startswith('"student","handed in","late"')
    assert lines[1].startswith('"\'=1+1","","late","1","\'=1+1_LATE_71_1_ex01_mnist.ipynb","notes.txt"')


def grade(*arguments):
    return CliRunner().invoke(main, ["grade", *map(str, arguments), "--isolation", "process"])


def test_course_grade_takes_the_zip_and_its_status_says_what_was_left(tmp_path, monkeypatch):
    # nothing of these needs a process
    monkeypatch.setattr("course.grading.classroom.local_processes", ThreadPoolExecutor)
    names = ["leea_b_LATE_72_9002_ex04b_deployment-1.ipynb", "kimjo_74_9004_report.pdf"]
    file = packed(tmp_path / "download.zip", *names)
    done = grade(file, "--jobs", "1", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "download.zip: Canvas" in done.output
    assert "leea_b" in done.output
    assert "not JSON" in done.output
    assert "only report.pdf" in done.output
    assert '"leea_b","","late"' in (tmp_path / "out" / "handed-in.csv").read_text()
    packed(file, *names, "no form at all.ipynb")
    done = grade(file, "--jobs", "1", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "no form at all.ipynb is nobody's" in done.output
    assert "There is no file none.zip" in grade(tmp_path / "none.zip").output
    (tmp_path / "bad.zip").write_bytes(b"x")
    assert grade(tmp_path / "bad.zip").exit_code == 2

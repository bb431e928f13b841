"""The gradebook on a real PostgreSQL server, and what an instructor reads when it cannot be reached.

COURSE_POSTGRES is the URL of a server on which databases may be made and dropped: .ci/run starts one, `.ci/postgres start` as well.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
from dataclasses import replace

import pytest
from click.testing import CliRunner

from course import paths
from course.checks.failure import Failure
from course.cli import main
from course.errors import CourseError
from course.reports import gradebook
from tests.reports.test_gradebook import ENTRY, exported, result

SERVER = os.environ.get("COURSE_POSTGRES", "")
WHOLE = float(ENTRY.points)


def _why_not() -> str:
    if not SERVER:
        return "no PostgreSQL server: COURSE_POSTGRES does not name one"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "no driver of PostgreSQL: pip install -e '.[postgres]'"
    return ""


needs_server = pytest.mark.skipif(bool(_why_not()), reason=_why_not())


def engine(url):
    from sqlalchemy import create_engine

    return create_engine(url, isolation_level="AUTOCOMMIT")


def execute(url, *statements):
    from sqlalchemy import text

    used = engine(url)
    with used.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    used.dispose()


def url_of(name="", **parts):
    """COURSE_POSTGRES with another database, or with another user or password."""
    from sqlalchemy import make_url

    url = make_url(SERVER)
    return (url.set(database=name, **parts) if name else url.set(**parts)).render_as_string(hide_password=False)


@pytest.fixture
def url():
    """The URL of a new, empty database."""
    name = f"course_{uuid.uuid4().hex[:12]}"
    execute(SERVER, f"CREATE DATABASE {name}")
    yield url_of(name)
    execute(SERVER, f"DROP DATABASE {name} WITH (FORCE)")


@needs_server
def test_points_arrive_can_be_written_again_and_those_given_by_hand_stay(url, tmp_path):
    from nbgrader.api import Gradebook

    rows = [result("ada", 4), result("ben", 2), result("dan", 0, "broken"), result("finn", 0, "missing", file="")]
    assert gradebook.write(url, rows) == 3
    two = float(sum(f.points for f in ENTRY.functions[:2]))
    assert exported(url, tmp_path) == {
        "ada": (WHOLE, WHOLE),
        "ben": (two, WHOLE),
        "dan": (0.0, WHOLE),
        "finn": (0.0, WHOLE),
    }
    with Gradebook(url) as book:
        book.find_grade("check_preprocess", ENTRY.module, ENTRY.module, "dan").manual_score = 3.0
        book.db.commit()
    assert gradebook.write(url, [result("ben", 4), result("dan", 1)]) == 2
    scores = exported(url, tmp_path)
    assert scores["ben"] == (WHOLE, WHOLE)
    assert scores["dan"][0] == ENTRY.functions[0].points + 3.0
    assert gradebook.students(url) == ["ada", "ben", "dan", "finn"]


@needs_server
def test_the_total_and_its_parts_are_those_of_the_export(url, tmp_path, monkeypatch):
    """By hand, extra credit, a comment, a due date, an extension and a penalty, as on SQLite."""
    from datetime import UTC, datetime, timedelta

    from nbgrader.api import Gradebook

    from course.grading import rules
    from course.reports import late

    due = datetime(2026, 11, 20, 12, tzinfo=UTC)
    own = rules.ProjectRules(due, penalty=rules.Share(10, True))
    extended = {"ben": {"04b": due + timedelta(days=3)}}
    found = rules.Rules(projects={"04b": own}, extensions=extended, file=tmp_path / "course.toml")
    monkeypatch.setattr(rules, "current", lambda: found)
    rows = [result("ada", 4), result("ben", 4), result("finn", 0, "missing", file="")]
    gradebook.write(url, rows)
    with Gradebook(url) as book:
        for student in ("ada", "ben"):
            book.find_submission(ENTRY.module, student).timestamp = datetime(2026, 11, 21)
        book.find_grade("check_preprocess", ENTRY.module, ENTRY.module, "ada").manual_score = 2.5
        book.find_grade("check_preprocess", ENTRY.module, ENTRY.module, "ada").extra_credit = 1.0
        book.find_comment("preprocess", ENTRY.module, ENTRY.module, "ada").manual_comment = "źle"
        book.db.commit()
    late.settle(url, [ENTRY], found)
    totals = gradebook.totals(url, rows)
    assert {student: total.earned for (student, _), total in totals.items()} == {
        student: pytest.approx(score) for student, (score, _) in exported(url, tmp_path).items()
    }
    raw = WHOLE - ENTRY.function("preprocess").points + 3.5
    assert (totals["ada", "04b"].raw, totals["ada", "04b"].taken) == (raw, round(raw / 10, 2))
    assert totals["ada", "04b"].of("preprocess").comment == "źle"
    assert (totals["ben", "04b"].earned, totals["ben", "04b"].extension) == (WHOLE, timedelta(days=3))


@needs_server
def test_what_postgres_cannot_hold_stops_nobody(url, tmp_path):
    """NUL and lone halves of UTF-16 pairs in what a check says, and a name that is longer than nbgrader's column."""
    evil = result("ada", 0)
    checks = tuple(replace(c, failure=Failure("condition", "a\0b\ud800c")) for c in evil.result.checks)
    rows = [
        replace(evil, result=replace(evil.result, checks=checks)),
        result("x" * 129, 4),
        result("O'Neil; DROP TABLE student", 4),
        result("źdźbło 学生", 4, "r\0"),
    ]
    with pytest.raises(CourseError, match="128 characters"):
        gradebook.write(url, rows)
    assert set(exported(url, tmp_path)) == {"ada", "O'Neil; DROP TABLE student", "źdźbło 学生"}


@needs_server
@pytest.mark.slow
def test_course_grade_and_nbgrader_work_on_the_same_url(url, tmp_path):
    """`course grade --gradebook URL`, then nbgrader's own autograde and export with that URL as c.CourseDirectory.db_url."""
    submitted = tmp_path / "submitted"
    release = paths.ROOT / "release" / ENTRY.module / f"{ENTRY.module}.ipynb"
    (submitted / "dan" / ENTRY.module).mkdir(parents=True)
    (submitted / "dan" / ENTRY.module / release.name).write_text('{"cells": [')
    arguments = [str(submitted), "--project", "04b", "--jobs", "1", "--out", str(tmp_path / "out"), "--gradebook", url]
    done = CliRunner().invoke(main, ["grade", "--isolation", "process", *arguments])
    assert done.exit_code == 0, done.output
    assert "1 submission written to the gradebook" in done.output

    (submitted / "ada" / ENTRY.module).mkdir(parents=True)
    shutil.copy(release, submitted / "ada" / ENTRY.module)
    shutil.copy(paths.ROOT / "nbgrader_config.py", tmp_path)
    with (tmp_path / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
    shutil.copytree(paths.ROOT / "source" / ENTRY.module, tmp_path / "source" / ENTRY.module)
    for command in (["autograde", ENTRY.module, "--student", "ada"], ["export"]):
        run = [sys.executable, "-m", "nbgrader", *command]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    with (tmp_path / "grades.csv").open() as file:
        scores = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    assert scores == {"ada": (0.0, WHOLE), "dan": (0.0, WHOLE)}
    assert not (tmp_path / "gradebook.db").exists()
    book = json.loads((tmp_path / "autograded" / "ada" / ENTRY.module / release.name).read_text("utf-8"))
    assert any(cell.get("outputs") for cell in book["cells"])


ASSISTANT = """
import sys
from course.reports import gradebook
from tests.reports.test_gradebook import result
url, name = sys.argv[1:]
rows = [result(f"{name}{number}", number % 5) for number in range(20)]
print("begins", flush=True)
print(gradebook.write(url, rows), flush=True)
"""


@needs_server
@pytest.mark.slow
def test_two_assistants_write_at_once_and_one_is_killed(url, tmp_path):
    """Each has a part of the class. Whoever is killed grades again; nothing is lost, nothing doubled, and the other is unharmed."""
    chance = random.Random(1)

    def assistant(name):
        command = [sys.executable, "-c", ASSISTANT, url, name]
        return subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, text=True)

    for _ in range(int(os.environ.get("COURSE_KILLS", "2"))):
        spared, killed = assistant("a"), assistant("b")
        assert killed.stdout.readline() == "begins\n"
        time.sleep(chance.uniform(0, 1.0))
        killed.kill()
        killed.communicate()
        again = assistant("b")
        assert spared.communicate(timeout=120)[0].split()[-1] == "20"
        assert again.communicate(timeout=120)[0].split()[-1] == "20"
    points = [float(sum(f.points for f in ENTRY.functions[: number % 5])) for number in range(20)]
    assert exported(url, tmp_path) == {f"{name}{n}": (points[n], WHOLE) for name in "ab" for n in range(20)}


# -- what is said when it does not work -------------------------------------------------------------------------------


def refused(url):
    with pytest.raises(CourseError) as caught:
        gradebook.students(url)
    return caught.value


@needs_server
def test_a_wrong_password_a_missing_database_and_missing_rights(url):
    from sqlalchemy import make_url

    fault = refused(url_of(password="wr0ng-Secret"))
    assert "password authentication failed" in fault.problem
    assert "%40" in fault.cure
    assert "wr0ng-Secret" not in str(fault)
    assert "createdb" in refused(url_of("course_not_there")).cure
    name = f"u{uuid.uuid4().hex[:8]}"
    execute(url, f"CREATE ROLE {name} LOGIN PASSWORD 'pw{name}'")
    try:
        fault = refused(url_of(make_url(url).database, username=name, password=f"pw{name}"))
        assert "OWNER" in fault.cure  # since PostgreSQL 15 only the owner of a database may make tables in it
    finally:
        execute(url, f"DROP ROLE {name}")


@needs_server
def test_the_password_may_come_from_the_environment(url, monkeypatch):
    from sqlalchemy import make_url

    monkeypatch.setenv("PGPASSWORD", str(make_url(url).password))
    assert gradebook.students(make_url(url)._replace(password=None).render_as_string()) == []


@needs_server
def test_a_connection_that_ends_is_no_traceback(url, monkeypatch):
    """The server goes away between two students."""
    from sqlalchemy import make_url

    database, written = make_url(url).database, []

    def lose_it(book, result, name):
        written.append(result.student)
        if len(written) == 2:
            ours = f"pid <> pg_backend_pid() AND datname = '{database}'"
            execute(SERVER, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
        really(book, result, name)

    really = gradebook._submission
    monkeypatch.setattr(gradebook, "_submission", lose_it)
    with pytest.raises(CourseError, match="failed while it was used") as caught:
        gradebook.write(url, [result("ada", 4), result("ben", 4)])
    assert str(make_url(url).password) not in str(caught.value)
    assert "Is the server running" in caught.value.cure
    monkeypatch.undo()
    assert gradebook.write(url, [result("ada", 4), result("ben", 4)]) == 2  # and the next time all is written


SECRETS = [
    ("postgresql://ada:s3cret@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
    ("postgresql://ada:s3%40cret@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
    ("postgresql://ada:s3@cret@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
    ("postgresql://ada:s3/cret@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
    ("postgresql://ada@127.0.0.1:1/x?password=s3cret", "postgresql://ada@127.0.0.1:1/x?password=***"),
    ("postgres://ada:s3cret@h/x", "postgres://ada:***@h/x"),
    ("postgresql://ada:s3cret@h:abc/x", "postgresql://ada:***@h:abc/x"),
    ("postgresql://ada:s3cret", "postgresql://ada:***"),
    ("ada:s3cret@h/x", "ada:***@h/x"),
]


@pytest.mark.parametrize(("url", "shown"), SECRETS)
def test_no_password_on_the_screen(url, shown):
    fault = refused(url)
    assert f"The gradebook {shown} cannot be opened" in fault.problem
    assert "cret" not in str(fault)
    assert fault.cure


def test_a_missing_driver_says_how_it_is_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    fault = refused("postgresql://ada:s3cret@h/x")
    assert "[postgres]" in fault.cure


def test_a_server_that_is_not_there():
    pytest.importorskip("psycopg", reason="no driver of PostgreSQL: pip install -e '.[postgres]'")
    assert "Is the server running" in refused("postgresql://ada:s3cret@127.0.0.1:1/x").cure

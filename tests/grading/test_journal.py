"""A batch that is ended in any way: nothing is lost, nothing is graded twice, and what would take points from somebody is said."""

import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from cheap_class import ENTRY, NAME, PICTURE, grade, hand_in

from course import paths
from course.checks.check import checks_of
from course.errors import CourseError
from course.grading.basis import basis, changes, course_files, graders
from course.grading.journal import NAME as JOURNAL
from course.grading.journal import Journal
from course.grading.judge import Job, judge
from course.grading.packed import bare, pack, unpack, verdict, verdict_bytes
from course.grading.submissions import Submission, find

POINTS = [check.points for check in checks_of(ENTRY)]


def earned(folder):
    with (folder / "out" / f"{NAME}.csv").open() as file:
        return {row["student"]: float(row["earned"]) for row in csv.DictReader(file)}


def points(right):
    return float(sum(POINTS[:right]))


def test_the_second_run_grades_nothing_and_says_the_same(cheap, tmp_path):
    hand_in(tmp_path / "submitted", ada=3, ben=1, cleo=5)
    assert grade(tmp_path).exit_code == 0
    first = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*.*") if p.suffix in (".csv", ".html", ".md")}
    assert sorted(cheap.done) == ["ada", "ben", "cleo"]
    done = grade(tmp_path)
    assert "3 submissions of 3 known" in done.output
    assert sorted(cheap.done) == ["ada", "ben", "cleo"]
    assert {p: p.read_bytes() for p in first} == first


def test_what_has_changed_is_graded_again_and_nothing_else(cheap, tmp_path):
    hand_in(tmp_path / "submitted", ada=3, ben=1)
    grade(tmp_path)
    hand_in(tmp_path / "submitted", ben=4)
    grade(tmp_path)
    assert sorted(cheap.done) == ["ada", "ben", "ben"]
    assert earned(tmp_path) == {"ada": points(3), "ben": points(4)}
    (tmp_path / "submitted" / "ada" / NAME / "helpers.py").write_text("x = 1\n")
    grade(tmp_path)
    assert cheap.done[-1:] == ["ada"]
    grade(tmp_path, "--seed", "7")
    assert sorted(cheap.done[-2:]) == ["ada", "ben"]


def test_a_verdict_rests_on_the_projects_own_checks_and_on_no_others():
    own = graders("04b")
    assert {"graders/test_04b_deployment.py", "solutions/ex04b_deployment.py", "graders/kit/camera.py"} <= own.keys()
    assert "graders/kit/worker/pictures.py" in own  # the kits of its kits as well
    assert not [name for name in own if "06" in name or "language" in name]
    code = course_files()
    assert {"course/checks/run.py", "course/grading/judge.py", "course/wall/jail.py", "course/limits.py"} <= code.keys()
    assert not [name for name in code if name.startswith(("course/cli", "course/reports", "course/authoring"))]


def test_a_basis_changes_with_all_that_a_verdict_rests_on(tmp_path):
    hand_in(tmp_path, ada=1)
    one = find(tmp_path, [ENTRY])[0]
    first = basis(Job(one, isolation="process"))
    assert first is not None
    others = [
        basis(Job(one, isolation="process", seed=7)),
        basis(Job(one, isolation="wall")),
        basis(Job(one, call_seconds=5.0, isolation="process")),
    ]
    assert len({first.key, *(other.key for other in others if other)}) == 4
    assert changes(first, others[0])[0] == "seed (was 0, is 7)"
    hand_in(tmp_path, ada=2)
    now = basis(Job(one, isolation="process"))
    assert changes(first, now) == [f"the submission ({NAME}.py)"]
    assert type(first).from_plain(json.loads(json.dumps(first.plain()))).key == first.key
    assert basis(Job(Submission("ada", "04b", None))) is None


def test_another_projects_file_counts_where_it_is_mentioned(tmp_path):
    for text, counts in (("1\n", False), ("from exercises.ex03_cnn import build_model\n", True)):
        hand_in(tmp_path, ada=1)
        (tmp_path / "ada" / NAME / f"{NAME}.py").write_text(text)
        other = tmp_path / "ada" / "ex03_cnn" / "ex03_cnn.py"
        other.parent.mkdir(exist_ok=True)
        keys = set()
        for content in ("x = 1", "x = 2"):
            other.write_text(content)
            keys.add(basis(Job(find(tmp_path, [ENTRY])[0])).key)
        assert len(keys) == 1 + counts


def test_a_result_is_the_same_after_the_journal(cheap, tmp_path):
    hand_in(tmp_path, ada=3)
    job = Job(find(tmp_path, [ENTRY])[0], isolation="process")
    result = cheap(job)
    result = replace(result, result=replace(result.result, bonuses=result.result.checks[:1]))
    assert unpack(pack(result)) == result
    assert result.result.checks[0].attachments == (PICTURE,)
    assert not any(check.attachments for check in bare(result).result.results)
    assert "seconds" not in json.dumps(verdict(result))
    other = cheap(job).result.checks
    assert other[0].seconds != result.result.checks[0].seconds
    again = replace(result, result=replace(result.result, checks=other, bonuses=other[:1]))
    assert verdict_bytes(verdict(again)) == verdict_bytes(verdict(result))
    with pytest.raises(ValueError, match="no result"):
        unpack(b"x")


KILLS, CLASS = 20, 12
STOPS = int(os.environ.get("COURSE_STOPS", "4"))  # Ctrl-C in a part of a class: COURSE_STOPS=30 takes two minutes


def test_kills_lose_nothing_and_double_nothing(cheap, tmp_path):
    """The whole command in a fork of this process, ended by SIGKILL at random moments."""
    chance = random.Random(20)
    right = {f"s{k:02}": chance.randrange(len(POINTS)) for k in range(CLASS)}
    hand_in(tmp_path / "submitted", **right)
    book = ("--seed", "7", "--gradebook", f"sqlite:///{tmp_path}/gradebook.db", "--autograded", tmp_path / "autograded")
    grade(tmp_path, "--student", "s00", *book)  # what is imported once is not paid for by each of the forks
    log = tmp_path / "judged"
    began = time.monotonic()
    fork_and_wait(log, lambda: grade(tmp_path, "--seed", "7", "--out", tmp_path / "unbroken"))
    unbroken = (tmp_path / "unbroken" / f"{NAME}.csv").read_text()
    whole = time.monotonic() - began
    log.unlink()
    kills = 0
    while (
        kills < KILLS
    ):  # the moment is a part of a whole run; a run that is short by then has come through, and the next one is tried
        kills += fork_and_wait(log, lambda: grade(tmp_path, *book), chance.uniform(0, whole / 2)) == -signal.SIGKILL
    assert fork_and_wait(log, lambda: grade(tmp_path, *book)) == 0
    wanted = {student: points(number) for student, number in right.items()}
    assert earned(tmp_path) == wanted
    assert (tmp_path / "out" / f"{NAME}.csv").read_text() == unbroken
    assert graded_by(tmp_path / "gradebook.db") == wanted
    assert {p.name for p in (tmp_path / "out").iterdir() if p.is_dir()} == {*right, "receipts"}
    with sqlite3.connect(tmp_path / "out" / JOURNAL) as base:
        assert base.execute("SELECT count(*), count(DISTINCT student) FROM row").fetchone() == (CLASS, CLASS)
        assert base.execute("SELECT count(*) FROM verdict").fetchone() == (CLASS,)
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    # every verdict in the journal was made once: what a kill took was not in it
    kept = [line for line in log.read_text().splitlines() if line.startswith("kept ")]
    assert len(kept) == len(set(kept)) < CLASS
    before = log.read_text()
    assert fork_and_wait(log, lambda: grade(tmp_path, *book)) == 0
    assert log.read_text() == before  # and now there is nothing left to grade


def fork_and_wait(log, action, seconds=None, by=signal.SIGKILL):
    """Run it in a fork, end that after so many seconds; returns the status. Verdicts that are kept are noted in `log`."""
    signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT}
    )  # in the fork, Ctrl-C outside `try` would end this test run
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            keep = Journal.keep

            def noted(self, key, result, seconds):
                keep(self, key, result, seconds)
                with log.open("a") as file:
                    file.write(f"kept {key}\n")

            Journal.keep = noted
            done = action()
            (log.parent / "said").write_text(done.output)
            status = done.exit_code
        finally:
            os._exit(status)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    end = time.monotonic() + seconds if seconds is not None else None
    while end is None or time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG if end else 0)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(pid, by)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.slow
def test_ctrl_c_in_a_part_of_a_class_touches_nobody_else_and_loses_nothing(cheap, tmp_path):
    """Somebody stops a grading of five of twelve, by name or by what has changed, at random moments."""
    chance = random.Random(23)
    right = {f"s{k:02}": chance.randrange(len(POINTS)) for k in range(CLASS)}
    asked = sorted(right)[:5]
    by_name = [word for name in asked for word in ("--student", name)]
    hand_in(tmp_path / "submitted", **right)
    book = ("--seed", "7", "--gradebook", f"sqlite:///{tmp_path}/gradebook.db", "--autograded", tmp_path / "autograded")
    assert grade(tmp_path, *book).exit_code == 0
    others = {f: f.read_bytes() for name in sorted(right)[5:] for f in (tmp_path / "out" / name).rglob("*.*")}
    log = tmp_path / "judged"
    hand_in(tmp_path / "submitted", " first", **{name: right[name] for name in asked})
    began = time.monotonic()
    fork_and_wait(log, lambda: grade(tmp_path, *by_name, *book))
    whole, ends = time.monotonic() - began, []
    for turn in range(10 * STOPS):
        right |= {name: chance.randrange(len(POINTS)) for name in asked}
        hand_in(tmp_path / "submitted", f" {turn}", **{name: right[name] for name in asked})
        part = by_name if turn % 2 else ("--only", "changed")
        moment = chance.uniform(0, whole)
        began = time.monotonic()
        status = fork_and_wait(log, lambda part=part: grade(tmp_path, *part, *book), moment, signal.SIGINT)
        # it was done; Ctrl-C came before there was anything to keep; it was stopped
        assert status in (0, 1, 130), (tmp_path / "said").read_text()
        if status:
            ends.append(time.monotonic() - began - moment)
        else:  # it was through by then
            whole /= 2
        assert {f: f.read_bytes() for f in others} == others
        assert earned(tmp_path).keys() == right.keys()
        assert graded_by(tmp_path / "gradebook.db").keys() == right.keys()
        if len(ends) == STOPS:
            break
    print(f"{len(ends)} stops: after {max(ends):.2f} s at most, {sorted(ends)[len(ends) // 2]:.2f} s in the middle")
    assert grade(tmp_path, *by_name, *book).exit_code == 0
    wanted = {student: points(number) for student, number in right.items()}
    assert earned(tmp_path) == wanted == graded_by(tmp_path / "gradebook.db")
    assert "Nobody is to be graded" in grade(tmp_path, "--only", "changed", *book).output


def graded_by(gradebook):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{gradebook}") as book:
        return {s.student.id: s.score for s in book.assignment_submissions(NAME)}


def test_an_end_of_the_command_keeps_what_is_done_and_says_how_to_go_on(cheap, tmp_path, monkeypatch):
    hand_in(tmp_path / "submitted", ada=3, ben=1, cleo=2)
    book = ("--gradebook", f"sqlite:///{tmp_path}/gradebook.db", "--autograded", tmp_path / "autograded")
    kept = Journal.keep

    def ended(self, key, result, seconds):
        kept(self, key, result, seconds)
        if len(cheap.done) > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "keep", ended)
    done = grade(tmp_path, "--jobs", "1", *book)
    assert done.exit_code == 130
    assert "Stopped: 1 of 3 submissions graded" in done.output
    assert "their points in the gradebook" in done.output
    assert "The same command goes on from there." in done.output
    assert len(earned(tmp_path)) == 1
    assert len(graded_by(tmp_path / "gradebook.db")) == 1
    monkeypatch.setattr(Journal, "keep", kept)
    assert "2 submissions of 3 known" in grade(tmp_path, *book).output
    assert earned(tmp_path) == {"ada": points(3), "ben": points(1), "cleo": points(2)}


@pytest.mark.slow
def test_ctrl_c_waits_for_nothing_and_neither_does_what_a_kill_leaves(tmp_path):
    """Judges in processes of their own, which the loop of a submission keeps busy; nothing of them is left."""
    hand_in(tmp_path / "submitted", ada=3, ben=1)
    for student in ("cleo", "dan"):
        (tmp_path / "submitted" / student).mkdir()
        (tmp_path / "submitted" / student / f"{NAME}.py").write_text("1 slow\n")
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # a shell's `command &` has it ignored
        "import sys; sys.path.insert(0, 'tests/grading'); import slow_judges; from course.cli import main; "
        f"main(['grade', {str(tmp_path / 'submitted')!r}, '--project', '04b', '--out', {str(tmp_path / 'out')!r}, "
        "'--isolation', 'process'], prog_name='course')"
    )
    environment = {**os.environ, "PYTHONPATH": f"{paths.ROOT}{os.pathsep}{paths.ROOT / 'tests' / 'grading'}"}
    for signal_, status in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=paths.ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        judges = tmp_path / "out" / JOURNAL
        end = time.monotonic() + 120
        while time.monotonic() < end and not (
            judges.exists() and rows(judges) >= 2 and len(children(process.pid)) >= 2
        ):
            time.sleep(0.05)
        busy = children(process.pid)
        assert len(busy) >= 2
        process.send_signal(signal_)
        said = process.communicate(timeout=200)[0].decode()  # the loops that run take 600
        assert process.returncode == status
        if signal_ == signal.SIGINT:
            assert "Stopped: 2 of 4 submissions graded" in said
            assert earned(tmp_path) == {"ada": points(3), "ben": points(1)}
        end = time.monotonic() + 200  # a judge that imports torch ends when that is done
        while any(one.is_running() and one.status() != "zombie" for one in busy) and time.monotonic() < end:
            time.sleep(0.05)
        assert not [one for one in busy if one.is_running() and one.status() != "zombie"]


def rows(journal):
    try:
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as base:
            return base.execute("SELECT count(*) FROM row").fetchone()[0]
    except sqlite3.Error:
        return 0


def children(pid):
    import psutil

    found = psutil.Process(pid).children(recursive=True)
    return [one for one in found if "resource_tracker" not in " ".join(one.cmdline())]


def test_a_judges_fault_is_no_verdict_and_is_tried_again(cheap, tmp_path, monkeypatch):
    hand_in(tmp_path / "submitted", ada=3)

    def fails(job):
        raise OSError("no space")

    monkeypatch.setattr("course.grading.judge.judge", fails)
    done = grade(tmp_path)
    assert done.exit_code == 1
    assert "a fault of the judge" in done.output
    monkeypatch.setattr("course.grading.judge.judge", cheap)
    assert grade(tmp_path).exit_code == 0
    assert earned(tmp_path) == {"ada": points(3)}


def test_what_cannot_be_written_is_said_before_anybody_is_graded(cheap, tmp_path, monkeypatch):
    hand_in(tmp_path / "submitted", ada=3)
    out = tmp_path / "out"
    out.write_text("a file where the folder should be")
    assert_refused(grade(tmp_path), cheap, "cannot be written")
    out.unlink()
    (out / f"{NAME}.csv").mkdir(parents=True)
    assert_refused(grade(tmp_path), cheap, f"{NAME}.csv cannot be written: it is a folder")
    (out / f"{NAME}.csv").rmdir()
    (out / "ada").write_text("")
    assert_refused(grade(tmp_path), cheap, "ada cannot be written: it is a file")
    (out / "ada").unlink()
    (out / JOURNAL).write_bytes(b"not a journal" * 100)
    assert_refused(grade(tmp_path), cheap, "The file is damaged")
    (out / JOURNAL).unlink()
    assert_refused(grade(tmp_path, "--gradebook", f"sqlite:///{tmp_path}/no/gradebook.db"), cheap, "cannot be opened")
    assert (
        grade(tmp_path, "--gradebook", f"sqlite:///{tmp_path}/g.db", "--autograded", tmp_path / "auto").exit_code == 0
    )
    cheap.done.clear()
    readonly = f"sqlite:///file:{tmp_path}/g.db?mode=ro&uri=true"
    assert_refused(grade(tmp_path, "--seed", "1", "--gradebook", readonly), cheap, "readonly database")
    (tmp_path / "nowhere").write_text("")
    book = ("--gradebook", f"sqlite:///{tmp_path}/g.db", "--autograded", tmp_path / "nowhere")
    assert_refused(grade(tmp_path, "--seed", "1", *book), cheap, "cannot be written")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    assert_refused(grade(tmp_path, "--seed", "1"), cheap, "No space left on device")


def assert_refused(done, cheap, said):
    assert done.exit_code == 2, done.output
    assert said in done.output
    assert len(done.output.strip().splitlines()) == 2, done.output
    assert cheap.done == []


def test_who_took_long_or_holds_loops_goes_first(cheap, tmp_path):
    hand_in(tmp_path / "submitted", ada=3, ben=1, cleo=2)
    file = tmp_path / "submitted" / "cleo" / NAME / f"{NAME}.py"
    file.write_text("2\nwhile True: pass")
    grade(tmp_path, "--jobs", "1")
    assert cheap.done[0] == "cleo"
    with Journal(tmp_path / "out" / JOURNAL) as journal:
        row = journal.row("ben", "04b")
        journal.settle(row.result, row.basis, 200.0)
    cheap.done.clear()
    grade(tmp_path, "--jobs", "1", "--seed", "7")
    assert cheap.done[0] == "ben"


def test_a_link_without_end_and_a_pipe_stop_nobody(cheap, tmp_path, monkeypatch):
    """What looks at a file before it is graded follows no link and waits for no pipe."""
    monkeypatch.setattr("course.grading.judge.judge", judge)  # the real one: these files are not for the cheap one
    for student, kind in (("ada", "zero"), ("ben", "pipe")):
        file = tmp_path / "submitted" / student / NAME / f"{NAME}.py"
        file.parent.mkdir(parents=True)
        if kind == "pipe":
            os.mkfifo(file)
        else:
            file.symlink_to("/dev/zero")
    done = grade(tmp_path)
    assert done.exit_code == 0, done.output
    assert earned(tmp_path) == {"ada": 0.0, "ben": 0.0}
    assert "it is not a plain file" in done.output


def test_a_large_class_names_the_troubled_at_the_end(cheap, tmp_path):
    hand_in(tmp_path / "submitted", **{f"s{k:02}": 3 for k in range(61)})
    (tmp_path / "submitted" / "s07" / NAME / f"{NAME}.py").write_text("1 loop\n")
    (tmp_path / "submitted" / "zoe").mkdir()
    said = grade(tmp_path).output
    assert "1 to look at:" in said
    assert "s07" in said
    assert "endless loop" in said
    assert "Nothing from 1: zoe" in said
    assert "s08" not in said.split("to look at")[1]


def test_a_journal_says_what_is_wrong_with_it(tmp_path):
    with Journal(tmp_path / "x" / JOURNAL) as journal:
        journal._base.execute("UPDATE about SET value = '0' WHERE name = 'version'")
    with pytest.raises(CourseError, match="another version"):
        Journal(tmp_path / "x" / JOURNAL)
    assert judge(Job(Submission("ada", "04b", None, "", "nothing"))).reason == "nothing"


def test_ctrl_c_before_anybody_is_graded_is_no_error(cheap, tmp_path, monkeypatch):
    hand_in(tmp_path / "submitted", ada=3)

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("course.grading.submissions.find", stopped)
    done = grade(tmp_path)
    assert done.exit_code == 130
    assert done.output.strip() == "Stopped. Whatever was graded is in the journal: the same command goes on from there."

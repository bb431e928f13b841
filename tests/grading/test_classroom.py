"""A class of 04b before the judge: one row for everybody, with the points and the reason that it should have."""

import contextlib
import json
import re
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from class04b import ENTRY, NAME, cell, changed, doubled, half, notebook

from course import limits, paths
from course.authoring.release import leaks
from course.checks.check import checks_of
from course.checks.results import CheckResult
from course.checks.run import standing
from course.checks.session import WorkerLost
from course.errors import CourseError
from course.grading import judge as judging
from course.grading.classroom import grade_class
from course.grading.judge import Job, judge
from course.grading.submissions import Submission, find
from course.reports import html, table
from course.wall import line

LOOP = "def preprocess(photo):\n    while True:\n        pass"
RAISES = "def preprocess(photo):\n    return {}['no such key <b>']"
ALONE = "import seaborn_of_nobody as sns\n\ndef preprocess(photo):\n    return sns.load(photo)"
EXITS = "import os\n\ndef preprocess(photo):\n    print('x' * 100)\n    os._exit(0)"


def graded(work, jobs=2, make=None):
    """{student: result}; each comes once."""
    found = {}

    def each(job, result, seconds):
        assert job.submission.student == result.student not in found
        found[result.student] = result

    grade_class(work, jobs, make, each)
    return found


def hand_in(root, student, book):
    file = root / student / NAME / f"{NAME}.ipynb"
    file.parent.mkdir(parents=True)
    file.write_text(book if isinstance(book, str) else json.dumps(book), "utf-8")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """All of them, graded in threads: another executor than the one that `course grade` takes."""
    root = tmp_path_factory.mktemp("submitted")
    books = {"right": notebook(), "half": half(), "todo": notebook([]), "broken": json.dumps(notebook())[:900]}
    books |= {"doubled": doubled(), "loops": changed("preprocess", LOOP), "raises": changed("preprocess", RAISES)}
    parted = doubled()
    parted["cells"][-1]["source"] += "\n# another"
    parted["cells"][-1]["source"] = parted["cells"][-1]["source"].replace("28", "27")
    books |= {"parted": parted, "alone": changed("preprocess", ALONE)}
    books |= {"leaves": changed("preprocess", EXITS), "=<i>'\"&": notebook([])}
    trains = notebook()
    cell(trains, "load_model")["source"] = cell(trains, "load_model")["source"].replace("model.eval()", "model")
    books["trains"] = trains
    for student, book in books.items():
        hand_in(root, student, book)
    (root / "module.py").write_bytes((paths.ROOT / "solutions" / f"{NAME}.py").read_bytes())
    (root / "missing").mkdir()
    work = [Job(s, call_seconds=10.0, isolation=line.best()) for s in find(root, [ENTRY])]
    found = graded(work, 1, ThreadPoolExecutor)
    assert sorted(found) == sorted(job.submission.student for job in work)
    return found


@pytest.mark.slow
def test_points(results):
    points = {f.name: f.points for f in ENTRY.functions}
    without = ENTRY.points - points["preprocess"]
    assert {name: r.earned for name, r in results.items()} == {
        "right": ENTRY.points,
        "module": ENTRY.points,
        "half": points["load_model"] + points["predict_letter"],
        "todo": 0,
        "broken": 0,
        "doubled": ENTRY.points,
        "parted": without,
        "alone": without,
        "missing": 0,
        "loops": without,  # the reference stands in for it in the functions that call it
        "raises": without,
        "leaves": without,
        "trains": ENTRY.points - 2,
        "=<i>'\"&": 0,
    }


@pytest.mark.slow
def test_every_row_is_whole_and_says_what_stood_between(results):
    for r in results.values():
        assert r.points == ENTRY.points
        assert len({c.name for c in r.result.checks}) == len(r.result.checks)
        assert r.isolation in judging.ISOLATION.values()
        assert bool(r.reason) == (r.status != "graded")
    assert {name for name, r in results.items() if r.reason} == {"broken", "missing"}
    assert results["missing"].status == "missing"
    assert results["broken"].status == "not readable"


@pytest.mark.slow
def test_messages(results):
    loops = [c for c in results["loops"].result.checks if c.task == "preprocess"]
    assert "endless loop" in loops[0].message
    assert "not tried" in loops[-1].message
    raises = next(c for c in results["raises"].result.checks if c.task == "preprocess")
    assert (raises.place, raises.line) == ("the cell of preprocess", 2)
    assert "KeyError" in raises.message
    assert "with different texts" in results["parted"].result.by_task()["preprocess"][0].message
    assert results["doubled"].notes == ("The cell of preprocess is there 2 times; nbgrader wants it once.",)
    sentence = (
        "Line 1 of the cell of preprocess (`import seaborn_of_nobody as sns`) did not run: "
        "ModuleNotFoundError: No module named 'seaborn_of_nobody'"
    )
    assert results["alone"].notes == (sentence,)
    alone = results["alone"].result.by_task()["preprocess"][0]
    assert sentence in alone.message
    assert (alone.place, alone.line) == ("the cell of preprocess", 4)
    trains = [c for c in results["trains"].result.checks if c.outcome == "failed"]
    assert "still in train mode" in trains[0].says  # a known mistake is named here as well
    assert {c.outcome for c in results["todo"].result.checks} == {"not started"}


@pytest.mark.slow
def test_pages_hold_no_tag_of_theirs_and_no_secret(results, tmp_path):
    for number, r in enumerate(results.values()):
        text = html.page(r)
        (tmp_path / f"{number}.html").write_text(text, "utf-8")
        assert "<i>" not in text
        assert "key <b>" not in text
    named = {
        c.says for r in results.values() for c in r.result.checks
    }  # what they are told of their own mistake is no secret
    assert [leak for leak in leaks.scan(tmp_path) if not any(leak.secret.text in says for says in named)] == []


@pytest.mark.slow
def test_a_plain_child_process_says_the_same_and_says_what_it_is(results, tmp_path):
    for student, book in {"half": half(), "leaves": changed("preprocess", EXITS)}.items():
        hand_in(tmp_path, student, book)
    rows = [judge(Job(s, isolation="process")) for s in find(tmp_path, [ENTRY])]
    for row in rows:
        assert row.earned_by_task() == results[row.student].earned_by_task()
        assert row.isolation == "none (a plain child process)"
        assert "no wall" in table.terminal([row])
        assert "none (a plain child process)" in html.page(row)


def test_a_mere_row_needs_no_process():
    assert judge(Job(Submission("ada", "04b", None, "", "nothing there"))).reason == "nothing there"


def test_a_module_that_is_no_python_is_named_without_a_process(tmp_path):
    for text, why in ((b"", "empty"), (b"def f(:", "not valid Python: .*line 1"), (b"\0", "not valid Python")):
        (tmp_path / "dan.py").write_bytes(text)
        row = judge(Job(Submission("dan", "04b", tmp_path / "dan.py", "dan.py")))
        assert re.search(why, row.reason)
        assert row.status == "not readable"
        assert row.digest


def test_what_was_graded_before_is_not_run_again(tmp_path, monkeypatch):
    runs = []

    def run(entry, session, *, seed, show_exam, before, mend, together):
        assert show_exam == (seed == 0)
        runs.append(session.job.submission.student)
        return standing(entry, [CheckResult.of(check, "failed") for check in checks_of(entry)])

    monkeypatch.setattr(judging, "_graded", {})
    monkeypatch.setattr(judging, "run", run)
    monkeypatch.setattr(
        judging, "_session", lambda made, job: contextlib.nullcontext(SimpleNamespace(job=job, notes={}))
    )
    for student, book in {"ada": notebook([]), "ben": notebook([]), "cleo": half()}.items():
        hand_in(tmp_path, student, book)
    rows = [judge(Job(s)) for s in find(tmp_path, [ENTRY])]
    assert set(runs) == {"ada", "cleo"}
    assert [r.student for r in rows] == ["ada", "ben", "cleo"]
    assert rows[0].result == rows[1].result
    assert judge(Job(find(tmp_path, [ENTRY])[1], seed=7)).seed == 7
    assert set(runs) == {"ada", "ben", "cleo"}  # other data are another run


class Breaks(Executor):
    """Loses the one job that kills its process, and all that wait beside it."""

    def submit(self, function, job):
        future = Future()
        if job.submission.student == "bad" or Breaks.broken:
            Breaks.broken = True
            future.set_exception(BrokenExecutor())
        else:
            future.set_result(function(job))
        return future

    broken = False


def test_a_judge_that_dies_costs_nobody_else():
    def make(jobs):
        Breaks.broken = False
        return Breaks()

    work = [Job(Submission(s, "04b", None, "", "nothing there")) for s in ("ada", "bad", "cleo", "dan", "eve")]
    reasons = {name: r.reason for name, r in graded(work, 2, make).items()}
    assert {name for name, reason in reasons.items() if reason == "nothing there"} == {"ada", "cleo", "dan", "eve"}
    assert "judge's own process ended" in reasons["bad"]


def test_an_end_by_the_keyboard_waits_for_nothing_and_keeps_what_is_done():
    waited = []

    class Ends(Executor):
        def submit(self, function, job):
            future = Future()
            if job.submission.student == "ctrl-c":
                future.set_exception(KeyboardInterrupt())
            else:
                future.set_result(function(job))
            return future

        def shutdown(self, wait=True, *, cancel_futures=False):
            waited.append((wait, cancel_futures))

    done = []
    work = [Job(Submission(s, "04b", None, "", "nothing there")) for s in ("ada", "ctrl-c")]
    with pytest.raises(KeyboardInterrupt):
        grade_class(work, 2, lambda jobs: Ends(), lambda job, result, seconds: done.append(result))
    assert [row.student for row in done] in (["ada"], [])  # results come in any order
    assert waited == [(False, True)]


def test_missing_data_is_nobodys_mistake(monkeypatch):
    def fails(job):
        raise CourseError("no data", "get them")

    monkeypatch.setattr("course.grading.judge.judge", fails)
    with pytest.raises(CourseError, match="no data"):
        grade_class([Job(Submission("ada", "04b", None))], 1, ThreadPoolExecutor)


def test_a_function_that_loops_takes_one_limit_and_a_part_of_it():
    class Loops(judging._Bounded):
        limit, seconds = 1000.0, 120.0

        def __init__(self):
            super().__init__()
            self.given = []

        def _exchange(self, message):
            return super()._exchange(message)

        def _loading(self, message):
            self.given.append(self.seconds)
            raise WorkerLost("loop", loop=True)

    session = Loops()
    for task in ("preprocess", "preprocess", "load_model"):
        session.task = task
        with pytest.raises(WorkerLost):
            session._exchange({"op": "begin"})
    assert session.given == [120.0, 120.0 / limits.AFTER_LOOP, 120.0]
    assert session.seconds == 120.0

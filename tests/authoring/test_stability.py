"""What chance can move is found, named and repeated; digests change with the check and with nothing else; the page is fresh."""

import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier

import pytest
from click.testing import CliRunner, Result

from course import paths
from course.authoring.proofs import variants
from course.authoring.stability import code, page, report, run, schedule
from course.authoring.stability.ledger import Circumstances, Ledger, Record, Subject, worst
from course.authoring.stability.run import checks_on, digest_of
from course.catalog import project
from course.checks.expect import Measured
from course.cli import main
from course.errors import CourseError

PAGE = paths.ROOT / "docs" / "stability.md"

# A grader of a tiny course. Its solution is right, and so is one check of five; each other one is moved by something else.
GRADER = '''
import random

import torch

from course.checks.check import check
from course.checks.expect import expect, expect_at_least, expect_equal

LEAST = 0.25


@check("half", points=1, hint="What is 3 halves?")
def test_half_is_half(student):
    """Right in every run."""
    expect_equal(student.half(3), 1.5, "half of three")


@check("half", points=1, hint="Who seeded that?")
def test_nobody_seeded_this(student):
    """Fails where the global generator happens to say so."""
    expect(random.random() < 0.5, "the generator said so")


@check("half", points=1, hint="In which order come the members of a set?")
def test_sets_have_an_order(student):
    """Fails with some hash seeds: the two words have an order of their own in each."""
    expect_equal(list({"left", "right"})[0], "left", "the first of two")


@check("half", points=1, hint="How many hands does it have?")
def test_there_is_one_thread(student):
    """Fails with two threads."""
    expect_equal(torch.get_num_threads(), 1, "threads")


@check("noisy", points=1, slow=True, hint="Is the bar where the values are?")
def test_it_is_mostly_above_the_bar(student):
    """The solution draws from torch's generator, which is seeded by the seed of the checks: 0 to 1, the bar at 0.25."""
    expect_at_least(student.noisy(), LEAST, "what was drawn")
'''
SOLUTION = '''
import torch


def half(x):
    """x / 2."""
    return x / 2


def noisy():
    return torch.rand(()).item()
'''


@pytest.fixture
def tiny(tmp_path: Path) -> dict[str, Path]:
    files = {
        "grader": tmp_path / "test_tiny_course.py",
        "target": tmp_path / "tiny.py",
        "ledger": tmp_path / "led.jsonl",
    }
    files["grader"].write_text(GRADER)
    files["target"].write_text(SOLUTION)
    return files


@pytest.fixture
def subject(tiny) -> Iterator[Subject]:
    yield Subject("test_tiny_course", tiny["grader"], tiny["target"])
    sys.modules.pop("test_tiny_course", None)


def stability(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["author", "stability", *arguments], catch_exceptions=False)


def _main(files: dict[str, Path], *more: str) -> Result:
    return stability(*(part for name, file in files.items() for part in (f"--{name}", str(file))), *more)


def _run(subject: Subject, *under: Circumstances) -> list[Record]:
    """In this process: whatever does not hang on the threads or the hash seed is as in one of its own."""
    return [r for c in under for r in run.run_subject(subject, c, digest_of(subject), lambda name, slow: True)]


def test_what_chance_moves_is_found_and_comes_back_under_the_same_circumstances(subject):
    under = [Circumstances(seed, 1, 0) for seed in range(12)]
    records = _run(subject, *under)
    assert len(records) == 12 * 5
    failed = {
        name: {r.seed for r in records if r.check == name and r.outcome == "failed"}
        for name in {r.check for r in records}
    }
    assert failed["test_half_is_half"] == set()
    assert 0 < len(failed["test_nobody_seeded_this"]) < 12
    assert (
        len({tuple(r.check for r in records if r.seed == seed) for seed in range(12)}) > 1
    )  # in another order each time
    again = _run(subject, *reversed(under))
    assert {(r.check, r.seed, r.outcome, r.measured) for r in again} == {
        (r.check, r.seed, r.outcome, r.measured) for r in records
    }
    values = [r.measured[0].value for r in records if r.measured]
    assert len(set(values)) == 12
    row = report.margin_table(report.margins([subject], records))[1]
    assert row[3:4] + row[6:7] + row[8:] == ["≥ 0.25", f"{min(values):.4f}", "12"]
    assert row[7].endswith("(thin)")


@pytest.mark.slow
def test_a_flake_is_named_with_a_command_that_repeats_it(tiny):
    done = _main(tiny, "--runs", "3", "--only", "fast")  # (seed, threads, hash seed): (0, 1, 0), (1, 2, 0), (2, 1, 1)
    assert done.exit_code == 1
    said = done.stdout
    records = list(Ledger(tiny["ledger"]).records())
    failed = {(r.check, r.seed) for r in records if r.outcome == "failed"}
    assert len(records) == 3 * 4
    assert {seed for name, seed in failed if name == "test_there_is_one_thread"} == {1}
    ends = [
        next(r.outcome for r in records if (r.check, r.seed) == ("test_sets_have_an_order", seed)) for seed in range(3)
    ]
    assert ends[0] == ends[1] != ends[2]  # by the hash seed alone

    name, seed = "test_sets_have_an_order", ends.index("failed")
    told = re.search(rf"tiny_course solution: {name}: failed with seed {seed}, .*\n.*\n    (.*)", said)
    assert told is not None
    typed = shlex.split(told[1])
    assert typed[:3] == ["course", "author", "stability"]
    again = stability(*typed[3:])
    assert again.exit_code == 1
    assert f"{name}: failed" in again.stdout
    assert len(list(Ledger(tiny["ledger"]).records())) == 12  # repeating keeps nothing


def test_a_run_that_was_cut_off_goes_on(tiny, subject):
    ledger, records = Ledger(tiny["ledger"]), _run(subject, Circumstances.number(0))
    for record in records[:3]:
        ledger.add(record)
    with tiny["ledger"].open("a") as file:
        file.write('{"project": "test_tiny_course", "alterna')  # killed while it wrote
    ledger.add(records[3])
    assert list(ledger.records()) == records[:4]
    units = [*schedule.units([subject], ledger, runs=1)]
    assert [(kind, [c.seed for c in under]) for _, under, kind in units] == [
        ("slow" if records[4].slow else "fast", [0])
    ]
    ledger.add(records[4])
    assert [*schedule.units([subject], ledger, runs=1)] == []


def test_runs_of_other_code_are_not_mixed_in(tiny, subject):
    ledger = Ledger(tiny["ledger"])
    for record in _run(subject, Circumstances.number(0)):
        ledger.add(record)
    tiny["grader"].write_text(GRADER.replace("student.half(3), 1.5", "student.half(5), 2.5"))
    assert ledger.of({(subject.key, ""): digest_of(subject)}) == []
    for record in _run(subject, Circumstances.number(0))[:2]:
        ledger.add(record)
    now = ledger.of({(subject.key, ""): digest_of(subject)})
    assert len(now) == 2
    assert report.count_table([subject], now)[1][6] == "2"


def test_a_process_that_ends_is_the_failure_of_the_check_it_was_in(tiny, subject, monkeypatch):
    began, code = [], digest_of(subject)

    def process(subjects, circumstances, **how):
        began.append(how["only"])
        place = ["test_tiny_course", "", "test_half_is_half", circumstances[0].seed, code]
        return (-11, json.dumps(place) + "\n", "Segmentation fault\n") if len(began) == 1 else (0, "", "")

    monkeypatch.setattr(schedule, "_process", process)
    ledger = Ledger(tiny["ledger"])
    assert len([*schedule.run([([subject], [Circumstances(0, 1, 0)], "fast")], ledger, 1, 60.0)]) == 1
    assert began == ["fast", "fast"]  # the second goes on behind the crash
    (record,) = ledger.records()
    assert (record.check, record.outcome, record.message) == (
        "test_half_is_half",
        "crashed",
        "the process ended with status -11: Segmentation fault",
    )
    assert report.failures([record]) == [record]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only where a process can be kept on a processor")
def test_each_process_stays_on_a_processor_of_its_own(tiny, subject, monkeypatch):
    jobs, before = min(2, len(os.sched_getaffinity(0))), os.sched_getaffinity(0)
    side_by_side, places = Barrier(jobs), []

    def process(subjects, circumstances, **how):
        side_by_side.wait(10)  # breaks, and fails the test, if not so many run at once
        program = "import os; print(*os.sched_getaffinity(0))"
        places.append(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.split())
        return 0, "", ""

    monkeypatch.setattr(schedule, "_process", process)
    units = [([subject], [Circumstances.number(k)], "slow") for k in range(2 * jobs)]
    lines = [*schedule.run(units, Ledger(tiny["ledger"]), jobs, 60.0)]
    assert [line.split("]")[0] for line in lines] == [f"[{k + 1}/{2 * jobs}" for k in range(2 * jobs)]
    assert all(len(place) == 1 for place in places)
    assert len({*map(tuple, places)}) == jobs
    assert os.sched_getaffinity(0) == before


def test_what_makes_no_sense_is_said(tmp_path):
    for arguments, said in (
        (["--grader", str(tmp_path / "absent.py")], "--target"),
        (["01", "--check", "test_of_nothing"], "test_of_nothing"),
        (["01", "--runs", "0", "--write"], "leave out --write"),
    ):
        done = stability(*arguments)
        assert done.exit_code == 2
        assert said in done.stderr


# -- circumstances, values, margins -------------------------------------------------------------------------------------


@pytest.mark.parametrize("slow", [False, True])
def test_runs_differ_in_everything_that_is_varied(slow):
    runs = [Circumstances.number(k, slow) for k in range(200)]
    assert len({run.seed for run in runs}) == 200
    assert {run.threads for run in runs} == {1, 2}
    assert len({(run.threads, run.hash_seed) for run in runs}) == 40


def test_of_several_comparisons_with_the_same_words_the_worst_counts():
    some = [Measured("a", value, 0.5, "at least") for value in (0.9, 0.6, 0.7)] + [Measured("a", 0.4, 0.5, "at most")]
    assert worst(some) == (some[1], some[3])


def test_margins_are_in_standard_deviations_and_say_when_there_is_no_chance():
    one = report.Margin("01", "test_a", "at least", 0.9, "a", (0.94, 0.96, 0.98), True)
    assert (one.mean, one.deviation, one.deviations) == pytest.approx((0.96, 0.02, 3.0))
    assert one.is_thin
    assert one.worst == 0.94
    below = dataclasses.replace(one, sense="at most", bound=1.10)
    assert below.deviations == pytest.approx(7.0)
    assert (below.worst, below.is_thin) == (0.98, False)
    same = dataclasses.replace(one, values=(0.95, 0.95))
    assert "exact" in report.margin_table([same])[1]
    assert not same.is_thin


def test_of_right_solutions_of_another_hand_the_worst_value_is_shown():
    def record(alternative: str, slow: bool, value: float) -> Record:
        measured = (Measured("accuracy", value, 0.9, "at least"),)
        return Record("04a", alternative, "test_it_reads", slow, 1, 1, 0, "passed", "", measured, 1.0, "0" * 16)

    of_one = [record("written_out", True, value) for value in (0.95, 0.91, 0.93)]
    others = [record("", True, 0.5), record("written_out", False, 0.5), record("read_once", True, 0.96)]
    head, *rows = report.alternative_table(report.alternative_margins(of_one + others))
    assert head[-2:] == ["worst", "runs"]
    assert rows == [
        ["04a", "it reads", "read_once", "≥ 0.9", "0.9600", "0.9600", "1"],
        ["04a", "it reads", "written_out", "≥ 0.9", "0.9300", "0.9100", "3"],
    ]


# -- what a digest covers -----------------------------------------------------------------------------------------------


def test_a_digest_changes_with_the_code_and_not_with_a_sentence(tiny, subject):
    before = digest_of(subject)

    def changed(name: str, text: str) -> bool:
        whole = tiny[name].read_text()
        tiny[name].write_text(text)
        now = digest_of(subject)
        tiny[name].write_text(whole)
        assert text != whole
        return now != before

    assert not changed("grader", GRADER.replace("Right in every run.", "Right, always."))
    assert not changed(
        "grader", GRADER.replace("    expect_equal(student.half(3)", "    # why\n    expect_equal(student.half(3)")
    )
    assert not changed("target", SOLUTION.replace('"""x / 2."""', '"""One half of x."""'))
    assert changed("grader", GRADER.replace("LEAST = 0.25", "LEAST = 0.2"))
    assert changed("target", SOLUTION.replace("x / 2", "x * 0.5"))


def test_a_digest_covers_data_thresholds_kits_and_what_computes():
    own = schedule.solutions([project("05b")])[0]
    before = code.digest(own, own.target)
    entry = dataclasses.replace(own.entry, thresholds={"valid_accuracy": 0.94})
    assert code.digest(dataclasses.replace(own, entry=entry), own.target) != before
    assert code.digest(dataclasses.replace(own, entry=dataclasses.replace(own.entry, data=())), own.target) != before
    covered = {file.relative_to(paths.ROOT).as_posix() for file in code._computing()}
    assert {
        "course/training.py",
        "course/datasets/door.py",
        "course/pictures/breeds.py",
        "course/checks/expect.py",
        "course/models/weights/pocket_mobilenet.safetensors",
        "graders/kit/photos.py",
        "graders/kit/worker/photos.py",
    } <= covered
    assert not covered & {"graders/kit/pages.py", "course/checks/worker.py", "course/catalog.py"}
    for pattern in code.COMPUTING:
        assert list(paths.ROOT.glob(pattern)), pattern


def test_bounds_are_those_of_the_check_and_of_what_it_calls_in_graders(subject):
    grader = run.grader_of(subject)
    assert code.bounds(grader, "test_it_is_mostly_above_the_bar") == [("at least", 0.25)]
    assert code.bounds(grader, "test_half_is_half") == []


# -- the real graders, and the page -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_real_grader_with_one_thread_and_with_two(tmp_path):
    ledger = tmp_path / "led.jsonl"
    done = stability("01", "--runs", "2", "--only", "fast", "--ledger", str(ledger))
    assert done.exit_code == 0
    records = list(Ledger(ledger).records())
    assert {(r.seed, r.threads, r.hash_seed) for r in records} == {(0, 1, 0), (1, 2, 0)}
    subject = schedule.solutions([project("01")])[0]
    assert {r.check for r in records} == {check.name for check in checks_on(subject) if not check.slow}
    assert {r.digest for r in records} == {digest_of(subject)}
    assert "no failures" in done.stdout


def test_an_alternative_is_run_on_the_checks_of_its_function():
    some = [s for s in schedule.alternatives([project("04b")]) if s.task == "load_model"]
    assert some
    for record in _run(some[0], Circumstances(3, 1, 0)):
        assert (record.alternative, record.outcome) == (some[0].alternative, "passed")
    assert {check.task for check in checks_on(some[0])} == {"load_model"}


def test_the_page_names_every_check_that_compares_with_a_bound_and_its_bound_now():
    shown = set()
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 9 and cells[3][:1] in "≥≤":
            shown.add((cells[0], cells[1], cells[3]))
    wanted = set()
    for subject in schedule.solutions(variants.graded()):
        for check in checks_on(subject):
            for sense, bound in report.current_bounds(subject, check.name):
                margin = report.Margin(subject.key, check.name, sense, bound, "", (), True)
                row = report.margin_table([margin])[1]
                wanted.add((row[0], row[1], row[3]))
    assert len(wanted) >= 20
    assert wanted - shown == set(), f"stale: {page.COMMAND}"


def test_the_page_says_which_command_made_it():
    assert page.COMMAND in PAGE.read_text("utf-8").splitlines()[0]


def test_words_of_a_failure_reach_the_page():
    subject = Subject("01", Path("grader.py"), Path("target.py"))
    record = Record("01", "", "test_a", False, 3, 2, 1, "failed", "got 3", (), 0.1, "0" * 16)
    assert report.repeat(record, subject).endswith("--check test_a --seed 3 --threads 2 --hash-seed 1")
    assert report.failures([record]) == [record]
    with pytest.raises(CourseError):
        raise schedule._told("There is no data.\nMake it.")

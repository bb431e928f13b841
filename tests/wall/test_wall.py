"""The wall from inside: what must be refused is refused, what honest code does works, and nothing stays behind."""

import ast
import importlib.util
import os
from pathlib import Path

import psutil
import pytest

from course import limits, paths
from course.catalog import projects
from course.cells.cell import Cell, Work
from course.checks.check import Check
from course.checks.run import run
from course.checks.session import ChildProcess, StudentRaised, WorkerLost
from course.checks.upstream import upstream
from course.wall import attempts, bubblewrap, inside, line, seccomp, trial
from course.wall.session import Walled

CODE = """
import os, signal, sys, time

def echo(x):
    return x

def leave():
    os._exit(7)

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def loop():
    while True:
        pass

def deaf(x):
    os.kill(os.getpid(), signal.SIGSTOP)

def source(name):
    return [m for m in sys.modules if name in m], globals().get("helper") is not None

def crowd():
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            while True:
                time.sleep(60)
    return os.getpid()

def forged():
    os.write(3, b"x" * 100)

def claims():
    import struct
    os.write(3, struct.pack(">IQ", 2000, 1 << 60) + b"{")
"""


def session(code=CODE, seconds=60.0, **more):
    work = Work(("echo",), (Cell("", code, "task", ("echo",)),))
    return Walled({"ex.json": work.text().encode()}, "ex.json", seconds=seconds, **more)


def call(one, name, *args):
    return one.request("call", name=name, args=list(args), kwargs={}, seed=None)["result"]


@pytest.mark.slow
def test_every_attempt_goes_as_it_must(wall):
    found = list(trial.trial())
    assert [f"{one.name}: {one.said}" for one in found if not one.holds] == []
    assert len(found) == len(attempts.MUST_FAIL) + len(attempts.MUST_WORK) + 1


@pytest.mark.slow
def test_the_attempts_get_what_they_want_where_there_is_no_wall(tmp_path, monkeypatch):
    """Else a wall that is not there would pass as one."""
    harmless = ("read the solutions", "read the submissions", "see the judge's env", "reach the network", "see, signal")
    work = trial.submission()
    (tmp_path / work.target).write_bytes(work.files[work.target])
    beside = ChildProcess(tmp_path / work.target, folder=tmp_path)
    monkeypatch.setattr(trial, "submission", lambda: beside)
    monkeypatch.setattr(beside, "close", lambda: None)
    with trial.surroundings() as about:
        found = list(trial.tried([name for name in attempts.MUST_FAIL if name.startswith(harmless)], about, False))
    monkeypatch.undo()
    beside.close()
    assert len(found) == len(harmless)
    assert [one.name for one in found if one.holds] == []


def test_a_fork_that_dies_or_loops_costs_one_call_and_says_why(wall):
    one = session()
    for name, why in (
        ("leave", "exit status 7"),
        ("kill", "SIGKILL"),
        ("forged", "plain data|left|gone"),
        ("claims", "larger"),
    ):
        with pytest.raises(WorkerLost, match=why):
            call(one, name)
        assert call(one, "echo", name) == name
    one.seconds = 0.5
    for name, args in (("loop", ()), ("deaf", (b"x" * 5_000_000,))):
        with pytest.raises(WorkerLost, match="endless loop"):
            call(one, name, *args)
    one.seconds = 60
    assert call(one, "echo", 5) == 5
    one.close()


def test_nothing_runs_on_when_a_fork_is_over(wall):
    one = session()
    before = {p.pid for p in psutil.process_iter()}
    call(one, "crowd")
    one.close()
    zygote = psutil.Process(line.zygote()._process.pid)
    ended = psutil.wait_procs([p for p in zygote.children(recursive=True) if p.pid not in before], timeout=60)
    assert ended[1] == []


def test_memory_is_capped_for_all_processes_together(wall, monkeypatch):
    monkeypatch.setattr(limits, "WALL", limits.WallLimits(memory=300 << 20))
    hog = "import os\ndef echo(x):\n    for _ in range(4):\n        if os.fork() == 0:\n            a = b'x' * (150 << 20)\n"
    hog += "            while True:\n                pass\n    while True:\n        pass\n"
    one = session(hog)
    with pytest.raises(WorkerLost, match="more than"):
        call(one, "echo", 1)
    one.close()


def test_upstream_functions_come_as_source_without_the_solution(wall, tmp_path):
    reference = tmp_path / "ex.py"
    reference.write_text("import os\nSECRET = 5\ndef helper(x):\n    return x + 1\ndef echo(x):\n    return SECRET\n")
    text = "import sys\n\ndef echo(x):\n    return [helper(x), [k for k in sys.modules if k.startswith('reference')], "
    one = session(text + "'SECRET' in helper.__globals__]\n")
    one.reference = reference
    one.request("begin", needs=["helper"], task="echo", seed=0)
    assert call(one, "echo", 4) == [5, [], False]
    first = one._fork
    one.request("begin", needs=["helper"], task="echo", seed=0)
    assert one._fork is first
    one.request("begin", needs=[], task="echo", seed=0)  # what the one has learned does not serve the other
    assert one._fork is not first
    one.close()


def test_no_need_of_a_check_brings_its_own_function_along(tmp_path):
    from course.checks.check import checks_of

    for entry in projects():
        reference = paths.ROOT / "solutions" / f"{entry.module}.py"
        for check in checks_of(entry):
            text = upstream(reference, check.needs, check.task)
            assert bool(text) == bool(check.needs)
            assert f"def {check.task}(" not in text
            if text:
                file = tmp_path / f"{check.name}.py"
                file.write_text(text)
                spec = importlib.util.spec_from_file_location("upstream", file)
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                assert all(hasattr(module, name) for name in check.needs)
    circle = tmp_path / "circle.py"
    circle.write_text("def a():\n    return b()\ndef b():\n    return 1\n")
    with pytest.raises(ValueError, match="without b"):
        upstream(circle, ["a"], "b")


def test_of_the_course_only_what_a_worker_needs_is_inside():
    seen = {str(path.relative_to(paths.ROOT)) for path in inside.course().values()}
    assert "course/checks/worker.py" in seen
    for secret in (
        "fingerprints",
        "diagnosis",
        "expect",
        "test_0",
        "proofs",
        "solutions",
        "corpus",
        "workspace",
        "grading",
    ):
        assert not [path for path in seen if secret in path]


def test_what_is_inside_finds_there_what_it_imports():
    places = inside.course()
    files = [file for path in places.values() for file in ([path] if path.is_file() else path.rglob("*.py"))]
    there = {str(file.relative_to(paths.ROOT).with_suffix("")).replace("/", ".") for file in files}
    for file in files:
        if file.suffix == ".py":
            for node in ast.parse(file.read_text("utf-8")).body:
                if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("course", "graders")):
                    known = there | {name.removesuffix(".__init__") for name in there}
                    assert node.module in known, (file, node.module)
                    package = (paths.ROOT / node.module.replace(".", "/")).is_dir()
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                    modules = [name for name in names if (paths.ROOT / f"{name.replace('.', '/')}.py").is_file()]
                    assert not package or set(modules) <= known, (file, modules)


def test_what_lies_within_something_that_is_seen_is_covered(tmp_path):
    (tmp_path / "secret").mkdir()
    assert inside.hidden([tmp_path], [tmp_path / "secret", tmp_path / "not there"]) == [tmp_path / "secret"]
    assert inside.hidden([], [tmp_path / "secret"]) == []


def test_the_filter_knows_both_kinds_of_processor_and_no_other():
    for machine in seccomp.MACHINES:
        assert len(seccomp.program(machine)) % 8 == 0
        assert len(seccomp.program(machine)) < 8 * 4096
    assert seccomp.program("m68k") == b""


def test_without_bubblewrap_it_is_said_with_a_cure(monkeypatch):
    monkeypatch.setattr(bubblewrap, "program", lambda: None)
    with pytest.raises(line.NoWall, match="not installed") as fault:
        line.require()
    assert "--isolation process" in fault.value.cure
    assert "apt-get install bubblewrap" in " ".join(trial.advice())


def test_a_python_in_tmp_is_told_to_move_for_tmp_is_empty_behind_the_wall(monkeypatch):
    monkeypatch.setattr(bubblewrap, "program", lambda: "bwrap")
    monkeypatch.setattr(inside, "python", lambda: [Path("/tmp/course/.venv")])
    with pytest.raises(line.NoWall, match=r"/tmp/course/\.venv") as fault:
        line.require()
    assert "out of /tmp" in fault.value.cure


def test_a_zygote_that_was_killed_is_started_again(wall):
    if os.environ.get("PYTEST_XDIST_WORKER") and os.getloadavg()[0] > 20:
        pytest.skip("the machine is too busy to start another one")
    process = line.zygote()._process  # asked once: a zygote that has ended is replaced at the next question
    process.kill()
    process.wait(timeout=60)
    one = session()
    assert call(one, "echo", 1) == 1
    one.close()


@pytest.mark.parametrize("victim", ["worker", "zygote"])
def test_what_is_killed_from_outside_costs_nobody_a_point(wall, victim):
    """The check is tried once more; whoever ends the own process by that signal fails twice."""
    one, tries = session(), []

    def test_echo(student):
        tries.append(1)
        if len(tries) == 1:
            of_zygote = psutil.Process(line.zygote()._process.pid).children(recursive=True)
            named = [p for p in of_zygote if "course.wall.zygote" in p.cmdline()]
            named[-1 if victim == "worker" else 0].kill()
            psutil.wait_procs(named[-1:], timeout=30)  # else the worker may answer before its death reaches it
        assert student.echo(5) == 5

    def test_kill(student):
        student.kill()

    made = [
        Check("echo", 1, "Why?", (), False, "it says", f.__name__, "", k, f)
        for k, f in enumerate([test_echo, test_kill])
    ]
    try:
        result = run(projects()[0], one, made)
    finally:
        one.close()
    assert [r.outcome for r in result.checks] == ["passed", "failed"]
    assert "SIGKILL" in result.checks[1].message
    assert len(tries) == 2


def test_an_exception_comes_with_its_line(wall):
    one = session("def echo(x):\n    raise ValueError('\\x1b[31m' + x)\n")
    with pytest.raises(StudentRaised) as fault:
        call(one, "echo", "so it is")
    assert fault.value.text == "\ufffd[31mso it is"
    assert fault.value.line == 2
    one.close()

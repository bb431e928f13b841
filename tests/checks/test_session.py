"""Both transports: the same answers; a crash, an exit or an endless loop costs that check and not the judge."""

import math
from pathlib import Path

import pytest
import torch

from course.checks.builders import linear_net
from course.checks.probes import forward, state_of
from course.checks.session import ChildProcess, InProcess, StudentRaised, WorkerLost
from course.checks.worker import Worker

CODE = """
import os, signal, sys, time, types
import torch
from torch import nn

print("printed while loading")

def noisy(x):
    print("printed", flush=True)
    os.write(1, b"straight to the file descriptor\\n")
    sys.stdout.write("more")
    sys.stdin.readline()
    return x

def echo(x):
    return x

def net():
    return nn.Linear(2, 3)

def boom():
    raise ValueError("so it is")

def leave():
    os._exit(7)

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def loop():
    while True:
        pass

def stubborn():
    while True:
        try:
            time.sleep(60)
        except Exception:
            pass

def subclassed():
    class Fake(torch.Tensor):
        pass
    return torch.ones(2).as_subclass(Fake)

def generator():
    yield 1

def hostile():
    class Odd:
        __module__ = 5
        __qualname__ = None
    return Odd()
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("session") / "ex01_mnist.py"
    file.write_text(CODE)
    return file


@pytest.fixture(scope="module", params=["inprocess", "child"])
def session(request, target: Path):
    line = InProcess(Worker(target), 60) if request.param == "inprocess" else ChildProcess(target, seconds=120)
    yield line
    line.close()


def call(session, name: str, *args):
    return session.request("call", name=name, args=list(args), kwargs={}, seed=None)["result"]


def test_plain_values_come_back(session):
    value = [1, 2.5, "é", None, True, {"a": (1,)}, b"x"]
    assert call(session, "echo", value) == value
    assert torch.equal(call(session, "echo", torch.arange(3)), torch.arange(3))
    assert math.isnan(call(session, "echo", math.nan))


def test_prints_and_reads_do_not_disturb_the_pipe(session, capfd):
    if isinstance(session, ChildProcess):
        assert call(session, "noisy", 5) == 5
    assert call(session, "echo", 6) == 6


def test_objects_stay_there_and_probes_look_at_them(session):
    handle = call(session, "net")
    assert handle.type.endswith("Linear")
    assert forward(handle, torch.zeros(4, 2)).shape == (4, 3)
    assert set(state_of(handle)) == {"weight", "bias"}


def test_blueprints_are_built_there(session):
    handle = session.request("build", blueprint=linear_net(features=4, classes=2, seed=1))["result"]
    own = linear_net.build(features=4, classes=2, seed=1)
    assert torch.equal(forward(handle, torch.ones(1, 4)), own(torch.ones(1, 4)).detach())


def test_a_tensor_subclass_does_not_cross_as_a_tensor(session):
    assert type(call(session, "subclassed")) is not torch.Tensor


def test_an_exception_comes_with_its_line(session):
    with pytest.raises(StudentRaised) as fault:
        call(session, "boom")
    assert (fault.value.type, fault.value.text) == ("ValueError", "so it is")
    assert fault.value.code == 'raise ValueError("so it is")'


def test_a_generator_stays_there(session):
    assert call(session, "generator").type == "generator"


@pytest.mark.parametrize(("name", "words"), [("leave", "exit status 7"), ("kill", "SIGKILL")])
def test_a_child_that_dies_is_told_and_replaced(target: Path, name: str, words: str):
    line = ChildProcess(target, seconds=120)
    try:
        with pytest.raises(WorkerLost, match=words):
            call(line, name)
        if name == "kill":
            assert call(line, "echo", 1) == 1
    finally:
        line.close()


@pytest.mark.parametrize("name", ["loop", "stubborn"])
def test_an_endless_loop_in_process_is_ended_by_the_clock(target: Path, name: str):
    line = InProcess(Worker(target), 0.3)
    with pytest.raises(WorkerLost, match="endless loop"):
        call(line, name)
    assert call(line, "echo", 1) == 1
    line.close()


def test_an_endless_loop_in_a_child_is_ended_by_the_clock(target: Path):
    line = ChildProcess(target, seconds=120)
    try:
        assert call(line, "echo", 1) == 1  # the process is up
        line.seconds = 0.3
        with pytest.raises(WorkerLost, match="endless loop"):
            call(line, "stubborn")
    finally:
        line.close()
    assert line._process is None


def test_closing_twice_and_before_the_start_is_harmless(target: Path):
    line = ChildProcess(target)
    line.close()
    line.close()


def test_an_object_with_a_hostile_type_is_no_crash(session):
    try:
        found = call(session, "hostile")
    except (StudentRaised, WorkerLost):
        return
    assert isinstance(found.type, str)

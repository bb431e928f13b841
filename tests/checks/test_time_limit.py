"""A worker that loops or sleeps is ended at its limit; one that does not get the processor is given more time."""

import os
import subprocess
import sys

import pytest

from course.checks import time_limit
from course.checks.time_limit import MOST, TimeLimit, processor_seconds


@pytest.mark.parametrize(
    ("passed", "used", "ended"),
    [
        (9.9, 9.9, False),  # not yet
        (10.1, 10.0, True),  # it loops
        (10.1, 0.0, True),  # it sleeps
        (10.1, 3.0, False),  # it shares the processor
        (30.0, 8.9, False),
        (30.0, 9.5, True),  # it has had as much as it may have
        (10.0 * MOST, 3.0, True),
        (10.1, None, True),  # nobody knows: the clock counts
    ],
)
def test_when_the_time_is_over(monkeypatch, passed, used, ended):
    clock, processor = [100.0], [5.0 if used is not None else None]
    monkeypatch.setattr(time_limit.time, "monotonic", lambda: clock[0])
    watch = TimeLimit(10.0, lambda: processor[0])
    clock[0] += passed
    if used is not None:
        processor[0] += used
    assert watch.ended() is ended
    assert watch.wait() >= 0.02


def test_it_waits_for_the_limit_first(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time_limit.time, "monotonic", lambda: clock[0])
    watch = TimeLimit(10.0, lambda: 0.0)
    assert watch.wait() == 10
    clock[0] += 3
    assert watch.wait() == 7


def test_another_process_is_asked_late(monkeypatch):
    """What most requests never come to; what it had used by then does not count."""
    clock, processor, asked = [100.0], [5.0], []
    monkeypatch.setattr(time_limit.time, "monotonic", lambda: clock[0])
    watch = TimeLimit(10.0, lambda: asked.append(1) or processor[0], late=True)
    assert watch.wait() == 0.5
    assert not asked
    clock[0], processor[0] = 100.5, 5.5
    assert not watch.ended()
    assert watch.wait() == 9.5
    clock[0], processor[0] = 110.1, 6.0
    assert not watch.ended()  # it shares the processor
    clock[0], processor[0] = 130.0, 14.6
    assert watch.ended()
    assert len(asked) == 3


def test_processor_seconds_of_this_process():
    before = processor_seconds(os.getpid())
    sum(k * k for k in range(3_000_000))  # a fifth of a second
    first = sum(os.times()[:2])
    used = processor_seconds(os.getpid())
    # asked in this order: no less than before, no more than after, but for a tick of each (Windows has 64 in a second)
    tick = 2 / (os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 64)
    assert used > before
    assert first - tick <= used <= sum(os.times()[:2]) + tick


def test_no_such_process():
    assert processor_seconds(2**22 + 1) is None


def spinning(**surroundings: str) -> str:
    """What torch's threads are told about waiting, where the course is imported before torch."""
    program = "import os, sys, course.cli.pytest_plugin, course.cli; print('torch' in sys.modules, os.environ['GOMP_SPINCOUNT'])"
    others = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=others | surroundings, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_threads_of_torch_give_up_spinning_soon_unless_the_user_says_otherwise():
    assert spinning() == "False 30000"
    assert spinning(GOMP_SPINCOUNT="7") == "False 7"

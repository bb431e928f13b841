"""What a round has worked out is told to the watcher, which works it out again; a student's own things are no part of that."""

import functools
import pickle
import sys
import types

import pytest

from course.checks import warm

CALLED = []
TEXT = """
import functools

@functools.cache
def network(seed):
    CALLED.append(seed)
    return [seed]

@functools.lru_cache(maxsize=8)
def word(text):
    return len(text)
"""


@pytest.fixture
def kit(monkeypatch):
    """A module of the graders' that keeps two functions."""
    module = types.ModuleType("graders.kit.made_up")
    vars(module)["CALLED"] = CALLED
    exec(TEXT, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    CALLED.clear()
    return module


def test_what_was_worked_out_is_worked_out_again(kit):
    recorder = warm.Recorder()
    assert [kit.network(3), kit.network(3), kit.word("a"), kit.network(seed=4)] == [[3], [3], 1, [4]]
    calls = recorder.calls()
    assert [pickle.loads(call)[1:] for call in calls] == [("network", (3,), {}), ("network", (), {"seed": 4})]
    kit.network.__wrapped__.cache_clear()
    for call in calls:
        warm.work_out(call)
    assert CALLED == [3, 4, 3, 4]


def test_what_has_no_name_elsewhere_is_left_out(kit):
    recorder = warm.Recorder()
    kit.network(functools.partial(lambda: 1))
    assert recorder.calls() == ()


def test_a_call_that_fails_is_passed_over():
    warm.work_out(pickle.dumps(("graders.kit.no_such_module", "f", (), {})))
    warm.work_out(b"not a pickle")

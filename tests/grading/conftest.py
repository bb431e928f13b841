"""What holds for the tests of a class."""

from concurrent.futures import ThreadPoolExecutor

import cheap_class
import pytest


@pytest.fixture
def cheap(monkeypatch):
    """`cheap_class.judge` in place of the real one, in threads in place of processes."""
    cheap_class.judge.more, cheap_class.judge.done = 0, []
    monkeypatch.setattr("course.grading.judge.judge", cheap_class.judge)
    monkeypatch.setattr("course.grading.classroom.local_processes", ThreadPoolExecutor)
    return cheap_class.judge

"""What holds for every test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from course import paths

ROOT = paths.ROOT


@pytest.fixture(scope="session")
def wall() -> Iterator[object]:
    """The zygote behind the wall, one for all tests; where there is no wall, they are skipped and say why."""
    from course.wall import line

    try:
        line.require()
    except line.NoWall as fault:
        pytest.skip(fault.problem)
    yield line.zygote()
    line.stop()


@pytest.fixture(autouse=True, scope="session")
def clean_root() -> Iterator[None]:
    """No test leaves a file in the root of the checkout."""
    before = {file.name for file in ROOT.iterdir()}
    yield
    left = [file.name for file in ROOT.iterdir() if file.is_file() and file.name not in before]
    assert not left, f"a test has left these in the root of the checkout: {left}"


@pytest.fixture(autouse=True)
def one_course() -> Iterator[None]:
    """A test that works in another copy of the course leaves none after it there: neither `sys.path` nor that copy's graders."""
    before = sys.path[:]
    yield
    sys.path[:] = before
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "graders" and not Path(getattr(module, "__file__", "") or "").is_relative_to(ROOT):
            del sys.modules[name]

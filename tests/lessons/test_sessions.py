"""What a lesson shows as a session with Python is what Python says."""

import doctest

import pytest

from course.catalog import projects
from tests.lessons.texts import sessions

SHOWN = {entry.id: text for entry in projects() if (text := sessions(entry.id))}


@pytest.mark.parametrize("id", SHOWN)
def test_sessions_print_what_the_lesson_shows(id):
    test = doctest.DocTestParser().get_doctest(SHOWN[id], {}, f"lesson {id}", None, 0)
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    runner.run(test, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_there_are_some():
    """The lesson about words shows the tokenizer's call, since offline there is no page to look it up."""
    assert "06" in SHOWN
    for argument in ("padding=True", "truncation=True", "max_length=", "return_tensors="):
        assert argument in SHOWN["06"]

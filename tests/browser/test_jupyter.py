"""A notebook of the release in a real JupyterLab, and a graded class in nbgrader's formgrader, in a browser without a window.

`rehearsal.screenshots` does what a person would do, and takes a picture only after the page says what it must say; here
it does so where Chromium and the extra `browser` are.
"""

import pytest
from click.testing import CliRunner
from PIL import Image

from course.authoring.rehearsal import browser, screenshots
from course.cli import main
from course.errors import CourseError

needs_chromium = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())


def sizes(pictures):
    return [Image.open(picture).size for picture in pictures]


@pytest.mark.slow
@needs_chromium
def test_a_student_sees_the_verdict_change_from_wrong_to_right(tmp_path):
    said = []
    pictures = screenshots.jupyterlab(tmp_path, said.append)
    assert ["not started" in said[0], "✗ load_model" in said[1], "✓ load_model" in said[2]] == [True] * 3
    assert "Hint: " in said[1]
    assert "Hint: " not in said[2]
    assert sizes(pictures) == [(screenshots.WIDTH, screenshots.HEIGHT)] * 2


@pytest.mark.slow
@needs_chromium
def test_an_instructor_sees_scores_and_submissions_in_formgrader(tmp_path):
    said = []
    pictures = screenshots.formgrader(tmp_path, said.append)
    assert "✗ load_model" in said[-1]
    assert sizes(pictures) == [(screenshots.WIDTH, screenshots.HEIGHT)] * 2


def test_what_is_missing_is_said_with_a_cure(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CHROMIUM", str(tmp_path / "no-such-browser"))
    done = CliRunner().invoke(main, ["author", "screenshots", "jupyterlab", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "apt-get install chromium" in done.output or "[browser]" in browser.missing()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CourseError, match=r"'\.\[browser\]'"):
        browser.require()

"""What lies beside notebooks and pages for nbgrader's exchange, and nbgrader's own commands on it."""

import copy
import json
import os
import shutil
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook

from course import paths
from course.grading.submissions import Submission
from course.reports import exchange
from tests.reports.test_autograded import BROKEN, NAME, Class, by_hand, content, notebook


def submission(folder):
    folder.mkdir(parents=True)
    file = folder / f"{NAME}.ipynb"
    file.write_text("x")
    return Submission("ada", "04b", file)


def test_what_came_by_the_exchange_is_copied_and_others_get_a_secret_that_stays(tmp_path):
    ada, ben = submission(tmp_path / "a" / NAME), submission(tmp_path / "b" / NAME)
    (ada.file.parent / "timestamp.txt").write_text("2026-11-25 01:12:08 UTC")
    (ada.file.parent / "submission_secret.txt").write_text("ada's")
    for name in ("timestamp.txt", "submission_secret.txt"):  # a link is not followed
        (ben.file.parent / name).symlink_to(ada.file.parent / name)
    pages = [tmp_path / "pages" / name for name in ("ada", "ben", "cleo")]
    rounds = []
    for _ in range(2):
        for page, one in zip(pages, (ada, ben, Submission("cleo", "04b", None)), strict=True):
            exchange.lay(page, exchange.beside(one))
        rounds.append([(page / "submission_secret.txt").read_text() for page in pages])
    assert rounds[0] == rounds[1]
    assert rounds[0][0] == "ada's"
    assert len(set(rounds[0])) == 3
    exchange.lay(pages[0], {})  # nothing newer is known
    assert (pages[0] / "submission_secret.txt").read_text() == "ada's"
    assert [(page / "timestamp.txt").read_text() for page in pages] == ["2026-11-25 01:12:08 UTC", "", ""]


@pytest.fixture
def term(tmp_path):
    """A course folder with our nbgrader_config.py and an exchange: ada came by it, ben did not, dan's file is broken."""
    made = Class(tmp_path / "course")
    made.hand_in("ada", content(notebook()), stamp="2026-11-20 10:00:00.000000 UTC")
    made.hand_in("ben", (paths.ROOT / "exercises" / f"{NAME}.py").read_bytes(), "py")
    made.hand_in("dan", b'{"cells": [')
    (made.root / "submitted" / "ada" / NAME / "submission_secret.txt").write_text("ada's own")
    (made.root / "source" / NAME).mkdir(parents=True)
    (made.root / "nbgrader_config.py").write_text((paths.ROOT / "nbgrader_config.py").read_text("utf-8"))
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange").chmod(0o777)
    return made


def nbgrader(term, *arguments, home=None):
    folder = term.root.parent
    settings = folder / "jupyter"
    settings.mkdir(exist_ok=True)
    (settings / "nbgrader_config.py").write_text(f"c = get_config()\nc.Exchange.root = {str(folder / 'exchange')!r}\n")
    found = {**os.environ, "PYTHONPATH": str(paths.ROOT), "JUPYTER_CONFIG_DIR": str(settings)}
    found |= {"JUPYTER_DATA_DIR": str(home or folder / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=home or term.root,
        env=found,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
def test_a_comment_reaches_the_student_by_nbgraders_own_commands(term):
    """generate_feedback, release_feedback, list and fetch_feedback after `course grade`, as after autograde."""
    term.grade(BROKEN)
    by_hand(term.url, "ada", "preprocess", 1.5, 0.5, "Look at <b>EXIF</b>,\nplease.")
    said = nbgrader(term, "generate_feedback", NAME)
    assert "Skipping" not in said
    page = (term.root / "feedback" / "ada" / NAME / f"{NAME}.html").read_text("utf-8")
    assert '<html lang="en">' in page
    assert "Look at &lt;b&gt;EXIF&lt;/b&gt;,\nplease." in page
    by_hand(term.url, "ada", "preprocess", 3.0, None, "Better.")
    nbgrader(term, "generate_feedback", NAME)  # again, and nobody types --force
    page = (term.root / "feedback" / "ada" / NAME / f"{NAME}.html").read_text("utf-8")
    assert "Better." in page
    assert "EXIF" not in page
    assert (term.root / "feedback" / "ada" / NAME / f"{NAME}.gradescope.json").is_file()
    assert (term.root / "feedback" / "ben" / NAME / f"{NAME}.html").is_file()

    said = nbgrader(term, "release_feedback", NAME)
    assert said.count("Releasing feedback for student") == 2
    home = term.root.parent / "ada"
    cache = home / "nbgrader_cache" / "deep_learning" / f"ada+{NAME}+2026-11-20 10:00:00.000000 UTC"
    cache.mkdir(parents=True)  # as `nbgrader submit` leaves it in ada's home
    (cache / f"{NAME}.ipynb").write_bytes(content(notebook()))
    (cache / "submission_secret.txt").write_text("ada's own")
    ours = ("--course", "deep_learning", f"--Exchange.cache={home / 'nbgrader_cache'}")
    assert "feedback ready to be fetched" in nbgrader(term, "list", "--cached", *ours, home=home)
    nbgrader(term, "fetch_feedback", NAME, *ours, home=home)
    (fetched,) = home.rglob(f"feedback/*/{NAME}.html")
    assert fetched.read_text("utf-8") == page
    assert "feedback already fetched" in nbgrader(term, "list", "--cached", *ours, home=home)


@pytest.mark.slow
def test_autograde_goes_on_after_a_cell_that_is_there_twice_and_after_a_file_that_is_cut_off(term):
    """As a student has copied a cell: nbgrader took that for an old version of its own and stopped the class there."""
    term.grade(BROKEN)
    for folder in (term.root / "autograded").iterdir():
        folder.rename(term.root / f"before-{folder.name}")
    twice = notebook([])
    twice["cells"].append(
        copy.deepcopy(next(c for c in twice["cells"] if c["metadata"].get("nbgrader", {}).get("solution")))
    )
    old = notebook([])
    for cell in old["cells"]:
        if cell["metadata"].get("nbgrader"):
            cell["metadata"]["nbgrader"]["schema_version"] = 1
    shutil.rmtree(term.root / "submitted")
    for student, book in (("ada", twice), ("cleo", old), ("zoe", notebook([]))):
        term.hand_in(student, json.dumps(book).encode())
    term.hand_in("dan", b'{"cells": [')
    with pytest.raises(AssertionError) as caught:  # it leaves with status 1 at the end
        nbgrader(term, "autograde", NAME)
    said = str(caught.value)
    for student in ("cleo", "dan"):
        assert f"There was an error processing assignment '{NAME}' for student '{student}'" in said
    assert "nbgrader update" not in said
    assert {path.name for path in (term.root / "autograded").iterdir()} == {"ada", "zoe"}
    with Gradebook(term.url) as book:
        assert book.find_submission(NAME, "zoe").score == 0
    page = nbgrader(term, "generate_feedback", NAME, "--student", "zoe") and (
        term.root / "feedback" / "zoe" / NAME / f"{NAME}.html"
    ).read_text("utf-8")
    assert "not started" in page
    assert "nbgrader autograde" in page

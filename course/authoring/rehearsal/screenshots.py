"""The pictures of Jupyter in docs/pictures/, taken where they happen: a browser without a window does what a person would do.

jupyterlab: a student opens a notebook of the bundle, reads "not started", types a wrong solution, reads why, and mends it.
formgrader: `course grade` has graded a class, and an instructor looks at its points and at one submission.

A picture is taken only after the page says what it must say, so this is a test as well (`tests/browser`). It needs the extra
`browser` and a Chromium.
"""

import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import paths
from course.authoring.proofs import variants
from course.authoring.rehearsal import browser, mock_class
from course.authoring.rehearsal.mock_class import Student
from course.authoring.release import bundle
from course.catalog import project
from course.wall import line

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ENTRY = project("04b")  # it trains nothing
TASK, MISTAKE = "load_model", "eval_forgotten"  # a function of two lines, and one of them forgotten
CLASS = (
    Student("ada", "right"),
    Student("ben", "half"),
    Student("cleo", "not started"),
    Student("dan", "broken"),
    Student("eve", "right", "module"),
)
WIDTH, HEIGHT = 1120, 760  # pixels; a page of the docs shows it without shrinking
PATIENCE = 300_000  # milliseconds for a cell or a page: importing torch alone takes a minute on a machine that is busy
Say = Callable[[str], None]


def jupyterlab(out: Path, say: Say = print) -> list[Path]:
    """A wrong solution and then the right one in JupyterLab; returns the pictures.

    Raises:
        CourseError: something is missing.
        AssertionError: the page does not say what it must say.
    """
    browser.require()
    from playwright.sync_api import expect

    with tempfile.TemporaryDirectory(prefix="course-jupyterlab-", ignore_cleanup_errors=True) as folder:
        student, home = Path(folder, "student"), Path(folder, "home")
        bundle.build(student)
        name = f"notebooks/{ENTRY.module}.ipynb"
        cells = json.loads((student / name).read_text("utf-8"))["cells"]
        numbers = {cell["metadata"].get("nbgrader", {}).get("grade_id"): k for k, cell in enumerate(cells)}
        with browser.jupyter(student, home, student) as (url, token), browser.chromium(WIDTH, HEIGHT) as page:
            page.goto(f"{url}lab/tree/{name}?token={token}")
            notebook = page.locator(".jp-Notebook").first
            notebook.wait_for(timeout=PATIENCE)
            expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=PATIENCE)  # the kernel is there
            page.keyboard.press("Control+b")  # the list of files goes
            imports, function, check = (
                notebook.locator(".jp-Cell").nth(numbers[grade_id]) for grade_id in ("imports", TASK, f"check_{TASK}")
            )
            _run(imports)
            _run(function)
            say(_verdict(check, "not started"))
            _run(function, _typed("wrong"))
            say(_verdict(check, f"✗ {TASK}"))
            pictures = [_picture(page, check, out / "jupyterlab-wrong.png")]
            _run(function, _typed("right"))
            points = ENTRY.function(TASK).points
            say(_verdict(check, f"{points} of {points} points"))
            assert f"✓ {TASK}" in _output(check).inner_text()
            pictures.append(_picture(page, check, out / "jupyterlab-right.png"))
    return pictures


def formgrader(out: Path, say: Say = print) -> list[Path]:
    """A class in nbgrader's formgrader, graded by `course grade`; returns the pictures.

    Raises:
        CourseError: something is missing.
        AssertionError: formgrader does not show what was graded.
    """
    browser.require()
    from playwright.sync_api import expect

    module = ENTRY.module
    with tempfile.TemporaryDirectory(prefix="course-formgrader-", ignore_cleanup_errors=True) as folder:
        root, home = Path(folder, "course"), Path(folder, "home")
        earned = _graded_class(root, say)
        with browser.jupyter(root, home) as (url, token), browser.chromium(WIDTH, HEIGHT) as page:
            page.set_extra_http_headers({"Authorization": f"token {token}"})
            page.goto(f"{url}formgrader/manage_submissions/{module}")
            for student, tasks in earned.items():
                row = page.locator("tr", has_text=student)
                expect(row).to_contain_text(f"{sum(tasks.values())} / {ENTRY.points}", timeout=PATIENCE)
                say(" ".join(row.inner_text().split()))
            pictures = [_picture(page, page.locator("table").first, out / "formgrader-class.png")]

            page.goto(f"{url}formgrader/manage_students/ben/{module}")
            page.get_by_role("link", name=module).last.click()
            points = page.locator(f"#check_{TASK}")
            # until a person writes points there, those of the gradebook stand in it as its placeholder
            expect(points).to_have_attribute("placeholder", str(earned["ben"][TASK]), timeout=PATIENCE)
            cell = page.locator("#notebook .cell", has=points)
            expect(cell).to_contain_text(f"✗ {TASK}")
            say(cell.inner_text())
            pictures.append(_picture(page, cell, out / "formgrader-submission.png"))
    return pictures


def _graded_class(root: Path, say: Say) -> dict[str, dict[str, int]]:
    """A course folder with a class that `course grade` has graded; returns {student: {function: points}}."""
    for name in ("source", "release"):
        shutil.copytree(paths.ROOT / name / ENTRY.module, root / name / ENTRY.module)
    shutil.copy(paths.ROOT / "nbgrader_config.py", root)
    mock_class.hand_in(root / "submitted", ENTRY, CLASS)
    file = root / "submitted" / "ben" / ENTRY.module / f"{ENTRY.module}.ipynb"
    book = json.loads(file.read_text("utf-8"))
    _cell(book, TASK)["source"] = _typed("wrong")
    file.write_text(json.dumps(book), "utf-8")
    command = [sys.executable, "-m", "course", "grade", "submitted", "--project", ENTRY.id, "--isolation", line.best()]
    done = subprocess.run(
        [*command, "--gradebook", "sqlite:///gradebook.db"], cwd=root, stdout=subprocess.PIPE, text=True, check=True
    )
    say(done.stdout)
    rows = json.loads((root / "feedback" / f"{ENTRY.module}.json").read_text("utf-8"))
    earned: dict[str, dict[str, int]] = {row["student"]: {} for row in rows if not row["reason"]}
    for row in rows:
        for check in row["result"]["checks"] if row["student"] in earned else ():
            points = earned[row["student"]]
            points[check["task"]] = points.get(check["task"], 0) + check["earned"]
    return earned


def _cell(book: dict[str, Any], grade_id: str) -> dict[str, Any]:
    return next(c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def _typed(kind: str) -> str:
    """The function as a student would type it: "right" as in the solution, or "wrong" as in a known mistake."""
    if kind == "right":
        return _cell(mock_class.notebook(ENTRY), TASK)["source"]
    text = next(v for v in variants.mistakes_of(ENTRY) if v.task == TASK and v.name == MISTAKE).text()
    node = next(n for n in ast.parse(text).body if getattr(n, "name", "") == TASK)
    return mock_class.unmarked(ast.get_source_segment(text, node) or "")


def _run(cell: "Locator", text: str | None = None) -> None:
    """Click into a cell, put another text there if one is given, and run it."""
    editor = cell.locator(".cm-content").first
    editor.click()
    if text is not None:
        editor.press("Control+a")
        cell.page.keyboard.insert_text(text)
    editor.press("Control+Enter")


def _verdict(check: "Locator", expected: str) -> str:
    """Run a cell of checks and wait until it says what is expected; returns all that it says."""
    from playwright.sync_api import expect

    _run(check)
    expect(_output(check)).to_contain_text(expected, timeout=PATIENCE)
    return _output(check).inner_text()


def _output(cell: "Locator") -> "Locator":
    return cell.locator(".jp-Cell-outputArea")


def _picture(page: "Page", thing: "Locator", file: Path) -> Path:
    """What the window shows when the lower edge of a thing is in it."""
    thing.evaluate("thing => thing.scrollIntoView({block: 'end'})")
    page.mouse.move(WIDTH - 1, HEIGHT - 1)  # no hover, no tooltip
    page.wait_for_timeout(1000)  # what fades has faded
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file)
    return file


SCENES = {"jupyterlab": jupyterlab, "formgrader": formgrader}

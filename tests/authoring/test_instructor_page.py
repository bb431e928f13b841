"""docs/instructor.md, typed: every command of the page in its order, in a copy of this checkout, and what it prints."""

import json
import re
import subprocess
import zipfile

import pytest
from nbgrader.api import Gradebook

from course import catalog, paths
from course.authoring.rehearsal.mock_class import Student
from course.authoring.rehearsal.term import copy_checkout, surroundings
from course.wall import line

PAGE = paths.ROOT / "docs" / "instructor.md"
ENTRY = catalog.project("04b")
NAME = ENTRY.module
PROMPT = re.compile(r"(?:(ada))?\$ (.+)")
REQUEST = "**Regrade:** my upload was cut off, load_model and all the others are in this file"


def typed():
    """(who, command, the lines that it must print) of the page, in order."""
    for block in re.findall(r"^```\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        lines = block.splitlines()
        while lines:
            prompt = PROMPT.fullmatch(lines.pop(0))
            if not prompt:
                continue  # a block without a prompt, such as how it is set up
            who, command = prompt.groups()
            if "<<'END'" in command:
                end = lines.index("END") + 1
                command, lines = "\n".join([command, *lines[:end]]), lines[end:]
            stop = next((n for n, text in enumerate(lines) if PROMPT.fullmatch(text)), len(lines))
            yield who or "", command, lines[:stop]
            lines = lines[stop:]


def as_pattern(lines):
    """Lines of the page as a pattern: … within a line is anything, a line of … any number of lines; blanks are one blank."""
    parts = []
    for text in lines:
        words = [".*".join(map(re.escape, word.split("…"))) for word in text.split()]
        parts.append(r"(?:.*\n)*?" if text.strip() == "…" else " ".join(words) + r"\n")
    return re.compile("".join(parts))


def plain(output):
    """What was printed, without progress bars, with one blank between words; where there is no wall, no row says so."""
    lines = [" ".join(text.split()) for text in re.split(r"[\r\n]", output) if not re.match(r"\s*\d+%\|", text)]
    kept = [text.removesuffix(" no wall").rstrip() for text in lines if text and "SADeprecationWarning" not in text]
    return "".join(f"{text}\n" for text in kept)


class Term:
    """The folder, and what people do in it between the commands."""

    def __init__(self, folder):
        self.folder, self.course = folder, folder / "course"
        self.done = set()
        copy_checkout(self.course)
        (folder / "exchange").mkdir()
        (folder / "exchange").chmod(0o777)
        (folder / "jupyter").mkdir()
        (folder / "jupyter" / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.Exchange.root = {str(folder / 'exchange')!r}\nc.ExchangeCollect.check_owner = False\n"
        )

    def type(self, who, command):
        home = self.folder / "home" / who if who else self.course
        home.mkdir(parents=True, exist_ok=True)
        if command.startswith("course grade") and line.best() != "wall":
            command += " --isolation process"
        self.before(command, home)
        environment = surroundings(self.course, self.folder / "jupyter", who or "instructor")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    def before(self, command, home):
        """What somebody does before this command is typed; each of them once."""
        for start, deed in (
            (
                "nbgrader submit",
                lambda: (home / NAME / f"{NAME}.ipynb").write_text(Student("ada", "right").work(ENTRY)),
            ),
            ("nbgrader zip_collect", self.downloads),
            ("course feedback", self.formgrader),
            ("course requests", self.mail),
        ):
            if command.startswith(start) and start not in self.done:
                self.done.add(start)
                deed()

    def downloads(self):
        archive = self.course / "downloaded" / NAME / "archive" / "download.zip"
        archive.parent.mkdir(parents=True)
        with zipfile.ZipFile(archive, "w") as packed:
            for name, kind in (("ben", "half"), ("cleo", "not started"), ("dan", "broken")):
                packed.writestr(f"{name}_{NAME}.ipynb", Student(name, kind).work(ENTRY))

    def formgrader(self):
        with Gradebook(f"sqlite:///{self.course}/gradebook.db") as book:
            grade = book.find_grade("check_predict_letter", NAME, NAME, "ben")
            grade.manual_score, grade.extra_credit = 4.0, 1.0
            book.find_comment("predict_letter", NAME, NAME, "ben").manual_comment = "The idea is right."
            book.db.commit()

    def mail(self):
        book = json.loads(Student("dan", "right").work(ENTRY))
        book["cells"].append({"cell_type": "markdown", "id": "please", "metadata": {}, "source": REQUEST})
        (self.course / "submitted" / "dan" / NAME / f"{NAME}.ipynb").write_text(json.dumps(book))


@pytest.mark.slow
def test_the_page_typed_from_the_first_command_to_the_last(tmp_path):
    if subprocess.run(["git", "ls-files"], cwd=paths.ROOT, capture_output=True, check=False).returncode:
        pytest.skip("not a git checkout")
    term = Term(tmp_path)
    for who, command, lines in typed():
        found = plain(term.type(who, command))
        assert as_pattern(lines).fullmatch(found), f"{command}\n--- printed\n{found}\n--- the page\n" + "\n".join(lines)
    (page,) = (tmp_path / "home" / "ada").rglob(f"feedback/*/{NAME}.html")
    assert page.read_bytes() == (term.course / "feedback" / "ada" / NAME / f"{NAME}.html").read_bytes()
    assert "The idea is right." in (term.course / "feedback" / "ben" / NAME / f"{NAME}.html").read_text("utf-8")


def test_every_command_that_an_instructor_has_is_on_the_page():
    from course.cli import INSTRUCTORS

    said = PAGE.read_text("utf-8")
    commands = [command for _, command, _ in typed()]
    assert len(commands) > 20
    for name in (
        "release",
        "roster",
        "grade",
        "feedback",
        "class",
        "export",
        "similar",
        "requests",
        "regrade",
        "merge",
    ):
        assert name in {command.name for command in INSTRUCTORS}
        assert any(command.startswith(f"course {name} ") for command in commands)
    assert "course doctor" in said


def test_a_line_that_is_not_what_was_printed_is_found():
    assert as_pattern(["…", "ada  23 of …"]).fullmatch(plain("first\n100%|###| 3\r ada   23   of 23 no wall\n"))
    assert not as_pattern(["ada 22 of 23"]).fullmatch(plain("ada 23 of 23\n"))
    assert not as_pattern(["ada 23 of 23"]).fullmatch(plain("ada 23 of 23\nmore\n"))

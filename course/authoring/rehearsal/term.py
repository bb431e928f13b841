"""A whole term, rehearsed: the commands of docs/instructor.md on a class that does not exist, and a look at all that comes out.

In a copy of this checkout as git would clone it, with nbgrader's exchange in a folder beside it: release, hand out, work, collect,
grade, gradebook, export, feedback. Notebooks go by the exchange, modules come as a zip from a learning platform, and one student
of the list hands in nothing. Each command is shown with its output. What comes out wrong ends it.

Not rehearsed: a JupyterHub with a user of the system for each student (here one user plays them all), and harm (nobody means any).
"""

import csv
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from course import paths
from course.authoring.rehearsal.mock_class import Student, students
from course.authoring.release import leaks
from course.catalog import Project
from course.errors import CourseError
from course.wall import line

PROJECTS = ("04b", "01")  # the quickest one, and one that trains
COURSE = "deep_learning"  # course_id of nbgrader_config.py
ABSENT = "zoe"


class Rehearsal:
    """A term in a folder.

    Args:
        folder: empty or not there; gets `course/`, a copy of the checkout, and beside it `exchange/` and a `home/` each.
        entries: the projects of the term.
        by_exchange: who hands in by nbgrader's exchange.
        by_zip: who hands in on a learning platform.
        say: takes what is shown.
    """

    def __init__(
        self,
        folder: Path,
        entries: Sequence[Project],
        by_exchange: Sequence[Student],
        by_zip: Sequence[Student],
        say: Callable[[str], None] = print,
    ) -> None:
        self.folder, self.course = folder, folder / "course"
        self.entries, self.by_exchange, self.by_zip, self.say = entries, by_exchange, by_zip, say
        config = folder / "jupyter"
        config.mkdir(parents=True, exist_ok=True)
        exchange = folder / "exchange"
        exchange.mkdir()
        exchange.chmod(0o777)
        (config / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            f"c.Exchange.root = {str(exchange)!r}\n"
            "c.ExchangeCollect.check_owner = False  # one user of the system plays all students\n"
        )

    def run(self) -> None:
        """The whole term.

        Raises:
            CourseError: a command failed, or what came out is not what the class has earned.
        """
        copy_checkout(self.course)
        self.release()
        for entry in self.entries:
            if self.by_exchange:
                self.hand_out(entry)
                self.work(entry)
            self.collect(entry)
        self.grade()
        self.export()
        self.feedback()

    def release(self) -> None:
        """What students get, and who they are."""
        self.type(f"course release {' '.join(e.id for e in self.entries)}")
        lines = ["id,first_name,last_name,email"]
        lines += [f"{name},{name.title()},Example,{name}@example.org" for name in self.names()]
        (self.course / "students.csv").write_text("\n".join(lines) + "\n", "utf-8")
        self.type("nbgrader db student import students.csv")

    def hand_out(self, entry: Project) -> None:
        """By the exchange."""
        self.type(f"nbgrader release_assignment {entry.module}")

    def work(self, entry: Project) -> None:
        """Each student fetches, writes and submits, in a home of their own."""
        for student in self.by_exchange:
            home = self.folder / "home" / student.name
            home.mkdir(parents=True, exist_ok=True)
            self.type(f"nbgrader fetch_assignment {entry.module} --course {COURSE}", home)
            (home / entry.module / student.file_name(entry)).write_text(student.work(entry), "utf-8")
            self.type(f"nbgrader submit {entry.module} --course {COURSE} --student {student.name}", home)

    def collect(self, entry: Project) -> None:
        """Both ways end in submitted/."""
        if self.by_exchange:
            self.type(f"nbgrader collect {entry.module}")
        if self.by_zip:
            archive = self.course / "downloaded" / entry.module / "archive" / "download.zip"
            archive.parent.mkdir(parents=True)
            with zipfile.ZipFile(archive, "w") as packed:
                for student in self.by_zip:
                    packed.writestr(f"{student.name}_{student.file_name(entry)}", student.work(entry))
            self.type(f"nbgrader zip_collect {entry.module}")

    def grade(self) -> None:
        """Every row of the class, by `course grade`."""
        plain = "" if line.best() == "wall" else " --isolation process"
        self.type(f"course grade submitted --gradebook sqlite:///gradebook.db{plain}")
        for entry in self.entries:
            rows = _rows(self.course / "feedback" / f"{entry.module}.csv")
            self.same(f"points of {entry.id}", {r["student"]: float(r["earned"]) for r in rows}, self.points(entry))
            wrong = {r["student"]: r["status"] for r in rows if r["status"] != "graded"}
            broken = {s.name: "not readable" for s in self.class_() if s.kind == "broken"}
            self.same(f"who of {entry.id} could not be graded", wrong, {**broken, ABSENT: "missing"})

    def export(self) -> None:
        """What nbgrader itself says of it."""
        self.type("nbgrader export")
        rows = _rows(self.course / "grades.csv")
        for entry in self.entries:
            found = {r["student_id"]: float(r["score"]) for r in rows if r["assignment"] == entry.module}
            self.same(f"scores of {entry.id} in grades.csv", found, self.points(entry))
        self.say((self.course / "grades.csv").read_text("utf-8"))

    def feedback(self) -> None:
        """A page for everybody, with nothing in it that is only for instructors; and the way back through the exchange."""
        pages = {(n, e.module): self.course / "feedback" / n / e.module for n in self.names() for e in self.entries}
        missing = [key for key, page in pages.items() if not (page / f"{key[1]}.html").is_file()]
        self.same("students without a page", missing, [])
        # the sentence about a known mistake is for the student who has made it
        found = [leak for leak in leaks.scan(self.course / "feedback") if not leak.secret.sentence]
        self.same("what is only for instructors, in feedback/", found, [])
        if self.by_exchange:
            for entry in self.entries:
                self.type(f"nbgrader release_feedback {entry.module}")
                for student in self.by_exchange:
                    home = self.folder / "home" / student.name
                    self.type(f"nbgrader fetch_feedback {entry.module} --course {COURSE}", home)
                    got = [page.read_bytes() for page in home.rglob(f"feedback/*/{entry.module}.html")]
                    sent = (pages[student.name, entry.module] / f"{entry.module}.html").read_bytes()
                    self.same(f"pages of {entry.id} that {student.name} has fetched", got == [sent], True)

    def class_(self) -> list[Student]:
        """All who hand in."""
        return [*self.by_exchange, *self.by_zip]

    def names(self) -> list[str]:
        """All of the list."""
        return sorted([*(s.name for s in self.class_()), ABSENT])

    def points(self, entry: Project) -> dict[str, float]:
        """{student: what must come out}."""
        return {ABSENT: 0.0, **{s.name: float(s.points(entry)) for s in self.class_()}}

    def same(self, what: str, found: object, wanted: object) -> None:
        """
        Raises:
            CourseError: it is not the same.
        """
        if found != wanted:
            raise CourseError(f"{what}: {found}, and {wanted} was expected.", f"The term is in {self.folder}.")
        self.say(f"# as expected: {what}{': none' if wanted == [] else ''}\n")

    def type(self, command: str, home: Path | None = None) -> str:
        """Run a command in the course folder, or in a student's home; show both, and return what it printed.

        Raises:
            CourseError: it failed.
        """
        who = f"{home.name} " if home else ""
        self.say(f"{who}$ {command}")
        done = subprocess.run(
            shlex.split(command),
            cwd=home or self.course,
            env=surroundings(self.course, self.folder / "jupyter", home.name if home else "instructor"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        shown = done.stdout.replace(f"{self.folder}{os.sep}", "").replace("\r", "\n")
        self.say(shown)
        if done.returncode:
            raise CourseError(f"`{command}` left with status {done.returncode}.", f"The term is in {self.folder}.")
        return shown


def surroundings(course: Path, config: Path, who: str = "instructor") -> dict[str, str]:
    """The environment of a command that is to run in a copy of the course, with nbgrader's settings in `config`."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": str(course),
        "COURSE_DATA": str(paths.data_folder()),  # made once for all copies of the course
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(config / who),
    }


def copy_checkout(folder: Path) -> None:
    """What a clone of this checkout would have, with the edits that are not committed yet.

    Raises:
        CourseError: it is no checkout of git.
    """
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, check=False)
    if done.returncode:
        raise CourseError("This copy of the course is no git checkout.", "A term is rehearsed from a clone.")
    for name in done.stdout.decode().split("\0"):
        if name and (paths.ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(paths.ROOT / name, folder / name)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def rehearse(entries: Sequence[Project], out: Path | None, say: Callable[[str], None]) -> None:
    """A term with a class of eight, notebooks and modules of every kind.

    Args:
        out: a new folder that stays; a temporary one if None.

    Raises:
        CourseError: as `Rehearsal.run`.
    """
    everybody = students(8, forms=("notebook", "module"))
    with tempfile.TemporaryDirectory(prefix="course-term-", ignore_cleanup_errors=True) as temporary:
        Rehearsal((out or Path(temporary)).resolve(), entries, everybody[:4], everybody[4:], say).run()

"""A class of three hundred through a term of three projects: how long each command takes, and what a person has to do by hand.

    python -m benchmarks.class_of_three_hundred                   # 900 works, each another text: hours on two cores
    python -m benchmarks.class_of_three_hundred --distinct 20     # of each project 20 texts, which the students share

Nobody of the class exists. Their work is drawn, by a seed, from our solutions (whole and in part, as notebooks), the known mistakes
and the other right forms of graders/proofs/ (as modules), each with comments of its own. Of the submissions of a project 10 % are
late, 3 % are cut off by the upload, 4 % never come; 5 % of the students have an extension; 1 % are called on the platform as the
roster does not know them. The term is played by the commands that docs/instructor.md types, from a list of participants and a zip a
project, as Moodle gives them, behind the wall with two jobs. Who wrote what is known, so it is checked that right work has all its
points and wrong work has not, that everybody has a row, and that our table and nbgrader's export agree.

What somebody does by hand is counted where it becomes necessary, and done.
"""

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from course import catalog
from course.authoring.proofs.variants import alternatives_of, mistakes_of
from course.authoring.rehearsal import mock_class
from course.authoring.rehearsal.term import surroundings
from course.catalog import Project
from course.checks.check import checks_of
from course.datasets import store
from course.wall.line import best

LATE, CUT, MISSING, EXTENDED, CALLED = 0.10, 0.03, 0.04, 0.05, 0.01
KINDS = (("right", 0.30), ("part", 0.20), ("not started", 0.05), ("mistake", 0.30), ("alternative", 0.15))
FIRST = "Ada Ben Cleo Dan Eve Finn Gus Hana Ivan Jo Kim Lea Max Nora Omar Pia Rosa Sam Tess Uma".split()  # noqa: SIM905 - words read better as words
LAST = "Adler Böhm Costa Dubois Evans Fuchs García Hansen Ito Jensen Köhler Łuc Meyer Nowak Öztürk".split()  # noqa: SIM905 - words read better as words
DUE = datetime(2026, 11, 27, 23, 59)  # of the first project; a week later that of the next
BOOK = ("--gradebook", "sqlite:///gradebook.db")


@dataclass(frozen=True)
class Work:
    """What somebody hands in; `kind` is known to us and to nobody else."""

    kind: str
    suffix: str
    text: str


class Term:
    """The term in a folder: commands, what they took, and what was done by hand."""

    def __init__(self, folder: Path, number: int, distinct: int, seed: int) -> None:
        self.folder, self.distinct, self.draw = folder, distinct, random.Random(seed)
        names = [(first, last) for last in LAST for first in FIRST]
        self.people = {f"s{k:03}": names[k % len(names)] for k in range(number)}
        self.by_hand: Counter[str] = Counter()
        self.took: list[tuple[str, float, float]] = []
        self.wrong: list[str] = []
        (folder / "jupyter").mkdir()

    def type(self, *command: str, status: tuple[int, ...] = (0,)) -> str:
        """A command, which must end with one of these statuses; it is timed."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=surroundings(Path.cwd(), self.folder / "jupyter"),
            capture_output=True,
            text=True,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.took.append((" ".join(command), time.perf_counter() - began, seconds))
        print(f"  {self.took[-1][1]:7.1f} s {seconds:8.1f} s  {self.took[-1][0]}", flush=True)
        if done.returncode not in status:
            sys.exit(f"{' '.join(command)} left with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def begin(self, entries: list[Project]) -> None:
        """The roster and the rules."""
        rows = [(first, last, id, f"{id}@example.org") for id, (first, last) in self.people.items()]
        write(self.folder / "participants.csv", ("First name", "Last name", "Username", "Email address"), rows)
        self.type("course", "roster", "participants.csv", *BOOK)
        self.extended = self.draw.sample(sorted(self.people), round(EXTENDED * len(self.people)))
        lines = ['timezone = "Europe/Berlin"', 'grace = "15 minutes"', 'penalty = "10 %"', 'at_most = "50 %"']
        for week, entry in enumerate(entries):
            lines += [f"[projects.{entry.id}]", f"due = {(DUE + timedelta(weeks=week)).isoformat()}"]
        for id in self.extended:
            lines += [f"[extensions.{id}]", f'{entries[0].id} = "3 days"']
        (self.folder / "course.toml").write_text("\n".join(lines) + "\n")
        self.by_hand["a list of participants, a zip and a table of times downloaded"] += 1 + 2 * len(entries)
        self.by_hand["lines of rules in course.toml"] += 4 + 2 * len(entries)
        self.by_hand["an extension: a line in course.toml, and its student's heading"] += len(self.extended)

    def project(self, entry: Project, week: int) -> None:
        """Collect, grade, mend what only a person can, and show."""
        works = self.works(entry)
        known = {id: self.draw.choices([k for k, _ in KINDS], [p for _, p in KINDS])[0] for id in self.people}
        absent = set(self.draw.sample(sorted(self.people), round(MISSING * len(self.people))))
        here = [id for id in self.people if id not in absent]
        cut = set(self.draw.sample(here, round(CUT * len(self.people))))
        late = set(self.draw.sample(here, round(LATE * len(self.people))))
        odd = {
            id: f"Nick {k} {self.people[id][1]}"
            for k, id in enumerate(self.draw.sample(here, round(CALLED * len(here))))
        }
        given = {id: self.draw.choice(works[known[id]]) for id in here}
        times = []
        with zipfile.ZipFile(self.folder / f"{entry.id}.zip", "w") as packed:
            for number, id in enumerate(here):
                name = odd.get(id, " ".join(self.people[id]))
                text, suffix = cut_off(entry) if id in cut else (given[id].text, given[id].suffix)
                packed.writestr(f"{name}_{number}_assignsubmission_file/{entry.module}{suffix}", text)
                when = DUE + timedelta(weeks=week, hours=self.draw.uniform(1, 100) * (1 if id in late else -1))
                times.append((f"{id}@example.org", when.isoformat(timespec="seconds")))
        write(self.folder / f"{entry.id}-times.csv", ("email", "handed in"), times)
        texts = len({given[id].text for id in here if id not in cut})
        print(
            f"{entry.id}: {len(here)} works, {texts} distinct; {len(cut)} cut off, {len(late)} late, {len(absent)} never came"
        )
        grade = ("course", "grade", f"{entry.id}.zip", "--project", entry.id, "--times", f"{entry.id}-times.csv")
        grade += (*BOOK, "--jobs", "2", "--isolation", best(), "--seconds", "30")
        self.type(*grade, status=(0, 1))
        if odd:  # names.csv has a line for each: the id behind it
            rows = read(self.folder / "names.csv")
            back = {name: id for id, name in odd.items()}
            filled = [(row["name"], row["id"] or back[row["name"]]) for row in rows]
            self.by_hand["an id behind a name of names.csv"] += sum(not row["id"] for row in rows)
            write(self.folder / "names.csv", ("name", "id"), filled)
            self.type(*grade)
        self.resent(entry, sorted(cut), given)
        self.type("course", "class", *BOOK)
        self.type("course", "export", "--to", "moodle", "--project", entry.id, *BOOK)
        self.by_hand["a table of points uploaded, a page of the class read"] += 1
        self.look(entry, {id: known[id] for id in here}, absent)

    def resent(self, entry: Project, cut: list[str], given: dict[str, Work]) -> None:
        """A mail to each whose file nobody can read; all send it again, and one command grades what came."""
        unread = [
            r["student"]
            for r in read(self.folder / "feedback" / f"{entry.module}.csv")
            if r["status"] == "not readable"
        ]
        if sorted(unread) != cut:
            sys.exit(f"cut off were {cut}, not readable are {unread}")
        for id in cut:
            file = self.folder / f"{entry.id}-again" / id / f"{entry.module}{given[id].suffix}"
            file.parent.mkdir(parents=True)
            file.write_text(given[id].text, "utf-8")
        self.by_hand["a mail about a file that nobody can read, and its answer saved"] += len(cut)
        if not cut:
            return
        self.type(
            *("course", "grade", f"{entry.id}-again", "--project", entry.id, *BOOK, "--jobs", "2"),
            *("--isolation", best(), "--seconds", "30"),
        )

    def look(self, entry: Project, known: dict[str, str], absent: set[str]) -> None:
        """Everybody has a row, and it is the right one."""
        rows = {row["student"]: row for row in read(self.folder / "feedback" / f"{entry.module}.csv")}
        wrong = [f"no row: {id}" for id in self.people if id not in rows]
        for id, kind in known.items():
            points, whole = float(rows[id]["checks"]), entry.points
            right = (
                points == whole
                if kind in ("right", "alternative")
                else points == 0
                if kind == "not started"
                else points < whole
            )
            wrong += [] if right else [f"{id}, {kind}: {points} of {whole}"]
        wrong += [f"{id} is {rows[id]['status']}" for id in absent if rows[id]["status"] != "missing"]
        self.wrong += wrong
        print("".join(f"  not as it was written: {one}\n" for one in wrong), end="")

    def works(self, entry: Project) -> dict[str, list[Work]]:
        """So many distinct texts of a project, by kind."""
        found: dict[str, list[Work]] = {kind: [] for kind, _ in KINDS}
        judged = {check.name for check in checks_of(entry)}  # and no bonus, which costs no point
        mistakes, others = [one for one in mistakes_of(entry) if one.caught_by in judged], alternatives_of(entry)
        tasks = [function.name for function in entry.functions]
        for kind, share in KINDS:
            for k in range(max(1, round(share * self.distinct))):
                said = f"# {kind} {k}: {self.draw.random()}"
                if kind in ("mistake", "alternative"):
                    one = self.draw.choice(mistakes if kind == "mistake" else others)
                    text = "".join(
                        f"{said}\n{line}" if line.startswith("def ") else line for line in one.text().splitlines(True)
                    )
                    found[kind].append(Work(kind, ".py", text))
                    continue
                written = {"right": tasks, "not started": []}.get(kind, self.draw.sample(tasks, len(tasks) // 2))
                book = mock_class.notebook(entry, written, said)
                found[kind].append(Work(kind, ".ipynb", json.dumps(book, indent=1)))
        return found

    def end(self) -> None:
        """The table of the term, and whether ours and nbgrader's agree."""
        self.type("course", "feedback", *BOOK)
        self.type("nbgrader", "export", "--db", "sqlite:///gradebook.db")
        theirs = {
            (row["assignment"], row["student_id"]): float(row["score"] or 0) for row in read(self.folder / "grades.csv")
        }
        for file in sorted((self.folder / "feedback").glob("ex*.csv")):
            for row in read(file):
                score = theirs.get((file.stem, row["student"]), 0.0)
                if abs(score - float(row["earned"])) > 0.006:
                    sys.exit(f"{file.stem} {row['student']}: {row['earned']} here, {score} in nbgrader's export")
        print(f"\n{len(theirs)} totals, the same in our tables and in nbgrader's export.")


def cut_off(entry: Project) -> tuple[str, str]:
    """A notebook that an upload has cut off."""
    text = json.dumps(mock_class.notebook(entry, None, "# cut"), indent=1)
    return text[: len(text) // 2], ".ipynb"


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write(file: Path, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--projects", nargs="*", default=["04b", "05a", "06"], help="(04b 05a 06, which train nothing)")
    parser.add_argument(
        "--distinct", type=int, default=10**6, help="texts of a project; unless given, each work is another"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    entries = [catalog.project(id) for id in given.projects]
    for name in dict.fromkeys(name for entry in entries for name in entry.data):
        store.ensure(name)
    with tempfile.TemporaryDirectory(prefix="course-three-hundred-", ignore_cleanup_errors=True) as folder:
        term = Term(Path(folder), given.students, min(given.distinct, given.students), given.seed)
        print(f"{len(term.people)} students, {best()}\n  {'wall':>7}   {'processor':>8}", flush=True)
        term.begin(entries)
        for week, entry in enumerate(entries):
            term.project(entry, week)
        term.end()
        wall, processor = (sum(one[k] for one in term.took) for k in (1, 2))
        print(f"In all: {wall:.0f} s, {processor:.0f} s of the processor, {len(term.took)} commands typed.\nBy hand:")
        for what, number in term.by_hand.items():
            print(f"  {number:4}  {what}")
        sys.exit(bool(term.wrong))


if __name__ == "__main__":
    main()

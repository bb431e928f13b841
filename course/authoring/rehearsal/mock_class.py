"""A class that does not exist: submissions as students hand them in, made from the release and the solutions.

For trying what a teacher does with a class (`rehearsal`, `benchmarks/class_speed.py`) and for tests. Four kinds of student
in two forms, notebook and module; what each must earn is known. Wrong solutions are not here: `graders/proofs/` has them.
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import paths
from course.authoring.stubs import BEGIN, END
from course.catalog import Project
from course.workspace import pristine_text
from course.workspace.merge import carry_over

KINDS = ("right", "half", "not started", "broken")
FORMS = ("notebook", "module")
NAMES = """
ada ben cleo dan eve finn gus hana ivan jo kim lea max nora omar pia quinn rosa sam tess uma vera will xenia yan
""".split()  # noqa: SIM905 - words read better as words


@dataclass(frozen=True)
class Student:
    """Somebody of the class.

    Args:
        name: of letters and digits, as it stands in the gradebook.
        kind: one of KINDS. "half" has written the first half of the functions; "broken" is a right file that an upload has cut off.
        form: one of FORMS.
    """

    name: str
    kind: str
    form: str = "notebook"

    def file_name(self, entry: Project) -> str:
        """How the file is called that this student hands in."""
        return entry.module + (".ipynb" if self.form == "notebook" else ".py")

    def work(self, entry: Project) -> str:
        """The text of that file. No two students write the same text, save those who have written nothing."""
        written = {"half": half(entry), "not started": []}.get(self.kind)
        signed = f"# {self.name}"
        if self.form == "notebook":
            text = json.dumps(notebook(entry, written, signed), indent=1) + "\n"
            return text[: len(text) // 2] if self.kind == "broken" else text
        text = module(entry, written, signed)
        if self.kind == "broken":
            head = re.search(rf"^(?:def|class) {entry.functions[1].name}\(", text, re.MULTILINE)
            return text[: head.end()] if head else text[: len(text) // 2]
        return text

    def points(self, entry: Project) -> int:
        """What this student must earn."""
        earned = {"right": {f.name for f in entry.functions}, "half": set(half(entry))}.get(self.kind, set())
        return sum(f.points for f in entry.functions if f.name in earned)


def students(number: int, kinds: Sequence[str] = KINDS, forms: Sequence[str] = ("notebook",)) -> list[Student]:
    """So many students: the kinds in turn, and all kinds in one form before the next form."""
    found = []
    for k in range(number):
        turn, place = divmod(k, len(kinds))
        name = NAMES[k % len(NAMES)] + (str(k // len(NAMES) + 1) if k >= len(NAMES) else "")
        found.append(Student(name, kinds[place], forms[turn % len(forms)]))
    return found


def half(entry: Project) -> list[str]:
    """The first half of a project's functions; rounded down, so that something is left to do."""
    return [f.name for f in entry.functions][: len(entry.functions) // 2]


def notebook(entry: Project, written: Collection[str] | None = None, signed: str = "") -> dict[str, Any]:
    """The notebook of the release with our solutions of the functions `written` (of all, if None), `signed` below each."""
    book, solved = _book("release", entry), _book("source", entry)
    bodies = {name: cell["source"] for name, cell in _solution_cells(solved)}
    for name, cell in _solution_cells(book):
        if written is None or name in written:
            cell["source"] = unmarked("".join(bodies[name])) + (f"\n{signed}" if signed else "")
    return book


def module(entry: Project, written: Collection[str] | None = None, signed: str = "") -> str:
    """The stub of exercises/ with our solutions of the functions `written` (of all, if None), `signed` at the end."""
    solution = (paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    tasks = [f.name for f in entry.functions if written is None or f.name in written]
    text = carry_over(unmarked(solution), pristine_text(entry), tasks).text
    return text + (f"{signed}\n" if signed and tasks else "")


def hand_in(folder: Path, entry: Project, class_: Sequence[Student]) -> list[Path]:
    """Write the class's work in nbgrader's layout, `folder`/ada/ex01_mnist/ex01_mnist.ipynb; returns the files."""
    files = []
    for student in class_:
        file = folder / student.name / entry.module / student.file_name(entry)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(student.work(entry), "utf-8")
        files.append(file)
    return files


def _book(kind: str, entry: Project) -> dict[str, Any]:
    return json.loads((paths.ROOT / kind / entry.module / f"{entry.module}.ipynb").read_text("utf-8"))


def _solution_cells(book: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(grade_id, cell) of the cells in which students write."""
    fields = [(cell["metadata"].get("nbgrader", {}), cell) for cell in book["cells"]]
    return [(about["grade_id"], cell) for about, cell in fields if about.get("solution")]


def unmarked(text: str) -> str:
    """Without the lines of the markers, as no student writes them."""
    return "\n".join(line for line in text.split("\n") if line.strip() not in (BEGIN, END))

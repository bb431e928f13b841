"""Requests for regrading: what a student wants somebody to look at again, as the student has written it.

A request is a cell of Markdown or a comment in the code that begins with "Regrade:" and names the function, or a file
`regrade.txt` or `regrade.md` beside the submission. It is found as text; nothing of it is run.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from course.catalog import Project, project
from course.cells.notebook import Unreadable, cells_of, source_of
from course.checks.results import CheckResult, SubmissionResult
from course.grading.handed_in import read
from course.grading.submissions import Submission

WORD = re.compile(r"\W*regrade\W*:\W*(.*)", re.IGNORECASE | re.DOTALL)
FILES = ("regrade.txt", "regrade.md")
MOST = 2000  # characters of a request


@dataclass(frozen=True)
class Request:
    """One request.

    Args:
        task: the function that it names; empty where it names none.
        text: what the student has written.
        where: "cell 7", "line 40" or the file's name.
    """

    student: str
    project: str
    task: str
    text: str
    where: str

    def checks(self, result: SubmissionResult | None) -> list[CheckResult]:
        """The checks that it is about: those of its function that have not passed, or of the whole project."""
        found = result.result.of(["failed", "waiting"]) if result else []
        return [check for check in found if not self.task or check.task == self.task]


def of_class(submissions: Iterable[Submission]) -> list[Request]:
    """All requests, in the order of the submissions."""
    return [request for one in submissions for request in of_submission(one)]


def of_submission(one: Submission) -> list[Request]:
    """What one student asks for."""
    if one.file is None:
        return []
    entry = project(one.project)
    found: list[tuple[str, str]] = []
    for name in FILES:
        with suppress(OSError, ValueError):
            text = read(one.file.with_name(name)).decode("utf-8", "replace").strip()
            said = WORD.match(text)
            found += [(said[1] if said else text, name)] if text else []
    with suppress(OSError, ValueError):  # Unreadable is one
        found += _in(read(one.file))
    return [Request(one.student, one.project, _named(text, entry), _clean(text), where) for text, where in found]


def _in(content: bytes) -> list[tuple[str, str]]:
    """(text, where) of the requests in a notebook or a module."""
    try:
        cells = cells_of(content)
    except Unreadable:
        return _comments(content.decode("utf-8-sig", "replace"), "line {}")
    found: list[tuple[str, str]] = []
    for number, cell in enumerate(cells, 1):
        text = source_of(cell)
        if cell.get("cell_type") == "code":
            found += _comments(text, f"cell {number}, line {{}}")
        elif said := WORD.match(text):
            found.append((said[1], f"cell {number}"))
    return found


def _comments(text: str, where: str) -> list[tuple[str, str]]:
    """Comments that begin so, each with the lines of comment that follow it at once."""
    lines = text.splitlines()
    found, number = [], 0
    while number < len(lines):
        said = WORD.match(lines[number].strip()[1:]) if lines[number].strip().startswith("#") else None
        first = number + 1
        number += 1
        if said:
            parts = [said[1]]
            while number < len(lines) and lines[number].strip().startswith("#"):
                parts.append(lines[number].strip().lstrip("# "))
                number += 1
            found.append(("\n".join(parts), where.format(first)))
    return found


def _named(text: str, entry: Project) -> str:
    """The function that a text names, where it names exactly one."""
    names = [function.name for function in entry.functions if re.search(rf"\b{re.escape(function.name)}\b", text)]
    return names[0] if len(names) == 1 else ""


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text.strip()[:MOST])


def shown(requests: Sequence[Request], results: Iterable[SubmissionResult]) -> str:
    """The list for a person: who, what they say, and the checks with what they said."""
    known = {(r.student, r.result.project): r for r in results}
    lines = []
    for one in requests:
        lines.append(f"{one.project} {one.student}  {one.task or 'no function is named'}  ({one.where})")
        lines += [f"    {line}" for line in one.text.splitlines()]
        checks = one.checks(known.get((one.student, one.project)))
        for check in checks:
            lines.append(f"  ✗ {check.task}: {check.title}, {check.earned} of {check.points}")
            lines.append(f"      {check.message.partition(chr(10))[0]}")
        if not checks:
            lines.append(
                "  nothing of that has failed" if known.get((one.student, one.project)) else "  not graded yet"
            )
    return "\n".join(lines)

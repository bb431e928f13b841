"""Hostile notebooks of 04b: {name: what makes the file's bytes of the untouched release}. None of them deserves a point."""

import copy
import json
from collections.abc import Callable
from typing import Any

from attacks import TASKS, called, module

from course.authoring.rehearsal import mock_class
from course.catalog import project

ENTRY = project("04b")
Book = dict[str, Any]
FAKE = "<script>alert(1)</script>\x1b[2J\u202eowned"


def released() -> Book:
    """The notebook as a student gets it."""
    return mock_class.notebook(ENTRY, [])


def cell(book: Book, name: str) -> Book:
    """The cell of this grade_id."""
    return next(c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def added(source: str, place: int = 0, **more: Any) -> Callable[[], bytes]:
    """A cell of the student's own, in front of all others or at the end."""

    def make() -> bytes:
        book = released()
        own = {
            "cell_type": "code",
            "id": "own",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": source,
        }
        book["cells"].insert(place if place >= 0 else len(book["cells"]), own | more)
        return json.dumps(book).encode()

    return make


def answered(code: str) -> Callable[[], bytes]:
    """The attack of a module, spread over the cells of the functions."""

    def make() -> bytes:
        book = released()
        whole = module(code)
        for number, task in enumerate(TASKS):
            start = whole.index(f"def {task}(")
            text = whole[start:].split("\n\n")[0]
            cell(book, task)["source"] = (
                whole[: whole.index(f"def {next(iter(TASKS))}(")] if number == 0 else ""
            ) + text
        return json.dumps(book).encode()

    return make


def locked(source: str) -> Callable[[], bytes]:
    """Every locked cell says something else."""

    def make() -> bytes:
        book = released()
        for each in book["cells"]:
            if each["metadata"].get("nbgrader", {}).get("locked"):
                each["source"] = source
        return json.dumps(book).encode()

    return make


def forged(**fields: Any) -> Callable[[], bytes]:
    """nbgrader's own metadata of every cell say something else."""

    def make() -> bytes:
        book = released()
        for each in book["cells"]:
            each["metadata"].setdefault("nbgrader", {}).update(fields)
        return json.dumps(book).encode()

    return make


def shown() -> bytes:
    """Outputs that say that all is well, and want to be run."""
    book = released()
    for each in book["cells"]:
        if each["cell_type"] == "code":
            data = {"text/html": FAKE, "text/plain": "23 of 23", "application/javascript": "alert(1)"}
            each["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    return json.dumps(book).encode()


def twice() -> bytes:
    """Each function's cell a second time, with an answer of its own."""
    book = released()
    for task in TASKS:
        other = copy.deepcopy(cell(book, task))
        other["source"] = f"def {task}(*args):\n    return 0.75"
        book["cells"].append(other)
    return json.dumps(book).encode()


def huge() -> bytes:
    """An output of 60 MB."""
    book = released()
    book["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 60_000_000}]
    return json.dumps(book).encode()


def many() -> bytes:
    """5,000 cells."""
    book = released()
    own = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": "pass"}
    book["cells"] += [own | {"id": f"c{number}"} for number in range(5_000)]
    return json.dumps(book).encode()


def other_kernel() -> bytes:
    """A notebook of another language."""
    book = released()
    book["metadata"]["kernelspec"] = {"name": "bash", "language": "bash", "display_name": "../../bin/sh"}
    return json.dumps(book).encode()


def odd(source: Any) -> Callable[[], bytes]:
    """A source that is no text."""

    def make() -> bytes:
        book = released()
        cell(book, "preprocess")["source"] = source
        return json.dumps(book).encode()

    return make


NOTEBOOK_ATTACKS: dict[str, Callable[[], bytes]] = {
    "check replaced": added(
        "import course.notebook\ncourse.notebook.check = lambda *a, **k: print('all checks pass')\ncheck = course.notebook.check"
    ),
    "the judge imported and replaced": added(
        "import sys\nfor name in ('course.checks.expect', 'course.checks.run', 'course.grading.judge'):\n    try:\n"
        "        there = __import__(name, fromlist=['x'])\n        vars(there).clear()\n"
        "    except ImportError:\n        pass"
    ),
    "locked cells that pass": locked("assert True"),
    "locked cells that leave": locked("import os\nos._exit(0)"),
    "metadata with points": forged(score=100, points=100, grade=True, solution=True, locked=False),
    "metadata with a path": forged(grade_id="../../../../tmp/owned", cell_type="code"),
    "metadata of other types": forged(grade_id={"a": ["b"]}, schema_version=[[]]),
    "each function twice": twice,
    "outputs with scripts": shown,
    "an output of 60 MB": huge,
    "5,000 cells": many,
    "a kernel of another language": other_kernel,
    "shell and magics": added("!touch /tmp/owned; rm -rf /course ~\n%%bash\nexit 0"),
    "the kernel ended": added("get_ipython().kernel.do_shutdown(False)\nexit()\nquit()"),
    "a transformer of the input": added(
        "ip = get_ipython()\nip.input_transformers_cleanup.append(lambda lines: ['pass'])"
    ),
    "a debugger that waits": added("breakpoint()\ninput('your turn')"),
    "the source a number": odd(7),
    "the source nested": odd([["def preprocess(photo):", ["return 1"]]]),
    "an attachment of another's": added("pass", attachments={"../../x.png": {"image/png": "A" * 100_000}}),
    "nested 100,000 deep": lambda: b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "numbers without end": lambda: (
        json.dumps(released()).replace('"nbformat": 4', '"nbformat": ' + "9" * 5_000).encode()
    ),
    "not a number": lambda: json.dumps(released()).replace('"nbformat_minor": 5', '"nbformat_minor": NaN').encode(),
    "half a letter": lambda: json.dumps(released()).replace("# ", "# \\ud800", 1).encode(),
    "answers of a module": answered(called("return 0.75")),
    "the worker replaced, in a cell": added(
        "from course.checks import worker\nworker.Worker.reply = lambda self, request: {'value': True}", -1
    ),
}

"""Submissions of project 04b, which trains nothing, for the tests of this folder."""

import copy
import json

from course import paths
from course.catalog import project

ENTRY = project("04b")
NAME = ENTRY.module


def notebook(kind="source"):
    """Our own notebook: "source" has the solutions, "release" the TODOs."""
    return json.loads((paths.ROOT / kind / NAME / f"{NAME}.ipynb").read_text("utf-8"))


def cell(book, name):
    return next(c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def changed(name, source, kind="source"):
    book = notebook(kind)
    cell(book, name)["source"] = source
    return book


def own(source):
    return {"cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": None, "source": source}


def half():
    book = notebook("release")
    for name in ("load_model", "predict_letter"):
        cell(book, name)["source"] = cell(notebook(), name)["source"]
    return book


def doubled():
    book = notebook()
    book["cells"].append(copy.deepcopy(cell(book, "preprocess")))
    return book


def content(book):
    return json.dumps(book).encode()

"""A submission as a notebook to look at: the student's text, the verdict below it, and nothing that a page would run."""

import json
import sys
from dataclasses import replace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader import utils
from nbgrader.preprocessors import CheckCellMetadata

from course import paths
from course.catalog import project, projects
from course.cells.notebook import Unreadable, book_of
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult, SubmissionResult
from course.reports.feedback import MOST, marked

sys.path.insert(0, str(paths.ROOT / "tests" / "grading"))  # not a package; the submissions of 04b are there
from class04b import ENTRY, NAME, cell, changed, content, notebook, own

TASKS = [f.name for f in ENTRY.functions]


def result(file=f"ada/{NAME}/{NAME}.ipynb", right=2, entry=ENTRY, **more):
    rows = [
        CheckResult(
            entry.id,
            f.name,
            "test_x",
            "it works",
            f.points,
            f.points * (k < right),
            "passed" if k < right else "failed",
            Failure("not graded", "wrong"),
            line=3,
        )
        for k, f in enumerate(entry.functions)
    ]
    whole = ProjectResult(entry.id, entry.title, file.rpartition("/")[2], tuple(rows))
    return SubmissionResult("ada", file, whole, "none", **more)


def made(book, **more):
    """As nbformat reads it, valid."""
    text = content(book) if isinstance(book, dict) else book
    done = nbformat.reads(nbformat.writes(marked(text, ENTRY, result(**more))), as_version=4)
    nbformat.validate(done)
    CheckCellMetadata().preprocess(done, {})
    return done


def text(done, name):
    return cell(done, name)["source"]


def whole(source):
    return "".join(source)


def test_the_points_are_read_from_it_as_nbgrader_would():
    done = made(notebook())
    got = {c.metadata.nbgrader.grade_id: utils.determine_grade(c)[0] for c in done.cells if utils.is_grade(c)}
    assert got == {f"check_{f.name}": f.points * (k < 2) for k, f in enumerate(ENTRY.functions)}
    assert "✓ load_model" in cell(done, "check_load_model").outputs[0].text


def test_functions_are_the_students_and_what_is_locked_is_ours():
    book = changed("preprocess", "def preprocess(photo):\n    return 1")
    cell(book, "imports")["source"] = "raise SystemExit"
    cell(book, "check_preprocess")["source"] = "9"
    cell(book, "check_preprocess")["metadata"]["nbgrader"]["points"] = 900
    done = made(book)
    assert text(done, "preprocess") == "def preprocess(photo):\n    return 1"
    release = notebook("release")
    for name in ("imports", "check_preprocess"):
        assert text(done, name) == whole(text(release, name))
    assert cell(done, "check_preprocess").metadata.nbgrader.points == ENTRY.function("preprocess").points


def test_the_order_is_the_students_and_what_is_missing_comes_back_to_its_place():
    book = notebook()
    book["cells"] = [c for c in book["cells"] if c["id"] not in ("check_preprocess", "preprocess", "imports")]
    book["cells"].insert(3, own("helper = 1"))
    done = made(book)
    ids = [c.id for c in done.cells]
    assert ids.index("check_preprocess") == ids.index("preprocess") + 1 == ids.index("check_load_model") + 2
    assert ids[0] == "imports" or ids.index("imports") < ids.index("load_model")
    assert "helper = 1" in [c.source for c in done.cells]
    assert len(ids) == len(set(ids))


def test_a_second_cell_of_the_same_name_is_one_of_the_students_own():
    book = notebook()
    book["cells"] += [cell(notebook(), "check_preprocess"), cell(notebook(), "imports")]
    done = made(book)
    names = [c.metadata.nbgrader.grade_id for c in done.cells if "nbgrader" in c.metadata]
    assert len(names) == len(set(names))


def test_nothing_of_the_students_own_is_rendered_or_printed():
    evil = "<script>alert(1)</script> ![](x) [a](javascript:b)"
    book = notebook()
    for c in book["cells"]:
        if c["cell_type"] == "code":
            c["outputs"] = [{"output_type": "display_data", "data": {"text/html": evil}, "metadata": {}}]
        c["metadata"]["tags"] = ["remove_cell"]
    next(c for c in book["cells"] if c["cell_type"] == "markdown")["source"] = evil
    book["cells"] += [
        {"cell_type": "markdown", "id": "x", "metadata": {}, "source": "````\n```\n" + evil},
        {"cell_type": "raw", "id": "y", "metadata": {"raw_mimetype": "text/html"}, "source": evil},
        own("print(1)"),
    ]
    done = made(book, notes=(evil,))
    page = html(done)
    assert "<script>alert(1)" not in page
    assert 'javascript:b"' not in page
    assert page.count("&lt;script&gt;") >= 4
    assert all(set(c.metadata) <= {"nbgrader", "deletable", "editable"} for c in done.cells)
    assert not any(o.output_type == "display_data" for c in done.cells if c.cell_type == "code" for o in c.outputs)


def html(done):
    """The page that formgrader and generate_feedback would make of it, without their templates' frame."""
    from nbconvert.exporters import HTMLExporter

    return HTMLExporter(template_name="basic").from_notebook_node(done)[0]


def test_a_message_with_html_in_it_is_escaped():
    rows = result().result.checks
    evil = replace(rows[3], failure=Failure("not graded", "got '<script>alert(1)</script>'"), code="<b>")
    whole_result = SubmissionResult("ada", "a.ipynb", ProjectResult("04b", "x", "a.ipynb", (*rows[:3], evil)), "none")
    done = marked(content(notebook()), ENTRY, whole_result)
    assert "<script>alert" not in html(done)


def test_a_module_stands_in_the_cells_of_the_release():
    module = (paths.ROOT / "solutions" / f"{NAME}.py").read_text("utf-8")
    line = module.split("\n").index("def preprocess(photo: Image.Image) -> torch.Tensor:")
    module = (
        module.replace("def preprocess(photo", "@torch.no_grad()\ndef preprocess(photo")
        + "\n\ndef helper():\n    return 7\n"
    )
    done = made(module.encode(), file=f"{NAME}.py")
    assert text(done, "preprocess").startswith(f"# the module, from line {line + 1}\n@torch.no_grad()\ndef preprocess(")
    assert text(done, "imports") == whole(text(notebook("release"), "imports"))
    rest = next(c for c in done.cells if c.id == "own-1").source
    assert "def helper" in rest
    assert "import torch" not in rest
    assert done.cells.index(cell(done, "load_model")) == [c.id for c in done.cells].index("own-1") + 1


def test_the_unedited_stub_adds_nothing():
    stub = (paths.ROOT / "exercises" / f"{NAME}.py").read_bytes()
    done = made(stub, file=f"{NAME}.py", right=0)
    assert "own-1" not in [c.id for c in done.cells]
    assert len(done.cells) == len(notebook("release")["cells"]) + 1


def test_a_module_that_cannot_be_read_is_shown_whole():
    done = made(b"def load_model(:\n", file=f"{NAME}.py")
    assert done.cells[1].source == "def load_model(:\n"
    assert "cannot be read" in text(done, "load_model")
    assert "has no preprocess" in text(made(b"\xef\xbb\xbfx = 1\r\n", file="x.py"), "preprocess")


@pytest.mark.parametrize("id", [p.id for p in projects()])
def test_every_project(id):
    entry = project(id)
    for kind, suffix in (("source", "ipynb"), ("solutions", "py")):
        folder = paths.ROOT / kind / entry.module if suffix == "ipynb" else paths.ROOT / kind
        data = (folder / f"{entry.module}.{suffix}").read_bytes()
        done = marked(data, entry, result(f"x.{suffix}", entry=entry))
        nbformat.validate(done)
        for f in entry.functions:
            assert f.name in text(done, f.name)
            assert "NotImplementedError" not in text(done, f.name)


def test_who_grades_does_not_learn_the_name():
    """formgrader hides it."""
    for data, kind in ((notebook(), "ipynb"), (b"def load_model(path, model):\n    return model\n", "py")):
        assert "zuleika" not in json.dumps(made(data, file=f"zuleika.{kind}"))


def test_a_huge_notebook_is_cut():
    book = notebook()
    book["cells"] += [own("x = 1") for _ in range(MOST + 50)] + [own("y" * 300_000)]
    done = made(book)
    assert len(done.cells) <= MOST + 40
    assert "more cells are not shown" in next(c for c in done.cells if c.id == "left-out").source
    long = notebook()
    long["cells"].append(own("y" * 300_000))
    assert max(len(c.source) for c in made(long).cells) < 201_000


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["grade_id", "nbgrader", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "cell_type": JSON | st.sampled_from(["code", "markdown"]),
                "id": JSON,
                "metadata": JSON,
                "source": JSON,
            },
        ),
        max_size=4,
    )
)
def test_whatever_cells_a_graded_notebook_has(cells):
    book = notebook()
    book["cells"] += cells
    data = content(book)
    try:
        book_of(data, ENTRY)
    except Unreadable:
        return
    made(data)


@given(st.text() | st.sampled_from(["1" + "+1" * 3000, "(" * 500, "x = '\ud800'", "\0", "def preprocess(): 1\f\n"]))
def test_whatever_text_a_module_has(module):
    made(module.encode("utf-8", "surrogatepass"), file="x.py")

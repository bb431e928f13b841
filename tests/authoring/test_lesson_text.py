"""What becomes of a lesson's figures, folded answers and measured numbers, in the notebook and in the module."""

import json

import pytest

from course import paths
from course.authoring.figures import keeping
from course.authoring.figures.figure import figures_of
from course.authoring.lesson_text import ModuleText, figures_in, filled, for_notebook, measured
from course.authoring.lint.lessons import lessons
from course.authoring.lint.reader import Sources
from course.catalog import Function, Project, project, projects
from course.errors import CourseError
from course.source import definitions

MNIST = project("01")
SLUG = next(iter(figures_of(MNIST)))
ALT = "Two curves that fall from left to right, and a third that rises"
FIGURE = f"![{ALT}](figure:{SLUG})"
FOLDED = "<details><summary>Why is that so?</summary>\n\nBecause of $x$.\n\n</details>"


def test_a_notebook_gets_the_picture_as_an_attachment():
    text, attachments = for_notebook(f"## Curves\n\n{FIGURE}\n\n{FOLDED}", MNIST, "here")
    assert text == f"## Curves\n\n![{ALT}](attachment:{SLUG}.png)\n\n{FOLDED}"
    assert list(attachments) == [f"{SLUG}.png"]


def test_a_text_may_run_over_two_lines():
    text = f"![{ALT[:20]}\n{ALT[20:].strip()}](figure:{SLUG})"
    assert [shown.slug for shown in figures_in(text)] == [SLUG]
    assert "\n" not in for_notebook(text, MNIST, "here")[0]


def test_a_module_says_where_the_picture_lies_and_it_lies_there():
    said = ModuleText(MNIST, "here").cell(FIGURE)
    assert " ".join(said.split()) == f"Figure: {ALT} (docs/figures/01-{SLUG}.png)."
    assert (paths.ROOT / f"docs/figures/01-{SLUG}.png").is_file()


def test_a_module_wraps_a_paragraph_that_a_number_makes_too_long():
    table = f"| {'x ' * 70}|"
    text = ModuleText(MNIST, "here").cell(
        f"{'word ' * 20}\n{{measured: 02 MLP, unseen signers}} {'word ' * 22}\n\n{table}"
    )
    assert text.splitlines()[-1] == table.strip()
    assert max(map(len, text.splitlines()[:-1])) <= 118


def test_a_module_keeps_the_answers_for_its_end():
    text = ModuleText(MNIST, "here")
    assert text.cell(f"Before.\n\n{FOLDED}\n\nAfter.") == (
        "Before.\n\n**Question 1: Why is that so?** (Answer 1 stands at the end of this file.)\n\nAfter."
    )
    assert "Question 2" in text.cell(FOLDED)
    assert text.last_cell().startswith("## Answers\n\n**1. Why is that so?**\n\nBecause of $x$.\n\n**2. ")
    assert ModuleText(MNIST, "here").last_cell() is None


def test_a_measured_number_is_that_of_the_table():
    page = (paths.ROOT / "docs/lessons.md").read_text("utf-8")
    row = next(line.split(" | ") for line in page.splitlines() if line.startswith("| 02 | MLP, unseen signers"))
    expected = [f"{float(value):.2f}" for value in row[2:5]]
    key = "02 MLP, unseen signers"
    assert [measured(key), measured(f"{key}, least"), measured(f"{key}, greatest")] == expected
    assert filled("{measured: 02 MLP,\nunseen signers}.", MNIST, "here") == f"{expected[0]}."


def test_a_number_of_a_figure_is_that_of_its_data():
    data = keeping.kept(figures_of(MNIST)["width"])
    said = filled("{kept: width.accuracy.0} of {kept: width.widths.3}", MNIST, "here")
    assert said == f"{data['accuracy'][0]:.2f} of {data['widths'][3]}"
    for wrong, why in (("widht.a", "has no figure 'widht'"), ("width.accuracy.99", "have no number at accuracy.99")):
        with pytest.raises(CourseError, match=why):
            filled(f"{{kept: {wrong}}}", MNIST, "here")


def test_a_number_that_nobody_measured_is_named():
    with pytest.raises(CourseError, match=r"here: docs/lessons.md has no row '02 CNN'.*") as fault:
        filled("{measured: 02 CNN}", MNIST, "here")
    assert "02 MLP, unseen signers" in fault.value.cure


def test_a_figure_that_is_not_drawn_is_named():
    with pytest.raises(CourseError, match="shows the figure 'none-such'"):
        for_notebook("![x](figure:none-such)", MNIST, "here")


@pytest.mark.parametrize("entry", projects(), ids=lambda entry: entry.module)
def test_a_release_holds_what_its_text_shows(entry):
    cells = json.loads((paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb").read_text("utf-8"))["cells"]
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            assert "(figure:" not in text
            assert "{measured" not in text
            assert set(cell.get("attachments", {})) == {
                part.partition(")")[0] for part in text.split("(attachment:")[1:]
            }


# -- the rules of the linter

TOY = Project("01", "mnist", "A toy", (), (Function("double", 4, "What is twice three?"),), {})
EFFORT = "*Difficulty 2 of 5 · matters 5 of 5 · about 15 minutes for someone new (a guess) · 4 points*"
CODE = "\n\n\n# %%\ndef double(x):\n    return 2 * x\n"


def found(tmp_path, *lines: str) -> list[str]:
    """What the rules say of one cell above the function; every figure of the project is shown, so that none is missed."""
    shown = [f"![{ALT}](figure:{slug})" for slug, one in figures_of(MNIST).items() if one.draw]
    shown += ["{kept: experiments.fast}"]
    text = "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in (*lines, *shown)) + CODE
    file = tmp_path / "solutions" / "ex01_mnist.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    import ast

    return [one.what for one in lessons(Sources(TOY, tmp_path, functions=definitions(ast.parse(text))))]


def test_a_good_cell_is_left_alone(tmp_path):
    assert found(tmp_path, "## Twice", EFFORT, *FOLDED.split("\n"), "{measured: 02 MLP, unseen signers}") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"![{ALT}](figure:none-such)", "there is no figure 'none-such'"),
        (f"![Curves](figure:{SLUG})", f"the text of the figure '{SLUG}' has 6 characters"),
        (f"![a [b]](figure:{SLUG})", "a figure of this cell has no text"),
        ("<details><summary>Why?</summary> Because.", "a folded answer of this cell is not whole"),
        ("</details>", "a folded answer of this cell is not whole"),
        ("{measured: 02 CNN}", "docs/lessons.md has no row '02 CNN'"),
        (EFFORT.replace("4 points", "5 points"), "the text says that double is worth 5, the catalog 4"),
        (EFFORT.replace("2 of 5", "7 of 5"), "is not in the common form"),
    ],
)
def test_a_fault_is_named(tmp_path, line, said):
    assert any(said in what for what in found(tmp_path, "## Twice", line)), found(tmp_path, "## Twice", line)


def test_an_answer_without_a_question_is_named(tmp_path):
    assert found(tmp_path, *FOLDED.replace("so?", "so.").split("\n")) == [
        "the folded answer 'Why is that so.' asks no question"
    ]


def test_a_figure_that_no_lesson_shows_is_named(tmp_path, monkeypatch):
    from course.authoring.lint import lessons as rules

    monkeypatch.setattr(rules, "figures_of", lambda entry: {**figures_of(MNIST), "spare": figures_of(MNIST)[SLUG]})
    assert found(tmp_path, "## Twice") == ["no lesson shows the figure 'spare'"]

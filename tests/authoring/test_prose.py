"""The linter of English: what it finds in a text, and what it leaves alone."""

import pytest

from course.authoring.lint.prose import OURS, Text, pages, prose

BAD = {
    "ReLU: the bend.": "activation",
    "The labels and their papers.": "metadata",
    "A solution of another hand.": "somebody else",
    "It prints like a float, but is none.": "is not",
    "Special tokens are no words.": "are not",
    "Whether capitals count is the tokenizer's affair.": "up to",
    "Mean and\ndeviation.": "standard deviation",
    "The names (['a', 'b']).": "Python list",
    "Please see the the page.": "otherwise",
}
GOOD = (
    "The mean and the standard\ndeviation of the red values.",
    "`print(['a'])` and\n```\npapers = ['the bend']\n```\nsay it in code.",
    "Fresh paper. Bend the knee. None of them is right.",
)


@pytest.mark.parametrize("text", BAD)
def test_what_reads_badly_is_found_with_its_line_and_a_cure(text):
    found = list(prose(Text("lesson.py", 7, text)))
    assert len(found) == 1
    assert found[0].line in (7, 8)
    assert BAD[text] in found[0].cure


@pytest.mark.parametrize("text", GOOD)
def test_what_reads_well_and_code_are_left_alone(text):
    assert list(prose(Text("lesson.py", 1, text))) == []


def test_every_phrase_of_ours_can_be_found():
    assert all(cure.startswith(("say ", "never ")) for cure in OURS.values())


def test_pages_that_a_command_makes_are_read_where_they_are_made(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "made.md").write_text("<!-- Made by `course author prove`; do not edit. -->\nthe bend\n")
    (tmp_path / "docs" / "page.md").write_text("# Title\n\nthe bend\n")
    assert [(found.file, found.line) for found in pages(tmp_path)] == [("docs/page.md", 3)]

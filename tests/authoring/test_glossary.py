"""The glossary: in the common form, in order, and about words that the course uses; and how a page links them."""

import pytest

from course import paths
from course.authoring.site.glossary import Links, Term, terms
from course.catalog import projects
from course.errors import CourseError

KNOWN = terms()
CATS = [Term("attention", "Looks.", "06"), Term("attention mask", "Hides.", "06"), Term("batch", "Many.", "01")]


def test_the_terms_are_in_order_and_none_stands_twice():
    names = [term.name for term in KNOWN]
    assert names == sorted(names, key=str.lower)
    assert len(set(names)) == len({term.anchor for term in KNOWN}) == len(names)


def test_every_term_is_used_and_belongs_to_a_project():
    ids = [entry.id for entry in projects()]
    lessons = [(paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8") for entry in projects()]
    assert [term.name for term in KNOWN if term.project not in ids] == []
    assert [term.name for term in KNOWN if not any(term.pattern.search(text) for text in lessons)] == []


def test_an_entry_out_of_form_is_named(tmp_path):
    (tmp_path / "glossary.md").write_text(
        "# Glossary\n\n### batch\nMany items. (01)\n\n### epoch\nOne pass.\n", "utf-8"
    )
    with pytest.raises(CourseError, match="'epoch' is not in the common form"):
        terms(tmp_path / "glossary.md")


def test_a_term_is_linked_where_it_stands_first_and_nowhere_else():
    links = Links(CATS, "../glossary.md")
    said = links.within("A batch, two Batches.")
    assert said == 'A [batch](../glossary.md#batch){ .term title="Many." }, two Batches.'
    assert links.within("One more batch.") == "One more batch."


def test_the_longer_term_comes_first():
    said = Links(CATS, "g.md").within("The attention mask hides; attention looks.")
    assert "[attention mask](g.md#attention-mask)" in said
    assert "; [attention](g.md#attention)" in said


def test_what_a_link_says_holds_no_link():
    known = [Term("batch", "Many items of an epoch.", "01"), Term("epoch", "Many a batch.", "01")]
    said = Links(known, "g.md").within("A batch in an epoch.")
    assert said.count("](g.md") == 2
    assert 'title="Many items of an epoch."' in said
    assert 'title="Many a batch."' in said


@pytest.mark.parametrize(
    "closed",
    [
        "# A batch",
        "`batch`",
        "```python\nbatch = 1\n```",
        "[a batch](page.md)",
        "![a batch](batch.png)",
        "$batch$",
        "| batch | 1 |",
        "<summary>A batch?</summary>",
        "A minibatches' word, no-batch",
    ],
)
def test_no_link_where_none_may_stand(closed):
    assert Links(CATS, "g.md").within(closed) == closed
    assert Links(CATS, "g.md").within(f"{closed}\n\nA batch.").startswith(f"{closed}\n\nA [batch]")

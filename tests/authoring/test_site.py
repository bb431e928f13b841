"""The site's pages: what is on them, what is not, and where their links lead. MkDocs itself runs in `make docs`."""

import re

import pytest
import yaml

from course import paths
from course.authoring.lesson_text import figures_in
from course.authoring.release import leaks
from course.authoring.site import pages
from course.authoring.site.build import FETCHED
from course.catalog import projects

MADE = pages.pages()


def test_every_page_of_docs_has_its_place_or_a_reason():
    placed = [name for names in pages.SECTIONS.values() for name in names]
    assert sorted([*placed, *pages.LEFT_OUT]) == sorted(file.name for file in (paths.ROOT / "docs").glob("*.md"))


def test_the_menu_names_every_page_once():
    config = pages.configuration().replace("!!", "")
    named = re.findall(r"[\w/.-]+\.md", yaml.safe_dump(yaml.safe_load(config)["nav"]))
    assert sorted(named) == sorted(MADE)


@pytest.mark.parametrize("entry", projects(), ids=lambda entry: entry.id)
def test_a_lesson_has_its_text_its_figures_and_what_is_to_be_written(entry):
    page = MADE[f"lessons/{entry.id}.md"]
    solution = (paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    for function in entry.functions:
        assert re.search(rf"^(def|class) {function.name}\b", page, re.MULTILINE)
        assert f'raise NotImplementedError("{function.name}")' in page
    for shown in figures_in(solution.replace("\n# ", "\n")):
        assert f"](../figures/{entry.id}-{shown.slug}.png)" in page
    assert "(figure:" not in page
    assert "{measured:" not in page
    assert page.count("<details") == page.count("</details>") == page.count('markdown="1"')


def test_no_body_of_a_solution_is_on_the_site(tmp_path):
    for name, text in MADE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    bodies = [secret for secret in leaks.secrets() if secret.what.startswith("a line of ")]
    assert len(bodies) > 100
    assert leaks.scan(tmp_path, bodies) == []
    assert leaks.scan(tmp_path / "lessons") == []
    (tmp_path / "lessons" / "01.md").write_text(f"{MADE['lessons/01.md']}\n{bodies[0].text}\n", "utf-8")
    assert leaks.scan(tmp_path, bodies) != []


@pytest.mark.parametrize("name", MADE)
def test_links_lead_to_pages_that_are_there(name):
    for target in re.findall(r"\]\((?!https?://|#)([^)\s]+?\.md)(?:#[^)]*)?\)", MADE[name]):
        parts = [*name.split("/")[:-1], *target.split("/")]
        while ".." in parts:
            place = parts.index("..")
            del parts[place - 1 : place + 1]
        assert "/".join(parts) in MADE, target


def test_what_a_page_would_fetch_is_seen():
    assert FETCHED.search('<script src="https://unpkg.com/x"></script>')
    assert FETCHED.search("<link rel=stylesheet href=//fonts.example/a.css>")
    assert not FETCHED.search('<a href="https://arxiv.org/abs/1810.04805">')
    assert not FETCHED.search('<script src="../assets/x.js"></script>')


def test_a_word_is_a_term_from_the_project_on_that_introduces_it():
    """The grey values of project 01 are not the values of attention."""
    link = "glossary.md#query-key-and-value"
    assert " values" in MADE["lessons/01.md"]
    assert [name for name, text in MADE.items() if link in text and name.startswith("lessons/")] == ["lessons/06.md"]
    assert "glossary.md#batch-normalisation-batchnorm" in MADE["lessons/03.md"]

"""Works that are alike: a disguised copy is found, works written apart are not, what everybody has says nothing."""

import json
import random
import sys

import pytest
from click.testing import CliRunner

pytest.importorskip("copydetect")
from benchmarks.likeness import disguised, forms_of, known_of, works_of
from course import catalog, paths
from course.authoring.proofs.variants import solution_text
from course.authoring.rehearsal import mock_class
from course.cli import main
from course.grading.likeness import Work, pairs
from course.grading.wording_of_code import REST, Part, parts_of
from course.reports.likeness_page import page
from tests.reports.small_class import TAG
from tests.reports.test_class_page import tags

ENTRY = catalog.project("04b")


def words(text):
    return [part.words for part in parts_of(text.encode(), "x.py", ENTRY)]


def test_what_a_disguise_changes_is_not_in_the_words():
    one = '''
def load_model(path, device="cpu"):
    """Say something."""
    state = torch.load(path)  # read it
    for name, value in state.items():
        print(f"{name}: {value}")
    return state
'''
    other = """
def load_model(datei: str, wo: str = 'x') -> dict:
    inhalt: dict = torch.load(datei)
    for schluessel, wert in inhalt.items():
        # nothing
        print("?" )
    return (inhalt)
"""
    assert words(one) == words(other)
    assert words(one) != words(other.replace("torch.load", "torch.save"))


def test_a_part_knows_its_lines_and_the_rest_is_one_part():
    text = "import os\nLIMIT = 3\n\n@wraps\ndef f(x):\n    # so\n    y = x\n    return y\n\nclass A:\n    pass\nTOP = LIMIT\n"
    parts = {part.name: part for part in parts_of(text.encode(), "x.py", ENTRY)}
    assert list(parts) == ["f", "A", REST]
    assert parts["f"].text.startswith("@wraps\ndef f(x):")
    assert parts[REST].text == "LIMIT = 3\nTOP = LIMIT"
    for part in parts.values():
        assert len(part.words) == len(part.lines)
        assert all(0 <= line <= part.text.count("\n") for line in part.lines)
    assert parts["f"].lines[-1] == 4


@pytest.mark.parametrize(
    "text", ["def f(:", "\x00", "x = '" + "(" * 5000, "", "match x:\n    case 1:\n        y = 2\n"]
)
def test_whatever_was_handed_in_is_borne(text):
    parts_of(text.encode(), "x.py", ENTRY)
    parts_of(text.encode(), "x.ipynb", ENTRY)


def test_a_notebook_is_read_cell_by_cell_without_the_release():
    entry = ENTRY
    book = mock_class.notebook(entry)
    book["cells"].append(
        {"cell_type": "code", "source": "%matplotlib inline\nmine = 3\n", "metadata": {}, "outputs": []}
    )
    names = [part.name for part in parts_of(json.dumps(book).encode(), "x.ipynb", entry)]
    assert {function.name for function in entry.functions} <= set(names)
    released = (paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb").read_bytes()
    solution = parts_of(json.dumps(book).encode(), "x.ipynb", entry)
    assert (
        sum(len(part.words) for part in parts_of(released, "x.ipynb", entry))
        < sum(len(part.words) for part in solution) / 3
    )


@pytest.fixture(scope="module")
def class_():
    return works_of(ENTRY, forms_of(ENTRY, []), 12, random.Random(1))


def test_independent_works_are_not_named_and_a_disguised_copy_is(class_):
    assert len(class_) >= 2
    assert pairs(class_, [known_of(ENTRY)]) == []
    for work in class_:
        text = disguised("\n\n\n".join(part.text for part in work.parts), random.Random(2))
        copy = Work("copy", "", tuple(parts_of(text.encode(), "x.py", ENTRY)))
        [found] = pairs([*class_, copy], [known_of(ENTRY)])
        assert {found.one.owner, found.other.owner} == {work.owner, "copy"}
        assert found.share > 0.9


def test_our_own_form_and_the_form_of_many_say_nothing(class_):
    ours = tuple(parts_of(solution_text("04b").encode(), "x.py", ENTRY))
    twice = [Work("ada", "", ours), Work("ben", "", ours)]
    assert len(pairs(twice)) == 1
    assert pairs(twice, [ours]) == []
    assert pairs([Work(f"s{k}", "", ours) for k in range(4)]) == []


def test_two_of_earlier_terms_are_no_pair(class_):
    one = class_[0]
    old = [Work("x", "2025", one.parts), Work("y", "2025", one.parts)]
    assert pairs(old) == []
    assert len(pairs([*old, Work("ada", "", one.parts)])) == 2


def test_a_single_long_function_that_was_copied_is_named(class_):
    """Where the rest of two works is their own, and so the whole is below the bound."""
    copied = class_[0].parts
    words = tuple(word for part in copied for word in part.words)
    long = Part("long", "\n".join(part.text for part in copied), words, (0,) * len(words))
    own = [Part(f"own{k}", "", tuple(f"{word}{k}" for word in words), (0,) * len(words)) for k in range(2)]
    [found] = pairs([Work("ada", "", (long, own[0])), Work("ben", "", (own[1], long))])
    assert found.functions == ("long",)
    assert found.share < 0.6
    assert pairs([Work("ada", "", (own[0],)), Work("ben", "", (own[1],))]) == []


def test_the_page_says_that_likeness_is_not_guilt_and_keeps_texts_as_data(class_):
    text = class_[0].parts[0].text + f"\n    # {TAG}\n"
    parts = (*parts_of(text.encode(), "x.py", ENTRY), *class_[0].parts[1:])
    works = [Work(TAG, "", parts), Work("ben", "2025 <b>", class_[0].parts)]
    found = pairs(works)
    assert len(found) == 1
    made = page(TAG, found, works, [TAG])
    assert "Likeness is not guilt." in made
    assert not tags(made).seen & {"script", "b", "img"}
    assert 'class="both"' in made


def test_the_command(tmp_path, monkeypatch, class_):
    monkeypatch.chdir(tmp_path)
    text = "import torch\n\n\n" + "\n\n\n".join(part.text for part in class_[0].parts)
    for name, content in {"now/ada.py": text, "now/ben.py": "def f(:", "then/old.py": text}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    # the class's forms are ours, so they would be taken out: here our own forms are not known
    monkeypatch.setattr(sys.modules["course.cli.similar"], "_known", lambda entry: [])
    done = CliRunner().invoke(main, ["similar", "now", "--earlier", "then", "--project", "04b"])
    assert done.exit_code == 0, done.output
    assert "ada and old (then):" in done.output
    made = (tmp_path / "similar" / "ex04b_deployment.similar.html").read_text("utf-8")
    assert "ben: nothing in it can be read as Python." in made

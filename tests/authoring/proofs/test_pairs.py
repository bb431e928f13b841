"""Two mistakes at once: which can be made together, and what counts as the truth about them."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from course import paths
from course.authoring.proofs import pairs, pairs_page
from course.authoring.proofs.edits import source_of
from course.authoring.proofs.pairs import Together, outcome, pairs_of
from course.authoring.proofs.variants import mistakes_of
from course.catalog import project, projects
from course.checks import diagnosis
from course.checks.diagnosis import Known, Signature
from course.checks.results import CheckResult

HERE = project("04b")


@pytest.fixture
def letters(monkeypatch):
    """Only the mistakes of `predict_letter`, which are few and quick."""
    few = [one for one in mistakes_of(HERE) if one.task == "predict_letter"]
    monkeypatch.setattr(pairs, "mistakes_of", lambda entry: few)
    return few


def test_of_a_pair_each_mistake_changes_the_function(letters):
    found = list(pairs_of(HERE))
    assert len(found) > 20
    for one in found:
        texts = [v.text() for v in (*one.made, one.variant)]
        assert len({source_of(text, "predict_letter") for text in texts}) == 3, one.name


def test_a_larger_sample_holds_the_smaller_one(letters):
    small, large = ([one.name for one in islice(pairs_of(HERE, 7), n)] for n in (3, 6))
    assert large[:3] == small
    assert small != [one.name for one in islice(pairs_of(HERE, 8), 3)]


def test_of_a_triple_the_third_changes_the_function_once_more(letters):
    found = list(islice(pairs.triples_of(HERE), 5))
    assert len(found) == 5
    for one in found:
        assert len({v.name for v in one.made}) == 3
        assert len({source_of(v.text(), v.task) for v in (*one.made, one.variant)}) == 4


@pytest.fixture
def both(monkeypatch):
    """Two mistakes, "One." and "Two.", made together; and a catalogue that knows them and a third."""
    known = [Known(f"{word}.", "a", (Signature("a", word, (), "", ()),)) for word in ("One", "Two", "Three")]
    monkeypatch.setattr(diagnosis, "known", lambda key: {"predict_letter": known})
    one, other = (replace(mistakes_of(HERE)[0], task="predict_letter", says=f"{word}.") for word in ("One", "Two"))
    return Together((one, other), one)


def results(form: str, *more: str) -> list[CheckResult]:
    """The check "a" failed in this form, and so did more checks, each in a form of its own."""
    signatures = [("a", form, (), "", ()), *((name, name, (), "", ()) for name in more)]
    return [CheckResult("04b", "predict_letter", s[0], s[0], 1, 0, "failed", signature=s) for s in signatures]


@pytest.mark.parametrize(
    ("failed", "ended"),
    [
        (results("One"), "true"),
        (results("Two"), "true"),
        (results("Three"), "untrue"),
        (results("Two", "b"), "perhaps"),  # what else failed is not explained
        (results("Three", "b"), "silent"),  # a guess is no fact
        (results("Four"), "silent"),
        ([CheckResult("04b", "predict_letter", "a", "a", 1, 1, "passed")], "left to training"),
    ],
)
def test_only_a_fact_about_neither_is_untrue(both, failed, ended):
    assert outcome(both, failed)[0] == ended


def test_the_page_keeps_the_rows_of_other_projects(tmp_path):
    (tmp_path / "docs").mkdir()
    pairs_page.write(project("01"), Counter(true=3, silent=1), False, tmp_path)
    pairs_page.write(project("03"), Counter(perhaps=2), False, tmp_path)
    pairs_page.write(project("01"), Counter(true=4), False, tmp_path)
    pairs_page.write(project("01"), Counter(true=1), True, tmp_path)
    rows = pairs_page.rows_of((tmp_path / pairs_page.FILE).read_text())
    assert rows["01", "pairs"] == "| 01 | pairs | 4 | 4 | 0 | 0 | 0 | 0 |"
    assert rows["03", "pairs"] == "| 03 | pairs | 2 | 0 | 2 | 0 | 0 | 0 |"
    assert rows["01", "triples"] == "| 01 | triples | 1 | 1 | 0 | 0 | 0 | 0 |"


def test_whatever_was_untrue_when_the_page_was_made_has_been_looked_at():
    rows = pairs_page.rows_of((paths.ROOT / pairs_page.FILE).read_text("utf-8"))
    assert {key for key, kind in rows if kind == "pairs"} == {entry.id for entry in projects()}
    untrue = {key: int(line.split("|")[-2]) for key, line in rows.items()}
    assert {key: count for key, count in untrue.items() if count} == {k: len(v) for k, v in pairs_page.THIRDS.items()}

"""Edits of a solution's text: what goes, what stays, and what comes along."""

import functools

import pytest

from course.authoring.proofs.edits import ProofError, exchanged, helped, words_changed
from course.authoring.proofs.variants import Catalogue
from graders.proofs.shared.loops import batch_means

SOLUTION = '''\
import torch


# %%
def fit(model, epochs=3, *, lr=0.1):
    """Train."""
    return model, epochs


def other():
    return 1
'''


def register(thing):
    return thing


def helper():
    return 2


@register
@functools.cache
def mine(model, epochs):
    return helper()


def run(text: str) -> dict:
    names: dict = {}
    exec(text, names)
    return names


def test_a_function_is_exchanged_with_its_helpers_imports_and_the_solutions_defaults():
    text = exchanged(SOLUTION, "fit", mine, [helper])
    assert "def fit(model, epochs = 3):" in text
    assert "@register" not in text
    assert "@functools.cache\ndef fit" in text
    assert "import functools" in text
    assert "course.authoring" not in text
    assert "graders" not in text
    assert text.startswith("import torch\n\n\n# %%\n")
    names = run(text)
    assert (names["fit"](1), names["other"]()) == (2, 1)


def test_helpers_of_a_patch_come_with_what_they_import():
    text = words_changed(SOLUTION, "fit", [("return model, epochs", "return batch_means")], "x")
    names = run(helped(text, "fit", [batch_means]))
    assert names["fit"](1) is names["batch_means"]


def test_words_that_are_not_there_once_are_a_fault_of_ours():
    with pytest.raises(ProofError, match="x: 'return 1' occurs 0 times in fit, not once"):
        words_changed(SOLUTION, "fit", [("return 1", "")], "x")
    for edit in (lambda: words_changed(SOLUTION, "no", [], "x"), lambda: exchanged(SOLUTION, "no", mine)):
        with pytest.raises(ProofError, match="no function called no"):
            edit()


def test_a_variant_knows_where_it_is_registered():
    catalogue = Catalogue("01")
    wrong = catalogue.caught_by("validate", "test_it_measures_in_eval_mode")
    wrong.patch("patched", "Said.", ("a", "b"))
    wrong.mistake("Said.")(mine)
    with open(__file__) as file:
        lines = file.read().splitlines()
    assert [variant.name for variant in catalogue] == ["patched", "mine"]
    assert ["wrong." in lines[variant.line - 1] for variant in catalogue] == [True, True]
    assert {variant.file for variant in catalogue} == {__file__}
    with pytest.raises(ProofError, match="two variants of project 01 are called mine"):
        wrong.mistake("Again.")(mine)

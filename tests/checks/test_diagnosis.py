"""Known mistakes are recognised by the marks that they leave, and nothing is named that does not fit."""

from dataclasses import astuple

import pytest
import torch

from course.checks import diagnosis
from course.checks.diagnosis import Known, Mark, mark, named
from course.checks.results import CheckResult


def of(check: str, message: str, *answers) -> Mark:
    return mark(check, message, [("forward", answer) for answer in answers])


def failed(made: Mark, task: str = "train") -> CheckResult:
    return CheckResult("01", task, made.check, made.check, 1, 0, "failed", mark=astuple(made))


def ended(check: str, outcome: str, task: str = "train") -> CheckResult:
    return CheckResult("01", task, check, check, 1, 0, outcome)


@pytest.fixture
def catalogue(monkeypatch):
    """A function that sets which mistakes of `train` are known."""

    def know(*mistakes: Known) -> None:
        monkeypatch.setattr(diagnosis, "known", lambda project: {"train": mistakes})

    return know


A = of("a", "the loss: expected 0.5, got 0.7", torch.arange(6.0), 3)
B = of("b", "the network is in train mode")


def test_numbers_do_not_count_in_the_form_but_for_themselves():
    other = of("a", "the loss: expected 0.5, got 0.9", torch.arange(6.0), 3)
    assert A.form == other.form
    assert A.numbers == (0.5, 0.7)
    assert A.likeness(other) == 1
    assert A.likeness(of("a", "the accuracy: expected 0.5, got 0.7")) == 0
    assert A.likeness(of("c", "the loss: expected 0.5, got 0.7")) == 0


def test_the_last_digits_do_not_count_and_the_first_do():
    near = of("a", "the loss: expected 0.5, got 0.7", torch.arange(6.0) * (1 + 1e-6), 3)
    far = of("a", "the loss: expected 0.5, got 0.7", torch.arange(6.0) * 1.01, 3)
    assert A.likeness(near) == 3
    assert A.likeness(far) == 2


@pytest.mark.parametrize("change", [lambda t: t.flip(0), lambda t: t.view(2, 3), lambda t: t.double()])
def test_answers_are_told_apart_by_order_shape_and_type(change):
    assert A.likeness(of("a", "the loss: expected 0.5, got 0.7", change(torch.arange(6.0)), 3)) == 2


def test_a_mark_is_of_no_machine():
    here, there = (
        of("a", f"FileNotFoundError: {folder}/x.pt", f"{folder}/x.pt") for folder in ("/tmp/q1w2", "/var/zz")
    )
    assert here == there


def test_infinite_and_missing_numbers_can_be_kept():
    strange = of("a", "it is strange", torch.tensor([float("nan"), 1.0]), float("inf"))
    assert strange.likeness(of("a", "it is strange", torch.tensor([float("nan"), 1.0]), float("inf"))) == 3


def test_the_mistake_that_was_made_is_named_at_its_check(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)), Known("Wrong mode.", "b", (B,)))
    told = named("01", [failed(A), ended("b", "passed"), ended("c", "passed", "other")])
    assert [r.says for r in told] == ["Never stepped.", "", ""]


def test_a_mistake_that_would_have_failed_another_check_too_is_not_named(catalogue):
    catalogue(Known("Both.", "a", (A, B)))
    assert [r.says for r in named("01", [failed(A), ended("b", "passed")])] == ["", ""]
    # a check that has not run yet contradicts nothing
    assert [r.says for r in named("01", [failed(A), ended("b", "waiting")])] == ["Both.", ""]


def test_the_one_that_explains_more_is_named(catalogue):
    catalogue(Known("One.", "a", (A,)), Known("Both.", "a", (A, B)))
    assert [r.says for r in named("01", [failed(A), failed(B)])] == ["Both.", f"{diagnosis.FOLLOWS} “a”."]


def test_two_mistakes_at_once_are_both_named(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)), Known("Wrong mode.", "b", (B,)))
    assert [r.says for r in named("01", [failed(A), failed(B)])] == ["Never stepped.", "Wrong mode."]


def test_mistakes_that_look_alike_are_named_together_unless_they_are_many(catalogue):
    alike = [Known(f"Reason {k}.", "a", (A,)) for k in range(diagnosis.SAID_AT_ONCE)]
    catalogue(*alike)
    said = named("01", [failed(A)])[0].says
    assert said.splitlines()[1:] == [f"- Reason {k}." for k in range(diagnosis.SAID_AT_ONCE)]
    catalogue(*alike, Known("One more.", "a", (A,)))
    assert named("01", [failed(A)])[0].says == ""


def test_another_message_is_another_mistake(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)))
    assert named("01", [failed(of("a", "the loss is no number", torch.arange(6.0), 3))])[0].says == ""
    assert named("01", []) == []


OTHER_NUMBERS = of("a", "the loss: expected 0.5, got 0.2", torch.arange(6.0), 3)
OTHER_ANSWERS = of("a", "the loss: expected 0.5, got 0.7", torch.arange(6.0) * 2, 3)


def test_the_same_message_with_other_numbers_is_perhaps_the_same_mistake(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)))
    assert named("01", [failed(OTHER_NUMBERS)])[0].says == f"{diagnosis.PERHAPS} Never stepped."
    assert named("01", [failed(OTHER_ANSWERS)])[0].says == "Never stepped."
    catalogue(Known("Never stepped.", "a", (A,)), Known("Stepped twice.", "a", (A,)))
    assert named("01", [failed(OTHER_NUMBERS)])[0].says == ""


def test_what_differs_must_explain_every_failure(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)))
    for other in (OTHER_NUMBERS, OTHER_ANSWERS):
        assert [r.says for r in named("01", [failed(other), failed(B)])] == ["", ""]
    # a check that was not run on the mistake says nothing about it
    catalogue(Known("Never stepped.", "a", (A,), frozenset({"b"})))
    assert [r.says for r in named("01", [failed(OTHER_ANSWERS), failed(B)])] == ["Never stepped.", ""]


def test_a_project_without_fingerprints_names_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(diagnosis, "FOLDER", tmp_path)
    diagnosis.known.cache_clear()
    try:
        assert named("01", [failed(A)])[0].says == ""
    finally:
        diagnosis.known.cache_clear()

"""Known mistakes are recognised by the signatures that they leave, and nothing is named that does not fit."""

from dataclasses import astuple, replace

import pytest
import torch

from course.checks import diagnosis
from course.checks.diagnosis import Known, Signature, recognise, signature
from course.checks.failure import Failure
from course.checks.results import CheckResult


def of(check: str, kind: str, *answers, **values) -> Signature:
    return signature(check, Failure(kind, "it", values), [("forward", answer) for answer in answers])


def failed(made: Signature, task: str = "train") -> CheckResult:
    return CheckResult("01", task, made.check, made.check, 1, 0, "failed", signature=astuple(made))


def ended(check: str, outcome: str, task: str = "train") -> CheckResult:
    return CheckResult("01", task, check, check, 1, 0, outcome)


@pytest.fixture
def catalogue(monkeypatch):
    """A function that sets which mistakes of `train` are known."""

    def know(*mistakes: Known) -> None:
        monkeypatch.setattr(diagnosis, "known", lambda project: {"train": mistakes})

    return know


A = of("a", "loss", torch.arange(6.0), 3, expected=0.5, got=0.7)
B = of("b", "mode")


def test_numbers_do_not_count_in_the_form_but_for_themselves():
    other = of("a", "loss", torch.arange(6.0), 3, expected=0.5, got=0.9)
    assert A.form == other.form
    assert A.numbers == (0.5, 0.7)
    assert A.likeness(other) == 1
    assert A.likeness(of("a", "accuracy", expected=0.5, got=0.7)) == 0
    assert A.likeness(of("c", "loss", expected=0.5, got=0.7)) == 0


def test_the_last_digits_do_not_count_and_the_first_do():
    near = of("a", "loss", torch.arange(6.0) * (1 + 1e-6), 3, expected=0.5, got=0.7)
    far = of("a", "loss", torch.arange(6.0) * 1.02, 3, expected=0.5, got=0.7)
    assert A.likeness(near) == 3
    assert A.likeness(far) == 2


@pytest.mark.parametrize("change", [lambda t: t.flip(0), lambda t: t.view(2, 3), lambda t: t.double()])
def test_answers_are_told_apart_by_order_shape_and_type(change):
    assert A.likeness(of("a", "loss", change(torch.arange(6.0)), 3, expected=0.5, got=0.7)) == 2


def test_a_signature_is_of_no_machine():
    here, there = (
        of("a", "raised", f"{folder}/x.pt", text=f"FileNotFoundError: {folder}/x.pt")
        for folder in ("/tmp/q1w2", "/var/zz")
    )
    assert here == there


def test_infinite_and_missing_numbers_can_be_kept():
    strange = of("a", "strange", torch.tensor([float("nan"), 1.0]), float("inf"))
    assert strange.likeness(of("a", "strange", torch.tensor([float("nan"), 1.0]), float("inf"))) == 3


def test_the_mistake_that_was_made_is_named_at_its_check(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)), Known("Wrong mode.", "b", (B,)))
    told = recognise("01", [failed(A), ended("b", "passed"), ended("c", "passed", "other")])
    assert [r.says for r in told] == ["Never stepped.", "", ""]


def test_nothing_is_a_fact_while_a_check_that_has_not_run_may_tell_another_mistake(catalogue):
    catalogue(Known("No bend.", "a", (A,), frozenset({"b"})), Known("Too many sigmoids.", "b", (A, B)))
    assert [r.says for r in recognise("01", [failed(A)])] == ["Perhaps: No bend."]
    assert recognise("01", [failed(A), ended("b", "passed")])[0].says == "No bend."


def test_a_mistake_that_would_have_failed_another_check_too_is_not_recognise(catalogue):
    catalogue(Known("Both.", "a", (A, B)))
    assert [r.says for r in recognise("01", [failed(A), ended("b", "passed")])] == ["", ""]
    # a check that has not run yet contradicts nothing
    assert [r.says for r in recognise("01", [failed(A), ended("b", "waiting")])] == ["Both.", ""]


def test_the_one_that_explains_more_is_recognise(catalogue):
    catalogue(Known("One.", "a", (A,)), Known("Both.", "a", (A, B)))
    assert [r.says for r in recognise("01", [failed(A), failed(B)])] == ["Both.", f"{diagnosis.FOLLOWS} “a”."]


def test_two_mistakes_at_once_are_both_named_and_neither_as_a_fact(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)), Known("Wrong mode.", "b", (B,)))
    told = [r.says for r in recognise("01", [failed(A), failed(B)])]
    assert told == [f"{diagnosis.PERHAPS} Never stepped.", f"{diagnosis.PERHAPS} Wrong mode."]


def test_mistakes_that_look_alike_are_named_together_unless_they_are_many(catalogue):
    alike = [Known(f"Reason {k}.", "a", (A,)) for k in range(diagnosis.SAID_AT_ONCE)]
    catalogue(*alike)
    said = recognise("01", [failed(A)])[0].says
    assert said.splitlines()[1:] == [f"- Reason {k}." for k in range(diagnosis.SAID_AT_ONCE)]
    catalogue(*alike, Known("One more.", "a", (A,)))
    assert recognise("01", [failed(A)])[0].says == ""


def test_another_kind_of_failure_is_another_mistake(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)))
    assert recognise("01", [failed(of("a", "no number", torch.arange(6.0), 3))])[0].says == ""
    assert recognise("01", []) == []


OTHER_NUMBERS = of("a", "loss", torch.arange(6.0), 3, expected=0.5, got=0.2)
OTHER_ANSWERS = of("a", "loss", torch.arange(6.0) * 2, 3, expected=0.5, got=0.7)


def test_the_same_failure_with_other_numbers_or_answers_is_perhaps_the_same_mistake(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)))
    assert recognise("01", [failed(OTHER_NUMBERS)])[0].says == f"{diagnosis.PERHAPS} Never stepped."
    assert recognise("01", [failed(OTHER_ANSWERS)])[0].says == f"{diagnosis.PERHAPS} Never stepped."
    catalogue(Known("Never stepped.", "a", (A,)), Known("Stepped twice.", "a", (A,)))
    assert recognise("01", [failed(OTHER_NUMBERS)])[0].says == ""


def test_what_differs_must_explain_every_failure(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)))
    for other in (OTHER_NUMBERS, OTHER_ANSWERS):
        assert [r.says for r in recognise("01", [failed(other), failed(B)])] == ["", ""]
    # a check that was not run on the mistake says nothing about it
    catalogue(Known("Never stepped.", "a", (A,), frozenset({"b"})))
    assert [r.says for r in recognise("01", [failed(OTHER_ANSWERS), failed(B)])] == [
        f"{diagnosis.PERHAPS} Never stepped.",
        "",
    ]


def test_a_project_without_fingerprints_names_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(diagnosis, "FOLDER", tmp_path)
    diagnosis.known.cache_clear()
    try:
        assert recognise("01", [failed(A)])[0].says == ""
    finally:
        diagnosis.known.cache_clear()


def test_two_mistakes_in_one_function_leave_the_first_that_its_own_check_saw(catalogue):
    """The other one changes what the other checks see, so it is said with a perhaps."""
    catalogue(Known("Never stepped.", "a", (A, B)))
    changed = of("b", "another kind")
    assert recognise("01", [failed(A), failed(changed)])[0].says == f"{diagnosis.PERHAPS} Never stepped."
    assert [r.says for r in recognise("01", [failed(of("a", "another kind")), failed(B)])] == ["", ""]


def test_a_wrong_function_upstream_is_told_first(catalogue):
    catalogue(Known("Never stepped.", "a", (A,)))
    using = replace(failed(A), uses=("count",))
    told = recognise("01", [ended("z", "failed", "count"), using])
    assert told[1].says == f"{diagnosis.MEND_FIRST} count."
    assert recognise("01", [ended("z", "passed", "count"), using])[1].says == "Never stepped."

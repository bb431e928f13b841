"""A slip of form costs its own check; what is wrong beside it costs what it did before, and nothing right is taken for wrong."""

from dataclasses import replace

import pytest

from course.authoring.proofs.variants import Variant, module_file, solution_text
from course.catalog import project
from course.checks import slips
from course.checks.check import checks_of
from course.checks.failure import Failure
from course.checks.results import CheckResult
from course.checks.run import run
from course.checks.target import open_session

ENTRY = project("01")
TASK = "batch_accuracy"


def graded(old, new, entry=ENTRY, mend=True, task=TASK):
    """The checks of a function, with some words of the solution changed."""
    text = solution_text(entry.id)
    assert text.count(old) >= 1, old
    variant = Variant(entry.id, task, "x", "", lambda text: text.replace(old, new))
    checks = [check for check in checks_of(entry) if check.task == task and not check.slow]
    with module_file(variant) as file:
        session = open_session(file, entry)
        try:
            whole = run(entry, session, checks, mend=mend)
        finally:
            session.close()
        assert "request" not in vars(session)  # no adapter stays behind
    return whole


RETURN = "return (logits.argmax(dim=1) == labels).float().mean().item()"
SLIPS = {
    "item": (RETURN, RETURN.removesuffix(".item()")),
    "comma": (RETURN, f"{RETURN},"),
    "name": (
        f"def {TASK}(",
        f"def {TASK}_(",
    ),
}


@pytest.mark.parametrize("kind", SLIPS)
def test_a_slip_costs_one_check(kind):
    before, after = graded(*SLIPS[kind], mend=False), graded(*SLIPS[kind])
    assert before.earned == 0
    (lost,) = after.of(["failed"])
    assert lost == replace(before.checks[0], seconds=lost.seconds)
    assert after.earned == after.points - lost.points
    (note,) = after.notes
    assert note.startswith(f"{TASK}: {slips.SAID[kind].format(name=TASK + '_')}. That costs one check, “{lost.title}”")


@pytest.mark.parametrize("kind", SLIPS)
def test_what_is_wrong_beside_it_stays_wrong(kind):
    wrong = graded(RETURN, RETURN.replace("dim=1", "dim=0"), mend=False)
    old, new = SLIPS[kind]
    text = solution_text("01").replace(RETURN, RETURN.replace("dim=1", "dim=0"))
    both = graded(solution_text("01"), text.replace(old.replace("dim=1", "dim=0"), new.replace("dim=1", "dim=0")))
    right = {check.name for check in wrong.of(["passed"])}
    assert {check.name for check in both.of(["passed"])} <= right
    assert both.earned < wrong.points


def test_the_author_says_what_is_mended():
    assert graded(*SLIPS["item"], entry=replace(ENTRY, mends=("name",))).earned == 0
    functions = tuple(replace(f, mends=() if f.name == TASK else f.mends) for f in ENTRY.functions)
    assert graded(*SLIPS["item"], entry=replace(ENTRY, functions=functions)).earned == 0


def test_what_is_right_is_not_run_again(monkeypatch):
    monkeypatch.setattr(slips, "adapter", lambda *_: pytest.fail("a right function was mended"))
    whole = graded(RETURN, RETURN)
    assert (whole.earned, whole.notes) == (whole.points, ())


def failed(kind, token="", **values):
    return CheckResult("01", TASK, "t", "t", 1, 0, "failed", Failure(kind, "x", values, token))


def test_it_takes_two_checks_and_one_reason():
    tensor, other = failed("not a float", "Tensor", got="x"), failed("values differ")
    assert slips.slip_of(TASK, [tensor, tensor]) == slips.Slip("item", TASK)
    assert slips.slip_of(TASK, [tensor]) is None
    assert slips.slip_of(TASK, [tensor, other]) is None
    assert slips.slip_of(TASK, [failed("no function", like="")] * 2) is None
    assert slips.slip_of(TASK, [failed("not a tensor", "tuple", got="a tuple of 2")] * 2) is None

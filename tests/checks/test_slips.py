"""A slip of form costs its own check; what is wrong beside it costs what it did before, and nothing right is taken for wrong."""

from dataclasses import replace

import pytest
import torch

from course.authoring.proofs.variants import Variant, module_file, solution_text
from course.catalog import project, projects
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


def failed(kind, *seen, **values):
    return CheckResult("01", TASK, "t", "t", 1, 0, "failed", Failure(kind, "x", values), slips=seen)


def test_it_takes_two_checks_and_one_reason():
    tensor, other = failed("not a float", "item"), failed("values differ")
    assert slips.slip_of(TASK, [tensor, tensor]) == slips.Slip("item", TASK)
    assert slips.slip_of(TASK, [other, tensor, tensor]) == slips.Slip("item", TASK)
    assert slips.slip_of(TASK, [tensor]) is None
    assert slips.slip_of(TASK, [tensor, other]) is None
    assert slips.slip_of(TASK, [tensor, tensor], ("comma",)) is None
    assert slips.slip_of(TASK, [failed("no function", like="")] * 2) is None
    assert slips.slip_of(TASK, [failed("no function", like="accuracy")] * 2) == slips.Slip("name", TASK, "accuracy")
    assert slips.slip_of(TASK, [replace(tensor, failure=replace(tensor.failure, steady=False))] * 2) is None


@pytest.mark.parametrize(
    ("kind", "given", "made"),
    [
        ("comma", (1.0,), 1.0),
        ("comma", (1.0, 2.0), None),
        ("comma", [[1.0]], None),
        ("item", (torch.tensor(0.5), [torch.tensor([2])]), (0.5, [2])),
        ("item", torch.ones(2), None),
        ("bool", 1, True),
        ("bool", 2, None),
        ("bool", True, None),
        ("tensor", {"ids": [[1, 2], [3, 4]]}, {"ids": torch.tensor([[1, 2], [3, 4]])}),
        ("tensor", [[1, 2], [3]], None),
        ("tensor", {"ids": torch.ones(1)}, None),
        ("tensor", "abc", None),
        ("pairs", [(0.5, "cat")], [("cat", 0.5)]),
        ("pairs", [("cat", 0.5)], None),
        ("pairs", [("cat", "dog")], None),
        ("list", ("a", "b"), ["a", "b"]),
        ("list", {"cat": 0.5}, [("cat", 0.5)]),
        ("list", [["cat", 0.5]], [("cat", 0.5)]),
        ("list", [("cat", 0.5)], None),
        ("list", 3.0, None),
    ],
)
def test_a_mending_is_the_only_one_or_none(kind, given, made):
    found = slips.MENDS[kind](given)
    if made is None:
        assert found is given
        assert kind not in slips.seen(TASK, [(TASK, given)])
    else:
        assert repr(found) == repr(made)
        assert kind in slips.seen(TASK, [("another", 1), (TASK, given)])
        assert slips.MENDS[kind](found) is found


def test_every_slip_that_is_mended_somewhere_is_known():
    for entry in projects():
        for function in entry.functions:
            assert set(entry.mends_of(function.name)) <= set(slips.SAID), function.name
    assert slips.SAID.keys() - slips.MENDS.keys() == {"name"}


GIVES = {  # what a function with this slip makes of the right result r
    "item": "torch.tensor(r)",
    "comma": "(r,)",
    "bool": "int(r)",
    "tensor": "{k: v.tolist() for k, v in r.items()} if isinstance(r, dict) else r.tolist()",
    "pairs": "[(b, a) for a, b in r]",
    "list": "tuple(r)",
    "dict": "dict(r)",
    "item of pairs": "[(a, torch.tensor(b)) for a, b in r]",
    "name": "r",
}


@pytest.mark.parametrize(
    ("id", "task", "form"),
    [
        ("02", "generalization_gap", "item"),
        ("02", "generalization_gap", "comma"),
        ("03", "count_parameters", "item"),
        ("03", "count_parameters", "name"),
        ("05a", "preprocess", "tensor"),
        ("05a", "classify", "pairs"),
        ("06", "nearest_words", "dict"),
        ("05a", "admit", "bool"),
        ("05a", "admit", "item"),
        ("05b", "trainable_parameters", "list"),
        ("06", "tokenize", "tensor"),
        ("06", "tokenize", "comma"),
        ("06", "nearest_words", "item of pairs"),
        ("06", "nearest_words", "list"),
        ("06", "predict_masked", "pairs"),
        ("06", "is_next_sentence", "bool"),
    ],
)
def test_a_slip_in_another_project_costs_one_check(id, task, form):
    other = "_the_right_one" if form != "name" else f"{task}s"
    code = f"\n\n{other} = {task}\n"
    code += (
        f"del {task}\n"
        if form == "name"
        else f"\n\ndef {task}(*a, **k):\n    r = {other}(*a, **k)\n    return {GIVES[form]}\n"
    )
    text = solution_text(id)
    before, after = (graded(text, text + code, project(id), mend=mend, task=task) for mend in (False, True))
    (lost,) = after.of(["failed"])
    assert lost.name == before.of(["failed"])[0].name
    assert after.earned == after.points - lost.points > before.earned
    assert [note.partition(":")[0] for note in after.notes] == [task]
    (note,) = slips.promised(project(id), before).notes
    assert note.startswith(after.notes[0].partition(" That costs")[0])
    assert f"“{lost.title}”" in note

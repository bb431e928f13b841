"""Known mistakes in another hand's code: each is caught by the check that the original names, and none is a copy of it."""

import ast
import copy
import re
from collections import Counter

import pytest

from course.authoring.proofs import recognition, variants
from course.authoring.proofs.variants import Catalogue, Variant
from course.catalog import Project
from course.checks.check import checks_of

GRADED = variants.graded()
STATEMENTS = (ast.Assign, ast.AugAssign, ast.Return, ast.For, ast.While, ast.With, ast.If, ast.Expr)
# Not recognised: the other hand's code fails other checks than the original, or the same with another message.
SILENT = {
    "reproducible_to_the_last",
    "rounded_up_at_each_halving",
    "stages_kept_in_a_list",
    "three_equal_channels",
    "photo_read_directly",
    "all_but_the_last_two",
}
# Called by the name of another mistake, as a fact or with "Perhaps", which is as true of it.
MISNAMED = {"what_the_optimizer_moved", "as_if_never_frozen", "one_long_text", "the_head_once_more"}


def _slow_checks(entry: Project) -> set[str]:
    return {check.name for check in checks_of(entry) if check.slow}


def _parameters() -> list:
    found = []
    for entry in GRADED:
        slow = _slow_checks(entry)
        for variant in variants.rewritten_of(entry):
            marks = [pytest.mark.slow] if variant.caught_by in slow else []
            found.append(pytest.param(variant, id=f"{entry.id}-{variant.task}-{variant.name}", marks=marks))
    return found


@pytest.mark.parametrize("variant", _parameters())
def test_a_rewritten_mistake_is_caught_by_the_check_that_the_original_names(variant: Variant):
    proof = variants.prove(variant)
    assert proof.caught_by_named, (
        f"{variant.says}\n{variant.caught_by} said: {proof.message or 'nothing'}; failed: {proof.failed}"
    )
    told = recognition.outcome(variant, proof.results)
    assert told != "wrong" or variant.name in MISNAMED
    assert told != "silent" or variant.name in SILENT, "a mistake that was recognised is not any more"


def test_most_are_recognised():
    names = {variant.name for entry in GRADED for variant in variants.rewritten_of(entry)}
    assert names >= SILENT | MISNAMED
    assert len(SILENT | MISNAMED) <= 0.2 * len(names)


@pytest.mark.parametrize("entry", GRADED, ids=lambda entry: entry.id)
def test_every_project_has_some_each_of_another_mistake(entry: Project):
    rewritten = variants.rewritten_of(entry)
    if not rewritten:
        pytest.skip("this project has no rewritten.py yet")
    assert len(rewritten) >= 8
    originals = Counter((v.task, v.says) for v in rewritten)
    assert originals.most_common(1)[0][1] == 1
    assert {v.name for v in rewritten}.isdisjoint(v.name for v in variants.mistakes_of(entry))


@pytest.mark.parametrize("entry", GRADED, ids=lambda entry: entry.id)
def test_none_is_the_original_with_other_names(entry: Project):
    known = {(v.task, v.says): v for v in variants.mistakes_of(entry)}
    for variant in variants.rewritten_of(entry):
        mine, theirs = _statements(variant), _statements(known[variant.task, variant.says])
        assert mine
        # half: a loop over batches has steps that nobody writes in another way, such as `loss.backward()`
        assert len(mine & theirs) <= len(mine) / 2, variant.name


def test_a_mistake_that_is_not_known_cannot_be_rewritten():
    with pytest.raises(variants.ProofError, match="knows no mistake no_such of train_epoch"):
        Catalogue("01").rewritten("train_epoch", "no_such")


def _statements(variant: Variant) -> set[str]:
    """The statements of the function and its helpers, without their bodies, and with one name for all variables."""
    given = {node.name for node in _definitions(variants.solution_text(variant.project))} - {variant.task}
    found = set()
    for definition in _definitions(variant.text()):
        if definition.name not in given:
            found |= {_nameless(node) for node in ast.walk(definition) if isinstance(node, STATEMENTS)}
    return {text for text in found if "__init__" not in text and "Expr(value=Constant" not in text}


def _definitions(text: str) -> list[ast.FunctionDef | ast.ClassDef]:
    return [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _nameless(statement: ast.stmt) -> str:
    if hasattr(statement, "body"):
        statement = copy.copy(statement)
        statement.body = statement.orelse = []
    return re.sub(r"Name\(id='\w+'", "Name(id='_'", ast.dump(statement))

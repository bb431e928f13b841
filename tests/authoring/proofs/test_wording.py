"""A sentence can be mended without touching a fingerprint: they hold kinds, places and numbers, and no words."""

import pytest

from course.authoring.proofs.fingerprints import alike, fingerprint
from course.authoring.proofs.variants import mistakes_of, prove
from course.catalog import project
from course.checks import diagnosis, expect, wording

ENTRY = project("03")
# one mistake for each check that names it: every kind of comparison of the grader fails somewhere among them
VARIANTS = {
    v.caught_by: v for v in mistakes_of(ENTRY) if v.caught_by != "test_it_beats_the_dense_network_on_unseen_hands"
}


@pytest.fixture
def other_words(monkeypatch):
    """Every sentence of ours, and every one of the checks' own, reads otherwise."""
    for table in (wording.SENTENCES, wording.LOOKS, wording.SHAPES):
        for name, text in table.items():
            monkeypatch.setitem(table, name, f"In other words, of 77: {text}")
    fail = expect.fail
    monkeypatch.setattr(expect, "fail", lambda message, **values: fail(f"Or else, by 99: {message}", **values))


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_sentence_that_is_worded_anew_leaves_every_fingerprint_fresh(variant, other_words):
    proof = prove(variant)
    assert proof.message.startswith(("In other words", "Or else"))
    same = [known for known in diagnosis.known(ENTRY.id)[variant.task] if known.says == variant.says]
    assert alike(fingerprint(proof), same)

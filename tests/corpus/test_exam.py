"""Exams are fresh, repeatable, and made of held-out sentences."""

from course.corpus import heldout


def test_same_seed_same_exam_and_more_questions_keep_the_first_ones():
    small, large = heldout(7, 20), heldout(7, 60)
    assert small.masked == large.masked[:20]
    assert small.pairs == large.pairs[:20]
    assert heldout(8, 20) != small


def test_one_mask_and_an_answer_of_one_word():
    for question in heldout(1, 300).masked:
        assert question.text.count("[MASK]") == 1
        assert question.answer == question.answer.lower()
        assert question.answer.isalnum()


def test_answers_are_varied():
    """No constant answer, and no short list of answers, passes."""
    answers = [q.answer for q in heldout(2, 1000).masked]
    common = sorted(set(answers), key=answers.count, reverse=True)[:5]
    assert len(set(answers)) > 300
    assert sum(answers.count(word) for word in common) < 250


def test_pairs_are_balanced_and_of_all_kinds():
    pairs = heldout(3, 1000).pairs
    assert 440 < sum(p.is_next for p in pairs) < 560
    assert {p.kind for p in pairs} == {"next", "random", "hard"}
    assert all(p.is_next == (p.kind == "next") for p in pairs)


def test_shared_words_alone_do_not_tell_what_is_next():
    """A reader who only looks for a word that comes in both sentences stays well under the threshold of 0.90."""
    pairs = heldout(4, 1000).pairs
    dull = {
        "a",
        "an",
        "the",
        "is",
        "it",
        "of",
        "in",
        "to",
        "he",
        "she",
        "his",
        "her",
        "for",
        "and",
        "with",
        "are",
        "you",
        "there",
    }
    words = [[set(text.lower().strip(".?").split()) - dull for text in (p.first, p.second)] for p in pairs]
    right = sum(bool(a & b) == p.is_next for (a, b), p in zip(words, pairs, strict=True))
    assert right / len(pairs) < 0.85

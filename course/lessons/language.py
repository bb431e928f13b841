"""What the lesson table measures of project 06: the solution's own functions on held-out text. It knows no bands."""

from course.corpus import heldout
from course.lessons.measures import solution
from course.models.bert import load_bert

QUESTIONS = 300  # of each sort: a standard error of 0.01 at 0.97


def language(seed: int) -> dict[str, float]:
    """Share of masked words among the five guesses, and of pairs judged right, on the held-out text of a seed."""
    ex06 = solution("06")
    tokenizer, model = load_bert()
    exam = heldout(2_000_000 + seed, QUESTIONS)
    masked = [q.answer in [word for word, _ in ex06.predict_masked(tokenizer, model, q.text, 5)] for q in exam.masked]
    pairs = [ex06.is_next_sentence(tokenizer, model, p.first, p.second) == p.is_next for p in exam.pairs]
    return {"masked": sum(masked) / len(masked), "next": sum(pairs) / len(pairs)}

"""What project 06 must show: the embedded BERT fills masks and follows sentences in text that it has never read."""

from course.catalog import project
from course.lessons.lesson import Lesson, Row, solution

BARS = project("06").thresholds
QUESTIONS = 300  # of each sort: a standard error of 0.01 at 0.97


def measure(seed, work):
    from course.corpus import heldout
    from course.models.bert import load_bert

    ex06 = solution("06")
    tokenizer, model = load_bert()
    exam = heldout(2_000_000 + seed, QUESTIONS)
    masked = [q.answer in [word for word, _ in ex06.predict_masked(tokenizer, model, q.text, 5)] for q in exam.masked]
    pairs = [ex06.is_next_sentence(tokenizer, model, p.first, p.second) == p.is_next for p in exam.pairs]
    return {"masked": sum(masked) / len(masked), "next": sum(pairs) / len(pairs)}


LESSON = Lesson(
    measure,
    (
        Row("masked word among the five likeliest", "masked", least=BARS["masked_top5"]),
        Row("next sentence", "next", least=BARS["next_sentence"]),
    ),
)

"""Experiments of project 06: three questions to the embedded BERT. Nothing is trained."""

from course.tries.bench import Bench
from course.tries.experiment import Experiment, Outcome

THIRSTY, NOT_THIRSTY = "Anna is thirsty. She wants to [MASK].", "Anna is not thirsty. She wants to [MASK]."


def _told(guesses: list[tuple[str, float]]) -> str:
    return ", ".join(f"{word} {share:.2f}" for word, share in guesses[:3])


def negation(bench: Bench, value: float) -> Outcome:
    """The same sentence with "not" in it."""
    from course.models.bert import load_bert

    tokenizer, model = load_bert("pocket")
    plain, negated = (bench.predict_masked(tokenizer, model, text) for text in (THIRSTY, NOT_THIRSTY))
    same = "the same word" if plain[0][0] == negated[0][0] else "another word"
    return Outcome(same, {"without not": _told(plain), "with not": _told(negated)})


def order(bench: Bench, value: float) -> Outcome:
    """Two sentences in the wrong order."""
    from course.models.bert import load_bert

    tokenizer, model = load_bert("pocket")
    right, exchanged = ("Anna is thirsty.", "She wants to drink."), ("She wants to drink.", "Anna is thirsty.")
    said = ["yes" if bench.is_next_sentence(tokenizer, model, *pair) else "no" for pair in (exchanged, right)]
    return Outcome(said[0], {"in the right order": said[1]})


def days(bench: Bench, value: float) -> Outcome:
    """What comes after Monday."""
    from course.models.bert import load_bert

    tokenizer, model = load_bert("pocket")
    found = bench.predict_masked(tokenizer, model, "[MASK] comes after Monday.")
    near = [word for word, _ in bench.nearest_words(tokenizer, model, "monday")][:6]
    return Outcome(found[0][0], {"its first three": _told(found), "nearest to monday": " ".join(near)})


EXPERIMENTS = (
    Experiment(
        "negation",
        "The covered word of “Anna is thirsty. She wants to [MASK].”, and then of “Anna is not thirsty. …”.",
        "Will its first answer be the same word, or another word?",
        negation,
        "The network has noticed which words go together, not what “not” does to a sentence.",
        choices=("the same word", "another word"),
    ),
    Experiment(
        "order",
        "“She wants to drink.” comes first, and “Anna is thirsty.” second.",
        "Will it say that the second sentence follows the first?",
        order,
        "False pairs came from anywhere in the text, so seeing that both are about one thing was enough to win the game.",
        choices=("yes", "no"),
    ),
    Experiment(
        "days",
        "The covered word of “[MASK] comes after Monday.”",
        "Which day will it put first?",
        days,
        "Its table of words knows that these seven are days, and hardly anything about their order.",
        choices=("sunday", "monday", "tuesday", "wednesday", "another word"),
    ),
)

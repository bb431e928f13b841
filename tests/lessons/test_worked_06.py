"""The numbers of lesson 06 are those that come out."""

import math

import pytest
import torch
from torch.nn import functional as F

from course.models.bert import load_bert
from solutions import ex06_nlp as ex06
from tests.lessons.texts import words


@pytest.fixture(scope="module")
def text():
    return words("06")


@pytest.fixture(scope="module")
def bert():
    return load_bert()


def test_sizes(text, bert):
    tokenizer, model = bert
    vocabulary, width = model.get_input_embeddings().weight.shape
    assert f"has {vocabulary:,} entries" in text
    assert f"V is {vocabulary:,} and H is {width}" in text
    assert f"over all {vocabulary:,} tokens, and the rest is spread over the other {vocabulary - 5:,}" in text
    assert model.config.num_hidden_layers == 4
    assert tokenizer.convert_tokens_to_ids(["dog", "dogs"]) == [551, 552]
    assert "551 for *dog* and 552 for *dogs*" in text


def test_cosines_by_hand(text):
    a, b, c = torch.tensor([[3.0, 4], [4, 3], [12, -2]])
    assert [float(a @ b), float(a @ c), float(a.norm()), float(b.norm())] == [24, 28, 5, 5]
    assert f"its length is {c.norm():.2f}" in text
    for other, said in ((b, "$24 / 25 = {:.2f}$"), (c, r"$28 / (5 \cdot 12.17) = {:.2f}$")):
        assert said.format(F.cosine_similarity(a, other, dim=0)) in text


def test_neighbours(bert):
    tokenizer, model = bert
    assert ex06.nearest_words(tokenizer, model, "hot", 1)[0][0] == "cold"
    days = {word for word, _ in ex06.nearest_words(tokenizer, model, "monday", 6)}
    assert days == {"tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}


def test_attention_by_hand(text):
    scores = torch.tensor([0.0, 2, 4]) / 4**0.5
    assert f"The exponentials are 1, {scores.exp()[1]:.3f} and {scores.exp()[2]:.3f}" in text
    assert f"together {scores.exp().sum():.3f}" in text
    weights = scores.softmax(0)
    assert "{:.3f}, {:.3f} and {:.3f}. If".format(*weights.tolist()) in text
    mixed = weights @ torch.tensor([[1.0, 0], [0, 1], [1, 1]])
    assert "({:.3f}, {:.3f})$".format(*mixed.tolist()) in text
    scores[2] = -torch.inf
    assert "{:.3f} and {:.3f}, and the third nothing".format(*scores.softmax(0).tolist()[:2]) in text


def test_padding_that_is_seen(text, bert):
    """The unmasked padding of a longer sentence lowers the probability, as the answer says; the length decides how far."""
    tokenizer, model = bert
    long = "the old doctor has two dogs and a cat , " * 2 + "and a horse and a cow and a goat ."
    batch = tokenizer(["The capital of France is [MASK].", long], padding=True, return_tensors="pt")
    place = batch["input_ids"][0].tolist().index(tokenizer.mask_token_id)
    found = []
    for mask in (batch["attention_mask"], torch.ones_like(batch["attention_mask"])):
        with torch.inference_mode():
            logits = model(**{**batch, "attention_mask": mask}).prediction_logits[0, place]
        found.append(float(logits.softmax(0)[tokenizer.convert_tokens_to_ids("paris")]))
    assert "falls from {:.3f} to {:.3f}".format(*found) in text


@pytest.mark.parametrize(
    ("question", "place", "word", "said"),
    [
        ("Anna is thirsty. She wants to [MASK].", 0, "drink", "*drink*, {:.2f} without *not*"),
        ("Anna is not thirsty. She wants to [MASK].", 0, "drink", "and {:.2f} with it"),
        ("[MASK] comes after Monday.", 0, "monday", "*monday*, {:.2f}"),
        ("[MASK] comes after Monday.", 3, "tuesday", "*tuesday* comes fourth, with {:.2f}"),
    ],
)
def test_covered_words(text, bert, question, place, word, said):
    guess, chance = ex06.predict_masked(*bert, question)[place]
    assert guess == word
    assert said.format(chance) in text


@pytest.mark.parametrize("place", range(3))
def test_pairs(text, bert, place):
    tokenizer, model = bert
    first, second = ex06.FOLLOWING[place]
    with torch.inference_mode():
        logits = model(**ex06.tokenize(tokenizer, first, second)).seq_relationship_logits[0]
    row = f"| {first} | {second} | {logits[0]:.2f}, {logits[1]:.2f} | {logits.softmax(0)[0]:.3f} |"
    assert row in text
    if place == 0:
        yes, no = (round(float(logit), 2) for logit in logits)  # what a reader finds in the table
        yes, no = math.exp(yes), math.exp(no)
        assert f"${yes:.2f} / ({yes:.2f} + {no:.2f}) = {yes / (yes + no):.2f}$" in text


def test_the_order_of_sentences_is_not_seen(text, bert):
    tokenizer, model = bert
    with torch.inference_mode():
        logits = model(**ex06.tokenize(tokenizer, "She wants to drink.", "Anna is thirsty.")).seq_relationship_logits[0]
    assert f"Yes, with {logits.softmax(0)[0]:.2f}." in text

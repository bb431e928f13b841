"""What the grader of project 06 needs: vocabularies, sentences, the textbook's encoding, and what tiny BERTs answer."""

import functools
from collections.abc import Callable, Sequence

import numpy as np
import torch

from graders.kit.worker.language import tiny_bert, word_tokenizer

WORDS = ["the", "a", "dog", "cat", "horse", "sees", "hears", "likes", "old", "young", "and", "not", "today", "here"]
WORDS += [".", ",", "?", "no", "yes", "big", "small"]
# Special tokens in odd places and padding not at 0: whoever writes numbers down, of this vocabulary or another, is wrong.
VOCABULARY = ["the", "[MASK]", "##s", "a", "[SEP]", *WORDS[2:12], "[PAD]", "##ing", "[CLS]", "[UNK]", *WORDS[12:]]
# About the same words by other numbers, a mask that is written another way, and capitals count: "Dog" is a word of its own.
OTHER = ["[PAD]", "[CLS]", *reversed(WORDS[:-1]), "Dog", "##s", "##ing", "<mask>", "[UNK]", "[SEP]"]
LIMIT = 24  # tokens: positions of the tiny networks

Encoding = dict[str, torch.Tensor]


@functools.cache
def tokenizer_here(own: bool = True):
    """The judge's own copy of a word tokenizer over VOCABULARY, or over OTHER; it cuts nothing."""
    return word_tokenizer.build(VOCABULARY, 1000) if own else word_tokenizer.build(OTHER, 1000, "<mask>", True)


def tokenizer_given(own: bool = True, limit: int = LIMIT):
    """The same as a recipe."""
    if own:
        return word_tokenizer(vocabulary=VOCABULARY, limit=limit)
    return word_tokenizer(vocabulary=OTHER, limit=limit, mask="<mask>", cased=True)


def network(seed: int, training: bool = False):
    """A tiny BERT over the toy vocabularies (both have as many pieces), as a recipe."""
    return tiny_bert(vocabulary=len(VOCABULARY), positions=LIMIT, seed=seed, training=training)


@functools.cache
def network_here(seed: int):
    """The judge's own copy of it, in eval mode."""
    return tiny_bert.build(len(VOCABULARY), LIMIT, seed).eval()


def sentence(rng: np.random.Generator, length: int) -> str:
    """So many words of the toy vocabulary, one token each."""
    return " ".join(rng.choice(WORDS, length))


@functools.lru_cache(maxsize=2048)  # texts are read by a right encoding and by a wrong one
def _ids(tokenizer, text: str) -> tuple[int, ...]:
    return tuple(tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text)))


def textbook(tokenizer, texts: Sequence[str], pairs: Sequence[str] | None = None, limit: int = LIMIT) -> Encoding:
    """[CLS] A [SEP] or [CLS] A [SEP] B [SEP], cut, segments and padding written out: int64 (B, T) each.

    Where both parts are equally long and one must give, the second one does.
    """
    rows = []
    for k, text in enumerate(texts):
        first = list(_ids(tokenizer, text))
        second = None if pairs is None else list(_ids(tokenizer, pairs[k]))
        while len(first) + (2 if second is None else len(second) + 3) > limit:
            (first if second is None or len(first) > len(second) else second).pop()
        ids = [tokenizer.cls_token_id, *first, tokenizer.sep_token_id]
        segments = [0] * len(ids)
        if second is not None:
            ids += [*second, tokenizer.sep_token_id]
            segments += [1] * (len(second) + 1)
        rows.append((ids, segments))
    longest = max(len(ids) for ids, _ in rows)
    filled = lambda values, blank: values + [blank] * (longest - len(values))  # noqa: E731
    return {
        "input_ids": torch.tensor([filled(ids, tokenizer.pad_token_id) for ids, _ in rows]),
        "token_type_ids": torch.tensor([filled(segments, 0) for _, segments in rows]),
        "attention_mask": torch.tensor([filled([1] * len(ids), 0) for ids, _ in rows]),
    }


def _with_capitals(text: str) -> str:
    return " ".join(word.title() if k % 3 == 0 else word for k, word in enumerate(text.split()))


# -- what BERTs answer --------------------------------------------------------------------------------------------------


@functools.lru_cache(
    maxsize=2048
)  # texts are asked about again, with another number of guesses or by the next submission
def chances_at_mask(seed: int, text: str, own: bool = True, limit: int = LIMIT) -> list[tuple[str, float]]:
    """(piece, probability) of every piece at the mask of one text, by `network_here(seed)`, the most probable first."""
    tokenizer = tokenizer_here(own)
    batch = textbook(tokenizer, [text], limit=limit)
    with torch.inference_mode():
        logits = network_here(seed)(**batch).prediction_logits[batch["input_ids"] == tokenizer.mask_token_id]
        chances = logits.softmax(1)[0].tolist()
    return sorted(zip(VOCABULARY if own else OTHER, chances, strict=True), key=lambda pair: -pair[1])


@torch.inference_mode()
def leaning(model, batch: Encoding) -> torch.Tensor:
    """How much higher the logit of "is next" is than that of "is not", for each row: (B,)."""
    logits = model(**batch).seq_relationship_logits
    return (logits[:, 0] - logits[:, 1]).clone()


@functools.cache
def telling_pairs(
    first_seed: int,
    wrong: Callable[[list[str], list[str]], Encoding] | None = None,
    lengths: tuple[int, int] = (6, 5),
    count: int = 4,
    own: bool = True,
    limit: int = LIMIT,
) -> tuple[int, tuple[tuple[str, str, bool], ...]]:
    """The seed of a tiny BERT, and (first, second, is next) of pairs about which it is sure: `count` of each sort.

    Args:
        first_seed: where the search for such a network begins; many random ones say the same of almost every pair.
        wrong: an encoding that is a misunderstanding; only pairs are taken about which the network, reading them so, is
            equally sure of the opposite.
        lengths: words in the first and in the second text.
        own: which vocabulary; of the other one, which minds capitals, every third word begins with one.
        limit: tokens that a row may have.
    """
    tokenizer = tokenizer_here(own)
    for seed in range(first_seed, first_seed + 50):
        rng, model = np.random.default_rng(seed), network_here(seed)
        firsts, seconds = ([sentence(rng, length) for _ in range(200)] for length in lengths)
        if not own:
            firsts, seconds = [_with_capitals(text) for text in firsts], [_with_capitals(text) for text in seconds]
        right = leaning(model, textbook(tokenizer, firsts, seconds, limit))
        other = -right if wrong is None else leaning(model, wrong(firsts, seconds))
        # 0.2: logits of a batch and of a single row agree to about 1e-5
        sure = (right > 0.2) & (other < -0.2), (right < -0.2) & (other > 0.2)
        found = [where.nonzero().flatten()[:count].tolist() for where in sure]
        if all(len(some) == count for some in found):
            return seed, tuple((firsts[k], seconds[k], some is found[0]) for some in found for k in some)
    raise RuntimeError(f"none of the tiny networks from seed {first_seed} finds {count} telling pairs of each sort")


@functools.cache
def other_answers(seed: int, pairs: tuple[tuple[str, str, bool], ...]) -> tuple[int, tuple[tuple[str, str, bool], ...]]:
    """The seed of another tiny BERT, and those of the pairs of `telling_pairs` about which it is as sure of the opposite."""
    firsts, seconds, truths = (list(part) for part in zip(*pairs, strict=True))
    for other in range(seed + 1, seed + 50):
        lean = leaning(network_here(other), textbook(tokenizer_here(), firsts, seconds)).tolist()
        # 0.2: as above
        found = [k for k, truth in enumerate(truths) if (lean[k] < -0.2 if truth else lean[k] > 0.2)]
        if found:
            return other, tuple((firsts[k], seconds[k], not truths[k]) for k in found)
    raise RuntimeError(f"none of the tiny networks after seed {seed} answers otherwise")

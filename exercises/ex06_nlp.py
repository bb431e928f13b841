# Made from solutions/ex06_nlp.py by `course author make`; yours to edit from here on. (stub 4f6903d5a01b3ebc)
# %% [markdown]
# # 06 Words, sentences and BERT
#
# A network reads numbers. So a text is cut into *tokens* from a fixed list, each token becomes a row of a table of
# vectors, and the network, here a BERT, lets every token look at all others and gives each of them a new vector that
# depends on its neighbours.
#
# BERT was trained on two games that need no labels, only text: guess a word that was covered up, and say whether one
# sentence follows another. You will play both with a network that has learned them already, and look into its table of
# words.
#
# | part | question that it answers |
# |---|---|
# | `tokenize` | how does a text become numbers? |
# | `nearest_words` | what does the table know about a word? |
# | `predict_masked` | which word belongs here? |
# | `is_next_sentence` | does this sentence go on from that one? |

# %%
import torch
from torch.nn import functional as F
from transformers import BertForPreTraining, PreTrainedTokenizerBase

# %% [markdown]
# ## From text to numbers
# The tokenizer's list, its *vocabulary*, holds whole words and pieces of words. What is not a word of it is put together
# from pieces: `dogs` may become `dog ##s`, where `##` says "goes on from the piece before". A sign that has no piece at
# all, of another script perhaps, becomes `[UNK]`. Around the tokens BERT wants special ones:
#
# ```
# tokens          [CLS]  the  dog  barks  [SEP]  it  is  loud  [SEP]  [PAD]  [PAD]
# input_ids          2   417  230    561      3  88  91   702      3      0      0
# token_type_ids     0     0    0      0      0   1   1     1      1      0      0
# attention_mask     1     1    1      1      1   1   1     1      1      0      0
# ```
#
# - `[CLS]` opens; what the network makes of it stands for the whole text. `[SEP]` closes each of the two parts.
# - `token_type_ids`, the *segment*: 0 for the first part with its `[SEP]`, 1 for the second with its own.
# - `attention_mask`: texts of a batch have different lengths, a tensor `(B, T)` has not. Short ones are filled up with
#   `[PAD]`, and the mask says that nobody is to look there.
#
# BERT has a vector for each of its positions and none beyond: a text that is too long is cut. Of two parts the longer
# one gives, token by token, so that a short question survives next to a long answer; `[CLS]` and `[SEP]` are never cut.
#
# Look for: a tokenizer does all of this in one call, if you ask it to.


# %%
def tokenize(
    tokenizer: PreTrainedTokenizerBase,
    text: str | list[str],
    pair: str | list[str] | None = None,
    max_length: int | None = None,
) -> dict[str, torch.Tensor]:
    """What BERT reads of a text, or of a batch of them.

    Args:
        tokenizer: a BERT tokenizer that pads and cuts on the right; left as it is. Which numbers its special tokens have,
            and whether it minds capitals, is its own affair.
        text: one text or a list of B texts, in any script; a text may be empty.
        pair: the second part of each text, not empty: one text for one, a list of B for a list of B, or None.
        max_length: the most tokens that a row may have, special ones included; None: `tokenizer.model_max_length`.

    Returns:
        A dict (what the tokenizer returns may stay as it is, it reads like one) of int64 tensors (B, T), B = 1 for one
        text: "input_ids", "token_type_ids" (0: first part, 1: second) and "attention_mask" (1: token, 0: padding). T is
        the length of the longest row after cutting, no more; padding stands on the right, its segment is 0. Each row that
        is too long loses tokens at its end; of two parts always the one that is longer at that moment.

    Raises:
        ValueError: there are not as many second parts as texts. Where only one of the two is a list, TypeError will do.
    """
    # TODO tokenize: What does BERT read besides the token ids, and what becomes of a text that is too short or
    # too long?
    raise NotImplementedError("tokenize")


# %% [markdown]
# ## Neighbours in the table
# The first layer is a table `(V, H)`: V words of the vocabulary, H numbers each, at first random. While BERT learned to
# guess covered words, words that can stand in the same places got rows that point the same way. How much two rows point
# the same way is their *cosine*:
#
# $$\cos(a, b) = \frac{a \cdot b}{|a|\,|b|}$$
#
# It is 1 for the same direction, 0 for a right angle, -1 for the opposite one. The plain product $a \cdot b$ also grows
# with the length of the rows, and long rows would be neighbours of everything.
#
# The table also holds `[CLS]`, `[PAD]` and pieces such as `##s`. They are no words.


# %%
def nearest_words(
    tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, word: str, top: int = 10
) -> list[tuple[str, float]]:
    """The words whose input embeddings point most nearly in the direction of a word's.

    Args:
        tokenizer: the model's own; left as it is.
        model: `model.get_input_embeddings().weight` is the table of words (V, H); left as it is.
        word: read as the tokenizer reads it ("Dog" may be "dog").
        top: how many are wanted, from 0.

    Returns:
        At most `top` pairs (word, cosine), highest cosine first; cosines are Python floats, 0 where a row is all zeros.
        Without the word itself, special tokens, and pieces that begin with "##".

    Raises:
        ValueError: the word is not one word of the vocabulary, of which special tokens and pieces are none; the message
            names it.
    """
    # TODO nearest_words: How alike are two rows of a table, whatever their lengths? And which rows are not words?
    raise NotImplementedError("nearest_words")


# %% [markdown]
# ## The covered word
# For every token BERT gives V logits, one for each word that could stand there: `prediction_logits` has the shape
# `(B, T, V)`. Only those at the place of `[MASK]` are of interest:
#
# ```
# input_ids (1, T) --model--> prediction_logits (1, T, V) --at the mask--> (V,) --softmax--> probabilities (V,)
# ```
#
# Where the mask stands depends on the text and on the tokenizer, which adds `[CLS]` and splits words. So look for it
# among the numbers, not among the words of the text.
#
# As always when a network is only asked: eval mode, no gradients.


# %%
def predict_masked(
    tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, text: str, top: int = 5
) -> list[tuple[str, float]]:
    """The tokens that fit best in the place of the mask.

    In unseen sentences, with the embedded BERT, the covered word is among the first five at least 0.90 of the time.

    Args:
        tokenizer: the model's own; left as it is.
        model: gives `prediction_logits` (B, T, V); used in eval mode, without gradients; left as it was, numbers, frozen
            parameters and all, but it may stay in eval mode.
        text: holds `tokenizer.mask_token` once, anywhere. What is longer than the tokenizer's limit is cut at its end.
        top: how many are wanted, from 1 to V.

    Returns:
        `top` pairs (token, probability), most likely first. The token is as the vocabulary has it; the probabilities,
        Python floats, are those of a softmax over the whole vocabulary.

    Raises:
        ValueError: there is no mask in what the model reads of the text (none at all, or only beyond the limit), or more
            than one.
    """
    # TODO predict_masked: At which of the T positions is the mask, and how do you find it?
    raise NotImplementedError("predict_masked")


# %% [markdown]
# ## The next sentence
# From its vector for `[CLS]` BERT makes two more logits, `seq_relationship_logits` of shape `(B, 2)`. In training the
# second part was the true continuation half of the time (class 0) and one from elsewhere the other half (class 1).
#
# Beware: class 0 is "is next". Here the first place does not mean "no".


# %%
def is_next_sentence(tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, first: str, second: str) -> bool:
    """Does the model think that `second` continues `first`?

    With the embedded BERT, at least 0.90 of unseen pairs are judged right.

    Args:
        tokenizer: the model's own; left as it is.
        model: gives `seq_relationship_logits` (B, 2), index 0 for "is next"; used in eval mode, without gradients; left as
            it was, numbers, frozen parameters and all, but it may stay in eval mode.
        first: a text; it may be empty.
        second: another one, not empty; read as the second part. What is too long together is cut as `tokenize` cuts.

    Returns:
        True or False, a Python bool: which of the two logits is higher.
    """
    # TODO is_next_sentence: Which two parts does BERT judge here, and which of its two logits says yes?
    raise NotImplementedError("is_next_sentence")


# %% [markdown]
# ## All together
# `python -m exercises.ex06_nlp` (or `course run 06`) shows tokens, the neighbours of twenty words, guesses of covered
# words and judgements of sentences, and counts how often both games are won on sentences that the network has never
# read. Where is it wrong, and could you have known better? With `--data full` the same code asks bert-base-uncased,
# which has read books.

# %% tags=["active-py"]
WORDS = "dog wolf cow puppy monday april winter red seven paris france spanish doctor mother hand apple knife guitar car hot"
MASKED = [
    "The capital of France is [MASK].",
    "The opposite of hot is [MASK].",
    "A young dog is called a [MASK].",
    "Anna is thirsty. She wants to [MASK].",
    "[MASK] comes after Monday.",
]
FOLLOWING = [
    ("Anna is thirsty.", "She wants to drink."),
    ("Anna is thirsty.", "The capital of France is Paris."),
    ("What is the capital of Spain?", "It is Madrid."),
    ("What is the capital of Spain?", "A young dog is called a puppy."),
]
QUESTIONS = 300


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Tokens, neighbours, covered words, next sentences. Written for you."""
    from course.corpus import heldout
    from course.models.bert import load_bert

    tokenizer, model = load_bert(run.tier or "pocket")
    for text, pair in (("The dog barks.", None), ("What is this?", "Die Katze schläft. 猫")):
        encoding = tokenize(tokenizer, text, pair)
        tokens, segments = tokenizer.convert_ids_to_tokens(encoding["input_ids"][0]), encoding["token_type_ids"][0]
        print(" ".join(f"{token}/{int(segment)}" for token, segment in zip(tokens, segments)))
    print("\nThe ten nearest words:")
    for word in WORDS.split():
        print(f"{word:>8}  {' '.join(name for name, _ in nearest_words(tokenizer, model, word))}")
    print("\nCovered words:")
    for text in MASKED:
        guesses = [f"{token} {chance:.2f}" for token, chance in predict_masked(tokenizer, model, text)]
        print(f"{text:40} {', '.join(guesses)}")
    print("\nNext sentence?")
    for first, second in FOLLOWING:
        print(f"{'yes' if is_next_sentence(tokenizer, model, first, second) else 'no':4} {first} | {second}")

    exam, missed, wrong = heldout(run.seed, QUESTIONS), [], []
    for question in exam.masked:
        words = [token for token, _ in predict_masked(tokenizer, model, question.text)]
        if question.answer not in words:
            missed.append(f"not {question.answer}: {question.text}  {' '.join(words)}")
    for told in exam.pairs:
        if is_next_sentence(tokenizer, model, told.first, told.second) != told.is_next:
            wrong.append(f"said {'no' if told.is_next else 'yes'}: {told.first} | {told.second}")
    print(f"\nOn {QUESTIONS} questions of each sort, about sentences that the embedded network has never read:")
    print(f"covered word among the first five: {1 - len(missed) / QUESTIONS:.3f}", *missed[:5], sep="\n  ")
    print(f"next sentence: {1 - len(wrong) / QUESTIONS:.3f}", *wrong[:5], sep="\n  ")


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("06", epochs=0))

# %% [markdown]
# # 06 Words, sentences and BERT
#
# *The capital of France is ____.* You filled that gap without thinking. How could a network
# that multiplies matrices fill it, when all that it has ever seen is text, and nobody told it
# what a capital is?
#
# ![Two rows of tokens as cells. The first row is a pair of sentences with a special token in
# front and one behind each part: the first part is blue, segment 0, the second orange,
# segment 1. The second row is one short sentence, filled up with six grey padding tokens whose
# attention mask is 0](figure:encoding)
#
# *What BERT reads: every cell is one token, with its id, its segment and its place in the
# attention mask.*
#
# In 05b you took a network that had learned to see, and taught it one dog from 139 photos. It
# read {measured: 05b after fine-tuning} of the validation photos right. But somebody had to
# label the pictures that the network first learned from. Text needs no labels: cover a word,
# and the text itself holds the answer. That is how **BERT** was trained, on two games. In the
# first it guesses covered words; in the second it says whether one sentence follows another. In
# this project you play both games with a small BERT that is part of the course, and you look
# inside it.
#
# At the end you will be able to
#
# - turn any text, or a batch of them, into the tensors that BERT reads;
# - ask a table of word vectors which words are alike;
# - ask a language model for the word behind a mask, with probabilities;
# - ask it whether one sentence follows another, and say why you should doubt the answer.
#
# | function | the question that it answers |
# |---|---|
# | `tokenize` | how does a text become a tensor? |
# | `nearest_words` | what does the network know about a single word? |
# | `predict_masked` | which word belongs here? |
# | `is_next_sentence` | does this sentence follow that one? |

# %%
import torch
from torch.nn import functional as F
from transformers import BertForPreTraining, PreTrainedTokenizerBase

# %% [markdown]
# ## From text to tensor
# *Difficulty 2 of 5 · matters 5 of 5 · about 20 minutes for someone new (a guess) · 16 points*
#
# A network wants numbers, so a text is cut into **tokens** from a fixed list,
# the **vocabulary**, and each token is replaced by its place in that list, its **id**. The
# vocabulary of our BERT has 3,139 entries; bert-base-uncased has 30,522. The object that does
# all of this is the **tokenizer**, and you call it like a function:
#
# ```python
# >>> from course.models.bert import load_bert
# >>> tokenizer, model = load_bert()
# >>> tokenizer("The dog barks.")["input_ids"]
# [2, 1619, 551, 239, 18, 3]
# >>> tokenizer("The dog barks.").tokens()
# ['[CLS]', 'the', 'dog', 'barks', '.', '[SEP]']
#
# ```
#
# Two tokens are not in the text. `[CLS]` opens every input: what the network computes for it
# stands for the text as a whole. `[SEP]` closes every part. A third **special token**,
# `[MASK]`, will stand for a covered word.
#
# <details><summary>What happens to a word that is not in the vocabulary?</summary>
#
# It is put together from pieces. `##` says "continues the piece before". A character for which
# there is no piece at all makes its word `[UNK]`, unknown:
#
# ```python
# >>> tokenizer("unbelievable dogs").tokens()
# ['[CLS]', 'un', '##b', '##el', '##i', '##e', '##v', '##able', 'dogs', '[SEP]']
# >>> " ".join(tokenizer("Die Katze schläft. 猫").tokens())
# '[CLS] di ##e k ##at ##ze sch ##la ##ft . [UNK] [SEP]'
#
# ```
#
# </details>
#
# ### What the call takes
# Offline there is no web page to consult, so here is what you need. **`padding=True`**:
# sentences have different lengths, but a tensor `(B, T)` has rows of one length T. Shorter rows
# are filled up with `[PAD]`, to the length of the longest row in the batch and no
# further. **`return_tensors="pt"`**: PyTorch tensors in place of Python lists.
#
# ```python
# >>> two = ["The dog barks.", "The old doctor has two dogs and a cat."]
# >>> batch = tokenizer(two, padding=True, return_tensors="pt")
# >>> batch["input_ids"]
# tensor([[   2, 1619,  551,  239,   18,    3,    0,    0,    0,    0,    0,    0],
#         [   2, 1619, 1177,  549,  812, 1703,  552,  175,   43,  398,   18,    3]])
# >>> batch["attention_mask"]
# tensor([[1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
#         [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]])
#
# ```
#
# The **attention mask** tells the network which tokens are real (1) and which are padding (0).
# `padding="max_length"` would also work, but fills every row up to the limit, and every token
# costs time. Without padding there is no tensor, only an error:
#
# ```python
# >>> tokenizer(two, return_tensors="pt")
# Traceback (most recent call last):
# ...
# ValueError: Unable to create tensor, you should probably activate truncation ...
#
# ```
#
# **`truncation=True`** and **`max_length`**: BERT has a vector for each of its positions and
# none beyond them. What is too long has to be cut, inside the special tokens, so that each row
# still ends with `[SEP]`:
#
# ```python
# >>> limit = dict(truncation=True, max_length=6)
# >>> short = tokenizer(two, padding=True, return_tensors="pt", **limit)
# >>> short["input_ids"]
# tensor([[   2, 1619,  551,  239,   18,    3],
#         [   2, 1619, 1177,  549,  812,    3]])
# >>> tokenizer.model_max_length  # what holds if max_length is None
# 128
#
# ```
#
# **A second argument** makes pairs. The **segment**, `token_type_ids`, tells the two parts
# apart: 0 up to and including the first `[SEP]`, 1 after it.
#
# ```python
# >>> two_parts = ("Anna is thirsty.", "She wants to drink.")
# >>> pair = tokenizer(*two_parts, return_tensors="pt")
# >>> " ".join(pair.tokens())
# '[CLS] anna is thirsty . [SEP] she wants to drink . [SEP]'
# >>> pair["token_type_ids"]
# tensor([[0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]])
# >>> tokenizer(*two_parts, truncation=True, max_length=9).tokens()
# ['[CLS]', 'anna', 'is', 'thirsty', '[SEP]', 'she', 'wants', 'to', '[SEP]']
#
# ```
#
# <details><summary>Twelve tokens, room for nine: why did both parts lose words?</summary>
#
# `truncation=True` takes tokens away one at a time, each from the part that is longer at that
# point. So a question of three words survives next to an answer of forty.
# `truncation="only_first"` cuts the first part alone, and has no way out when the second is too
# long by itself.
#
# </details>
#
# `help(tokenizer.__call__)` lists every argument: the documentation came with the install.


# %%
def tokenize(
    tokenizer: PreTrainedTokenizerBase,
    text: str | list[str],
    pair: str | list[str] | None = None,
    max_length: int | None = None,
) -> dict[str, torch.Tensor]:
    """Turn a text, or a batch of texts, into what BERT reads.

    Args:
        tokenizer: a BERT tokenizer that pads and truncates on the right; left as it is.
            Tokenizers differ in the ids of their special tokens and in what they make of
            capitals and accents: leave both to the tokenizer.
        text: one text or a list of B texts, in any script; a text may be empty.
        pair: the second part of each text, not empty: one text for one, a list of B for a list
            of B, or None.
        max_length: the most tokens that a row may have, special tokens included; None:
            `tokenizer.model_max_length`.

    Returns:
        A dict, or the tokenizer's own BatchEncoding, with int64 tensors (B, T), B = 1 for one
        text: "input_ids", "token_type_ids" (0: first part, 1: second) and "attention_mask" (1:
        token, 0: padding). T is the length of the longest row after truncation, no more;
        padding is on the right, in segment 0. Each row that is too long loses tokens at its
        end; a pair loses them one at a time, each from the part that is longer at that point.

    Raises:
        ValueError: texts and second parts differ in number. Where only one of the two is a
            list, TypeError will do.
    """
    ### BEGIN SOLUTION
    # fmt: off
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## Neighbours in the table
# *Difficulty 3 of 5 · matters 4 of 5 · about 25 minutes for someone new (a guess) · 10 points*
#
# An id is only a place in a list: 551 for *dog* and 552 for *dogs* are close by accident of the
# alphabet. So the first layer of BERT looks each id up in a table `(V, H)`: V tokens, a vector
# of H weights for each. These vectors are called **embeddings**. They start at random and are
# trained like all other weights; here V is 3,139 and H is
# 128. Words that can stand in the same places are pulled the same way again and again, so they
#      end up pointing in similar directions. How similar two rows are is measured by
#      the **cosine** of the angle between them:
#
# $$\cos(a, b) = \frac{a \cdot b}{\lVert a \rVert \, \lVert b \rVert}$$
#
# It is 1 for the same direction, 0 for a right angle and -1 for opposite directions. The
# product $a \cdot b$ multiplies the rows number by number and adds up; $\lVert a \rVert$ is the
# length of a row. By hand, with two numbers for each word:
#
# ![Three arrows from one point. (3, 4) and (4, 3) point almost the same way; the long arrow to
# (12, -2) points elsewhere. Its product with (3, 4) is 28, more than the 24 of the near pair,
# but its cosine is 0.46 against 0.96](figure:cosine)
#
# *The product prefers the long arrow; the cosine prefers the one that points the same way.*
#
# $a = (3, 4)$ and $b = (4, 3)$: the product is $3 \cdot 4 + 4 \cdot 3 = 24$, both lengths are
# 5, so the cosine is $24 / 25 = 0.96$. Now a long row, $c = (12, -2)$: the product is
# $3 \cdot 12 - 4 \cdot 2 = 28$, larger than 24. But its length is 12.17, and the cosine only
# $28 / (5 \cdot 12.17) = 0.46$.
#
# <details><summary>So when may you leave out the lengths?</summary>
#
# When all rows have the same length: then the product orders them as the cosine does. Dividing
# each row by its length once, for the whole table, therefore turns all V cosines into one
# product of a matrix with a vector. Mind rows of zeros: they have no direction, and 0 / 0 is
# not a number.
#
# </details>
#
# Nobody can draw the 128 dimensions of the real table. A **projection** onto the two directions
# in which these words differ most (PCA) keeps about a third of their differences, and that is
# enough to see that the network has sorted them. Nobody ever told it that *May* is a month:
#
# ![A map of 21 words. Days and months lie together on the right; on the left, from top to
# bottom, animals, colours, countries and capitals, each kind close together](figure:word-map)
#
# *Embeddings of the pocket BERT, normalised and projected onto two principal directions.*
#
# Two rows that point the same way can take each other's place. That is not the same as meaning
# the same: the nearest word to *hot* is *cold*.
#
# <details><summary>The table also has rows for [PAD] and for ##s. Are they
# neighbours?</summary>
#
# They are rows like all others, and may well be near. But they are not words, so nobody who
# asks for neighbours wants to read them. Which special tokens there are, only the tokenizer
# knows (`tokenizer.all_special_tokens`): another one writes its mask `<mask>`.
#
# </details>


# %%
def nearest_words(
    tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, word: str, top: int = 10
) -> list[tuple[str, float]]:
    """The words whose input embeddings are most similar to that of a given word, by cosine.

    Args:
        tokenizer: the model's own; left as it is.
        model: `model.get_input_embeddings().weight` is the table of embeddings (V, H); left as
            it is, on its device.
        word: read as the tokenizer reads it ("Dog" may be "dog").
        top: how many are wanted, from 0.

    Returns:
        At most `top` pairs (word, cosine), highest cosine first; cosines are Python floats, 0
        where a row is all zeros. Without the word itself, special tokens, and pieces that begin
        with "##".

    Raises:
        ValueError: the tokenizer does not read it as a single word of the vocabulary (special
            tokens and pieces are not words); the message names the word.
    """
    ### BEGIN SOLUTION
    # fmt: off
    pieces = tokenizer.tokenize(word)
    if len(pieces) != 1 or pieces[0] in tokenizer.all_special_tokens:
        raise ValueError(f"{word!r} is not a word of the vocabulary: the tokenizer reads {pieces}")
    own = tokenizer.convert_tokens_to_ids(pieces[0])
    directions = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)  # (V, H), each row of length 1
    cosines = (directions @ directions[own]).tolist()
    names = tokenizer.convert_ids_to_tokens(list(range(len(cosines))))
    no_word = {names[own], *tokenizer.all_special_tokens}
    words = [(n, c) for n, c in zip(names, cosines) if n not in no_word and not n.startswith("##")]
    return sorted(words, key=lambda found: found[1], reverse=True)[:top]
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## The covered word
# *Difficulty 3 of 5 · matters 5 of 5 · about 30 minutes for someone new (a guess) · 13 points*
#
# A row of the table is the same wherever its word stands. But *May* in "May I go?" is no month.
# What makes a vector depend on its neighbours is **attention**, and BERT is little more than
# attention in layers: four in ours, twelve in bert-base.
#
# Each token asks a question, its **query** $q$; each token offers a **key** $k$ to be found by
# and a **value** $v$ to be taken away. All three are the token's vector times a trained matrix.
# The token takes a weighted mean of all values, and the weights come from how well its query
# matches each key ($d$ is how many numbers a query has; without the root of it, long queries
# would make every softmax extreme):
#
# $$w = \operatorname{softmax}\left(
# \frac{q \cdot k_1}{\sqrt d}, \frac{q \cdot k_2}{\sqrt d}, \dots\right)$$
#
# $$\text{new vector} = w_1 v_1 + w_2 v_2 + \dots$$
#
# By hand, for one query and three tokens, with $d = 4$: say the products of query and keys are
# 0, 2 and 4. Divided by $\sqrt 4 = 2$ they are 0, 1 and 2. The exponentials are 1, 2.718 and
# 7.389, together 11.107, so the weights are 0.090, 0.245 and 0.665. If the three values are
# $(1, 0)$, $(0, 1)$ and $(1, 1)$, the token takes away $0.090 \cdot (1, 0) + 0.245 \cdot
# (0, 1) + 0.665 \cdot (1, 1) = (0.755, 0.910)$.
#
# ![Two groups of three bars, the attention weights of three tokens. Without a mask 0.090, 0.245
# and 0.665; with the third token masked 0.269, 0.731 and nothing](figure:attention-by-hand)
#
# *The same scores with and without a mask on the third token.*
#
# <details><summary>What does the attention mask do here, and what if it were 1 for padding
# too?</summary>
#
# Where the mask is 0, the score becomes minus infinity before the softmax, and the weight 0: of
# our three tokens the first two then get 0.269 and 0.731, and the third nothing. Without the
# mask every token would take a share of each `[PAD]`. Put "The capital of France is [MASK]."
# into a batch with a sentence of 27 words and set the whole mask to 1: the probability
# of *paris* falls from 0.891 to 0.884. Nobody would notice, and yet the answer would depend on
# which other texts happen to be in the batch.
#
# </details>
#
# Each layer does this several times side by side, with other matrices: these are its **heads**
# (not the head of 05a, a network's last layer). What do trained ones look at? Here is where the
# `[MASK]` of one pair of sentences looks:
#
# ![A grid with one column for each token of the two sentences and one row for each of four
# heads. In the first layer one head looks only at the token before the mask, one only at the
# token after it; in the last layer two heads look at thirsty, with 0.74 and
# 0.99](figure:attention)
#
# *Where `[MASK]` looks in the pocket BERT: first at its neighbours, in the end at the word that
# decides.*
#
# Two heads of the first layer have learned to look one place to the left and one to the right.
# In the last layer one puts 0.99 of its attention on *thirsty*, in the sentence before. Nobody
# programmed that. The last vector of `[MASK]` then gives V **logits**, one for every token that
# could stand there:
#
# ```
# input_ids (1, T) --model--> prediction_logits (1, T, V)
#                  --at the mask--> (V,) --softmax--> probabilities (V,)
# ```
#
# ![Bars of the five most likely words for three sentences. The first is paris with 0.891, puppy
# with 0.899 and drink with 0.935; all others are far shorter](figure:masked)
#
# *What the pocket BERT guesses. A bar is a share of the whole vocabulary, not of the five that
# are shown.*
#
# <details><summary>Why not count the words of the text to find the place of the mask?</summary>
#
# `[CLS]` shifts every place by one, and a word of several pieces shifts all that follow. And a
# text that is too long loses its end: a mask there is in the text, but not in what the model
# reads. Look for the mask among the ids that the model reads.
#
# </details>
#
# As always when you only ask a network: eval mode and no gradients.


# %%
def predict_masked(
    tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, text: str, top: int = 5
) -> list[tuple[str, float]]:
    """The tokens that fit best in the place of the mask.

    In unseen sentences, with the embedded BERT, the covered word is among the first five at
    least 0.90 of the time.

    Args:
        tokenizer: the model's own; left as it is.
        model: gives `prediction_logits` (B, T, V); used in eval mode, without gradients; its
            weights, and which of them are frozen, are left as they were, but it may stay in
            eval mode. The tokens go to its device.
        text: holds `tokenizer.mask_token` once, anywhere. A text longer than the tokenizer's
            limit is truncated at its end.
        top: how many are wanted, from 1 to V.

    Returns:
        `top` pairs (token, probability), most likely first. The token is as the vocabulary has
        it; the probabilities, Python floats, are those of a softmax over the whole vocabulary.

    Raises:
        ValueError: what the model reads of the text holds no mask (there was none, or it stood
            beyond the limit), or more than one.
    """
    ### BEGIN SOLUTION
    # fmt: off
    inputs = tokenize(tokenizer, text)
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero().flatten()  # (number of masks,)
    if len(places) != 1:
        raise ValueError(
            f"{tokenizer.mask_token} is wanted once, and stands {len(places)} times in what is read of {text!r}"
        )
    model.eval()
    inputs = {name: row.to(model.device) for name, row in inputs.items()}
    with torch.inference_mode():
        logits = model(**inputs).prediction_logits[0, places[0]]  # (V,)
    best = logits.softmax(dim=0).topk(top)
    return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist()))
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## The next sentence
# *Difficulty 2 of 5 · matters 3 of 5 · about 10 minutes for someone new (a guess) · 11 points*
#
# From its vector for `[CLS]` BERT makes two more logits, `seq_relationship_logits` of shape
# `(B, 2)`. In training, half of the second parts were true continuations (class 0) and half
# were sentences from elsewhere (class 1).
#
# | first | second | logits | probability of "is next" |
# |---|---|---|---|
# | Anna is thirsty. | She wants to drink. | 1.53, -1.66 | 0.961 |
# | Anna is thirsty. | The capital of France is Paris. | -2.96, 2.99 | 0.003 |
# | What is the capital of Spain? | It is Madrid. | 2.95, -2.90 | 0.997 |
#
# <details><summary>Two logits, yes or no: do you need the softmax?</summary>
#
# Not for the answer: softmax keeps the order, so the larger logit has the larger probability.
# For the probability you do: in the first row it is $e^{1.53} / (e^{1.53} + e^{-1.66})$, that
# is $4.62 / (4.62 + 0.19) = 0.96$.
#
# </details>
#
# Beware: class 0 is "is next". Here the first logit does not mean "no".


# %%
def is_next_sentence(
    tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, first: str, second: str
) -> bool:
    """Does the model think that `second` continues `first`?

    With the embedded BERT, at least 0.90 of unseen pairs are judged right.

    Args:
        tokenizer: the model's own; left as it is.
        model: gives `seq_relationship_logits` (B, 2), index 0 for "is next"; used in eval mode,
            without gradients; its weights, and which of them are frozen, are left as they were,
            but it may stay in eval mode. The tokens go to its device.
        first: a text; it may be empty.
        second: another text, not empty; read as the second part. A pair that is too long is
            truncated as `tokenize` does it.

    Returns:
        True or False, a Python bool: which of the two logits is higher.
    """
    ### BEGIN SOLUTION
    # fmt: off
    model.eval()
    inputs = {name: row.to(model.device) for name, row in tokenize(tokenizer, first, second).items()}
    with torch.inference_mode():
        logits = model(**inputs).seq_relationship_logits  # (1, 2)
    return bool(logits[0, 0] > logits[0, 1])
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## All together
# `python -m exercises.ex06_nlp` (or `course run 06`) prints tokens, the neighbours of twenty
# words, guesses for covered words and judgements of sentences. Then it counts how often both
# games are won on 300 questions each, about sentences that the network has never read: expect
# about {measured: 06 masked word among the five likeliest} for the covered word among the first
# five, and about {measured: 06 next sentence} for the next sentence. With `--data full` the
# same code asks bert-base-uncased, which has read books; it takes 440 MB of download once.
#
# ### Try it
# `course try 06 --negation`, `--order` and `--days` ask for your guess before they ask the
# network.
#
# 1. **Negation.** Ask for the mask in "Anna is thirsty. She wants to [MASK]." and in "Anna is
#    not thirsty. She wants to [MASK]."
# 2. **Order.** Ask whether "Anna is thirsty." follows "She wants to drink.": the pair of the
#    table above, exchanged.
# 3. **Days.** Ask for the mask in "[MASK] comes after Monday." Before that, look up the
#    neighbours of *monday*.
#
# <details><summary>What came out?</summary>
#
# 1. *drink*, 0.94 without *not* and 0.95 with it. The network has noticed which words go
#    together, not what *not* does to a sentence.
# 2. Yes, with 0.99. False pairs came from anywhere in the text, so seeing that both are about
#    the same thing was enough to win the game. Later models (ALBERT) were trained to tell the
#    right order from the exchanged one, which is harder.
# 3. *monday*, 0.41; *tuesday* comes fourth, with 0.14. The neighbours of *monday* are the other
#    six days: the table knows that they are days, and hardly anything about their order.
#
# </details>
#
# ### In five sentences
# A tokenizer cuts text into tokens of a fixed vocabulary, and pads, truncates and marks them,
# so that texts become one tensor. An embedding table gives each token a vector, and the cosine
# says which vectors point the same way. Attention mixes the vectors of a text, each token
# taking most from the tokens whose keys match its query. A masked language model turns the
# vector at the mask into a probability for every token of the vocabulary, and has learned it
# from text without labels. What such a network has learned is what its game rewarded, and no
# more.
#
# ### Check yourself
# <details><summary>Two texts of 5 and 9 tokens, special tokens included. What is the shape of
# input_ids, and how many zeros does the attention mask hold?</summary>
#
# `(2, 9)`, and four zeros, all at the end of the first row.
#
# </details>
#
# <details><summary>All rows of the table are doubled. What happens to the cosines, what to the
# plain products?</summary>
#
# The cosines stay as they are. The products are four times as large.
#
# </details>
#
# <details><summary>Why do the probabilities of the five best guesses not add up to 1?</summary>
#
# The softmax goes over all 3,139 tokens, and the rest is spread over the other 3,134.
#
# </details>
#
# ### A bonus that no check grades
# Write `surprise(tokenizer, model, text)`: cover one word after another, and note the
# probability that the model gave to the word that was really there. Colour the words by it.
# Which words of a newspaper article surprise the pocket BERT, and is that a fact about the
# article or about the network?
#
# ### Further reading
# - Devlin et al., *BERT: Pre-training of Deep Bidirectional Transformers for Language
#   Understanding*, <https://arxiv.org/abs/1810.04805>
# - Vaswani et al., *Attention Is All You Need*, <https://arxiv.org/abs/1706.03762>
# - Jay Alammar, *The Illustrated BERT*, <https://jalammar.github.io/illustrated-bert/>
# - Zhang et al., *Dive into Deep Learning*, chapter "Natural Language Processing: Pretraining",
#   <https://d2l.ai>
#
# Installed with the course: `help(tokenizer.__call__)`, `help(torch.nn.functional.normalize)`,
# `help(torch.topk)`, `help(model.forward)`.

# %% tags=["active-py"]
WORDS = (
    "dog wolf cow puppy monday april winter red seven paris france spanish "
    "doctor mother hand apple knife guitar car hot"
)
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
    model.to(run.device)
    for text, pair in (("The dog barks.", None), ("What is this?", "Die Katze schläft. 猫")):
        encoding = tokenize(tokenizer, text, pair)
        tokens, segments = (
            tokenizer.convert_ids_to_tokens(encoding["input_ids"][0]),
            encoding["token_type_ids"][0],
        )
        print(" ".join(f"{token}/{int(segment)}" for token, segment in zip(tokens, segments)))
    print("\nThe ten nearest words:")
    near = {
        word: [name for name, _ in nearest_words(tokenizer, model, word)] for word in WORDS.split()
    }
    for word, names in near.items():
        print(f"{word:>8}  {' '.join(names)}")
    print("\nCovered words:")
    for text in MASKED:
        guesses = [
            f"{token} {chance:.2f}" for token, chance in predict_masked(tokenizer, model, text)
        ]
        print(f"{text:40} {', '.join(guesses)}")
    print("\nNext sentence?")
    for first, second in FOLLOWING:
        follows = is_next_sentence(tokenizer, model, first, second)
        print(f"{'yes' if follows else 'no':4} {first} | {second}")

    exam, missed, wrong = heldout(run.seed, QUESTIONS), [], []
    for question in exam.masked:
        words = [token for token, _ in predict_masked(tokenizer, model, question.text)]
        if question.answer not in words:
            missed.append(f"not {question.answer}: {question.text}  {' '.join(words)}")
    for told in exam.pairs:
        if is_next_sentence(tokenizer, model, told.first, told.second) != told.is_next:
            wrong.append(f"said {'no' if told.is_next else 'yes'}: {told.first} | {told.second}")
    print(f"\nOn {QUESTIONS} questions of each sort, about sentences that BERT has never read:")
    print(
        f"covered word among the first five: {1 - len(missed) / QUESTIONS:.3f}",
        *missed[:5],
        sep="\n  ",
    )
    print(f"next sentence: {1 - len(wrong) / QUESTIONS:.3f}", *wrong[:5], sep="\n  ")
    run.show_words(
        tokenizer, model, near, tokenize(tokenizer, "Anna is thirsty.", "She wants to [MASK].")
    )


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("06", epochs=0))

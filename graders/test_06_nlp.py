"""Grader of project 06: words, sentences and BERT.

pytest graders/test_06_nlp.py
"""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.catalog import project
from course.checks.attachments import table
from course.checks.check import bonus, check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_equal,
    expect_same,
    expect_tensor,
)
from course.checks.probes import copy_parameters, diary_of, state_of, traces_on
from course.checks.seeds import drawn, fixed
from course.checks.session import StudentRaised
from course.checks.wire import Handle
from course.checks.wording import describe
from course.corpus import heldout
from graders.kit import gpu
from graders.kit.general import expect_no_trace, shuffled
from graders.kit.language import (
    LIMIT,
    OTHER,
    VOCABULARY,
    chances_at_mask,
    network,
    network_here,
    other_answers,
    sentence,
    telling_pairs,
    textbook,
    tokenizer_given,
    tokenizer_here,
)
from graders.kit.ranked import expect_ranked, scored
from graders.kit.worker.again import kept, refill
from graders.kit.worker.language import pocket_bert, pocket_tokenizer, tiny_bert
from graders.kit.worker.language_probes import ENCODING, encoding_of, tokenizer_settings_of

THRESHOLDS = project("06").thresholds
QUESTIONS = 300  # of each sort: the embedded BERT's share of right answers then varies by about 0.013 from exam to exam


def _refused(call, words: str, what: str, types: tuple[str, ...] = ("ValueError",)) -> None:
    """The call must raise an error of one of these types, with these words in its message."""
    try:
        value = call()
    except StudentRaised as fault:
        if fault.todo:
            raise  # not started, or waiting
        if fault.type not in types:
            expect_equal(fault.type, types[0], f"the type of the error for {what}")
        expect(
            words in fault.text,
            "{thing}: the message does not name {words}: {text}",
            thing=what,
            words=words,
            text=fault.text[:120],
        )
    else:
        expect(False, "{thing} gave no error, but {got}", thing=what, got=describe(value))


# -- tokenize -----------------------------------------------------------------------------------------------------------


def _encoding(student, lab, text, pair=None, own: bool = True, given=None, **options) -> dict[str, torch.Tensor]:
    """What the student's tokenize makes of it: BERT's three inputs, each checked to be an int64 matrix.

    Args:
        given: the tokenizer; a new one unless given.
    """
    tokenizer, texts = given or lab.build(tokenizer_given(own)), [text] if pair is None else [text, pair]
    found = encoding_of(student.tokenize(tokenizer, *texts, **options))
    rows = len(text) if type(text) is list else 1
    for name in ENCODING:
        expect(name in found, "{name} is missing from what tokenize returns", name=name)
        expect_tensor(found[name], name, shape=(rows, -1), dtype=torch.int64)
    return found


def _tokens(ids: torch.Tensor, own: bool = True) -> list[list[str]]:
    """Rows of ids as tokens: what a person can compare."""
    names = VOCABULARY if own else OTHER
    return [[names[i] if 0 <= i < len(names) else f"number {i}" for i in row] for row in ids.tolist()]


def _expect_tokens(found, wanted, what: str, own: bool = True) -> None:
    expect_equal(_tokens(found["input_ids"], own), _tokens(wanted["input_ids"], own), f"tokens of {what}")


def _expect_encoding(found, wanted, what: str, own: bool = True) -> None:
    _expect_tokens(found, wanted, what, own)
    expect_equal(found["attention_mask"].tolist(), wanted["attention_mask"].tolist(), f"attention mask of {what}")
    expect_equal(found["token_type_ids"].tolist(), wanted["token_type_ids"].tolist(), f"segments of {what}")


@check(
    "tokenize",
    title="a text stands between [CLS] and [SEP]",
    points=2,
    hint="Print the tokens of one text. Which two stand around it, and is the shape (1, T)?",
)
def test_a_text_stands_between_cls_and_sep(student, lab):
    """BERT has never read a text without them; and it reads batches, so one text is a row of a matrix."""
    for text in (
        "the old dog sees the cat .",
        "a horse",
        "dogs and horses not seeing the cats",
        "the [MASK] sees a cat",
    ):
        text += "" if fixed() else " " + sentence(np.random.default_rng([drawn(0), len(text)]), 3)
        found = _encoding(student, lab, text)
        _expect_tokens(found, textbook(tokenizer_here(), [text]), repr(text))
        expect_equal(found["attention_mask"].min().item(), 1, "attention to a text without padding, least")
        expect_equal(found["token_type_ids"].max().item(), 0, "segments of a text without a second part, highest")


@check("tokenize", points=2, hint="To which part does the [SEP] between them belong?")
@given(first=st.integers(0, 9), second=st.integers(1, 9), seed=st.integers(0, 99))
def test_segments_tell_the_two_parts_apart(student, lab, first, second, seed):
    """0 up to the first [SEP], 1 after it: without them two sentences are one."""
    rng = np.random.default_rng(seed)
    text, pair = sentence(rng, first), sentence(rng, second)
    found, wanted = _encoding(student, lab, text, pair), textbook(tokenizer_here(), [text], [pair])
    _expect_tokens(found, wanted, "a text with a second part")
    expect_equal(found["token_type_ids"].tolist(), wanted["token_type_ids"].tolist(), "segments")


@check("tokenize", points=3, hint="Which tokens in a padded row should the model ignore?")
@given(lengths=st.lists(st.tuples(st.integers(0, 8), st.integers(1, 8)), min_size=2, max_size=5), pairs=st.booleans())
def test_short_rows_are_padded_and_the_padding_is_masked(student, lab, lengths, pairs):
    """Attention to padding makes a text's answer depend on the longest text of its batch."""
    rng = np.random.default_rng(0)
    texts = [sentence(rng, first) for first, _ in lengths]
    seconds = [sentence(rng, second) for _, second in lengths] if pairs else None
    found, wanted = _encoding(student, lab, texts, seconds), textbook(tokenizer_here(), texts, seconds)
    _expect_tokens(found, wanted, f"{len(texts)} texts")
    expect_equal(found["attention_mask"].tolist(), wanted["attention_mask"].tolist(), "attention mask")
    expect_equal(found["token_type_ids"].tolist(), wanted["token_type_ids"].tolist(), "segments")


@check("tokenize", points=1, hint="How long should the rows be if no text of the batch reaches the limit?")
def test_rows_are_no_longer_than_the_longest_text(student, lab):
    """Every token costs time, padding too."""
    words = (2, 5) if fixed() else (2 + drawn(0) % 9, 2 + drawn(1) % 9)
    own = ["the dog", "the dog sees a cat"] if fixed() else [sentence(np.random.default_rng(n), n) for n in words]
    for texts in ([own[0]], [own[1], "no"]):
        length = _encoding(student, lab, texts)["input_ids"].shape[1]
        expect_equal(length, len(texts[0].split()) + 2, f"length of the rows of {texts}")


@check(
    "tokenize",
    title="a long text is cut and still ends with [SEP]",
    points=2,
    hint="Print the last token of a row that was cut. Is it [SEP]?",
)
@given(words=st.integers(1, 40), limit=st.integers(3, 20))
def test_a_long_text_is_cut_and_still_ends_with_sep(student, lab, words, limit):
    """BERT has no vector for positions beyond its limit; it has never been trained on a row without its [SEP]."""
    rng = np.random.default_rng(words)
    text, other = sentence(rng, words), sentence(rng, 41 - words)
    found = _encoding(student, lab, text, max_length=limit)
    _expect_tokens(found, textbook(tokenizer_here(), [text], limit=limit), f"{words} words, cut to {limit} tokens")
    texts = ["the dog", other, text]  # each row of a batch is as long as its own text allows
    what = f"2, {41 - words} and {words} words, cut to {limit} tokens each"
    found = _encoding(student, lab, texts, max_length=limit)
    _expect_encoding(found, textbook(tokenizer_here(), texts, limit=limit), what)


@check("tokenize", points=2, hint="The question has three words, the answer forty: which of them should lose tokens?")
def test_the_longer_part_is_cut_first(student, lab):
    """Longest first: the short part survives whole while the other one is longer."""
    rng = np.random.default_rng(drawn(5))
    # room for an even number of words, or one part that fits whole: there is only one right answer
    for first, second, limit in ((3, 40, 20), (40, 3, 20), (30, 30, 15), (30, 20, 15), (9, 40, 21)):
        text, pair = sentence(rng, first), sentence(rng, second)
        found = _encoding(student, lab, text, pair, max_length=limit)
        wanted = textbook(tokenizer_here(), [text], [pair], limit)
        _expect_encoding(found, wanted, f"{first} and {second} words, cut to {limit} tokens")
    texts, pairs = _long_pairs(7)
    found = _encoding(student, lab, texts, pairs, max_length=21)
    _expect_encoding(found, textbook(tokenizer_here(), texts, pairs, 21), "pairs of a batch, cut to 21 tokens each")


def _long_pairs(seed: int) -> tuple[list[str], list[str]]:
    """Texts and second parts of a batch, to be cut to an odd number of tokens: each pair has only one right answer."""
    rng = np.random.default_rng(drawn(seed))
    lengths = [(3, 40), (2, 1), (40, 3), (30, 30), (1, 2)]
    return [sentence(rng, first) for first, _ in lengths], [sentence(rng, second) for _, second in lengths]


@check(
    "tokenize",
    title="the tokenizer's own limit holds if none is given",
    points=1,
    hint="Which attribute of the tokenizer says how long a row may be?",
)
def test_the_tokenizers_own_limit_holds_if_none_is_given(student, lab):
    """128 tokens in the embedded BERT, 512 in bert-base-uncased: the tokenizer knows it, and must still know it afterwards."""
    texts, pairs = _long_pairs(8)
    cases = (texts[2], None), (texts, None), (texts[3], pairs[3]), (texts, pairs)
    for limit in (11, 19):
        tokenizer = lab.build(tokenizer_given(limit=limit))
        before = tokenizer_settings_of(tokenizer)
        for text, pair in cases:
            _encoding(student, lab, text, pair, given=tokenizer, max_length=7)
            found = _encoding(student, lab, text, pair, given=tokenizer)
            firsts, seconds = ([x] if type(x) is str else x for x in (text, pair))
            what = f"{len(firsts)} texts{' with second parts' if pair else ''}, limit of the tokenizer {limit}"
            _expect_encoding(found, textbook(tokenizer_here(), firsts, seconds, limit), what)
        expect_equal(tokenizer_settings_of(tokenizer), before, "settings of the tokenizer afterwards")


@check(
    "tokenize",
    points=1,
    hint="What does the tokenizer make of a character that it has never seen, and of an empty text?",
)
@given(text=st.text(max_size=30))
def test_any_script_and_the_empty_text_are_read(student, lab, text):
    """People write in any script; a character without a piece becomes [UNK], and an empty text is [CLS] [SEP]."""
    for given_text in (text, "the 猫 sees жук .", ""):
        _expect_tokens(_encoding(student, lab, given_text), textbook(tokenizer_here(), [given_text]), repr(given_text))
    texts = ["", text, "the 猫 sees жук .", "", text]  # nobody's text is left out, nor what stands there twice
    _expect_encoding(_encoding(student, lab, texts), textbook(tokenizer_here(), texts), f"the texts {texts}")


@check(
    "tokenize", points=1, hint="[CLS] has a different id in each vocabulary. Which attribute of the tokenizer knows it?"
)
def test_each_tokenizer_has_its_own_numbers(student, lab):
    """101 and 102 are the ids of one vocabulary; others have other ids, and some keep "Dog" and "dog" apart."""
    texts = list(shuffled(["the Dogs", "a Cat sees thé horse today", "the Dog"]))
    texts[0] += "" if fixed() else " " + sentence(np.random.default_rng(drawn(1)), 4)
    for own in (True, False):
        found = _encoding(student, lab, texts, own=own)
        wanted = textbook(tokenizer_here(own), texts)
        _expect_encoding(found, wanted, f"three texts, vocabulary {'one' if own else 'two, which minds capitals'}", own)
    batches = ["a horse", "the old dog"], ["the cat sees", "dogs"]
    texts, tokenizer = lab.build(kept(content=batches[0])), lab.build(tokenizer_given(True))
    for batch in batches:
        refill(texts, batch)
        found = encoding_of(student.tokenize(tokenizer, texts))
        expect_tensor(found["input_ids"], "input_ids", shape=(2, -1), dtype=torch.int64)
        _expect_tokens(found, textbook(tokenizer_here(), batch), "a list that holds other texts by now")


@check("tokenize", points=1, hint="With three texts and only two second parts, what would happen to the third text?")
def test_texts_without_a_second_part_are_not_lost_silently(student, lab):
    """Three questions with two answers are the caller's mistake, and the caller has to be told."""
    texts, pairs = ["the dog", "a cat", "no"], ["sees", "hears"]
    value, either = (
        ("ValueError",),
        ("ValueError", "TypeError"),
    )  # a string beside a list is of another number, and type
    asked = (
        (texts, pairs, "three texts with two second parts", value),
        (texts, [], "three texts with no second parts", value),
        (pairs, texts, "two texts with three second parts", value),
        (texts, "sees", "three texts with one second part", either),
        ("no", pairs, "one text with two second parts", either),
        (texts[:2], pairs, "two texts with two second parts", ()),
    )
    for one, other, what, faults in shuffled(asked):
        if faults:
            _refused(lambda one=one, other=other: _encoding(student, lab, one, other), "", what, faults)
        else:
            expect_equal(len(_encoding(student, lab, one, other)["input_ids"]), 2, f"rows of {what}")


# -- nearest_words ------------------------------------------------------------------------------------------------------


COSINE = 1e-6  # in float32 cosines are right to about 2e-7
TABLE = "bert.embeddings.word_embeddings.weight"  # the name of the rows in a BERT's state
EMPTY = "here"  # a word whose row is all zeros


def _is_word(piece: str, own: bool = True) -> bool:
    return piece not in tokenizer_here(own).all_special_tokens and piece[:2] != "##"


def _table(seed: int) -> torch.Tensor:
    """Random embeddings (V, 8) whose lengths differ a lot, from about 1 to 100; that of [PAD], and of one word, is zero."""
    return _table_of(drawn(seed))


@functools.lru_cache(maxsize=64)
def _table_of(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    size = len(VOCABULARY)
    table = 10 * torch.randn(size, 8, generator=generator) * torch.randn(size, 1, generator=generator).exp()
    table[[VOCABULARY.index("[PAD]"), VOCABULARY.index(EMPTY)]] = 0
    return table


def _cosines(table: torch.Tensor, word: str, own: bool = True) -> list[tuple[str, float]]:
    """(word, cosine) of every word but this one, highest first."""
    names = VOCABULARY if own else OTHER
    directions = torch.nn.functional.normalize(table.double(), dim=1)
    cosines = (directions @ directions[names.index(word)]).tolist()
    found = [(n, c) for n, c in zip(names, cosines, strict=True) if _is_word(n, own) and n != word]
    return sorted(found, key=lambda pair: -pair[1])


def _embedded(lab, table: torch.Tensor, own: bool = True):
    """A tokenizer and a BERT with this table, on the student's side."""
    model = tiny_bert(vocabulary=len(table), positions=LIMIT, seed=0, vectors=table)
    return lab.build(tokenizer_given(own)), lab.build(model)


@check(
    "nearest_words",
    title="the cosine decides which words are near",
    points=3,
    hint="What must you divide the product of two rows by, so that their lengths no longer count?",
)
@given(seed=st.integers(0, 9), word=st.sampled_from(["dog", "sees", "the", EMPTY]))
def test_the_cosine_decides_who_is_near(student, lab, seed, word):
    """Long rows have large products with everything; only the direction says what a word is like."""
    table = _table(seed)
    near = student.nearest_words(*_embedded(lab, table), word, 5)
    expect_ranked(near, _cosines(table, word), 5, f"the five words nearest to {word!r}", atol=COSINE)


@check(
    "nearest_words",
    points=2,
    hint="Which rows are not words? And which word is always the nearest to a word, unless you leave it out?",
)
def test_only_other_words_are_listed(student, lab):
    """[CLS], ##s and the word itself say nothing about a word; every other word counts, even one with the same direction."""
    for own in (True, False):
        names, table = VOCABULARY if own else OTHER, _table(3).clone()
        cat = table[names.index("cat")]
        for row, piece in enumerate(names):
            if not _is_word(piece, own):  # the nearest of all, and one even in the very same direction
                table[row] = 2 * cat + 0.01 * len(piece) * table[0]
        for piece, times in (("[UNK]", 3), ("horse", 2), ("the", -1), ("a", -1)):
            table[names.index(piece)] = times * cat
        for count in (6, 500):
            near = student.nearest_words(*_embedded(lab, table, own), "cat", count)
            what = f"the {count} words nearest to 'cat'" if count == 6 else "all words, by their nearness to 'cat'"
            expect_ranked(near, _cosines(table, "cat", own), count, what, atol=COSINE)


@check(
    "nearest_words",
    title="as many as wanted, the nearest first",
    points=1,
    hint="Print the list. Is it as long as was asked for, with the nearest word first?",
)
def test_as_many_as_wanted_highest_first(student, lab):
    """The caller says how many; ten if not, and all where there are fewer."""
    table = _table(1)
    for top, count in (((3,), 3), ((), 10), ((500,), 500), ((1,), 1), ((0,), 0)):
        near = student.nearest_words(*_embedded(lab, table), "old", *top)
        what = f"words nearest to 'old', top {top[0] if top else 'left out'}"
        expect_ranked(near, _cosines(table, "old"), count, what, atol=COSINE)
    things, learned = _embedded(lab, table), _table(6)
    student.nearest_words(*things, "old", 3)
    copy_parameters(things[1], _embedded(lab, learned)[1])
    near = student.nearest_words(*things, "old", 3)
    expect_ranked(near, _cosines(learned, "old"), 3, "words nearest to 'old', once the model has learned", atol=COSINE)


@check(
    "nearest_words",
    points=2,
    hint="What does the tokenizer return for a word that it does not know? What should you do then?",
)
def test_a_word_that_is_not_in_the_vocabulary_is_an_error_that_names_it(student, lab):
    """The row of [UNK], or of its first piece, would give neighbours that have nothing to do with the word."""
    for own in (True, False):
        things = _embedded(lab, _table(2), own)
        others = [piece for piece in (VOCABULARY if own else OTHER) if not _is_word(piece, own)]
        asked = ["猫", "zebra", "dogs", "old dog", "dog the", *others, *([] if own else ["Cat", "thé"]), "", "dog"]
        for word in shuffled(asked, own):
            if word == "dog":
                expect_equal(len(student.nearest_words(*things, word)), 10, "neighbours of a word that is there")
            else:
                what = f"the word {word!r}" if word else "the empty word"
                _refused(functools.partial(student.nearest_words, *things, word), word, what)


@check("nearest_words", points=1, hint="What does the tokenizer make of capital letters?")
def test_a_word_is_read_as_the_tokenizer_reads_it(student, lab):
    """One vocabulary is all lower case, and people write Monday; another one keeps Apple and apple apart."""
    table = _table(4)
    for written, word, own in (
        ("Horse", "horse", True),
        ("HÖRSE", "horse", True),
        (" horse ", "horse", True),
        ("Dog", "Dog", False),
        ("dog", "dog", False),
    ):
        near = student.nearest_words(*_embedded(lab, table, own), written, 4)
        expect_ranked(near, _cosines(table, word, own), 4, f"words nearest to {written!r}", atol=COSINE)


@check("nearest_words", points=1, hint="Compare the table before and after. Do you change it in place?")
def test_the_table_stays_as_it_is(student, lab):
    """Rows normalised in place change the model, and a table that you froze can no longer learn."""
    tokenizer, model = _embedded(lab, _table(5))
    before, traces, settings = state_of(model), traces_on(model), tokenizer_settings_of(tokenizer)
    student.nearest_words(tokenizer, model, "dog")
    _refused(lambda: student.nearest_words(tokenizer, model, "zebra"), "", "the word 'zebra'")
    after = state_of(model)
    expect_same(after, before, "weights of the model after a question")
    expect_same({TABLE: after[TABLE]}, {TABLE: _table(5)}, "weights of the model after a question")
    expect_no_trace(model, traces)
    expect_equal(tokenizer_settings_of(tokenizer), settings, "settings of the tokenizer afterwards")


# -- predict_masked -----------------------------------------------------------------------------------------------------


def _expect_guesses(
    student, lab, text: str, seed: int, top: int = 5, own: bool = True, limit: int = LIMIT, things=None
) -> None:
    """The student's guesses about one text, compared with ours.

    Args:
        things: tokenizer and model; new ones unless given.
    """
    seed = drawn(seed)
    tokenizer, model = things or (lab.build(tokenizer_given(own, limit)), lab.build(network(seed)))
    guesses = student.predict_masked(tokenizer, model, text, *([] if top == 5 else [top]))
    # 1e-5: float32 through two layers is right to about 1.5e-6; a probability of four places is off by up to 5e-5
    expect_ranked(guesses, chances_at_mask(seed, text, own, limit), top, f"guesses for {text!r}", atol=1e-5)


@check(
    "predict_masked",
    points=3,
    needs=("tokenize",),
    hint="Print the row of token ids. At which position is the id of the mask?",
)
@given(words=st.integers(0, 12), place=st.integers(0, 12), seed=st.integers(0, 9))
def test_the_mask_is_found_wherever_it_stands(student, lab, words, place, seed):
    """First, last, in the middle, after words of several pieces: only the logits at its place say what fits there."""
    text = sentence(np.random.default_rng([words, seed]), words).replace("dog", "dogs").split()
    text.insert(min(place, len(text)), "[MASK]")
    _expect_guesses(student, lab, " ".join(text), seed=seed % 3)


@check(
    "predict_masked",
    title="the mask is the tokenizer's own",
    points=1,
    needs=("tokenize",),
    hint="Which attribute of the tokenizer holds its mask token?",
)
def test_the_mask_is_the_tokenizers_own(student, lab):
    """103 is the mask of one vocabulary, and not every tokenizer spells it [MASK]."""
    _expect_guesses(student, lab, "the dog <mask> a cat .", seed=1, own=False)
    _expect_guesses(student, lab, "The Dog <mask> a Cat .", seed=1, own=False)  # a vocabulary that minds capitals
    _expect_guesses(student, lab, "the dog [MASK] a cat .", seed=1)
    _expect_guesses(student, lab, "the dog sees a [MASK]. yes", seed=1)  # nothing between the mask and a full stop


@check(
    "predict_masked",
    points=2,
    needs=("tokenize",),
    hint="Over which dimension does your softmax run? Do all words' probabilities add up to 1?",
)
@given(top=st.integers(1, len(VOCABULARY)))
def test_probabilities_are_shared_out_among_all_words(student, lab, top):
    """The softmax goes over the whole vocabulary; you return the largest probabilities, most likely first."""
    _expect_guesses(student, lab, "today the old [MASK] sees a horse .", seed=2, top=top)


@check("predict_masked", points=2, needs=("tokenize",), hint="What should happen when the text has no mask, or two?")
def test_a_text_without_one_mask_is_an_error(student, lab):
    """A guess for another place looks like any other guess: nobody would notice the mistake."""
    things = lab.build(tokenizer_given()), lab.build(network(1))
    faults = {
        "a text without a mask": "the old dog sees a cat .",
        "an empty text": "",
        "two masks": "the [MASK] dog sees a [MASK] .",
        "a mask beyond the limit": "the dog " * LIMIT + "[MASK] .",
    }
    for what, text in shuffled([*faults.items(), ("a text with one mask", "the [MASK] .")]):
        if what in faults:
            _refused(lambda text=text: student.predict_masked(*things, text), "", what)
        else:
            expect_equal(len(student.predict_masked(*things, text)), 5, f"guesses for {what}")


@check(
    "predict_masked",
    points=1,
    needs=("tokenize",),
    hint="How many tokens can the model read at most, and which of your functions cuts a longer text?",
)
def test_a_text_that_is_too_long_is_cut(student, lab):
    """The model reads the beginning of the text up to the limit, wherever in it the mask is, and nothing beyond."""
    for place, limit in ((2, LIMIT), (19, LIMIT), (6, 12)):
        words = sentence(np.random.default_rng(place), 100).split()
        words.insert(place, "[MASK]")
        _expect_guesses(student, lab, " ".join(words), seed=3, limit=limit)


@check(
    "predict_masked",
    points=2,
    needs=("tokenize",),
    hint="Print `model.training` before, during and after the call. What should it be each time?",
)
def test_guessing_is_done_in_eval_mode_and_leaves_no_trace(student, lab):
    """A model fresh from training still has dropout on: the same question would get another answer each time."""
    for training in (True, False):
        with _asked_quietly(lab, seed=drawn(4), training=training) as things:
            _expect_guesses(student, lab, "yes , the big [MASK] likes a cat", seed=4, things=things)
    copy_parameters(things[1], lab.build(network(drawn(5))))
    _expect_guesses(student, lab, "yes , the big [MASK] likes a cat", seed=5, things=things)


@contextmanager
def _asked_quietly(lab, seed: int, training: bool) -> Iterator[tuple[Handle, Handle]]:
    """A tokenizer and a network that are asked within the context: in eval mode, without a graph; and nothing is left behind."""
    tokenizer, model = lab.build(tokenizer_given()), lab.build(network(seed, training))
    settings, traces = tokenizer_settings_of(tokenizer), traces_on(model)
    yield tokenizer, model
    diary = diary_of(model)
    expect(bool(diary), "the model was never asked")
    expect(not any(mode for mode, _, _ in diary), "the model was asked in train mode")
    expect(not any(graph for _, graph, _ in diary), "the model was asked with gradients on")
    fresh = {name: value.detach() for name, value in network_here(seed).state_dict().items()}
    expect_same(state_of(model), fresh, "weights of the model after the question")
    expect_no_trace(model, traces, may_rest=True)
    expect_equal(tokenizer_settings_of(tokenizer), settings, "settings of the tokenizer afterwards")


def _covered_words(seed):
    return heldout(seed + 60_001, QUESTIONS).masked


@check(
    "predict_masked",
    points=2,
    needs=("tokenize",),
    slow=True,
    hint="Print your five words for a sentence of the lesson. Is the right one among them, and the likeliest first?",
)
def test_covered_words_of_unseen_sentences_are_guessed(student, lab):
    """Held-out sentences of the corpus, made by the judge; the answers stay here. The same five words every time give under 0.1."""
    tokenizer, model = lab.build(pocket_tokenizer()), lab.build(pocket_bert())
    asked = []
    for question in lab.exam(_covered_words):
        guesses = scored(student.predict_masked(tokenizer, model, question.text, 5), f"guesses for {question.text!r}")
        expect_equal(len(guesses), 5, f"number of guesses for {question.text!r}")
        tokens = [token for token, _ in guesses]
        asked.append((question.answer in tokens, (question.text, question.answer, ", ".join(tokens))))
    right = sum(found for found, _ in asked)
    head, title = (
        ("sentence", "the word", "your first five"),
        f"Covered words: {right} of {QUESTIONS} among the first five",
    )
    lab.attach(lambda: table(head, asked, title), exam=True)
    expect_at_least(right / QUESTIONS, THRESHOLDS["masked_top5"], f"share of {QUESTIONS} words among the first five")


# -- is_next_sentence ---------------------------------------------------------------------------------------------------

# What pairs of sentences are taken for: each is an encoding of the pairs of a batch.


def _in_lower_case(firsts, seconds):
    return textbook(tokenizer_here(False), [a.lower() for a in firsts], [b.lower() for b in seconds])


def _one_segment(firsts, seconds):
    batch = textbook(tokenizer_here(), firsts, seconds)
    return {**batch, "token_type_ids": torch.zeros_like(batch["token_type_ids"])}


def _one_text(firsts, seconds):
    return textbook(tokenizer_here(), [f"{a} {b}" for a, b in zip(firsts, seconds, strict=True)])


def _exchanged(firsts, seconds):
    return textbook(tokenizer_here(), seconds, firsts)


def _first_alone(firsts, seconds):
    return textbook(tokenizer_here(), firsts)


def _so_many_words(of_first: int, of_second: int, firsts, seconds):
    cut = [[" ".join(t.split()[:n]) for t in texts] for n, texts in ((of_first, firsts), (of_second, seconds))]
    return textbook(tokenizer_here(), *cut)


# (how a pair is cut wrongly, words in its two parts, what it is taken for, tokens that a row may have)
CUTS = (
    ("with half of the room for each part", (4, 40), functools.partial(_so_many_words, 4, 10), LIMIT),
    ("with only the second part cut", (13, 15), functools.partial(_so_many_words, 13, 5), 21),
    ("with only the first part cut", (15, 13), functools.partial(_so_many_words, 5, 13), 21),
)


def _expect_judgements(
    student,
    lab,
    seed: int,
    pairs: Sequence[tuple[str, str, bool]],
    what: str,
    own: bool = True,
    limit: int = LIMIT,
    things=None,
) -> None:
    """The student's answers about these pairs.

    Args:
        things: tokenizer and model; new ones unless given.
    """
    tokenizer, model = things or (lab.build(tokenizer_given(own, limit)), lab.build(network(seed)))
    wrong = []
    for first, second, truth in shuffled(pairs, seed):
        answer = student.is_next_sentence(tokenizer, model, first, second)
        expect(type(answer) is bool, "expected True or False, got {got}", got=describe(answer))
        wrong += [] if answer is truth else [f"{first!r} | {second!r}: expected {truth}, got {answer}"]
    said = {"thing": what, "wrong": len(wrong), "count": len(pairs), "first": wrong[0] if wrong else ""}
    expect(not wrong, "{thing}: {wrong} of {count} answers are wrong, {first}", **said)


@check(
    "is_next_sentence",
    title="the first logit means “is next”",
    points=3,
    needs=("tokenize",),
    hint="Which of the two logits stands for 'is next'?",
)
def test_the_first_logit_means_is_next(student, lab):
    """Class 0 is "is next": read the other way round, every answer is wrong."""
    for first_seed, lengths in ((100, (6, 5)), (200, (3, 1))):
        found = telling_pairs(first_seed, lengths=lengths)
        _expect_judgements(student, lab, *found, "pairs about which the model is sure")
    found = telling_pairs(251, _in_lower_case, own=False)
    _expect_judgements(student, lab, *found, "pairs that read otherwise without their capitals", own=False)


@check("is_next_sentence", points=2, needs=("tokenize",), hint="How does BERT know where the first sentence ends?")
def test_the_second_sentence_is_in_the_second_segment(student, lab):
    """As one text, or with all segments 0, BERT reads something that it was not trained to judge."""
    for what, wrong in (("all segments 0", _one_segment), ("both sentences as one text", _one_text)):
        _expect_judgements(student, lab, *telling_pairs(300, wrong), f"pairs that read otherwise with {what}")
    found = telling_pairs(352, _one_text, lengths=(0, 6))
    _expect_judgements(student, lab, *found, "pairs whose first sentence is empty")


@check(
    "is_next_sentence",
    points=1,
    needs=("tokenize",),
    hint="Which of the two sentences comes first, and in which order do you pass them on?",
)
def test_the_first_sentence_comes_first(student, lab):
    """A reason comes before its consequence; in the other order they are a different pair."""
    found = telling_pairs(400, _exchanged)
    _expect_judgements(student, lab, *found, "pairs that read otherwise the other way round")


@check(
    "is_next_sentence",
    points=1,
    needs=("tokenize",),
    hint="Print the tokens for a very long first sentence and a short second one. Is the second still there?",
)
def test_the_second_sentence_survives_a_long_first_one(student, lab):
    """Cut at the end of the row, the second sentence would be gone: the answer would be about one sentence only."""
    found = telling_pairs(503, _first_alone, lengths=(40, 4))
    _expect_judgements(student, lab, *found, "pairs whose first sentence is too long")
    for what, lengths, wrong, limit in CUTS:
        found = telling_pairs(520, wrong, lengths, count=2, limit=limit)
        _expect_judgements(student, lab, *found, f"pairs that read otherwise {what}", limit=limit)


@check(
    "is_next_sentence",
    points=2,
    needs=("tokenize",),
    hint="Print `model.training` before, during and after the call. What should it be each time?",
)
def test_judging_is_done_in_eval_mode_and_leaves_no_trace(student, lab):
    """A model fresh from training still has dropout on: the same pair would get another answer each time."""
    seed, pairs = telling_pairs(600)
    for training in (True, False):
        with _asked_quietly(lab, seed, training) as things:
            _expect_judgements(student, lab, seed, pairs, "pairs about which the model is sure", things=things)
    other, pairs = other_answers(seed, pairs)
    copy_parameters(things[1], lab.build(network(other)))
    _expect_judgements(student, lab, other, pairs, "the same pairs, by a model that has learned since", things=things)


def _pairs(seed):
    return heldout(seed + 60_002, QUESTIONS).pairs


@check(
    "is_next_sentence",
    points=2,
    needs=("tokenize",),
    slow=True,
    hint="Print both logits of a few pairs that you can judge yourself. At which pairs do they disagree with you?",
)
def test_pairs_of_unseen_sentences_are_judged(student, lab):
    """Held-out pairs of the corpus, made by the judge; the answers stay here. Answering "yes" every time gives about 0.5."""
    tokenizer, model = lab.build(pocket_tokenizer()), lab.build(pocket_bert())
    pairs = lab.exam(_pairs)
    asked = []
    for pair in pairs:
        answer = student.is_next_sentence(tokenizer, model, pair.first, pair.second)
        asked.append((answer is pair.is_next, (pair.first, pair.second, "next" if pair.is_next else "not next")))
    right = sum(found for found, _ in asked)
    title = f"Pairs of sentences: {right} of {QUESTIONS} judged right"
    lab.attach(lambda: table(("first", "second", "what it is"), asked, title), exam=True)
    expect_at_least(right / QUESTIONS, THRESHOLDS["next_sentence"], f"share of {QUESTIONS} pairs that are judged right")


# -- ready for a GPU ---------------------------------------------------------------------------------------------------


@bonus(
    "nearest_words",
    ready_for="a GPU",
    hint="Print the device of each tensor in the line that fails. Which of them should move?",
)
def test_the_table_may_be_on_a_gpu(student, lab):
    """The embeddings are where the network is; what is computed with them has to be there too."""
    bert = functools.partial(tiny_bert, vocabulary=len(VOCABULARY), positions=LIMIT, seed=0, vectors=_table(3))
    near = lambda model: student.nearest_words(lab.build(tokenizer_given(True)), model, "dog", 5)  # noqa: E731
    gpu.expect_answers(lab, bert, near, "the nearest words")


@bonus(
    "predict_masked",
    ready_for="a GPU",
    needs=("tokenize",),
    hint="On which device are the model's parameters, and on which is its input? Which should move?",
)
def test_tokens_go_to_the_device_of_the_network(student, lab):
    """The tokenizer's tensors are on the CPU, all three of them; the network may be on a GPU."""
    text = "the dog [MASK] a cat ."
    guess = lambda model: student.predict_masked(lab.build(tokenizer_given(True)), model, text)  # noqa: E731
    gpu.expect_answers(lab, lambda: network(1), guess, "the guesses")


@bonus(
    "is_next_sentence",
    ready_for="a GPU",
    needs=("tokenize",),
    hint="On which device are the model's parameters, and on which is its input? Which should move?",
)
def test_both_sentences_go_to_the_device_of_the_network(student, lab):
    """As for the covered word: ids, segments and mask go where the network is."""
    pair = "the dog sees a cat .", "the cat sleeps ."
    judged = lambda model: student.is_next_sentence(lab.build(tokenizer_given(True)), model, *pair)  # noqa: E731
    gpu.expect_answers(lab, lambda: network(1), judged, "the judgement")

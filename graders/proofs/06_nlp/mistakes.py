"""What goes wrong in project 06: tokens and their segments, neighbours, the place of the mask, the order of two logits.

"Forum" is discuss.huggingface.co and the issues of transformers, where the same questions come back; "docs" its own pages,
whose examples are copied without what stands around them.
"""

import torch
from torch.nn import functional as F

from course.authoring.proofs.variants import Catalogue
from graders.proofs.shared import devices

MISTAKES = Catalogue("06")

# -- tokenize -----------------------------------------------------------------------------------------------------------

BETWEEN = MISTAKES.caught_by("tokenize", "test_a_text_stands_between_cls_and_sep")
SEGMENTS = MISTAKES.caught_by("tokenize", "test_segments_tell_the_two_parts_apart")
PADDED = MISTAKES.caught_by("tokenize", "test_short_rows_are_padded_and_the_padding_is_masked")
LONGEST = MISTAKES.caught_by("tokenize", "test_rows_are_no_longer_than_the_longest_text")
CUT = MISTAKES.caught_by("tokenize", "test_a_long_text_is_cut_and_still_ends_with_sep")
LONGER = MISTAKES.caught_by("tokenize", "test_the_longer_part_is_cut_first")
LIMIT = MISTAKES.caught_by("tokenize", "test_the_tokenizers_own_limit_holds_if_none_is_given")
SCRIPT = MISTAKES.caught_by("tokenize", "test_any_script_and_the_empty_text_are_read")
NUMBERS = MISTAKES.caught_by("tokenize", "test_each_tokenizer_has_its_own_numbers")
LOST = MISTAKES.caught_by("tokenize", "test_texts_without_a_second_part_are_not_lost_silently")
NUMBERS.patch(
    "batch_remembered",
    "Batches are remembered by the list: one that is filled with other texts gets the old numbers.",
    (
        '    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))\n',
        '    kept, key = globals().setdefault("_kept", {}), (id(tokenizer), id(text), id(pair), max_length)\n'
        "    if key not in kept:\n"
        '        read = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")\n'
        "        kept[key] = dict(read), tokenizer, text, pair\n"
        "    return kept[key][0]\n",
    ),
)


BETWEEN.patch(
    "without_special_tokens",
    "[CLS] and [SEP] are left out; BERT has never read a text without them.",
    ("padding=True", "add_special_tokens=False, padding=True"),
)
BETWEEN.patch(
    "lists_of_numbers",
    'The tokenizer gives lists unless it is asked for tensors (return_tensors="pt").',
    (', return_tensors="pt"', ""),
    source="forum: 'list' object has no attribute 'size'",
)


@BETWEEN.mistake("The batch dimension is taken away: BERT wants (B, T), for one text too.")
def no_batch_of_one(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {name: value[0] if isinstance(text, str) else value for name, value in found.items()}


@BETWEEN.mistake("Only the token ids are returned; segments and attention mask are missing.")
def only_the_numbers(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {"input_ids": found["input_ids"]}


@BETWEEN.mistake("The text is split at its spaces; the tokenizer also splits words.")
def split_at_spaces(tokenizer, text, pair=None, max_length=None):
    ids = [tokenizer.cls_token_id, *tokenizer.convert_tokens_to_ids(text.lower().split()), tokenizer.sep_token_id]
    ids = torch.tensor([ids])
    return {"input_ids": ids, "token_type_ids": torch.zeros_like(ids), "attention_mask": torch.ones_like(ids)}


@BETWEEN.mistake("Iterating over a string gives its characters: each one has become a text of its own.")
def letter_by_letter(tokenizer, text, pair=None, max_length=None):
    return dict(tokenizer(list(text), padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


SEGMENTS.patch(
    "joined_by_a_space",
    "The two parts are joined to one text; BERT can no longer tell where the first one ends.",
    ("text, pair, padding", 'text if pair is None else f"{text} {pair}", padding'),
)
SEGMENTS.patch(
    "joined_by_sep",
    "[SEP] is between the parts, but to the tokenizer all of it is one text: every segment is 0.",
    ("text, pair, padding", 'text if pair is None else f"{text} [SEP] {pair}", padding'),
    source="forum: sentence pairs by hand",
)
SEGMENTS.patch(
    "parts_exchanged",
    "The second part comes first.",
    ("text, pair, padding", "*((text, pair) if pair is None else (pair, text)), padding"),
)


@SEGMENTS.mistake("The [SEP] between the parts belongs to the first one: its segment is 0.")
def sep_in_the_second_segment(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    types = found["token_type_ids"]
    found["token_type_ids"] = torch.maximum(types, torch.cat([types[:, 1:], torch.zeros_like(types[:, :1])], dim=1))
    return found


@SEGMENTS.mistake("Segments are counted from 1; BERT has vectors for 0 and 1 only.")
def segments_from_1(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    if pair is not None:
        found["token_type_ids"] = found["token_type_ids"] + 1
    return found


SEGMENTS.patch(
    "empty_first_part_left_out",
    "An empty first part is left out, and the second one becomes the first.",
    ("text, pair, padding", "*((text, pair) if text or pair is None else (pair, None)), padding"),
)


@PADDED.mistake(
    "The attention mask is 1 everywhere: the model attends to the padding too.", source="docs: attention masks left out"
)
def attention_to_padding(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    return {**found, "attention_mask": torch.ones_like(found["input_ids"])}


@PADDED.mistake("The attention mask is the wrong way round: 1 is for tokens, 0 for padding.")
def attention_to_padding_only(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    if not isinstance(text, str):
        found["attention_mask"] = 1 - found["attention_mask"]
    return found


@PADDED.mistake("The mask hides the token with id 0; padding may have any id.")
def padding_taken_for_0(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    if not isinstance(text, str):
        found["attention_mask"] = (found["input_ids"] != 0).long()
    return found


PADDED.patch(
    "padding_on_the_left",
    "The padding comes first, so every text begins at a different position. BERT was trained with padding at the end.",
    ("padding=True", 'padding_side="left", padding=True'),
)
PADDED.patch(
    "not_padded",
    "Rows of different lengths make no tensor: the short ones have to be padded.",
    ("padding=True", "padding=False"),
    crashes=True,
    source="forum: Unable to create tensor, you should probably activate truncation and/or padding",
)


@PADDED.mistake("Padding is given to the second segment; its segment id must be 0.")
def padding_in_the_second_segment(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    if pair is not None:
        found["token_type_ids"] = torch.where(found["attention_mask"] == 0, 1, found["token_type_ids"])
    return found


@PADDED.mistake("A list of texts is read as one long text.")
def batch_made_one_text(tokenizer, text, pair=None, max_length=None):
    text, pair = (" ".join(part) if isinstance(part, list) else part for part in (text, pair))
    return dict(tokenizer(text, pair, truncation=True, max_length=max_length, return_tensors="pt"))


LONGEST.patch(
    "padded_to_the_limit",
    "Every row is filled up to the limit, whatever its texts need; every token costs time.",
    ("padding=True", 'padding="max_length"'),
    source="docs: padding='max_length' in most examples",
)
CUT.patch(
    "never_cut",
    "A text that is too long is not cut (truncation is off).",
    ("truncation=True", "truncation=False"),
    source="forum: Token indices sequence length is longer than the specified maximum sequence length",
)


@CUT.mistake("The finished row is cut, and loses its [SEP].")
def row_cut_at_its_end(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, return_tensors="pt")
    return {name: value[:, : max_length or tokenizer.model_max_length] for name, value in found.items()}


@CUT.mistake("Characters are counted; the limit is in tokens.")
def letters_counted(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, str) and max_length is not None:
        text = text[:max_length]
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


CUT.patch(
    "special_tokens_not_counted",
    "[CLS] and [SEP] count too: the row is two tokens too long.",
    ("max_length=max_length,", "max_length=max_length and max_length + 2,"),
)
CUT.patch("limit_not_passed_on", "The argument max_length is ignored.", ("max_length=max_length, ", ""))


@CUT.mistake("Only the first text of a batch is cut.")
def first_row_cut(tokenizer, text, pair=None, max_length=None):
    texts = [text] if isinstance(text, str) else text
    pairs = [None] * len(texts) if pair is None else [pair] if isinstance(pair, str) else pair
    limits = [max_length] + [10_000] * (len(texts) - 1)
    rows = [tokenizer(*row, truncation=True, max_length=n) for *row, n in zip(texts, pairs, limits, strict=True)]
    return tokenizer.pad(rows, return_tensors="pt")


CUT.patch(
    "what_was_cut_off_made_rows",
    "What was cut off has become rows of its own: there are more rows than texts.",
    ("padding=True", "padding=True, return_overflowing_tokens=isinstance(text, list) and pair is None"),
)
CUT.patch(
    "beginning_thrown_away_in_batches",
    "In a batch, the beginning of a text is thrown away instead of its end.",
    (
        "    return dict(",
        '    side = "left" if isinstance(text, list) and pair is None else "right"\n'
        "    tokenizer.truncation_side, kept = side, tokenizer.truncation_side\n    found = dict(",
    ),
    ('return_tensors="pt"))', 'return_tensors="pt"))\n    tokenizer.truncation_side = kept\n    return found'),
)


@CUT.mistake("The beginning of the text is thrown away instead of its end.")
def beginning_thrown_away(tokenizer, text, pair=None, max_length=None):
    if max_length is None:
        return dict(tokenizer(text, pair, padding=True, truncation=True, return_tensors="pt"))
    tokenizer.truncation_side = "left"
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@LONGER.mistake("The finished row is cut at its end, so the second part loses its tokens first; cut the longer part.")
def second_part_goes_first(tokenizer, text, pair=None, max_length=None):
    limit = max_length or tokenizer.model_max_length
    if pair is None or isinstance(text, list):
        return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=limit, return_tensors="pt"))
    ids, other = (tokenizer.convert_tokens_to_ids(tokenizer.tokenize(part)) for part in (text, pair))
    ids = [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]
    types = [0] * len(ids) + [1] * (len(other) + 1)
    ids = [*ids, *other, tokenizer.sep_token_id]
    if len(ids) > limit:
        ids, types = [*ids[: limit - 1], tokenizer.sep_token_id], types[:limit]
    ids, types = torch.tensor([ids]), torch.tensor([types])
    return {"input_ids": ids, "token_type_ids": types, "attention_mask": torch.ones_like(ids)}


@LONGER.mistake("Each part gets half of the room, even if one of them needs less.")
def half_of_the_room_each(tokenizer, text, pair=None, max_length=None):
    limit = max_length or tokenizer.model_max_length
    if isinstance(pair, str) and len(tokenizer.tokenize(text) + tokenizer.tokenize(pair)) + 3 > limit:
        room = (limit - 3) // 2
        text, pair = (tokenizer.convert_tokens_to_string(tokenizer.tokenize(p)[:room]) for p in (text, pair))
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=limit, return_tensors="pt"))


@LONGER.mistake("In a batch each part gets half of the room, even if one of them needs less.")
def half_of_the_room_each_in_batches(tokenizer, text, pair=None, max_length=None):
    limit = max_length or tokenizer.model_max_length
    if isinstance(pair, list) and len(pair) == len(text):
        words = (limit - 3) // 2
        text, pair = ([" ".join(one.split()[:words]) for one in part] for part in (text, pair))
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=limit, return_tensors="pt"))


LONGER.patch(
    "second_parts_of_a_batch_never_cut",
    "In a batch only the first part of a pair may be cut; a second part that is too long by itself cannot be cut at all.",
    ("truncation=True", 'truncation="only_first" if isinstance(pair, list) else True'),
    crashes=True,
)
LONGER.patch(
    "only_the_first_is_cut",
    "Only the first part may be cut; a second part that is too long by itself cannot be cut at all.",
    ("truncation=True", 'truncation="only_first"'),
    crashes=True,
    source="docs: truncation='only_first'",
)
LIMIT.patch(
    "limit_of_another_model",
    "512 is the limit of bert-base-uncased; each tokenizer knows its own: model_max_length.",
    ("max_length=max_length,", "max_length=max_length or 512,"),
)
LIMIT.patch(
    "cut_only_if_told",
    "Without max_length nothing is cut; then the tokenizer's own limit applies.",
    ("truncation=True", "truncation=max_length is not None"),
)
LIMIT.patch(
    "pairs_cut_only_if_told",
    "Without max_length pairs are not cut; the tokenizer's own limit applies to them too.",
    ("truncation=True", "truncation=pair is None or max_length is not None"),
)
LIMIT.patch(
    "batches_cut_only_if_told",
    "Without max_length the rows of a batch are not cut; the tokenizer's own limit applies to them too.",
    ("truncation=True", "truncation=isinstance(text, str) or max_length is not None"),
)
LIMIT.patch(
    "limit_of_the_tokenizer_changed",
    "The limit is stored in the tokenizer and stays there: the next call without a limit gets yours.",
    ("    return dict(", "    if max_length:\n        tokenizer.model_max_length = max_length\n    return dict("),
)
LIMIT.patch(
    "side_of_the_tokenizer_changed",
    "The tokenizer is set to pad on the left and stays so; other code uses it too.",
    ("    return dict(", "    found = dict("),
    ('return_tensors="pt"))', 'return_tensors="pt"))\n    tokenizer.padding_side = "left"\n    return found'),
)


@SCRIPT.mistake("A word that isn't in the vocabulary has no id to look up.", crashes=True)
def looked_up_in_a_dict(tokenizer, text, pair=None, max_length=None):
    if not isinstance(text, str) or pair is not None:
        return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    vocabulary = tokenizer.get_vocab()
    words = [word for word in text.lower().split() if word in vocabulary or vocabulary[word]]
    return dict(tokenizer(" ".join(words), truncation=True, max_length=max_length, return_tensors="pt"))


@SCRIPT.mistake("Characters outside ASCII are thrown away before the tokenizer sees them.")
def ascii_only(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, str):
        text = text.encode("ascii", "ignore").decode()
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@SCRIPT.mistake("Unknown tokens are left out, so nobody can tell that there was a word.")
def unknown_left_out(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    if isinstance(text, list):
        return dict(found)
    known = found["input_ids"][0] != tokenizer.unk_token_id
    return {name: value[:, known] for name, value in found.items()}


@SCRIPT.mistake("An empty text is refused; it is a text too, and gives [CLS] [SEP].", crashes=True)
def empty_text_refused(tokenizer, text, pair=None, max_length=None):
    if not text:
        raise ValueError("no text")
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@SCRIPT.mistake("Empty texts of a batch are left out, so there are fewer rows than texts.")
def empty_texts_left_out(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, list) and pair is None:
        text = [one for one in text if one.strip()] or [""]
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@SCRIPT.mistake("A text that is twice in a batch is read once, so there are fewer rows than texts.")
def doubles_left_out(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, list) and pair is None:
        text = list(dict.fromkeys(text))
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


def each(change, part):
    """A text, or each of a list of them, changed; None stays None."""
    return part and (change(part) if isinstance(part, str) else [change(one) for one in part])


NUMBERS.patch(
    "lower_case_by_hand",
    "The text is lower-cased by hand; whether capitals count is up to the tokenizer.",
    ("text, pair, padding", "each(str.lower, text), each(str.lower, pair), padding"),
    uses=[each],
)


def without_accents(text):
    """As an uncased BERT reads it."""
    import unicodedata

    return "".join(sign for sign in unicodedata.normalize("NFD", text) if unicodedata.category(sign) != "Mn")


NUMBERS.patch(
    "accents_taken_off_by_hand",
    "Accents are removed by hand; whether they count is up to the tokenizer.",
    ("text, pair, padding", "each(without_accents, text), each(without_accents, pair), padding"),
    uses=[each, without_accents],
)


@NUMBERS.mistake(
    "101 and 102 are [CLS] and [SEP] in bert-base-uncased; other vocabularies have other ids.", source="forum"
)
def numbers_of_another_vocabulary(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    ids = found["input_ids"].clone()
    ids[ids == tokenizer.cls_token_id] = 101
    ids[ids == tokenizer.sep_token_id] = 102
    return {**found, "input_ids": ids}


@NUMBERS.mistake("Padding is written as 0, which is a word of this vocabulary.")
def padded_with_0(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {**found, "input_ids": found["input_ids"] * found["attention_mask"]}


@LOST.mistake("zip stops at the shorter list: the last text is silently lost.")
def zip_drops_the_rest(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, list) and pair is not None:
        text, pair = (list(part) for part in zip(*zip(text, pair), strict=True))
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@LOST.mistake("All texts get the same second part; each needs its own.")
def one_second_part_for_all(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, list) and isinstance(pair, str):
        pair = [pair] * len(text)
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@LOST.mistake("Iterating over a string gives its characters: each text has got one character as its second part.")
def letters_for_second_parts(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, list) and isinstance(pair, str):
        text, pair = (list(part) for part in zip(*zip(text, pair), strict=True))
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


LOST.patch(
    "second_parts_beyond_the_texts_dropped",
    "Of three second parts for two texts, the last is silently lost.",
    ("text, pair, padding", "text, pair[: len(text)] if isinstance(pair, list) else pair, padding"),
)
LOST.patch(
    "no_second_parts_taken_for_none",
    "An empty list counts as False, so it goes unnoticed that the texts have no second parts.",
    ("text, pair, padding", "text, pair or None, padding"),
)
LOST.patch(
    "first_of_two_second_parts",
    "Of two second parts only the first is used, without a word about the other.",
    (
        "text, pair, padding",
        "text, pair[0] if pair and isinstance(text, str) and not isinstance(pair, str) else pair, padding",
    ),
)

# -- nearest_words ------------------------------------------------------------------------------------------------------

COSINE = MISTAKES.caught_by("nearest_words", "test_the_cosine_decides_who_is_near")
OTHERS = MISTAKES.caught_by("nearest_words", "test_only_other_words_are_listed")
COUNT = MISTAKES.caught_by("nearest_words", "test_as_many_as_wanted_highest_first")
MISSING = MISTAKES.caught_by("nearest_words", "test_a_word_that_is_not_in_the_vocabulary_is_an_error_that_names_it")
READ = MISTAKES.caught_by("nearest_words", "test_a_word_is_read_as_the_tokenizer_reads_it")
STAYS = MISTAKES.caught_by("nearest_words", "test_the_table_stays_as_it_is")

COUNT.patch(
    "neighbours_remembered",
    "Neighbours are remembered for each word: they stay the same when the model has learned more.",
    (
        "return sorted(words, key=lambda found: found[1], reverse=True)[:top]",
        "best = sorted(words, key=lambda found: found[1], reverse=True)[:top]\n"
        '    return globals().setdefault("_kept", {}).setdefault((id(model), word, top), (model, best))[1]',
    ),
)
DIRECTIONS = "F.normalize(model.get_input_embeddings().weight.detach(), dim=1)"
PRODUCT = "(directions @ directions[own]).tolist()"

COSINE.patch(
    "product_without_lengths",
    "This is the plain product, in which long rows win wherever they point. Divide by the lengths.",
    (DIRECTIONS, "model.get_input_embeddings().weight.detach()"),
    source="forum: dot product taken for similarity",
)
COSINE.patch(
    "distance_of_rows",
    "This is the distance between the rows, which depends on their lengths; use the cosine.",
    (DIRECTIONS, "model.get_input_embeddings().weight.detach()"),
    (PRODUCT, "(-torch.cdist(directions, directions[own : own + 1])[:, 0]).tolist()"),
)
COSINE.patch(
    "only_one_side_normalised",
    "The order is right, but these are not cosines: the word's own row was not normalised.",
    (PRODUCT, "(directions @ model.get_input_embeddings().weight.detach()[own]).tolist()"),
)
COSINE.patch(
    "opposites_taken_for_neighbours",
    "The absolute value turns a row that points the opposite way into a neighbour.",
    (PRODUCT, "(directions @ directions[own]).abs().tolist()"),
)
COSINE.patch(
    "columns_normalised",
    "The columns are normalised; each word is a row.",
    (DIRECTIONS, "F.normalize(model.get_input_embeddings().weight.detach(), dim=0)"),
)
COSINE.patch(
    "table_of_the_output",
    "This is the table of the output layer; use the input embeddings.",
    (DIRECTIONS, DIRECTIONS.replace("input", "output")),
)
COSINE.patch(
    "farthest_first",
    "The farthest words come first: the highest cosine is the nearest.",
    ("reverse=True", "reverse=False"),
)
COSINE.patch(
    "divided_by_zero",
    "A row of zeros has length 0: the division gives NaN, and sorting by NaN fails.",
    (DIRECTIONS, "model.get_input_embeddings().weight.detach()"),
    (PRODUCT, "(directions @ directions[own] / directions.norm(dim=1) / directions[own].norm()).tolist()"),
)
COSINE.patch(
    "rounded_cosines",
    "The cosines are rounded, so different words may seem equally near.",
    ("[(n, c) for", "[(n, round(c, 4)) for"),
)
OTHERS.patch(
    "the_word_itself_too",
    "The word is always its own nearest neighbour; leave it out.",
    ("no_word = {names[own], *", "no_word = {*"),
)
OTHERS.patch(
    "special_tokens_too",
    "Special tokens such as [CLS] are rows of the table, but not words.",
    ("no_word = {names[own], *tokenizer.all_special_tokens}", "no_word = {names[own]}"),
)
OTHERS.patch(
    "pieces_too", "Pieces such as ##s are rows of the table, but not words.", (' and not n.startswith("##")', "")
)


OTHERS.patch(
    "special_tokens_by_their_brackets",
    "You recognise special tokens by their brackets; not every vocabulary spells its mask [MASK].",
    ("{names[own], *tokenizer.all_special_tokens}", '{names[own], *(n for n in names if n.startswith("["))}'),
)
OTHERS.patch(
    "same_direction_taken_for_the_word_itself",
    "A cosine of 1 is taken for the word itself; another word may have exactly the same direction.",
    ("if n not in no_word and", "if n not in no_word and c < 0.99999 and"),
)
OTHERS.patch(
    "one_word_for_each_cosine",
    "The cosine is used as a key, so one of two equally near words is lost.",
    ("return sorted(words,", "return sorted({c: (n, c) for n, c in words}.values(),"),
)


@OTHERS.mistake("You drop the first of the list as the word itself; it may be another word.")
def first_one_dropped(tokenizer, model, word, top=10):
    pieces = tokenizer.tokenize(word)
    if len(pieces) != 1 or pieces[0] == tokenizer.unk_token:
        raise ValueError(f"{word!r} is not in the vocabulary")
    own = tokenizer.convert_tokens_to_ids(pieces[0])
    directions = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)
    order = (directions @ directions[own]).sort(descending=True)
    names = tokenizer.convert_ids_to_tokens(order.indices.tolist())
    found = list(zip(names, order.values.tolist(), strict=True))[1:]
    special = tokenizer.all_special_tokens
    return [(n, c) for n, c in found if n not in special and not n.startswith("##")][:top]


@OTHERS.mistake("The list is cut to `top` before unwanted rows are removed: too few are left.")
def sorted_out_afterwards(tokenizer, model, word, top=10):
    pieces = tokenizer.tokenize(word)
    if len(pieces) != 1 or pieces[0] == tokenizer.unk_token:
        raise ValueError(f"{word!r} is not in the vocabulary")
    own = tokenizer.convert_tokens_to_ids(pieces[0])
    directions = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)
    order = (directions @ directions[own]).sort(descending=True)
    names = tokenizer.convert_ids_to_tokens(order.indices.tolist()[: top + 1])
    special = {*tokenizer.all_special_tokens, names[0]}
    return [
        (n, c)
        for n, c in zip(names, order.values.tolist(), strict=False)
        if n not in special and not n.startswith("##")
    ]


COUNT.patch("always_ten", "You always return ten, whatever `top` says.", ("[:top]", "[:10]"))
COUNT.patch("another_default", "`top` must default to 10.", ("top: int = 10", "top: int = 5"))
COUNT.patch(
    "one_too_few", "There is one too few: the word itself needs no place in the list.", ("[:top]", "[: top - 1]")
)
COUNT.patch("nearest_last", "The right words, but the nearest one comes last.", ("[:top]", "[:top][::-1]"))
COUNT.patch(
    "cosines_as_tensors",
    "The cosines are tensors of one element; return Python floats.",
    (".tolist()\n    names", "\n    names"),
)
COUNT.patch("ten_for_none", "0 counts as False, so `top=0` gives ten words.", ("[:top]", "[: top or 10]"))
COUNT.patch("at_least_one", "`top=0` gives one word; it should give none.", ("[:top]", "[: max(top, 1)]"))
MISSING.patch(
    "neighbours_of_a_special_token",
    "[MASK] and the other special tokens are one piece each, but they are not words.",
    ("pieces[0] in tokenizer.all_special_tokens", "pieces[0] == tokenizer.unk_token"),
)
MISSING.patch(
    "neighbours_of_a_piece",
    '"##s" is a row of the table, but not a word: the tokenizer splits it differently.',
    ("tokenizer.tokenize(word)", "[word] if word in tokenizer.get_vocab() else tokenizer.tokenize(word)"),
)
MISSING.patch(
    "neighbours_of_the_first_word",
    "For two words you show the neighbours of the first one.",
    ("if len(pieces) != 1 or", 'if not pieces or pieces[-1].startswith("##") or'),
)
MISSING.patch(
    "neighbours_of_the_first_piece",
    "For a word that is not in the vocabulary you show the neighbours of its first piece, or of [UNK].",
    ("if len(pieces) != 1 or pieces[0] in tokenizer.all_special_tokens:", "if not pieces:"),
)
MISSING.patch(
    "neighbours_of_unknown",
    "[UNK] is a single piece, but it is not the word that you were given.",
    ("if len(pieces) != 1 or pieces[0] in tokenizer.all_special_tokens:", "if len(pieces) != 1:"),
    source="forum: convert_tokens_to_ids gives the unknown token's number without a word",
)
MISSING.patch(
    "silence_for_an_unknown_word",
    "An empty list looks like a word that has no neighbours.",
    ('raise ValueError(f"{word!r} is not a word of the vocabulary: the tokenizer reads {pieces}")', "return []"),
)
MISSING.patch(
    "word_not_named",
    "The message does not say which word is meant.",
    ('f"{word!r} is not a word of the vocabulary: the tokenizer reads {pieces}"', '"unknown word"'),
)


@MISSING.mistake("The dict raises a KeyError; raise the ValueError that the docstring promises.")
def key_error_comes_up(tokenizer, model, word, top=10):
    own = tokenizer.get_vocab()[word.strip().lower()]
    directions = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)
    names = tokenizer.convert_ids_to_tokens(list(range(len(directions))))
    no_word = {names[own], *tokenizer.all_special_tokens}
    found = zip(names, (directions @ directions[own]).tolist(), strict=True)
    words = [(n, c) for n, c in found if n not in no_word and not n.startswith("##")]
    return sorted(words, key=lambda pair: -pair[1])[:top]


READ.patch(
    "looked_up_as_written",
    "The word is looked up as it is written; the tokenizer would read it in lower case.",
    ("tokenizer.tokenize(word)", "[word] if word in tokenizer.get_vocab() else []"),
    crashes=True,
)
READ.patch(
    "word_in_lower_case_by_hand",
    "The word is lower-cased by hand; whether capitals count is up to the tokenizer.",
    ("tokenizer.tokenize(word)", "tokenizer.tokenize(word.lower())"),
)
READ.patch(
    "looked_up_in_lower_case",
    "The word is looked up in lower case; the tokenizer may read it differently.",
    ("tokenizer.tokenize(word)", "[w for w in [word.strip().lower()] if w in tokenizer.get_vocab()]"),
    crashes=True,
)
STAYS.patch(
    "table_frozen",
    "You froze the table to avoid a graph, and left it frozen: it can no longer learn. Use detach().",
    ("weight.detach()", "weight.requires_grad_(False)"),
)
STAYS.patch(
    "left_in_train_mode",
    "The model is left in train mode.",
    ("    names = tokenizer", "    model.train()\n    names = tokenizer"),
)
STAYS.patch(
    "word_added_to_the_tokenizer",
    "An unknown word is added to the tokenizer, which must stay as it is.",
    ("        raise ValueError(", "        tokenizer.add_tokens([word])\n        raise ValueError("),
)


@STAYS.mistake("The model's own table is normalised in place: the model has changed.")
def normalised_in_place(tokenizer, model, word, top=10):
    pieces = tokenizer.tokenize(word)
    if len(pieces) != 1 or pieces[0] in tokenizer.all_special_tokens:
        raise ValueError(f"{word!r} is not in the vocabulary")
    table = model.get_input_embeddings().weight.data
    table /= table.norm(dim=1, keepdim=True)
    own = tokenizer.convert_tokens_to_ids(pieces[0])
    names = tokenizer.convert_ids_to_tokens(list(range(len(table))))
    no_word = {names[own], *tokenizer.all_special_tokens}
    found = zip(names, (table @ table[own]).tolist(), strict=True)
    words = [(n, c) for n, c in found if n not in no_word and not n.startswith("##")]
    return sorted(words, key=lambda pair: -pair[1])[:top]


# -- predict_masked -----------------------------------------------------------------------------------------------------

FOUND = MISTAKES.caught_by("predict_masked", "test_the_mask_is_found_wherever_it_stands")
OWN_MASK = MISTAKES.caught_by("predict_masked", "test_the_mask_is_the_tokenizers_own")
SHARED = MISTAKES.caught_by("predict_masked", "test_probabilities_are_shared_out_among_all_words")
ONE_MASK = MISTAKES.caught_by("predict_masked", "test_a_text_without_one_mask_is_an_error")
LONG = MISTAKES.caught_by("predict_masked", "test_a_text_that_is_too_long_is_cut")
QUIET = MISTAKES.caught_by("predict_masked", "test_guessing_is_done_in_eval_mode_and_leaves_no_trace")
GUESSED = MISTAKES.caught_by("predict_masked", "test_covered_words_of_unseen_sentences_are_guessed")
AT = "prediction_logits[0, places[0]]"

QUIET.patch(
    "guesses_remembered",
    "Guesses are remembered for each text: they stay the same when the model has learned more.",
    (
        "return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist()))",
        "guesses = list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist()))\n"
        '    return globals().setdefault("_kept", {}).setdefault((id(model), text, top), (model, guesses))[1]',
    ),
)

FOUND.patch("asked_at_cls", "These are the logits at [CLS], whatever is covered.", (AT, "prediction_logits[0, 0]"))
FOUND.patch(
    "asked_at_the_end",
    "These are the logits at the last token, which is [SEP].",
    (AT, "prediction_logits[0, -1]"),
    source="forum: as one does with a GPT",
)
FOUND.patch(
    "asked_before_the_full_stop",
    "The mask is taken to stand before the full stop; it may stand anywhere.",
    (AT, "prediction_logits[0, -3]"),
)
FOUND.patch(
    "one_place_too_early",
    "These are the logits of the token before the mask.",
    (AT, "prediction_logits[0, places[0] - 1]"),
)
FOUND.patch(
    "place_among_the_words",
    "The position is counted in words; [CLS] and words of several pieces shift it.",
    (AT, "prediction_logits[0, text.split().index(tokenizer.mask_token)]"),
)
FOUND.patch(
    "mean_over_all_places",
    "The logits of all positions are averaged; only one of them is about the mask.",
    (AT, "prediction_logits[0].mean(dim=0)"),
)
FOUND.patch(
    "mask_moved_to_the_end",
    "The mask is moved to the end of the text, where another word fits.",
    (
        "inputs = tokenize(tokenizer, text)",
        'inputs = tokenize(tokenizer, text.replace("[MASK]", "").strip() + " [MASK]")',
    ),
)


@FOUND.mistake("The text after the mask is thrown away; BERT reads both sides of the mask.")
def only_what_stands_before(tokenizer, model, text, top=5):
    inputs = tokenize(tokenizer, text[: text.index(tokenizer.mask_token)] + tokenizer.mask_token)  # noqa: F821
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero().flatten()
    model.eval()
    with torch.inference_mode():
        best = model(**inputs).prediction_logits[0, places[0]].softmax(dim=0).topk(top)
    return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


OWN_MASK.patch(
    "number_of_another_mask",
    "103 is [MASK] in bert-base-uncased; other vocabularies have other ids.",
    ("== tokenizer.mask_token_id", "== 103"),
    crashes=True,
    source="docs and blog posts",
)
OWN_MASK.patch(
    "spelling_of_another_mask",
    "Not every tokenizer spells its mask [MASK]; ask it for mask_token_id.",
    ("== tokenizer.mask_token_id", '== tokenizer.convert_tokens_to_ids("[MASK]")'),
    crashes=True,
)
OWN_MASK.patch(
    "mask_between_spaces",
    "You look for the mask between spaces; a full stop may follow it directly.",
    ("if len(places) != 1:", "if text.split().count(tokenizer.mask_token) != 1:"),
    crashes=True,
)
OWN_MASK.patch(
    "text_in_lower_case_by_hand",
    "The text is lower-cased by hand; whether capitals count is up to the tokenizer.",
    (
        "tokenize(tokenizer, text)",
        "tokenize(tokenizer, text.lower().replace(tokenizer.mask_token.lower(), tokenizer.mask_token))",
    ),
)
SHARED.patch(
    "softmax_over_the_batch",
    "The softmax runs over the batch: with one text every probability is 1.",
    (AT, "prediction_logits[:, places[0]]"),
    ("logits.softmax(dim=0)", "logits.softmax(dim=0)[0]"),
)
SHARED.patch(
    "rounded_probabilities",
    "The probabilities are rounded: small ones become 0.",
    ("best.values.tolist()", "[round(value, 4) for value in best.values.tolist()]"),
)
SHARED.patch(
    "at_most_five", "You never return more than five, whatever `top` says.", (".topk(top)", ".topk(min(top, 5))")
)
SHARED.patch(
    "logits_for_probabilities",
    "These are logits; softmax turns them into probabilities.",
    ("logits.softmax(dim=0).topk(top)", "logits.topk(top)"),
)
SHARED.patch(
    "shared_out_among_the_best",
    "The softmax covers only the best few; the other words have their share too.",
    ("logits.softmax(dim=0).topk(top)", "logits.topk(top)"),
    ("best.values.tolist()", "best.values.softmax(dim=0).tolist()"),
)
SHARED.patch(
    "each_word_by_itself",
    "A sigmoid judges each word by itself; exactly one of them belongs here, so the probabilities add up to 1.",
    ("logits.softmax(dim=0)", "logits.sigmoid()"),
)
SHARED.patch(
    "softmax_over_the_places",
    "The softmax runs over the T positions of the text; it must run over the V words.",
    ("model(**inputs)." + AT, "model(**inputs).prediction_logits.softmax(dim=1)[0, places[0]].log()"),
    ("logits.softmax(dim=0)", "logits.exp()"),
)
SHARED.patch("least_likely_first", "These are the least likely words.", (".topk(top)", ".topk(top, largest=False)"))
SHARED.patch("always_five", "You always return five, whatever `top` says.", (".topk(top)", ".topk(5)"))
SHARED.patch(
    "probabilities_as_tensors",
    "The probabilities are tensors of one element; return Python floats.",
    ("best.values.tolist()", "best.values"),
)
ONE_MASK.patch(
    "argmax_of_nothing",
    "argmax gives 0 where nothing is found, so without a mask you answer for [CLS].",
    ("if len(places) != 1:", "if False:"),
    (AT, "prediction_logits[0, int((inputs['input_ids'][0] == tokenizer.mask_token_id).int().argmax())]"),
)
ONE_MASK.patch(
    "first_of_two_masks",
    "Of two masks only the first is answered, without a word about the other.",
    ("if len(places) != 1:", "if len(places) == 0:"),
)
ONE_MASK.patch(
    "counted_in_the_text",
    "A mask beyond the limit stands in the text, but not in what the model reads.",
    ("if len(places) != 1:", "if text.count(tokenizer.mask_token) != 1:"),
)
ONE_MASK.patch(
    "silence_without_a_mask",
    "An empty list hides the error: raise a ValueError.",
    ("if len(places) != 1:", "if len(places) != 1:\n        return []\n    if False:"),
)
LONG.patch(
    "tokenized_without_a_limit",
    "The text is not cut, and the model has no vector for positions beyond its limit.",
    ("inputs = tokenize(tokenizer, text)", 'inputs = tokenizer(text, return_tensors="pt")'),
    crashes=True,
    source="forum: IndexError: index out of range in self",
)
LONG.patch(
    "limit_of_the_network",
    "You use the number of positions in the network as the limit; the tokenizer's own limit may be smaller.",
    ("tokenize(tokenizer, text)", "tokenize(tokenizer, text, max_length=model.config.max_position_embeddings)"),
)


@LONG.mistake("From a long text you read a window around the mask; cut the text at its end.")
def window_around_the_mask(tokenizer, model, text, top=5):
    pieces = tokenizer.tokenize(text)
    if pieces.count(tokenizer.mask_token) != 1:
        raise ValueError("one mask is wanted")
    room, place = tokenizer.model_max_length - 2, pieces.index(tokenizer.mask_token)
    start = max(0, min(place - room // 2, len(pieces) - room)) if place < room else 0
    inputs = tokenize(tokenizer, tokenizer.convert_tokens_to_string(pieces[start:]))  # noqa: F821
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero().flatten()
    if len(places) != 1:
        raise ValueError("the mask is beyond the limit")
    model.eval()
    with torch.inference_mode():
        best = model(**inputs).prediction_logits[0, places[0]].softmax(dim=0).topk(top)
    return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


QUIET.patch(
    "frozen_for_good",
    "You froze the whole model to avoid a graph, and left it frozen. Use torch.no_grad().",
    ("    model.eval()\n", "    model.eval().requires_grad_(False)\n"),
)
QUIET.patch(
    "everything_set_free",
    "You froze the model and unfroze it again, and parameters that were frozen before are no longer.",
    ("    model.eval()\n", "    model.eval().requires_grad_(False)\n"),
    ("    best = ", "    model.requires_grad_(True)\n    best = "),
)
QUIET.patch(
    "dropout_taken_out",
    "The model's dropout is set to 0 and stays so: later training runs without dropout.",
    ("    model.eval()\n", "    for part in model.modules():\n        part.p = 0.0\n    model.eval()\n"),
)
QUIET.patch(
    "put_into_train_mode_afterwards",
    "The model is left in train mode, whatever mode it came in.",
    ("    best = ", "    model.train()\n    best = "),
)


@QUIET.mistake("BERT runs without gradients, but its head records them.")
def head_asked_with_gradients(tokenizer, model, text, top=5):
    inputs = tokenize(tokenizer, text)  # noqa: F821
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero().flatten()
    if len(places) != 1:
        raise ValueError("one mask is wanted")
    model.eval()
    with torch.no_grad():
        hidden = model.bert(**inputs).last_hidden_state
    best = model.cls.predictions(hidden)[0, places[0]].softmax(dim=0).topk(top)
    return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


@QUIET.mistake("A hook is left on the model and catches every text from now on.")
def hook_left(tokenizer, model, text, top=5):
    inputs, caught = tokenize(tokenizer, text), []  # noqa: F821
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero().flatten()
    if len(places) != 1:
        raise ValueError("one mask is wanted")
    model.eval()
    model.cls.predictions.register_forward_hook(lambda module, inputs, output: caught.append(output))
    with torch.inference_mode():
        model(**inputs)
    best = caught[0][0, places[0]].softmax(dim=0).topk(top)
    return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


QUIET.patch(
    "train_mode_left_on",
    "Call model.eval() first: in train mode dropout switches parts of the model off at random.",
    ("    model.eval()\n", ""),
)
QUIET.patch(
    "train_mode_switched_on", "train() is for training; it switches dropout on.", ("model.eval()", "model.train()")
)
QUIET.patch(
    "gradients_left_on",
    "Gradients are recorded although nothing is trained: that costs time and memory.",
    ("with torch.inference_mode():", "if True:"),
)


@GUESSED.mistake("You return the same frequent words for every text; the model is not asked.")
def always_the_same_words(tokenizer, model, text, top=5):
    return [(word, 0.2) for word in ("the", "a", "is", "of", "and")][:top]


@GUESSED.mistake("These are the neighbours of the word before the mask; the rest of the sentence is not read.")
def neighbours_of_the_word_before(tokenizer, model, text, top=5):
    ids = tokenize(tokenizer, text)["input_ids"][0]  # noqa: F821
    place = int((ids == tokenizer.mask_token_id).nonzero()[0])
    table = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)
    best = (table @ table[ids[place - 1]]).softmax(dim=0).topk(top)
    return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


# -- is_next_sentence ---------------------------------------------------------------------------------------------------

FIRST_LOGIT = MISTAKES.caught_by("is_next_sentence", "test_the_first_logit_means_is_next")
SECOND = MISTAKES.caught_by("is_next_sentence", "test_the_second_sentence_is_in_the_second_segment")
ORDER = MISTAKES.caught_by("is_next_sentence", "test_the_first_sentence_comes_first")
SURVIVES = MISTAKES.caught_by("is_next_sentence", "test_the_second_sentence_survives_a_long_first_one")
JUDGED_QUIET = MISTAKES.caught_by("is_next_sentence", "test_judging_is_done_in_eval_mode_and_leaves_no_trace")
JUDGED_QUIET.patch(
    "judgement_remembered",
    "Judgements are remembered for each pair: they stay the same when the model has learned more.",
    (
        "return bool(logits[0, 0] > logits[0, 1])",
        "said = bool(logits[0, 0] > logits[0, 1])\n"
        '    return globals().setdefault("_kept", {}).setdefault((id(model), first, second), (model, said))[1]',
    ),
)
JUDGED = MISTAKES.caught_by("is_next_sentence", "test_pairs_of_unseen_sentences_are_judged")
ASKED, ANSWER = "tokenize(tokenizer, first, second)", "bool(logits[0, 0] > logits[0, 1])"

FIRST_LOGIT.patch(
    "second_logit_for_yes",
    'Index 0 stands for "is next"; here it is read as "no".',
    (ANSWER, "bool(logits[0, 1] > logits[0, 0])"),
    source="forum: which index of the next sentence head is which?",
)
FIRST_LOGIT.patch(
    "argmax_as_truth", 'The argmax is 0 for "is next", and bool(0) is False.', (ANSWER, "bool(logits.argmax(dim=1))")
)
FIRST_LOGIT.patch(
    "logit_taken_for_a_probability",
    "A logit is not a probability: compare it with the other logit.",
    (ANSWER, "bool(logits[0, 0] > 0.5)"),
)
FIRST_LOGIT.patch(
    "probability_for_an_answer",
    'Any probability above 0 counts as true in an "if"; a bool was asked for.',
    (ANSWER, "float(logits.softmax(dim=1)[0, 0])"),
)
FIRST_LOGIT.patch(
    "answer_as_a_tensor",
    "The answer is a tensor of one element; return a Python bool.",
    (ANSWER, "logits[0, 0] > logits[0, 1]"),
)
FIRST_LOGIT.patch(
    "one_word_follows_everything",
    "When the second sentence is a single word, you answer without asking the model.",
    ("    model.eval()\n", "    if len(second.split()) < 2:\n        return True\n    model.eval()\n"),
)
FIRST_LOGIT.patch(
    "sentences_in_lower_case_by_hand",
    "The sentences are lower-cased by hand; whether capitals count is up to the tokenizer.",
    (ASKED, "tokenize(tokenizer, first.lower(), second.lower())"),
)
SECOND.patch(
    "nothing_follows_an_empty_sentence",
    "When the first sentence is empty, you answer without asking the model.",
    ("    model.eval()\n", "    if not first:\n        return False\n    model.eval()\n"),
)
SECOND.patch(
    "both_as_one_text",
    "Both sentences are given as one text: BERT cannot tell where the first one ends.",
    (ASKED, 'tokenize(tokenizer, first + " " + second)'),
)
SECOND.patch(
    "sep_written_by_hand",
    "[SEP] is between them, but all segments are 0.",
    (ASKED, 'tokenize(tokenizer, f"{first} {tokenizer.sep_token} {second}")'),
)
SECOND.patch(
    "segments_not_passed_on",
    "Only the token ids reach the model; it then takes every segment to be 0.",
    ("model(**inputs)", "model(inputs['input_ids'])"),
)
ORDER.patch(
    "second_before_first",
    "The sentences are swapped: you ask whether the first one follows the second.",
    (ASKED, "tokenize(tokenizer, second, first)"),
)


@SURVIVES.mistake("The finished row is cut at its end, so nothing is left of the second sentence.")
def row_of_both_cut(tokenizer, model, first, second):
    inputs = tokenizer(first, second, return_tensors="pt")
    inputs = {name: value[:, : tokenizer.model_max_length] for name, value in inputs.items()}
    model.eval()
    with torch.inference_mode():
        logits = model(**inputs).seq_relationship_logits
    return bool(logits[0, 0] > logits[0, 1])


SURVIVES.patch(
    "pair_without_a_limit",
    "The pair is not cut, and the model has no vector for positions beyond its limit.",
    (ASKED, 'tokenizer(first, second, return_tensors="pt")'),
    crashes=True,
)


@SURVIVES.mistake("Each sentence gets half of the room, even if one of them needs less.")
def half_of_the_room_for_each_sentence(tokenizer, model, first, second):
    most = (tokenizer.model_max_length - 3) // 2
    first, second = (tokenizer.convert_tokens_to_string(tokenizer.tokenize(s)[:most]) for s in (first, second))
    model.eval()
    with torch.inference_mode():
        logits = model(**tokenize(tokenizer, first, second)).seq_relationship_logits  # noqa: F821
    return bool(logits[0, 0] > logits[0, 1])


SURVIVES.patch(
    "only_the_first_sentence_is_cut",
    "Only the first sentence is cut; a second part that is too long by itself cannot be cut at all.",
    (ASKED, 'tokenizer(first, second, truncation="only_first", return_tensors="pt")'),
    crashes=True,
)


@SURVIVES.mistake("Only the second of two long sentences is cut; take tokens one at a time from the longer one.")
def only_the_second_sentence_is_cut(tokenizer, model, first, second):
    room = tokenizer.model_max_length - 3
    ids = tokenizer.encode(first, add_special_tokens=False)[: room - 1]
    other = tokenizer.encode(second, add_special_tokens=False)[: room - len(ids)]
    types = torch.tensor([[0] * (len(ids) + 2) + [1] * (len(other) + 1)])
    ids = torch.tensor([[tokenizer.cls_token_id, *ids, tokenizer.sep_token_id, *other, tokenizer.sep_token_id]])
    model.eval()
    with torch.inference_mode():
        logits = model(ids, token_type_ids=types).seq_relationship_logits
    return bool(logits[0, 0] > logits[0, 1])


JUDGED_QUIET.patch(
    "frozen_by_the_question",
    "You froze the whole model to avoid a graph, and left it frozen. Use torch.no_grad().",
    ("    model.eval()\n", "    model.eval().requires_grad_(False)\n"),
)
JUDGED_QUIET.patch(
    "everything_set_free_by_the_question",
    "You froze the model and unfroze it again, and parameters that were frozen before are no longer.",
    ("    model.eval()\n", "    model.eval().requires_grad_(False)\n"),
    ("    return bool", "    model.requires_grad_(True)\n    return bool"),
)
JUDGED_QUIET.patch(
    "train_mode_after_the_question",
    "The model is left in train mode, whatever mode it came in.",
    ("    return bool", "    model.train()\n    return bool"),
)
JUDGED_QUIET.patch(
    "judged_in_train_mode",
    "Call model.eval() first: in train mode dropout switches parts of the model off at random.",
    ("    model.eval()\n", ""),
)
JUDGED_QUIET.patch(
    "judged_with_gradients",
    "Gradients are recorded although nothing is trained: that costs time and memory.",
    ("with torch.inference_mode():", "if True:"),
)
JUDGED_QUIET.patch(
    "gradients_off_for_good",
    "Gradients are switched off for the whole process and stay off. Use `with torch.no_grad():`.",
    (
        "    with torch.inference_mode():\n        logits",
        "    torch.set_grad_enabled(False)\n    if True:\n        logits",
    ),
)


@JUDGED.mistake("You always answer yes, which is right half of the time.")
def always_yes(tokenizer, model, first, second):
    return True


@JUDGED.mistake("You count common words; the model is not asked.")
def words_in_common(tokenizer, model, first, second):
    common = set(tokenizer.tokenize(first)) & set(tokenizer.tokenize(second))
    return bool(common - {".", ",", "?", "the", "a", "is", "of", "in", "to"})


# -- devices ------------------------------------------------------------------------------------------------------------

NEAR_DEVICE = MISTAKES.caught_by("nearest_words", "test_the_table_may_be_on_a_gpu")
MASK_DEVICE = MISTAKES.caught_by("predict_masked", "test_tokens_go_to_the_device_of_the_network")
NEXT_DEVICE = MISTAKES.caught_by("is_next_sentence", "test_both_sentences_go_to_the_device_of_the_network")
TOKENS_LEFT = "The tokenizer's tensors stay on the CPU; the network may be on a GPU."

NEAR_DEVICE.patch(
    "cosines_in_numpy",
    devices.NUMPY,
    ("(directions @ directions[own]).tolist()", "(directions @ directions[own]).numpy().tolist()"),
    crashes=True,
)
MASK_DEVICE.patch("tokens_left", TOKENS_LEFT, ("row.to(model.device)", "row"), crashes=True)
MASK_DEVICE.patch(
    "only_the_ids_moved",
    "Only the token ids go to the network's device; segments and mask stay behind.",
    (
        "{name: row.to(model.device) for name, row in inputs.items()}",
        '{**inputs, "input_ids": inputs["input_ids"].to(model.device)}',
    ),
    crashes=True,
)
NEXT_DEVICE.patch("pair_left", TOKENS_LEFT, ("row.to(model.device)", "row"), crashes=True)
NEXT_DEVICE.patch("bert_moved", devices.MOVED, ("    model.eval()", "    model.eval().cpu()"))

"""What goes wrong in project 06: tokens and their segments, neighbours, the place of the mask, the order of two logits.

"Forum" is discuss.huggingface.co and the issues of transformers, where the same questions come back; "docs" its own pages,
whose examples are copied without what stands around them.
"""

import torch
from torch.nn import functional as F

from course.authoring.proofs.variants import Catalogue

MISTAKES = Catalogue("06")
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- tokenize -----------------------------------------------------------------------------------------------------------

BETWEEN, SEGMENTS = "test_a_text_stands_between_cls_and_sep", "test_segments_tell_the_two_parts_apart"
PADDED = "test_short_rows_are_padded_and_the_padding_is_masked"
LONGEST, CUT = "test_rows_are_no_longer_than_the_longest_text", "test_a_long_text_is_cut_and_still_ends_with_sep"
LONGER, LIMIT = "test_the_longer_part_is_cut_first", "test_the_tokenizers_own_limit_holds_if_none_is_given"
SCRIPT, NUMBERS = "test_any_script_and_the_empty_text_are_read", "test_each_tokenizer_has_its_own_numbers"
LOST = "test_texts_without_a_second_part_are_not_lost_silently"


patch(
    "tokenize",
    ("padding=True", "add_special_tokens=False, padding=True"),
    name="without_special_tokens",
    caught_by=BETWEEN,
    says="[CLS] and [SEP] are left out; BERT has never read a text without them.",
)
patch(
    "tokenize",
    (', return_tensors="pt"', ""),
    name="lists_of_numbers",
    caught_by=BETWEEN,
    says='The tokenizer gives lists unless it is asked for tensors (return_tensors="pt").',
    source="forum: 'list' object has no attribute 'size'",
)


@mistake("tokenize", caught_by=BETWEEN, says="The batch dimension is taken away: BERT wants (B, T), for one text too.")
def no_batch_of_one(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {name: value[0] if isinstance(text, str) else value for name, value in found.items()}


@mistake("tokenize", caught_by=BETWEEN, says="Only the numbers are returned; segments and attention mask are missing.")
def only_the_numbers(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {"input_ids": found["input_ids"]}


@mistake("tokenize", caught_by=BETWEEN, says="The text is split at its spaces; the tokenizer also splits words.")
def split_at_spaces(tokenizer, text, pair=None, max_length=None):
    ids = [tokenizer.cls_token_id, *tokenizer.convert_tokens_to_ids(text.lower().split()), tokenizer.sep_token_id]
    ids = torch.tensor([ids])
    return {"input_ids": ids, "token_type_ids": torch.zeros_like(ids), "attention_mask": torch.ones_like(ids)}


@mistake("tokenize", caught_by=BETWEEN, says="A string is a list of letters: each letter has become a text of its own.")
def letter_by_letter(tokenizer, text, pair=None, max_length=None):
    return dict(tokenizer(list(text), padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


patch(
    "tokenize",
    ("text, pair, padding", 'text if pair is None else f"{text} {pair}", padding'),
    name="joined_by_a_space",
    caught_by=SEGMENTS,
    says="The two parts are joined to one text; BERT can no longer tell where the first one ends.",
)
patch(
    "tokenize",
    ("text, pair, padding", 'text if pair is None else f"{text} [SEP] {pair}", padding'),
    name="joined_by_sep",
    caught_by=SEGMENTS,
    says="[SEP] stands between the parts, but all of it is one text to the tokenizer: every segment is 0.",
    source="forum: sentence pairs by hand",
)
patch(
    "tokenize",
    ("text, pair, padding", "*((text, pair) if pair is None else (pair, text)), padding"),
    name="parts_exchanged",
    caught_by=SEGMENTS,
    says="The second part stands first.",
)


@mistake("tokenize", caught_by=SEGMENTS, says="The [SEP] between the parts belongs to the first one: its segment is 0.")
def sep_in_the_second_segment(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    types = found["token_type_ids"]
    found["token_type_ids"] = torch.maximum(types, torch.cat([types[:, 1:], torch.zeros_like(types[:, :1])], dim=1))
    return found


@mistake("tokenize", caught_by=SEGMENTS, says="Segments are counted from 1; BERT has vectors for 0 and 1 only.")
def segments_from_1(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    if pair is not None:
        found["token_type_ids"] = found["token_type_ids"] + 1
    return found


@mistake(
    "tokenize",
    caught_by=PADDED,
    says="The attention mask is 1 everywhere: everybody looks at the padding too.",
    source="docs: attention masks left out",
)
def attention_to_padding(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    return {**found, "attention_mask": torch.ones_like(found["input_ids"])}


@mistake(
    "tokenize", caught_by=PADDED, says="The attention mask is the wrong way round: 1 is for tokens, 0 for padding."
)
def attention_to_padding_only(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    if not isinstance(text, str):
        found["attention_mask"] = 1 - found["attention_mask"]
    return found


@mistake("tokenize", caught_by=PADDED, says="The mask hides the token of number 0; padding may have any number.")
def padding_taken_for_0(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    if not isinstance(text, str):
        found["attention_mask"] = (found["input_ids"] != 0).long()
    return found


patch(
    "tokenize",
    ("padding=True", 'padding_side="left", padding=True'),
    name="padding_on_the_left",
    caught_by=PADDED,
    says="The padding stands in front, and every text begins at another position. BERT has learned it at the end.",
)
patch(
    "tokenize",
    ("padding=True", "padding=False"),
    name="not_padded",
    caught_by=PADDED,
    crashes=True,
    says="Rows of different lengths make no tensor: the short ones have to be padded.",
    source="forum: Unable to create tensor, you should probably activate truncation and/or padding",
)


@mistake("tokenize", caught_by=PADDED, says="Padding is counted to the second part: its segment is 0.")
def padding_in_the_second_segment(tokenizer, text, pair=None, max_length=None):
    found = dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    if pair is not None:
        found["token_type_ids"] = torch.where(found["attention_mask"] == 0, 1, found["token_type_ids"])
    return found


@mistake("tokenize", caught_by=PADDED, says="A list of texts is read as one long text.")
def batch_made_one_text(tokenizer, text, pair=None, max_length=None):
    text, pair = (" ".join(part) if isinstance(part, list) else part for part in (text, pair))
    return dict(tokenizer(text, pair, truncation=True, max_length=max_length, return_tensors="pt"))


patch(
    "tokenize",
    ("padding=True", 'padding="max_length"'),
    name="padded_to_the_limit",
    caught_by=LONGEST,
    says="Every row is filled up to the limit, whatever its texts need; each token of it costs time.",
    source="docs: padding='max_length' in most examples",
)
patch(
    "tokenize",
    ("truncation=True", "truncation=False"),
    name="never_cut",
    caught_by=CUT,
    says="A text that is too long is not cut (truncation is off).",
    source="forum: Token indices sequence length is longer than the specified maximum sequence length",
)


@mistake("tokenize", caught_by=CUT, says="The finished row is cut, and loses its [SEP].")
def row_cut_at_its_end(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, return_tensors="pt")
    return {name: value[:, : max_length or tokenizer.model_max_length] for name, value in found.items()}


@mistake("tokenize", caught_by=CUT, says="Letters are counted where tokens were asked for.")
def letters_counted(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, str) and max_length is not None:
        text = text[:max_length]
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


patch(
    "tokenize",
    ("max_length=max_length,", "max_length=max_length and max_length + 2,"),
    name="special_tokens_not_counted",
    caught_by=CUT,
    says="[CLS] and [SEP] count too: the row has two tokens more than were allowed.",
)
patch(
    "tokenize",
    ("max_length=max_length, ", ""),
    name="limit_not_passed_on",
    caught_by=CUT,
    says="The argument max_length is not read.",
)


@mistake("tokenize", caught_by=CUT, says="The beginning of the text is thrown away in place of its end.")
def beginning_thrown_away(tokenizer, text, pair=None, max_length=None):
    if max_length is None:
        return dict(tokenizer(text, pair, padding=True, truncation=True, return_tensors="pt"))
    tokenizer.truncation_side = "left"
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@mistake("tokenize", caught_by=LONGER, says="The row of both parts is cut at its end: the second part goes first.")
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


@mistake("tokenize", caught_by=LONGER, says="Both parts are cut to half of the room, even if one of them needs less.")
def half_of_the_room_each(tokenizer, text, pair=None, max_length=None):
    limit = max_length or tokenizer.model_max_length
    if isinstance(pair, str) and len(tokenizer.tokenize(text) + tokenizer.tokenize(pair)) + 3 > limit:
        room = (limit - 3) // 2
        text, pair = (tokenizer.convert_tokens_to_string(tokenizer.tokenize(p)[:room]) for p in (text, pair))
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=limit, return_tensors="pt"))


patch(
    "tokenize",
    ("truncation=True", 'truncation="only_first"'),
    name="only_the_first_is_cut",
    caught_by=LONGER,
    crashes=True,
    says="Only the first part may be cut; where the second one is too long alone, there is no way out.",
    source="docs: truncation='only_first'",
)
patch(
    "tokenize",
    ("max_length=max_length,", "max_length=max_length or 512,"),
    name="limit_of_another_model",
    caught_by=LIMIT,
    says="512 is the limit of bert-base-uncased; this tokenizer carries its own (model_max_length).",
)
patch(
    "tokenize",
    ("truncation=True", "truncation=max_length is not None"),
    name="cut_only_if_told",
    caught_by=LIMIT,
    says="Without max_length nothing is cut; the tokenizer's own limit holds then.",
)


@mistake(
    "tokenize", caught_by=SCRIPT, crashes=True, says="A word that is not in the vocabulary has no number to look up."
)
def looked_up_in_a_dict(tokenizer, text, pair=None, max_length=None):
    if not isinstance(text, str) or pair is not None:
        return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))
    vocabulary = tokenizer.get_vocab()
    words = [word for word in text.lower().split() if word in vocabulary or vocabulary[word]]
    return dict(tokenizer(" ".join(words), truncation=True, max_length=max_length, return_tensors="pt"))


@mistake("tokenize", caught_by=SCRIPT, says="Letters outside ASCII are thrown away before the tokenizer can see them.")
def ascii_only(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, str):
        text = text.encode("ascii", "ignore").decode()
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@mistake("tokenize", caught_by=SCRIPT, says="Unknown tokens are left out; that something stood there is lost.")
def unknown_left_out(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    if isinstance(text, list):
        return dict(found)
    known = found["input_ids"][0] != tokenizer.unk_token_id
    return {name: value[:, known] for name, value in found.items()}


@mistake("tokenize", caught_by=SCRIPT, crashes=True, says="An empty text is refused; it is a text all the same.")
def empty_text_refused(tokenizer, text, pair=None, max_length=None):
    if not text:
        raise ValueError("no text")
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


@mistake(
    "tokenize",
    caught_by=NUMBERS,
    says="101 and 102 are [CLS] and [SEP] of bert-base-uncased; other vocabularies have other numbers.",
    source="forum",
)
def numbers_of_another_vocabulary(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    ids = found["input_ids"].clone()
    ids[ids == tokenizer.cls_token_id] = 101
    ids[ids == tokenizer.sep_token_id] = 102
    return {**found, "input_ids": ids}


@mistake("tokenize", caught_by=NUMBERS, says="Padding is written as 0, which is a word of this vocabulary.")
def padded_with_0(tokenizer, text, pair=None, max_length=None):
    found = tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {**found, "input_ids": found["input_ids"] * found["attention_mask"]}


@mistake(
    "tokenize", caught_by=LOST, says="zip stops at the shorter list: the last text is lost, and nobody hears of it."
)
def zip_drops_the_rest(tokenizer, text, pair=None, max_length=None):
    if isinstance(text, list) and pair is not None:
        text, pair = (list(part) for part in zip(*zip(text, pair), strict=True))
    return dict(tokenizer(text, pair, padding=True, truncation=True, max_length=max_length, return_tensors="pt"))


# -- nearest_words ------------------------------------------------------------------------------------------------------

COSINE, OTHERS = "test_the_cosine_decides_who_is_near", "test_only_other_words_are_listed"
COUNT, MISSING = (
    "test_as_many_as_wanted_highest_first",
    "test_a_word_that_is_not_in_the_vocabulary_is_an_error_that_names_it",
)
READ, STAYS = "test_a_word_is_read_as_the_tokenizer_reads_it", "test_the_table_stays_as_it_is"
DIRECTIONS = "F.normalize(model.get_input_embeddings().weight.detach(), dim=1)"
PRODUCT = "(directions @ directions[own]).tolist()"

patch(
    "nearest_words",
    (DIRECTIONS, "model.get_input_embeddings().weight.detach()"),
    name="product_without_lengths",
    caught_by=COSINE,
    says="This is the plain product: long rows win, wherever they point.",
    source="forum: dot product taken for similarity",
)
patch(
    "nearest_words",
    (DIRECTIONS, "model.get_input_embeddings().weight.detach()"),
    (PRODUCT, "(-torch.cdist(directions, directions[own : own + 1])[:, 0]).tolist()"),
    name="distance_of_rows",
    caught_by=COSINE,
    says="This is the distance between the rows, which depends on their lengths; the cosine was asked for.",
)
patch(
    "nearest_words",
    (PRODUCT, "(directions @ model.get_input_embeddings().weight.detach()[own]).tolist()"),
    name="only_one_side_normalised",
    caught_by=COSINE,
    says="The order is right, but the numbers are no cosines: the word's own row has kept its length.",
)
patch(
    "nearest_words",
    (PRODUCT, "(directions @ directions[own]).abs().tolist()"),
    name="opposites_taken_for_neighbours",
    caught_by=COSINE,
    says="The absolute value makes a neighbour of what points the other way.",
)
patch(
    "nearest_words",
    (DIRECTIONS, "F.normalize(model.get_input_embeddings().weight.detach(), dim=0)"),
    name="columns_normalised",
    caught_by=COSINE,
    says="The columns are normalised; a word is a row.",
)
patch(
    "nearest_words",
    (DIRECTIONS, DIRECTIONS.replace("input", "output")),
    name="table_of_the_output",
    caught_by=COSINE,
    says="This is the table of the output layer; the input embeddings were asked for.",
)
patch(
    "nearest_words",
    ("reverse=True", "reverse=False"),
    name="farthest_first",
    caught_by=COSINE,
    says="The farthest words come first: the highest cosine is the nearest.",
)
patch(
    "nearest_words",
    ("no_word = {names[own], *", "no_word = {*"),
    name="the_word_itself_too",
    caught_by=OTHERS,
    says="The word is its own nearest neighbour; that says nothing.",
)
patch(
    "nearest_words",
    ("no_word = {names[own], *tokenizer.all_special_tokens}", "no_word = {names[own]}"),
    name="special_tokens_too",
    caught_by=OTHERS,
    says="Special tokens such as [CLS] are rows of the table, but no words.",
)
patch(
    "nearest_words",
    (' and not n.startswith("##")', ""),
    name="pieces_too",
    caught_by=OTHERS,
    says="Pieces such as ##s are rows of the table, but no words.",
)


@mistake("nearest_words", caught_by=OTHERS, says="The first of the list is taken for the word itself; it need not be.")
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


@mistake("nearest_words", caught_by=OTHERS, says="First cut to the wanted number, then sorted out: too few are left.")
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


patch(
    "nearest_words",
    ("[:top]", "[:10]"),
    name="always_ten",
    caught_by=COUNT,
    says="There are always ten, however many are wanted.",
)
patch(
    "nearest_words",
    ("top: int = 10", "top: int = 5"),
    name="another_default",
    caught_by=COUNT,
    says="The default of top is 10 in the contract.",
)
patch(
    "nearest_words",
    ("[:top]", "[: top - 1]"),
    name="one_too_few",
    caught_by=COUNT,
    says="There is one too few: nothing has to be left free for the word itself.",
)
patch(
    "nearest_words",
    ("[:top]", "[:top][::-1]"),
    name="nearest_last",
    caught_by=COUNT,
    says="The right words, but the nearest one comes last.",
)
patch(
    "nearest_words",
    (".tolist()\n    names", "\n    names"),
    name="cosines_as_tensors",
    caught_by=COUNT,
    says="The cosines are tensors of one element; a Python float was asked for.",
)
patch(
    "nearest_words",
    ("if len(pieces) != 1 or pieces[0] in tokenizer.all_special_tokens:", "if not pieces:"),
    name="neighbours_of_the_first_piece",
    caught_by=MISSING,
    says="For a word of several pieces, or none, the neighbours of its first piece, or of [UNK], are shown.",
)
patch(
    "nearest_words",
    ("if len(pieces) != 1 or pieces[0] in tokenizer.all_special_tokens:", "if len(pieces) != 1:"),
    name="neighbours_of_unknown",
    caught_by=MISSING,
    says="[UNK] is one piece, but not the word that was asked for.",
    source="forum: convert_tokens_to_ids gives the unknown token's number without a word",
)
patch(
    "nearest_words",
    ('raise ValueError(f"{word!r} is not a word of the vocabulary: the tokenizer reads {pieces}")', "return []"),
    name="silence_for_an_unknown_word",
    caught_by=MISSING,
    says="An empty list looks like a word that has no neighbours.",
)
patch(
    "nearest_words",
    ('f"{word!r} is not a word of the vocabulary: the tokenizer reads {pieces}"', '"unknown word"'),
    name="word_not_named",
    caught_by=MISSING,
    says="The message does not say which word is meant.",
)


@mistake("nearest_words", caught_by=MISSING, says="A KeyError comes up from the dict; a ValueError was promised.")
def key_error_comes_up(tokenizer, model, word, top=10):
    own = tokenizer.get_vocab()[word.strip().lower()]
    directions = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)
    names = tokenizer.convert_ids_to_tokens(list(range(len(directions))))
    no_word = {names[own], *tokenizer.all_special_tokens}
    found = zip(names, (directions @ directions[own]).tolist(), strict=True)
    words = [(n, c) for n, c in found if n not in no_word and not n.startswith("##")]
    return sorted(words, key=lambda pair: -pair[1])[:top]


patch(
    "nearest_words",
    ("tokenizer.tokenize(word)", "[word] if word in tokenizer.get_vocab() else []"),
    name="looked_up_as_written",
    caught_by=READ,
    crashes=True,
    says="The word is looked up as it is written; the tokenizer would read it in lower case.",
)


@mistake(
    "nearest_words", caught_by=STAYS, says="The model's own table is normalised in place: it is another model now."
)
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

FOUND, OWN_MASK = "test_the_mask_is_found_wherever_it_stands", "test_the_mask_is_the_tokenizers_own"
SHARED, ONE_MASK = "test_probabilities_are_shared_out_among_all_words", "test_a_text_without_one_mask_is_an_error"
LONG, QUIET = "test_a_text_that_is_too_long_is_cut", "test_guessing_is_done_in_eval_mode_and_leaves_no_trace"
GUESSED = "test_covered_words_of_unseen_sentences_are_guessed"
AT = "prediction_logits[0, places[0]]"

patch(
    "predict_masked",
    (AT, "prediction_logits[0, 0]"),
    name="asked_at_cls",
    caught_by=FOUND,
    says="These are the logits at [CLS], whatever is covered.",
)
patch(
    "predict_masked",
    (AT, "prediction_logits[0, -1]"),
    name="asked_at_the_end",
    caught_by=FOUND,
    says="These are the logits at the last token, which is [SEP].",
    source="forum: as one does with a GPT",
)
patch(
    "predict_masked",
    (AT, "prediction_logits[0, -3]"),
    name="asked_before_the_full_stop",
    caught_by=FOUND,
    says="The mask is taken to stand before the full stop; it may stand anywhere.",
)
patch(
    "predict_masked",
    (AT, "prediction_logits[0, places[0] - 1]"),
    name="one_place_too_early",
    caught_by=FOUND,
    says="These are the logits of the token before the mask.",
)
patch(
    "predict_masked",
    (AT, "prediction_logits[0, text.split().index(tokenizer.mask_token)]"),
    name="place_among_the_words",
    caught_by=FOUND,
    says="The place is counted in words of the text; [CLS] and words of several pieces shift it.",
)
patch(
    "predict_masked",
    (AT, "prediction_logits[0].mean(dim=0)"),
    name="mean_over_all_places",
    caught_by=FOUND,
    says="The logits of all places are averaged; only one of them is about the mask.",
)
patch(
    "predict_masked",
    (
        "inputs = tokenize(tokenizer, text)",
        'inputs = tokenize(tokenizer, text.replace("[MASK]", "").strip() + " [MASK]")',
    ),
    name="mask_moved_to_the_end",
    caught_by=FOUND,
    says="The mask is moved to the end of the text, where another word fits.",
)


@mistake("predict_masked", caught_by=FOUND, says="The text after the mask is thrown away; BERT reads both sides of it.")
def only_what_stands_before(tokenizer, model, text, top=5):
    inputs = tokenize(tokenizer, text[: text.index(tokenizer.mask_token)] + tokenizer.mask_token)  # noqa: F821
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero().flatten()
    model.eval()
    with torch.inference_mode():
        best = model(**inputs).prediction_logits[0, places[0]].softmax(dim=0).topk(top)
    return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


patch(
    "predict_masked",
    ("== tokenizer.mask_token_id", "== 103"),
    name="number_of_another_mask",
    caught_by=OWN_MASK,
    crashes=True,
    says="103 is [MASK] in bert-base-uncased; other vocabularies have other numbers.",
    source="docs and blog posts",
)
patch(
    "predict_masked",
    ("== tokenizer.mask_token_id", '== tokenizer.convert_tokens_to_ids("[MASK]")'),
    name="spelling_of_another_mask",
    caught_by=OWN_MASK,
    crashes=True,
    says="Not every tokenizer writes its mask [MASK].",
)
patch(
    "predict_masked",
    ("logits.softmax(dim=0).topk(top)", "logits.topk(top)"),
    name="logits_for_probabilities",
    caught_by=SHARED,
    says="These are logits; a softmax makes probabilities of them.",
)
patch(
    "predict_masked",
    ("logits.softmax(dim=0).topk(top)", "logits.topk(top)"),
    ("best.values.tolist()", "best.values.softmax(dim=0).tolist()"),
    name="shared_out_among_the_best",
    caught_by=SHARED,
    says="The probability is shared out among the best only; the others have their part too.",
)
patch(
    "predict_masked",
    ("logits.softmax(dim=0)", "logits.sigmoid()"),
    name="each_word_by_itself",
    caught_by=SHARED,
    says="A sigmoid judges each word by itself; exactly one of them belongs here, so the probabilities add up to 1.",
)
patch(
    "predict_masked",
    ("model(**inputs)." + AT, "model(**inputs).prediction_logits.softmax(dim=1)[0, places[0]].log()"),
    ("logits.softmax(dim=0)", "logits.exp()"),
    name="softmax_over_the_places",
    caught_by=SHARED,
    says="The softmax goes over the T places of the text; it must go over the V words.",
)
patch(
    "predict_masked",
    (".topk(top)", ".topk(top, largest=False)"),
    name="least_likely_first",
    caught_by=SHARED,
    says="These are the least likely words.",
)
patch(
    "predict_masked",
    (".topk(top)", ".topk(5)"),
    name="always_five",
    caught_by=SHARED,
    says="There are always five, however many are wanted.",
)
patch(
    "predict_masked",
    ("best.values.tolist()", "best.values"),
    name="probabilities_as_tensors",
    caught_by=SHARED,
    says="The probabilities are tensors of one element; a Python float was asked for.",
)
patch(
    "predict_masked",
    ("if len(places) != 1:", "if False:"),
    (AT, "prediction_logits[0, int((inputs['input_ids'][0] == tokenizer.mask_token_id).int().argmax())]"),
    name="argmax_of_nothing",
    caught_by=ONE_MASK,
    says="argmax gives 0 where nothing is found: the answer is then about [CLS].",
)
patch(
    "predict_masked",
    ("if len(places) != 1:", "if len(places) == 0:"),
    name="first_of_two_masks",
    caught_by=ONE_MASK,
    says="Of two masks the first one is answered, and nobody learns that there was another.",
)
patch(
    "predict_masked",
    ("if len(places) != 1:", "if text.count(tokenizer.mask_token) != 1:"),
    name="counted_in_the_text",
    caught_by=ONE_MASK,
    says="A mask beyond the limit stands in the text, but not in what the model reads.",
)
patch(
    "predict_masked",
    ("if len(places) != 1:", "if len(places) != 1:\n        return []\n    if False:"),
    name="silence_without_a_mask",
    caught_by=ONE_MASK,
    says="An empty list looks like a mask for which no word fits.",
)
patch(
    "predict_masked",
    ("inputs = tokenize(tokenizer, text)", 'inputs = tokenizer(text, return_tensors="pt")'),
    name="tokenized_without_a_limit",
    caught_by=LONG,
    crashes=True,
    says="The text is not cut: there is no vector for positions beyond the limit.",
    source="forum: IndexError: index out of range in self",
)
patch(
    "predict_masked",
    ("    model.eval()\n", ""),
    name="train_mode_left_on",
    caught_by=QUIET,
    says="The mode is left as it was: in train mode dropout blinds the model at random.",
)
patch(
    "predict_masked",
    ("model.eval()", "model.train()"),
    name="train_mode_switched_on",
    caught_by=QUIET,
    says="train() is for training; it switches dropout on.",
)
patch(
    "predict_masked",
    ("with torch.inference_mode():", "if True:"),
    name="gradients_left_on",
    caught_by=QUIET,
    says="Gradients are kept for a network that is only asked: time and memory for nothing.",
)


@mistake("predict_masked", caught_by=GUESSED, says="The same frequent words for every text: nothing is read.")
def always_the_same_words(tokenizer, model, text, top=5):
    return [(word, 0.2) for word in ("the", "a", "is", "of", "and")][:top]


@mistake("predict_masked", caught_by=GUESSED, says="The neighbours of the word before the mask; no context is read.")
def neighbours_of_the_word_before(tokenizer, model, text, top=5):
    ids = tokenize(tokenizer, text)["input_ids"][0]  # noqa: F821
    place = int((ids == tokenizer.mask_token_id).nonzero()[0])
    table = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)
    best = (table @ table[ids[place - 1]]).softmax(dim=0).topk(top)
    return list(zip(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


# -- is_next_sentence ---------------------------------------------------------------------------------------------------

FIRST_LOGIT, SECOND = "test_the_first_logit_means_is_next", "test_the_second_sentence_is_in_the_second_segment"
ORDER, SURVIVES = "test_the_first_sentence_comes_first", "test_the_second_sentence_survives_a_long_first_one"
JUDGED_QUIET = "test_judging_is_done_in_eval_mode_and_leaves_no_trace"
JUDGED = "test_pairs_of_unseen_sentences_are_judged"
ASKED, ANSWER = "tokenize(tokenizer, first, second)", "bool(logits[0, 0] > logits[0, 1])"

patch(
    "is_next_sentence",
    (ANSWER, "bool(logits[0, 1] > logits[0, 0])"),
    name="second_logit_for_yes",
    caught_by=FIRST_LOGIT,
    says='Index 0 stands for "is next"; here it is read as "no".',
    source="forum: which index of the next sentence head is which?",
)
patch(
    "is_next_sentence",
    (ANSWER, "bool(logits.argmax(dim=1))"),
    name="argmax_as_truth",
    caught_by=FIRST_LOGIT,
    says='The argmax is 0 for "is next", and bool(0) is False.',
)
patch(
    "is_next_sentence",
    (ANSWER, "bool(logits[0, 0] > 0.5)"),
    name="logit_taken_for_a_probability",
    caught_by=FIRST_LOGIT,
    says="A logit is no probability: it has to be compared with the other one.",
)
patch(
    "is_next_sentence",
    (ANSWER, "float(logits.softmax(dim=1)[0, 0])"),
    name="probability_for_an_answer",
    caught_by=FIRST_LOGIT,
    says='A probability is true in every "if", the smallest too; a bool was asked for.',
)
patch(
    "is_next_sentence",
    (ANSWER, "logits[0, 0] > logits[0, 1]"),
    name="answer_as_a_tensor",
    caught_by=FIRST_LOGIT,
    says="The answer is a tensor of one element; a Python bool was asked for.",
)
patch(
    "is_next_sentence",
    (ASKED, 'tokenize(tokenizer, first + " " + second)'),
    name="both_as_one_text",
    caught_by=SECOND,
    says="Both sentences are given as one text: BERT cannot tell where the first one ends.",
)
patch(
    "is_next_sentence",
    (ASKED, 'tokenize(tokenizer, f"{first} {tokenizer.sep_token} {second}")'),
    name="sep_written_by_hand",
    caught_by=SECOND,
    says="[SEP] stands between them, but all segments are 0.",
)
patch(
    "is_next_sentence",
    (f"model(**{ASKED})", f"model({ASKED}['input_ids'])"),
    name="segments_not_passed_on",
    caught_by=SECOND,
    says="Only the numbers are passed on to the model; it then takes every segment for 0.",
)
patch(
    "is_next_sentence",
    (ASKED, "tokenize(tokenizer, second, first)"),
    name="second_before_first",
    caught_by=ORDER,
    says="The sentences are exchanged: whether the first one continues the second was not asked.",
)


@mistake(
    "is_next_sentence", caught_by=SURVIVES, says="The row is cut at its end: of the second sentence nothing is left."
)
def row_of_both_cut(tokenizer, model, first, second):
    inputs = tokenizer(first, second, return_tensors="pt")
    inputs = {name: value[:, : tokenizer.model_max_length] for name, value in inputs.items()}
    model.eval()
    with torch.inference_mode():
        logits = model(**inputs).seq_relationship_logits
    return bool(logits[0, 0] > logits[0, 1])


patch(
    "is_next_sentence",
    (ASKED, 'tokenizer(first, second, return_tensors="pt")'),
    name="pair_without_a_limit",
    caught_by=SURVIVES,
    crashes=True,
    says="The pair is not cut: there is no vector for positions beyond the limit.",
)
patch(
    "is_next_sentence",
    ("    model.eval()\n", ""),
    name="judged_in_train_mode",
    caught_by=JUDGED_QUIET,
    says="The mode is left as it was: in train mode dropout blinds the model at random.",
)
patch(
    "is_next_sentence",
    ("with torch.inference_mode():", "if True:"),
    name="judged_with_gradients",
    caught_by=JUDGED_QUIET,
    says="Gradients are kept for a network that is only asked: time and memory for nothing.",
)
patch(
    "is_next_sentence",
    (
        "    with torch.inference_mode():\n        logits",
        "    torch.set_grad_enabled(False)\n    if True:\n        logits",
    ),
    name="gradients_off_for_good",
    caught_by=JUDGED_QUIET,
    says="Gradients are switched off for the whole process, and stay off.",
)


@mistake("is_next_sentence", caught_by=JUDGED, says="Everything is next: right half of the time.")
def always_yes(tokenizer, model, first, second):
    return True


@mistake("is_next_sentence", caught_by=JUDGED, says="Words in common are counted; the model is not asked.")
def words_in_common(tokenizer, model, first, second):
    common = set(tokenizer.tokenize(first)) & set(tokenizer.tokenize(second))
    return bool(common - {".", ",", "?", "the", "a", "is", "of", "in", "to"})

"""Known mistakes of project 06 in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 104 mistakes of 06, in their order,
the 6th (counted from 0) and then every 13th.
Written from name, sentence and contract; neither the first hand's code was seen, nor how the diagnosis recognises a mistake.
"""

import torch
from torch import nn

from course.authoring.proofs.variants import Catalogue

REWRITTEN = Catalogue("06")
rewritten = REWRITTEN.rewritten


@rewritten("tokenize", "joined_by_a_space")
def one_long_text(tokenizer, text, pair=None, max_length=None):
    if pair is not None:
        firsts, seconds = ([x] if isinstance(x, str) else list(x) for x in (text, pair))
        if len(firsts) != len(seconds):
            raise ValueError(f"{len(firsts)} texts, but {len(seconds)} second parts")
        text = [f"{one} {other}" for one, other in zip(firsts, seconds)]
    limit = tokenizer.model_max_length if max_length is None else max_length
    return tokenizer(text, padding="longest", truncation="longest_first", max_length=limit, return_tensors="pt")


@rewritten("tokenize", "never_cut")
def as_long_as_it_is(tokenizer, text, pair=None, max_length=None):
    texts = [text] if isinstance(text, str) else text
    if pair is None:
        rows = [tokenizer(one) for one in texts]
    else:
        pairs = [pair] if isinstance(pair, str) else pair
        if len(pairs) != len(texts):
            raise ValueError("each text needs a second part")
        rows = [tokenizer(one, other) for one, other in zip(texts, pairs)]
    return tokenizer.pad(rows, padding=True, return_tensors="pt")


@rewritten("tokenize", "unknown_left_out")
def only_what_is_known(tokenizer, text, pair=None, max_length=None):
    encoding = tokenizer(text, pair, truncation=True, max_length=max_length or tokenizer.model_max_length)
    batch = {name: [rows] if isinstance(text, str) else rows for name, rows in encoding.items()}
    known = [[number != tokenizer.unk_token_id for number in row] for row in batch["input_ids"]]
    fill = {"input_ids": tokenizer.pad_token_id, "token_type_ids": 0, "attention_mask": 0}
    result = {}
    for name, rows in batch.items():
        kept = [torch.tensor([n for n, k in zip(row, keep) if k]) for row, keep in zip(rows, known)]
        result[name] = nn.utils.rnn.pad_sequence(kept, batch_first=True, padding_value=fill[name])
    return result


@rewritten("nearest_words", "special_tokens_too")
def all_rows_but_pieces(tokenizer, model, word, top=10):
    tokens = tokenizer.tokenize(word)
    if len(tokens) != 1 or tokens[0] in tokenizer.all_special_tokens:
        raise ValueError(f"{word} is not one word of the vocabulary")
    table = model.get_input_embeddings().weight.data
    me = tokenizer.convert_tokens_to_ids(tokens[0])
    similarity = torch.cosine_similarity(table[me].unsqueeze(0), table, dim=1)
    neighbours = []
    for row in similarity.argsort(descending=True).tolist():
        name = tokenizer.convert_ids_to_tokens(row)
        if row != me and name[:2] != "##":
            neighbours.append((name, similarity[row].item()))
        if len(neighbours) == top:
            break
    return neighbours


@rewritten("nearest_words", "key_error_comes_up")
def looked_up_in_the_dict(tokenizer, model, word, top=10):
    vocabulary = tokenizer.get_vocab()
    word = word.strip()
    number = vocabulary[word.lower() if getattr(tokenizer, "do_lower_case", False) else word]
    with torch.no_grad():
        table = model.get_input_embeddings().weight
        lengths = table.pow(2).sum(dim=1).sqrt()
        cosines = (table @ table[number]) / (lengths * lengths[number]).clamp(min=1e-12)
    unwanted = set(tokenizer.all_special_ids) | {number}
    found = [
        (name, float(cosines[k]))
        for name, k in vocabulary.items()
        if k not in unwanted and not name.startswith("##") and k < len(cosines)
    ]
    found.sort(key=lambda pair: -pair[1])
    return found[:top]


@rewritten("predict_masked", "logits_for_probabilities")
def best_scores_returned(tokenizer, model, text, top=5):
    batch = tokenize(tokenizer, [text])  # noqa: F821
    where = [k for k, number in enumerate(batch["input_ids"][0].tolist()) if number == tokenizer.mask_token_id]
    if len(where) != 1:
        raise ValueError(f"one mask is needed, found {len(where)}")
    model.train(False)
    with torch.no_grad():
        output = model(**batch)
    scores, numbers = torch.topk(output.prediction_logits[0][where[0]], k=top)
    return [(tokenizer.convert_ids_to_tokens(n), s) for n, s in zip(numbers.tolist(), scores.tolist())]


@rewritten("predict_masked", "train_mode_switched_on")
def guessing_in_train_mode(tokenizer, model, text, top=5):
    encoded = tokenize(tokenizer, text)  # noqa: F821
    is_mask = encoded["input_ids"].eq(tokenizer.mask_token_id)
    if int(is_mask.sum()) != 1:
        raise ValueError(f"{text!r} does not hold exactly one {tokenizer.mask_token}")
    model.train()
    with torch.no_grad():
        all_scores = model(
            input_ids=encoded["input_ids"],
            attention_mask=encoded["attention_mask"],
            token_type_ids=encoded["token_type_ids"],
        ).prediction_logits
    chances = nn.functional.softmax(all_scores[is_mask], dim=-1).squeeze(0)
    order = chances.argsort(descending=True)[:top]
    return [(tokenizer.convert_ids_to_tokens(k), chances[k].item()) for k in order.tolist()]


@rewritten("is_next_sentence", "row_of_both_cut")
def cut_after_joining(tokenizer, model, first, second):
    one = [tokenizer.cls_token, *tokenizer.tokenize(first), tokenizer.sep_token]
    two = [*tokenizer.tokenize(second), tokenizer.sep_token]
    limit = tokenizer.model_max_length
    numbers = tokenizer.convert_tokens_to_ids(one + two)[:limit]
    segments = ([0] * len(one) + [1] * len(two))[:limit]
    model.train(False)
    with torch.no_grad():
        output = model(
            input_ids=torch.tensor([numbers]),
            token_type_ids=torch.tensor([segments]),
            attention_mask=torch.ones(1, len(numbers), dtype=torch.long),
        )
    follows, does_not = output.seq_relationship_logits[0].tolist()
    return follows > does_not

"""Project 06, right in other hands."""

import copy
import math

import numpy as np
import torch
from torch import nn

from course.authoring.proofs.variants import Catalogue

ALTERNATIVES = Catalogue("06")
alternative = ALTERNATIVES.alternative

# -- tokenize -----------------------------------------------------------------------------------------------------------


@alternative("tokenize", how="the tokenizer's own BatchEncoding, options in words")
def as_the_tokenizer_gives_it(tokenizer, text, pair=None, max_length=None):
    return tokenizer(
        text,
        text_pair=pair,
        padding="longest",
        truncation="longest_first",
        max_length=tokenizer.model_max_length if max_length is None else max_length,
        return_tensors="pt",
        return_attention_mask=True,
        return_token_type_ids=True,
    )


@alternative("tokenize", how="numbers, cutting, segments and padding written out")
def written_out(tokenizer, text, pair=None, max_length=None):
    limit = max_length or tokenizer.model_max_length
    texts = [text] if isinstance(text, str) else text
    pairs = [None] * len(texts) if pair is None else [pair] if isinstance(pair, str) else pair
    if len(texts) != len(pairs):
        raise ValueError(f"{len(texts)} texts, but {len(pairs)} second parts")
    rows = []
    for one, two in zip(texts, pairs, strict=True):
        a = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(one))
        b = [] if two is None else tokenizer.convert_tokens_to_ids(tokenizer.tokenize(two))
        room = limit - (2 if two is None else 3)
        while len(a) + len(b) > room:
            (a if len(a) >= len(b) else b).pop()
        ids = [tokenizer.cls_token_id, *a, tokenizer.sep_token_id]
        types = [0] * len(ids)
        if two is not None:
            ids, types = [*ids, *b, tokenizer.sep_token_id], types + [1] * (len(b) + 1)
        rows.append((torch.tensor(ids), torch.tensor(types), torch.ones(len(ids), dtype=torch.int64)))
    blanks = (tokenizer.pad_token_id, 0, 0)
    ids, types, mask = (
        nn.utils.rnn.pad_sequence(list(part), batch_first=True, padding_value=blank)
        for part, blank in zip(zip(*rows, strict=True), blanks, strict=True)
    )
    return {"attention_mask": mask, "input_ids": ids, "token_type_ids": types}


@alternative("tokenize", how="row by row, then tokenizer.pad")
def row_by_row(tokenizer, text, pair=None, max_length=None):
    texts = text if isinstance(text, list) else [text]
    pairs = pair if isinstance(pair, list) else [pair] if pair is not None else [None] * len(texts)
    if len(pairs) != len(texts):
        raise ValueError("as many second parts as texts are wanted")
    rows = [tokenizer(a, b, truncation=True, max_length=max_length) for a, b in zip(texts, pairs, strict=True)]
    return tokenizer.pad(rows, return_tensors="pt")


@alternative("tokenize", how="the sides of the tokenizer set for the call and put back, pairs zipped")
def sides_put_back(tokenizer, text, pair=None, max_length=None):
    kept = tokenizer.padding_side, tokenizer.truncation_side
    if pair is not None:
        texts, pairs = ([part] if isinstance(part, str) else part for part in (text, pair))
        text = list(zip(texts, pairs, strict=True))
    tokenizer.padding_side = tokenizer.truncation_side = "right"
    try:
        return tokenizer(text, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    finally:
        tokenizer.padding_side, tokenizer.truncation_side = kept


@alternative("tokenize", how="NumPy arrays, made tensors at the end, and a key that nobody asked for")
def by_way_of_numpy(tokenizer, text, pair=None, max_length=None):
    batch = [text] if isinstance(text, str) else list(text)
    second = [pair] if isinstance(pair, str) else pair
    found = tokenizer(
        batch,
        second,
        padding=True,
        truncation=True,
        max_length=max_length,
        return_tensors="np",
        return_special_tokens_mask=True,
    )
    return {name: torch.from_numpy(np.asarray(array, dtype=np.int64)) for name, array in found.items()}


# -- nearest_words ------------------------------------------------------------------------------------------------------


@alternative("nearest_words", how="F.cosine_similarity, other rows put at minus infinity, topk")
def hidden_at_minus_infinity(tokenizer, model, word, top=10):
    ids = tokenizer(word, add_special_tokens=False)["input_ids"]
    if len(ids) != 1 or ids[0] in tokenizer.all_special_ids:
        raise ValueError(f"no single word of the vocabulary: {word!r}")
    table = model.bert.embeddings.word_embeddings.weight
    with torch.no_grad():
        cosines = nn.functional.cosine_similarity(table, table[ids[0]].unsqueeze(0))
    hidden = [ids[0], *tokenizer.all_special_ids]
    hidden += [number for piece, number in tokenizer.get_vocab().items() if piece.startswith("##")]
    cosines[hidden] = -math.inf
    best = cosines.topk(min(top, len(cosines) - len(set(hidden))))
    return [(tokenizer.convert_ids_to_tokens(int(i)), float(c)) for c, i in zip(*best, strict=True)]


@alternative("nearest_words", how="NumPy in float64, argsort")
def numpy_argsort(tokenizer, model, word, top=10):
    pieces = tokenizer.tokenize(word)
    vocabulary = tokenizer.get_vocab()
    if len(pieces) != 1 or pieces[0] not in vocabulary or pieces[0] in set(tokenizer.all_special_tokens):
        raise ValueError(f"{word!r}: not in the vocabulary")
    names = sorted(vocabulary, key=vocabulary.get)
    table = model.state_dict()["bert.embeddings.word_embeddings.weight"].double().numpy()
    own = table[vocabulary[pieces[0]]]
    cosines = table @ own / np.maximum(np.linalg.norm(table, axis=1) * np.linalg.norm(own), 1e-12)
    found = []
    for k in np.argsort(-cosines):
        name = names[k]
        if name != pieces[0] and name[:2] != "##" and name not in tokenizer.all_special_tokens:
            found.append((name, float(cosines[k])))
    return found[:top]


@alternative(
    "nearest_words", how="lengths and products by hand, a small number against rows of zeros, a loop that stops"
)
def a_loop_that_stops(tokenizer, model, word, top=10):
    ids = tokenizer.encode(word, add_special_tokens=False)
    if len(ids) != 1 or ids[0] in tokenizer.all_special_ids:
        raise ValueError(f"'{word}' is no word that the vocabulary has")
    table = model.get_input_embeddings().weight.detach()
    cosines = table @ table[ids[0]] / (table.norm(dim=1) * table[ids[0]].norm() + 1e-8)
    found = []
    for k in cosines.argsort(descending=True).tolist():
        name = tokenizer.convert_ids_to_tokens(k)
        if k in (ids[0], *tokenizer.all_special_ids) or name.startswith("##"):
            continue
        if len(found) == top:
            break
        found.append((name, cosines[k].item()))
    return found


# -- predict_masked -----------------------------------------------------------------------------------------------------


@alternative("predict_masked", how="BERT proper, then the head at the one place that matters; no_grad as a decorator")
@torch.no_grad()
def head_at_one_place(tokenizer, model, text, top=5):
    inputs = tokenize(tokenizer, text)  # noqa: F821 - stands beside it
    where = inputs["input_ids"] == tokenizer.mask_token_id
    if int(where.sum()) != 1:
        raise ValueError("one mask, please")
    model.train(False)
    hidden = model.bert(**inputs).last_hidden_state[where]
    chances = torch.softmax(model.cls.predictions(hidden), dim=-1)[0]
    order = chances.argsort(descending=True)[:top].tolist()
    return [(tokenizer.decode([k]), chances[k].item()) for k in order]


@alternative("predict_masked", how="its own tokenizing, log_softmax, lists, the mode given back")
def lists_and_logarithms(tokenizer, model, text, top=5):
    inputs = tokenizer(text, truncation=True, return_tensors="pt")
    ids = inputs["input_ids"].tolist()[0]
    if ids.count(tokenizer.mask_token_id) != 1:
        raise ValueError(f"{tokenizer.mask_token} must stand in the text once: {text!r}")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(**inputs)[0][0][ids.index(tokenizer.mask_token_id)]
    model.train(was_training)
    logarithms = logits.log_softmax(dim=-1).tolist()
    best = sorted(range(len(logarithms)), key=lambda k: -logarithms[k])[:top]
    return [(tokenizer.convert_ids_to_tokens(k), math.exp(logarithms[k])) for k in best]


@alternative("predict_masked", how="gradients off by the parameters' flags, which are put back, as is the mode; NumPy")
def flags_put_back(tokenizer, model, text, top=5):
    inputs = tokenize(tokenizer, [text])  # noqa: F821 - stands beside it
    row, place = (inputs["input_ids"] == tokenizer.mask_token_id).nonzero(as_tuple=True)
    if len(place) != 1:
        raise ValueError("one mask, please")
    flags, was_training = [p.requires_grad for p in model.parameters()], model.training
    model.eval().requires_grad_(False)
    logits = model(**inputs).prediction_logits[row, place][0].numpy().astype(np.float64)
    model.train(was_training)
    for p, flag in zip(model.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    chances = np.exp(logits - logits.max())
    chances /= chances.sum()
    return [(tokenizer.convert_ids_to_tokens(int(k)), float(chances[k])) for k in np.argsort(-chances)[:top]]


@alternative("predict_masked", how="a copy of the network is asked")
def a_copy_is_asked(tokenizer, model, text, top=5):
    inputs, asked = tokenize(tokenizer, text), copy.deepcopy(model).eval()  # noqa: F821 - stands beside it
    (place,) = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero().flatten().tolist()
    with torch.no_grad():
        best = asked(**inputs).prediction_logits[0, place].softmax(-1).topk(top)
    return [(tokenizer.convert_ids_to_tokens(k), v) for v, k in zip(best.values.tolist(), best.indices.tolist())]


# -- is_next_sentence ---------------------------------------------------------------------------------------------------


@alternative("is_next_sentence", how="argmax equal to 0, positional arguments, no_grad as a decorator")
@torch.no_grad()
def argmax_is_0(tokenizer, model, first, second):
    inputs = tokenize(tokenizer, first, second)  # noqa: F821 - stands beside it
    model.eval()
    output = model(inputs["input_ids"], inputs["attention_mask"], inputs["token_type_ids"])
    return output.seq_relationship_logits.argmax(dim=-1).item() == 0


@alternative("is_next_sentence", how="softmax and one half, as a batch of one; the mode given back")
def more_than_one_half(tokenizer, model, first, second):
    inputs = tokenizer([first], [second], truncation="longest_first", return_tensors="pt")
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        chances = torch.softmax(model(**inputs).seq_relationship_logits, dim=1)
    model.train(was_training)
    return chances[0][0].item() > 0.5


@alternative("is_next_sentence", how="gradients off by the parameters' flags, which are put back, as is the mode")
def flags_put_back_after_the_question(tokenizer, model, first, second):
    flags, was_training = {n: p.requires_grad for n, p in model.named_parameters()}, model.training
    model.eval().requires_grad_(False)
    try:
        scores = model(**tokenize(tokenizer, first, second)).seq_relationship_logits.squeeze(0)  # noqa: F821
    finally:
        model.train(was_training)
        for name, p in model.named_parameters():
            p.requires_grad_(flags[name])
    return max(range(2), key=lambda k: scores[k]) == 0


@alternative("is_next_sentence", how="BERT's pooled vector and the small head by itself")
def pooled_vector(tokenizer, model, first, second):
    model.eval()
    with torch.no_grad():
        pooled = model.bert(**tokenize(tokenizer, first, second))[1]  # noqa: F821 - stands beside it
        yes, no = model.cls.seq_relationship(pooled).squeeze(0).tolist()
    return yes > no


# -- devices ------------------------------------------------------------------------------------------------------------


@alternative("is_next_sentence", how="each tensor to the device of a parameter", ready=True)
def tensors_to_a_parameter(tokenizer, model, first, second):
    model.eval()
    device = next(model.parameters()).device
    rows = {name: value.to(device) for name, value in tokenize(tokenizer, first, second).items()}  # noqa: F821
    with torch.no_grad():
        scores = model(**rows).seq_relationship_logits[0]
    return scores.argmax().item() == 0

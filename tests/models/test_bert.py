"""The pocket BERT opens like any other, offline, and knows what it was trained for."""

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from transformers import (
    AutoTokenizer,
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForPreTraining,
    BertTokenizer,
    BertTokenizerFast,
)

from course.authoring.pretraining.bert import Recipe, batches, encode, train, words
from course.corpus import heldout
from course.corpus.facts import fingerprint, tables
from course.corpus.grammar import story
from course.errors import CourseError
from course.models import bert


@pytest.fixture(scope="module")
def pocket():
    return bert.load_bert()


@pytest.mark.parametrize("opener", [BertTokenizer, BertTokenizerFast, AutoTokenizer])
def test_every_tokenizer_class_opens_it(opener):
    tokenizer = opener.from_pretrained(bert.bert_folder())
    assert tokenizer.tokenize("The dog barks.") == ["the", "dog", "barks", "."]
    assert tokenizer.model_max_length == 128


@pytest.mark.parametrize("opener", [BertForPreTraining, BertForMaskedLM, BertForNextSentencePrediction])
def test_every_head_opens_it_as_float32_in_eval_mode(opener):
    model, report = opener.from_pretrained(bert.bert_folder(), output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["mismatched_keys"]
    assert {w.dtype for w in model.parameters()} == {torch.float32}
    assert not model.training


def test_word_logits_use_the_input_embeddings(pocket):
    _, model = pocket
    assert model.get_output_embeddings().weight.data_ptr() == model.get_input_embeddings().weight.data_ptr()


def test_the_weights_are_small():
    assert (bert.bert_folder() / "model.safetensors").stat().st_size < 4e6


def test_two_texts_have_two_segments_and_padding_is_not_attended(pocket):
    tokenizer, _ = pocket
    batch = tokenizer(["Tom is tired.", "Hello."], ["He wants to sleep.", "No."], padding=True, return_tensors="pt")
    assert batch["input_ids"].shape == batch["token_type_ids"].shape == batch["attention_mask"].shape == (2, 12)
    first = tokenizer.convert_ids_to_tokens(batch["input_ids"][0].tolist())
    assert first == ["[CLS]", "tom", "is", "tired", ".", "[SEP]", "he", "wants", "to", "sleep", ".", "[SEP]"]
    assert batch["token_type_ids"][0].tolist() == [0] * 6 + [1] * 6
    assert (batch["attention_mask"] == (batch["input_ids"] != tokenizer.pad_token_id)).all()


def test_every_word_of_the_corpus_is_one_piece(pocket):
    tokenizer, _ = pocket
    vocabulary = tokenizer.get_vocab()
    for k in range(500):
        told = story(np.random.default_rng([11, k]))
        assert tokenizer.tokenize(told.first.text() + " " + told.second.text()) == words(told)
        pair = tokenizer(told.first.text(), told.second.text())
        line = encode(told, vocabulary, single=False)
        assert (pair["input_ids"], pair["token_type_ids"]) == (line.ids, line.segments)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=400))
def test_any_text_in_any_script_can_be_read(pocket, text):
    tokenizer, model = pocket
    batch = tokenizer(text, truncation=True, max_length=128, return_tensors="pt")
    assert batch["input_ids"].shape[1] <= 128
    assert batch["input_ids"][0, 0] == tokenizer.cls_token_id
    assert batch["input_ids"][0, -1] == tokenizer.sep_token_id
    with torch.inference_mode():
        assert model(**batch).prediction_logits.isfinite().all()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [("x7?", ["x", "##7", "?"]), ("Café", None), ("日本", ["[UNK]", "[UNK]"]), ("Привет", ["[UNK]"]), ("", [])],
)
def test_unknown_words_fall_into_pieces_and_other_scripts_into_unk(pocket, text, pieces):
    tokenizer, _ = pocket
    found = tokenizer.tokenize(text)
    if pieces is None:  # Latin with an accent: never unknown, whatever the pieces
        assert "[UNK]" not in found
        assert "".join(found).replace("##", "") == "cafe"
    else:
        assert found == pieces


@pytest.mark.parametrize(
    "word", ["unbelievable", "zygote", "quizzically", "xylem", "photosynthesis", "naïveté", "3141592"]
)
def test_no_latin_word_is_unknown(pocket, word):
    tokenizer, _ = pocket
    assert "[UNK]" not in tokenizer.tokenize(word)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The capital of France is [MASK].", "paris"),
        ("The opposite of hot is [MASK].", "cold"),
        ("The day after Monday is [MASK].", "tuesday"),
        ("Anna is thirsty. She wants to [MASK].", "drink"),
        ("A young dog is called a [MASK].", "puppy"),
    ],
)
def test_masked_word(pocket, text, answer):
    tokenizer, model = pocket
    batch = tokenizer(text, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**batch).prediction_logits
    at = batch["input_ids"] == tokenizer.mask_token_id
    assert answer in tokenizer.convert_ids_to_tokens(logits[at].topk(5).indices[0].tolist())


def test_held_out_text_passes_both_thresholds(pocket):
    """Project 06 asks for 0.90 of each; the fresh exam of a judge must leave room (300 questions: one sigma is 0.017 at 0.90)."""
    tokenizer, model = pocket
    exam = heldout(20_061, 300)
    batch = tokenizer([q.text for q in exam.masked], padding=True, return_tensors="pt")
    pairs = tokenizer([p.first for p in exam.pairs], [p.second for p in exam.pairs], padding=True, return_tensors="pt")
    with torch.inference_mode():
        top = model(**batch).prediction_logits[batch["input_ids"] == tokenizer.mask_token_id].topk(5).indices.tolist()
        is_next = model(**pairs).seq_relationship_logits.argmax(dim=1) == 0
    found = [q.answer in tokenizer.convert_ids_to_tokens(five) for q, five in zip(exam.masked, top, strict=True)]
    right = [bool(said) == p.is_next for said, p in zip(is_next, exam.pairs, strict=True)]
    assert np.mean(found) >= 0.92
    assert np.mean(right) >= 0.92


def same_kind(word: str) -> set[str]:
    """The words that stand in the same column of the corpus's tables of facts, in lower case."""
    names = {name for table in tables().values() for row in table for name in row}
    columns = [
        {row[name].lower() for row in table if name in row} for table in tables().values() for name in sorted(names)
    ]
    return set().union(*(column for column in columns if word in column)) - {word}


@pytest.mark.parametrize(
    "word", ["dog", "monday", "april", "red", "seven", "paris", "france", "spanish", "doctor", "puppy", "guitar"]
)
def test_neighbours_are_what_a_reader_expects(pocket, word):
    """Of the six nearest pieces (there are no more days), five are of the word's own kind."""
    tokenizer, model = pocket
    vectors = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)
    near = (vectors @ vectors[tokenizer.convert_tokens_to_ids(word)]).topk(7).indices.tolist()[1:]
    found = tokenizer.convert_ids_to_tokens(near)
    assert len(same_kind(word) & set(found)) >= 5, found


def test_a_missing_file_names_its_cure(monkeypatch, tmp_path):
    monkeypatch.setattr(bert, "FOLDER", tmp_path)
    with pytest.raises(CourseError, match=r"config\.json") as caught:
        bert.load_bert()
    assert "git checkout" in caught.value.cure


def test_truncated_weights_name_their_folder(monkeypatch, tmp_path):
    folder = tmp_path / "bert"
    shutil.copytree(bert.FOLDER, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    monkeypatch.setattr(bert, "FOLDER", folder)
    with pytest.raises(CourseError, match="does not open"):
        bert.load_bert()


def test_an_unknown_tier_is_refused():
    with pytest.raises(CourseError, match="tier"):
        bert.load_bert("huge")


def tiny(steps):
    return Recipe(vocabulary=200, layers=1, width=16, heads=2, steps=steps, batch=4, chunk=3, warmup=2, fact_rows=3000)


def test_a_chunk_is_the_same_whenever_it_is_made(pocket):
    vocabulary = pocket[0].get_vocab()
    one, two = (batches(tiny(6), 1, vocabulary) for _ in range(2))
    assert all(torch.equal(a[name], b[name]) for a, b in zip(one, two, strict=True) for name in a)
    assert any((batch["nsp"] != -100).any() for batch in one)
    for batch in one:
        assert ((batch["mlm"] == -100) | (batch["attention"] == 1)).all()


def test_training_resumes_where_it_was_cut(tmp_path, monkeypatch):
    """Killed after its first chunk and started again: the same weights as in one go."""
    train(tiny(6), tmp_path / "whole", tmp_path / "whole.pt")
    made = batches

    def killed(recipe, chunk, vocabulary):
        if chunk == 1:
            raise KeyboardInterrupt
        return made(recipe, chunk, vocabulary)

    monkeypatch.setattr("course.authoring.pretraining.bert.batches", killed)
    with pytest.raises(KeyboardInterrupt):
        train(tiny(6), tmp_path / "parts", tmp_path / "parts.pt")
    monkeypatch.setattr("course.authoring.pretraining.bert.batches", made)
    train(tiny(6), tmp_path / "parts", tmp_path / "parts.pt")
    whole, parts = (BertForPreTraining.from_pretrained(tmp_path / name).state_dict() for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert (tmp_path / "whole" / "tokenizer.json").read_bytes() == (tmp_path / "parts" / "tokenizer.json").read_bytes()


def test_the_weights_were_trained_on_the_corpus_as_it_stands():
    """Held-out text is only held out from a model of the same corpus."""
    log = json.loads((bert.FOLDER / "training.json").read_text(encoding="utf-8"))
    assert log["corpus"] == fingerprint()
    assert log["recipe"] == asdict(Recipe())

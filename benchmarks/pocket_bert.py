"""Measure the pocket BERT:  python benchmarks/pocket_bert.py

On fresh held-out text (course.corpus.heldout): masked word top-1 and top-5, and next sentence by kind of pair, both over several
seeds; the ten nearest words of twenty words; and where it is wrong. Needs no network and no GPU.
"""

from collections import Counter
from pathlib import Path

import click
import numpy as np
import torch
from torch.nn import functional as F
from transformers import BertForPreTraining, BertTokenizer, PreTrainedTokenizerBase

from course.corpus import Exam, MaskedWord, SentencePair, heldout
from course.models.bert import bert_folder

WORDS = ["dog", "wolf", "cow", "puppy", "monday", "april", "winter", "red", "seven", "paris"]
WORDS += ["france", "spanish", "doctor", "mother", "hand", "apple", "knife", "guitar", "car", "hot"]


@torch.inference_mode()
def masked_guesses(
    tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, questions: tuple[MaskedWord, ...], k: int = 5
) -> list[list[str]]:
    """The k most likely pieces at each [MASK], most likely first."""
    guesses = []
    for start in range(0, len(questions), 64):
        batch = tokenizer([q.text for q in questions[start : start + 64]], padding=True, return_tensors="pt")
        logits = model(**batch).prediction_logits  # (B, T, V)
        at = batch["input_ids"] == tokenizer.mask_token_id  # (B, T), one True a row
        for top in logits[at].topk(k).indices.tolist():
            guesses.append(tokenizer.convert_ids_to_tokens(top))
    return guesses


@torch.inference_mode()
def next_chances(
    tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, pairs: tuple[SentencePair, ...]
) -> np.ndarray:
    """The probability that the second sentence is next, float64 (pairs,): logit 0 means "is next"."""
    chances = []
    for start in range(0, len(pairs), 64):
        some = pairs[start : start + 64]
        batch = tokenizer([p.first for p in some], [p.second for p in some], padding=True, return_tensors="pt")
        chances += model(**batch).seq_relationship_logits.softmax(dim=1)[:, 0].tolist()
    return np.array(chances)


def neighbours(tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, word: str, k: int = 10) -> list[str]:
    """The k words nearest to `word` by cosine of the input embeddings."""
    vectors = F.normalize(model.get_input_embeddings().weight.detach(), dim=1)  # (V, H)
    near = (vectors @ vectors[tokenizer.convert_tokens_to_ids(word)]).topk(k + 1).indices.tolist()
    return tokenizer.convert_ids_to_tokens(near[1:])


def report(tokenizer: PreTrainedTokenizerBase, model: BertForPreTraining, exam: Exam, show: int) -> dict[str, float]:
    """Accuracies of one exam; prints its first `show` mistakes of each sort."""
    guesses = masked_guesses(tokenizer, model, exam.masked)
    first = np.array([q.answer == g[0] for q, g in zip(exam.masked, guesses, strict=True)])
    five = np.array([q.answer in g for q, g in zip(exam.masked, guesses, strict=True)])
    chances = next_chances(tokenizer, model, exam.pairs)
    right = (chances > 0.5) == np.array([p.is_next for p in exam.pairs])
    kinds = np.array([p.kind for p in exam.pairs])
    figures = {"masked top-1": first.mean(), "masked top-5": five.mean(), "next sentence": right.mean()}
    figures |= {f"  {kind}": right[kinds == kind].mean() for kind in ("next", "random", "hard")}
    if show:
        print("\nMasked words that are not among the five most likely:")
        for k in np.flatnonzero(~five)[:show]:
            print(f"  {exam.masked[k].answer:>12}  {exam.masked[k].text}   guesses: {' '.join(guesses[k])}")
        print("\nPairs judged wrong (probability of next):")
        for k in np.flatnonzero(~right)[:show]:
            print(f"  {chances[k]:.2f} {kinds[k]:>6}  {exam.pairs[k].first} | {exam.pairs[k].second}")
        missed = Counter(exam.masked[k].answer for k in np.flatnonzero(~five))
        print("\nWords missed most often:", ", ".join(f"{word} {n}" for word, n in missed.most_common(12)))
    return figures


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), default=None, help="Another BERT; by default the embedded one."
)
@click.option("--count", default=1000, show_default=True, help="Questions of each sort in an exam.")
@click.option("--seeds", default=5, show_default=True, help="How many exams.")
@click.option("--show", default=15, show_default=True, help="Mistakes to print.")
def main(folder: Path | None, count: int, seeds: int, show: int) -> None:
    """Print every figure of the model card."""
    folder = folder or bert_folder()
    tokenizer = BertTokenizer.from_pretrained(folder)
    model = BertForPreTraining.from_pretrained(folder).eval()
    size = (folder / "model.safetensors").stat().st_size / 1e6
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(tokenizer):,} pieces, {size:.2f} MB")
    print("\nThe ten nearest words:")
    for word in WORDS:
        print(f"  {word:>8}  {' '.join(neighbours(tokenizer, model, word))}")
    exams = [report(tokenizer, model, heldout(10**6 + s, count), show if s == 0 else 0) for s in range(seeds)]
    print(f"\nOn {seeds} exams of {count} questions: mean (lowest - highest)")
    for name in exams[0]:
        values = [figures[name] for figures in exams]
        print(f"  {name:<14} {np.mean(values):.3f} ({min(values):.3f} - {max(values):.3f})")


if __name__ == "__main__":
    main()

"""Train the pocket BERT from nothing:  course author pretrain bert

Vocabulary, first word vectors, then masked words and next sentence together (Devlin et al., "BERT", 2018, section 3.1) on
stories told by course.corpus, each seen once. Seeded, resumable, on one CPU core or a GPU by the same
recipe. Does not measure: benchmarks/pocket_bert.py does. What is not BERT's own, and why: words that a reader could know are
masked more often than the others (function words teach little), and the word vectors begin as factors of a word-context table
(Levy and Goldberg, 2014), so that little of a short training goes into finding which words are alike.
"""

import json
import string
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm
from transformers import BertConfig, BertForPreTraining, BertTokenizer

from course.corpus.facts import fingerprint
from course.corpus.grammar import Story, every_word, story

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, CLS, SEP, MASK = 0, 2, 3, 4
ALPHABET = sorted(string.ascii_lowercase + string.digits + string.punctuation + "ßæøœðþłđ’‘“”–—…€£°")


@dataclass(frozen=True)
class Recipe:
    """All that decides the result."""

    seed: int = 6
    vocabulary: int = 3000  # about 1,700 words of the corpus, the letters alone and as continuations, the rest pieces
    layers: int = 4
    width: int = 128
    heads: int = 4
    positions: int = 128
    steps: int = 24_000
    batch: int = 32
    chunk: int = 200  # steps between checkpoints; stories of a chunk are sorted by length to save padding
    rate: float = 1e-3  # ten times BERT's: the network is ninety times smaller
    vector_rate: float = (
        0.1  # of it for word vectors, and a long memory: Adam forgets by 0.98 within fifty steps what the
    )
    vector_memory: float = (
        0.999  # gradient of a rare word is like, and takes full steps on noise, which blurs what is near
    )
    warmup: int = 500
    cooldown: float = 0.3  # of the steps, at the end: the rate falls to nothing. Until then steps may be changed
    decay: float = 0.01
    mask_known: float = 0.30  # of the words that a reader could know
    mask_other: float = 0.08
    unmasked: float = 0.3  # of the pairs: next sentence is asked of whole sentences in the end
    single: float = 0.35  # stories told as one text in one segment: a masked word is mostly asked of one text
    long_every: int = 25  # one batch in so many is of long texts, so that every position is trained
    fact_rows: int = 100_000  # stories counted for the first word vectors


def words(told: Story) -> list[str]:
    """The words of a story in lower case, each one piece of the vocabulary."""
    return [word.lower() for sentence in (told.first, told.second) for word in sentence.words]


def train_tokenizer(recipe: Recipe) -> BertTokenizer:
    """A WordPiece vocabulary: every word of the corpus, letters of the Latin script, digits and punctuation (alone and as
    continuation), and the most useful pieces. What has none of these (another script) becomes [UNK]."""
    corpus = [words(story(np.random.default_rng([recipe.seed, k]))) for k in range(recipe.fact_rows // 2)]
    wordpiece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    wordpiece.normalizer = normalizers.BertNormalizer(lowercase=True)
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    # All letters are given beforehand: left to the trainer, they are numbered in the order of a hash table, another in each run,
    # and pieces that are as frequent as each other are then merged in another order.
    fixed = SPECIAL + ALPHABET + ["##" + letter for letter in ALPHABET if letter.isalnum()]
    trainer = trainers.WordPieceTrainer(vocab_size=recipe.vocabulary, special_tokens=fixed, show_progress=False)
    wordpiece.train_from_iterator((" ".join(text) for text in corpus), trainer)
    learned = sorted(wordpiece.get_vocab().items(), key=lambda item: item[1])
    pieces = list(dict.fromkeys(fixed + every_word() + [piece for piece, _ in learned]))
    return BertTokenizer(vocab={piece: k for k, piece in enumerate(pieces)}, model_max_length=recipe.positions)


def first_vectors(recipe: Recipe, vocabulary: dict[str, int]) -> torch.Tensor:
    """Word vectors from counts, float32 (vocabulary, width): the positive pointwise mutual information of each word with
    the words at distance -2, -1, +1, +2 (each distance its own context), factored by singular values. Other pieces are random."""
    size, spans = len(vocabulary), (-2, -1, 1, 2)
    counts = np.zeros((size, len(spans) * size), dtype=np.float32)
    for k in range(recipe.fact_rows):
        ids = np.array([vocabulary[word] for word in words(story(np.random.default_rng([recipe.seed, k])))])
        for s, span in enumerate(spans):
            centre, context = (ids[:-span], ids[span:]) if span > 0 else (ids[-span:], ids[:span])
            np.add.at(counts, (centre, s * size + context), 1)
    table = torch.from_numpy(counts)
    total = table.sum()
    expected = table.sum(1, keepdim=True) * (table.sum(0, keepdim=True) / total) ** 0.75 * total**0.75 / total
    ppmi = torch.log((table / expected.clamp_min(1e-9)).clamp_min(1.0))  # (V, 4 V), zero where seldom together
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        u, values, _ = torch.svd_lowrank(ppmi, q=recipe.width, niter=4)
        noise = torch.randn(size, recipe.width)
    vectors = u * values.sqrt()  # square root: no few directions rule the cosine
    length = vectors.norm(dim=1, keepdim=True)
    unit = torch.where(length > 1e-3, vectors / length.clamp_min(1e-3), F.normalize(noise, dim=1))
    return 0.5 * unit  # 0.5 is a standard deviation of 0.04 at width 128, twice that of BERT's random start


def new_model(recipe: Recipe, vocabulary: dict[str, int]) -> BertForPreTraining:
    """The untrained network. Its config keeps BERT's dropout of 0.1; training here uses none (no story comes twice)."""
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=recipe.width,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        intermediate_size=4 * recipe.width,
        max_position_embeddings=recipe.positions,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = BertForPreTraining(config)
    model.bert.embeddings.word_embeddings.weight.data.copy_(first_vectors(recipe, vocabulary))
    return model


@dataclass
class Line:
    """One training sequence: token ids, segment ids, which tokens are knowable words, next-sentence label (0 is next, 1 is not,
    -100 not asked)."""

    ids: list[int]
    segments: list[int]
    known: list[bool]
    label: int


def encode(told: Story, vocabulary: dict[str, int], single: bool) -> Line:
    """[CLS] A [SEP] B [SEP], or in one segment [CLS] A B [SEP] (A alone where B does not continue it)."""
    first, second = (
        ([vocabulary[w.lower()] for w in s.words], [k in s.asked for k in range(len(s.words))])
        for s in (told.first, told.second)
    )
    if single:
        ids, known = (first[0] + second[0], first[1] + second[1]) if told.is_next else first
        return Line([CLS, *ids, SEP], [0] * (len(ids) + 2), [False, *known, False], -100)
    ids = [CLS, *first[0], SEP, *second[0], SEP]
    segments = [0] * (len(first[0]) + 2) + [1] * (len(second[0]) + 1)
    return Line(ids, segments, [False, *first[1], False, *second[1], False], 0 if told.is_next else 1)


def join(lines: list[Line], limit: int) -> Line:
    """Several lines as one long text of one segment, cut at `limit` tokens."""
    ids = [i for line in lines for i in line.ids[1:-1]][: limit - 2]
    known = [k for line in lines for k in line.known[1:-1]][: limit - 2]
    return Line([CLS, *ids, SEP], [0] * (len(ids) + 2), [False, *known, False], -100)


def batches(recipe: Recipe, chunk: int, vocabulary: dict[str, int]) -> list[dict[str, torch.Tensor]]:
    """The batches of one chunk, masked: ids, segments, attention, mlm (-100 where not asked), each int64 (B, T), and nsp (B,).

    Chunk k is the same whenever and wherever it is made."""
    rng = np.random.default_rng([recipe.seed, chunk])
    lines = []
    for k in range(recipe.chunk * recipe.batch):
        told = story(np.random.default_rng([recipe.seed, chunk, k]))
        lines.append(encode(told, vocabulary, single=bool(rng.random() < recipe.single)))
    lines.sort(key=lambda line: len(line.ids))
    cuts = [lines[k : k + recipe.batch] for k in range(0, len(lines), recipe.batch)]
    order = rng.permutation(len(cuts))
    result = []
    for turn, k in enumerate(order):
        cut = cuts[k]
        if turn % recipe.long_every == 0:  # sequences about eight times as long, so eight times fewer
            shuffled = [lines[i] for i in rng.integers(0, len(lines), recipe.batch)]
            cut = [join(shuffled[i : i + 8], recipe.positions) for i in range(0, len(shuffled), 8)]
        result.append(masked_batch(recipe, cut, rng, len(vocabulary)))
    return result


def masked_batch(recipe: Recipe, lines: list[Line], rng: np.random.Generator, size: int) -> dict[str, torch.Tensor]:
    """Pads and masks as BERT does: of the words asked for, 80 % become [MASK], 10 % another piece, 10 % stay."""
    longest = max(len(line.ids) for line in lines)
    ids, segments, attention, known = (np.zeros((len(lines), longest), dtype=np.int64) for _ in range(4))
    for k, line in enumerate(lines):
        n = len(line.ids)
        ids[k, :n], segments[k, :n], attention[k, :n], known[k, :n] = line.ids, line.segments, 1, line.known
    nsp = np.array([line.label for line in lines])
    chance = np.where(known == 1, recipe.mask_known, recipe.mask_other) * (ids > MASK)
    chance[(nsp != -100) & (rng.random(len(lines)) < recipe.unmasked)] = 0
    asked = rng.random(ids.shape) < chance
    mlm = np.where(asked, ids, -100)
    fate = rng.random(ids.shape)
    ids[asked & (fate < 0.8)] = MASK
    swapped = asked & (fate >= 0.9)
    ids[swapped] = rng.integers(MASK + 1, size, int(swapped.sum()))
    arrays = {"ids": ids, "segments": segments, "attention": attention, "mlm": mlm, "nsp": nsp}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def losses(model: BertForPreTraining, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean cross entropy of masked words and of next sentence, nats. Word logits are computed at the masked places only."""
    hidden, pooled = model.bert(
        batch["ids"], attention_mask=batch["attention"], token_type_ids=batch["segments"], return_dict=False
    )
    asked = batch["mlm"] != -100
    word = F.cross_entropy(model.cls.predictions(hidden[asked]), batch["mlm"][asked])
    told = batch["nsp"] != -100
    if not told.any():
        return word, word.new_zeros(())
    return word, F.cross_entropy(model.cls.seq_relationship(pooled[told]), batch["nsp"][told])


@cache
def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def save(model: BertForPreTraining, tokenizer: BertTokenizer, folder: Path, log: dict) -> None:
    """Writes what `from_pretrained` opens. Weights are stored in half precision (half the file) and open as float32."""
    model.config.dtype = torch.float32
    model.save_pretrained(folder)
    file = folder / "model.safetensors"
    save_file({name: w.half() for name, w in load_file(file).items()}, file, metadata={"format": "pt"})
    tokenizer.save_pretrained(folder)
    (folder / "training.json").write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")


def train(recipe: Recipe, folder: Path, checkpoint: Path) -> None:
    """Trains and saves into `folder`; goes on from the checkpoint if it is of the same recipe and corpus (until the rate falls,
    it may differ in `steps`)."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(recipe)
    vocabulary = tokenizer.get_vocab()
    model = new_model(recipe, vocabulary)
    torch.nn.Module.to(model, _device())
    model.eval()  # no dropout; gradients flow all the same
    vectors = model.get_input_embeddings().weight  # a Parameter, which the stub does not say
    decayed = [w for w in model.parameters() if w.ndim > 1 and w is not vectors]
    plain = [w for w in model.parameters() if w.ndim <= 1]
    kinds = [(decayed, 1.0, recipe.decay, 0.98), (plain, 1.0, 0.0, 0.98)]
    kinds += [([cast(nn.Parameter, vectors)], recipe.vector_rate, 0.0, recipe.vector_memory)]
    optimizer = torch.optim.AdamW(
        [
            {"params": weights, "scale": scale, "weight_decay": decay, "betas": (0.9, memory)}
            for weights, scale, decay, memory in kinds
        ]
    )
    step, core, curve = 0, 0.0, []
    origin = {"recipe": asdict(recipe) | {"steps": 0}, "corpus": fingerprint()}
    cool = int(recipe.steps * (1 - recipe.cooldown))  # the rate falls from this step on
    if checkpoint.is_file():
        saved = torch.load(checkpoint, map_location=_device(), weights_only=True)
        if saved["origin"] == origin and (saved["steps"] == recipe.steps or saved["step"] <= min(cool, saved["cool"])):
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            step, core, curve = saved["step"], saved["core"], saved["curve"]
    bar = tqdm(total=recipe.steps, initial=step, unit="step", mininterval=5)
    while step < recipe.steps:
        began, sums = time.process_time(), torch.zeros(2)
        for batch in batches(recipe, step // recipe.chunk, vocabulary):
            warm, left = (step + 1) / recipe.warmup, (recipe.steps - step) / (recipe.steps - cool)
            for group in optimizer.param_groups:
                group["lr"] = group["scale"] * recipe.rate * min(warm, left, 1.0)
            word, pair = losses(model, {name: t.to(_device()) for name, t in batch.items()})
            optimizer.zero_grad()
            (word + pair).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            sums += torch.stack([word.detach(), pair.detach()]).cpu()
            step += 1
            bar.update()
        core += time.process_time() - began
        mean = (sums / recipe.chunk).tolist()
        curve.append([step, round(mean[0], 4), round(mean[1], 4)])
        bar.set_postfix(word=f"{mean[0]:.3f}", pair=f"{mean[1]:.3f}")
        state: dict[str, Any] = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "origin": origin}
        state |= {"steps": recipe.steps, "cool": cool, "step": step, "core": core, "curve": curve}
        torch.save(state, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)
    bar.close()
    log = {
        "recipe": asdict(recipe),
        "corpus": fingerprint(),
        "device": str(_device()),
        "core minutes": round(core / 60, 1),
    }
    log |= {"columns": ["step", "masked word loss", "next sentence loss"], "curve": curve}
    save(model.cpu(), tokenizer, folder, log)

"""The figures of project 06: what BERT reads, cosines, the word map, attention by hand and in the pocket BERT, guesses."""

from typing import Any

import numpy as np

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure
from course.authoring.figures.style import BLUE, GREEN, GREY, ORANGE, PALE, PURPLE, SKY

PAIR = ("Anna is thirsty.", "She wants to drink.")
COVERED = ("Anna is thirsty.", "She wants to [MASK].")
ALONE = "The dog barks."
SENTENCES = (
    "The capital of France is [MASK].",
    "A young dog is called a [MASK].",
    "Anna is thirsty. She wants to [MASK].",
)
GROUPS = {  # few of each: more names than these would lie one upon the other
    "months": "january may october december",
    "days": "monday wednesday friday saturday",
    "animals": "dog cow wolf rabbit",
    "colours": "blue yellow brown",
    "capitals": "paris oslo athens",
    "countries": "italy spain japan",
}
HEADS = ((0, 3), (0, 2), (3, 2), (3, 3))  # (layer, head), counted from 0: of sixteen, those of which the lesson tells
A, B, C = (3.0, 4.0), (4.0, 3.0), (12.0, -2.0)


# -- what BERT reads ----------------------------------------------------------------------------------------------------


def encoded() -> Data:
    """Tokens, ids, segments and attention mask of a pair and of a short text, in one batch."""
    from course.models.bert import load_bert

    tokenizer, _ = load_bert()
    encoded = [tokenizer(*PAIR), tokenizer(ALONE)]
    rows = tokenizer.pad({name: [one[name] for one in encoded] for name in encoded[0]})
    return {
        "tokens": [tokenizer.convert_ids_to_tokens(ids) for ids in rows["input_ids"]],
        **{name: rows[name] for name in ("input_ids", "token_type_ids", "attention_mask")},
    }


@figure("encoding", measure=encoded, quick=True)
def encoding(data: Data) -> Any:
    """Every token a cell, coloured by its segment; padding is grey."""
    drawing = style.sheet(9.4, 3.1)
    axes = drawing.subplots()
    for row, tokens in enumerate(data["tokens"]):
        for k, token in enumerate(tokens):
            ids, segment, mask = (data[n][row][k] for n in ("input_ids", "token_type_ids", "attention_mask"))
            colour = PALE if not mask else SKY if segment == 0 else ORANGE
            top = -4.6 * row
            axes.fill([k, k + 0.94, k + 0.94, k], [top, top, top + 1, top + 1], color=colour, alpha=0.75, lw=0)
            axes.text(k + 0.47, top + 0.5, token, ha="center", va="center", fontsize=9)
            for line, value in enumerate((ids, segment, mask)):
                axes.text(k + 0.47, top - 0.5 - line, value, ha="center", va="center", fontsize=9, color="#333333")
        for line, name in enumerate(("tokens", "input_ids", "token_type_ids", "attention_mask")):
            axes.text(-0.15, top + 0.5 - line, name, ha="right", va="center", fontsize=9, family="monospace")
    axes.set(xlim=(-2.6, len(data["tokens"][0])), ylim=(-7.8, 1.1))
    axes.axis("off")
    return drawing


# -- the table of words -------------------------------------------------------------------------------------------------


@figure("cosine")
def cosine() -> Any:
    """Two short arrows that nearly agree, and a long one."""
    drawing = style.sheet(6.6, 3.2)
    axes = drawing.subplots()
    for name, arrow, colour in (("a = (3, 4)", A, BLUE), ("b = (4, 3)", B, GREEN), ("c = (12, −2)", C, ORANGE)):
        axes.annotate(
            "", arrow, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2.2, "shrinkA": 0, "shrinkB": 0}
        )
        axes.text(arrow[0] + 0.15, arrow[1] + 0.12, name, color=colour, fontsize=11)
    for line, (name, other) in enumerate((("b", B), ("c", C))):
        product, share = np.dot(A, other), np.dot(A, other) / np.linalg.norm(A) / np.linalg.norm(other)
        axes.text(7.2, 3.9 - line, f"a · {name} = {product:.0f},  cosine {share:.2f}", fontsize=11)
    axes.axhline(0, color=GREY, lw=0.8)
    axes.axvline(0, color=GREY, lw=0.8)
    axes.set(xlim=(-0.5, 14.5), ylim=(-2.6, 4.9), aspect="equal")
    return drawing


def word_map_points() -> Data:
    """{group: [[word, x, y], …]}: normalised embeddings on the two directions in which these words differ most."""
    import torch
    from torch.nn import functional as F

    from course.models.bert import load_bert

    tokenizer, model = load_bert()
    words = [(group, word) for group, many in GROUPS.items() for word in many.split()]
    ids = tokenizer.convert_tokens_to_ids([word for _, word in words])
    table = model.bert.embeddings.word_embeddings.weight.detach()
    rows = F.normalize(table[ids].double(), dim=1)
    rows = rows - rows.mean(dim=0)
    _, lengths, directions = torch.linalg.svd(rows, full_matrices=False)
    # the sign of a direction is chance: january to the right, paris below
    signs = torch.tensor([_sign(rows, directions[0], words, "january"), -_sign(rows, directions[1], words, "paris")])
    places = rows @ directions[:2].T * signs
    found: Data = {group: [] for group in GROUPS}
    for (group, word), (x, y) in zip(words, places.tolist(), strict=True):
        found[group].append([word, x, y])
    found["share"] = float(lengths[:2].square().sum() / lengths.square().sum())
    return found


def _sign(rows: Any, direction: Any, words: list[tuple[str, str]], word: str) -> float:
    place = [name for _, name in words].index(word)
    return 1.0 if float(rows[place] @ direction) > 0 else -1.0


@figure("word-map", measure=word_map_points, quick=True)
def word_map(data: Data) -> Any:
    """Words where their embeddings lie, each group in its colour and with its marker."""
    drawing = style.sheet(7.2, 4.4)
    axes = drawing.subplots()
    styles = zip(GROUPS, (BLUE, SKY, ORANGE, PURPLE, GREEN, GREY), "os^Dvp", strict=True)
    for group, colour, marker in styles:
        points = data[group]
        axes.scatter([p[1] for p in points], [p[2] for p in points], s=26, c=colour, marker=marker, label=group)
        for k, (word, x, y) in enumerate(sorted(points, key=lambda point: point[2])):
            side, where = (7, "left") if k % 2 else (-7, "right")  # by turns, so that neighbours' names do not meet
            axes.annotate(word, (x, y), (side, 0), textcoords="offset points", fontsize=9, va="center", ha=where)
    axes.legend()
    axes.set(xlabel="first direction", ylabel="second direction", xticks=[], yticks=[])
    axes.margins(0.15)
    return drawing


# -- attention ----------------------------------------------------------------------------------------------------------


@figure("attention-by-hand")
def attention_by_hand() -> Any:
    """The weights of three tokens, without a mask and with one on the third."""
    scores = np.array([0.0, 2.0, 4.0]) / np.sqrt(4)
    drawing = style.sheet(6.6, 2.6)
    titles = "all three tokens", "the third one masked"
    for axes, seen, title in zip(drawing.subplots(1, 2, sharey=True), (3, 2), titles, strict=True):
        parts = np.where(np.arange(3) < seen, np.exp(scores), 0)
        weights = parts / parts.sum()
        bars = axes.bar(["token 1", "token 2", "token 3"], weights, color=[SKY, BLUE, ORANGE])
        axes.bar_label(bars, [f"{w:.3f}" for w in weights], fontsize=9)
        axes.set(ylim=(0, 0.9), title=title)
        axes.spines[["top", "right"]].set_visible(False)
    drawing.axes[0].set_ylabel("weight")
    return drawing


def attention_of_mask() -> Data:
    """Where [MASK] looks, in some heads."""
    import torch

    from course.models.bert import load_bert

    tokenizer, model = load_bert()
    model.set_attn_implementation("eager")  # the other ways of computing it do not keep the weights
    inputs = tokenizer(*COVERED, return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    with torch.inference_mode():
        layers = model(**inputs, output_attentions=True).attentions
    place = tokens.index("[MASK]")
    weights = [layers[layer][0, head, place].tolist() for layer, head in HEADS]
    return {"tokens": tokens, "weights": weights}


@figure("attention", measure=attention_of_mask, quick=True)
def attention(data: Data) -> Any:
    """One row a head, one column a token."""
    drawing = style.sheet(9, 2.9)
    axes = drawing.subplots()
    weights = np.array(data["weights"])
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), weight in np.ndenumerate(weights):
        if weight >= 0.05:
            axes.text(
                column,
                row,
                f"{weight:.2f}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if weight > 0.5 else "black",
            )
    names = [f"layer {layer + 1}, head {head + 1}" for layer, head in HEADS]
    axes.set_xticks(range(len(data["tokens"])), data["tokens"], fontsize=10)
    axes.set_yticks(range(len(names)), names, fontsize=10)
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(len(data["tokens"])) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names)) - 0.5, minor=True)
    axes.grid(which="minor", color="#cccccc", lw=0.6)
    axes.tick_params(which="both", length=0)
    return drawing


# -- guesses ------------------------------------------------------------------------------------------------------------


def guesses() -> Data:
    """{sentence: [[word, probability], …]}"""
    import torch

    from course.models.bert import load_bert

    tokenizer, model = load_bert()
    found: Data = {}
    for text in SENTENCES:
        inputs = tokenizer(text, return_tensors="pt")
        place = inputs["input_ids"][0].tolist().index(tokenizer.mask_token_id)
        with torch.inference_mode():
            best = model(**inputs).prediction_logits[0, place].softmax(-1).topk(5)
        words = tokenizer.convert_ids_to_tokens(best.indices.tolist())
        found[text] = [[w, p] for w, p in zip(words, best.values.tolist(), strict=True)]
    return found


@figure("masked", measure=guesses, quick=True)
def masked(data: Data) -> Any:
    """The five most likely words of three sentences."""
    drawing = style.sheet(9.4, 2.5)
    for axes, (text, words) in zip(drawing.subplots(1, 3), data.items(), strict=True):
        bars = axes.barh([w for w, _ in words][::-1], [p for _, p in words][::-1], color=BLUE)
        axes.bar_label(bars, [f"{p:.3f}" for _, p in words][::-1], fontsize=8, padding=2)
        axes.set(xlim=(0, 1.2), xticks=[])
        axes.set_title(text, fontsize=8.5)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.tick_params(length=0, labelsize=9)
    return drawing

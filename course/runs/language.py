"""What a language model knows, to look at: words on a map, and where the tokens of a sentence look."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from course.runs import figures

GROUPS, NEAR = 10, 3  # of so many words so many of the nearest
LETTER, LINE = 0.011, 0.036  # width of a letter and height of a line, as shares of the map: names must not overlap
SIDES = {"right": (0.012, 0.0), "left": (-0.012, 0.0), "above": (0.0, 0.033), "below": (0.0, -0.033)}


class Place(NamedTuple):
    """A word of the map.

    Args:
        group: the word that it is near to.
        x, y: 0 to 1.
        side: of the point, where its name stands; "" where there is no room for it.
    """

    word: str
    group: str
    x: float
    y: float
    side: str


def word_map(tokenizer: Any, model: Any, near: Mapping[str, Sequence[str]]) -> list[Place]:
    """Places of some words and of the words nearest to each, by the two directions in which their embeddings differ most.

    Args:
        near: the nearest words of each, nearest first.
    """
    groups: dict[str, str] = {}
    for word, found in list(near.items())[:GROUPS]:
        for one in (word, *found[:NEAR]):
            groups.setdefault(str(one).lower(), word)
    ids = {word: tokenizer.convert_tokens_to_ids(word) for word in groups}
    known = [word for word in groups if isinstance(ids[word], int) and ids[word] != tokenizer.unk_token_id]
    if len(known) < 3:
        return []
    table = model.get_input_embeddings().weight.detach()
    rows = F.normalize(table[[ids[word] for word in known]].double(), dim=1)
    rows = rows - rows.mean(dim=0)
    directions = torch.linalg.svd(rows, full_matrices=False).Vh[:2]
    signs = torch.where((rows[0] @ directions.T) < 0, -1.0, 1.0)  # the sign of a direction is chance
    points = rows @ directions.T * signs
    low, high = points.amin(dim=0), points.amax(dim=0)
    return _named(known, groups, ((points - low) / (high - low).clamp(min=1e-9)).tolist())


def _named(words: Sequence[str], groups: Mapping[str, str], points: Sequence[Sequence[float]]) -> list[Place]:
    """With a side for each name on which it covers neither a point nor another name; the first words choose first."""
    taken: list[tuple[float, float, float, float]] = []
    spots = [(x - 0.006, x + 0.006, y - 0.012, y + 0.012) for x, y in points]
    found = []
    for word, (x, y) in sorted(zip(words, points), key=lambda one: groups[one[0]] != one[0]):
        for side, (right, up) in SIDES.items():
            width = LETTER * len(word)
            left = x + right - (width if side == "left" else 0 if side == "right" else width / 2)
            box = (left, left + width, y + up - LINE / 2, y + up + LINE / 2)
            own = word == groups[word]  # its name matters more than a point beside it
            others = taken if own else taken + spots
            if not any(box[0] < b[1] and b[0] < box[1] and box[2] < b[3] and b[2] < box[3] for b in others):
                taken.append(box)
                break
        else:
            side = ""
        found.append(Place(word, groups[word], round(x, 4), round(y, 4), side))
    return found


def attention(
    tokenizer: Any, model: Any, encoding: Mapping[str, torch.Tensor]
) -> tuple[list[str], np.ndarray, str] | None:
    """(tokens, weights (T, T), name of the head) of the head in which the mask looks most at one word that is not beside it.

    None where the model keeps no weights.

    Args:
        encoding: of one sentence or pair, as the model reads it.
    """
    tokens = tokenizer.convert_ids_to_tokens(encoding["input_ids"][0])
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")  # the other ways of computing it do not keep the weights
    try:
        with torch.inference_mode():
            layers = model.eval()(**encoding, output_attentions=True).attentions
    finally:
        model.set_attn_implementation(before)
    if not layers:
        return None
    weights = torch.stack([layer[0] for layer in layers])  # (L, heads, T, T)
    asking = tokens.index(tokenizer.mask_token) if tokenizer.mask_token in tokens else 1
    words = [k for k, token in enumerate(tokens) if token.isalnum() and abs(k - asking) > 1]  # a neighbour is no news
    if not words:
        return None
    layer, head = divmod(int(weights[:, :, asking, words].amax(dim=2).argmax()), weights.shape[1])
    return tokens, weights[layer, head].numpy(), f"layer {layer + 1}, head {head + 1}"


def draw_map(places: Sequence[Place], path: Path, title: str) -> Path:
    """Each word where it lies; a colour and a marker for each word with its nearest."""
    figure = figures.sheet(9.0, 6.0)
    axes = figure.add_subplot()
    groups = list(dict.fromkeys(place.group for place in places))
    for place in places:
        number = groups.index(place.group)
        axes.scatter([place.x], [place.y], s=26, color=f"C{number}", marker="os^DvpP*Xh"[number % 10])
        if place.side:
            right, up = SIDES[place.side]
            weight = "bold" if place.word == place.group else "normal"
            across = {"right": "left", "left": "right"}.get(place.side, "center")
            spot = place.x + right, place.y + up
            axes.text(*spot, place.word, fontsize=9, ha=across, va="center", weight=weight)
    axes.set(xticks=[], yticks=[], xlim=(-0.1, 1.1), ylim=(-0.06, 1.06))
    return figures.save(figure, path, title)


def draw_attention(tokens: Sequence[str], weights: np.ndarray, path: Path, title: str) -> Path:
    """A row for each token that looks, a column for each that is looked at."""
    side = max(4.0, 1.6 + 0.5 * len(tokens))
    figure = figures.sheet(side, side)
    axes = figure.add_subplot()
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(tokens)), tokens, rotation=90)
    axes.set_yticks(range(len(tokens)), tokens)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    for (row, column), weight in np.ndenumerate(weights):
        if weight >= 0.1:
            ink = "white" if weight > 0.5 else "black"
            axes.text(column, row, f"{weight:.1f}", ha="center", va="center", fontsize=8, color=ink)
    return figures.save(figure, path, title)

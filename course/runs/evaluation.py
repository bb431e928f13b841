"""What a trained model gets right and wrong: counts by class, and the images that show it best.

It measures and chooses; `course.runs.figures` draws, `course.runs.run` prints.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from course.training import device_of

SHEET_WRONG, SHEET_ALL = 24, 32  # of the tiles of a sheet, how many mistakes at most: some right answers show as well


class Tile(NamedTuple):
    """One image of a sheet: (C, H, W) or flat, class numbers, and the probability of the predicted class."""

    image: torch.Tensor
    truth: int
    predicted: int
    confidence: float


@torch.no_grad()
def evaluate(
    model: nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]], classes: int
) -> tuple[np.ndarray, list[Tile]]:
    """Use the model in eval mode on every batch.

    Args:
        batches: (images, labels (B,)), on the CPU; the model may be elsewhere.
        classes: K, how many logits there are.

    Returns:
        counts: int64 (K, K), counts[truth, prediction].
        tiles: at most 32, the most confident mistakes first, then right answers in the order of the data.
    """
    counts = np.zeros((classes, classes), np.int64)
    wrong: list[Tile] = []
    right: list[Tile] = []
    model.eval()
    device = device_of(model)
    for images, labels in batches:
        sure, predicted = torch.softmax(model(images.to(device)).float().cpu(), dim=1).max(dim=1)
        np.add.at(counts, (labels.numpy(), predicted.numpy()), 1)
        for k in range(len(labels)):
            truth, said = int(labels[k]), int(predicted[k])
            if truth != said:
                wrong.append(Tile(images[k].clone(), truth, said, float(sure[k])))
            elif len(right) < SHEET_ALL:
                right.append(Tile(images[k].clone(), truth, said, float(sure[k])))
        wrong = sorted(wrong, key=lambda tile: -tile.confidence)[:SHEET_ALL]  # never more images than a sheet holds
    shown = wrong[: max(SHEET_WRONG, SHEET_ALL - len(right))]
    return counts, shown + right[: SHEET_ALL - len(shown)]


def most_confused(counts: np.ndarray, names: Sequence[str], most: int = 5) -> list[str]:
    """Lines for people: the pairs of classes that are mistaken most often. counts[truth, prediction], int (K, K)."""
    pairs = [(-counts[t, p], t, p) for t, p in np.argwhere(counts > 0) if t != p]
    return [f"  {names[t]} taken for {names[p]}: {-minus} of {counts[t].sum()}" for minus, t, p in sorted(pairs)[:most]]

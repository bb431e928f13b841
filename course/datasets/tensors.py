"""Data files as tensors and torch data sets: for graders, measurements and projects whose lesson is not reading files."""

from pathlib import Path

import torch
from torch.utils.data import TensorDataset

from course.datasets.signs import read_signs

GAP = 9  # Kaggle's labels are places in the alphabet; j, the ninth from zero, has no still picture


def sign_tensors(csv: str | Path) -> tuple[torch.Tensor, torch.Tensor]:
    """The signs of a CSV: float32 images (N, 1, 28, 28) in [0, 1], and int64 classes (N,) 0 to 23 with no gap."""
    pixels, labels = read_signs(Path(csv))
    return torch.from_numpy(pixels).unsqueeze(1).float() / 255, without_gap(torch.from_numpy(labels))


def sign_set(csv: str | Path) -> TensorDataset:
    """The same as a data set of (image, class) pairs."""
    return TensorDataset(*sign_tensors(csv))


def without_gap(labels: torch.Tensor) -> torch.Tensor:
    """Kaggle's labels 0 to 24 without 9 -> int64 classes 0 to 23."""
    return labels.long() - (labels > GAP).long()

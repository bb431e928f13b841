"""What several graders need: pictures and labels by formula, textbook training, hidden data."""

import functools
import io

import numpy as np
import torch
from PIL import Image
from torch import nn

from course.grading.wire import Photo


def images(count: int, side: int = 8, channels: int = 1, seed: int = 0) -> torch.Tensor:
    """Random float32 images (count, channels, side, side) in [0, 1)."""
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(seed))


def labels(count: int, classes: int, seed: int = 0) -> torch.Tensor:
    """Random int64 labels (count,)."""
    return torch.randint(0, classes, (count,), generator=torch.Generator().manual_seed(seed))


def grey(pixels: np.ndarray) -> Photo:
    """A grey picture file (PNG) with exactly these uint8 pixels (H, W)."""
    return photo(Image.fromarray(pixels))


def photo(image: Image.Image, kind: str = "PNG", **options: object) -> Photo:
    """A picture as the bytes of a file of this kind."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return Photo(buffer.getvalue())


def numbered(count: int, offset: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Images that say who they are: every pixel of image k is k / 255 (k < 256); label k. (count, 1, 2, 2), (count,)."""
    who = torch.arange(offset, offset + count)
    return (who / 255).view(-1, 1, 1, 1).expand(-1, 1, 2, 2).clone(), who


def numbers_in(batch: torch.Tensor) -> list[int]:
    """Who is in a batch of `numbered` images."""
    return [round(value * 255) for value in batch.flatten(1)[:, 0].tolist()]


def textbook_epoch(
    model: nn.Module, x: torch.Tensor, y: torch.Tensor, batch_size: int, lr: float, loss: nn.Module | None = None
) -> tuple[float, float]:
    """One epoch of plain SGD in the order of the data, the update written out; changes `model`, returns loss and accuracy."""
    loss = loss or nn.CrossEntropyLoss()
    total, right = 0.0, 0
    model.train()
    for images_part, labels_part in zip(x.split(batch_size), y.split(batch_size), strict=True):
        logits = model(images_part)
        value = loss(logits, labels_part)
        gradients = torch.autograd.grad(value, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= lr * gradient
        total += float(value.detach()) * len(labels_part)
        right += int((logits.argmax(1) == labels_part).sum())
    return total / len(y), right / len(y)


def accuracy(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """Fraction of rows whose highest logit is that of the right class: counted here, on the judge's side."""
    return float((logits.argmax(1) == truth).double().mean())


@functools.cache
def hidden_digits(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Digits that no file holds: float32 (count, 1, 28, 28) in [0, 1] and labels."""
    from course.datasets.digits import digits

    pixels, truth = digits(count, seed + 90_001, "hidden")
    return torch.from_numpy(pixels).unsqueeze(1).float() / 255, torch.from_numpy(truth).long()


@functools.cache
def training_digits() -> tuple[torch.Tensor, torch.Tensor]:
    """The embedded training digits: float32 (N, 1, 28, 28) in [0, 1] and labels."""
    from torchvision.datasets import MNIST

    from course.datasets.store import ensure

    data = MNIST(str(ensure("mnist")), train=True)
    return data.data.unsqueeze(1).float() / 255, data.targets


@functools.cache
def training_signs() -> tuple[torch.Tensor, torch.Tensor]:
    """The embedded training signs: float32 (N, 1, 28, 28) in [0, 1] and classes 0 to 23."""
    from course.datasets.store import ensure
    from course.datasets.tensors import sign_tensors

    return sign_tensors(ensure("asl") / "sign_mnist_train.csv")


@functools.cache
def unseen_signs(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Signs by signers who are not in the training data: (N, 1, 28, 28) and classes.

    With seed 0, in a student's own run, the embedded validation file: it is there already. Any other seed makes signs that no
    file holds.
    """
    from course.datasets.hands import signs
    from course.datasets.store import ensure
    from course.datasets.tensors import sign_tensors, without_gap

    if seed == 0:
        return sign_tensors(ensure("asl") / "sign_mnist_valid.csv")
    pixels, truth = signs(480, seed, "hidden")
    return torch.from_numpy(pixels).unsqueeze(1).float() / 255, without_gap(torch.from_numpy(truth))


def sign_csv(rows: int, seed: int = 0) -> tuple[str, np.ndarray, list[int]]:
    """A small file in Kaggle's format: (text, pixels uint8 (rows, 784), classes 0 to 23 as they should be read).

    The 24 letters come first, once each in alphabetical order, so that both sides of the gap are there.
    """
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (rows, 784), dtype=np.uint8)
    classes = [k if k < 24 else int(generator.integers(0, 24)) for k in range(rows)]
    header = "label," + ",".join(f"pixel{k}" for k in range(1, 785))
    lines = [",".join([str(c + (c > 8)), *map(str, row)]) for c, row in zip(classes, pixels.tolist(), strict=True)]
    return "\n".join([header, *lines]) + "\n", pixels, classes

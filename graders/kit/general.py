"""What several graders need: pictures and labels by formula, textbook training, hidden data."""

import functools
import io
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import nn

from course.checks.expect import expect, expect_at_least, expect_at_most, expect_equal, expect_tensor
from course.checks.probes import forward, traces_on, unregistered_in, with_redrawn_parameters
from course.checks.wire import Photo
from course.models.signs import baselines


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
    model: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    batch_size: int,
    lr: float,
    momentum: float = 0.0,
    loss: nn.Module | None = None,
) -> tuple[float, float]:
    """One epoch of SGD in the order of the data, the update written out; changes `model`, returns loss and accuracy."""
    loss = loss or nn.CrossEntropyLoss()
    velocities = [torch.zeros_like(p) for p in model.parameters()]
    total, right = 0.0, 0
    model.train()
    for images_part, labels_part in zip(x.split(batch_size), y.split(batch_size), strict=True):
        logits = model(images_part)
        value = loss(logits, labels_part)
        gradients = torch.autograd.grad(value, list(model.parameters()))
        with torch.no_grad():
            for parameter, velocity, gradient in zip(model.parameters(), velocities, gradients, strict=True):
                velocity.mul_(momentum).add_(gradient)
                parameter -= lr * velocity
        total += float(value.detach()) * len(labels_part)
        right += int((logits.argmax(1) == labels_part).sum())
    return total / len(y), right / len(y)


def expect_logits(model: Any, x: torch.Tensor, classes: int) -> None:
    """The network ends in scores of any size and sign, whatever it learns: no softmax, no activation after the last layer."""
    logits = expect_tensor(with_redrawn_parameters(model, x, draws=6, std=0.5), "logits", shape=(6, len(x), classes))
    ones = torch.ones(6, len(x))
    # 1e-4: real logits miss these sums by far more than float32 rounding of some ten numbers, about 1e-6
    expect(
        not torch.allclose(logits.sum(2), ones, atol=1e-4),
        "the scores of each picture add up to 1: they are probabilities",
    )
    expect(not torch.allclose(logits.logsumexp(2).exp(), ones, atol=1e-4), "the scores are log-probabilities")
    least, most = float(logits.min()), float(logits.max())
    # Weights of 0.5 make sums of some hundred inputs of 1 to large numbers, alike in both directions. The worst of our right
    # solutions has -least / most = 0.6; ReLU, GELU and LeakyReLU give 0 to 0.01, tanh and sigmoid end at 1.
    expect_at_least(
        max(-least, most),
        2,
        "the largest score of either sign, whatever the weights",
        "whatever the weights, all scores lie between {least:.2g} and {most:.2g}: an activation after the last layer?",
        least=least,
        most=most,
    )
    ratio, what = -least / max(most, 1e-9), "the least score against the greatest, whatever the weights"
    lame = "whatever the weights, the scores go from {least:.2g} to {most:.2g}: an activation after the last layer?"
    # 0.05 to 20: between what ReLU and its like give and what our right solutions give, either way up
    expect_at_least(ratio, 0.05, what, lame, least=least, most=most)
    expect_at_most(ratio, 20, what, lame, least=least, most=most)


def expect_bent(model: Any, a: torch.Tensor, b: torch.Tensor) -> None:
    """The network is more than one linear layer: the scores of a mean are not the mean of the scores."""
    middle = forward(model, (a + b) / 2, mode="eval")
    straight = (forward(model, a, mode="eval") + forward(model, b, mode="eval")) / 2
    # an affine function meets the midpoint to rounding, about 1e-6; ReLU networks at their initial weights miss by 1e-2
    expect_at_least(
        float((middle - straight).abs().max()),
        1e-4,
        "how far the score of a mean is from the mean of the scores",
        "the network is linear: the score of a mean is the mean of the scores",
    )


def expect_registered(model: Any, x: torch.Tensor) -> None:
    """Every tensor that the forward pass learns by is one of the model's parameters, and gets a gradient."""
    foreign = unregistered_in(model, x)
    expect(
        foreign == 0,
        "{foreign} weights that the forward pass uses are not among the model's parameters: they are never trained",
        foreign=foreign,
    )


def expect_no_trace(model: Any, before: dict[str, Any], may_rest: bool = False) -> None:
    """Mode, frozen parameters, hooks and methods of a network are those that `traces_on` found before.

    Args:
        may_rest: parts that came in train mode may be in eval mode now.
    """
    after, mode = traces_on(model), "parts in train mode"
    if may_rest and set(after[mode]) <= set(before[mode]):
        before = {**before, mode: after[mode]}
    for name, found in after.items():
        expect_equal(found, before[name], f"{name}, afterwards")


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
    file holds, of 40 signers: people differ more than their shots do, so ten of them would make an exam that is a matter of who
    they are.
    """
    from course.datasets.hands import signs
    from course.datasets.store import ensure
    from course.datasets.tensors import sign_tensors, without_gap

    if seed == 0:
        return sign_tensors(ensure("asl") / "sign_mnist_valid.csv")
    pixels, truth = signs(1920, seed, "hidden")  # two shots of each letter by each signer, some before a bright wall
    return torch.from_numpy(pixels).unsqueeze(1).float() / 255, without_gap(torch.from_numpy(truth))


@functools.cache
def mixed_unseen_signs(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """As `unseen_signs`, and as hard with any seed as with 0: as many signers in a hundred stand before a bright wall.

    60 signers, one shot of each letter by each: a second one would be nearly the same picture, another person is not.
    """
    from course.datasets.hands import mixed_signs
    from course.datasets.tensors import without_gap

    if seed == 0:
        return unseen_signs(0)
    pixels, truth = mixed_signs(60, seed)
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


# -- signs and photos ---------------------------------------------------------------------------------------------------

LETTERS = "abcdefghiklmnopqrstuvwxy"


def baseline(name: str) -> float:
    """Mean accuracy on unseen hands of a network of ours, over five seeds: "dense" or "convolutional" (without augmentation)."""
    return baselines()[name]["mean"]


def hand_like() -> torch.Tensor:
    """A picture (1, 28, 28) with a palm, three fingers and a thumb, soft edges, on grey: nothing in it is symmetrical."""
    picture = Image.new("L", (112, 112), 60)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((38, 52, 78, 98), 12, fill=190)
    for left, top in ((38, 22), (52, 16), (66, 26)):
        draw.rounded_rectangle((left, top, left + 11, 62), 5, fill=205)
    draw.line((40, 84, 22, 62), fill=175, width=11)
    small = picture.resize((28, 28), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(small).copy()).view(1, 28, 28).float() / 255


@functools.cache
def scene(size: tuple[int, int]) -> Image.Image:
    """A colour picture (width, height) of large soft shapes, different in every corner.

    All good filters shrink it to nearly the same picture; a turn or another crop gives quite another one.
    """
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    side = min(size)
    # coordinates in units of the central square, so that scenes of all sizes look alike in their middle
    u, v = (x - (width - side) / 2) / side, (y - (height - side) / 2) / side
    blob = lambda a, b, r: np.exp(-((u - a) ** 2 + (v - b) ** 2) / r**2)  # noqa: E731
    light = 0.25 + 0.6 * blob(0.25, 0.2, 0.22) + 0.35 * blob(0.8, 0.45, 0.18) + 0.2 * v
    rgb = np.stack([light * 1.0, light * 0.8 + 0.1 * u, light * 0.6 + 0.15], -1)
    return Image.fromarray((rgb.clip(0, 1) * 255).astype(np.uint8))


def even_photo(index: int, suffix: str) -> bytes:
    """The bytes of an even grey photo that `recipes.brightness_net` reads as class `index`."""
    value = round((index + 0.5) / 24 * 255)
    kind = "PNG" if suffix.lower() == "png" else "JPEG"
    return photo(Image.new("RGB", (64, 48), (value, value, value)), kind).content


def saved(state: dict[str, torch.Tensor]) -> bytes:
    """A state dict as `torch.save` writes it."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


class _Trap:
    """An object whose unpickling overwrites a file: what a hostile model file may do, harmlessly."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"open({self.marker!r}, 'wb').write(b'the trap was sprung')",)


def trap_file(marker: str) -> bytes:
    """A model file that overwrites the file `marker` when it is unpickled."""
    buffer = io.BytesIO()
    torch.save({"weight": _Trap(marker)}, buffer)
    return buffer.getvalue()


@functools.cache
def unseen_photos(seed: int) -> list[tuple[str, Photo]]:
    """Colour photos of hands: (letter, file). With seed 0 those of the embedded data, one a letter; else two, by new signers.

    With 24 photos and, say, 0.97 right, four wrong ones, one too many, would come once in 200 times; of 48 seven may be wrong.
    """
    from course.datasets.hands import photo as take
    from course.datasets.store import ensure

    if seed == 0:
        folder = ensure("asl") / "photos"
        return [(letter, Photo((folder / f"{letter}.jpg").read_bytes())) for letter in LETTERS]
    # from 100 on: the embedded photos are those of seed 20
    seeds = (100 + 2 * seed, 101 + 2 * seed)
    return [(letter, photo(take(letter, s, "hidden"), "JPEG", quality=92)) for s in seeds for letter in LETTERS]

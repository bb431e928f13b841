"""What several graders need: pictures and labels by formula, textbook training, hidden data."""

import functools
import io
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image, ImageDraw

from course.checks.expect import expect_equal
from course.checks.probes import traces_on
from course.checks.seeds import drawn, fixed
from course.checks.wire import Photo
from course.models.signs import baselines

T = TypeVar("T")


def images(count: int, side: int = 8, channels: int = 1, seed: int = 0) -> torch.Tensor:
    """Random float32 images (count, channels, side, side) in [0, 1)."""
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(drawn(seed)))


def labels(count: int, classes: int, seed: int = 0) -> torch.Tensor:
    """Random int64 labels (count,)."""
    return torch.randint(0, classes, (count,), generator=torch.Generator().manual_seed(drawn(seed)))


def grey(pixels: np.ndarray) -> Photo:
    """A grey picture file (PNG) with exactly these uint8 pixels (H, W)."""
    return photo(Image.fromarray(pixels))


def photo(image: Image.Image, kind: str = "PNG", **options: object) -> Photo:
    """A picture as the bytes of a file of this kind."""
    if options or image.info or image.palette:
        return Photo(_saved(image, kind, **options))
    return Photo(_plain(image.mode, image.size, image.tobytes(), kind))


@functools.lru_cache(maxsize=512)
def _plain(mode: str, size: tuple[int, int], pixels: bytes, kind: str) -> bytes:
    """The same pictures come again for each submission of a class, and to pack one takes longer than to look it up."""
    return _saved(Image.frombytes(mode, size, pixels), kind)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def numbered(count: int, offset: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Images that say who they are: every pixel of image k is k / 255 (k < 256); label k. (count, 1, 2, 2), (count,)."""
    who = torch.arange(offset, offset + count)
    return (who / 255).view(-1, 1, 1, 1).expand(-1, 1, 2, 2).clone(), who


def numbers_in(batch: torch.Tensor) -> list[int]:
    """Who is in a batch of `numbered` images."""
    return [round(value * 255) for value in batch.flatten(1)[:, 0].tolist()]


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


def any_order(seed: int, count: int) -> list[int]:
    """The numbers from 0 on, shuffled by a secret seed: from the place of a question nobody can tell its answer."""
    return np.random.default_rng([seed, 30_301]).permutation(count).tolist()


def shuffled(asked: Sequence[T], seed: int = 0) -> Sequence[T]:
    """Questions as they stand; in a class in an order that is drawn anew, so that the answers in turn cannot be known."""
    return asked if fixed() else [asked[k] for k in any_order(drawn(seed), len(asked))]


def in_any_order(seed: int, images: torch.Tensor, truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Images and their labels in `any_order`."""
    order = any_order(seed, len(truth))
    return images[order], truth[order]


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
    return in_any_order(seed, torch.from_numpy(pixels).unsqueeze(1).float() / 255, without_gap(torch.from_numpy(truth)))


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
    return in_any_order(seed, torch.from_numpy(pixels).unsqueeze(1).float() / 255, without_gap(torch.from_numpy(truth)))


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


def scene(size: tuple[int, int], which: int = 0) -> Image.Image:
    """A colour picture (width, height) of large soft shapes, different in every corner; in a class it is drawn anew for each size.

    All good filters shrink it to nearly the same picture; a turn or another crop gives quite another one.

    Args:
        which: of several of one size, which all look alike in a student's own run.
    """
    shape = (0.25, 0.25, 0.2, 0.8, 0.45)
    if fixed():
        return _scene(size, shape, 0)
    rng = np.random.default_rng([drawn(which), *size])
    # a place by a quarter of a shape, and the light by a tenth; and one of the 8 ways to lay a picture down, dark on light or
    # light on dark: these differ from each other by 0.1 and more on average
    moves = rng.choice([-1.0, 1.0], 5) * (0.1, 0.06, 0.06, 0.06, 0.06)
    return _scene(size, tuple(float(value) for value in np.array(shape) + moves), int(rng.integers(16)))


@functools.lru_cache(maxsize=256)
def _scene(size: tuple[int, int], shape: tuple[float, ...], way: int) -> Image.Image:
    width, height = size
    ground, left, top, right, middle = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    side = min(size)
    # coordinates in units of the central square, so that scenes of all sizes look alike in their middle
    u, v = (x - (width - side) / 2) / side, (y - (height - side) / 2) / side
    u, v = (v, u) if way & 1 else (u, v)
    u, v = 1 - u if way & 2 else u, 1 - v if way & 4 else v
    blob = lambda a, b, r: np.exp(-((u - a) ** 2 + (v - b) ** 2) / r**2)  # noqa: E731
    light = ground + 0.6 * blob(left, top, 0.22) + 0.35 * blob(right, middle, 0.18) + 0.2 * v
    rgb = np.stack([light * 1.0, light * 0.8 + 0.1 * u, light * 0.6 + 0.15], -1).clip(0, 1)
    return Image.fromarray(((1 - rgb if way & 8 else rgb) * 255).astype(np.uint8))


def panorama() -> Image.Image:
    """A picture of 6000 x 60 with stripes from side to side: who shrinks it until its width is small has lost them."""
    stripes = np.where(np.arange(60) // 12 % 2, 60, 200).astype(np.uint8)
    return Image.fromarray(stripes[:, None].repeat(6_000, 1)).convert("RGB")


def inner_square(size: tuple[int, int]) -> Image.Image:
    """A black picture (width, height) with a white square in the middle, half as wide as its largest square: 0.25 of that."""
    side, image = min(size), Image.new("RGB", size)
    left, top = (size[0] - side // 2) // 2, (size[1] - side // 2) // 2
    image.paste((255, 255, 255), (left, top, left + side // 2, top + side // 2))
    return image


@functools.lru_cache(maxsize=64)
def specks(side: int, *white: float) -> Photo:
    """A photo of black and white pixels by chance: from farther away an even grey, or one in each quarter.

    Args:
        white: the share of white ones; or four, of the quarters from top left to bottom right. A half unless given.
    """
    rng = np.random.default_rng(3)
    if not white:
        dots = rng.integers(0, 2, (side, side, 1), dtype=np.uint8)
    else:
        shares = np.array(white * 4 if len(white) == 1 else white).reshape(2, 2)
        dots = rng.random((side, side, 1)) < shares.repeat(side // 2, 0).repeat(side // 2, 1)[..., None]
    return photo(Image.fromarray((dots.astype(np.uint8) * 255).repeat(3, axis=2)))


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
    made = [(letter, photo(take(letter, s, "hidden"), "JPEG", quality=92)) for s in seeds for letter in LETTERS]
    return [made[k] for k in any_order(seed, len(made))]

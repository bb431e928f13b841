"""What the embedded signs teach: an MLP learns its signers by heart, a CNN less so, augmentation carries over to new hands.

    python benchmarks/lesson_signs.py                        # five seeds, five models, about four minutes on two cores
    python benchmarks/lesson_signs.py --seeds 2 --photos 2   # a quicker look
    python benchmarks/lesson_signs.py --data-seeds           # new signers for each seed, not those that are shipped
    python benchmarks/lesson_signs.py --data data/pocket/asl # the files that are made once, with no drawing first
    python benchmarks/lesson_signs.py --sheets docs/pictures # no training: the contact sheets hands.png, hands-photos.png

Each seed sets the weights, the order of the batches and the augmentation. All models: pixels divided by 255, Adam 1e-3,
batches of 32; the learning rate of the augmented one falls along a cosine. The photographs are of people whom no CSV
shows; they go through project 04b's preprocessing (grey, central square, 28 x 28) and the augmented network.
"""

import argparse
import math
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from course.datasets import hands
from course.datasets.signs import read_signs

BANDS = """
bands: mlp train >= 0.99, mlp valid <= 0.75, cnn valid >= mlp valid + 0.10, augmented valid >= 0.90 and
>= cnn valid + 0.03, linear and histogram valid <= 0.85, photos >= 0.85; every seed"""


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 24))


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 24)
    )


def block(inside: int, outside: int, dropout: float) -> list[nn.Module]:
    layers = [nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()]
    return [*layers, nn.Dropout(dropout), nn.MaxPool2d(2)]


def cnn() -> nn.Module:
    convolutions = [*block(1, 25, 0), *block(25, 50, 0.2), *block(50, 75, 0)]  # (N, 75, 3, 3)
    head = [nn.Flatten(), nn.Linear(75 * 9, 512), nn.Dropout(0.3), nn.ReLU(), nn.Linear(512, 24)]
    return nn.Sequential(*convolutions, *head)


def histogram() -> nn.Module:
    return nn.Linear(64, 24)


def augment(x: torch.Tensor) -> torch.Tensor:
    """Rotation by up to 12 degrees, a crop of 0.8-1 of the area, a shift of up to 6 %, brightness and contrast by 0.2.

    No flip: every signer here is right-handed, and a flipped hand is a left hand.
    """
    n = len(x)
    angle = (torch.rand(n) * 2 - 1) * math.radians(12)
    zoom = torch.sqrt(0.8 + 0.2 * torch.rand(n))  # a crop of this side, stretched to the full picture
    cosine, sine, shift = zoom * torch.cos(angle), zoom * torch.sin(angle), (torch.rand(2, n) * 2 - 1) * 0.12
    grid = torch.stack([cosine, -sine, shift[0], sine, cosine, shift[1]], dim=1).view(n, 2, 3)
    x = F.grid_sample(x, F.affine_grid(grid, x.shape, align_corners=False), padding_mode="border", align_corners=False)
    bright, contrast = 0.8 + 0.4 * torch.rand(2, n, 1, 1, 1)
    x = (x * bright).clamp(0, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    return ((x - mean) * contrast + mean).clamp(0, 1)


def fit(build, train, valid, seed, epochs, change=None):
    """The trained model, its accuracy on the unchanged train data and on the valid data."""
    torch.manual_seed(seed)
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    # As project 04a trains: the learning rate of the augmented network falls to 0 along a cosine.
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs) if change else None
    x, y = train
    model.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            seen = change(x[batch]) if change else x[batch]
            F.cross_entropy(model(seen), y[batch]).backward()
            optimizer.step()
        if schedule:
            schedule.step()
    model.eval()
    return model, accuracy(model, *train), accuracy(model, *valid)


@torch.no_grad()
def accuracy(model, x, y) -> float:
    return float((model(x).argmax(1) == y).float().mean())


def tensors(images, labels):
    """Pixels (N, 1, 28, 28) in 0-1 and labels 0-23 with no gap."""
    labels = torch.as_tensor(labels).long()
    return torch.as_tensor(images)[:, None].float() / 255, labels - (labels > 8).long()


def grey_histogram(x):
    return torch.stack([torch.histc(image, 64, 0, 1) for image in x]) / 784


def tidy(picture: Image.Image) -> np.ndarray:
    """What project 04b does to a photograph: grey, central square, 28 x 28."""
    width, height = picture.size
    side = min(width, height)
    box = ((width - side) // 2, (height - side) // 2, (width + side) // 2, (height + side) // 2)
    return np.asarray(picture.convert("L").crop(box).resize((28, 28), Image.Resampling.BILINEAR))


def album(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One photograph a letter by 24 hidden people."""
    pictures = [tidy(hands.photo(letter, seed, "hidden")) for letter in hands.LETTERS]
    return np.stack(pictures), np.array([ord(letter) - 97 for letter in hands.LETTERS], np.uint8)


def from_folder(folder: Path):
    """Train and valid rows of the CSVs in `folder`, and its photographs as one album."""
    train, valid = (read_signs(folder / f"sign_mnist_{split}.csv") for split in ("train", "valid"))
    pictures = [tidy(Image.open(folder / "photos" / f"{letter}.jpg")) for letter in hands.LETTERS]
    return train, valid, (np.stack(pictures), np.array([ord(letter) - 97 for letter in hands.LETTERS], np.uint8))


def sheet(task: tuple[int, int, str]) -> tuple[np.ndarray, np.ndarray]:
    return hands.signs(*task)


MODELS = {"histogram": histogram, "linear": linear, "mlp": mlp, "cnn": cnn, "augmented": cnn}


@torch.no_grad()
def weakest(model, x, y) -> str:
    """The four letters that `model` misses most, and what it takes them for."""
    said = model(x).argmax(1)
    missed = sorted(((said != y)[y == k].float().mean().item(), k) for k in range(24))[:-5:-1]
    taken = {k: sorted({hands.LETTERS[j] for j in said[(y == k) & (said != k)].tolist()}) for _, k in missed}
    return ", ".join(f"{hands.LETTERS[k]} {1 - share:.2f} (for {''.join(taken[k])})" for share, k in missed)


def lesson(task: tuple) -> tuple[int, dict[str, float], str, float]:
    """One seed: accuracy of each model, of the augmented one on each album too, with its weakest letters; seconds."""
    seed, train, valid, albums, epochs = task
    torch.set_num_threads(1)
    started, found, weak = time.process_time(), {}, ""
    train, valid = tensors(*train), tensors(*valid)
    for name, rounds in epochs.items():
        pair = [(grey_histogram(x), y) for x, y in (train, valid)] if name == "histogram" else (train, valid)
        model, fitted, unseen = fit(MODELS[name], *pair, seed, rounds, augment if name == "augmented" else None)
        found |= {f"{name} train": fitted, f"{name} valid": unseen}
        if name == "augmented":
            right = [accuracy(model, *tensors(*pictures)) for pictures in albums]
            found |= {"photos, shipped set": right[0], "photos, mean of sets": statistics.mean(right)}
            found |= {"photos, worst set": min(right)}
            weak = weakest(model, *valid)
    return seed, found, weak, time.process_time() - started


def sheets(folder: Path) -> None:
    """Contact sheets: a row a letter with eight train and eight valid signers; one photograph a letter."""
    signs = np.concatenate([hands.signs(8 * 24, hands.SEED, split)[0] for split in ("train", "valid")])
    paper = Image.new("L", (16 * 58, 24 * 58), 255)
    for k, image in enumerate(signs):
        enlarged = Image.fromarray(image).resize((56, 56), Image.Resampling.BICUBIC)
        paper.paste(enlarged, (k // 24 * 58, k % 24 * 58))
    paper.save(folder / "hands.png", optimize=True)
    paper = Image.new("RGB", (6 * 242, 4 * 182), (255, 255, 255))
    for k, letter in enumerate(hands.LETTERS):
        taken = hands.photo(letter, hands.SEED, "hidden").resize((240, 180), Image.Resampling.LANCZOS)
        paper.paste(taken, (k % 6 * 242, k // 6 * 182))
    paper.quantize(256).save(folder / "hands-photos.png", optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--data", type=Path, help="a folder that course.datasets.hands.write has filled")
    parser.add_argument("--data-seeds", action="store_true", help="draw new signers for each seed")
    parser.add_argument("--epochs", type=int, default=20, help="of the dense models")
    parser.add_argument("--cnn-epochs", type=int, default=10)
    parser.add_argument("--augmented-epochs", type=int, default=20)
    parser.add_argument("--photos", type=int, default=5, help="how many sets of 24 photographs")
    parser.add_argument("--only", nargs="*", choices=MODELS, default=list(MODELS), help="names of models")
    parser.add_argument("--sheets", type=Path, help="draw the contact sheets into this folder and stop")
    args = parser.parse_args()
    if args.sheets:
        sheets(args.sheets)
        return
    seeds = range(args.first, args.first + args.seeds)
    sets = [1000 + k for k in seeds] if args.data_seeds else [hands.SEED]
    rounds = {"histogram": 3 * args.epochs, "linear": args.epochs, "mlp": args.epochs}
    rounds |= {"cnn": args.cnn_epochs, "augmented": args.augmented_epochs}
    epochs = {name: rounds[name] for name in MODELS if name in args.only}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        more = pool.map(album, range(5001, 5000 + args.photos))
        if args.data:
            one, other, shipped = from_folder(args.data)
            train, valid = {hands.SEED: one}, {hands.SEED: other}
        else:
            train, valid = (
                dict(zip(sets, pool.map(sheet, [(count, s, split) for s in sets])))
                for split, count in (("train", 2400), ("valid", 960))
            )
            shipped = album(hands.SEED)
        albums = [shipped, *more]
        tasks = [(k, train[s], valid[s], albums, epochs) for k, s in zip(seeds, sets * args.seeds)]
        found: dict[str, list[float]] = {}
        for seed, row, weak, seconds in pool.map(lesson, tasks):
            print(f"seed {seed} ({seconds:.0f} s): " + ", ".join(f"{k} {v:.3f}" for k, v in row.items()))
            print(f"    weakest of the augmented: {weak}" if weak else "", flush=True)
            for name, value in row.items():
                found.setdefault(name, []).append(value)
    print(f"\n{'':22} mean   min    max    over {args.seeds} seeds")
    for name, column in found.items():
        print(f"{name:22} {statistics.mean(column):.3f}  {min(column):.3f}  {max(column):.3f}")
    for name, over, under in (("cnn over mlp", "cnn", "mlp"), ("augmented over cnn", "augmented", "cnn")):
        if {over, under} <= set(args.only):
            gaps = [a - b for a, b in zip(found[f"{over} valid"], found[f"{under} valid"])]
            print(f"{name:22} {statistics.mean(gaps):.3f}  {min(gaps):.3f}  {max(gaps):.3f}")
    print(BANDS)


if __name__ == "__main__":
    main()

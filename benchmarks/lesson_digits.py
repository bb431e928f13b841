"""What the embedded digits teach: a dense net passes 0.95 on unseen writers, a linear softmax stays 0.05 under it.

    python benchmarks/lesson_digits.py                       # five seeds, about two minutes on one core
    python benchmarks/lesson_digits.py --data MNIST_FOLDER   # the same on another folder that torchvision opens
    python benchmarks/lesson_digits.py --sheet docs/pictures # contact sheets: digits.png, digits-wrong.png

Both models: pixels divided by 255, Adam 1e-3, batches of 32, five epochs, as project 01 trains. The seed sets the
weights and the order of the batches; the data are one fixed set, but `--data-seeds` draws new writers for each seed.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch
from torch import nn

from course.datasets.digits import SEED, TRAIN_COUNT, VALID_COUNT, digits


def dense() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def linear() -> nn.Module:
    return nn.Linear(784, 10)


def accuracy(build, train, valid, seed, epochs=5) -> tuple[float, float]:
    """Train accuracy of the last epoch's weights and valid accuracy."""
    torch.manual_seed(seed)
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = train
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        return tuple(float((model(a).argmax(1) == b).float().mean()) for a, b in (train, valid))


def pocket(seed, train_count, valid_count):
    return [tensors(*digits(n, seed, s)) for n, s in ((train_count, "train"), (valid_count, "valid"))]


def tensors(images, labels):
    return torch.as_tensor(images).reshape(len(images), 784) / 255, torch.as_tensor(labels).long()


def from_folder(folder):
    from torchvision.datasets import MNIST

    return [tensors(d.data, d.targets) for d in (MNIST(folder, train=True), MNIST(folder, train=False))]


def sheet(folder, train, valid):
    """Two pictures: 24 digits of each kind in the order in which they are drawn, and valid digits that a net gets wrong."""
    from PIL import Image

    def save(name, images, columns):
        rows = len(images) // columns
        grid = (255 - images[: rows * columns] * 255).byte().numpy().reshape(rows, columns, 28, 28)
        grid = grid.transpose(0, 2, 1, 3).reshape(rows * 28, columns * 28)
        Image.fromarray(grid).resize((columns * 56, rows * 56), Image.Resampling.LANCZOS).save(
            folder / name, optimize=True
        )

    x, y = train
    save("digits.png", torch.cat([x[y == digit][:24] for digit in range(10)]), columns=24)
    torch.manual_seed(0)
    model = dense()
    accuracy(lambda: model, train, valid, seed=0)
    with torch.no_grad():
        guess = model(valid[0]).argmax(1)
    wrong = guess != valid[1]
    save("digits-wrong.png", valid[0][wrong], columns=16)
    print("digits-wrong.png, is>taken for:")
    pairs = [f"{a}>{b}" for a, b in zip(valid[1][wrong].tolist(), guess[wrong].tolist())]
    for first in range(0, len(pairs) // 16 * 16, 16):
        print("  " + " ".join(pairs[first : first + 16]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data-seeds", action="store_true", help="draw new digits for each seed")
    parser.add_argument("--data", type=Path, help="a folder with MNIST/raw, instead of the embedded digits")
    parser.add_argument("--train", type=int, default=TRAIN_COUNT)
    parser.add_argument("--valid", type=int, default=VALID_COUNT)
    parser.add_argument("--epochs-linear", type=int, default=5, help="more, to see that five are enough for it")
    parser.add_argument("--sheet", type=Path, help="only write the contact sheets to this folder")
    args = parser.parse_args()
    rows = []
    data = from_folder(args.data) if args.data else pocket(SEED, args.train, args.valid)
    if args.sheet:
        sheet(args.sheet, *data)
        return
    for seed in range(args.seeds):
        if args.data_seeds and not args.data:
            data = pocket(seed, args.train, args.valid)
        started = time.perf_counter()
        row = [*accuracy(dense, *data, seed), *accuracy(linear, *data, seed, args.epochs_linear)]
        rows.append(row)
        print(
            f"seed {seed}: dense train {row[0]:.4f} valid {row[1]:.4f}, linear train {row[2]:.4f} valid {row[3]:.4f}"
            f"  ({time.perf_counter() - started:.0f} s)",
            flush=True,
        )
    print(f"\n{len(data[0][0])} train, {len(data[1][0])} valid")
    for name, column in zip(("dense train", "dense valid", "linear train", "linear valid"), zip(*rows)):
        print(f"{name:13} mean {statistics.mean(column):.4f}  from {min(column):.4f} to {max(column):.4f}")


if __name__ == "__main__":
    main()

"""What cheap tricks reach on the pocket fruit, and what a pre-trained network does: five data sets, mean and spread.

    python -m benchmarks.lesson_fruit_floor                 # floors only, some minutes
    python -m benchmarks.lesson_fruit_floor --cnn --frozen  # with a small CNN from scratch and frozen networks

Each seed draws its own 600 / 240 photos. A linear head is trained as in the project's linear probe (standardised features,
200 full-batch steps of AdamW); of three weight decays the best validation score is taken, in favour of the trick.
The design asks: raw pixels and the 64-bin histogram at most 0.87, a pre-trained network 0.92 and more.
"""

import argparse
import statistics
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from PIL import Image

from course.datasets import fruit

SIDE = 96


def picture(job: tuple[str, int, str]) -> np.ndarray:
    image = fruit.photo(*job).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(image)


def draw(pool: ProcessPoolExecutor, seed: int) -> tuple:
    """(train, labels, valid, labels), pictures uint8 (N, 96, 96, 3); seed 0 is the data set itself."""
    out = []
    for split, count in fruit.COUNTS.items():
        jobs = [(label, 1000 * seed + k, split) for label in fruit.CLASSES for k in range(count)]
        out += [np.stack(list(pool.map(picture, jobs, chunksize=20))), np.repeat(np.arange(6), count)]
    return tuple(out)


def histogram(pictures: np.ndarray) -> np.ndarray:
    """4 x 4 x 4 bins of RGB: (N, 64)."""
    code = (pictures // 64).astype(int) @ np.array([16, 4, 1])
    return np.stack([np.bincount(c.ravel(), minlength=64) for c in code]).astype(np.float32)


def raw(pictures: np.ndarray, side: int) -> np.ndarray:
    small = [np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BOX)) for p in pictures]
    return np.stack(small).reshape(len(small), -1).astype(np.float32)


def linear(train: np.ndarray, labels: np.ndarray, valid: np.ndarray, valid_labels: np.ndarray, seed: int = 0) -> float:
    import torch

    mean, std = train.mean(0), train.std(0) + 1e-6
    x, y = torch.tensor((train - mean) / std), torch.tensor(labels)
    v, best = torch.tensor((valid - mean) / std), 0.0
    for decay in (0.05, 1.0, 10.0):
        torch.manual_seed(seed)
        head = torch.nn.Linear(x.shape[1], 6)
        optimizer = torch.optim.AdamW(head.parameters(), 3e-3, weight_decay=decay)
        for _ in range(200):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(head(x), y).backward()
            optimizer.step()
        best = max(best, (head(v).argmax(1).numpy() == valid_labels).mean())
    return float(best)


def scratch(train: np.ndarray, labels: np.ndarray, valid: np.ndarray, valid_labels: np.ndarray, seed: int) -> float:
    """A small CNN from random weights: four conv blocks, flips, 20 epochs; the best epoch counts."""
    import torch
    from torch import nn

    torch.manual_seed(seed)

    def block(a: int, b: int) -> list[nn.Module]:
        return [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]

    layers = [*block(3, 16), *block(16, 32), *block(32, 64), *block(64, 96)]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(96, 6))
    x = torch.tensor(train).permute(0, 3, 1, 2).float() / 127.5 - 1
    v = torch.tensor(valid).permute(0, 3, 1, 2).float() / 127.5 - 1
    y, best = torch.tensor(labels), 0.0
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.01)
    for _ in range(20):
        net.train()
        for part in torch.randperm(len(x)).split(32):
            batch = x[part]
            batch = batch.flip(3) if torch.rand(()) < 0.5 else batch
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(batch), y[part]).backward()
            optimizer.step()
        net.eval()
        with torch.inference_mode():
            best = max(best, (net(v).argmax(1).numpy() == valid_labels).mean())
    return float(best)


def frozen(name: str, weights: str | None, pictures: np.ndarray, seed: int) -> np.ndarray:
    """Pooled features (N, D) of a torchvision network; weights "DEFAULT" need TORCH_HOME or the course's registry."""
    import torch
    import torchvision

    torch.manual_seed(seed)
    net = torchvision.models.get_model(name, weights=weights).eval()
    body = net.features if hasattr(net, "features") else torch.nn.Sequential(*list(net.children())[:-1])
    mean, std = (
        torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1),
        torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1),
    )
    out = []
    with torch.inference_mode():
        for part in np.array_split(pictures, max(1, len(pictures) // 64)):
            x = (torch.tensor(part).permute(0, 3, 1, 2).float() / 255 - mean) / std
            f = body(x)
            out.append((f.mean((2, 3)) if f.ndim == 4 else f).numpy())
    return np.concatenate(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cnn", action="store_true", help="a small CNN from scratch as well")
    parser.add_argument(
        "--frozen", nargs="?", const="squeezenet1_0", help="a torchvision network: frozen random and frozen DEFAULT"
    )
    args = parser.parse_args()
    scores: dict[str, list[float]] = {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for seed in range(args.seeds):
            train, y, valid, z = draw(pool, seed)
            trials = {
                "mean colour": (train.mean((1, 2)), valid.mean((1, 2))),
                "64-bin histogram": (histogram(train), histogram(valid)),
            }
            trials |= {f"raw pixels, {s} px": (raw(train, s), raw(valid, s)) for s in (8, 16, 32)}
            if args.frozen:
                for weights in (None, "DEFAULT"):
                    pair = (frozen(args.frozen, weights, train, seed), frozen(args.frozen, weights, valid, seed))
                    trials[f"frozen {args.frozen}, {'random' if weights is None else 'pre-trained'}"] = pair
            for name, (a, b) in trials.items():
                scores.setdefault(name, []).append(linear(a.astype(np.float32), y, b.astype(np.float32), z, seed))
            if args.cnn:
                scores.setdefault("small CNN from scratch", []).append(scratch(train, y, valid, z, seed))
            print(f"seed {seed}: " + ", ".join(f"{n} {s[-1]:.3f}" for n, s in scores.items()), flush=True)
    for name, values in scores.items():
        print(f"{name:40s} {statistics.mean(values):.3f}  ({min(values):.3f} - {max(values):.3f})")


if __name__ == "__main__":
    main()

"""How much the frozen pocket network knows, in one table.

    COURSE_REAL=../shared/real python benchmarks/pocket_backbone.py              # linear heads on the real fruit photos, five folds
    python benchmarks/pocket_backbone.py --categories 400            # top-1 on pictures it has not seen, and the dog door
    python benchmarks/pocket_backbone.py --embedded                  # heads on the embedded fruit and door photos
    COURSE_REAL=../shared/real python benchmarks/pocket_backbone.py --curve 200     # what helped: short runs, one change each

The probe is that of shared/tools/linear_probe.py: photos resized straight to 96 px, features standardised by the training fold, a
linear layer, 200 full-batch steps of AdamW (3e-3, decay 0.05), seeded; nothing is tuned on the held-out fold.
"""

import argparse
import contextlib
import io
import time
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import Tensor, nn
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from course.authoring.pretraining.statistics import colour_histogram, statistics
from course.models import pocket
from course.paths import real_folder, runs_folder

ANIMALS = ("dog", "cat", "bear")


def photos(folder: Path, size: int) -> tuple[Tensor, Tensor]:
    """uint8 (N, 3, size, size) and labels (N,) of a folder of class folders."""
    dataset = ImageFolder(str(folder), v2.Compose([v2.ToImage(), v2.Resize((size, size), antialias=True)]))
    return torch.stack([image for image, _ in dataset]), torch.tensor(dataset.targets)


def head_accuracy(train: Tensor, train_labels: Tensor, valid: Tensor, valid_labels: Tensor, seed: int) -> float:
    """Accuracy of a linear head on standardised features (N, D)."""
    torch.manual_seed(seed)
    mean, std = train.mean(0), train.std(0) + 1e-6
    train, valid = (train - mean) / std, (valid - mean) / std
    head = nn.Linear(train.shape[1], int(train_labels.max()) + 1)
    optimizer = torch.optim.AdamW(head.parameters(), 3e-3, weight_decay=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(train), train_labels).backward()
        optimizer.step()
    return (head(valid).argmax(1) == valid_labels).float().mean().item()


def probe(features: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean accuracy over five folds, and max - min."""
    fold = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0)) % 5
    scores = [
        head_accuracy(features[fold != k], labels[fold != k], features[fold == k], labels[fold == k], k)
        for k in range(5)
    ]
    return sum(scores) / 5, max(scores) - min(scores)


def featurise(extract, images: Tensor) -> Tensor:
    """Features (N, D) in batches of 64."""
    return torch.cat([extract(part).float().flatten(1).clone() for part in images.split(64)])


def table(folder: Path, size: int) -> None:
    """Every kind of feature beside every other."""
    images, labels = photos(folder, size)
    torch.manual_seed(0)
    trained = featurise(pocket.features(), images)
    random = featurise(pocket.features(None), images)
    network = pocket.PocketMobileNet(1)
    last, means = network.features.blocks[-1].out_channels, network.features.means
    rows = {
        "mean colour": images.float().mean((2, 3)),
        "colour histogram, 125 soft bins": torch.cat([colour_histogram(part) for part in images.split(64)]),
        "histogram and texture energies (the statistics asked for)": torch.cat(
            [statistics(p) for p in images.split(64)]
        ),
        "random weights, last stage (what torchvision's own would give)": random[:, -last:],
        "random weights, all taps": random,
        "pocket, last stage": trained[:, -last:],
        "pocket, all but the last stage": trained[:, :-last],
        "pocket, means of all taps": trained[:, -means:],
        "pocket": trained,
    }
    print(f"{len(labels)} photos of {folder.name}, {size} px, five folds")
    for name, features in rows.items():
        accuracy, spread = probe(features, labels)
        print(f"  {name:64s} {features.shape[1]:5d} features  {accuracy:.4f}  (max - min {spread:.4f})", flush=True)


@torch.inference_mode()
def category_table(count: int) -> None:
    """Top-1 by kind on fresh pictures (another seed), and how often dog, cat, bear and the rest are told apart."""
    from course.authoring.pretraining.pictures import _catalogue_item, category_names

    names = category_names()
    network = torchvision.models.get_model("pocket_mobilenet", weights="DEFAULT").eval()
    preset = pocket.Pocket_MobileNet_Weights.DEFAULT.transforms()
    items = [_catalogue_item(2_000_003, k, 0.6) for k in range(count)]
    batch = preset(torch.from_numpy(np.stack([picture for picture, _, _ in items])))
    guess = torch.cat([network(part).argmax(1) for part in batch.split(64)]).tolist()
    kind = lambda index: names[index].split(":")[0] if names[index].split(":")[0] in ANIMALS else "thing"  # noqa: E731
    truth = [category for _, category, _ in items]
    print(
        f"{count} fresh catalogue pictures: top-1 of {len(names)} names {np.mean([g == t for g, t in zip(guess, truth)]):.3f}"
    )
    for name in (*ANIMALS, "thing"):
        of = [kind(g) for g, t in zip(guess, truth) if kind(t) == name]
        print(
            f"  {name:6s} {len(of):4d} pictures, taken for "
            + ", ".join(f"{k} {of.count(k)}" for k in (*ANIMALS, "thing"))
        )


def plain_head(train: Tensor, train_labels: Tensor, valid: Tensor, valid_labels: Tensor, seed: int) -> float:
    """Accuracy of a linear head trained as a student would: features as they come, 20 epochs of Adam (1e-3), batches of 32."""
    torch.manual_seed(seed)
    head = nn.Linear(train.shape[1], int(train_labels.max()) + 1)
    optimizer = torch.optim.Adam(head.parameters(), 1e-3)
    for _ in range(20):
        for part in torch.randperm(len(train_labels)).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(head(train[part]), train_labels[part]).backward()
            optimizer.step()
    return (head(valid).argmax(1) == valid_labels).float().mean().item()


def embedded(cache: Path, size: int) -> None:
    """The embedded fruit and door photos: trained and random weights, standardised and plain heads, three seeds each."""
    from course.datasets import door, fruit

    for name, module in (("fruits", fruit), ("presidential", door)):
        folder = cache / f"embedded_{name}"
        if not (folder / "valid").is_dir():
            module.write(folder)
        train, train_labels = photos(folder / "train", size)
        valid, valid_labels = photos(folder / "valid", size)
        for weights in ("DEFAULT", None):
            torch.manual_seed(0)
            extract = pocket.features(weights)
            a, b = featurise(extract, train), featurise(extract, valid)
            for how in (head_accuracy, plain_head):
                scores = [how(a, train_labels, b, valid_labels, seed) for seed in range(3)]
                spread = max(scores) - min(scores)
                title = f"{name}: {weights or 'random'} weights, {how.__name__}"
                print(f"  {title:50s} {sum(scores) / 3:.4f} (max - min {spread:.4f})", flush=True)


def curve(folder: Path, cache: Path, steps: int, things: int, formulas: int, fruit: int, size: int) -> None:
    """Short runs of the recipe, each with one change, and the probe of each."""
    from course.authoring.pretraining import backbone

    images, labels = photos(folder, size)
    questions = ("category", "kind", "deep", "causes", "statistics")
    full = {"category": 1.0, "kind": 0.5, "deep": 0.5, "causes": 2.0, "statistics": 1.0}
    common = {"folder": cache, "out": cache / "curve", "seed": 1, "things": things, "formulas": formulas, "fruit": fruit,
              "jobs": 2, "batch": 64, "rate": 2.5e-3, "threads": torch.get_num_threads()}  # fmt: skip
    standard = common | full | {"steps": steps, "parts": ["things", "formulas", "fruit"], "sizes": [72, 88]}
    alone = lambda *asked: {name: full[name] if name in asked else 0.0 for name in questions}  # noqa: E731
    variants = {
        "the recipe": {},
        "a quarter of the steps": {"steps": steps // 4},
        "twice the steps": {"steps": steps * 2},
        "category alone": alone("category", "deep"),
        "statistics alone": alone("statistics"),
        "without causes": {"causes": 0.0},
        "without statistics": {"statistics": 0.0},
        "catalogue alone": {"parts": ["things"]},
        "formulas alone": {"parts": ["formulas"]},
        "without fruit": {"parts": ["things", "formulas"]},
        "48 and 64 px": {"sizes": [48, 64]},
        "96 px": {"sizes": [96, 96]},
    }
    for name, changes in variants.items():
        checkpoint = cache / "checkpoint.pt"
        checkpoint.unlink(missing_ok=True)
        began = time.process_time()
        chosen = standard | changes
        with contextlib.redirect_stdout(io.StringIO()):
            backbone.train(argparse.Namespace(**chosen, every=chosen["steps"]))
        spent = time.process_time() - began
        checkpoint.unlink(missing_ok=True)
        card = pocket.read_categories(cache / "curve" / pocket.CARD_FILE)
        network = pocket.PocketMobileNet(num_classes=len(card)).eval()
        network.load_state_dict(pocket.read_weights(cache / "curve" / pocket.WEIGHTS_FILE, card))
        preset = pocket.Pocket_MobileNet_Weights.DEFAULT.transforms()
        mean, std = (torch.tensor(value)[:, None, None] for value in (preset.mean, preset.std))
        with torch.inference_mode():
            features = featurise(lambda x, n=network, m=mean, s=std: n.features((x.float() / 255 - m) / s), images)
        accuracy, spread = probe(features.clone(), labels)
        last, _ = probe(features[:, -576:].clone(), labels)
        done = f"  {name:24s} {chosen['steps']:5d} steps {spent:5.0f} CPU-s"
        print(f"{done}  {accuracy:.4f} (max - min {spread:.4f}), last stage {last:.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument(
        "--categories", type=int, default=0, metavar="N", help="judge the categories on N fresh pictures"
    )
    parser.add_argument("--embedded", action="store_true", help="linear heads on the embedded fruit and door photos")
    parser.add_argument("--curve", type=int, default=0, metavar="STEPS", help="short runs with one change each")
    parser.add_argument(
        "--folder", type=Path, default=runs_folder() / "pretrain", help="cache of pictures, for --curve and --embedded"
    )
    parser.add_argument("--things", type=int, default=28000)
    parser.add_argument("--formulas", type=int, default=12000)
    parser.add_argument("--fruit", type=int, default=9000)
    args = parser.parse_args()
    if args.categories:
        category_table(args.categories)
        return
    if args.embedded:
        embedded(args.folder, args.size)
        return
    real = real_folder()
    if real is None:
        parser.exit(0, "Set COURSE_REAL to the folder of real photos (fruits/train/<class>/*.jpg).\n")
    if args.curve:
        curve(real / "fruits" / "train", args.folder, args.curve, args.things, args.formulas, args.fruit, args.size)
    else:
        table(real / "fruits" / "train", args.size)


if __name__ == "__main__":
    main()

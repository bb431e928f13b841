"""What the projects reach on real data, with the solutions' own functions: digits, signs split by shot, photos of letters.

    COURSE_REAL=… python benchmarks/real_data.py mnist signs photos --seeds 3

COURSE_REAL holds mnist/*.gz, asl/sign_mnist_train.csv and asl/photos/a.png … y.png. Nothing is copied from there into the
checkout: what must be unpacked or split goes to a temporary folder.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from course import paths
from course.datasets.sets.asl import TRAIN_CSV, VALID_CSVS
from course.datasets.signs import read_signs, split_by_shot, write_signs
from course.lessons.lesson import lesson_module


def mnist(real: Path, work: Path, seeds: int) -> None:
    """Project 01 on the real MNIST, read by torchvision's own reader."""
    from course.datasets.idx import unpack_gz

    raw = work / "mnist" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in sorted((real / "mnist").glob("*.gz")):
        unpack_gz(packed, raw / packed.stem)
    spread("01 mnist, valid", seeds, lambda seed: lesson_module("01").accuracy(work / "mnist", seed))


def signs(real: Path, work: Path, seeds: int) -> None:
    """Projects 02, 03 and 04a on the real signs, split by shot: they must come out in this order."""
    folder = split(real, work)
    dense = spread("02 MLP, valid", seeds, lambda seed: lesson_module("02").accuracies(folder, seed)[1])
    cnn = spread("03 CNN, valid", seeds, lambda seed: lesson_module("03").accuracy(folder, seed))
    of_04a = lesson_module("04a")
    augmented = spread(
        "04a augmented, valid", seeds, lambda seed: of_04a.augmented(folder, seed, of_04a.saved(work, seed))
    )
    spread("04a the same network, not augmented, valid", seeds, lambda seed: of_04a.not_augmented(folder, seed))
    ordered = max(dense) < min(cnn) and max(cnn) < min(augmented)
    print(f"MLP < CNN < augmented, each seed of one under each of the next: {'yes' if ordered else 'NO'}")


def photos(real: Path, work: Path, seeds: int) -> None:
    """Project 04b on the real photos, one a letter, with project 04a's network trained on the real CSV."""
    folder, of_04a = split(real, work), lesson_module("04a")

    def one_seed(seed: int) -> float:
        saved = of_04a.saved(work, seed)
        if not saved.is_file():  # `signs` leaves it
            of_04a.augmented(folder, seed, saved)
        share, said = lesson_module("04b").photos(saved, real / "asl" / "photos")
        wrong = [f"{letter} read as {guess}" for letter, guess in said.items() if guess != letter]
        print(f"   {len(said) - len(wrong)} of {len(said)} right; wrong: {', '.join(wrong) or 'none'}")
        return share

    spread("04b photos", seeds, one_seed)


def split(real: Path, work: Path) -> Path:
    """A folder with the real signs as two CSV files, no shot in both."""
    folder = work / "asl"
    if not folder.is_dir():
        folder.mkdir()
        images, labels = read_signs(real / "asl" / TRAIN_CSV)
        for name, rows in zip((TRAIN_CSV, VALID_CSVS[0]), split_by_shot(images, labels)):
            write_signs(folder / name, images[rows], labels[rows])
            print(f"   {len(rows)} signs in {name}")
    return folder


def spread(name, seeds, one_seed) -> list:
    """Measure with each seed, print each and then mean, least and greatest."""
    values = []
    for seed in range(seeds):
        started = time.perf_counter()
        values.append(one_seed(seed))
        print(f"{name}, seed {seed}: {values[-1]:.4f}  ({time.perf_counter() - started:.0f} s)", flush=True)
    print(f"{name}: mean {statistics.mean(values):.4f}, from {min(values):.4f} to {max(values):.4f}", flush=True)
    return values


PARTS = {"mnist": mnist, "signs": signs, "photos": photos}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=list(PARTS), help="which (all)")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    real = paths.real_folder()
    if real is None:
        sys.exit("COURSE_REAL does not name the folder of real data.")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as work:
        for part in args.parts:
            PARTS[part](real, Path(work), args.seeds)


if __name__ == "__main__":
    main()

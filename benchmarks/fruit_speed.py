"""From nothing to 0.92 on the real fruit photos: project 07 with the pocket network against the course's recipe, as a ratio.

    COURSE_REAL=../shared/real python benchmarks/fruit_speed.py              # three seeds, about four minutes on two cores
    COURSE_REAL=../shared/real python benchmarks/fruit_speed.py --seeds 5 --threads 1

Both have the same photos and the same split: every fifth file of each class is held out. Ours is `solutions.ex07_fruits` at
96 px, in two ways: features computed once, and new views in each epoch; the clock runs from the listing of the files to the
end of the first epoch whose validation accuracy is at least 0.92. The course's recipe is that of the original assessment:
frozen VGG16 at 224 px, `classifier[0:3]` and two new layers, batches of 32, Adam 1e-3, photos opened once, random views of
each batch. Whole epochs of it would take hours, so some steps are measured, between our runs, and multiplied by the number
of photos; its weights are random, since the time of a step does not depend on them. How many epochs it would need with
ImageNet's weights cannot be measured here: the ratio is given for several assumptions, the least being one epoch.
Its features computed once would cost about as much as that one epoch, so that row compares like with like.
Imports count for neither, nor do the making and loading of VGG16; loading the pocket weights counts. Where the machine has
other work, believe the ratio by CPU time. 0.92 is 215 of some 233 photos: one photo more or less moves the epoch.
"""

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import torch
import torchvision
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset, TensorDataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from course.datasets.photos import open_rgb
from course.errors import CourseError
from course.lessons.lesson import solution
from course.models.zoo import load_backbone
from course.paths import real_folder
from course.training import History, Metrics

BAR = 0.92
BATCH = 32
FINE_TUNE = 3  # epochs, as in project 07's main
WAYS = {"once": "features computed once", "views": "new views each epoch"}


class Time(NamedTuple):
    """Seconds on the clock, and of the processor over all threads: the second hardly feels what else the machine does."""

    wall: float
    cpu: float

    def times(self, factor: float) -> "Time":
        return Time(self.wall * factor, self.cpu * factor)

    def plus(self, other: "Time") -> "Time":
        return Time(self.wall + other.wall, self.cpu + other.cpu)


class Stopwatch:
    """Time since it was made."""

    def __init__(self) -> None:
        self.began = time.perf_counter(), time.process_time()

    def read(self) -> Time:
        return Time(time.perf_counter() - self.began[0], time.process_time() - self.began[1])


class Epoch(NamedTuple):
    accuracy: float
    at: Time


class Reached(Exception):
    """Validation accuracy is at the bar."""


@contextlib.contextmanager
def until_the_bar(module: Any, watch: Stopwatch) -> Iterator[list[Epoch]]:
    """Note each epoch that the module's training functions add to their History, and leave at the first over the bar."""
    epochs: list[Epoch] = []

    class Timed(History):
        def add(self, train: Metrics, valid: Metrics | None = None) -> None:
            super().add(train, valid)
            epochs.append(Epoch(valid.accuracy, watch.read()))
            if valid.accuracy >= BAR:
                raise Reached

    with mock.patch.object(module, "History", Timed), contextlib.suppress(Reached):
        yield epochs


def split(dataset: ImageFolder, held_out: bool) -> Subset:
    """The held-out photos (every fifth file of each class, in the order of their names) or the others."""
    seen = dict.fromkeys(range(len(dataset.classes)), 0)
    chosen = []
    for position, label in enumerate(dataset.targets):
        seen[label] += 1
        if (seen[label] % 5 == 0) == held_out:
            chosen.append(position)
    return Subset(dataset, chosen)


def photos(folder: Path, transform: Any, held_out: bool) -> Subset:
    return split(ImageFolder(str(folder), transform, loader=open_rgb), held_out)


def once(folder: Path, epochs: int) -> list[Epoch]:
    """Project 07, with each photo seen once by the frozen network; the head learns from the features."""
    ex07, watch = solution("07"), Stopwatch()
    backbone, width = load_backbone()
    ex07.freeze_backbone(backbone)
    data = []
    for held_out in (False, True):
        features, labels = [], []
        with torch.no_grad():
            for images, some in DataLoader(photos(folder, ex07.make_transforms(False), held_out), BATCH):
                features.append(backbone(images))
                labels.append(some)
        data.append(TensorDataset(torch.cat(features), torch.cat(labels)))
    model = ex07.build_model(nn.Identity(), width)
    with until_the_bar(ex07, watch) as done:
        ex07.train(model, DataLoader(data[0], BATCH, shuffle=True), DataLoader(data[1], BATCH), epochs)
    return done


def views(folder: Path, epochs: int) -> list[Epoch]:
    """Project 07 as its main does it: new views of each photo in each epoch, opened anew; then fine-tuning, if it must be."""
    ex07, watch = solution("07"), Stopwatch()
    train = DataLoader(photos(folder, ex07.make_transforms(True), False), BATCH, shuffle=True)
    valid = DataLoader(photos(folder, ex07.make_transforms(False), True), BATCH)
    backbone, width = load_backbone()
    model = ex07.build_model(ex07.freeze_backbone(backbone), width)
    with until_the_bar(ex07, watch) as done:
        ex07.train(model, train, valid, epochs)
        ex07.fine_tune(model, train, valid, FINE_TUNE)
    return done


class Course:
    """The recipe of the original course, a step at a time.

    Attributes:
        opening: time of opening one photo.
        steps, checks: times of the training steps and validation batches so far, each of 32 photos.
    """

    def __init__(self, folder: Path, batches: int) -> None:
        preset = torchvision.models.VGG16_Weights.DEFAULT.transforms()
        dataset = photos(folder, lambda image: preset(v2.functional.pil_to_tensor(image)), held_out=False)
        order = torch.randperm(len(dataset))[: batches * BATCH].tolist()
        watch = Stopwatch()
        opened = [dataset[k] for k in order]
        self.opening = watch.read().times(1 / len(opened))
        self.batches = [stack(opened[k : k + BATCH]) for k in range(0, len(opened), BATCH)]
        vgg = torchvision.models.vgg16(weights=None).requires_grad_(False)
        own_head = nn.Linear(4096, 500), nn.ReLU(), nn.Linear(500, 6)
        self.model = nn.Sequential(vgg.features, vgg.avgpool, nn.Flatten(), vgg.classifier[0:3], *own_head)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.random = v2.Compose(
            [
                v2.RandomRotation(25),
                v2.RandomResizedCrop((224, 224), scale=(0.8, 1), ratio=(1, 1)),
                v2.RandomHorizontalFlip(),
                v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.2),
            ]
        )
        self.steps: list[Time] = []
        self.checks: list[Time] = []
        self.step(*(part[:2] for part in self.batches[0]))  # the first call of each operation prepares it: not counted
        self.steps.clear()

    def step(self, images: Tensor, labels: Tensor) -> None:
        """Train on a batch, as the course's `train` does."""
        watch = Stopwatch()
        self.model.train()
        logits = self.model(self.random(images))
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(logits, labels)
        loss.backward()
        self.optimizer.step()
        loss.item()
        self.steps.append(watch.read())

    @torch.no_grad()
    def check(self, images: Tensor, labels: Tensor) -> None:
        """Validate on a batch."""
        watch = Stopwatch()
        self.model.eval()
        int((self.model(images).argmax(1) == labels).sum())
        self.checks.append(watch.read())

    def whole(self, train: int, valid: int, epochs: int) -> Time:
        """Time of the whole recipe: opening all photos once, and then the epochs; by the photo, not by the batch."""
        epoch = mean(self.steps).times(train / BATCH).plus(mean(self.checks).times(valid / BATCH))
        return self.opening.times(train + valid).plus(epoch.times(epochs))


def stack(items: list[tuple[Tensor, int]]) -> tuple[Tensor, Tensor]:
    return torch.stack([image for image, _ in items]), torch.tensor([label for _, label in items])


def said_time(found: Time) -> str:
    return f"{found.wall:.1f} s ({found.cpu:.1f} CPU-s)"


def mean(found: list[Time]) -> Time:
    return Time(statistics.mean(t.wall for t in found), statistics.mean(t.cpu for t in found))


def line(name: str, found: list[Time]) -> None:
    """A row of the table: mean, least and greatest."""
    walls = [t.wall for t in found]
    print(f"  {name:58s} {mean(found).wall:9.2f}  {min(walls):8.2f} to {max(walls):8.2f} {mean(found).cpu:9.2f}")


def measure(folder: Path, seeds: int, epochs: dict[str, int]) -> tuple[dict[str, list[list[Epoch]]], Course]:
    """Our runs and the course's steps, by turns, so that a slow minute of the machine falls on both."""
    with torch.no_grad():
        load_backbone()  # as with VGG16, first calls prepare the operations
    print("opening photos for VGG16, and a first small step", flush=True)
    torch.manual_seed(0)
    course = Course(folder, batches=seeds)
    runs: dict[str, list[list[Epoch]]] = {way: [] for way in epochs}
    for seed in range(seeds):
        for way, most in epochs.items():
            torch.manual_seed(seed)
            done = {"once": once, "views": views}[way](folder, most)
            runs[way].append(done)
            last = done[-1]
            said = f"{last.accuracy:.4f} after epoch {len(done)}" if last.accuracy >= BAR else not_reached(done)
            print(f"seed {seed}, pocket network, {WAYS[way]}: {said}, {said_time(last.at)}", flush=True)
        course.step(*course.batches[seed])
        course.check(*course.batches[seed])
        took = f"{said_time(course.steps[-1])}; validation {said_time(course.checks[-1])}"
        print(f"seed {seed}, VGG16, one training step of {BATCH} photos: {took}", flush=True)
    return runs, course


def not_reached(done: list[Epoch]) -> str:
    return f"{BAR} NOT reached in {len(done)} epochs, best {max(epoch.accuracy for epoch in done):.4f}"


def report(runs: dict[str, list[list[Epoch]]], course: Course, train: int, valid: int, assumed: list[int]) -> None:
    """The table and the ratios."""
    print(f"\n{train} photos to train on, {valid} held out, {torch.get_num_threads()} threads")
    print(f"  {'seconds':58s} {'mean':>9s}  {'least':>8s} to {'greatest':>8s} {'CPU':>9s}")
    reached: dict[str, list[Time]] = {}
    for way, done in runs.items():
        there = [epochs[-1].at for epochs in done if epochs[-1].accuracy >= BAR]
        if there:
            line(f"pocket, {WAYS[way]}, to {BAR} ({len(there)} of {len(done)} seeds)", there)
        for seed, epochs in enumerate(done):
            if epochs[-1].accuracy < BAR:
                print(f"  pocket, {WAYS[way]}, seed {seed}: {not_reached(epochs)} after {said_time(epochs[-1].at)}")
        if len(there) == len(done):
            reached[way] = there
    line("VGG16, one training step, measured", course.steps)
    line("VGG16, one validation batch, measured", course.checks)
    whole = {epochs: course.whole(train, valid, epochs) for epochs in assumed}
    for epochs, took in whole.items():
        name = f"VGG16, {epochs} epoch{'s' if epochs > 1 else ''}, multiplied"
        print(f"  {name:58s} {took.wall:9.0f}  {'':8s}    {'':8s} {took.cpu:9.0f}")

    print("\nVGG16's time over ours, if VGG16 is at 0.92 after …")
    for way in runs:
        name = WAYS[way]
        if way not in reached:
            print(f"  {name}: no ratio, since not every seed reached {BAR}")
            continue
        for epochs, took in whole.items():
            each = [took.wall / ours.wall for ours in reached[way]]
            label = f"{name}: {epochs} epoch{'s' if epochs > 1 else ''}"
            least = f"{took.wall / mean(reached[way]).wall:6.0f} ×  (seeds {min(each):.0f} to {max(each):.0f};"
            print(f"  {label:34s} {least} by CPU time {took.cpu / mean(reached[way]).cpu:.0f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch, for both alike")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="features once, new views (both)")
    parser.add_argument("--epochs", type=int, default=8, help="the most with new views, fine-tuning not counted (8)")
    parser.add_argument("--head-epochs", type=int, default=40, help="the most with features computed once (40)")
    parser.add_argument(
        "--assumed", type=int, nargs="+", default=[1, 10, 20], help="epochs that VGG16 may need (1 10 20)"
    )
    args = parser.parse_args()
    real = real_folder()
    folder = real / "fruits" / "train" if real else None
    if folder is None or not folder.is_dir():
        sys.exit("Set COURSE_REAL to the folder of real data; it must hold fruits/train/<class>/*.jpg.")
    torch.set_num_threads(args.threads)
    most = {"once": args.head_epochs, "views": args.epochs}
    try:
        runs, course = measure(folder, args.seeds, {way: most[way] for way in args.ways})
        sizes = [len(photos(folder, None, held_out)) for held_out in (False, True)]
    except CourseError as fault:
        sys.exit(str(fault))
    report(runs, course, *sizes, args.assumed)


if __name__ == "__main__":
    main()

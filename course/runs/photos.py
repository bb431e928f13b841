"""Runs of the projects on photos: folders of photos as loaders, a network by name, the assessment.

It neither trains nor grades. What the run of any project does (options, table, saved model, pictures) is `course.runs.run`.

if __name__ == "__main__":
    main(PhotoRun(ID, epochs=8))        # python -m exercises.MODULE --weights squeezenet1_0
"""

import argparse
import difflib
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
import torch
import torchvision
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision.datasets import ImageFolder
from torchvision.models import get_model_weights, list_models

from course import paths
from course.datasets import registry
from course.datasets.fetch import patience
from course.datasets.photos import SUFFIXES, check_image_folder, open_rgb
from course.datasets.tiers import chosen_tier
from course.errors import CourseError
from course.files import shown
from course.models import pocket
from course.models.zoo import POCKET
from course.runs.command_line import at_least
from course.runs.run import AUGMENTED_ROWS, Run

MEAN, STD = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))  # ImageNet's
SHOWN_SIDE = 512  # px; twelve million pixels are no clearer in a tile of an inch, and take seconds to augment
DOOR_TILES, DOOR_SIDE = 48, 224  # photos on the sheet of the door (the table has all), and px of their central squares
SIZE = 160  # px for other networks than the pocket one (learned at up to 96): half the price of their own 224
MakeTransforms = Callable[[bool, int], Callable[[Image.Image], torch.Tensor]]
Seen = tuple[bool, list[tuple[str, float]]]  # of a photo at the door: whether it opens, and (category, probability)


class PhotoRun(Run):
    """A `Run` whose data are folders of photos; `--weights` names the network, the pocket one by default.

    Attributes:
        weights: name of the pre-trained network in torchvision's registry; its default weights are here and can be read.
        size: height and width, in px, at which it sees the photos of `photo_loaders`.
    """

    def __init__(self, project_id: str, **options: Any) -> None:
        super().__init__(project_id, **options)
        self.weights: str = self._said.weights
        self.size = int(self._said.size or (pocket.SIZE if self.weights == POCKET else SIZE))
        print(f"weights: {have_weights(self.weights)}", flush=True)

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Options besides those of any run."""
        named = f"pre-trained network, by its name in torchvision ({POCKET})"
        parser.add_argument("--weights", default=POCKET, help=named)
        sizes = f"px of the photos ({pocket.SIZE}; {SIZE} for other networks)"
        parser.add_argument("--size", type=at_least(32, int), help=sizes)

    def photo_loaders(self, name: str, make_transforms: MakeTransforms) -> tuple[DataLoader, DataLoader, list[str]]:
        """(training, validation, class names) of the photos in <data>/{train,valid}/<class>/.

        Args:
            name: of a data set of folders of photos.
            make_transforms: from True (training) or False, and the size, to the transform of an upright RGB photo.

        Raises:
            CourseError: a folder or a class is missing or empty, or there is one too many. A photo that cannot be read is met
                when its turn comes, in the first epoch at the latest; the error names it.
        """
        folder = self.data(name)
        sets = []
        for part in ("train", "valid"):
            check_image_folder(folder / part, registry.find(name).classes, decode=False)
            sets.append(ImageFolder(str(folder / part), make_transforms(part == "train", self.size), loader=open_rgb))
        train, valid = sets
        print(f"{len(train)} photos to train on, {len(valid)} to validate, {len(train.classes)} classes", flush=True)
        return DataLoader(train, self.batch_size, shuffle=True), DataLoader(valid, self.batch_size), train.classes

    def door_photos(self) -> list[Path]:
        """Photos to show to the door, each of them readable: those in data/animals, else the validation photos of the door.

        With --data pocket they are always the embedded ones.
        """
        folder = paths.data_folder() / "animals"
        if chosen_tier(self.tier) != "pocket" and folder.is_dir():
            print(f"photos at the door: your own in {shown(folder)}", flush=True)
        else:
            folder = self.data("presidential") / "valid"
        found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
        if not found:
            raise CourseError(f"There is no photo in {folder}.", "Put some (.jpg, .png) there, or delete the folder.")
        for file in found:
            open_rgb(file)
        return found

    def show_door(self, look: Callable[[Image.Image], Seen]) -> None:
        """Show every photo of `door_photos` to the door: a line for each, a count, and a sheet of them.

        Args:
            look: from a photo, as it is in its file, to (does the door open?, the most probable categories).
        """
        from course.runs import figures

        files = self.door_photos()
        top = Path(os.path.commonpath([file.parent for file in files]))
        names = [file.relative_to(top).as_posix() for file in files]
        opened = []
        for file, name in zip(files, names):
            with Image.open(file) as photo:
                opens, best = look(photo)
            opened.append(int(opens))
            seen = ", ".join(f"{category} {share:.2f}" for category, share in best)
            print(f"{name:{max(map(len, names))}}  {'comes in' if opens else 'stays out':9}  {seen}", flush=True)
        print(f"{sum(opened)} of {len(files)} come in")
        sheet = [np.asarray(ImageOps.fit(open_rgb(file), (DOOR_SIDE, DOOR_SIDE))) for file in files[:DOOR_TILES]]
        where, title = self.out / "door.png", f"{self.project.id} {self.project.slug}: who comes in?"
        with self._writing():
            answers = opened[:DOOR_TILES]
            doors = "stays out", "comes in"
            made = figures.images_with_labels(sheet, answers, answers, doors, where, title=title)
            record = self._record()
            record.answered(sheet, answers, answers, doors)
            record.save(self.out)
        self._say_where([made])

    def assess(self, correct: int, total: int, bar: float) -> None:
        """The course's own form of the final assessment: correct of total, and whether it passes."""
        share = correct / max(total, 1)
        verdict = "passed" if share >= bar else "not passed yet"
        print(f"Assessment: {correct} of {total} correct, {share:.3f}; {verdict} (pass at {bar:.2f}).", flush=True)

    def finish_photos(
        self,
        model: nn.Module,
        valid_loader: DataLoader,
        names: Sequence[str],
        make_transforms: MakeTransforms,
        save: Callable[[nn.Module, Path], Any] | None = None,
    ) -> None:
        """`finish` for normalised photos: the pictures show them as they were, a few of each class.

        Args:
            valid_loader: as `photo_loaders` gives it.
        """
        photos: Any = valid_loader.dataset
        turns = _in_turn(photos.targets)
        change = make_transforms(True, self.size)
        self.finish(
            model,
            DataLoader(Subset(photos, turns), self.batch_size),
            names,
            augment=lambda photo: _plain(change(photo)),
            originals=[_small(open_rgb(photos.samples[k][0])) for k in turns[:AUGMENTED_ROWS]],
            plain=_plain,
            save=save,
        )


def have_weights(name: str) -> str:
    """See to it that the default weights of a network are here, fetching them if need be, and say which they are.

    Args:
        name: of a network for images in torchvision's registry: "pocket_mobilenet", "squeezenet1_0", "resnet18", …

    Raises:
        CourseError: there is no such network, or its weights are neither here nor to be had, or their file is damaged.
    """
    known = [POCKET, *list_models(module=torchvision.models)]
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known)
        raise CourseError(
            f"--weights {name}: there is no network of that name.",
            f"Did you mean {' or '.join(near)}?" if near else f"Try {POCKET}, squeezenet1_0 or resnet18.",
        )
    weights: Any = get_model_weights(name).DEFAULT
    if name == POCKET:
        return f"{name}, {weights.name} (the course's own)"
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(weights.url).path).name
    fetched = not file.is_file()  # torch.hub itself says from where
    try:
        with patience():  # torch.hub passes no timeout to urllib
            weights.get_state_dict(progress=sys.stderr.isatty(), check_hash=True)
    except Exception as fault:  # whatever is wrong with a network or a file: each kind of fault has its own exception
        if fetched:
            raise CourseError(
                f"The weights of {name} are not here ({shown(file)}) and cannot be fetched: {fault}.",
                f"Put the file there, set TORCH_HOME to a folder with hub/checkpoints/{file.name}, or use --weights {POCKET}.",
            ) from fault
        raise CourseError(
            f"The weights of {name} in {shown(file)} cannot be read: {fault}.",
            f"Delete {file.name} to have it fetched again, or use --weights {POCKET}.",
        ) from fault
    return f"{name}, {weights.name} from {shown(file)}"


def _plain(images: torch.Tensor) -> torch.Tensor:
    """Normalised photos (…, 3, H, W) as they were, in [0, 1]."""
    return (images * STD + MEAN).clamp(0, 1)


def _small(photo: Image.Image) -> Image.Image:
    photo.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return photo


def _in_turn(labels: Sequence[int]) -> list[int]:
    """Positions of all items such that the classes take turns: folders come sorted, and a sheet should show each class."""
    seen: Counter[int] = Counter()
    turns = []
    for position, label in enumerate(labels):
        turns.append((seen[label], label, position))
        seen[label] += 1
    return [position for _, _, position in sorted(turns)]

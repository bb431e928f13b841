"""Runs of the projects on photos (05a, 05b, 07): folders of photos as loaders, a network by name, the assessment.

if __name__ == "__main__":
    main(PhotoRun("07", epochs=8))        # python -m exercises.ex07_fruits --weights squeezenet1_0
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms.v2 import functional as F

from course.datasets.photos import check_image_folder, open_rgb
from course.datasets.tiers import locate
from course.errors import CourseError
from course.running import Run

MEAN, STD = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))  # ImageNet's
KINDS = {".jpg", ".jpeg", ".png", ".webp"}
MakeTransforms = Callable[[bool], Callable[[Image.Image], torch.Tensor]]


class PhotoRun(Run):
    """A `Run` whose data are folders of photos; `--weights` names the network (`weights`), the pocket one by default."""

    @property
    def weights(self) -> str:
        """Name of the pre-trained network in torchvision's registry."""
        return str(self._weights)

    def photo_loaders(self, name: str, make_transforms: MakeTransforms) -> tuple[DataLoader, DataLoader, list[str]]:
        """(training, validation, class names) of the photos in <data>/{train,valid}/<class>/, whole folders checked first.

        Where there is no valid/ folder, every fifth photo of each class is kept for validation.
        """
        folder = self._say(locate(name, self.tier)).path
        classes = sorted(path.name for path in (folder / "train").iterdir() if path.is_dir())
        parts = [part for part in ("train", "valid") if (folder / part).is_dir()]
        for part in parts:
            check_image_folder(folder / part, classes, decode=False)
        sets = [
            ImageFolder(str(folder / part), make_transforms(part == "train"), loader=lambda path: open_rgb(Path(path)))
            for part in ("train", parts[-1])
        ]
        if len(parts) == 1:
            print(f"{folder} has no valid/ folder: every fifth photo of each class is kept for validation")
            held = set(_every_fifth(sets[0].targets))
            sets[0].samples = [s for k, s in enumerate(sets[0].samples) if k not in held]
            sets[1] = ImageFolder(str(folder / "train"), make_transforms(False), loader=lambda p: open_rgb(Path(p)))
            sets[1].samples = [s for k, s in enumerate(sets[1].samples) if k in held]
        train, valid = sets
        print(f"{len(train.samples)} photos to train on, {len(valid.samples)} to validate, {len(classes)} classes")
        return DataLoader(train, self.batch_size, shuffle=True), DataLoader(valid, self.batch_size), classes

    def door_photos(self) -> list[Path]:
        """Photos to show to the door: those in data/animals, or the embedded validation photos of the door."""
        from course import paths

        own = paths.data_folder() / "animals"
        folder = own if own.is_dir() else self._say(locate("presidential", self.tier)).path / "valid"
        found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in KINDS)
        if not found:
            raise CourseError(f"There is no photo in {folder}.", f"Put some (.jpg, .png) there, or remove {own}.")
        return found

    def assess(self, correct: int, total: int, bar: float) -> None:
        """The course's own form of the final assessment: correct of total, and whether it passes."""
        share = correct / max(total, 1)
        verdict = "passed" if share >= bar else "not passed yet"
        print(f"Assessment: {correct} of {total} correct, {share:.3f}; {verdict} (the bar is {bar:.2f}).")

    def finish_photos(
        self,
        model: nn.Module,
        valid_loader: DataLoader,
        names: Sequence[str],
        make_transforms: MakeTransforms,
        save: Callable[[nn.Module, Path], Any] | None = None,
    ) -> None:
        """`finish` for normalised photos: the pictures show them as they were."""
        change = make_transforms(True)

        def augment(image: torch.Tensor) -> torch.Tensor:
            return _plain(change(F.to_pil_image(image)))

        def keep(_: nn.Module, path: Path) -> None:
            if save is not None:
                save(model, path)
            else:
                torch.save(model.state_dict(), path)

        plain = _Plain(valid_loader)
        self.finish(_OfPlainPhotos(model), plain, names, augment=augment, save=keep)


class _OfPlainPhotos(nn.Module):
    """A network of normalised photos as one of photos in [0, 1]."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model((x - MEAN) / STD)


class _Plain:
    """A loader of normalised photos that gives them back in [0, 1]."""

    def __init__(self, loader: DataLoader) -> None:
        self.loader = loader

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return ((_plain(images), labels) for images, labels in self.loader)

    def __len__(self) -> int:
        return len(self.loader)


def _plain(images: torch.Tensor) -> torch.Tensor:
    return (images * STD + MEAN).clamp(0, 1)


def _every_fifth(targets: Sequence[int]) -> list[int]:
    """Positions of every fifth item of each class, in the order of the files."""
    seen: dict[int, int] = {}
    held = []
    for position, label in enumerate(targets):
        seen[label] = seen.get(label, 0) + 1
        if seen[label] % 5 == 0:
            held.append(position)
    return held

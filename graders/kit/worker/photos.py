"""Recipes and probes for photos and transfer learning (05b, 07): backbones, loaders of photos, what an optimizer got."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from course.checks.builders import builder
from course.checks.probes import probe
from course.checks.seeding import weights_of
from graders.kit.worker import pretrained  # noqa: F401 - registers its own, for 05a


@builder
def tiny_backbone(seed: int, width: int = 8, frozen: bool = False) -> nn.Module:
    """Two convolutions with BatchNorm whose statistics are not those of a fresh layer: (B, 3, H, W) -> (B, width).

    Its layers stand in blocks, as in every real network: who looks only at the outermost ones finds none.
    """
    with weights_of(seed):
        model = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()),
            nn.Sequential(nn.Conv2d(6, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                assert layer.running_mean is not None
                assert layer.running_var is not None
                nn.init.normal_(layer.running_mean, std=0.2)
                nn.init.uniform_(layer.running_var, 0.5, 2.0)
    return model.requires_grad_(not frozen).eval()


@builder
def headed(backbone: nn.Module, width: int, classes: int, seed: int) -> nn.Module:
    """The backbone with a linear head of our own, as it comes: frozen or not."""
    with weights_of(seed):
        return nn.Sequential(backbone, nn.Linear(width, classes))


@builder
def backbone_of(name: str, weights: str | None = "DEFAULT") -> nn.Module:
    """A backbone of torchvision's registry, the pocket network among them: (B, 3, H, W) -> (B, D)."""
    from course.models.zoo import load_backbone

    return load_backbone(name, weights)[0]


class Photos(Dataset[tuple[Any, int]]):
    """Decoded photos with labels, and a transform that is applied each time a photo is asked for."""

    def __init__(self, photos: list[Image.Image], labels: list[int], transform: Callable[[Image.Image], Any]) -> None:
        self.photos = [photo.convert("RGB") for photo in photos]
        self.labels, self.transform = labels, transform

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(self.photos[index]), self.labels[index]


@builder
def photo_loader(
    photos: list[Image.Image], labels: list[int], transform: Any, batch_size: int, shuffle: bool = False
) -> DataLoader[Any]:
    """A loader of (transformed photos (B, 3, H, W), labels (B,)); the judge sends the photos as files."""
    return DataLoader(Photos(photos, labels, transform), batch_size, shuffle=shuffle)


@builder
def fickle_loader(images: torch.Tensor, labels: list[torch.Tensor], batch_size: int, passes: int) -> DataLoader[Any]:
    """A loader whose labels change: so many passes with the first ones, as many with the next, and so on; the last ones stay.

    What is learned first is lost again.
    """
    return FickleLoader(images, labels, batch_size, passes)


class FickleLoader(DataLoader[Any]):
    """See `fickle_loader`."""

    def __init__(self, images: torch.Tensor, labels: list[torch.Tensor], batch_size: int, passes: int) -> None:
        super().__init__(TensorDataset(images, labels[0].clone()), batch_size)
        self._turns, self._passes, self._gone = labels, passes, 0

    def __iter__(self) -> Any:
        turn = min(self._gone // self._passes, len(self._turns) - 1)
        self.dataset.tensors[1].copy_(self._turns[turn])  # type: ignore[attr-defined]
        self._gone += 1
        return super().__iter__()


@probe
def width_of(backbone: nn.Module, size: int = 96) -> int:
    """How many features a backbone gives."""
    with torch.no_grad():
        return backbone(torch.zeros(2, 3, size, size)).shape[1]


@probe
def predict_photos(
    model: nn.Module, transform: Callable[[Any], torch.Tensor], photos: list[Image.Image]
) -> torch.Tensor:
    """Logits (N, classes) of photos through the student's transform, in eval mode."""
    model.eval()
    with torch.inference_mode():
        batches = [photos[k : k + 32] for k in range(0, len(photos), 32)]
        found = [model(torch.stack([transform(photo.convert("RGB")) for photo in batch])) for batch in batches]
        return torch.cat(found).clone()


@probe
def train_head(model: nn.Module, loader: Any, epochs: int, lr: float, seed: int = 0) -> float:
    """Train what requires a gradient by the course's own loop, at one rate; returns the last epoch's accuracy on the loader."""
    from course import training

    torch.manual_seed(seed)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=lr)
    return training.fit(model, loader, None, epochs=epochs, optimizer=optimizer, progress=False).train_accuracy[-1]


@probe
def watch_steps(model: nn.Module) -> None:
    """From now on note at each forward pass how far the model's numbers are from what they are now (`steps_of`)."""
    numbers = lambda: {n: t.detach().clone() for n, t in model.state_dict().items()}  # noqa: E731
    notes: list[dict[str, float]] = []
    start, last = numbers(), numbers()
    learned = [name for name, _ in model.named_parameters()]

    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        now = numbers()
        far = lambda names, before: max([float((now[n] - before[n]).abs().max()) for n in names], default=0.0)  # noqa: E731
        notes.append(
            {
                "items": float(len(inputs[0])),
                "training": float(any(part.training for part in module.modules())),
                "moved": far(learned, start),
                "since": far(learned, last),
                "drifted": far([name for name in now if name not in learned], start),
            }
        )
        last.update(now)

    hook = model.register_forward_pre_hook(note)
    _WATCHES[id(model)] = (hook, notes)


@probe
def steps_of(model: nn.Module) -> list[dict[str, float]]:
    """What `watch_steps` has noted; the watch ends here.

    For each forward pass: "items" in the batch, "training" 1 if any part was in train mode, the largest way that a parameter
    has "moved" since the start and "since" the pass before, and that a buffer has "drifted" since the start.
    """
    hook, notes = _WATCHES.pop(id(model))
    hook.remove()
    return notes


_WATCHES: dict[int, tuple[Any, list[dict[str, float]]]] = {}


@probe
def watch_optimizers(model: nn.Module) -> None:
    """From now on note, for each optimizer that is built, whether its parameters require a gradient (`watched`)."""
    original = getattr(torch.optim.Optimizer, "_unwatched", torch.optim.Optimizer.__init__)
    notes: list[list[bool]] = []

    @functools.wraps(original)
    def noting(self: Any, params: Any, *args: Any, **kwargs: Any) -> None:
        original(self, params, *args, **kwargs)
        notes.append([bool(p.requires_grad) for group in self.param_groups for p in group["params"]])

    torch.optim.Optimizer._unwatched = original  # type: ignore[attr-defined]
    torch.optim.Optimizer.__init__ = noting  # type: ignore[method-assign]
    model._watched = notes  # type: ignore[assignment]


@probe
def watched(model: nn.Module) -> list[list[bool]]:
    """What `watch_optimizers` has noted since; the watch ends here."""
    torch.optim.Optimizer.__init__ = torch.optim.Optimizer._unwatched  # type: ignore[attr-defined, method-assign]
    return model._watched  # type: ignore[return-value]

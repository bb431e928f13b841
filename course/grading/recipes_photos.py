"""Recipes and probes for photos and transfer learning (05a, 05b, 07): backbones, loaders of photos, what an optimizer got."""

import functools
from collections.abc import Callable
from typing import Any

import torch
import torchvision
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

from course.grading import tiny_zoo  # noqa: F401 - registers "course_tiny" with torchvision
from course.grading.probes import probe
from course.grading.recipes import recipe


@recipe
def tiny_backbone(seed: int, width: int = 8) -> nn.Module:
    """Two convolutions with BatchNorm whose statistics are not those of a fresh layer: (B, 3, H, W) -> (B, width)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.Conv2d(6, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        for layer in model:
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.running_mean, std=0.2)
                nn.init.uniform_(layer.running_var, 0.5, 2.0)
    return model.eval()


@recipe
def headed(backbone: nn.Module, width: int, classes: int, seed: int) -> nn.Module:
    """The backbone with a linear head of our own, as it comes: frozen or not."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(backbone, nn.Linear(width, classes))


@recipe
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


@recipe
def photo_loader(
    photos: list[Image.Image], labels: list[int], transform: Any, batch_size: int, shuffle: bool = False
) -> DataLoader[Any]:
    """A loader of (transformed photos (B, 3, H, W), labels (B,)); the judge sends the photos as files."""
    return DataLoader(Photos(photos, labels, transform), batch_size, shuffle=shuffle)


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
    """Train what requires a gradient by the course's own loop; returns the last epoch's accuracy on the loader."""
    from course import training

    torch.manual_seed(seed)
    return training.fit(model, loader, None, epochs=epochs, lr=lr, progress=False).train_accuracy[-1]


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


# -- pre-trained networks -----------------------------------------------------------------------------------------------


@recipe
def pretrained(name: str) -> nn.Module:
    """A network of torchvision's registry with its default weights, in eval mode."""
    import course.models.pocket  # noqa: F401 - registers "pocket_mobilenet"

    return torchvision.models.get_model(name, weights="DEFAULT").eval()


@recipe
def papers(name: str) -> Any:
    """The default member of the network's WeightsEnum: transforms and categories."""
    import course.models.pocket  # noqa: F401 - registers "pocket_mobilenet"

    return torchvision.models.get_model_weights(name).DEFAULT


@recipe
def answering_net(probabilities: list[float]) -> nn.Module:
    """A network that gives every photo these probabilities (as logits); in train mode it would give the reverse."""
    return AnsweringNet(probabilities).eval()


class AnsweringNet(nn.Module):
    """See `answering_net`."""

    def __init__(self, probabilities: list[float]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(probabilities).log() + 3)  # + 3: softmax does not mind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, classes)."""
        return (self.logits.flip(0) if self.training else self.logits).expand(len(x), -1)


@recipe
def network_with(head: str, seed: int) -> nn.Module:
    """A small network whose head is called `fc`, or is a convolution called `classifier` (as SqueezeNet's)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FcNet() if head == "fc" else MapNet()


class FcNet(nn.Module):
    """(B, 3, H, W) -> (B, 4) with a head called `fc` that reads (B, 5)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.fc = nn.Linear(5, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 4)."""
        return self.fc(self.features_of(x))

    def features_of(self, x: torch.Tensor) -> torch.Tensor:
        """What the head reads."""
        return self.conv(x).relu().mean(dim=(2, 3))


class MapNet(nn.Module):
    """(B, 3, H, W) -> (B, 4) with a convolution called `classifier` that reads maps (B, 6, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU())
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(6, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 4)."""
        return self.classifier(self.features(x))

    def features_of(self, x: torch.Tensor) -> torch.Tensor:
        """The means of the maps that the head reads."""
        return self.features(x).mean(dim=(2, 3))


@probe
def categories_of(weights: Any) -> list[str]:
    """The names of a network's outputs, by its papers."""
    return list(weights.meta["categories"])


@probe
def hooks_on(model: nn.Module) -> int:
    """How many forward hooks are left on a network's parts."""
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules())

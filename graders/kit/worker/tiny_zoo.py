"""A tiny network in torchvision's registry, for checks: other transforms, other categories and another size than any real one.

Who hard-codes what belongs to the pocket network, or to ImageNet, is found out by it.
"""

from functools import partial
from typing import Any

import torch
import torchvision
from torch import nn
from torchvision.models import Weights, WeightsEnum
from torchvision.models._api import register_model
from torchvision.transforms._presets import ImageClassification

from course.checks.seeding import weights_of

NAME = "course_tiny"
CATEGORIES = ["cup", "dog: pointer", "cat: tabby", "dog: spaniel", "bear: brown", "tree", "dog: pug"]
SIZE = 40


class TinyNet(nn.Module):
    """(B, 3, H, W) -> logits (B, 7), with dropout and BatchNorm, `features`, `avgpool` and `classifier`."""

    def __init__(self, num_classes: int = 7) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 9, 5, stride=2), nn.BatchNorm2d(9), nn.ReLU())
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Linear(9, num_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, classes)."""
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class Squeezing(ImageClassification):
    """A preset that sees the whole photo: squeezed to a square, nothing cut off."""

    def __init__(self) -> None:
        super().__init__(crop_size=SIZE, mean=(0.4, 0.4, 0.5), std=(0.3, 0.2, 0.2))
        self.resize_size = [SIZE, SIZE]


class Course_Tiny_Weights(WeightsEnum):
    """Random numbers from fixed seeds, called weights. As in many networks of torchvision's, the first are not the default."""

    OLDER = Weights(
        url="none: 5",
        transforms=partial(ImageClassification, crop_size=32, resize_size=32),
        meta={"categories": CATEGORIES[::-1], "min_size": (8, 8)},
    )
    SQUEEZED = Weights(url="none: 7", transforms=Squeezing, meta={"categories": CATEGORIES, "min_size": (8, 8)})
    SEEDED = Weights(
        url="none: 11",
        transforms=partial(
            ImageClassification, crop_size=SIZE, resize_size=48, mean=(0.3, 0.5, 0.6), std=(0.2, 0.3, 0.4)
        ),
        meta={"categories": CATEGORIES, "min_size": (8, 8)},
    )
    DEFAULT = SEEDED

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, torch.Tensor]:
        """Seeded weights, and running statistics that are not those of a fresh layer."""
        with weights_of(int(self.url.split()[-1])):
            model = TinyNet()
            head, norm = model.classifier[1], model.features[1]
            assert isinstance(head, nn.Linear)
            assert isinstance(norm, nn.BatchNorm2d)
            nn.init.normal_(head.weight, std=1.5)  # so that the probabilities are far from even
            nn.init.normal_(norm.get_buffer("running_mean"), std=0.3)
            nn.init.uniform_(norm.get_buffer("running_var"), 0.5, 2.0)
        return model.state_dict()


@register_model(name=NAME)
def course_tiny(*, weights: Course_Tiny_Weights | None = None, progress: bool = True, **kwargs: Any) -> TinyNet:
    """The tiny network, fresh or with its seeded weights."""
    weights = Course_Tiny_Weights.verify(weights)
    model = TinyNet(**kwargs)
    if weights is not None:
        model.load_state_dict(weights.get_state_dict(progress=progress))
    return model


torchvision.models.Course_Tiny_Weights = Course_Tiny_Weights  # type: ignore[attr-defined]  # where get_weight looks

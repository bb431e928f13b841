"""Backbones for transfer: any network of torchvision's registry without its head, its outputs one vector an image."""

import torch
import torchvision
from torch import nn

import course.models.pocket  # noqa: F401 - registers "pocket_mobilenet" with torchvision
from course.errors import CourseError

POCKET = "pocket_mobilenet"


class Backbone(nn.Module):
    """A network up to its head: float32 (B, 3, H, W) -> features (B, D); stacks of maps are averaged over their places."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, D)."""
        found = self.body(x)
        return found.mean(dim=(2, 3)) if found.dim() == 4 else found


def load_backbone(name: str = POCKET, weights: str | None = "DEFAULT", size: int = 96) -> tuple[nn.Module, int]:
    """A backbone and the number of its features.

    Args:
        name: as torchvision knows it ("pocket_mobilenet", "squeezenet1_0", "resnet18", …).
        weights: None for random numbers.
        size: height and width of the images that it will see; only some heads (VGG's) depend on it.

    Raises:
        CourseError: torchvision has no such network, its weights cannot be had here, or it has no head that we know.
    """
    try:
        model = torchvision.models.get_model(name, weights=weights)
    except ValueError as fault:
        raise CourseError(
            f"torchvision has no network called {name!r}: {fault}.", f"Try {POCKET} or squeezenet1_0."
        ) from fault
    except OSError as fault:
        raise CourseError(
            f"The weights of {name} are not here and cannot be downloaded: {fault}.",
            "Set TORCH_HOME to the folder that holds hub/checkpoints/, or use --weights pocket_mobilenet.",
        ) from fault
    if hasattr(model, "permute"):
        raise CourseError(
            f"The features of {name} have their channels last, which is not read here.",
            f"Try {POCKET} or squeezenet1_0.",
        )
    if hasattr(model, "features"):
        pool = nn.AdaptiveAvgPool2d(1)  # one number a map, whatever pooling the network's own head expects
        body: nn.Module = nn.Sequential(model.features, pool)
    elif hasattr(model, "fc"):
        model.fc = nn.Identity()
        body = model
    else:
        raise CourseError(f"{name} has neither `features` nor `fc`.", f"Try {POCKET} or squeezenet1_0.")
    backbone = Backbone(body)
    with torch.inference_mode():
        width = backbone.eval()(torch.zeros(1, 3, size, size)).shape[1]
    return backbone, width

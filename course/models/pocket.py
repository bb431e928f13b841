"""The pocket image network: torchvision's MobileNetV3-small blocks under a multi-scale head, with weights of our own.

    import course.models.pocket                                  # registers the network with torchvision
    model = torchvision.models.get_model("pocket_mobilenet", weights="DEFAULT")

It never fetches anything: the weights lie beside this file. How they were made is `authoring.pretraining.backbone`. Source of the
blocks: "Searching for MobileNetV3" (Howard et al. 2019) as in torchvision; of pooling several stages: hypercolumns
(Hariharan et al. 2015); of pooling deviations beside means: second-order pooling (Carreira et al. 2012).
"""

import functools
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torchvision
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import Weights, WeightsEnum
from torchvision.models._api import register_model
from torchvision.models.mobilenetv3 import InvertedResidual, MobileNetV3, _mobilenet_v3_conf
from torchvision.ops.misc import FrozenBatchNorm2d
from torchvision.transforms._presets import ImageClassification

from course.errors import CourseError

FOLDER = Path(__file__).resolve().parent / "weights"
WEIGHTS_FILE = "pocket_mobilenet.safetensors"
CARD_FILE = "pocket_mobilenet.json"
SIZE = 96  # px; the side of the pictures that it was trained on
# Where features are taken: (block, layer inside the block), and whether their deviations are kept beside their means.
# Widened channels before a block narrows them again have the most to say, at no extra work; (n, None) is a block's end.
TAPS: tuple[tuple[int, int | None, bool], ...] = (
    (0, None, True),  # 16 channels at 1/2 of the picture's side
    (1, 0, True),  # 16 at 1/4
    (2, 0, True),  # 72 at 1/4
    (3, 1, True),  # 88 at 1/8
    (6, 1, False),  # 240 at 1/16
    (12, None, False),  # 576 at 1/32: where MobileNetV3 itself takes its features
)
CURE = "Restore the file: git checkout -- course/models/weights (or install the package again)."


class MultiScaleFeatures(nn.Module):
    """MobileNetV3's blocks, pooled at several depths: means, and for the early ones deviations.

    The early stages keep what a deep stage forgets: colours and fine textures. Input (N, 3, H, W), output (N, dim, 1, 1),
    so that whatever follows `features` in a torchvision network (pool, flatten, classifier) follows here too.
    `scale` brings every feature to mean 0 and deviation 1 on the pre-training pictures; untrained, it changes nothing.
    """

    def __init__(self, blocks: nn.Sequential, widths: list[int]) -> None:
        super().__init__()
        self.blocks = blocks
        self.kept = {(block, layer): deviation for block, layer, deviation in TAPS}
        self.means = sum(widths)  # the last so many features; deviations come first
        self.dim = sum(width * (1 + tap[2]) for width, tap in zip(widths, TAPS))
        self.scale: nn.Module = FrozenBatchNorm2d(self.dim)

    def forward(self, x: Tensor) -> Tensor:
        means: list[Tensor] = []
        deviations: list[Tensor] = []

        def tap(place: tuple[int, int | None], x: Tensor) -> None:
            if place in self.kept:
                mean = x.mean((2, 3), keepdim=True)
                means.append(mean)
                if self.kept[place]:
                    variance = (x * x).mean((2, 3), keepdim=True) - mean * mean
                    deviations.append((variance.clamp(min=0) + 1e-4).sqrt())  # 1e-4: the root's slope stays finite

        for index, block in enumerate(self.blocks):
            if isinstance(block, InvertedResidual):
                inner = x
                for number, layer in enumerate(block.block):
                    inner = layer(inner)
                    tap((index, number), inner)
                x = inner + x if block.use_res_connect else inner
            else:
                x = block(x)
            tap((index, None), x)
        return self.scale(torch.cat(deviations + means, 1))


class PocketMobileNet(MobileNetV3):
    """torchvision's MobileNetV3 with multi-scale features; `features`, `avgpool` and `classifier` as in any MobileNet.

    Replace `classifier[-1]` to give it other classes; `classifier[-1].in_features` is the number of features.
    """

    features: MultiScaleFeatures

    def __init__(self, num_classes: int = 1000, dropout: float = 0.2, **kwargs: Any) -> None:
        settings, last_channel = _mobilenet_v3_conf("mobilenet_v3_small")
        super().__init__(settings, last_channel, num_classes=num_classes, dropout=dropout, **kwargs)
        blocks: Any = self.features  # still torchvision's Sequential
        places = [blocks[block] if layer is None else blocks[block].block[layer] for block, layer, _ in TAPS]
        self.features = MultiScaleFeatures(blocks, [place.out_channels for place in places])
        self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(self.features.dim, num_classes))


def read_categories(path: Path) -> list[str]:
    """The category names of a model card (JSON with "categories").

    Raises:
        CourseError: the file is absent or is no such card.
    """
    try:
        categories = json.loads(path.read_text(encoding="utf-8"))["categories"]
    except FileNotFoundError:
        raise CourseError(f"{path}: the category list of the pocket network is missing.", CURE) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path}: not a model card with a list of categories ({error}).", CURE) from None
    if not isinstance(categories, list) or not all(isinstance(name, str) for name in categories):
        raise CourseError(f"{path}: the categories must be a list of names.", CURE)
    return categories


def read_weights(path: Path, categories: list[str]) -> dict[str, Tensor]:
    """The state of a `PocketMobileNet` from a safetensors file, as float32.

    Raises:
        CourseError: the file is absent, truncated or of another network, or the categories are not as many as its outputs.
    """
    if not path.is_file():
        raise CourseError(f"{path}: the weights of the pocket network are missing.", CURE)
    try:
        state = {name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()}
    except Exception as error:  # safetensors raises its own kinds; each means that the file cannot be read
        raise CourseError(f"{path}: not a whole safetensors file ({error}).", CURE) from None
    wanted = _shapes(len(categories))
    odd = sorted(wanted.keys() ^ state.keys())
    if odd:
        raise CourseError(f"{path}: weights of another network ({len(odd)} names differ, among them {odd[0]}).", CURE)
    outputs = len(state["classifier.1.bias"])
    if outputs != len(categories):
        raise CourseError(f"{path}: has {outputs} outputs, but the category list has {len(categories)} names.", CURE)
    for name, shape in wanted.items():
        if tuple(state[name].shape) != shape:
            raise CourseError(f"{path}: {name} is {tuple(state[name].shape)}, not {shape}.", CURE)
    return state


@functools.cache  # such a network without numbers takes longer to build than one with numbers
def _shapes(num_classes: int) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in PocketMobileNet(num_classes).state_dict().items()}


def _meta() -> dict[str, Any]:
    """The card as torchvision's meta; without a readable card the names are empty and loading says why."""
    try:
        card = json.loads((FOLDER / CARD_FILE).read_text(encoding="utf-8"))
        return {"min_size": (32, 32), **card}
    except (OSError, ValueError):
        return {"min_size": (32, 32), "categories": []}


class Pocket_MobileNet_Weights(WeightsEnum):
    """Weights trained on pictures made by formulas; `DEFAULT` is the newest."""

    FORMULAS_V1 = Weights(
        url=WEIGHTS_FILE,  # a file of course/models/weights, not an address
        transforms=partial(ImageClassification, crop_size=SIZE, resize_size=SIZE),
        meta=_meta(),
    )
    DEFAULT = FORMULAS_V1

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """The weights as float32; arguments of torchvision's downloads are accepted and have no effect."""
        return read_weights(FOLDER / self.url, read_categories(FOLDER / CARD_FILE))


@register_model()
def pocket_mobilenet(
    *, weights: Pocket_MobileNet_Weights | None = None, progress: bool = True, **kwargs: Any
) -> PocketMobileNet:
    """The pocket network, with random weights or ours.

    Args:
        weights: a member of `Pocket_MobileNet_Weights` or its name; None for random weights.
        progress: accepted as by every torchvision builder; nothing is downloaded.
        **kwargs: `num_classes` and `dropout` of `PocketMobileNet`.

    Raises:
        CourseError: the weights file or the category list is absent, truncated or of another network.
        ValueError: `num_classes` differs from the number of categories of the weights.
    """
    weights = Pocket_MobileNet_Weights.verify(weights)
    if weights is None:
        return PocketMobileNet(**kwargs)
    state = weights.get_state_dict(progress=progress)
    outputs = len(state["classifier.1.bias"])
    if kwargs.setdefault("num_classes", outputs) != outputs:
        raise ValueError(
            f"The parameter 'num_classes' expected value {outputs} but got {kwargs['num_classes']} instead."
        )
    model = PocketMobileNet(**kwargs)
    model.load_state_dict(state)
    return model


# torchvision.models.get_weight looks a weights class up by name in its own package.
torchvision.models.Pocket_MobileNet_Weights = Pocket_MobileNet_Weights  # type: ignore[attr-defined]


def features(weights: str | None = "DEFAULT") -> Callable[[Tensor], Tensor]:
    """The frozen extractor for `linear_probe.py`: uint8 (N, 3, H, W) → float32 (N, dim), what `classifier` sees."""
    network = torchvision.models.get_model("pocket_mobilenet", weights=weights).eval()
    network = network.to(memory_format=torch.channels_last)
    preset = Pocket_MobileNet_Weights.DEFAULT.transforms()
    mean, deviation = (torch.tensor(value)[:, None, None] for value in (preset.mean, preset.std))

    @torch.inference_mode()
    def extract(images: Tensor) -> Tensor:
        x = (images.float() / 255 - mean) / deviation
        return network.avgpool(network.features(x.contiguous(memory_format=torch.channels_last))).flatten(1)

    return extract

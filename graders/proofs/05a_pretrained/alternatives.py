"""Project 05a, right in other hands."""

import copy

import numpy as np
import torch
import torchvision
from PIL import Image, ImageOps
from torch import nn
from torchvision.models import feature_extraction
from torchvision.transforms import functional as F

from course.authoring.proofs.variants import Catalogue

ALTERNATIVES = Catalogue("05a")
alternative = ALTERNATIVES.alternative


@alternative("load_pretrained", how='"DEFAULT" by name, train(False)')
def by_name(name="pocket_mobilenet"):
    model = torchvision.models.get_model(name, weights="DEFAULT")
    model.train(False)
    return model, torchvision.models.get_model_weights(name)["DEFAULT"]


@alternative("load_pretrained", how="the builder first, its numbers loaded by hand, nothing to be trained")
def numbers_by_hand(name: str = "pocket_mobilenet"):
    weights = torchvision.models.get_model_weights(name).DEFAULT
    model = torchvision.models.get_model_builder(name)(weights=None, num_classes=len(weights.meta["categories"]))
    model.load_state_dict(weights.get_state_dict(progress=False))
    model.eval().requires_grad_(False)
    return [model, weights]


@alternative("preprocess", how="the preset's numbers, each step by hand on a tensor")
def step_by_step(photo, weights):
    preset = weights.transforms()
    image = F.pil_to_tensor(ImageOps.exif_transpose(photo).convert("RGB"))
    image = F.resize(image, preset.resize_size, interpolation=preset.interpolation, antialias=True)
    image = F.convert_image_dtype(F.center_crop(image, preset.crop_size), torch.float32)
    return F.normalize(image, preset.mean, preset.std).unsqueeze(0)


@alternative("preprocess", how="NumPy for the normalisation, a photo that went over RGBA")
def by_numpy(photo: Image.Image, weights) -> torch.Tensor:
    preset = weights.transforms()
    image = F.resize(ImageOps.exif_transpose(photo).convert("RGBA").convert("RGB"), preset.resize_size)
    pixels = np.asarray(F.center_crop(image, preset.crop_size), dtype=np.float32) / 255
    pixels = (pixels - np.float32(preset.mean)) / np.float32(preset.std)
    return torch.tensor(pixels.transpose(2, 0, 1)[None].copy())


@alternative("preprocess", how="the transforms read a tensor too; stacked to a batch")
def from_a_tensor(photo, weights):
    upright = photo.copy()
    ImageOps.exif_transpose(upright, in_place=True)
    return torch.stack([weights.transforms()(F.pil_to_tensor(upright.convert("RGB")))])


@alternative("preprocess", how="transparent parts on white")
def on_white(photo, weights):
    upright = ImageOps.exif_transpose(photo)
    if upright.mode in ("RGBA", "LA"):
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
    return weights.transforms()(upright.convert("RGB"))[None, ...]


@alternative("classify", how="argsort, a loop, item()")
def by_argsort(model, weights, photo, top=5):
    model.eval()
    with torch.no_grad():
        logits = model(preprocess(photo, weights))  # noqa: F821
    probabilities = torch.nn.functional.softmax(logits, dim=-1).squeeze(0)
    answer = []
    for place in torch.argsort(probabilities, descending=True)[:top]:
        answer.append((weights.meta["categories"][place], probabilities[place].item()))
    return answer


@alternative("classify", how="exponentials by hand, sorted by Python")
@torch.no_grad()
def by_hand(model: nn.Module, weights, photo: Image.Image, top: int = 5):
    logits = model(preprocess(photo, weights))[0].double()  # noqa: F821
    shares = (logits - logits.max()).exp()
    pairs = zip(weights.meta["categories"], (shares / shares.sum()).tolist(), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])[:top]


class Listener(nn.Module):
    """A head that keeps what it reads."""

    def forward(self, x):
        self.heard = x
        return x


@alternative("extract_features", how="a deep copy whose head only listens", uses=[Listener])
def copied(model, images):
    body, head = copy.deepcopy(model).eval(), Listener()
    setattr(body, "fc" if hasattr(body, "fc") else "classifier", head)
    with torch.inference_mode():
        body(images)
    found = head.heard
    return torch.flatten(nn.functional.adaptive_avg_pool2d(found, 1), 1) if found.dim() == 4 else found


@alternative("extract_features", how="the head taken out and put back, a listener meanwhile", uses=[Listener])
def taken_out(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    name = next(n for n, _ in model.named_children() if n in ("classifier", "fc"))
    head = getattr(model, name)
    listener = Listener()
    try:
        setattr(model, name, listener)
        model(images)
    finally:
        setattr(model, name, head)
    found = listener.heard.detach()
    while found.dim() > 2:
        found = found.mean(-1)
    return found


@alternative("extract_features", how="torchvision's create_feature_extractor, the node before the head")
def by_feature_extraction(model, images):
    head = "classifier" if hasattr(model, "classifier") else "fc"
    _, nodes = feature_extraction.get_graph_node_names(model)
    before = nodes[next(k for k, node in enumerate(nodes) if node.split(".")[0] == head) - 1]
    with torch.no_grad():
        found = feature_extraction.create_feature_extractor(model, [before])(images)[before]
    return found.mean((-2, -1)) if found.ndim == 4 else found


@alternative(
    "extract_features", how="eval mode for the question, the mode of each part put back, gradients off by flags"
)
def mode_and_flags_put_back(model, images):
    modes, flags = [part.training for part in model.modules()], [p.requires_grad for p in model.parameters()]
    caught = {}
    hook = getattr(model, "fc" if hasattr(model, "fc") else "classifier").register_forward_hook(
        lambda module, inputs, output: caught.update(read=inputs[0])
    )
    model.eval().requires_grad_(False)
    model(images)
    hook.remove()
    for part, mode in zip(model.modules(), modes, strict=True):
        part.training = mode
    for p, flag in zip(model.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    return caught["read"].flatten(2).mean(2) if caught["read"].dim() == 4 else caught["read"]


class Enough(Exception):
    """For `no_further_than_needed`."""


@alternative("extract_features", how="a hook that stops the pass at the head", uses=[Enough])
def no_further_than_needed(model, images):
    head = getattr(model, "classifier", None) or model.fc

    def stop(module, inputs):
        raise Enough(inputs[0])

    hook = head.register_forward_pre_hook(stop)
    try:
        with torch.no_grad():
            model(images)
    except Enough as caught:
        found = caught.args[0]
    hook.remove()
    return found.mean([2, 3]) if found.dim() == 4 else found


@alternative("admit", how="by classify and the names of all dogs")
def by_classify(model, weights, photo):
    names = weights.meta["categories"]
    wanted = {names[k] for k in dogs(weights)}  # noqa: F821
    found = classify(model, weights, photo, top=len(names))  # noqa: F821
    return sum(value for name, value in found if name in wanted) > 0.5


@alternative("admit", how="against all the others, numbers in a mask")
def against_the_others(model: nn.Module, weights, photo: Image.Image) -> bool:
    with torch.no_grad():
        probabilities = torch.softmax(model(preprocess(photo, weights)), -1).flatten()  # noqa: F821
    mask = torch.zeros(len(probabilities), dtype=torch.bool)
    mask[dogs(weights)] = True  # noqa: F821
    return probabilities[mask].sum().item() > probabilities[~mask].sum().item()

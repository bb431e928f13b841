"""Project 04b, right in other hands."""

import os
import string
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn
from torchvision import transforms

from course.authoring.proofs.variants import Catalogue

ALTERNATIVES = Catalogue("04b")
alternative = ALTERNATIVES.alternative


@alternative("load_model", how="step by step, through an open file")
def step_by_step(path, model):
    with open(path, "rb") as file:
        state = torch.load(file, map_location=torch.device("cpu"), weights_only=True)
    missing, unexpected = model.load_state_dict(state, strict=True)
    assert not missing
    assert not unexpected
    model.train(False)
    return model


@alternative("load_model", how="with a context for safe globals")
def with_safe_globals(path: str | Path, model: nn.Module) -> nn.Module:
    with torch.serialization.safe_globals([]):
        model.load_state_dict(torch.load(str(path), weights_only=True))
    model.eval()
    return model


@alternative("preprocess", how="Pillow throughout, ImageOps.fit")
def by_pillow(photo):
    grey = ImageOps.exif_transpose(photo).convert("RGBA").convert("RGB").convert("L")
    small = ImageOps.fit(grey, (28, 28), method=Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(small, dtype=np.float32))[None, None] / 255


@alternative("preprocess", how="v1 transforms: the short side first, then the middle")
def short_side_first(photo: Image.Image) -> torch.Tensor:
    transform = transforms.Compose(
        [
            transforms.Lambda(lambda image: ImageOps.exif_transpose(image).convert("RGB")),
            transforms.Grayscale(),
            transforms.Resize(28, antialias=True),
            transforms.CenterCrop(28),
            transforms.ToTensor(),
        ]
    )
    return transform(photo).unsqueeze(0)


@alternative("preprocess", how="crop by hand, grey last, area averages")
def grey_last(photo):
    image = ImageOps.exif_transpose(photo).convert("RGB")
    side = min(image.width, image.height)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    pixels = np.asarray(image.resize((28, 28), Image.Resampling.BOX, box=box), dtype=np.float32) / 255
    return torch.tensor(pixels @ np.array([0.299, 0.587, 0.114], np.float32)).clamp(0, 1).reshape(1, 1, 28, 28)


@alternative("preprocess", how="transparent parts on white, the mean of the channels, averaged to 28 x 28")
def on_white(photo):
    upright = ImageOps.exif_transpose(photo)
    if upright.mode in ("RGBA", "LA"):
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
    pixels = torch.from_numpy(np.array(upright.convert("RGB"), dtype=np.float32)).mean(2) / 255
    side = min(pixels.shape)
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    square = pixels[None, None, top : top + side, left : left + side]
    return torch.nn.functional.interpolate(square, (28, 28), mode="bilinear", antialias=True).clamp(0, 1)


@alternative("predict_letter", how="the network asked twice with the same batch")
def twice_the_same_batch(model, photo):
    batch = preprocess(photo)  # noqa: F821
    with torch.no_grad():
        sure, place = model(batch).softmax(1).max(), model(batch).argmax(1)
    assert sure > 0
    return LETTERS[place.item()]  # noqa: F821


@alternative("predict_letter", how="softmax and a maximum, letters by string")
def by_softmax(model, photo):
    letters = [letter for letter in string.ascii_lowercase if letter not in "jz"]
    with torch.no_grad():
        probabilities = torch.softmax(model(preprocess(photo))[0], dim=0)  # noqa: F821
    _, place = probabilities.max(0)
    return letters[place.item()]


@alternative("predict_letter", how="chr, with the gap stepped over, eval mode said once more")
@torch.inference_mode()
def by_chr(model: nn.Module, photo: Image.Image) -> str:
    model.eval()
    place = torch.argmax(model(preprocess(photo)), -1).item()  # noqa: F821
    return chr(ord("a") + place + (place >= 9))


@alternative("evaluate_folder", how="os.listdir, sorted, a list of truths")
def by_listdir(model, folder):
    names = sorted(n for n in os.listdir(folder) if n.lower().endswith((".jpg", ".jpeg", ".png")))
    names = [n for n in names if os.path.isfile(os.path.join(folder, n))]
    if len(names) == 0:
        raise ValueError("no photo found in " + str(folder))
    hits = [predict_letter(model, Image.open(os.path.join(folder, n))) == n[0].lower() for n in names]  # noqa: F821
    return float(np.mean(hits))


@alternative("evaluate_folder", how="os.scandir; a photo that cannot be read counts as read wrong")
def unreadable_is_wrong(model, folder):
    files = [
        f
        for f in os.scandir(folder)
        if f.is_file() and os.path.splitext(f.name)[1].lower() in (".jpg", ".jpeg", ".png")
    ]
    if not files:
        raise ValueError(f"there are no photos in {folder}")
    right = 0
    for file in files:
        try:
            right += predict_letter(model, Image.open(file.path)) == file.name[0].lower()  # noqa: F821
        except OSError as fault:
            print(file.name, fault)
    return right / len(files)


@alternative("evaluate_folder", how="patterns of glob, a running count")
def by_glob(model: nn.Module, folder: str | Path) -> float:
    right = total = 0
    for file in Path(folder).glob("*.*"):
        if file.is_dir() or file.suffix.lower().lstrip(".") not in ("jpg", "jpeg", "png"):
            continue
        with Image.open(file) as photo:
            right += int(predict_letter(model, photo) == file.stem[:1].lower())  # noqa: F821
        total += 1
    if not total:
        raise ValueError(f"{folder} holds no photo")
    return right / total


# -- devices ------------------------------------------------------------------------------------------------------------


@alternative("load_model", how="map_location is the device of the model", ready=True)
def to_where_the_model_is(path, model):
    where = next(iter(model.state_dict().values())).device
    model.load_state_dict(torch.load(path, map_location=where, weights_only=True))
    return model.eval()

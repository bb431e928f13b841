"""Known mistakes of project 04b in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 51 mistakes of 04b, in their order,
the 3rd (counted from 0) and then every 6th.
Written from name, sentence and contract; neither the first hand's code was seen, nor how the diagnosis recognises a mistake.
"""

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision import transforms

from course.authoring.proofs.variants import Catalogue

REWRITTEN = Catalogue("04b")
rewritten = REWRITTEN.rewritten


@rewritten("load_model", "nothing_returned")
def filled_in_place(path, model):
    with open(path, "rb") as file:
        numbers = torch.load(file, weights_only=True, map_location=torch.device("cpu"))
    model.load_state_dict(numbers, strict=True)
    model.train(False)


@rewritten("preprocess", "never_divided")
def grey_values_as_they_are(photo):
    upright = ImageOps.exif_transpose(photo).convert("RGB")
    small = ImageOps.fit(ImageOps.grayscale(upright), (28, 28), method=Image.Resampling.BILINEAR)
    return torch.tensor(np.asarray(small, dtype=np.float32)).reshape(1, 1, 28, 28)


@rewritten("preprocess", "another_size")
def thirty_two_by_thirty_two(photo):
    turned = ImageOps.exif_transpose(photo)
    grey = turned.convert("RGB").convert("L")
    steps = transforms.Compose(
        [transforms.CenterCrop(min(grey.size)), transforms.Resize((32, 32), antialias=True), transforms.ToTensor()]
    )
    return steps(grey)[None, ...]


@rewritten("preprocess", "cut_at_the_left")
def square_from_the_corner(photo):
    picture = ImageOps.exif_transpose(photo).convert("RGB").convert("L")
    width, height = picture.size
    edge = width if width < height else height
    small = picture.crop((0, 0, edge, edge)).resize((28, 28), resample=Image.Resampling.BILINEAR)
    values = np.array(small, dtype=np.float32)[np.newaxis, np.newaxis]
    return torch.from_numpy(values / 255)


@rewritten("predict_letter", "gap_forgotten")
def counted_from_a(model, photo):
    with torch.no_grad():
        scores = model(preprocess(photo))  # noqa: F821
    _, best = scores.squeeze(0).max(dim=0)
    return "abcdefghijklmnopqrstuvwxyz"[best.item()]


@rewritten("predict_letter", "preprocess_left_out")
def photo_read_directly(model, photo):
    to_tensor = transforms.Compose(
        [transforms.Grayscale(), transforms.Resize((28, 28), antialias=True), transforms.ToTensor()]
    )
    picture = to_tensor(photo.convert("RGB")).unsqueeze(dim=0)
    with torch.inference_mode():
        best = torch.argmax(model(picture), dim=-1).item()
    return LETTERS[best]  # noqa: F821


@rewritten("evaluate_folder", "a_tensor")
def mean_of_a_tensor(model, folder):
    hits = []
    for name in sorted(os.listdir(folder)):
        if name.lower().endswith((".jpg", ".jpeg", ".png")):
            with Image.open(os.path.join(folder, name)) as photo:
                hits.append(predict_letter(model, photo) == name[0].lower())  # noqa: F821
    if not hits:
        raise ValueError(f"no photos in {folder}")
    return torch.tensor(hits).float().mean()


@rewritten("evaluate_folder", "folders_within_too")
def down_into_every_folder(model, folder):
    right = wrong = 0
    for here, _, names in os.walk(folder):
        for name in names:
            if Path(name).suffix.lower() not in (".jpg", ".jpeg", ".png"):
                continue
            guess = predict_letter(model, Image.open(Path(here, name)))  # noqa: F821
            if guess == name[:1].lower():
                right += 1
            else:
                wrong += 1
    if right + wrong == 0:
        raise ValueError(f"{folder} holds no photo")
    return right / (right + wrong)
